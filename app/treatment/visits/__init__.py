"""Arriving and not taking place: the moves of a visit between which a reading before the dose is due."""
