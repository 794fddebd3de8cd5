"""May this session start? The gates before a dose, who went on in spite of one, and clearance."""
