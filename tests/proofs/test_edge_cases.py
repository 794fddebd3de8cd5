"""The hard moments of a treatment day, each a test by its name; details are tested where each of them lives.

What is tested at length elsewhere under another name: a correction after the signature with `signatures`, a session of
the wrong patient with `reassign`.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.kernel.ids import new_id
from tests.conftest import Clock
from tests.proofs.care import LEAVES, Care, Json, ago, caring, fresh_key, path_of, start, stop, version_header
from tests.proofs.recipes import consent_body
from tests.world import ZONE, World


async def due_at(care: Care, session: Json, minutes: int) -> Json:
    """The reading that is due so long after the first dose."""
    (slot,) = [one for one in (await care.slots(session))["items"] if one["minutes_from_t0"] == minutes]
    return slot


async def watched(care: Care, course: Json | None = None) -> Json:
    """A session with slots, whose infusion began an hour ago and runs."""
    return await care.session_in("dosing", course or await care.course(protocol_code="KET_IV_6x3W"))


async def alarms_of(care: Care, record: Json) -> dict[str, str]:
    return {one["code"]: one["status"] for one in await care.alerts_of(record)}


async def test_late_entry(clinic: World) -> None:
    """A pressure written on paper and typed 20 minutes later by somebody else belongs where it was measured."""
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    session = await watched(care)
    reading = await nurse.vitals(session, measured_at=ago(minutes=20), measured_by="S. Levy")
    assert reading["measured_at"] == ago(minutes=20) < reading["recorded_at"]
    assert (reading["late"], reading["measured_by"]) == (True, "S. Levy")
    assert reading["recorded_by"] == str((await clinic.actor("nurse")).principal_id)
    slot = await due_at(care, session, 40)
    assert (slot["reading_id"], slot["state"], slot["measured_late"]) == (reading["id"], "done", False)


async def test_missed_slot(clinic: World) -> None:
    """Nobody measured: it stays open until somebody says why, and is never filled by itself."""
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    session = await watched(care)
    slot = await due_at(care, session, 10)
    assert (slot["state"], slot["reading_id"]) == ("overdue", None)
    waiting = (await nurse.get("/v1/worklist", params={"kind": "reading_overdue"}))["lists"][0]
    assert [one["code"] for one in waiting["items"]] == ["baseline", *["planned"] * (waiting["count"] - 1)]
    assert waiting["items"][1]["resource_id"] == slot["id"], "the longest overdue first"
    assert {one["session_id"] for one in waiting["items"]} == {session["id"]}
    missed = await nurse.do(slot, "miss", {"reason": "Asleep; not to be woken."})
    assert (missed["missed_reason"], missed["reading_id"]) == ("Asleep; not to be woken.", None)
    assert (await due_at(care, session, 10))["state"] == "missed"
    after = (await nurse.get("/v1/worklist", params={"kind": "reading_overdue"}))["lists"][0]
    assert after["count"] == waiting["count"] - 1 > 0
    # What is over is nobody's to make up for.
    await care.event((await care.record(session))["administrations"][0], stop(20))
    await care.do(session, "discharge", LEAVES)
    assert (await nurse.get("/v1/worklist", params={"kind": "reading_overdue"}))["lists"][0]["count"] == 0


async def test_aborted_before_dose(clinic: World) -> None:
    """Cancelled where nothing was given, aborted where something was; then watching goes on."""
    care = await caring(clinic)
    nothing_given = await care.session_in("cleared")
    refused = await care.http.post(
        f"{path_of(nothing_given)}/abort", json={"reason": "Changed her mind."}, headers=version_header(nothing_given)
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal-transition")
    assert (await care.do(nothing_given, "cancel", {"reason": "Changed her mind."}))["status"] == "cancelled"

    session = await watched(care)
    (infusion,) = (await care.record(session))["administrations"]
    cancelled = await care.http.post(
        f"{path_of(session)}/cancel", json={"reason": "Panic."}, headers=version_header(session)
    )
    assert cancelled.status_code == 409
    aborted = await care.do(session, "abort", {"reason": "Panic.", "aborted_at": ago(minutes=30)})
    assert (aborted["status"], aborted["abort_reason"]) == ("observing", "Panic.")
    unsigned = await care.http.post(f"{path_of(session)}/discharge", json={}, headers=version_header(aborted))
    problem = unsigned.json()
    assert unsigned.status_code == 409
    assert "The dose has not ended; record its end." in [one["reason"] for one in problem["criteria"]]
    await care.event(infusion, stop(30))
    given = await care.again(infusion)
    assert (given["delivered_mg"], given["reconciled"]) == (30.9, False)
    given = await care.do(given, "reconcile", {"wasted_mg": 10.3})
    assert given["reconciled"] is True
    # Watching goes on: the slots stand, a reading takes its own, an alarming one is measured again.
    high = await care.vitals(session, measured_at=ago(minutes=1), systolic_mmhg=191)
    assert "pressure_high" in await alarms_of(care, high)
    assert (await due_at(care, session, 60))["reading_id"] == high["id"]
    assert [one["kind"] for one in (await care.slots(session))["items"]].count("repeat") == 1


async def test_two_devices_edit_one_session(clinic: World) -> None:
    """Children never conflict; the header does, and says what differs; the second reading of a slot is kept."""
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    session = await watched(care)
    room = await (await caring(clinic, "admin")).new("/v1/locations", {"name": "Room 2"})
    await care.change(session, {"note": "Music off.", "location_id": room["id"]})
    stale = await nurse.http.patch(path_of(session), json={"note": "Music on."}, headers=version_header(session))
    problem = stale.json()
    assert (stale.status_code, problem["code"]) == (412, "version-mismatch")
    assert (problem["current_version"], problem["changed_members"]) == (session["version"] + 1, ["location_id", "note"])
    assert (await care.again(session))["note"] == "Music off."
    both = await asyncio.gather(
        *(
            who.vitals(session, measured_at=ago(minutes=20), systolic_mmhg=140 + n)
            for n, who in enumerate((care, nurse))
        )
    )
    assert sorted(one["slot_conflict"] for one in both) == [False, True]
    assert {one["id"] for one in (await care.record(session))["vital_signs"]} == {one["id"] for one in both}
    await asyncio.gather(care.dissociation(session), nurse.vitals(session), care.adverse_event(session))
    assert (await care.again(session))["version"] == session["version"] + 1


async def test_offline_tablet_replay(clinic: World) -> None:
    """Two hours of queue, part of it sent before, some of it unusable, after somebody else has discharged."""
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    session = await watched(care)
    sent = {"id": str(new_id()), "measured_at": ago(minutes=40), "systolic_mmhg": 138}
    await nurse.new(f"{path_of(session)}/vital-signs", sent)
    await care.event((await care.record(session))["administrations"][0], stop(20))
    await care.do(session, "discharge", LEAVES)
    queue = [
        sent,
        {"id": str(new_id()), "measured_at": ago(minutes=30), "systolic_mmhg": 141},
        {"id": str(new_id()), "measured_at": ago(minutes=20), "systolic_mmhg": "high"},
        {"id": str(new_id()), "measured_at": ago(minutes=10), "spo2_percent": 97},
    ]
    path = f"{path_of(session)}/vital-signs/batch"
    for statuses in ([200, 201, 422, 201], [200, 200, 422, 200]):
        answer = await nurse.call("POST", path, expect=207, json={"mode": "independent", "items": queue})
        assert [one["status"] for one in answer["items"]] == statuses
        assert answer["items"][2]["problem"]["errors"][0]["pointer"] == "#/systolic_mmhg"
    kept = (await care.record(session))["vital_signs"]
    assert [one["id"] for one in kept] == [queue[number]["id"] for number in (0, 1, 3)], "in the order they were made"
    assert {one["late"] for one in kept} == {True}


async def test_wrong_patient(clinic: World) -> None:
    """Before the signature everything goes along, with a second person, and both patients' histories say so."""
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    wrong, right = await care.patient(), await care.patient()
    session = await watched(care, await care.course(wrong, protocol_code="KET_IV_6x3W"))
    high = await care.vitals(session, systolic_mmhg=191)
    proposed = await care.do(session, "reassign", {"to_patient_id": right["id"], "reason": "Two of one name."})
    mine = await care.http.post(f"{path_of(proposed)}/confirm", json={}, headers=version_header(proposed))
    assert (mine.status_code, mine.json()["code"]) == (409, "second-person-required")
    await nurse.do(proposed, "confirm")
    record = await care.record(session)
    assert {record["patient_id"], *(one["patient_id"] for one in record["administrations"])} == {right["id"]}
    assert (await care.again(high))["patient_id"] == right["id"]
    assert await care.items("/v1/sessions", patient_id=wrong["id"]) == []
    told = {one["patient_id"]: (one["code"], one["status"]) for one in await care.alerts_of(high)}
    assert told == {wrong["id"]: ("pressure_high", "resolved"), right["id"]: ("pressure_high", "open")}
    for patient, event in ((wrong, "patient.session_moved_away"), (right, "patient.session_moved_here")):
        assert (await care.history(patient))[-1]["event"] == event


