"""What a patient takes, and what of it matters when ketamine is given."""
