"""Screenings of a day: what is asked before one session."""
