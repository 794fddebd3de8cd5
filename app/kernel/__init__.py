"""The shared kernel: nothing in it knows what ketamine is."""
