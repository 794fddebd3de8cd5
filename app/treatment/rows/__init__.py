"""The list of sessions, each with what was given, measured, scored and observed around it."""
