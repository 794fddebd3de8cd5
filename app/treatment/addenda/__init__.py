"""What somebody has to say about a session after it was signed."""
