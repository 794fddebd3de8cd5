"""Eligibility: what was asked of a patient before treatment, and what a prescriber decided on it."""
