"""Vital signs and dissociation notes."""