async def test_wrong_questionnaire_patient(clinic: World) -> None:
    """The form is voided; its alert is never deleted, and closed as what it was."""
    care = await caring(clinic)
    patient = await care.patient()
    form = await care.phq9(patient)
    assert form["safety_item"] == 1
    await care.void(form, "wrong_patient: two of one name")
    assert await care.items("/v1/assessments", patient_id=patient["id"]) == []
    (alert,) = await care.alerts_of(form)
    assert (alert["status"], alert["closed_by"]) == ("resolved", "wrong_patient")


@pytest.mark.parametrize(
    ("first", "begins"),
    [("2026-10-27T13:00:00Z", "2026-11-01T04:30:00Z"), ("2027-03-09T14:00:00Z", "2027-03-14T04:30:00Z")],
    ids=["a day of 25 hours", "a day of 23 hours"],
)
async def test_time_zone_and_daylight_saving(clinic: World, first: str, begins: str, clock: Clock) -> None:
    """A series keeps the time on the wall; 120 minutes are elapsed time; a session belongs to the day it began."""
    begin = datetime.fromisoformat(begins)  # half an hour after midnight, before the clocks change
    clock.set(begin + timedelta(minutes=5))
    care = await caring(clinic)
    course = await care.course(protocol_code="KET_IV_6x3W", first_session_at=first)
    plan = await care.items(f"{path_of(course)}/plan")
    starts = [datetime.fromisoformat(one["starts_at"]) for one in plan]
    assert {one.astimezone(ZoneInfo(ZONE)).hour for one in starts} == {9}
    assert len({one.hour for one in starts}) == 2
    session = await care.session_in("cleared", course)
    await care.administration(session, events=[{"kind": "start", "occurred_at": begins, "rate_mg_per_min": 1}])
    slot = await due_at(care, session, 120)
    assert datetime.fromisoformat(slot["due_at"]) - begin == timedelta(minutes=120)
    day = begin.astimezone(ZoneInfo(ZONE)).date().isoformat()
    shown = await care.get("/v1/board", params={"on": day})
    assert session["id"] in {one["id"] for place in shown["locations"] for one in place["sessions"]}
    (row,) = await care.items("/v1/sessions", course_id=course["id"])
    assert row["session_on"] == day
    assert datetime.fromisoformat(row["started_at"]).astimezone(UTC) == begin


