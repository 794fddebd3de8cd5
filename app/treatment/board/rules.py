"""Which stretch of time a clinic's day is, and how far a pressure has moved from where it began."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def day_of(on: date, time_zone: str) -> tuple[datetime, datetime]:
    """The first instant of a day on a clock in this zone, and the first of the next: 23, 24 or 25 hours apart."""
    return _midnight(on, time_zone), _midnight(on + timedelta(days=1), time_zone)


def _midnight(on: date, time_zone: str) -> datetime:
    # Where clocks go forward at midnight this is the instant they do; where they go back, the first of the two.
    return datetime.combine(on, time.min, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Pressure:
    """A blood pressure, as it was measured."""

    measured_at: datetime
    systolic_mmhg: int
    diastolic_mmhg: int | None


@dataclass(frozen=True, slots=True)
class Pressures:
    """Where a pressure began, where it is, and how far it has moved."""

    baseline: Pressure | None
    last: Pressure | None
    systolic_change_mmhg: int | None
    diastolic_change_mmhg: int | None


def pressures_of(readings: Iterable[Pressure], started_at: datetime | None) -> Pressures:
    """The last pressure by the first dose, the last of all, and the change between them.

    Args:
        readings: A session's pressures, in time.
        started_at: The first dose; None before it, and where its moment is not known. Then there is no baseline yet.
    """
    baseline = last = None
    for one in readings:
        last = one
        if started_at is not None and one.measured_at <= started_at:
            baseline = one
    if baseline is None or last is None or last is baseline:
        return Pressures(baseline, last, None, None)
    diastolic = None
    if last.diastolic_mmhg is not None and baseline.diastolic_mmhg is not None:
        diastolic = last.diastolic_mmhg - baseline.diastolic_mmhg
    return Pressures(baseline, last, last.systolic_mmhg - baseline.systolic_mmhg, diastolic)
