"""A course's states, and the calendar of its sessions.

Sessions are planned by the clock on the clinic's wall: somebody who comes at nine comes at nine after the clocks have
changed. So a planned session keeps its local date, time and zone, and the instant is computed from them, with the
zone rules known at that moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from app.kernel.errors import Fault, Invalid, RuleViolated


class CourseStatus(StrEnum):
    """Where a series of sessions stands."""

    PLANNED = "planned"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    DISCONTINUED = "discontinued"


MOVES: Final[Mapping[CourseStatus, frozenset[CourseStatus]]] = MappingProxyType(
    {
        CourseStatus.PLANNED: frozenset({CourseStatus.ACTIVE, CourseStatus.DISCONTINUED}),
        CourseStatus.ACTIVE: frozenset({CourseStatus.PAUSED, CourseStatus.COMPLETED, CourseStatus.DISCONTINUED}),
        CourseStatus.PAUSED: frozenset({CourseStatus.ACTIVE, CourseStatus.COMPLETED, CourseStatus.DISCONTINUED}),
        # Both ends are final; somebody who comes back begins a new course.
        CourseStatus.COMPLETED: frozenset(),
        CourseStatus.DISCONTINUED: frozenset(),
    }
)


class IllegalCourseMove(RuleViolated):
    """The step that was asked for does not follow from the course's state."""

    code = "illegal-transition"
    title = "This step does not follow from the present state"


class SeriesOutOfOrder(Invalid):
    """The first of a series cannot come after the last."""

    code = "first-after-last"
    title = "The series would begin after it ends"


class UnknownTimeZone(Invalid):
    """The name is not in the IANA time zone database."""

    code = "unknown-time-zone"
    title = "There is no such time zone"


@dataclass(frozen=True, slots=True)
class PlannedSession:
    """A session in the calendar.

    `number` counts from 1 within the course. `on` and `local_time` are what the clock on the wall shows in
    `time_zone`, as they were asked for, even where a change of clocks skips that time; `starts_at` is the instant,
    in UTC.
    """

    number: int
    on: date
    local_time: time
    time_zone: str
    starts_at: datetime


def require_course_move(current: CourseStatus, target: CourseStatus) -> None:
    """Refuse a move that `MOVES` does not list.

    Raises:
        IllegalCourseMove: with `status` and `allowed`.
    """
    if target not in MOVES[current]:
        raise IllegalCourseMove(
            detail=f"A course that is {current} cannot become {target}.",
            members={
                "current_status": current.value,
                "allowed": [status.value for status in CourseStatus if status in MOVES[current]],
            },
        )


def instant_of(on: date, local_time: time, time_zone: str) -> datetime:
    """Turn a date and time on the wall into the instant, in UTC.

    A time that the clocks skip moves forward by the gap (02:30 becomes 03:30 where two o'clock becomes three). A time
    that comes twice is the first of the two.

    Args:
        on: The local date.
        local_time: The local time; its own zone and fold, if it has any, are not looked at.
        time_zone: An IANA name such as `America/New_York`.

    Raises:
        UnknownTimeZone: The name is not in the database.
    """
    # Fold 0 reads a skipped time with the offset before the gap, which lands it after the gap, and picks the first
    # of two equal times: PEP 495.
    return datetime.combine(on, local_time.replace(fold=0), tzinfo=_zone(time_zone)).astimezone(UTC)


def plan_sessions(
    starts_on: date, local_time: time, time_zone: str, day_offsets: Sequence[int]
) -> tuple[PlannedSession, ...]:
    """Lay a protocol's days into the calendar, each at the same time on the wall.

    Args:
        starts_on: The local date that offset 0 stands for.
        local_time: The local time of every session; see `instant_of` for the two nights of the year where it is
            missing or comes twice.
        time_zone: An IANA name.
        day_offsets: Calendar days after `starts_on`, in the order of the sessions. Empty where a protocol has no plan.

    Raises:
        UnknownTimeZone: The name is not in the database.
    """
    days = [starts_on + timedelta(days=offset) for offset in day_offsets]
    return tuple(
        PlannedSession(
            number=number,
            on=on,
            local_time=local_time,
            time_zone=time_zone,
            starts_at=instant_of(on, local_time, time_zone),
        )
        for number, on in enumerate(days, start=1)
    )


def _zone(time_zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError) as reason:
        # KeyError: no such name. ValueError: a name that leaves the database's directory, or is no name at all.
        # OSError: a directory of the database ("America"), or a name too long for the file system.
        raise UnknownTimeZone(
            detail="Use a name from the IANA time zone database, such as America/New_York.",
            faults=(Fault(code="unknown_time_zone", detail="There is no such time zone.", pointer="#/time_zone"),),
        ) from reason
