"""Readings that are due: when, which one answered, and which never came."""
