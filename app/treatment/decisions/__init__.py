"""Deciding in a course, on the score that stands for it."""
