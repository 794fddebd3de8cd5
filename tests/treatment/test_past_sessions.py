"""A session that is over, recorded in one call: everything of it, or nothing."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.ids import new_id
from app.kernel.ledger import name_change
from app.kernel.records import one
from app.sessions.models import TreatmentSession
from tests.conftest import Clock
from tests.proofs.care import Care, Json, ago, caring, fresh_key, instant, path_of, start, stop
from tests.proofs.recipes import consent_body
from tests.treatment.readiness.test_routes import counted
from tests.world import World

WHOLE: dict[str, Any] = {
    "route": "intravenous",
    "started_at": ago(hours=4),
    "stopped_at": ago(hours=3.25),
    "delivered_mg": 41.2,
    "vital_signs": [
        {"measured_at": ago(hours=4.1), "systolic_mmhg": 124, "diastolic_mmhg": 78},
        {"measured_at": ago(hours=3.5), "systolic_mmhg": 141, "diastolic_mmhg": 88},
    ],
    "dissociation_notes": [{"observed_at": ago(hours=3.5), "intensity": 6, "phenomena": ["floating"]}],
    "assessments": [{"instrument": "PHQ9", "answered_at": ago(hours=5), "items": [2, 3, 2, 3, 2, 3, 2, 1, 1]}],
    "discharged_at": ago(hours=1),
    "condition": "well",
}


async def recorded(care: Care, patient: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    return await care.new(f"{path_of(patient)}/sessions", body)


async def refused(care: Care, patient: dict[str, Any], body: dict[str, Any]) -> tuple[int, str, set[str]]:
    answer = await care.http.post(f"{path_of(patient)}/sessions", json=body, headers=fresh_key())
    shown = answer.json()
    return answer.status_code, shown["code"], {fault.get("pointer", "") for fault in shown.get("errors", [])}


async def test_two_calls_record_a_treatment(clinic: World) -> None:
    care = await caring(clinic, "nurse")
    patient = await care.patient()
    session = await recorded(care, patient, WHOLE)
    assert (session["status"], session["recorded_afterwards"], session["origin"]) == ("discharged", True, "afterwards")
    assert (session["number_in_course"], session["started_at"], session["discharged_at"]) == (
        1,
        ago(hours=4),
        ago(hours=1),
    )
    assert session["recorded_after_minutes"] >= 3 * 60
    assert (session["deviations"], session["omitted"]) == ([], [])
    (dose,) = session["administrations"]
    assert (dose["delivered_mg"], dose["delivered_source"], dose["origin"]) == (41.2, "entered", "afterwards")
    assert [one["systolic_mmhg"] for one in session["vital_signs"]] == [124, 141]
    assert [one["intensity"] for one in session["dissociation_notes"]] == [6]
    (score,) = session["assessments"]
    assert (score["total"], score["session_id"], score["course_id"]) == (19, session["id"], session["course_id"])
    # Item 9 was answered five hours ago: somebody has to look, also when it is told late.
    assert [(one["code"], one["status"]) for one in session["alerts"]] == [("safety_item_positive", "open")]
    assert await care.get(f"{path_of(session)}/record") == session
    course = await care.get(f"/v1/courses/{session['course_id']}")
    assert (course["protocol_code"], course["status"]) == ("OPEN", "active")


def stood(session: Json, *codes: str) -> dict[str, str]:
    """How gates stood that a session keeps."""
    kept = {one["code"]: one["state"] for one in session["gates"]}
    return {code: kept[code] for code in codes} if codes else kept


async def test_its_gates_are_kept_as_they_stood_for_the_dose_and_refuse_nothing(clinic: World) -> None:
    care, admin = await caring(clinic), await caring(clinic, "admin")
    patient, somebody_else = await care.patient(), await care.patient()
    below = path_of(patient)
    await care.new(f"{below}/consents", consent_body(signed_at=ago(days=2)))
    await care.weight(somebody_else, measured_at=ago(days=1))
    await care.weight(patient, measured_at=ago(hours=3))
    withdrawn = await care.new(f"{path_of(somebody_else)}/consents", consent_body(signed_at=ago(days=2)))
    await care.do(withdrawn, "withdraw", {"reason": "Wants to pause."})
    # What the clinic decides now was not in force when the dose began.
    await admin.new("/v1/policies", {"code": "gate_profile", "value": "strict", "reason": "We have residents."})
    high = {"measured_at": ago(hours=4.2), "systolic_mmhg": 171, "diastolic_mmhg": 96}
    later = {"measured_at": ago(hours=3.5), "systolic_mmhg": 192, "diastolic_mmhg": 121}
    session = await recorded(care, patient, WHOLE | {"vital_signs": [high, later]})
    assert (session["status"], session["deviations"], session["gate_overrides"]) == ("discharged", [], [])
    assert stood(session) == {
        "consent": "pass", "screening": "unknown", "contraindication": "unknown", "not_recommended": "unknown",
        "identity": "unknown", "pressure": "fail", "oxygen": "unknown", "heart_rate": "unknown",
        "pregnancy": "unknown", "open_urgent_alert": "pass", "interval": "pass", "intoxication": "unknown",
        "weight_age": "unknown", "pre_dose_score": "pass", "medicines": "unknown", "escort": "unknown",
    }  # fmt: skip
    assert {one["policy_version"] for one in session["gates"]} == {"GATES@1:standard"}
    # It is what readiness finds, without what only those may read who may read records.
    judged = await care.get(f"{path_of(session)}/readiness")
    assert judged["judged_at"] == ago(hours=4)
    shared = ("code", "state", "mode", "reason", "policy_version", "limit_version")
    told = [{name: one[name] for name in shared} for one in judged["gates"] if one["state"] != "not_applicable"]
    assert [{name: one[name] for name in shared} for one in session["gates"]] == told
    # They alarm nobody: what rings is the reading after the dose and the answer about wanting to die, and neither was
    # open when the dose began.
    assert {one["code"] for one in session["alerts"]} == {"safety_item_positive", "pressure_high"}
    # What is told later changes nothing about it.
    await care.weight(patient, 82, measured_at=ago(hours=5))
    assert (await care.get(f"{path_of(session)}/readiness"))["gates"] != judged["gates"]
    assert (await care.again(session))["gates"] == session["gates"]
    (version,) = await care.history(session)
    assert (version["event"], version["resource"]["gates"]) == ("session.recorded", session["gates"])


async def test_gates_nobody_may_override_refuse_no_fact(clinic: World) -> None:
    care = await caring(clinic)
    device = {
        "drug": "esketamine",
        "route": "intranasal",
        "started_at": ago(days=2),
        "delivered_mg": 56,
        "drawn_mg": 56,
    }
    session = await recorded(care, await care.patient(), {"administrations": [device], "escort_name": "R. Rivera"})
    kept = {one["code"]: one for one in session["gates"]}
    assert (kept["setting_enrolment"]["mode"], kept["setting_enrolment"]["state"]) == ("hard", "fail")
    assert stood(session, "fasting", "escort") == {"fasting": "unknown", "escort": "pass"}
    assert (session["status"], session["deviations"], session["alerts"]) == ("discharged", [], [])


async def test_where_only_the_day_is_known_gates_go_by_days(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    day, before = ago(days=4)[:10], ago(days=5)[:10]
    await care.new(f"{path_of(patient)}/consents", consent_body(signed_at=ago(days=30)))
    morning = {"measured_at": f"{day}T12:00:00Z", "systolic_mmhg": 124, "diastolic_mmhg": 78}
    first = await recorded(care, patient, {"route": "intravenous", "given_on": before, "delivered_mg": 40})
    second = await recorded(
        care, patient, {"route": "intravenous", "given_on": day, "delivered_mg": 40, "vital_signs": [morning]}
    )
    assert stood(first, "consent", "interval") == {"consent": "pass", "interval": "pass"}
    # A day apart is long enough, and what was measured on the day came before the dose or after it.
    assert stood(second, "interval", "pressure") == {"interval": "pass", "pressure": "unknown"}
    (interval,) = [
        one for one in (await care.get(f"{path_of(second)}/readiness"))["gates"] if one["code"] == "interval"
    ]
    assert (interval["value"], interval["limit"]) == (None, 24), "days are no hours"
    again = await recorded(care, patient, {"route": "intravenous", "given_on": day, "delivered_mg": 40})
    assert stood(again, "interval") == {"interval": "fail"}
    assert again["deviations"] == ["below_minimum_interval"]


async def test_telling_a_session_takes_as_many_statements_however_much_there_is(clinic: World) -> None:
    care = await caring(clinic)
    sent_for: list[int] = []
    busy, quiet = await care.patient(), await care.patient()
    for number in range(3):
        await care.new(f"{path_of(busy)}/consents", consent_body())
        await care.weight(busy, measured_at=ago(days=3, hours=number))
        await care.phq9(busy, answered_at=ago(days=2, hours=number))
    for patient in (busy, quiet):
        with counted(clinic) as sent:
            await recorded(care, patient, WHOLE)
        sent_for.append(len(sent))
        # What the clinic has set is read once, and what was set for the patient.
        policies = [one for one in sent if "FROM policy_setting" in one or "FROM patient_limit" in one]
        assert len(policies) == 2
    assert sent_for[0] == sent_for[1], sent_for


async def test_the_least_that_is_needed(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    session = await recorded(care, patient, {"route": "intravenous", "started_at": ago(days=2)})
    (dose,) = session["administrations"]
    assert (dose["drug"], dose["delivered_mg"], dose["delivered_source"]) == ("ketamine", None, "not_reported")
    again = await recorded(care, patient, {"route": "intravenous", "started_at": ago(days=1), "delivered_mg": 35})
    assert (again["course_id"], again["number_in_course"]) == (session["course_id"], 2)


async def test_where_only_the_day_is_known_there_are_days_and_no_hours(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    later = await care.new(
        f"{path_of(patient)}/assessments", {"instrument": "PHQ9", "answered_at": ago(days=1), "total": 12}
    )
    day = ago(days=8)[:10]
    session = await recorded(care, patient, {"route": "intravenous", "given_on": day, "delivered_mg": 40})
    assert session["given_on"] == day
    (dose,) = session["administrations"]
    assert dose["delivered_mg"] == 40
    now = await care.again(later)
    assert now["hours_since_last_dose"] is None
    assert now["days_since_last_dose"] in {6, 7, 8}, "by the clinic's calendar"
    assert [one["event"] for one in await care.history(later)] == ["assessment.recorded", "assessment.placed_again"]


async def test_an_old_fact_alarms_nobody(clinic: World) -> None:
    care = await caring(clinic)
    body = {
        "route": "intravenous",
        "started_at": ago(days=1000),
        "assessments": [{"instrument": "PHQ9", "answered_at": ago(days=1000), "items": [3] * 9}],
    }
    session = await recorded(care, await care.patient(), body)
    assert [one["status"] for one in session["alerts"]] == ["historic"]


async def test_one_fault_anywhere_leaves_nothing(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    faults: tuple[tuple[str, dict[str, Any], str], ...] = (
        ("vital_signs", {"measured_at": ago(hours=3), "systolic_mmhg": 80, "diastolic_mmhg": 120}, "/diastolic_mmhg"),
        ("assessments", {"instrument": "PHQ9", "answered_at": ago(hours=5), "items": [4] * 9}, "/items/0"),
        ("assessments", {"instrument": "NONE", "answered_at": ago(hours=5), "total": 4}, "/instrument"),
    )
    for member, wrong, where in faults:
        right = WHOLE[member]
        status, _, pointers = await refused(care, patient, WHOLE | {member: [*right, wrong]})
        assert status == 422
        assert f"#/{member}/{len(right)}{where}" in pointers, member
    for path in ("sessions", "courses", "administrations", "vital-signs", "assessments", "alerts"):
        assert await care.items(f"/v1/{path}", patient_id=patient["id"]) == [], path


async def test_what_is_not_over_is_not_recorded_afterwards(clinic: World, clock: Clock) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    soon = instant(clock.now().replace(microsecond=0, year=clock.now().year + 1))
    assert await refused(care, patient, {"route": "intravenous", "started_at": soon}) == (422, "not-over", {"#"})
    tomorrow = {"route": "intravenous", "given_on": soon[:10]}
    assert await refused(care, patient, tomorrow) == (422, "not-over", {"#/given_on"})
    early = {"route": "intravenous", "started_at": ago(hours=2), "discharged_at": ago(hours=3)}
    assert await refused(care, patient, early) == (422, "end-before-start", {"#/discharged_at"})


async def test_a_session_is_told_in_one_way(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    dose = {"drug": "ketamine", "route": "intravenous", "started_at": ago(hours=4), "delivered_mg": 40}
    for body in (
        {"route": "intravenous"},
        {"route": "intravenous", "started_at": ago(hours=4), "given_on": "2026-03-02"},
        {"delivered_mg": 40, "administrations": [dose]},
        {"given_on": "2026-03-02", "administrations": [dose]},
        {"started_at": ago(hours=4), "stopped_at": ago(hours=5), "route": "intravenous"},
    ):
        assert (await refused(care, patient, body))[:2] == (422, "validation-failed"), body
    assert await refused(care, patient, {"started_at": ago(hours=4)}) == (422, "validation-failed", {"#/route"})
    told = await recorded(care, patient, {"administrations": [dose]})
    assert (told["route"], told["started_at"]) == ("intravenous", ago(hours=4))


async def test_it_fills_the_plan_of_the_course_that_fits(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    planned = await care.course(patient, protocol_code="KET_IV_6x3W")
    session = await recorded(care, patient, {"started_at": ago(hours=4), "delivered_mg": 40})
    assert (session["course_id"], session["route"]) == (planned["id"], "intravenous")
    (first, second, *_) = await care.items(f"{path_of(planned)}/plan")
    assert (first["session_id"], second["session_id"]) == (session["id"], None)
    await care.do(planned, "complete")
    late = await recorded(care, patient, {"course_id": planned["id"], "started_at": ago(hours=3), "delivered_mg": 40})
    assert late["number_in_course"] == 2, "what was given in a course that is over can still be recorded"
    other = await recorded(care, patient, {"route": "intravenous", "started_at": ago(hours=2)})
    assert other["course_id"] != planned["id"]


async def test_two_first_sessions_at_once_open_one_course(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    bodies = [{"route": "intravenous", "started_at": ago(days=day), "delivered_mg": 40} for day in range(1, 9)]
    told = await asyncio.gather(*(recorded(care, patient, body) for body in bodies))
    assert len({one["course_id"] for one in told}) == 1
    assert sorted(one["number_in_course"] for one in told) == list(range(1, 9))


async def test_sent_again_it_is_not_recorded_again(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    body = WHOLE | {"id": str(new_id())}
    answers = await asyncio.gather(*(care.http.post(f"{path_of(patient)}/sessions", json=body) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200, 201}
    assert len({answer.text for answer in answers}) == 1
    assert len(await care.items("/v1/administrations", patient_id=patient["id"])) == 1
    keyless = await care.http.post(f"{path_of(patient)}/sessions", json=WHOLE)
    assert (keyless.status_code, keyless.json()["code"]) == (400, "idempotency-key-required")
    changed = await care.http.post(f"{path_of(patient)}/sessions", json=body | {"delivered_mg": 42})
    assert (changed.status_code, changed.json()["code"]) == (409, "id-already-used")
    twice = WHOLE | {"vital_signs": [WHOLE["vital_signs"][0] | {"id": body["id"]}] * 2}
    assert await refused(care, patient, twice) == (409, "id-already-used", {"#/vital_signs/1/id"})


async def test_another_clinics_records_are_unknown(clinic: World, other_clinic: World) -> None:
    care, elsewhere = await caring(clinic), await caring(other_clinic)
    patient, theirs = await care.patient(), await elsewhere.patient()
    course = await elsewhere.course(theirs)
    answer = await care.http.post(f"{path_of(theirs)}/sessions", json=WHOLE, headers=fresh_key())
    assert answer.status_code == 404
    assert await refused(care, patient, WHOLE | {"course_id": course["id"]}) == (
        422,
        "validation-failed",
        {"#/course_id"},
    )
    form = {"instrument": "PHQ9", "answered_at": ago(hours=5), "total": 9, "course_id": course["id"]}
    assert (await refused(care, patient, WHOLE | {"assessments": [form]}))[0] == 422


async def test_scores_need_their_own_scope(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    program = Care(await clinic.integrator("session:write"))
    assert (await refused(program, patient, WHOLE))[:2] == (403, "scope-missing")
    told = await recorded(program, patient, {key: value for key, value in WHOLE.items() if key != "assessments"})
    assert {"administrations", "vital_signs"} <= set(told["omitted"]), "it may write and not read"


async def test_a_later_session_rings_though_no_dose_began_with_it(clinic: World) -> None:
    """Rows that were not made here may begin at another moment than their first dose; the first that stands rings."""
    care = await caring(clinic)
    patient = await care.patient()
    later = await care.session(await care.course(patient))
    dose = await care.administration(later, events=[start(50), stop(10)])

    async def begun_otherwise(db: WriteSession, actor: Actor) -> None:
        treatment = await one(db, actor, TreatmentSession, UUID(later["id"]))
        treatment.started_at = datetime.fromisoformat(ago(minutes=51))
        name_change(db, treatment, "session.imported")

    await clinic.make(begun_otherwise)
    await recorded(care, patient, {"route": "intravenous", "started_at": ago(hours=9), "delivered_mg": 41.2})
    assert (await care.again(later))["deviations"] == ["not_cleared", "below_minimum_interval"]
    assert "dose_below_minimum_interval" in {one["code"] for one in await care.alerts_of(dose, status="open")}
