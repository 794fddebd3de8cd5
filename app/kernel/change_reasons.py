"""Why a record is changed: the shipped words, and the form of the header that carries one."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

_FILE: Final = Path(__file__).parent / "data" / "change_reasons@1.json"
# A header holds Latin-1; a soft hyphen and a space at either end would not be seen.
_TEXT: Final = r"[!-~\u00a1-\u00ac\u00ae-\u00ff](?:[ -~\u00a1-\u00ac\u00ae-\u00ff]*[!-~\u00a1-\u00ac\u00ae-\u00ff])?"
_NEEDS_TEXT: Final = "other"

TYPING_ERROR: Final = "typing_error"
WRONG_PATIENT: Final = "wrong_patient"


@cache
def shipped_reasons() -> Mapping[str, str]:
    """Meanings by code; the newest version of the list."""
    rows = json.loads(_FILE.read_text(encoding="utf-8"))
    return {row["code"]: row["meaning"] for row in rows["reasons"]}


def code_of(reason: str) -> str | None:
    """The shipped code a reason begins with, written as a code or in words: `wrong_patient: …`, or `wrong patient`."""
    begins = reason.partition(":")[0].strip().casefold().replace(" ", "_")
    return begins if begins in shipped_reasons() else None


def form_of_a_reason() -> str:
    """A regular expression: a code, then optionally a colon, a space and a text; `other` needs the text."""
    codes = "|".join(code for code in shipped_reasons() if code != _NEEDS_TEXT)
    return f"^(?:(?:{codes})(?:: {_TEXT})?|{_NEEDS_TEXT}: {_TEXT})$"


def described_reasons() -> str:
    """The codes with their meanings, as the API's document lists them."""
    return " ".join(f"`{code}`: {meaning}" for code, meaning in shipped_reasons().items())
