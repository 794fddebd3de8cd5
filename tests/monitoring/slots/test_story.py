"""A treatment day as whoever watches lives it: slots come, are answered, are missed, and follow what is corrected."""

import asyncio
from datetime import datetime

from app.kernel.ids import new_id
from tests.conftest import Clock
from tests.proofs.care import Care, Json, ago, caring, path_of, start, stop, version_header
from tests.world import World


async def states(care: Care, session: Json) -> dict[int | str, str]:
    """How the slots stand, by their minute or kind."""
    shown = await care.slots(session)
    return {one["minutes_from_t0"] or one["kind"]: one["state"] for one in shown["items"]}


async def standing(care: Care, session: Json, what: int | str) -> list[Json]:
    """The slots of a minute or kind."""
    return [one for one in (await care.slots(session))["items"] if what in (one["minutes_from_t0"], one["kind"])]


async def test_a_day_with_its_slots(clinic: World, clock: Clock) -> None:
    clock.set(datetime.fromisoformat(ago()))  # what is due depends on the time, and a run is long
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    course = await care.course(protocol_code="KET_IV_6x3W")
    session = await care.session(course)
    assert (await care.slots(session))["items"] == []
    await care.vitals(session, measured_at=ago(minutes=80))  # before the front desk was told
    await care.do(session, "check-in", {"checked_in_at": ago(minutes=75)})
    (before,) = (await care.slots(session))["items"]
    assert (before["kind"], before["state"], before["window_until"]) == ("baseline", "done", None)
    await care.clear(session)
    version = (await care.again(session))["version"]

    # The dose gives the plan its times; what was measured before it stays where it fits.
    infusion = await care.administration(session, events=[start(60)])
    shown = await care.slots(session)
    assert [one["minutes_from_t0"] for one in shown["items"]] == [None, 10, 20, 30, 40, 60, 80, 100, 120]
    assert await states(care, session) == {
        "baseline": "done", 10: "overdue", 20: "overdue", 30: "overdue", 40: "overdue",
        60: "due", 80: "upcoming", 100: "upcoming", 120: "upcoming",
    }  # fmt: skip
    (event, *_) = infusion["events"]
    assert shown["items"][1]["due_at"] == ago(minutes=50)
    assert (shown["next"]["id"], shown["next"]["state"]) == (shown["items"][1]["id"], "overdue")
    assert shown["next"]["overdue_seconds"] >= 3000

    # Written on paper at +40 by one, typed in by another: it belongs where it was measured.
    late = await nurse.vitals(session, measured_at=ago(minutes=20), measured_by="S. Levy")
    assert (late["late"], late["slot_conflict"], late["measured_by"]) == (True, False, "S. Levy")
    (forty,) = await standing(care, session, 40)
    assert (forty["reading_id"], forty["state"], forty["measured_late"]) == (late["id"], "done", False)
    # A second one for the same slot is kept beside it.
    extra = await care.vitals(session, measured_at=ago(minutes=19))
    assert (extra["slot_conflict"], (await standing(care, session, 40))[0]["reading_id"]) == (True, late["id"])

    # Nobody measured at +10, and somebody says so; a done slot was not missed; one that comes in after all takes it.
    (ten,) = await standing(care, session, 10)
    missed = await nurse.do(ten, "miss", {"reason": "Asleep."})
    assert ((await states(care, session))[10], missed["missed_by"]) == ("missed", missed["missed_by"])
    for settled in (ten, forty):
        refused = await nurse.http.post(
            f"{path_of(settled)}/miss", json={"reason": "x"}, headers=version_header(await care.again(settled))
        )
        assert (refused.status_code, refused.json()["code"]) == (409, "slot-settled")
    found = await nurse.vitals(session, measured_at=ago(minutes=48))
    (ten,) = await standing(care, session, 10)
    assert (ten["state"], ten["reading_id"], ten["missed_at"], ten["missed_reason"]) == (
        "done",
        found["id"],
        None,
        None,
    )
    assert [one["event"] for one in await care.history(ten)][1:] == ["vital_slot.missed", "vital_slot.done"]

    # Readings leave the session's version alone.
    assert (await care.again(session))["version"] == version + 1  # the dose

    # An error frees its slot, and the extra reading has it; a corrected time moves a reading to another slot.
    await nurse.void(late)
    (forty,) = await standing(care, session, 40)
    assert forty["reading_id"] == extra["id"]
    assert (await care.again(extra))["slot_conflict"] is False
    await care.change(extra, {"measured_at": ago(minutes=13)})
    assert await standing(care, session, 40) == [forty | {
        "state": "done_late", "measured_late": True, "version": 4, "updated_at": (await care.again(forty))["updated_at"]
    }]  # fmt: skip
    await care.change(extra, {"measured_at": ago(minutes=1)})
    assert {40: "overdue", 60: "done"}.items() <= (await states(care, session)).items()
    names = [one["event"] for one in await care.history(forty)]
    assert names == ["vital_slot.planned", *["vital_slot.done"] * 3, "vital_slot.reopened"]
    reasons = [one["reason"] for one in await care.history(forty)]
    assert reasons[2:] == [f"vital_signs {cause['id']}" for cause in (late, extra, extra)]

    # The dose began ten minutes later than it was typed: every slot with it, and who fits which is said anew.
    await care.change(event, {"occurred_at": ago(minutes=50)})
    assert (await standing(care, session, 10))[0]["due_at"] == ago(minutes=40)
    now = await states(care, session)
    assert (now["baseline"], now[10], now[40], now[80]) == ("done", "overdue", "done_late", "upcoming")
    # A second dose in the session makes no further slots; an abort leaves them; without any dose they are gone.
    await care.administration(session, events=[start(5), stop(4)])
    await care.event(infusion, stop(3))
    await care.do(session, "abort", {"reason": "Asked to stop."})
    assert len((await care.slots(session))["items"]) == 9
    record = await care.record(session)
    assert [one["minutes_from_t0"] for one in record["vital_slots"]] == [None, 10, 20, 30, 40, 60, 80, 100, 120]
    for given in record["administrations"]:
        await care.void(given)
    assert [one["kind"] for one in (await care.slots(session))["items"]] == ["baseline"]
    await care.do(session, "cancel", {"reason": "Nothing was given."})
    assert (await care.slots(session)) | {"as_of": ""} == {"as_of": "", "next": None, "items": []}


