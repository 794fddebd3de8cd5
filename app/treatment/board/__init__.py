"""The clinic's day at a glance, and the stream that says when to look again."""
