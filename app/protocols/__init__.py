"""Dosing and observation plans shipped as data, each with its source."""
