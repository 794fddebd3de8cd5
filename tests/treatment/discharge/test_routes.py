"""Going home, told as a clinic lives it."""

from typing import Any

from tests.proofs.care import GOES_HOME, PHQ9_OF_19, Care, Json, ago, caring, path_of, start, stop, version_header
from tests.world import World

ASKED = {name: value for name, value in GOES_HOME.items() if name != "override_reason"}


async def watched(care: Care, course: Json | None = None, *, before: bool = True, after: bool = True) -> Json:
    """An infusion that ended two hours and a minute ago, looked at before it and just now."""
    course = course or await care.course(protocol_code="KET_IV_6x3W")
    session = await care.clear(await care.do(await care.session(course), "check-in"))
    seen: dict[str, Any] = {"systolic_mmhg": 128, "diastolic_mmhg": 82, "spo2_percent": 98, "sedation_moaas": 5}
    if before:
        await care.vitals(session, measured_at=ago(minutes=170), **seen)
    await care.administration(session, events=[start(161), stop(121)], drawn_mg=50)
    if after:
        await care.vitals(session, measured_at=ago(minutes=5), **seen)
        await care.dissociation(session, observed_at=ago(minutes=5), intensity=0)
    return await care.again(session)


async def refused(care: Care, session: Json, body: Json) -> Json:
    answer = await care.http.post(f"{path_of(session)}/discharge", json=body, headers=version_header(session))
    return {"status": answer.status_code} | answer.json()


def states(criteria: list[Json]) -> dict[str, str]:
    return {one["code"]: one["state"] for one in criteria}


async def test_a_patient_goes_home_when_nothing_is_missing(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    session = await watched(care)
    told = await nurse.get(f"{path_of(session)}/discharge-readiness")
    assert told["ready"] is True
    assert told["to_ask"] == [
        "orientation", "gait", "nausea", "suicidal_intent", "iv_removed", "escort", "instructions"
    ]  # fmt: skip
    assert {one["code"] for one in told["criteria"] if one["state"] != "met"} == set(told["to_ask"])
    # What is asked at the door is not taken as answered, and the refusal lists what the readiness does.
    problem = await refused(nurse, session, {})
    assert (problem["status"], problem["code"]) == (409, "not-dischargeable")
    assert [one["code"] for one in problem["criteria"]] == told["to_ask"]
    fell = await refused(nurse, session, ASKED | {"walks_unaided": False})
    assert [(one["code"], one["value"]) for one in fell["criteria"]] == [("gait", False)]
    assert (await refused(nurse, session, ASKED | {"discharged_at": ago(hours=-1)}))["code"] == "lies-ahead"
    # Told now, counted by when they left: an hour earlier nobody had looked, and the hour was not over.
    early = await refused(nurse, session, ASKED | {"discharged_at": ago(minutes=62)})
    assert {one["code"] for one in early["criteria"]} == {
        "observation_met",
        "pressure",
        "spo2",
        "sedation",
        "dissociation",
    }
    assert (await care.again(session)) == session
    # An urgent alert keeps them; drug that is not accounted for does not.
    patient = {"object": "patient", "id": session["patient_id"]}
    form = await care.phq9(patient, [*PHQ9_OF_19[:8], 3], session_id=session["id"])
    assert [one["code"] for one in (await refused(nurse, session, ASKED))["criteria"]] == ["open_urgent_alert"]
    for alert in await care.alerts_of(form):
        await care.do(alert, "acknowledge", {"note": "Spoke with the patient."})
    body = ASKED | {"escort_relation": "sister", "escort_phone": "+1 555 0101", "instructions_version": "2026-01"}
    gone = await nurse.do(session, "discharge", body | {"would_have_been_ready_at": ago(minutes=70)})
    assert (gone["status"], gone["left_against_advice"], gone["escort_phone"]) == ("discharged", False, "+1 555 0101")
    assert set(states(gone["discharge_criteria"]).values()) == {"met"}
    versions = {one["code"]: one["policy_version"] for one in gone["discharge_criteria"]}
    assert (versions["observation_met"], versions["pressure"]) == ("KET_IV_6x3W@1", "POLICIES@1")
    (infusion,) = (await care.record(gone))["administrations"]
    assert infusion["reconciled"] is False
    ready = await nurse.get(f"{path_of(session)}/discharge-readiness")
    assert ready["ready"] is False


async def test_who_leaves_all_the_same_leaves_with_what_was_missing(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    session = await watched(care, before=False, after=False)
    left = {"left_against_advice": True, "discharged_at": ago(minutes=80)}
    untold = await refused(nurse, session, left)
    assert (untold["status"], untold["errors"][0]["code"]) == (422, "told_to_needed")
    denied = await refused(nurse, session, ASKED | {"override_reason": "Lives next door."})
    assert (denied["status"], denied["permission"]) == (403, "order:write")
    gone = await nurse.do(session, "discharge", left | {"told_to": "Dr. Osei"})
    assert (gone["left_against_advice"], gone["leaving_told_to"]) == (True, "Dr. Osei")
    kept = {one["code"]: one for one in gone["discharge_criteria"]}
    assert (kept["observation_met"]["state"], kept["observation_met"]["value"]) == ("missing", 41)
    assert kept["spo2"]["state"] == kept["escort"]["state"] == "missing"
    (row,) = (await nurse.get("/v1/sessions", params={"patient_id": session["patient_id"]}))["items"]
    assert (row["left_against_advice"], row["observation_minutes"]) == (True, 41)
    assert "leaving_told_to" not in row
    last = (await nurse.history(gone))[-1]
    assert (last["event"], last["resource"]["discharge_criteria"]) == ("session.discharged", gone["discharge_criteria"])
    # A prescriber answers for what is missing, and the reason stays.
    other = await watched(care, before=False)
    gone = await care.do(other, "discharge", ASKED | {"override_reason": "Known to us; has never been lower."})
    assert gone["discharge_override_reason"] == "Known to us; has never been lower."
    assert {code for code, state in states(gone["discharge_criteria"]).items() if state == "missing"} == {"spo2"}
    # Where nothing is missing, nothing is overridden.
    third = await care.do(await watched(care), "discharge", ASKED | {"override_reason": "To be safe."})
    assert third["discharge_override_reason"] is None


async def test_a_patients_own_limit_counts(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course(protocol_code="KET_IV_6x3W")
    session = await watched(care, course)
    limit = {"code": "discharge_spo2_from", "value": 99, "reason": "Lung disease; never below."}
    made = await care.new(f"/v1/patients/{session['patient_id']}/limits", limit)
    problem = await refused(care, session, ASKED)
    assert [(one["code"], one["limit"], one["policy_version"]) for one in problem["criteria"]] == [
        ("spo2", 99, f"patient_limit:{made['id']}")
    ]