async def test_what_is_abnormal_alarms_is_measured_again_and_follows_corrections(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session_in("cleared")
    # Before the dose only what is grave at any time alarms, and nothing is waited for.
    calm = await care.vitals(session, measured_at=ago(minutes=70), systolic_mmhg=118, diastolic_mmhg=76)
    no_pressure = {"systolic_mmhg": None, "diastolic_mmhg": None}
    low = await care.vitals(session, measured_at=ago(minutes=69), spo2_percent=92, **no_pressure)
    grave = await care.vitals(session, measured_at=ago(minutes=68), spo2_percent=88, **no_pressure)
    assert [one["code"] for one in await care.alerts_of(low)] == []
    (alert,) = await care.alerts_of(grave)
    assert (alert["code"], alert["severity"], alert["policy_version"]) == ("spo2_emergency", "emergency", "POLICIES@1")
    # Typed in before the dose was: when it is known that something had been given by then, it counts in full.
    early = await care.vitals(session, measured_at=ago(minutes=55), systolic_mmhg=140, spo2_percent=92)
    assert await care.alerts_of(early) == []
    await care.administration(session, events=[start(60)])
    assert [one["code"] for one in await care.alerts_of(early)] == ["spo2_low"]
    (again,) = await standing(care, session, "repeat")
    assert (again["cause_id"], again["asks"], again["findings"]) == (early["id"], ["spo2_percent"], ["spo2_low"])
    assert again["due_at"] == ago(minutes=50)
    better = await care.vitals(session, measured_at=ago(minutes=49), systolic_mmhg=141, spo2_percent=97)
    (again,) = await standing(care, session, "repeat")
    assert (again["reading_id"], again["state"]) == (better["id"], "done")

    # A rise calls nobody; it is measured again. The next one is answered besides the plan's slot, and is fine.
    risen = await care.vitals(session, measured_at=ago(minutes=40), systolic_mmhg=149, diastolic_mmhg=85)
    assert await care.alerts_of(risen) == []
    (_, rise) = await standing(care, session, "repeat")
    assert (rise["findings"], rise["due_at"], rise["window_from"]) == (
        ["pressure_rise"], ago(minutes=35), ago(minutes=37.5),
    )  # fmt: skip
    fine = await care.vitals(session, measured_at=ago(minutes=36), systolic_mmhg=130, diastolic_mmhg=80)
    assert fine["slot_conflict"] is False
    assert (await standing(care, session, "repeat"))[1]["reading_id"] == fine["id"]

    # A typo raises an alert and asks again; corrected, both are withdrawn; a correction for the worse raises.
    typo = await care.vitals(session, measured_at=ago(minutes=20), systolic_mmhg=191, diastolic_mmhg=88)
    (alert,) = await care.alerts_of(typo)
    (*_, asked) = await standing(care, session, "repeat")
    assert (alert["code"], alert["status"], asked["cause_id"]) == ("pressure_high", "open", typo["id"])
    await care.change(typo, {"systolic_mmhg": 131})
    assert len(await standing(care, session, "repeat")) == 2
    assert [one["event"] for one in await care.history(asked)] == ["vital_slot.asked", "vital_slot.entered_in_error"]
    (alert,) = await care.alerts_of(typo)
    assert (alert["status"], alert["disposition"]) == ("resolved", "The reading was corrected.")
    await care.change(typo, {"systolic_mmhg": 162, "sedation_moaas": 3})
    assert {one["code"]: one["status"] for one in await care.alerts_of(typo)} == {
        "pressure_high": "resolved", "sedation_deep": "open",
    }  # fmt: skip
    (*_, asked) = await standing(care, session, "repeat")
    assert (asked["findings"], asked["asks"]) == (["pressure_recheck", "sedation_deep"], ["pressure", "sedation_moaas"])
    # While one is open that asks for as much, no other is made; one that was answered stays when its cause goes.
    await care.vitals(session, measured_at=ago(minutes=19.5), systolic_mmhg=161)
    assert len(await standing(care, session, "repeat")) == 3
    await care.vitals(session, measured_at=ago(minutes=14), systolic_mmhg=128, sedation_moaas=5)
    await care.void(typo)
    assert [one["state"] for one in await standing(care, session, "repeat")] == ["done", "done", "done"]
    assert {one["status"] for one in await care.alerts_of(typo)} == {"resolved"}
    assert calm["version"] == 1

    # What is long past rings no bell and asks for nothing; nor does what is told afterwards.
    past = await care.vitals(session, measured_at=ago(days=15), systolic_mmhg=199)
    told = {"route": "intravenous", "started_at": ago(days=20), "delivered_mg": 40, "vital_signs": [
        {"measured_at": ago(days=20), "systolic_mmhg": 190}]}  # fmt: skip
    afterwards = await care.new(f"/v1/patients/{session['patient_id']}/sessions", told)
    assert [one["status"] for one in await care.alerts_of(past)] == ["historic"]
    assert (afterwards["vital_slots"], [one["status"] for one in afterwards["alerts"]]) == ([], ["historic"])
    assert (await care.slots(afterwards))["items"] == []


async def test_two_devices_at_once_for_one_slot_lose_nothing(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    session = await care.session_in("dosing")
    body = {"measured_at": ago(minutes=20), "systolic_mmhg": 138, "diastolic_mmhg": 86}
    path = f"{path_of(session)}/vital-signs"
    answers = await asyncio.gather(*(who.http.post(path, json=body) for who in (care, nurse) * 4))
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(answer.json()["slot_conflict"] for answer in answers) == [False] + [True] * 7
    (winner,) = [one.json()["id"] for one in answers if not one.json()["slot_conflict"]]
    (slot,) = await standing(care, session, 40)
    assert (slot["reading_id"], slot["version"]) == (winner, 2)
    assert len((await care.record(session))["vital_signs"]) == 8
    # A dose and its readings sent at once: whichever comes first, the reading has its slot.
    for _ in range(3):
        cleared = await care.session_in("cleared")
        given = {
            "drug": "ketamine",
            "route": "intravenous",
            "drawn_mg": 41.2,
            "events": [start(60)],
            "id": str(new_id()),
        }
        await asyncio.gather(
            care.http.post(f"{path_of(cleared)}/administrations", json=given),
            nurse.http.post(f"{path_of(cleared)}/vital-signs", json=body),
        )
        assert (await standing(care, cleared, 40))[0]["state"] == "done"


async def test_a_tablet_sends_what_it_kept(clinic: World, clock: Clock) -> None:
    care = await caring(clinic)
    session = await care.session_in("dosing")
    path = f"{path_of(session)}/vital-signs"
    sent = {"id": str(new_id()), "measured_at": ago(minutes=40), "systolic_mmhg": 138, "diastolic_mmhg": 86}
    first = await care.new(path, sent)
    elsewhere = await care.vitals(await care.session())
    queue = [
        sent | {"device_sent_at": ago(minutes=3)},
        {"id": str(new_id()), "measured_at": ago(minutes=20), "systolic_mmhg": 141, "device_sent_at": ago(minutes=2)},
        {"id": str(new_id()), "measured_at": ago(minutes=19), "systolic_mmhg": 80, "diastolic_mmhg": 90},
        {"measured_at": ago(minutes=18), "systolic_mmhg": "high", "pulse": 70},
        "nothing",
        {"id": elsewhere["id"], "measured_at": ago(minutes=17), "systolic_mmhg": 139},
        {"id": str(new_id()), "measured_at": ago(minutes=10), "spo2_percent": 97},
    ]
    await care.event((await care.record(session))["administrations"][0], stop(20))
    await care.discharge(session)
    answer = await care.call("POST", f"{path}/batch", expect=207, json={"mode": "independent", "items": queue})
    assert [one["status"] for one in answer["items"]] == [200, 201, 422, 422, 422, 409, 201]
    (replayed, new, impossible, unreadable, nothing, foreign, last) = answer["items"]
    assert (replayed["resource"], replayed["problem"]) == (first, None)
    assert (new["resource"]["late"], last["resource"]["late"]) == (True, True)
    assert new["resource"]["clock_skew_seconds"] < -100
    assert (new["resource"]["device_sent_at"], last["resource"]["clock_skew_seconds"]) == (ago(minutes=2), None)
    assert [(one["problem"]["code"], one["resource"]) for one in (impossible, foreign)] == [
        ("impossible-pressure", None), ("id-already-used", None),
    ]  # fmt: skip
    assert sorted(one["pointer"] for one in unreadable["problem"]["errors"]) == ["#/pulse", "#/systolic_mmhg"]
    assert nothing["problem"]["code"] == "validation-failed"
    assert (await states(care, session))[40] == "done"
    assert len(await care.items("/v1/vital-signs", session_id=session["id"])) == 3
    again = await care.call("POST", f"{path}/batch", expect=207, json={"mode": "independent", "items": queue})
    assert [one["status"] for one in again["items"]] == [200, 200, 422, 422, 422, 409, 200]
    refused = await care.http.post(f"{path}/batch", json={"items": queue})
    assert refused.status_code == 422, "all or none unless it is asked for"


async def test_who_watches_is_known_over_time(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    session = await care.session_in("dosing")
    path, me = f"{path_of(session)}/watch", (await nurse.get("/v1/me"))["memberships"][0]["principal_id"]
    first = await nurse.new(path, {"at": ago(minutes=50), "note": "Calm."})
    other = (await care.get("/v1/me"))["memberships"][0]["principal_id"]
    second = await nurse.new(path, {"staff_id": other})
    assert (first["staff_id"], first["watched_from"], second["staff_id"]) == (me, ago(minutes=50), other)
    assert [one["id"] for one in (await care.record(session))["watches"]] == [first["id"], second["id"]]
    assert (await care.again(session))["version"] == session["version"]
    unknown = await nurse.http.post(path, json={"staff_id": str(new_id())})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "not-on-staff")
    await nurse.void(second, "Stayed after all.")
    assert [one["id"] for one in (await care.record(session))["watches"]] == [first["id"]]
