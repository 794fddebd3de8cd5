"""The shipped schedules, read once."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from app.kernel.data_files import DataFile
from app.monitoring.slots.rules import DefaultSchedule, schedules_in


@cache
def shipped_schedules() -> Mapping[tuple[str, str, str], DefaultSchedule]:
    """The newest version of the schedules, by drug, route and setting."""
    files = (Path(__file__).parents[1] / "data").glob("VITAL_SLOTS@*.json")
    newest = max(files, key=lambda path: int(path.stem.partition("@")[2]))
    return schedules_in(DataFile.read(newest))
