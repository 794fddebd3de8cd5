"""Readers of other people's files. They call the same actions as the API, as the clinic's own hand."""
