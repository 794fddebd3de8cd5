"""What a reading can be, and clocks that are off."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.monitoring.rules import (
    ImpossiblePressure,
    clock_skew_seconds,
    pressure_is_possible,
    require_possible_pressure,
)

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("systolic", "diastolic", "possible"),
    [
        (120, 80, True),
        (240, 20, True),  # alarming, and a fact
        (81, 80, True),
        (80, 80, False),
        (80, 120, False),
        (None, 80, True),
        (120, None, True),
        (None, None, True),
    ],
)
def test_diastolic_is_below_systolic(systolic: int | None, diastolic: int | None, possible: bool) -> None:
    assert pressure_is_possible(systolic, diastolic) is possible
    if possible:
        require_possible_pressure(systolic, diastolic)
    else:
        with pytest.raises(ImpossiblePressure) as refused:
            require_possible_pressure(systolic, diastolic)
        assert refused.value.status == 422
        assert refused.value.faults[0].pointer == "#/diastolic_mmhg"
        assert "80" not in f"{refused.value} {refused.value.faults}"


def test_the_pointer_is_the_callers() -> None:
    with pytest.raises(ImpossiblePressure) as refused:
        require_possible_pressure(80, 120, pointer="#/readings/3/diastolic_mmhg")
    assert refused.value.faults[0].pointer == "#/readings/3/diastolic_mmhg"


@pytest.mark.parametrize(
    ("ahead", "seconds"),
    [
        (timedelta(0), 0),
        (timedelta(minutes=4), 240),
        (timedelta(hours=-3), -10_800),
        (timedelta(milliseconds=499), 0),
        (timedelta(milliseconds=500), 1),
        (timedelta(milliseconds=-499), 0),
        (timedelta(milliseconds=-500), -1),
    ],
)
def test_ahead_is_positive(ahead: timedelta, seconds: int) -> None:
    assert clock_skew_seconds(NOW + ahead, NOW) == seconds


def test_zones_do_not_matter() -> None:
    nepal = timezone(timedelta(hours=5, minutes=45))
    assert clock_skew_seconds(NOW.astimezone(nepal), NOW) == 0
