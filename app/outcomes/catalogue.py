"""The shipped definitions, read once."""

from functools import cache
from pathlib import Path

from app.outcomes.rules import Definitions, load_definitions


@cache
def shipped_definitions() -> Definitions:
    """How outcomes are reckoned, in the newest version."""
    return load_definitions(Path(__file__).parent / "definitions")
