"""Planning on, planning again, and going from phase to phase."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.courses.rules import days_ahead, instant_of, moved_days, plan_sessions, week_number
from app.kernel import clock
from tests.proofs.care import PHQ9_OF_9, Care, Json, caring, path_of, version_header
from tests.world import ZONE, World

NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    ("on", "week"),
    [
        # floor((day - day one) / 7) + 1, from Monday 2 March 2026.
        (date(2026, 3, 2), 1),
        (date(2026, 3, 8), 1),
        (date(2026, 3, 9), 2),
        (date(2026, 3, 29), 4),
        (date(2026, 3, 30), 5),
        (date(2026, 4, 27), 9),
        (date(2026, 3, 1), 0),
        (date(2026, 2, 22), -1),
    ],
)
def test_weeks_count_from_day_one(on: date, week: int) -> None:
    assert week_number(date(2026, 3, 2), on) == week


@pytest.mark.parametrize(
    ("last", "interval", "still_open", "days"),
    [
        (date(2026, 3, 2), 7, 4, []),
        (date(2026, 3, 2), 7, 3, ["2026-03-09"]),
        (date(2026, 3, 2), 14, 2, ["2026-03-16", "2026-03-30"]),
        (date(2026, 12, 28), 7, 3, ["2027-01-04"]),
        (date(2026, 3, 2), 7, 9, []),
    ],
)
def test_as_many_days_are_added_as_are_missing(last: date, interval: int, still_open: int, days: list[str]) -> None:
    assert [day.isoformat() for day in days_ahead(last, interval, open_sessions=still_open, ahead=4)] == days


@pytest.mark.parametrize(
    ("last", "hours"),
    [
        # New York leaves -05:00 for -04:00 on 8 March 2026, and returns on 1 November.
        (date(2026, 2, 23), [14, 13, 13]),
        (date(2026, 10, 19), [13, 14, 14]),
    ],
)
def test_a_plan_that_rolls_keeps_the_clock_on_the_wall(last: date, hours: list[int]) -> None:
    days = days_ahead(last, 7, open_sessions=1, ahead=4)
    added = plan_sessions(last, time(9), NEW_YORK, [(day - last).days for day in days], first_number=5)
    assert [session.number for session in added] == [5, 6, 7]
    assert [session.starts_at.hour for session in added] == hours


DAYS = (date(2026, 3, 2), date(2026, 3, 5), date(2026, 3, 9))


@pytest.mark.parametrize(
    ("starts_on", "interval", "moved"),
    [
        (None, None, ["03-02", "03-05", "03-09"]),
        (date(2026, 3, 4), None, ["03-04", "03-07", "03-11"]),
        (None, 7, ["03-02", "03-09", "03-16"]),
        (date(2026, 3, 4), 14, ["03-04", "03-18", "04-01"]),
    ],
)
def test_open_sessions_move_together(starts_on: date | None, interval: int | None, moved: list[str]) -> None:
    found = moved_days(DAYS, starts_on=starts_on, interval_days=interval)
    assert [day.isoformat()[5:] for day in found] == moved
    assert moved_days((), starts_on=starts_on, interval_days=interval) == ()


# ── over HTTP ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def plan(care: Care, course: Json) -> list[Json]:
    """The course's plan."""
    return await care.items(f"{path_of(course)}/plan")


async def still_open(care: Care, course: Json) -> list[Json]:
    """What nobody has filled and nobody left out."""
    return [item for item in await plan(care, course) if item["session_id"] is None and item["left_out_at"] is None]


async def maintained(care: Care, first_at: str, **members: Any) -> Json:
    """An esketamine course in its endless phase, having decided to go on."""
    patient = await care.patient()
    course = await care.course(patient, protocol_code="ESK_TRD", first_session_at=first_at)
    score = await care.phq9(patient, PHQ9_OF_9)
    decision = {"decision": "continue", "assessment_id": score["id"]}
    await care.new(f"{path_of(course)}/dose-decisions", decision)
    return await care.do(course, "change-phase", {"phase": "maintenance_2"} | members)


