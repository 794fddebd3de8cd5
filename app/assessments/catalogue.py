"""The shipped instruments, read once."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from app.assessments.rules.files import load_instruments
from app.assessments.rules.instrument import Instrument


@cache
def shipped_instruments() -> Mapping[tuple[str, int], Instrument]:
    """Every shipped instrument in every version, by code and version."""
    return load_instruments(Path(__file__).parent / "instruments")