async def test_weight_changed_between_order_and_start(clinic: World) -> None:
    """The order keeps its weight; from 5 % on a prescriber confirms it."""
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    patient = await care.patient()
    await care.weight(patient, 80, measured_at=ago(days=1))
    session = await care.session_in("checked_in", await care.course(patient))
    order = await care.order(session, ordered_mg_per_kg=0.5, infusion_minutes=40)
    for weight, changed in ((83.9, False), (84, True)):
        await care.weight(patient, weight, measured_at=ago(minutes=90 - weight))
        shown = await care.again(order)
        assert (shown["weight_kg"], shown["ordered_mg"], shown["weight_changed"]) == (80, 40, changed)
    gates = {one["code"]: one for one in (await nurse.get(f"{path_of(session)}/readiness"))["gates"]}
    assert (gates["weight_changed"]["state"], gates["weight_changed"]["blocking"]) == ("fail", True)
    path = f"{path_of(order)}/reconfirm"
    denied = await nurse.http.post(path, json={}, headers=version_header(await care.again(order)))
    assert (denied.status_code, denied.json()["code"]) == (403, "permission-denied")
    again = await care.do(order, "reconfirm")
    assert (again["weight_kg"], again["reconfirmed_weight_kg"], again["ordered_mg"]) == (80, 84, 40)


