"""Courses over HTTP: their states, their plan, their list."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.proofs.care import caring, path_of, version_header
from tests.world import ZONE, World

VERBS = {
    "pause": ({"reason": "Travelling."}, {"active"}),
    "resume": ({}, {"paused"}),
    "complete": ({"reason": "All sessions given."}, {"active", "paused"}),
    "discontinue": ({"reason": "No effect."}, {"active", "paused"}),
}
REACHED_BY = {"active": None, "paused": "pause", "completed": "complete", "discontinued": "discontinue"}


@pytest.mark.parametrize("state", REACHED_BY)
async def test_steps_follow_the_state(clinic: World, state: str) -> None:
    care = await caring(clinic)
    for verb, (body, follows_from) in VERBS.items():
        course = await care.course()
        if (step := REACHED_BY[state]) is not None:
            course = await care.do(course, step, VERBS[step][0])
        assert course["status"] == state
        answer = await care.http.post(f"{path_of(course)}/{verb}", json=body, headers=version_header(course))
        if state in follows_from:
            assert answer.status_code == 200, answer.text
        else:
            assert (answer.status_code, answer.json()["code"]) == (409, "illegal-transition")
            assert state not in answer.json()["allowed"]


@pytest.mark.parametrize(
    ("first", "hour_before", "hour_after"),
    [("2026-10-27T13:00:00Z", 13, 14), ("2027-03-09T14:00:00Z", 14, 13)],
    ids=["a day of 25 hours", "a day of 23 hours"],
)
async def test_the_plan_keeps_the_time_on_the_wall(
    clinic: World, first: str, hour_before: int, hour_after: int
) -> None:
    care = await caring(clinic)
    course = await care.course(protocol_code="KET_IV_6x3W", first_session_at=first)
    plan = await care.items(f"{path_of(course)}/plan")
    starts = [datetime.fromisoformat(item["starts_at"]) for item in plan]
    assert [start.astimezone(ZoneInfo(ZONE)).hour for start in starts] == [9] * 6
    assert {start.hour for start in starts} == {hour_before, hour_after}
    assert starts[0].hour == hour_before
    assert [item["planned_on"] for item in plan] == [str(start.astimezone(ZoneInfo(ZONE)).date()) for start in starts]
    assert {item["time_zone"] for item in plan} == {ZONE}


async def test_a_course_without_a_plan(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course()
    assert await care.items(f"{path_of(course)}/plan") == []
    assert (await care.session(course))["plan_item_id"] is None


async def test_a_course_is_led_by_a_prescriber(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    course = await care.course(patient)
    assert course["prescriber_id"] == str((await clinic.actor("prescriber")).principal_id)
    nurse = str((await clinic.actor("nurse")).principal_id)
    body = {"protocol_code": "OPEN", "prescriber_id": nurse}
    refused = await care.http.post(f"{path_of(patient)}/courses", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/prescriber_id")
    unknown = await care.http.post(f"{path_of(patient)}/courses", json={"protocol_code": "NOPE"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown-protocol")


async def test_a_course_with_sessions_cannot_be_an_error(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course(protocol_code="KET_IV_6x3W")
    session = await care.session(course)
    body = {"reason": "wrong patient"}
    refused = await care.http.post(
        f"{path_of(course)}/mark-entered-in-error", json=body, headers=version_header(course)
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "has-records")
    await care.void(session)
    assert (await care.void(course))["entered_in_error"]["reason"] == "wrong patient"
    plan = await care.items(f"{path_of(course)}/plan")
    assert all(item["entered_in_error"] for item in plan)


async def test_the_list_is_filtered(clinic: World) -> None:
    care = await caring(clinic)
    first = await care.course(indication_code="F33.2")
    second = await care.do(await care.course(indication_code="F43.10"), "pause")

    async def found(**params: object) -> list[str]:
        return [one["id"] for one in await care.items("/v1/courses", **params)]

    assert await found() == [second["id"], first["id"]]
    assert await found(status="paused") == [second["id"]]
    assert await found(indication_code=["F33.2", "F43.10"]) == [second["id"], first["id"]]
    assert await found(indication_code="F33.2", status="paused") == []
    assert await found(patient_id=first["patient_id"]) == [first["id"]]
