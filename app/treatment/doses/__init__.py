"""Doses, with everything that follows from them."""