async def test_dose_change_mid_infusion(clinic: World) -> None:
    """A rate changed at somebody's word is a new stretch; what it comes to is reckoned anew; too much is told at once."""
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    patient = await care.patient()
    await care.weight(patient, 80, measured_at=ago(hours=2))
    session = await care.session_in("cleared", await care.course(patient, protocol_code="KET_IV_6x3W"))
    await care.order(session, ordered_mg=40, infusion_minutes=40)
    infusion = await care.administration(session, drawn_mg=50, events=[start(30, 1)])
    assert (await care.again(infusion))["projected_mg"] == 40
    slower = {"kind": "rate_change", "occurred_at": ago(minutes=20), "rate_mg_per_min": 0.5,
              "ordered_by": "Dr. Osei, by telephone", "reason": "Nausea."}  # fmt: skip
    event = await nurse.event(infusion, slower)
    assert (event["ordered_by"], event["recorded_by"]) == (
        "Dr. Osei, by telephone", str((await clinic.actor("nurse")).principal_id),
    )  # fmt: skip
    assert (await care.again(infusion))["projected_mg"] == 25
    faster = {"kind": "rate_change", "occurred_at": ago(minutes=10), "rate_mg_per_min": 9}
    await nurse.event(infusion, faster)  # what the pump did is a fact, from whoever tells it
    now = await care.again(infusion)
    assert now["projected_mg"] == 10 + 5 + 180
    assert now["deviations"] == ["projected_more_than_ordered", "projected_above_limit"]
    assert await alarms_of(care, now) == {"dose_projected_above_limit": "open"}
    await nurse.event(infusion, faster | {"occurred_at": ago(minutes=9), "rate_mg_per_min": 0.5})
    now = await care.again(infusion)
    assert (now["projected_mg"], now["deviations"]) == (33.5, [])
    assert await alarms_of(care, now) == {"dose_projected_above_limit": "resolved"}
    # Told event by event weeks later, it rings no bell.
    past = await care.administration(session, drawn_mg=50)
    for event in (start(60 * 24 * 20, 1), faster | {"occurred_at": ago(minutes=60 * 24 * 20 - 1)}):
        await care.event(past, event)
    assert await alarms_of(care, past) == {"dose_projected_above_limit": "historic"}


