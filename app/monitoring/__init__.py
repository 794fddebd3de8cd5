"""Watching: vital signs, when they are due, who keeps watch; dissociation notes."""
