"""The shipped limits of what is measured."""

import json
from functools import cache
from pathlib import Path

from app.monitoring.rules import PressureLimit


@cache
def pressure_limit() -> PressureLimit:
    """The newest version of the limit from which a blood pressure raises an alert."""
    row = json.loads((Path(__file__).parent / "data" / "pressure_high@1.json").read_text(encoding="utf-8"))
    del row["verified"]
    return PressureLimit(**row)
