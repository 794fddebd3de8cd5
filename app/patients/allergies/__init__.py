"""What a patient reacts to."""
