"""The shipped instruments and the rules about them, read once."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from app.assessments.rules.curve import Definitions, load_definitions
from app.assessments.rules.files import latest, load_instruments
from app.assessments.rules.instrument import Instrument
from app.assessments.rules.mania import ManiaRatingRule
from app.kernel.data_files import DataFile


@cache
def shipped_instruments() -> Mapping[tuple[str, int], Instrument]:
    """Every shipped instrument in every version, by code and version."""
    return load_instruments(Path(__file__).parent / "instruments")


@cache
def outcome_instruments() -> tuple[str, ...]:
    """The codes of those whose change tells how an illness goes on: no scale of the moment, no screening form."""
    codes = sorted({code for code, _ in shipped_instruments()})
    return tuple(code for code in codes if (one := latest(shipped_instruments(), code)) and one.is_outcome)


@cache
def outcome_definitions() -> Definitions:
    """How scores are judged against a baseline, and outcomes reckoned, in the newest version."""
    return load_definitions(Path(__file__).parent / "definitions")


@cache
def mania_rating_rule() -> ManiaRatingRule:
    """The newest version of when mania has to be rated before a session."""
    file = DataFile.read(Path(__file__).parent / "data" / "MANIA_RATING@1.json")
    file.only("code", "version", "instrument", "indications", "hours", "source", "verified")
    return ManiaRatingRule(
        instrument=file.text("instrument"),
        indications=file.texts("indications"),
        hours=file.integer("hours", minimum=1),
        source=file.text("source"),
        verified=file.flag("verified"),
    )
