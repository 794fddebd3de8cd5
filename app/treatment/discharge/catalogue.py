"""The shipped checklist, read once."""

from functools import cache
from pathlib import Path
from typing import Final

from app.kernel.data_files import DataFile
from app.treatment.discharge.rules import Checklist, checklist_in

_DATA: Final = Path(__file__).parent / "data"


@cache
def shipped_checklist() -> Checklist:
    """The newest version of what is asked before a patient goes home."""
    newest = max(_DATA.glob("DISCHARGE@*.json"), key=lambda path: int(path.stem.partition("@")[2]))
    return checklist_in(DataFile.read(newest))
