"""How long a fact holds, read once."""

import json
from functools import cache
from pathlib import Path

from app.patients.reproduction.rules import ReproductiveLimits


@cache
def reproductive_limits() -> ReproductiveLimits:
    """The newest version of the limits."""
    row = json.loads((Path(__file__).parent / "data" / "REPRODUCTION@1.json").read_text(encoding="utf-8"))
    names = ("pregnancy_days", "negative_test_days", "postpartum_days", "source")
    return ReproductiveLimits(**{name: row[name] for name in names})
