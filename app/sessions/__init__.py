"""One treatment visit and its states."""