async def test_split_dose_or_booster(clinic: World) -> None:
    """Each dose has its own beginning; the plan says whether a second begins the watching anew; the day adds up."""
    care, admin = await caring(clinic), await caring(clinic, "admin")
    shipped = await care.get("/v1/protocols/KET_IV_6x3W")
    watched_for: dict[str, int] = {}
    for counts_from in ("start", "last_start", "end"):
        plan = {
            "code": f"SPLIT_{counts_from.upper()}",
            "name": "Two doses",
            "drug": "ketamine",
            "route": "intravenous",
            "infusion_minutes": 40,
            "phases": [{"name": "induction", "sessions": 1, "day_offsets": [0], "dose_mg_per_kg": [0.5]}],
            "observation": {"counts_from": counts_from, "minimum_minutes": 60, "source": "Our own rule."},
            "vital_slots_minutes": [15, 30, 45, 60],
            "vital_slots_source": "Our own rule.",
            "limits": {"max_mg_per_kg": 1, "source": "Our own rule."},
            "source": f"After {shipped['code']}.",
            "reason": "Some need a second dose.",
        }
        await admin.new("/v1/clinic-protocols", plan)
        patient = await care.patient()
        await care.weight(patient, 80, measured_at=ago(hours=5))
        course = await care.course(patient, protocol_code=plan["code"])
        session = await care.session_in("cleared", course)
        for began in (150, 100):
            dose = {"drawn_mg": 20, "events": [start(began, 1), stop(began - 20)]}
            await care.administration(session, **dose)
        now = await care.again(session)
        assert (now["started_at"], now["last_started_at"], now["last_dose_at"]) == (
            ago(minutes=150), ago(minutes=100), ago(minutes=80),
        )  # fmt: skip
        await care.do(session, "discharge", LEAVES | {"discharged_at": ago(minutes=30)})
        (row,) = await care.items("/v1/sessions", course_id=course["id"])
        watched_for[counts_from] = row["observation_minutes"]
        assert (row["delivered_mg"], row["delivered_mg_per_kg"]) == (40, 0.5)
        criteria = {one["code"]: one for one in (await care.again(session))["discharge_criteria"]}
        watching = criteria["observation_met"]
        assert (watching["value"], watching["state"] == "met") == (watched_for[counts_from], counts_from != "end")
    assert watched_for == {"start": 120, "last_start": 70, "end": 50}


async def test_intranasal_second_device(clinic: World) -> None:
    """Number and lot of each; a rest that is too short is told; the dose follows from the devices."""
    care = await caring(clinic)
    session = await care.session_in("checked_in", await care.course(protocol_code="ESK_TRD"))

    def device(number: int, minutes: float) -> Json:
        return {"kind": "device", "occurred_at": ago(minutes=minutes), "device_number": number, "nostril": "left",
                "second_nostril": "right", "second_spray_at": ago(minutes=minutes - 0.5), "lot": f"23KS11{number}"}  # fmt: skip

    body = {"drug": "esketamine", "route": "intranasal", "drawn_mg": 56, "self_administered": True}
    given = await care.administration(session, **body, events=[device(1, 30), device(2, 27)])
    assert (given["delivered_mg"], [one["lot"] for one in given["events"]]) == (56, ["23KS111", "23KS112"])
    assert "rest_too_short" in given["deviations"]
    third = await care.event(given, device(3, 20))
    assert (third["device_number"], (await care.again(given))["delivered_mg"]) == (3, 84)


async def test_patient_leaves_early(clinic: World) -> None:
    """Against advice: minutes and who was told are kept, what was missing too; nothing holds anybody."""
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    session = await care.session_in("checked_in", await care.course(protocol_code="ESK_TRD"))
    device = {"kind": "device", "occurred_at": ago(minutes=50), "device_number": 1}
    await care.administration(
        session, drug="esketamine", route="intranasal", drawn_mg=28, self_administered=True, events=[device]
    )
    gone = await nurse.do(session, "discharge", LEAVES | {"discharged_at": ago(minutes=5)})
    assert (gone["left_against_advice"], gone["leaving_told_to"]) == (True, "Dr. Osei")
    watching = {one["code"]: one for one in gone["discharge_criteria"]}["observation_met"]
    assert (watching["state"], watching["value"], watching["limit"]) == ("missing", 45, 120)
    (row,) = await care.items("/v1/sessions", course_id=session["course_id"])
    assert (row["left_against_advice"], row["observation_minutes"]) == (True, 45)
    unsigned = (await care.get("/v1/worklist", params={"kind": "session_unsigned"}))["lists"][0]["items"]
    assert [one["session_id"] for one in unsigned] == [session["id"]], "somebody sees to it"


