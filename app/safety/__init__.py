"""Adverse events: what happened to a patient that should not have, in a session or long after one."""
