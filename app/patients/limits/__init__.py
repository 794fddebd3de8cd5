"""Limits of one patient, where the clinic's do not fit: altitude, a known hypertension."""
