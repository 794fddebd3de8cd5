"""What a course came to: its best and latest score, a response that lasts, a relapse, and what nobody knows.

Everything here is a pure function of the course's curve, so that an outcome is never stored and so never stale: it
follows whatever is corrected. What is missing is counted beside what is there, because most follow-up scores are
missing in real life.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from app.assessments.rules.curve import (
    Answer,
    Course,
    Curve,
    Definitions,
    NotCounted,
    Point,
    ResponseLevel,
    Window,
)
from app.assessments.rules.instrument import Instrument


@dataclass(frozen=True, slots=True)
class FirstResponse:
    """The first score that is a response: calendar days, and sessions with a dose, since the first dose."""

    point: Point
    days: int
    sessions: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a course came to on one instrument; every count beside every claim."""

    latest: Point | None
    best: Point | None
    first_response: FirstResponse | None
    sustained_response: Answer
    relapse: Answer
    relapsed: Point | None
    sessions_given: int
    windows_answered: int
    windows_missing: int
    windows_open: int
    scores: int
    scores_counted: int
    scores_too_soon: int
    scores_incomplete: int


# ── what it came to ──────────────────────────────────────────────────────────────────────────────────────────────────


def sum_up(definitions: Definitions, instrument: Instrument, course: Course, curve: Curve) -> Outcome:
    """Say what a course came to on one instrument."""
    zone = ZoneInfo(course.time_zone)
    counted = curve.counted
    states = [window.state for window in curve.windows]
    reasons = [point.because for point in curve.points]
    relapse, relapsed = _relapse(definitions, instrument, counted, zone)
    return Outcome(
        latest=counted[-1] if counted else None,
        best=min(counted, key=lambda point: point.score.total or 0, default=None),
        first_response=_first_response(curve, zone),
        sustained_response=_sustained(definitions, counted, zone),
        relapse=relapse,
        relapsed=relapsed,
        sessions_given=len(curve.windows),
        windows_answered=states.count(Window.ANSWERED),
        windows_missing=states.count(Window.MISSING),
        windows_open=states.count(Window.OPEN),
        scores=len(curve.points),
        scores_counted=len(counted),
        scores_too_soon=reasons.count(NotCounted.TOO_SOON_AFTER_DOSE),
        scores_incomplete=reasons.count(NotCounted.INCOMPLETE),
    )


def _days_between(one: datetime, other: datetime, zone: ZoneInfo) -> int:
    return (other.astimezone(zone).date() - one.astimezone(zone).date()).days


def _first_response(curve: Curve, zone: ZoneInfo) -> FirstResponse | None:
    first = next((point for point in curve.counted if point.judged.response is ResponseLevel.RESPONSE), None)
    if first is None or first.after is None or curve.first_dose_at is None:
        return None
    given = [window.dose.session_id for window in curve.windows]
    days = _days_between(curve.first_dose_at, first.score.assessed_at, zone)
    return FirstResponse(first, days, given.index(first.after.session_id) + 1)


def _sustained(definitions: Definitions, counted: Sequence[Point], zone: ZoneInfo) -> Answer:
    """Yes after a run of responses that lasts long enough; unknown where no score could be judged."""
    judged = [point for point in counted if point.judged.response is not ResponseLevel.UNKNOWN]
    if not judged:
        return Answer.UNKNOWN
    began: datetime | None = None
    for point in judged:
        if point.judged.response is not ResponseLevel.RESPONSE:
            began = None
            continue
        began = began or point.score.assessed_at
        if _days_between(began, point.score.assessed_at, zone) >= definitions.sustained_min_days:
            return Answer.YES
    return Answer.NO


def _relapse(
    definitions: Definitions, instrument: Instrument, counted: Sequence[Point], zone: ZoneInfo
) -> tuple[Answer, Point | None]:
    """Relapse can only follow a response; unknown where no score could be judged or the scale has no such cut-off."""
    cut = instrument.change.relapse_from
    judged = [point for point in counted if point.judged.response is not ResponseLevel.UNKNOWN]
    if cut is None or not judged:
        return Answer.UNKNOWN, None
    least, most = definitions.relapse_min_days_apart, definitions.relapse_max_days_apart
    responded = False
    back: list[datetime] = []  # the scores of an unbroken run without response, since a response
    for point in judged:
        responded = responded or point.judged.response is ResponseLevel.RESPONSE
        if not responded or not _is_back(cut.value, point):
            back.clear()
            continue
        at = point.score.assessed_at
        if any(least <= _days_between(earlier, at, zone) <= most for earlier in back):
            return Answer.YES, point
        back.append(at)
    return Answer.NO, None


def _is_back(ill_from: Decimal, point: Point) -> bool:
    total = point.score.total
    return total is not None and total >= ill_from and point.judged.response is not ResponseLevel.RESPONSE
