"""A visit's moves over HTTP: what follows from what, the place in the plan, the list."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.proofs.care import GOES_HOME, ago, caring, instant, path_of, stop, version_header
from tests.world import World

STATES = ("scheduled", "checked_in", "held", "cleared", "dosing", "observing", "discharged", "cancelled", "no_show")
VERBS = {
    "reschedule": ({"scheduled_start_at": "2027-03-02T15:00:00Z"}, {"scheduled"}),
    "check-in": ({}, {"scheduled"}),
    "clear": ({}, {"checked_in"}),
    "hold": ({"reason": "Pressure 172/98."}, {"checked_in", "cleared"}),
    "release": ({}, {"held"}),
    "cancel": ({}, {"scheduled", "checked_in", "cleared", "held"}),
    "mark-no-show": ({}, {"scheduled", "checked_in", "cleared", "held"}),
    "abort": ({"reason": "Patient asked to stop."}, {"dosing", "observing", "discharged"}),
    "discharge": (GOES_HOME, {"observing"}),
}


@pytest.mark.parametrize("state", STATES)
async def test_a_step_that_does_not_follow_is_refused_with_what_does(clinic: World, state: str) -> None:
    care = await caring(clinic)
    session = await care.session_in(state)
    for verb, (body, follows_from) in VERBS.items():
        if state in follows_from:
            continue
        answer = await care.http.post(f"{path_of(session)}/{verb}", json=body, headers=version_header(session))
        assert answer.status_code == 409, f"{verb}: {answer.text}"
        problem = answer.json()
        assert (problem["code"], problem["status"]) == ("illegal-transition", 409)
        assert state not in problem["allowed"]
        assert isinstance(problem["allowed"], list)
    assert (await care.again(session)) == session


@pytest.mark.parametrize("state", STATES)
async def test_a_step_that_follows_is_taken(clinic: World, state: str) -> None:
    care = await caring(clinic)
    await clinic.only_records()
    course = await care.course()
    for verb, (body, follows_from) in VERBS.items():
        if state in follows_from:
            session = await care.session_in(state, course)
            moved = await care.do(session, verb, body)
            assert moved["version"] == session["version"] + 1
            assert len(await care.history(session)) == moved["version"]


async def test_a_hold_goes_back_to_where_it_was(clinic: World) -> None:
    care = await caring(clinic)
    for state in ("checked_in", "cleared"):
        held = await care.do(await care.session_in(state), "hold", {"reason": "Waits for the escort."})
        assert (held["status"], held["held_from"], held["ended_reason"]) == ("held", state, "Waits for the escort.")
        back = await care.do(held, "release")
        assert (back["status"], back["held_from"], back["ended_reason"]) == (state, None, None)


async def test_a_move_needs_the_version_it_was_decided_on(clinic: World) -> None:
    care = await caring(clinic)
    await clinic.only_records()
    session = await care.session_in("checked_in")
    missing = await care.http.post(f"{path_of(session)}/clear", json={})
    assert (missing.status_code, missing.json()["code"]) == (428, "if-match-required")
    stale = await care.http.post(f"{path_of(session)}/clear", json={}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["current_version"]) == (412, 2)
    star = await care.http.post(f"{path_of(session)}/clear", json={}, headers={"If-Match": "*"})
    assert star.status_code == 400
    weak = await care.http.post(f"{path_of(session)}/clear", json={}, headers={"If-Match": 'W/"2"'})
    assert weak.status_code == 200


async def test_planned_sessions_are_filled_in_order_and_reopen(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course(protocol_code="KET_IV_6x3W")
    first, second, third = [await care.session(course) for _ in range(3)]

    async def filled() -> list[str | None]:
        return [item["session_id"] for item in await care.items(f"{path_of(course)}/plan")]

    nobody = [None] * 3
    assert await filled() == [first["id"], second["id"], third["id"], *nobody]
    await care.do(first, "cancel", {"reason": "Patient has a cold."})
    assert await filled() == [None, second["id"], third["id"], *nobody]
    await care.do(second, "mark-no-show")
    await care.void(third)
    assert await filled() == [None] * 6
    again = await care.session(course)
    assert (await filled())[0] == again["id"]
    assert again["number_in_course"] == 4
    plan = await care.items(f"{path_of(course)}/plan")
    taken = await care.http.post(f"{path_of(course)}/sessions", json={"plan_item_id": plan[0]["id"]})
    assert (taken.status_code, taken.json()["code"]) == (409, "plan-item-filled")
    named = await care.session(course, plan_item_id=plan[3]["id"])
    assert named["scheduled_start_at"] == plan[3]["starts_at"]


async def test_under_open_the_route_has_to_be_named(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course()
    answer = await care.http.post(f"{path_of(course)}/sessions", json={"drug": "ketamine"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/route")


async def test_a_visit_cannot_end_before_its_first_dose(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session_in("observing")
    for verb, member, body in (("discharge", "discharged_at", GOES_HOME),):
        answer = await care.http.post(
            f"{path_of(session)}/{verb}", json=body | {member: ago(hours=3)}, headers=version_header(session)
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "end-before-start")
        assert answer.json()["errors"][0]["pointer"] == f"#/{member}"


async def test_an_abort_is_a_fact_and_watching_goes_on(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session_in("dosing")
    aborted = await care.do(session, "abort", {"reason": "Patient asked to stop.", "aborted_at": ago(minutes=20)})
    assert (aborted["status"], aborted["abort_reason"]) == ("observing", "Patient asked to stop.")
    (infusion,) = (await care.record(session))["administrations"]
    await care.event(infusion, stop(20))
    assert (await care.again(session))["status"] == "observing"
    assert (await care.discharge(session))["status"] == "discharged"


async def test_the_list_is_filtered_and_sorted(clinic: World) -> None:
    care = await caring(clinic)
    admin = await caring(clinic, "admin")
    room = await admin.new("/v1/locations", {"name": "Room 2"})
    first = await care.session(location_id=room["id"], scheduled_start_at=ago(days=3))
    second = await care.session(route="intramuscular", scheduled_start_at=ago(days=2))
    third = await care.session_in("observing")
    everything = {one["id"] for one in (first, second, third)}

    async def found(**params: object) -> list[str]:
        return [one["id"] for one in await care.items("/v1/sessions", **params)]

    assert await found() == [third["id"], second["id"], first["id"]]
    assert await found(sort="session_at") == [first["id"], second["id"], third["id"]]
    assert await found(sort="updated_at") == [first["id"], second["id"], third["id"]]
    assert await found(sort="-updated_at", limit=1) == [third["id"], second["id"], first["id"]]
    assert await found(location_id=room["id"]) == [first["id"]]
    assert await found(route="intramuscular") == [second["id"]]
    assert await found(status="observing") == [third["id"]]
    assert set(await found(status=["observing", "scheduled"])) == everything
    assert set(await found(patient_id=[first["patient_id"], second["patient_id"]])) == {first["id"], second["id"]}
    assert await found(course_id=first["course_id"], patient_id=second["patient_id"]) == []
    begun = (await care.again(third))["started_at"]
    assert await found(started_from=begun) == [third["id"]]
    assert await found(started_until=begun) == []
    later = instant(datetime.fromisoformat(begun) + timedelta(seconds=1))
    assert (await found(started_from=later), await found(started_until=later)) == ([], [third["id"]])
    assert await found(updated_from=(await care.again(third))["updated_at"]) == [third["id"]]
    await care.void(second)
    assert await found() == [third["id"], first["id"]]
    assert set(await found(include_entered_in_error="true")) == everything
    assert (await care.again(second))["entered_in_error"]["reason"] == "wrong patient"


async def test_a_page_is_never_longer_than_asked_and_the_walk_sees_each_once(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course()
    # Some share their place in the order, so that the id has to break the tie.
    made = [await care.session(course, scheduled_start_at=ago(days=n // 3)) for n in range(9)]
    for limit in (1, 2, 5, 200):
        seen: list[str] = []
        cursor = None
        while True:
            params = {"limit": limit, "include_total": "true"} | ({"cursor": cursor} if cursor else {})
            page = await care.get("/v1/sessions", params=params)
            assert len(page["items"]) <= limit
            assert (page["total"], page["total_is_exact"]) == (9, True)
            seen += [one["id"] for one in page["items"]]
            if (cursor := page["next_cursor"]) is None:
                break
        assert sorted(seen) == sorted(one["id"] for one in made)


async def test_an_entered_in_error_session_takes_no_more_steps(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.void(await care.session_in("checked_in"))
    for verb in ("clear", "cancel", "mark-entered-in-error"):
        body = {"reason": "wrong patient"} if verb.startswith("mark") else {}
        answer = await care.http.post(f"{path_of(session)}/{verb}", json=body, headers=version_header(session))
        assert (answer.status_code, answer.json()["code"]) == (409, "entered-in-error")


async def test_numbers_count_on_even_past_sessions_entered_in_error(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course()
    numbers = []
    for _ in range(3):
        session = await care.session(course)
        numbers.append(session["number_in_course"])
        await care.void(session)
    assert numbers == [1, 2, 3]
    assert datetime.now(UTC) > datetime.fromisoformat(session["recorded_at"]) - timedelta(minutes=1)


async def test_an_abort_told_after_the_last_stop_is_recorded_and_moves_nothing(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session_in("observing")
    aborted = await care.do(session, "abort", {"reason": "Patient asked to stop.", "aborted_at": ago(minutes=1)})
    assert aborted["status"] == "observing"
    assert aborted["abort_reason"] == "Patient asked to stop."


async def test_nothing_is_scheduled_in_a_course_that_is_over(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session_in("discharged")
    course = (await care.http.get(f"/v1/courses/{session['course_id']}")).json()
    ended = await care.http.post(f"/v1/courses/{course['id']}/complete", json={}, headers=version_header(course))
    assert ended.status_code == 200
    refused = await care.http.post(f"/v1/courses/{course['id']}/sessions", json={"route": "intravenous"})
    assert (refused.status_code, refused.json()["code"]) == (409, "course-ended")
