"""The shipped classes, read once."""

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from app.patients.medications.rules import EquivalentLimit, Interaction, Interactions, Level


@cache
def shipped_interactions() -> Interactions:
    """The newest version of the classes, and of the limit for benzodiazepines."""
    text = (Path(__file__).parent / "data" / "INTERACTIONS@1.json").read_text(encoding="utf-8")
    file = json.loads(text, parse_float=Decimal)
    limit = file["diazepam_equivalent"]
    return Interactions(
        file["code"],
        file["version"],
        {row["code"]: _interaction(row) for row in file["classes"]},
        EquivalentLimit(Decimal(limit["above_mg_per_day"]), _interaction(limit | {"level": Level.FLAG})),
    )


def _interaction(row: dict[str, Any]) -> Interaction:
    return Interaction(
        row["code"], Level(row["level"]), row["effect"], tuple(row["asks"]), row["source"], row["verified"]
    )


def described_classes() -> str:
    """The codes with their meanings, as the API's document lists them."""
    text = (Path(__file__).parent / "data" / "INTERACTIONS@1.json").read_text(encoding="utf-8")
    return " ".join(f"`{row['code']}`: {row['meaning']}" for row in json.loads(text)["classes"])
