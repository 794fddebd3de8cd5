"""The day that is measured is a day on which nothing is lost; here a short one."""

from pathlib import Path

import pytest

from benchmarks.databases import SqlitePlace
from benchmarks.day import Day, measure


@pytest.mark.enable_socket
def test_nothing_is_lost_on_the_way_to_the_boards(tmp_path: Path) -> None:
    told = measure(SqlitePlace(tmp_path), tmp_path, Day(sessions=3, boards=2, seconds=2, every_seconds=0.5))
    assert told["readings"] == 12
    assert told["events"] == 2 * told["changes"] >= 24
    assert (told["lost"], told["twice"]) == (0, 0)
