"""Illness episodes: what is treated, from when until when."""
