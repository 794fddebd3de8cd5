"""How other systems follow the record."""
