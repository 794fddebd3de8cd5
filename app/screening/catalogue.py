"""The shipped checklists, read once."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from app.screening.rules import Checklist, load_checklists

CODE: Final = "ELIGIBILITY"


@cache
def shipped_checklists() -> Mapping[tuple[str, int], Checklist]:
    """Every checklist in every version, by code and version."""
    return load_checklists(Path(__file__).parent / "data")


def latest_checklist() -> Checklist:
    """The version that is asked from now on."""
    return shipped_checklists()[max(shipped_checklists(), key=lambda key: key[1])]


def askable_codes() -> tuple[str, ...]:
    """Codes of everything that is or was asked, in any version."""
    codes = (item.code for one in shipped_checklists().values() for item in one.items if item.answered_from is None)
    return tuple(dict.fromkeys(codes))
