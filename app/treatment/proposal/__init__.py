"""The dose a session's plan leads to, before anybody orders it."""
