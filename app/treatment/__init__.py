"""Acts and views that span areas."""
