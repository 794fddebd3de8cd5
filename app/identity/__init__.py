"""Clinics, locations, staff, clients, roles and tokens: who may do what."""
