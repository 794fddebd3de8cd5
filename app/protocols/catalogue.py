"""The shipped plans, read once."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from app.protocols.rules import Protocol, load_protocols


@cache
def shipped_protocols() -> Mapping[tuple[str, int], Protocol]:
    """Every shipped plan in every version, by code and version."""
    return load_protocols(Path(__file__).parent / "data")
