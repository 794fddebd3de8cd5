"""A course's states, and the calendar of its sessions.

Sessions are planned by the clock on the clinic's wall: somebody who comes at nine comes at nine after the clocks have
changed. So a planned session keeps its local date, time and zone, and the instant is computed from them, with the
zone rules known at that moment.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from app.kernel.errors import Conflict, Fault, Invalid, RuleViolated
from app.protocols.rules import Route


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


class CourseEnded(Conflict):
    """Nothing more is planned in a course that is over; what was given in it can still be recorded."""

    code = "course-ended"
    title = "The course is over; open a new one"
    advice = "Open a new course for what is planned next. A session that was held can still be recorded in this one."


class NothingToPlan(Conflict):
    """The phase has an end, and all of its sessions are held or left out."""

    code = "nothing-to-plan"
    title = "The course has no open session to plan"
    advice = (
        "Change the phase of the course, or open a new one; a session outside the plan can be scheduled at any time."
    )


class DecisionRequired(Conflict):
    """The protocol asks that benefit is shown, and the course goes on, before the next phase."""

    code = "decision-required"
    title = "Record the decision to go on, with a score, before the next phase"
    advice = (
        "Record a score of this phase, then the decision with POST /v1/courses/{course_id}/dose-decisions, then "
        "change the phase."
    )


class UnknownPhase(Invalid):
    """The course's protocol has no such phase, or does not offer that interval in it."""

    title = "The protocol does not offer this"


class IllegalCourseMove(RuleViolated):
    """The step that was asked for does not follow from the course's state."""

    code = "illegal-transition"
    title = "This step does not follow from the present state"
    advice = "Read the record: its `status` says how far it has come, and somebody may have taken this step already."


class SeriesOutOfOrder(Invalid):
    """The first of a series cannot come after the last."""

    code = "first-after-last"
    title = "The series would begin after it ends"
    advice = "Compare the days of the first and the last session; the two may be exchanged."


class UnknownTimeZone(Invalid):
    """The name is not in the IANA time zone database."""

    code = "unknown-time-zone"
    title = "There is no such time zone"
    advice = "Take a name of the IANA time zone database, such as America/New_York."


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
    starts_on: date, local_time: time, time_zone: str, day_offsets: Sequence[int], *, first_number: int = 1
) -> tuple[PlannedSession, ...]:
    """Lay a protocol's days into the calendar, each at the same time on the wall.

    Args:
        starts_on: The local date that offset 0 stands for.
        local_time: The local time of every session; see `instant_of` for the two nights of the year where it is
            missing or comes twice.
        time_zone: An IANA name.
        day_offsets: Calendar days after `starts_on`, in the order of the sessions. Empty where a protocol has no plan.
        first_number: The number of the first of them.

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
        for number, on in enumerate(days, start=first_number)
    )


def week_number(day_one: date, on: date) -> int:
    """The week of a day, counted from 1: floor((day - day one) / 7) + 1. Days before day one have weeks below 1."""
    return (on - day_one).days // 7 + 1


def days_ahead(last: date, interval_days: int, *, open_sessions: int, ahead: int) -> tuple[date, ...]:
    """The days to add to a plan without an end, so that `ahead` sessions are open again.

    Args:
        last: The day of the plan's last session, held or not.
        interval_days: Days from one session to the next.
        open_sessions: How many sessions of the plan nobody has filled yet.
        ahead: How many should be.
    """
    return tuple(last + timedelta(days=interval_days * step) for step in range(1, ahead - open_sessions + 1))


def moved_days(days: Sequence[date], *, starts_on: date | None, interval_days: int | None) -> tuple[date, ...]:
    """The days of open sessions after planning them again.

    Args:
        days: The days as they are planned, in order.
        starts_on: The new day of the first; the others keep their distance from it. None keeps the first where it is.
        interval_days: Days from each to the next; None keeps the distances there are.
    """
    if not days:
        return ()
    first = starts_on or days[0]
    if interval_days is not None:
        return tuple(first + timedelta(days=interval_days * step) for step in range(len(days)))
    return tuple(first + (day - days[0]) for day in days)


# ── intervals ────────────────────────────────────────────────────────────────────────────────────────────────────────

INJECTED: Final = frozenset({Route.INTRAVENOUS, Route.INTRAMUSCULAR, Route.SUBCUTANEOUS})
"""Routes whose sessions keep an interval from each other."""


class IntervalBreach(StrEnum):
    """What is too close about a session."""

    BELOW_MINIMUM = "below_minimum_interval"
    BELOW_USUAL = "below_usual_interval"
    TOO_MANY_IN_WEEK = "above_sessions_per_week"


@dataclass(frozen=True, slots=True)
class When:
    """When something is given or planned: an instant and the local day, or the day alone where no more is known."""

    on: date
    at: datetime | None


def moment(at: datetime, time_zone: str) -> When:
    """An instant with its day on the clinic's wall."""
    return When(at.astimezone(ZoneInfo(time_zone)).date(), at)


def time_between(one: When, two: When, time_zone: str) -> timedelta:
    """How far apart two sessions are, never less than nothing.

    The longer of the time that passes and the time the clock on the wall shows, so that nine o'clock and nine o'clock
    two days later are two days apart also over the night that is an hour short. Where only the day of one is known,
    whole days.
    """
    if one.at is None or two.at is None:
        return abs(timedelta(days=(one.on - two.on).days))
    zone = ZoneInfo(time_zone)
    walls = [instant.at.astimezone(zone).replace(tzinfo=None) for instant in (one, two) if instant.at is not None]
    return max(abs(one.at - two.at), abs(walls[0] - walls[1]))


def interval_breach(
    session: When, others: Iterable[When], time_zone: str, *, minimum: timedelta, usual: timedelta
) -> IntervalBreach | None:
    """What is too close about a session beside the patient's others, or None; exactly an interval is far enough.

    Args:
        session: The session that is planned or was given.
        others: The patient's other sessions by injection or infusion, before and after it, here and elsewhere.
        time_zone: The clinic's.
        minimum: Closer than this takes a reason.
        usual: Closer than this is asked about.
    """
    gaps = [time_between(session, other, time_zone) for other in others]
    if not gaps or min(gaps) >= usual:
        return None
    return IntervalBreach.BELOW_MINIMUM if min(gaps) < minimum else IntervalBreach.BELOW_USUAL


def too_many_in_week(day_one: date, on: date, others: Iterable[date], most: int) -> bool:
    """Whether a session is one too many for its week.

    Args:
        day_one: The phase's first day.
        on: The session's day.
        others: The days of the phase's other sessions, held or planned.
        most: So many are allowed in a week.
    """
    week = week_number(day_one, on)
    return sum(week_number(day_one, other) == week for other in others) >= most


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
