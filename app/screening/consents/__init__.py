"""Signed documents: what a patient agreed to, for how long, and whether they still do."""
