"""A series of sessions for one patient under one protocol: the plan and its phases."""
