"""The moves of a visit that begin or end the watching."""