@pytest.mark.parametrize(
    ("first_day", "hours"),
    [
        # 9 o'clock in New York, weekly over both changes of clocks of 2027 (14 March, 7 November).
        ("2027-03-02", [14, 14, 13, 13, 13, 13]),
        ("2027-10-26", [13, 13, 14, 14, 14, 14]),
    ],
)
async def test_an_endless_phase_stays_planned_by_the_wall(clinic: World, first_day: str, hours: list[int]) -> None:
    care = await caring(clinic)
    course = await maintained(care, "2027-01-04T14:00:00Z", starts_on=first_day, local_time="09:00")
    assert (course["phase"], course["phase_started_on"]) == ("maintenance_2", first_day)
    assert len(await still_open(care, course)) == 4
    for _ in range(2):
        await care.session(course)
    items = [item for item in await plan(care, course) if item["phase"] == "maintenance_2"]
    assert [item["number"] for item in items] == list(range(9, 15))
    assert {item["local_time"] for item in items} == {"09:00"}
    assert [datetime.fromisoformat(item["starts_at"]).hour for item in items] == hours
    assert [(date.fromisoformat(item["planned_on"]) - date.fromisoformat(first_day)).days for item in items] == [
        7 * week for week in range(6)
    ]
    assert len(await still_open(care, course)) == 4


async def test_an_interval_is_chosen_among_those_offered(clinic: World) -> None:
    care = await caring(clinic)
    course = await maintained(care, "2027-01-04T14:00:00Z", starts_on="2027-03-02", interval_days=14)
    days = [item["planned_on"] for item in await still_open(care, course)]
    assert days == ["2027-03-02", "2027-03-16", "2027-03-30", "2027-04-13"]
    other = await care.http.post(
        f"{path_of(course)}/change-phase",
        json={"phase": "maintenance_1", "interval_days": 3},
        headers=version_header(course),
    )
    assert (other.status_code, other.json()["errors"][0]["pointer"]) == (422, "#/interval_days")


