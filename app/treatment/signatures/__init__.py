"""Signing a session, opening it again, and proving that nothing signed was touched."""
