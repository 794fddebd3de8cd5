"""Enrolments in risk programmes, of patients and of places."""
