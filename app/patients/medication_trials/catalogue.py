"""The shipped scales of treatment resistance, read once."""

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from app.patients.medication_trials.rules import Adequacy, Band, Maudsley, Mgh, Scales, Step

_FILE: Final = Path(__file__).parent / "data" / "TREATMENT_RESISTANCE@1.json"
_POINTS: Final = ("failed_trial", "optimisation", "augmentation", "failed_ect")
_STEPS: Final = ("duration_months", "failed_antidepressants")


@cache
def shipped_scales() -> Scales:
    """The newest version of the scales."""
    file = _read()
    mgh, maudsley, definition = file["mgh"], file["maudsley"], file["definition"]
    return Scales(
        code=file["code"],
        version=file["version"],
        antidepressants={row["code"]: row["antidepressant"] for row in file["classes"]},
        failed_below_percent=file["failure"]["response_percent_below"],
        adequacy=tuple(Adequacy(**row) for row in file["adequacy"]),
        resistant_from=definition["failed_antidepressants_from"],
        resistant_source=definition["source"],
        resistant_verified=definition["verified"],
        mgh=Mgh(**mgh | {name: Decimal(mgh[name]) for name in _POINTS}),
        maudsley=Maudsley(
            **maudsley
            | {name: tuple(Step(**step) for step in maudsley[name]) for name in _STEPS}
            | {"bands": tuple(Band(**band) for band in maudsley["bands"])}
        ),
    )


def described_classes() -> str:
    """The codes with their meanings, as the API's document lists them."""
    return " ".join(f"`{row['code']}`: {row['meaning']}" for row in _read()["classes"])


def _read() -> dict[str, Any]:
    return json.loads(_FILE.read_text(encoding="utf-8"), parse_float=Decimal)
