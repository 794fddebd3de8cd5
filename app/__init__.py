"""Seriatim: the record of ketamine treatment, as a REST API."""
