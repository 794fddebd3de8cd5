"""Treatments that were given elsewhere: they count, though no session here holds them."""
