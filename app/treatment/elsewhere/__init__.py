"""Treatments given elsewhere, with everything that follows from them."""
