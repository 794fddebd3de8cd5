"""Where a score stands among the doses: how long after, too soon to speak of one, and nearest to which session.

Between two doses lies one window: what is answered after dose n, up to and including the moment dose n+1 begins, is
the window after session n and the window before session n+1. In it the nearest score counts: for what came of session
n the first one, for how the patient came to session n+1 the last one (`nearest_after`, `nearest_before`).

A form that looks back two weeks and is answered two hours after a dose speaks of the time before that dose. It is
kept, marked `too_soon_after_dose`, and never counted as an effect of it. Where only the day of such a form is known
and a dose was given on that day, the form is taken to be the older of the two: forms are filled in while waiting.

The functions take whatever has the attributes of `Placed`: a row of a select, or the record itself.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, Generic, Protocol, TypeVar

from app.assessments.rules.instrument import Clock, Recall

HOURS_PLACES: Final = Decimal("0.01")
"""Hours are stored with two places, rounded half up."""

BEFORE_RULE: Final = "last score with a total after the previous dose, up to the first dose of this session"
AFTER_RULE: Final = (
    "first score with a total after the first dose of this session, up to the next one; "
    "none that looks back and was answered too soon after a dose"
)

_MICROSECOND: Final = timedelta(microseconds=1)
_MICROSECONDS_PER_HOUR: Final = 3_600_000_000
_HOURS_PER_DAY: Final = 24


class Placed(Protocol):
    """A score with its time; `answered_at` or `answered_on` is there, never both."""

    @property
    def answered_at(self) -> Any:  # a datetime or None, on a record or on a row
        """The moment it was answered, where that is known."""
        ...

    @property
    def answered_on(self) -> Any:  # a date or None
        """The day, where only that is known."""
        ...

    @property
    def assessed_at(self) -> Any:  # a datetime
        """The instant it is ordered by: the moment, or noon of the day."""
        ...

    @property
    def too_soon_after_dose(self) -> Any:  # a bool
        """Whether it speaks of the time before the last dose."""
        ...

    @property
    def total(self) -> Any:  # a Decimal or None
        """What it comes to."""
        ...


Score = TypeVar("Score", bound=Placed)


@dataclass(frozen=True, slots=True)
class Nearest(Generic[Score]):
    """The scores on both sides of a session."""

    before: Score | None
    after: Score | None


@dataclass(frozen=True, slots=True)
class Dosed:
    """The first dose of a session: its moment, and its day on the clinic's clock."""

    started_at: datetime
    on: date


def hours_since(last_dose_at: datetime | None, answered_at: datetime | None) -> Decimal | None:
    """Say how many hours after the last dose an answer was given, 2 places.

    Args:
        last_dose_at: The last moment of the last dose before the answer; None if there was none.
        answered_at: The moment of the answer; None if only the day is known.

    Returns:
        None where one of them is not known, and where the dose came after the answer, so was not the last before it.
    """
    if last_dose_at is None or answered_at is None or answered_at < last_dose_at:
        return None
    microseconds = (answered_at - last_dose_at) // _MICROSECOND
    return (Decimal(microseconds) / _MICROSECONDS_PER_HOUR).quantize(HOURS_PLACES, ROUND_HALF_UP)


def is_too_soon(recall: Recall, hours: Decimal | None, days: int | None) -> bool:
    """Say whether a form still speaks of the time before the last dose.

    Args:
        recall: What this edition of the form looks back on.
        hours: Since the last dose; None where only the day is known, or before any dose.
        days: Calendar days since the last dose, which stand in for hours that are not known; None before any dose.

    Returns:
        False for an acute scale and before any dose. Exactly `recall.hours_after_dose` later is late enough.
    """
    if recall.hours_after_dose is None or days is None:
        return False
    return (days * _HOURS_PER_DAY if hours is None else hours) < recall.hours_after_dose


def precedes_doses_of_its_day(clock: Clock, answered_at: datetime | None) -> bool:
    """Say whether an answer is taken to come before the doses of its day: it looks back, and only its day is known."""
    return answered_at is None and clock is Clock.WINDOWED


def is_before(score: Placed, dose: Dosed) -> bool:
    """Say whether a score was answered before a dose, or as it began."""
    if score.answered_at is not None:
        return score.answered_at <= dose.started_at
    return score.answered_on <= dose.on


def window_of(doses: Sequence[Dosed], score: Placed) -> int | None:
    """Find the session in whose window a score lies.

    Args:
        doses: The first dose of each session, in time.
        score: A score of the same patient.

    Returns:
        The index of the last session that had begun; None before the first.
    """
    if score.answered_at is not None:
        begun = bisect_left(doses, score.answered_at, key=lambda dose: dose.started_at)
    else:
        begun = bisect_left(doses, score.answered_on, key=lambda dose: dose.on)
    return begun - 1 if begun else None


def nearest_before(
    doses: Sequence[Dosed], index: int, scores: Iterable[Score], *, within_days: int | None = None
) -> Score | None:
    """Find how the patient came to a session: the last score since the previous dose.

    Args:
        doses: The first dose of each session, in time.
        index: Which session.
        scores: Scores of the same patient with one instrument, in any order.
        within_days: How old it may be in days of 24 hours; None for any age.
    """
    dose = doses[index]
    oldest = None if within_days is None else dose.started_at - timedelta(days=within_days)
    found = [
        score
        for score in _counting(scores, doses, index - 1 if index else None)
        if oldest is None or score.assessed_at >= oldest
    ]
    return max(found, key=lambda score: score.assessed_at, default=None)


def nearest_after(doses: Sequence[Dosed], index: int, scores: Iterable[Score]) -> Score | None:
    """Find what came of a session: the first score that speaks of it, before the next dose.

    Args:
        doses: The first dose of each session, in time.
        index: Which session.
        scores: Scores of the same patient with one instrument, in any order.
    """
    return min(_counting(scores, doses, index), key=lambda score: score.assessed_at, default=None)


def nearest_of_each(doses: Sequence[Dosed], scores: Iterable[Score]) -> list[Nearest[Score]]:
    """Find `nearest_before` and `nearest_after` of every session in one pass.

    Args:
        doses: The first dose of each session, in time.
        scores: Scores of the same patient with one instrument, in any order.
    """
    first: dict[int | None, Score] = {}
    last: dict[int | None, Score] = {}
    for score in sorted(scores, key=lambda score: score.assessed_at):
        if score.total is not None and not score.too_soon_after_dose:
            window = window_of(doses, score)
            first.setdefault(window, score)
            if window not in last or score.assessed_at > last[window].assessed_at:
                last[window] = score
    return [Nearest(last.get(index - 1 if index else None), first.get(index)) for index in range(len(doses))]


def _counting(scores: Iterable[Score], doses: Sequence[Dosed], window: int | None) -> list[Score]:
    """Keep what lies in a window, has a total and is not too soon after a dose."""
    return [
        score
        for score in scores
        if score.total is not None and not score.too_soon_after_dose and window_of(doses, score) == window
    ]
