"""Two synthetic clinics to try the record with. Every person in them is invented."""
