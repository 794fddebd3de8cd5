"""A course's states and calendar.

The changes of clocks are those of the IANA time zone database, written here as UTC offsets.
"""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise, product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.courses.rules import (
    MOVES,
    CourseStatus,
    IllegalCourseMove,
    UnknownTimeZone,
    instant_of,
    plan_sessions,
    require_course_move,
)

NEW_YORK = "America/New_York"
TWICE_A_WEEK = (0, 3, 7, 10, 14, 17)
LEGAL = {
    ("planned", "active"),
    ("planned", "discontinued"),
    ("active", "paused"),
    ("active", "completed"),
    ("active", "discontinued"),
    ("paused", "active"),
    ("paused", "completed"),
    ("paused", "discontinued"),
}


def test_every_status_has_its_row_of_moves() -> None:
    assert set(MOVES) == set(CourseStatus)


@pytest.mark.parametrize(("current", "target"), list(product(CourseStatus, CourseStatus)))
def test_a_move_is_accepted_exactly_when_it_is_listed(current: CourseStatus, target: CourseStatus) -> None:
    if (current.value, target.value) in LEGAL:
        require_course_move(current, target)
    else:
        with pytest.raises(IllegalCourseMove):
            require_course_move(current, target)


def test_a_refusal_names_both_states_and_what_would_be_allowed() -> None:
    with pytest.raises(IllegalCourseMove) as refused:
        require_course_move(CourseStatus.PLANNED, CourseStatus.COMPLETED)
    assert refused.value.code == "illegal-transition"
    assert "planned" in refused.value.detail
    assert "completed" in refused.value.detail
    assert refused.value.members == {"current_status": "planned", "allowed": ["active", "discontinued"]}


def test_nine_in_the_morning_stays_nine_when_clocks_go_forward() -> None:
    # New York leaves -05:00 for -04:00 on 8 March 2026.
    planned = plan_sessions(date(2026, 3, 2), time(9), NEW_YORK, TWICE_A_WEEK)
    assert [session.number for session in planned] == [1, 2, 3, 4, 5, 6]
    assert [session.on.isoformat() for session in planned] == [
        "2026-03-02",
        "2026-03-05",
        "2026-03-09",
        "2026-03-12",
        "2026-03-16",
        "2026-03-19",
    ]
    assert [session.starts_at.hour for session in planned] == [14, 14, 13, 13, 13, 13]
    assert all(session.starts_at.tzinfo is UTC for session in planned)
    assert {(session.local_time, session.time_zone) for session in planned} == {(time(9), NEW_YORK)}


def test_nine_in_the_morning_stays_nine_when_clocks_go_back() -> None:
    # New York returns to -05:00 on 1 November 2026.
    planned = plan_sessions(date(2026, 10, 26), time(9), NEW_YORK, TWICE_A_WEEK)
    assert [session.starts_at.hour for session in planned] == [13, 13, 14, 14, 14, 14]


@pytest.mark.parametrize(
    ("zone", "first", "hours"),
    [
        (NEW_YORK, date(2026, 3, 7), 23),
        (NEW_YORK, date(2026, 10, 31), 25),
        ("Europe/Berlin", date(2026, 3, 28), 23),
        ("Europe/Berlin", date(2026, 10, 24), 25),
        ("Australia/Lord_Howe", date(2026, 10, 3), 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 4), 24.5),
        ("Asia/Kathmandu", date(2026, 3, 7), 24),
    ],
)
def test_a_day_is_as_long_as_the_clocks_make_it(zone: str, first: date, hours: float) -> None:
    one, two = plan_sessions(first, time(9), zone, (0, 1))
    assert two.starts_at - one.starts_at == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("on", "local_time", "zone", "instant"),
    [
        # Skipped: 02:30 does not exist, so it moves forward by the gap, to 03:30 -04:00.
        (date(2026, 3, 8), time(2, 30), NEW_YORK, datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),
        # Twice: 01:30 is the first of the two, still -04:00.
        (date(2026, 11, 1), time(1, 30), NEW_YORK, datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        (date(2026, 11, 1), time(1, 30, fold=1), NEW_YORK, datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        # A time that brings a zone of its own is read in the zone that was asked for.
        (date(2026, 7, 1), time(9, tzinfo=UTC), NEW_YORK, datetime(2026, 7, 1, 13, tzinfo=UTC)),
        (date(2026, 5, 4), time(9), "Asia/Kathmandu", datetime(2026, 5, 4, 3, 15, tzinfo=UTC)),
        (date(2026, 5, 4), time(9), "UTC", datetime(2026, 5, 4, 9, tzinfo=UTC)),
        # Lord Howe: +10:30 in winter, +11:00 in summer; 02:15 on 4 October is skipped and becomes 02:45 +11:00.
        (date(2026, 7, 1), time(9), "Australia/Lord_Howe", datetime(2026, 6, 30, 22, 30, tzinfo=UTC)),
        (date(2026, 12, 1), time(9), "Australia/Lord_Howe", datetime(2026, 11, 30, 22, 0, tzinfo=UTC)),
        (date(2026, 10, 4), time(2, 15), "Australia/Lord_Howe", datetime(2026, 10, 3, 15, 45, tzinfo=UTC)),
        (date(2026, 4, 5), time(1, 45), "Australia/Lord_Howe", datetime(2026, 4, 4, 14, 45, tzinfo=UTC)),
        # Samoa had no 30 December 2011 at all.
        (date(2011, 12, 30), time(9), "Pacific/Apia", datetime(2011, 12, 30, 19, tzinfo=UTC)),
    ],
)
def test_wall_time_to_instant(on: date, local_time: time, zone: str, instant: datetime) -> None:
    assert instant_of(on, local_time, zone) == instant


def test_a_protocol_without_a_plan_plans_nothing() -> None:
    assert plan_sessions(date(2026, 3, 2), time(9), NEW_YORK, ()) == ()


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "America", "../etc/passwd", "/etc/passwd", "a\0b", "x" * 5000])
def test_an_unknown_zone_is_refused_without_repeating_it(name: str) -> None:
    with pytest.raises(UnknownTimeZone) as refused:
        instant_of(date(2026, 3, 2), time(9), name)
    assert refused.value.status == 422
    assert refused.value.code == "unknown-time-zone"
    assert refused.value.faults[0].pointer == "#/time_zone"
    # One sentence for every name, so none is repeated.
    assert refused.value.detail == "Use a name from the IANA time zone database, such as America/New_York."


@given(
    starts_on=st.dates(date(2000, 1, 1), date(2037, 1, 1)),
    local_time=st.times(),
    zone=st.sampled_from([NEW_YORK, "Asia/Kathmandu", "Australia/Lord_Howe", "Europe/London", "America/Sao_Paulo"]),
)
def test_the_wall_shows_the_planned_time_or_the_gap_past_it(starts_on: date, local_time: time, zone: str) -> None:
    planned = plan_sessions(starts_on, local_time, zone, TWICE_A_WEEK)
    for session in planned:
        shown = session.starts_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        late_by = shown - datetime.combine(session.on, local_time)
        assert timedelta(0) <= late_by <= timedelta(hours=1)
    assert all(one.starts_at < two.starts_at for one, two in pairwise(planned))
