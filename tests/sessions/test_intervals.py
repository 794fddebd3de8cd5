"""How far apart sessions are: asked about when they are planned, told when they were given."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.courses.rules import IntervalBreach, When, interval_breach, moment, time_between, too_many_in_week
from tests.proofs.care import Care, Json, ago, caring, path_of, start, stop, version_header
from tests.world import World

NEW_YORK = "America/New_York"
MINIMUM, USUAL = timedelta(hours=24), timedelta(hours=48)


def at(text: str) -> When:
    """A time in UTC, seen from New York."""
    return moment(datetime.fromisoformat(text).replace(tzinfo=UTC), NEW_YORK)


def on(text: str) -> When:
    """A day of which the time is not known."""
    return When(date.fromisoformat(text), None)


@pytest.mark.parametrize(
    ("one", "two", "hours"),
    [
        (at("2026-03-02T14:00"), at("2026-03-04T14:00"), 48),
        (at("2026-03-04T14:00"), at("2026-03-02T14:00"), 48),
        # Nine o'clock to nine o'clock over the short night of 8 March: 47 hours pass, the wall shows two days.
        (at("2026-03-07T14:00"), at("2026-03-09T13:00"), 48),
        # Over the long night of 1 November: 49 hours pass.
        (at("2026-10-31T13:00"), at("2026-11-02T14:00"), 49),
        (on("2026-03-02"), at("2026-03-03T14:00"), 24),
        # One in the morning of the 4th in UTC is the evening of the 3rd in New York.
        (on("2026-03-02"), at("2026-03-04T01:00"), 24),
        (on("2026-03-02"), on("2026-03-02"), 0),
    ],
)
def test_the_time_between(one: When, two: When, hours: int) -> None:
    assert time_between(one, two, NEW_YORK) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("others", "breach"),
    [
        ([], None),
        ([at("2026-03-02T14:00")], None),
        ([at("2026-03-02T14:01")], "below_usual_interval"),
        ([at("2026-03-03T14:00")], "below_usual_interval"),
        ([at("2026-03-03T14:01")], "below_minimum_interval"),
        ([at("2026-03-05T13:59")], "below_minimum_interval"),
        ([at("2026-03-06T13:59"), at("2026-02-20T14:00")], "below_usual_interval"),
        ([on("2026-03-04")], "below_minimum_interval"),
        ([on("2026-03-03")], "below_usual_interval"),
        ([on("2026-03-02")], None),
    ],
)
def test_a_day_apart_at_least_and_two_as_a_rule(others: list[When], breach: str | None) -> None:
    found = interval_breach(at("2026-03-04T14:00"), others, NEW_YORK, minimum=MINIMUM, usual=USUAL)
    assert found == (None if breach is None else IntervalBreach(breach))


@pytest.mark.parametrize(
    ("day", "most", "others", "too_many"),
    [
        # From Monday 2 March: a week ends on Sunday the 8th.
        ("2026-03-05", 2, ["2026-03-02"], False),
        ("2026-03-08", 2, ["2026-03-02", "2026-03-05"], True),
        ("2026-03-09", 2, ["2026-03-02", "2026-03-05"], False),
        ("2026-03-09", 1, ["2026-03-08", "2026-03-16"], False),
        ("2026-03-15", 1, ["2026-03-09"], True),
    ],
)
def test_so_many_in_a_week_of_the_phase(day: str, most: int, others: list[str], *, too_many: bool) -> None:
    days = [date.fromisoformat(other) for other in others]
    assert too_many_in_week(date(2026, 3, 2), date.fromisoformat(day), days, most) == too_many


# ── over HTTP ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def asked(care: Care, course: Json, when: str, **members: Any) -> list[tuple[str, bool]]:
    """What is asked about a session at that time; nothing where it is scheduled."""
    answer = await care.http.post(f"{path_of(course)}/sessions", json=body_at(course, when) | members)
    if answer.status_code == 201:
        return []
    assert (answer.status_code, answer.json()["code"]) == (409, "confirmation-required"), answer.text
    return [(one["code"], one["reason_required"]) for one in answer.json()["confirmations"]]


def body_at(course: Json, when: str) -> Json:
    """A visit at a time."""
    return {"scheduled_start_at": when} | ({"route": "intravenous"} if course["protocol_code"] == "OPEN" else {})


async def test_a_session_soon_after_another_is_asked_about_and_a_day_after_takes_a_reason(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course()
    assert await asked(care, course, "2027-03-02T14:00:00Z") == []
    usual, minimum = [("below_usual_interval", False)], [("below_minimum_interval", True)]
    assert await asked(care, course, "2027-03-04T13:59:00Z") == usual
    assert await asked(care, course, "2027-03-03T13:59:00Z") == minimum
    assert await asked(care, course, "2027-02-28T15:00:00Z") == usual
    assert await asked(care, course, "2027-03-03T13:59:00Z", confirm=["below_minimum_interval"]) == minimum
    assert await asked(care, course, "2027-03-03T13:59:00Z", confirm=["below_usual_interval"], reason="x") == minimum
    sessions = await care.items("/v1/sessions", course_id=course["id"])
    assert len(sessions) == 1
    sure = {"confirm": ["below_minimum_interval"], "reason": "Leaves town on Friday."}
    assert await asked(care, course, "2027-03-03T13:59:00Z", **sure) == []
    (made, _) = await care.items("/v1/sessions", course_id=course["id"])
    assert (await care.history(made))[0]["reason"] == "Leaves town on Friday."


async def test_other_routes_and_other_patients_are_not_compared(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course()
    await care.session(course, scheduled_start_at="2027-03-02T14:00:00Z")
    assert await asked(care, course, "2027-03-02T18:00:00Z", route="oral") == []
    assert await asked(care, await care.course(), "2027-03-02T14:00:00Z") == []
    gone = await care.session(course, scheduled_start_at="2027-04-02T14:00:00Z")
    await care.do(gone, "cancel")
    assert await asked(care, course, "2027-04-02T15:00:00Z") == []


async def test_another_time_is_asked_about_too(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course()
    await care.session(course, scheduled_start_at="2027-03-02T14:00:00Z")
    later = await care.session(course, scheduled_start_at="2027-03-10T14:00:00Z")
    body = {"scheduled_start_at": "2027-03-03T10:00:00Z"}
    path = f"{path_of(later)}/reschedule"
    answer = await care.http.post(path, json=body, headers=version_header(later))
    assert [one["code"] for one in answer.json()["confirmations"]] == ["below_minimum_interval"]
    sure = body | {"confirm": ["below_minimum_interval"], "reason": "Leaves town."}
    assert (await care.do(later, "reschedule", sure))["scheduled_start_at"] == "2027-03-03T10:00:00Z"


async def test_what_was_given_elsewhere_counts(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    course = await care.course(patient)
    given = {"drug": "ketamine", "route": "intramuscular", "given_on": "2027-03-02", "source": "patient"}
    external = await care.new(f"{path_of(patient)}/external-treatments", given)
    assert await asked(care, course, "2027-03-02T19:00:00Z") == [("below_minimum_interval", True)]
    assert await asked(care, course, "2027-03-03T19:00:00Z") == [("below_usual_interval", False)]
    await care.void(external)
    assert await asked(care, course, "2027-03-03T19:00:00Z") == []


async def test_esketamine_has_so_many_sessions_in_a_week(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course(protocol_code="ESK_TRD", first_session_at="2027-03-01T14:00:00Z")
    # The plan itself is never asked about: twice a week.
    for _ in range(8):
        assert await asked(care, course, "2027-03-01T14:00:00Z", scheduled_start_at=None) == []
    too_many = [("above_sessions_per_week", False)]
    assert await asked(care, course, "2027-03-06T14:00:00Z") == too_many
    assert await asked(care, course, "2027-03-30T14:00:00Z") == []
    assert await asked(care, course, "2027-03-06T14:00:00Z", confirm=["above_sessions_per_week"]) == []


async def test_a_dose_given_too_soon_is_recorded_and_named(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course()
    first = await care.session(course)
    await care.administration(first, events=[start(20 * 60), stop(19 * 60)])
    assert "below_minimum_interval" not in (await care.again(first))["deviations"]
    second = await care.session(course)
    dose = await care.administration(second, events=[start(50), stop(10)])
    assert "below_minimum_interval" in (await care.again(second))["deviations"]
    codes = {alert["code"] for alert in await care.items("/v1/alerts", patient_id=course["patient_id"])}
    assert "dose_below_minimum_interval" in codes
    # The first turns out to have been given two days earlier; the second says what it has become when it is corrected.
    (earlier,) = (await care.record(first))["administrations"]
    for event, minutes in zip(earlier["events"], (70 * 60, 69 * 60), strict=True):
        await care.change(event, {"occurred_at": ago(minutes=minutes)}, reason="correction")
    await care.change(dose["events"][1], {"occurred_at": ago(minutes=11)}, reason="correction")
    assert "below_minimum_interval" not in (await care.again(second))["deviations"]


async def test_a_dose_elsewhere_the_day_before_is_no_deviation_and_on_the_same_day_is_one(clinic: World) -> None:
    care = await caring(clinic)
    for days, found in ((2, False), (0, True)):
        patient = await care.patient()
        given = {"drug": "ketamine", "route": "intravenous", "given_at": ago(days=days, hours=2), "source": "records"}
        await care.new(f"{path_of(patient)}/external-treatments", given)
        session = await care.session(await care.course(patient))
        await care.administration(session, events=[start(50), stop(10)])
        assert ("below_minimum_interval" in (await care.again(session))["deviations"]) == found
