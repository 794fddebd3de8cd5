"""How far a score is from the doses, and which one stands before and after a session."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assessments.catalogue import shipped_instruments
from app.assessments.rules.instrument import Clock, Recall
from app.assessments.rules.windows import (
    Dosed,
    hours_since,
    is_before,
    is_too_soon,
    nearest_after,
    nearest_before,
    nearest_of_each,
    precedes_doses_of_its_day,
    window_of,
)

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
TWO_WEEKS = Recall("2 weeks", Clock.WINDOWED, 24, (), "a test")
RIGHT_NOW = Recall("now", Clock.ACUTE, None, (), "a test")
DOSES = [Dosed(NOW + timedelta(days=days), (NOW + timedelta(days=days)).date()) for days in (0, 3, 7)]


@dataclass(frozen=True)
class Filled:
    """A form on the clock."""

    assessed_at: datetime
    answered_at: datetime | None
    answered_on: date | None = None
    too_soon_after_dose: bool = False
    total: Decimal | None = Decimal(9)


def at(*, too_soon: bool = False, total: int | None = 9, **after: float) -> Filled:
    """A form answered so long after the first dose."""
    moment = NOW + timedelta(**after)
    return Filled(moment, moment, None, too_soon, None if total is None else Decimal(total))


def on(days: int) -> Filled:
    """A form of which only the day is known."""
    day = (NOW + timedelta(days=days)).date()
    return Filled(datetime(day.year, day.month, day.day, 17, tzinfo=UTC), None, day)


@pytest.mark.parametrize(
    ("after", "hours"),
    [
        (timedelta(0), "0.00"),
        (timedelta(hours=4), "4.00"),
        (timedelta(days=7), "168.00"),
        (timedelta(minutes=20), "0.33"),
        (timedelta(minutes=40), "0.67"),
        (timedelta(seconds=18), "0.01"),  # 0.005 hours: half up
        (timedelta(seconds=17), "0.00"),
    ],
)
def test_hours_since_the_last_dose(after: timedelta, hours: str) -> None:
    assert str(hours_since(NOW, NOW + after)) == hours


def test_hours_are_unknown_without_both_times() -> None:
    assert hours_since(None, NOW) is None
    assert hours_since(NOW, None) is None
    assert hours_since(NOW, NOW - timedelta(seconds=1)) is None


@pytest.mark.parametrize(
    ("recall", "hours", "days", "too_soon"),
    [
        (TWO_WEEKS, "0", 0, True),  # while drug flows
        (TWO_WEEKS, "2", 0, True),
        (TWO_WEEKS, "23.99", 1, True),
        (TWO_WEEKS, "24", 1, False),
        (TWO_WEEKS, "168", 7, False),
        (TWO_WEEKS, None, 0, True),  # the day counts where hours are not known
        (TWO_WEEKS, None, 1, False),
        (TWO_WEEKS, None, None, False),  # before any dose
        (RIGHT_NOW, "0", 0, False),
        (RIGHT_NOW, "2", 0, False),
    ],
)
def test_a_form_that_looks_back_says_nothing_yet(
    recall: Recall, hours: str | None, days: int | None, too_soon: bool
) -> None:
    assert is_too_soon(recall, None if hours is None else Decimal(hours), days) is too_soon


def test_the_24_hour_edition_of_the_madrs_speaks_sooner() -> None:
    weekly, daily = shipped_instruments()["MADRS", 1].recalls
    assert [is_too_soon(weekly, Decimal(hours), 0) for hours in (2, 4, 24)] == [True, True, False]
    assert [is_too_soon(daily, Decimal(hours), 0) for hours in (2, 4, 24)] == [True, False, False]


def test_a_day_stands_before_the_doses_of_that_day_where_the_form_looks_back() -> None:
    assert precedes_doses_of_its_day(Clock.WINDOWED, None)
    assert not precedes_doses_of_its_day(Clock.WINDOWED, NOW)
    assert not precedes_doses_of_its_day(Clock.ACUTE, None)
    assert is_before(on(0), DOSES[0])
    assert not is_before(on(1), DOSES[0])


@pytest.mark.parametrize(
    ("score", "window"),
    [
        (at(days=-1), None),
        (at(days=0), None),  # as the dose begins
        (at(seconds=1), 0),
        (at(days=3), 0),  # in the chair before the second dose
        (at(days=3, seconds=1), 1),
        (at(days=7), 1),
        (at(days=300), 2),
        (on(0), None),
        (on(1), 0),
        (on(3), 0),
        (on(4), 1),
    ],
)
def test_a_window_ends_as_the_next_dose_begins(score: Filled, window: int | None) -> None:
    assert window_of(DOSES, score) == window


def test_what_came_of_a_session_is_the_first_score_that_speaks_of_it() -> None:
    two_hours, two_days, before_next = at(hours=2, too_soon=True), at(days=2), at(days=3)
    scores = [at(days=-1), before_next, two_days, two_hours, at(days=5)]
    assert nearest_after(DOSES, 0, scores) is two_days, "not the form filled in two hours after the dose"
    assert nearest_after(DOSES, 0, [two_hours]) is None
    assert nearest_after(DOSES, 0, [two_hours, at(days=2, total=None), before_next]) is before_next
    assert nearest_after(DOSES, 2, scores) is None
    assert nearest_after(DOSES, 0, [on(0), on(2)]) == on(2)


def test_how_the_patient_came_is_the_last_score_before() -> None:
    old, recent = at(days=-20), at(days=-1)
    assert nearest_before(DOSES, 0, [old, recent, at(hours=5, too_soon=True)]) is recent
    assert nearest_before(DOSES, 0, [old]) is old
    assert nearest_before(DOSES, 0, [old], within_days=14) is None
    assert nearest_before(DOSES, 0, [at(days=-14)], within_days=14) is not None
    assert nearest_before(DOSES, 1, [recent]) is None, "the first dose lies between"
    assert nearest_before(DOSES, 1, [recent, at(hours=2, too_soon=True), at(days=3)]) == at(days=3)
    assert nearest_before(DOSES, 0, [recent, on(0)]) == on(0)


@given(minutes=st.lists(st.integers(-30_000, 30_000), max_size=8), index=st.integers(0, 2))
def test_no_score_is_counted_for_two_sessions(minutes: list[int], index: int) -> None:
    scores = [at(minutes=one) for one in minutes]
    after = nearest_after(DOSES, index, scores)
    before = nearest_before(DOSES, index, scores)
    assert after is None or window_of(DOSES, after) == index
    assert before is None or window_of(DOSES, before) == (index - 1 if index else None)
    for other in {0, 1, 2} - {index}:
        assert after is None or nearest_after(DOSES, other, scores) != after


@given(
    st.lists(st.integers(0, 20 * 24), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(-48, 22 * 24), st.booleans(), st.booleans(), st.booleans()), max_size=20),
)
def test_all_windows_at_once_are_the_windows_one_by_one(
    hours: list[int], forms: list[tuple[int, bool, bool, bool]]
) -> None:
    begun = [NOW + timedelta(hours=hour) for hour in sorted(hours)]
    doses = [Dosed(one, one.date()) for one in begun]
    scores = [
        on(hour // 24) if day_only else at(too_soon=too_soon, total=None if empty else 9, hours=hour)
        for hour, day_only, too_soon, empty in forms
    ]
    for score in scores:
        one_by_one = [index for index, dose in enumerate(doses) if not is_before(score, dose)]
        assert window_of(doses, score) == max(one_by_one, default=None)
    for index, found in enumerate(nearest_of_each(doses, scores)):
        assert found.before is nearest_before(doses, index, scores)
        assert found.after is nearest_after(doses, index, scores)
