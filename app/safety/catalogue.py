"""The shipped vocabulary of adverse events, read once."""

from functools import cache
from pathlib import Path
from typing import Final

from app.kernel.data_files import DataFile
from app.safety.rules import Vocabulary, vocabulary_in

_DATA: Final = Path(__file__).parent / "data"


@cache
def shipped_vocabulary() -> Vocabulary:
    """The newest version, by which events are recorded from now on."""
    newest = max(_DATA.glob("ADVERSE_EVENTS@*.json"), key=lambda path: int(path.stem.partition("@")[2]))
    return vocabulary_in(DataFile.read(newest))
