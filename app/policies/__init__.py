"""How the record behaves where clinics differ: shipped values with their sources, and a clinic's own."""
