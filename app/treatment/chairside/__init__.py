"""The live screen of one session in one call, and what may be done next."""
