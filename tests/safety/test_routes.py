"""Adverse events over HTTP: told, graded by people, looked at in time, never lost."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.proofs.care import ago, caring, path_of, start, stop
from tests.world import World


async def test_an_event_of_a_session_from_its_onset_to_its_end(clinic: World) -> None:
    care, therapist = await caring(clinic), await caring(clinic, "therapist")
    course = await care.course()
    session = await care.session(course)
    # A pressure that rises with the dose is a reading; nothing grades it.
    dose = await care.administration(session, events=[start(60), stop(20)])
    await care.vitals(session, systolic_mmhg=171, diastolic_mmhg=96)
    assert await care.items("/v1/adverse-events", session_id=session["id"]) == []

    event = await therapist.adverse_event(session, onset_at=ago(minutes=35), grade=2, action="slowed")
    told = ("serious", "ongoing", "onset_minutes_from_t0", "ctcae_version", "vocabulary_version", "report_due_on")
    assert [event[one] for one in told] == [False, True, 25, "5.0", "ADVERSE_EVENTS@1", None]
    assert (event["course_id"], event["after_signature"]) == (course["id"], False)
    assert await care.alerts_of(event) == []

    # The start was read off the pump wrongly: the event moves with it, as a change that names the cause.
    moved = await care.change(dose["events"][0], {"occurred_at": ago(minutes=70)}, reason="time_error")
    assert (await care.again(event))["onset_minutes_from_t0"] == 35
    placed = (await care.history(event))[-1]
    assert (placed["event"], placed["reason"]) == ("adverse_event.placed_again", f"dose_event {moved['id']}")

    # It turns out to be worse: somebody must look, and no longer once it is told to have been a slip.
    sent = {"to": "manufacturer", "reported_at": ago(minutes=1), "reference": "US-2026-0417"}
    worse = {"seriousness": ["hospitalisation"], "reporting_basis": "trial", "expected": False, "reported_to": [sent]}
    event = await care.change(event, worse, reason="correction")
    local = datetime.fromisoformat(event["known_at"]).astimezone(ZoneInfo("America/New_York")).date()
    assert (event["serious"], event["report_due_on"]) == (True, (local + timedelta(days=15)).isoformat())
    assert event["reported_to"] == [sent]
    (urgent,) = await care.alerts_of(event)
    assert (urgent["severity"], urgent["status"], urgent["session_id"]) == ("urgent", "open", session["id"])
    event = await care.change(event, {"narrative": "Kept overnight."}, reason="correction")
    assert len(await care.alerts_of(event)) == 1
    event = await care.change(event, {"seriousness": ["hospitalisation", "life_threatening"]}, reason="correction")
    now = {one["severity"]: (one["status"], one["closed_by"]) for one in await care.alerts_of(event)}
    assert now == {"urgent": ("resolved", "correction"), "emergency": ("open", None)}
    assert event["report_due_on"] == (local + timedelta(days=7)).isoformat()

    (row,) = await care.items("/v1/sessions", course_id=course["id"])
    assert (row["adverse_event_count"], row["serious_adverse_event_count"]) == (1, 1)
    assert [one["id"] for one in (await care.record(session))["adverse_events"]] == [event["id"]]
    for refused, pointer in (
        ({"resolved_at": ago(hours=5)}, "#/resolved_at"),
        ({"grade": 5, "outcome": "recovered"}, "#/outcome"),
        ({"term": "OTHER", "narrative": None}, "#/narrative"),
    ):
        answer = await care.http.patch(
            path_of(event), json=refused, headers={"If-Match": f'"{event["version"]}"', "Change-Reason": "correction"}
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "impossible-adverse-event")
        assert pointer in {one["pointer"] for one in answer.json()["errors"]}

    await care.void(event)
    ended = {one["severity"]: one["closed_by"] for one in await care.alerts_of(event, status="resolved")}
    assert ended == {"urgent": "correction", "emergency": "wrong_patient"}
    (row,) = await care.items("/v1/sessions", course_id=course["id"])
    assert (row["adverse_event_count"], row["serious_adverse_event_count"]) == (0, 0)
    assert (await care.record(session))["adverse_events"] == []


async def test_an_event_outside_of_sessions_and_where_each_is_found(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    late = await care.adverse_event(patient, term="CYSTITIS", onset_at=ago(days=20), seriousness=["hospitalisation"])
    assert (late["session_id"], late["course_id"], late["onset_minutes_from_t0"]) == (None, None, None)
    assert [one["status"] for one in await care.alerts_of(late)] == ["historic"]
    over = await care.adverse_event(patient, resolved_at=ago(minutes=2), outcome="recovered")
    # Told with everything else when it was over; where only the day of the dose is known, no minutes are counted.
    past = {"route": "intravenous", "delivered_mg": 40, "adverse_events": [{"term": "DIZZ", "onset_at": ago(days=2)}]}
    session = await care.new(f"{path_of(patient)}/sessions", past | {"started_at": ago(days=2, minutes=15)})
    (dizzy,) = session["adverse_events"]
    assert (dizzy["onset_minutes_from_t0"], dizzy["origin"]) == (15, "afterwards")
    on_a_day = await care.new(f"{path_of(patient)}/sessions", past | {"given_on": ago(days=9)[:10]})
    assert on_a_day["adverse_events"][0]["onset_minutes_from_t0"] is None

    async def found(**params: object) -> set[str]:
        return {one["id"] for one in await care.items("/v1/adverse-events", patient_id=patient["id"], **params)}

    other = on_a_day["adverse_events"][0]["id"]
    assert await found() == {late["id"], over["id"], dizzy["id"], other}
    assert await found(serious=True) == {late["id"]}
    assert await found(ongoing=False) == {over["id"]}
    assert await found(term=["DIZZ", "CYSTITIS"]) == {late["id"], dizzy["id"], other}
    assert await found(course_id=session["course_id"], session_id=session["id"]) == {dizzy["id"]}
    await care.void(session)
    assert (await care.again(dizzy))["entered_in_error"]["reason"] == "wrong patient"
    answer = await care.http.post(
        f"{path_of(patient)}/mark-entered-in-error",
        json={"reason": "double"},
        headers={"If-Match": f'"{(await care.again(patient))["version"]}"'},
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "has-records")
