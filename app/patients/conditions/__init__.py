"""What else a patient has: diagnoses beside the illness that is treated."""
