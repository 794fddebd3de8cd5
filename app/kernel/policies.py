"""What the kernel itself goes by: shipped values with their source, which no clinic sets.

What a clinic may set lies above, in the area of policies, which shows these beside its own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final

_FILE: Final = Path(__file__).parent / "data" / "policies@1.json"
VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Policy:
    """One value that governs how the record behaves."""

    code: str
    value: Decimal
    unit: str
    source: str


@cache
def shipped() -> Mapping[str, Policy]:
    """The shipped defaults, by code."""
    rows = json.loads(_FILE.read_text(encoding="utf-8"), parse_float=Decimal, parse_int=Decimal)
    return {row["code"]: Policy(row["code"], row["value"], row["unit"], row["source"]) for row in rows["policies"]}


def value_of(code: str) -> Decimal:
    """A policy's value in its unit."""
    return shipped()[code].value
