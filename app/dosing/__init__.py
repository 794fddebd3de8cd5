"""Orders, administrations by route, dose events, reconciliation."""