async def test_the_next_phase_waits_for_a_decision_with_a_score(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    course = await care.course(patient, protocol_code="ESK_TRD", first_session_at="2027-01-04T14:00:00Z")
    path = f"{path_of(course)}/change-phase"

    async def refused() -> bool:
        answer = await care.http.post(path, json={"phase": "maintenance_1"}, headers=version_header(course))
        if answer.status_code == 409:
            assert answer.json()["code"] == "decision-required"
            assert (answer.json()["phase"], answer.json()["action"]) == ("induction", "evidence_of_benefit_required")
        return answer.status_code == 409

    decisions = f"{path_of(course)}/dose-decisions"
    assert await refused()
    await care.new(decisions, {"decision": "continue"})
    score = await care.phq9(patient, PHQ9_OF_9)
    await care.new(decisions, {"decision": "stop", "assessment_id": score["id"]})
    void = await care.new(decisions, {"decision": "continue", "assessment_id": score["id"]})
    await care.void(void)
    assert await refused()
    kept = await care.new(decisions, {"decision": "continue", "assessment_id": score["id"], "dose_mg": 84})
    assert (kept["phase"], kept["dose_mg"]) == ("induction", 84)
    assert not await refused()
    assert [one["decision"] for one in await care.items(decisions)] == ["continue", "stop", "continue"]


async def test_a_score_of_somebody_else_decides_nothing(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course()
    score = await care.phq9(await care.patient(), PHQ9_OF_9)
    answer = await care.http.post(
        f"{path_of(course)}/dose-decisions", json={"decision": "continue", "assessment_id": score["id"]}
    )
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/assessment_id")


async def test_the_plan_follows_the_phase_and_the_history_keeps_both(clinic: World) -> None:
    care = await caring(clinic)
    course = await maintained(care, "2027-01-04T14:00:00Z", reason="Responded.")
    items = await plan(care, course)
    assert [item["left_out_at"] is not None for item in items] == [True] * 8 + [False] * 4
    # Without a day: that of the next open session; at the same time on the wall.
    assert (items[8]["planned_on"], items[8]["local_time"], items[8]["week"]) == ("2027-01-04", "09:00", 1)
    back = await care.do(course, "change-phase", {"phase": "induction", "starts_on": "2027-03-01"})
    assert (back["phase"], len(await still_open(care, back))) == ("induction", 8)
    history = await care.history(course)
    assert [version["event"] for version in history] == [
        "course.opened",
        "course.phase_changed",
        "course.phase_changed",
    ]
    assert [version["resource"]["phase"] for version in history] == ["induction", "maintenance_2", "induction"]
    assert history[1]["reason"] == "Responded."
    same = await care.http.post(
        f"{path_of(course)}/change-phase", json={"phase": "induction"}, headers=version_header(back)
    )
    assert (same.status_code, same.json()["allowed"]) == (409, ["maintenance_1", "maintenance_2"])
    nowhere = await care.http.post(
        f"{path_of(course)}/change-phase", json={"phase": "maintenance_9"}, headers=version_header(back)
    )
    assert (nowhere.status_code, nowhere.json()["errors"][0]["pointer"]) == (422, "#/phase")


async def test_only_open_sessions_move(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course(protocol_code="KET_IV_6x3W", first_session_at="2027-03-02T14:00:00Z")
    session = await care.session(course)
    before = await plan(care, course)
    body = {"starts_on": "2027-03-16", "local_time": "11:30", "reason": "Away until the 16th."}
    moved = await care.do(course, "re-plan", body)
    after = await plan(care, course)
    assert after[0] == before[0]
    assert (await care.again(session))["scheduled_start_at"] == session["scheduled_start_at"]
    assert [item["planned_on"][5:] for item in after] == ["03-02", "03-16", "03-20", "03-23", "03-27", "03-30"]
    assert [item["local_time"] for item in after] == ["09:00", *["11:30"] * 5]
    assert [item["week"] for item in after] == [1, 3, 3, 4, 4, 5]
    assert after[1]["starts_at"] == "2027-03-16T15:30:00Z"
    assert (moved["version"], (await care.history(course))[1]["reason"]) == (2, "Away until the 16th.")
    assert (await care.history(course))[1]["event"] == "course.re_planned"
    spread = {"interval_days": 7, "from_number": 4, "reason": "Once a week."}
    await care.do(course, "re-plan", spread)
    days = [item["planned_on"][5:] for item in await plan(care, course)]
    assert days == ["03-02", "03-16", "03-20", "03-23", "03-30", "04-06"]


async def test_missed_sessions_are_left_out_and_the_rest_goes_on(clinic: World) -> None:
    care = await caring(clinic)
    today = clock.now().astimezone(ZoneInfo(ZONE)).date()
    course = await care.course(protocol_code="KET_IV_6x3W", starts_on=(today - timedelta(days=8)).isoformat())
    before = await still_open(care, course)
    await care.do(course, "re-plan", {"leave_out_missed": True, "reason": "Missed, no worse."})
    after = await still_open(care, course)
    assert after == before[3:]
    session = await care.session(course)
    assert session["plan_item_id"] == after[0]["id"]
    taken = await care.http.post(f"{path_of(course)}/sessions", json={"plan_item_id": before[0]["id"]})
    assert (taken.status_code, taken.json()["code"]) == (409, "plan-item-filled")


async def test_an_open_course_gets_a_plan_from_a_day_and_an_interval(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course()
    path = f"{path_of(course)}/re-plan"
    for body in ({"interval_days": 21}, {"starts_on": "2027-03-01"}):
        answer = await care.http.post(path, json=body | {"reason": "Monthly."}, headers=version_header(course))
        assert (answer.status_code, answer.json()["code"]) == (409, "nothing-to-plan")
    await care.do(course, "re-plan", {"starts_on": "2027-03-01", "interval_days": 21, "reason": "Monthly."})
    await care.session(course)
    days = [item["planned_on"] for item in await plan(care, course)]
    assert days == ["2027-03-01", "2027-03-22", "2027-04-12", "2027-05-03", "2027-05-24"]
    nothing = await care.http.post(path, json={"reason": "Monthly."}, headers=version_header(course))
    assert nothing.status_code == 422


async def test_a_course_that_is_over_is_not_planned_again(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.do(await care.course(protocol_code="KET_IV_6x3W"), "complete")
    for verb, body in (("re-plan", {"interval_days": 7, "reason": "x"}), ("change-phase", {"phase": "maintenance"})):
        answer = await care.http.post(f"{path_of(course)}/{verb}", json=body, headers=version_header(course))
        assert (answer.status_code, answer.json()["code"]) == (409, "course-ended")


def test_a_planned_time_is_the_wall_s_not_utc_s() -> None:
    assert instant_of(date(2027, 3, 15), time(9), NEW_YORK) - instant_of(date(2027, 3, 8), time(9), NEW_YORK) == (
        timedelta(days=7) - timedelta(hours=1)
    )
