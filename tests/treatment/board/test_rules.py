"""A day on a clinic's clock, and how far a pressure has moved."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.treatment.board.rules import Pressure, Pressures, day_of, pressures_of

T0 = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("on", "time_zone", "starts_at", "hours"),
    [
        (date(2026, 3, 2), "America/New_York", "2026-03-02T05:00+00:00", 24),
        (date(2026, 3, 8), "America/New_York", "2026-03-08T05:00+00:00", 23),
        (date(2026, 11, 1), "America/New_York", "2026-11-01T04:00+00:00", 25),
        (date(2026, 3, 2), "Asia/Kathmandu", "2026-03-01T18:15+00:00", 24),
        # Here clocks change at midnight itself: the first day begins at one o'clock, the second has midnight twice.
        (date(2026, 9, 6), "America/Santiago", "2026-09-06T04:00+00:00", 23),
        (date(2026, 10, 25), "Atlantic/Azores", "2026-10-25T00:00+00:00", 25),
        (date(2026, 11, 1), "America/Havana", "2026-11-01T04:00+00:00", 25),
    ],
)
def test_a_day_is_whole_and_ends_where_the_next_begins(on: date, time_zone: str, starts_at: str, hours: int) -> None:
    starts, ends = day_of(on, time_zone)
    assert starts == datetime.fromisoformat(starts_at)
    assert ends - starts == timedelta(hours=hours)
    assert day_of(on + timedelta(days=1), time_zone)[0] == ends
    assert day_of(on - timedelta(days=1), time_zone)[1] == starts


def at(minutes: int, systolic: int, diastolic: int | None = 80) -> Pressure:
    return Pressure(T0 + timedelta(minutes=minutes), systolic, diastolic)


@pytest.mark.parametrize(
    ("readings", "started_at", "expected"),
    [
        ([], T0, (None, None, None, None)),
        ([at(-9, 124)], None, (None, -9, None, None)),
        ([at(-9, 124), at(-5, 128)], T0, (-5, -5, None, None)),
        ([at(-9, 124), at(0, 128)], T0, (0, 0, None, None)),
        ([at(-9, 124, 78), at(15, 141, 88), at(30, 135, 84)], T0, (-9, 30, 11, 6)),
        ([at(-9, 124, 78), at(15, 118, None)], T0, (-9, 15, -6, None)),
        ([at(-9, 124, None), at(15, 118, 80)], T0, (-9, 15, -6, None)),
        ([at(15, 141)], T0, (None, 15, None, None)),
    ],
)
def test_a_change_is_from_the_last_pressure_by_the_first_dose(
    readings: list[Pressure], started_at: datetime | None, expected: tuple[int | None, ...]
) -> None:
    minutes = {None: None} | {(one.measured_at - T0) // timedelta(minutes=1): one for one in readings}
    baseline, last, systolic, diastolic = expected
    assert pressures_of(readings, started_at) == Pressures(minutes[baseline], minutes[last], systolic, diastolic)