async def test_vomited_or_spat_lozenge(clinic: World) -> None:
    """It was given all the same; about how much was lost is told beside it."""
    care = await caring(clinic)
    session = await care.session(drug="ketamine", route="sublingual")
    lozenge = {"kind": "lozenge", "occurred_at": ago(minutes=30), "unit_count": 1, "unit_strength_mg": 100}
    body = {"drug": "ketamine", "route": "sublingual", "form": "troche", "drawn_mg": 100}
    given = await care.administration(session, **body, events=[lozenge])
    await care.event(
        given, {"kind": "loss_estimated", "occurred_at": ago(minutes=25), "amount_mg": 60, "reason": "Vomited."}
    )
    now = await care.again(given)
    assert (now["delivered_mg"], now["estimated_loss_mg"], now["reconciled"]) == (100, 60, True)
    assert "loss_estimated" in now["deviations"]


async def test_consent_withdrawn_mid_course(clinic: World) -> None:
    """What is to come is held; what was is not touched; a dose given all the same is a fact."""
    care = await caring(clinic)
    patient = await care.patient()
    consent = await care.new(f"{path_of(patient)}/consents", consent_body(signed_at=ago(days=30)))
    course = await care.course(patient)
    past = {"started_at": ago(days=7), "delivered_mg": 40, "route": "intravenous", "course_id": course["id"]}
    before = await care.new(f"{path_of(patient)}/sessions", past)
    coming = await care.do(await care.session(course), "check-in")
    await care.do(consent, "withdraw", {"reason": "Wants to pause."})
    refused = await care.http.post(f"{path_of(coming)}/clear", json={}, headers=version_header(coming))
    gates = {one["code"]: one for one in refused.json()["gates"]}
    assert (refused.status_code, gates["consent"]["state"], gates["consent"]["blocking"]) == (409, "fail", True)
    assert (await care.record(before))["version"] == before["version"]
    await care.administration(coming, events=[start(5)])
    assert "not_cleared" in (await care.again(coming))["deviations"]


async def test_prescriber_licence_or_role_ended(clinic: World) -> None:
    """Orders are refused from that instant, with the token that was good a moment before; what was ordered stands."""
    care, admin = await caring(clinic), await caring(clinic, "admin")
    session = await care.session_in("cleared")
    order = await care.order(session)
    me = str((await clinic.actor("prescriber")).principal_id)
    person = await admin.get(f"/v1/staff/{me}")
    await admin.call("PATCH", f"/v1/staff/{me}", json={"roles": ["nurse"]}, headers=version_header(person))
    refused = await care.http.post(f"{path_of(session)}/dose-orders", json={"ordered_mg": 40}, headers=fresh_key())
    assert (refused.status_code, refused.json()["permission"]) == (403, "order:write")
    kept = await care.again(order)
    assert (kept["status"], kept["prescriber_id"], kept["version"]) == ("active", me, 1)
    assert [one["event"] for one in await care.history(order)] == ["dose_order.ordered"]
    # What happens next is recorded all the same, now as a nurse.
    given = await care.administration(session, events=[start(5)])
    assert given["recorded_by"] == me


async def test_power_cut_during_session(clinic: World) -> None:
    """Whatever was acknowledged is there for any other device, which needs the session's address alone."""
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    session = await watched(care)
    reading = await care.vitals(session)
    await care.dissociation(session)
    shown = await nurse.get(f"{path_of(session)}/chairside")
    assert shown["session"] == await care.record(session)
    assert [one["id"] for one in shown["session"]["vital_signs"]] == [reading["id"]]
    assert shown["session"]["administrations"][0]["state"] == "running"
    assert shown["next_slot"]["state"] == "overdue"
    (infusion,) = shown["session"]["administrations"]
    await nurse.event(infusion, stop(1))
    assert (await nurse.again(session))["status"] == "observing"
