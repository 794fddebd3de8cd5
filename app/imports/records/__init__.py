"""A clinic's own spreadsheet: one row for each session, whoever kept it and whatever its columns are called."""
