"""The shipped risk programmes, read once."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from app.screening.enrolments.rules import Programme, load_programmes


@cache
def shipped_programmes() -> Mapping[str, Programme]:
    """The newest version of the list, by code."""
    return load_programmes(Path(__file__).parents[1] / "data" / "PROGRAMMES@1.json")
