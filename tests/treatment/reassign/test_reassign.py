"""A session documented for the wrong patient goes to the right one: nothing is left behind, nothing is lost."""

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.alerts.models import Alert
from app.courses.models import PlanItem
from app.kernel.ledger import encode
from app.kernel.tables import Base, ClinicRecord
from app.monitoring.slots.models import VitalSlot
from app.screening.models import Screening
from app.sessions.models import TreatmentSession
from app.treatment.addenda.models import Addendum
from app.treatment.queries import NAME_A_SESSION, inside_a_session
from app.treatment.readiness.models import GateOverride
from app.treatment.reassign.models import Reassignment
from app.treatment.reassign.rules import named_in
from app.treatment.signatures.models import Signature
from app.treatment.signatures.verify import Finding, verify_clinic
from tests.proofs.care import PATHS, Care, Json, ago, caring, path_of, start, stop, version_header
from tests.proofs.recipes import OVERRIDDEN, screening_body
from tests.world import World, linger_after

MIXED_UP = {"reason": "Two patients of one name."}


def _who_owns(kind: type[ClinicRecord]) -> set[str]:
    """The columns by which a kind of record says whose it is, through its foreign keys or by name."""
    table = Base.metadata.tables[kind.__tablename__]  # type: ignore[attr-defined]
    keyed = {key.parent.name for key in table.foreign_keys if key.column.table.name == "treatment_session"}
    return (keyed | {"session_id"}) & set(table.columns.keys()) - {"clinic_id"}


def test_no_kind_of_record_that_lies_in_a_session_is_forgotten() -> None:
    """Whatever mapped class names a session moves with it, by patient, or is one of four that are told why not."""
    kinds = {m.class_ for m in Base.registry.mappers if issubclass(m.class_, ClinicRecord)}
    naming = {kind for kind in kinds - {TreatmentSession} if _who_owns(kind)}
    assert naming == set(inside_a_session()) | NAME_A_SESSION
    assert {PlanItem, Reassignment, Alert, Signature} == NAME_A_SESSION
    for kind in naming - NAME_A_SESSION:
        assert _who_owns(kind) == {"session_id"}, f"{kind.__name__} names a session in another way"
        # Below what lies in a session nothing hangs that does not name the session itself.
        name = kind.__tablename__  # type: ignore[attr-defined]
        below = {
            other.__name__
            for other in kinds
            for key in Base.metadata.tables[other.__tablename__].foreign_keys  # type: ignore[attr-defined]
            if key.column.table.name == name and not _who_owns(other)
        }
        # A decision stays in its course: it was made there, on the score that was then thought to be the patient's.
        assert below <= {"DoseDecision"}, f"{below} hang below {name}"


async def _mixed_up(care: Care) -> tuple[Json, Json, Json, dict[str, Json]]:
    """Wrong and right patient, the session and what is in it: dosed, alarmed, with a mistake inside."""
    wrong, right = await care.patient(), await care.patient()
    await care.weight(wrong, 80, measured_at=ago(days=3))
    await care.weight(right, 64, measured_at=ago(days=3))
    course = await care.course(wrong, protocol_code="KET_IV_6x3W", first_session_at=ago(hours=2))
    assert care.clinic is not None
    asks = {"mode": "reason", "override_roles": ["prescriber"]}
    rule = {"code": "gate.escort", "value": asks, "reason": "Our own rule."}
    await (await caring(care.clinic, "admin")).new("/v1/policies", rule)
    session = await care.do(await care.session(course), "check-in")
    override = await care.new(f"{path_of(session)}/gate-overrides", OVERRIDDEN)
    session = await care.clear(session)
    inside = {"session_id": session["id"]}
    made = {
        "gate_override": override,
        "watch": await care.new(f"{path_of(session)}/watch", {}),
        "dose_order": await care.order(session, ordered_mg_per_kg=0.5, infusion_minutes=40),
        "vital_signs": await care.vitals(session, measured_at=ago(minutes=50), systolic_mmhg=231),
        "dissociation_note": await care.dissociation(session),
        "adverse_event": await care.adverse_event(session, seriousness=["hospitalisation"]),
        "assessment": await care.phq9(wrong, answered_at=ago(minutes=90), **inside),
        "screening": await care.new(f"{path_of(wrong)}/screenings", screening_body(**inside)),
        "administration": await care.administration(session, events=[start(60, 1), stop(20)], drawn_mg=40),
    }
    made["dose_event"] = made["administration"]["events"][0]
    made["in_error"] = await care.vitals(session, systolic_mmhg=241)
    await care.void(made["in_error"])
    made |= {f"{slot['kind']}_slot": slot for slot in (await care.record(session))["vital_slots"]}
    return wrong, right, session, made


async def _reassigned(clinic: World, session: Json, right: Json, **members: Any) -> Json:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    proposed = await care.do(session, "reassign", MIXED_UP | {"to_patient_id": right["id"]} | members)
    return await nurse.do(proposed, "confirm")


async def test_a_session_goes_to_the_right_patient_with_everything_in_it(clinic: World) -> None:
    care = await caring(clinic)
    wrong, right, session, made = await _mixed_up(care)
    # The right patient was treated hours before, so that their interval is too short now, and the other's was not.
    theirs = await care.course(right)
    earlier = await care.session(theirs)
    await care.administration(earlier, events=[start(20 * 60), stop(19 * 60)])
    later = await care.phq9(wrong, answered_at=ago(minutes=5))
    of_right = await care.phq9(right, answered_at=ago(minutes=5))
    mine = await care.vitals(earlier)
    before = await care.record(session)
    alerts_before = await care.items("/v1/alerts", patient_id=wrong["id"])
    alarmed = {alert["code"]: alert for alert in before["alerts"] if alert["cause_id"] != made["in_error"]["id"]}
    assert {"pressure_high", "safety_item_positive", "adverse_event"} == set(alarmed)
    await care.do(alarmed["pressure_high"], "acknowledge")
    await care.do(alarmed["adverse_event"], "resolve", {"disposition": "Rang the patient, who was well."})
    assert before["administrations"][0]["delivered_mg_per_kg"] == 0.5
    assert later["days_since_last_dose"] == 0

    done = await _reassigned(clinic, session, right)

    after = await care.record(session)
    assert (done["status"], done["to_course_id"], done["patient_id"]) == ("done", theirs["id"], wrong["id"])
    assert (after["patient_id"], after["course_id"]) == (right["id"], theirs["id"])
    assert (after["number_in_course"], after["plan_item_id"]) == (2, None)
    why = f"reassignment {done['id']}: {MIXED_UP['reason']}"
    # Every row that names the session, of every kind there is, is the right patient's; what is not signed has no addenda.
    async with clinic.reading() as db:
        for kind in set(inside_a_session()) - {Addendum}:
            columns = Base.metadata.tables[kind.__tablename__].c  # type: ignore[attr-defined]
            of_session = (columns.clinic_id == clinic.id) & (columns.session_id == UUID(session["id"]))
            owners = (await db.execute(select(columns.patient_id).where(of_session))).scalars().all()
            assert owners, f"the session holds no {kind.__name__}, so nothing is shown of it"
            assert {str(owner) for owner in owners} == {right["id"]}, kind.__name__
    for record in (session, *made.values()):
        now, (*_, last) = await care.again(record), await care.history(record)
        assert now["patient_id"] == right["id"], record["object"]
        assert (last["event"], last["reason"]) == (f"{record['object']}.reassigned", why)
        assert last["resource"]["patient_id"] == right["id"]
        if now.get("course_id"):
            assert now["course_id"] == theirs["id"]
    for patient, told in ((wrong, "patient.session_moved_away"), (right, "patient.session_moved_here")):
        assert [(one["event"], one["reason"]) for one in (await care.history(patient))[-1:]] == [(told, why)]
        (listed,) = await care.items("/v1/reassignments", patient_id=patient["id"])
        assert listed["id"] == done["id"]

    # The plan it left is open again, and its number is free; nothing of the other session moved.
    plan = await care.items(f"/v1/courses/{session['course_id']}/plan")
    assert plan[0]["session_id"] is None
    assert await care.items("/v1/sessions", patient_id=wrong["id"]) == []
    assert (await care.again(mine))["version"] == 1

    # The dose is reckoned by the weight of who got it; the order stays as it was given, and counts no more.
    (dose,), (order,) = after["administrations"], after["dose_orders"]
    assert (dose["delivered_mg"], dose["weight_kg"], dose["delivered_mg_per_kg"]) == (40, 64, 0.625)
    assert dose["deviations"] == ["ordered_for_another_patient"]
    assert (order["ordered_for_another_patient"], order["weight_kg"], order["status"]) == (True, 80, "superseded")

    # Intervals and times since the last dose follow, for both.
    assert after["deviations"] == ["below_minimum_interval"]
    assert (await care.again(later))["days_since_last_dose"] is None
    placed = await care.again(of_right)
    assert 0 < placed["hours_since_last_dose"] < 1
    (*_, last) = await care.history(of_right)
    assert (last["event"], last["reason"]) == ("assessment.placed_again", f"reassignment {done['id']}")
    outcome = await care.get(f"/v1/courses/{theirs['id']}/trajectory", params={"instrument": "PHQ9"})
    assert session["id"] in {one["session_id"] for one in outcome["sessions"]}

    # Alerts stay with whom they were raised about, closed as such; what the facts say is raised anew.
    stay = await care.items("/v1/alerts", patient_id=wrong["id"])
    assert {alert["id"] for alert in stay} == {alert["id"] for alert in alerts_before} | {
        alert["id"] for alert in await care.alerts_of(later)
    }
    for alert in (alarmed[code] for code in alarmed):
        now = await care.again(alert)
        assert (now["status"], now["closed_by"], now["session_id"]) == ("resolved", "wrong_patient", None)
        assert (await care.history(alert))[-1]["event"] == "alert.closed_as_wrong_patient"
    assert (await care.again(alarmed["adverse_event"]))["disposition"] == "Rang the patient, who was well."
    anew = {alert["code"]: alert for alert in after["alerts"]}
    assert set(anew) == set(alarmed) | {"dose_below_minimum_interval"}
    assert {alert["status"] for alert in anew.values()} == {"open"}
    assert {alert["patient_id"] for alert in anew.values()} == {right["id"]}

    # Before it, the record shows the other patient, and says so to whoever asks whose data was read.
    then = await care.http.get(f"{path_of(session)}/record", params={"as_of": before["updated_at"]})
    shown = then.json()
    assert (shown["patient_id"], shown["number_in_course"]) == (wrong["id"], 1)
    assert {one["patient_id"] for name in ("administrations", "vital_signs", "alerts") for one in shown[name]} == {
        wrong["id"]
    }
    assert {str(one) for one in then.extensions["scope"]["state"]["patients_touched"]} == {wrong["id"]}
    since = await care.record(session, as_of=(await care.again(done))["updated_at"])
    assert {one["patient_id"] for one in since["alerts"]} == {right["id"]}
    assert {alert["id"] for alert in since["alerts"]} == {alert["id"] for alert in after["alerts"]}
    for path in ("assessments", "vital-signs", "administrations", "screenings"):
        listed = {one["id"] for one in await care.items(f"/v1/{path}", patient_id=wrong["id"])}
        assert listed == ({later["id"]} if path == "assessments" else set()), path


async def test_two_people_two_patients_one_session(clinic: World, other_clinic: World) -> None:
    """Who may, to whom, when, and only once."""
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    course = await care.course(protocol_code="KET_IV_6x3W", first_session_at=ago(hours=2))
    session, right = await care.session(course), await care.patient()
    gone, foreign = await care.patient(), await (await caring(other_clinic)).patient()
    await care.void(gone)
    others = await care.course()
    theirs = await care.course(right, protocol_code="KET_IV_6x3W", first_session_at=ago(hours=2))

    async def refused(to: Json, **members: Any) -> tuple[int, str]:
        body = MIXED_UP | {"to_patient_id": to["id"]} | members
        answer = await care.http.post(f"{path_of(session)}/reassign", json=body, headers=version_header(session))
        problem = answer.json()
        return answer.status_code, problem.get("errors", [problem])[0]["code"]

    for nobody in (gone, foreign):
        assert await refused(nobody) == (422, "unknown_patient")
    assert await refused({"id": session["patient_id"]}) == (422, "same_patient")
    assert await refused(right, to_course_id=others["id"]) == (422, "unknown_course")
    stale = await care.http.post(
        f"{path_of(session)}/reassign", json=MIXED_UP | {"to_patient_id": right["id"]}, headers={"If-Match": '"9"'}
    )
    assert stale.status_code == 412

    first = await care.do(session, "reassign", MIXED_UP | {"to_patient_id": right["id"]})
    assert await refused(right) == (409, "reassignment-pending")
    assert (await care.again(session))["patient_id"] == session["patient_id"]
    own = await care.http.post(f"{path_of(first)}/confirm", json={}, headers=version_header(first))
    assert (own.status_code, own.json()["code"]) == (409, "second-person-required")
    first = await nurse.do(first, "withdraw", {"reason": "It was the right patient."})
    late = await nurse.http.post(f"{path_of(first)}/confirm", json={}, headers=version_header(first))
    assert (late.status_code, late.json()["code"]) == (409, "illegal-transition")

    second = await care.do(session, "reassign", MIXED_UP | {"to_patient_id": right["id"]})
    await nurse.do(second, "confirm")
    moved = await care.again(session)
    assert (moved["patient_id"], moved["course_id"], moved["number_in_course"]) == (right["id"], theirs["id"], 1)
    plan = await care.items(f"{path_of(theirs)}/plan")
    assert plan[0]["session_id"] == session["id"]
    assert plan[0]["id"] == moved["plan_item_id"]
    # And back, by the other person: the number is the next one, the place the first that is open.
    back = await nurse.do(session, "reassign", MIXED_UP | {"to_patient_id": session["patient_id"]})
    await care.do(back, "confirm")
    assert (await care.again(session))["plan_item_id"] == session["plan_item_id"]


async def test_the_number_is_free_in_the_course_it_goes_to(clinic: World) -> None:
    """Third in one course, it becomes second in another whose first was called off; under none, a course is opened."""
    care = await caring(clinic)
    course, theirs = await care.course(), await care.course()
    *_, third = [await care.session(course) for _ in range(3)]
    called_off = await care.session_in("cancelled", theirs)
    await _reassigned(clinic, third, {"id": theirs["patient_id"]}, to_course_id=theirs["id"])
    numbers = {one["id"]: one["number_in_course"] for one in await care.items("/v1/sessions", course_id=theirs["id"])}
    assert numbers == {called_off["id"]: 1, third["id"]: 2}
    nobody = await care.patient()
    done = await _reassigned(clinic, third, nobody)
    opened = await care.get(f"/v1/courses/{done['to_course_id']}")
    assert (opened["protocol_code"], opened["patient_id"]) == ("OPEN", nobody["id"])


async def test_of_two_who_confirm_at_once_one_wins(clinic: World, monkeypatch: pytest.MonkeyPatch) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    session, right = await care.session(), await care.patient()
    proposed = await (await caring(clinic, "prescriber")).do(
        session, "reassign", MIXED_UP | {"to_patient_id": right["id"]}
    )
    linger_after(monkeypatch, "app.treatment.reassign.actions.one_in_version")
    path, sent = f"{path_of(proposed)}/confirm", version_header(proposed)
    answers = await asyncio.gather(*(nurse.http.post(path, json={}, headers=sent) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    assert len([one for one in await care.history(session) if one["event"] == "session.reassigned"]) == 1


async def _rows(clinic: World, kind: type[ClinicRecord], session: Json) -> list[dict[str, Any]]:
    """A session's rows of a kind, oldest first, as the ledger would keep them."""
    table = Base.metadata.tables[kind.__tablename__]  # type: ignore[attr-defined]
    of_session = (table.c.clinic_id == clinic.id) & (table.c.session_id == UUID(session["id"]))
    async with clinic.reading() as db:
        found = (await db.execute(select(table).where(of_session).order_by(table.c.id))).mappings().all()
    return [json.loads(encode(table, dict(row))) for row in found]


async def _findings(clinic: World) -> list[Finding]:
    return [one async for kind in verify_clinic(clinic.database, await clinic.actor()) for one in kind.findings]


# What a record is, beside what it tells; and what depends on whose it is.
_ITS_OWN = {"id", "session_id", "patient_id", "course_id", "version", "updated_at", "create_digest", "after_signature"}
_OF_ANOTHER: dict[str, set[str]] = {
    "administration": {"weight_kg", "current_weight_kg", "delivered_mg_per_kg", "deviations", "policy_versions"},
    "dose_order": {"status", "ordered_for_another_patient", "weight_changed", "current_weight_kg"},
    "assessment": {"hours_since_last_dose", "days_since_last_dose", "too_soon_after_dose"},
    "session": {
        *{"status", "signed_at", "number_in_course", "plan_item_id", "copied_from_id", "deviations", "policy_versions"},
    },
}
_MARKED = {"version", "updated_at", "entered_in_error_at", "entered_in_error_by", "entered_in_error_reason"}


def _differs(was: Json, now: Json, *but: set[str]) -> Json:
    """What two rows tell differently."""
    left_out = set[str]().union(*but)
    return {name: (was[name], now[name]) for name in was if name not in left_out and was[name] != now[name]}


async def _signed_for_the_wrong_one(care: Care) -> tuple[Json, Json, Json, dict[str, Json]]:
    """As mixed up as can be, and signed by two; a repeat was answered whose cause is no longer there."""
    wrong, right, session, made = await _mixed_up(care)
    high = await care.vitals(session, measured_at=ago(minutes=45), systolic_mmhg=235)
    await care.vitals(session, measured_at=ago(minutes=30), systolic_mmhg=141)
    await care.void(high)
    await care.discharge(session)
    (infusion,) = (await care.record(session))["administrations"]
    if not infusion["reconciled"]:
        await care.do(infusion, "reconcile", {"wasted_mg": infusion["unaccounted_mg"]})
    await care.do(session, "sign")
    assert care.clinic is not None
    await (await caring(care.clinic, "prescriber.2")).do(session, "cosign")
    made["late"] = await care.adverse_event(session, term="HEADACHE")
    made["addendum"] = await care.new(f"{path_of(session)}/addenda", {"text": "Their sister called: no distress."})
    assert made["late"]["after_signature"]
    return wrong, right, await care.again(session), made | {"cause_in_error": high}


async def test_what_was_signed_stays_and_a_copy_of_everything_goes(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    wrong, right, session, made = await _signed_for_the_wrong_one(care)
    theirs = await care.course(right)
    earlier = await care.session(theirs)
    await care.administration(earlier, events=[start(20 * 60), stop(19 * 60)])
    later, of_right = (
        await care.phq9(wrong, answered_at=ago(minutes=5)),
        await care.phq9(right, answered_at=ago(minutes=5)),
    )
    before = await care.record(session)
    alarmed = {one["code"]: one for one in before["alerts"] if one["cause_id"] == made["vital_signs"]["id"]}
    kinds = [*inside_a_session(), Signature]
    rows = {kind: await _rows(clinic, kind, session) for kind in kinds}
    standing = {kind: [row for row in found if row["entered_in_error_at"] is None] for kind, found in rows.items()}
    assert any(gate["override_id"] == made["gate_override"]["id"] for gate in before["gates"])
    assert made["cause_in_error"]["id"] in {row["cause_id"] for row in standing[VitalSlot] if row["reading_id"]}

    proposed = await care.do(session, "reassign", MIXED_UP | {"to_patient_id": right["id"]})
    await care.do(proposed, "confirm", expect=409)
    done = await nurse.do(proposed, "confirm")

    copy = await care.get(f"/v1/sessions/{done['copied_session_id']}")
    original = await care.again(session)
    why = f"reassignment {done['id']}: {MIXED_UP['reason']}"
    assert (original["patient_id"], original["status"], original["copied_to_id"]) == (wrong["id"], "signed", copy["id"])
    assert original["entered_in_error"]["reason"] == f"wrong_patient: {why}"
    assert (copy["patient_id"], copy["status"], copy["copied_from_id"]) == (right["id"], "discharged", session["id"])
    assert (copy["course_id"], copy["number_in_course"], copy["signed_at"]) == (theirs["id"], 2, None)
    assert _differs(session, copy, _ITS_OWN, _OF_ANOTHER["session"], {"gates"}) == {}
    (*_, named) = await care.history(copy)
    assert (named["event"], named["reason"]) == ("session.copied", f"copy of session {session['id']}, {why}")
    assert (named["principal_id"], copy["recorded_by"]) == (done["confirmed_by"], session["recorded_by"])

    # Of every kind there is, whatever stood is there once more, and tells the same.
    left_behind = {row["id"] for found in rows.values() for row in found} | {session["id"], wrong["id"]}
    left_behind.add(session["course_id"])
    for kind in inside_a_session():
        name, copies = kind.__resource__, await _rows(clinic, kind, copy)
        copies = (
            [row for row in copies if row["kind"] != "repeat" or row["reading_id"]] if kind is VitalSlot else copies
        )
        came = [row for row in copies if row["entered_in_error_at"] is None]
        stood = [row for row in standing[kind] if kind is not VitalSlot or row["kind"] != "repeat" or row["reading_id"]]
        assert stood, f"the session holds no {name}, so nothing is shown of it"
        assert len(came) == len(stood), name
        refers = {key.parent.name for key in Base.metadata.tables[kind.__tablename__].foreign_keys}  # type: ignore[attr-defined]
        for was, now in zip(stood, came, strict=True):
            assert _differs(was, now, _ITS_OWN, refers, _OF_ANOTHER.get(name, set())) == {}, name
            assert {one for one in refers if was[one] is None} == {one for one in refers if now[one] is None}, name
            (first, *_) = await care.items(f"{PATHS[name]}/{now['id']}/history")
            assert first["reason"] == f"copy of {name} {was['id']}, {why}"
            assert not now.get("after_signature")
        for now in copies:
            assert now["patient_id"] == right["id"], name
            assert not {str(one) for one in named_in(now)} & left_behind, f"a copy of {name} names the original"
        # What lies in the original is as it was, and marked.
        for was, now in zip(rows[kind], await _rows(clinic, kind, session), strict=True):
            assert now["entered_in_error_at"] is not None, name
            assert _differs(was, now, _MARKED) == {}, name
    assert not {str(one) for one in named_in({**copy, "copied_from_id": None})} & left_behind
    assert copy["gates"][0].keys() == session["gates"][0].keys()
    overrides = {row["id"] for row in await _rows(clinic, GateOverride, copy)}
    assert {gate["override_id"] for gate in copy["gates"]} - {None} == overrides

    # The signatures are the original's, and still prove what was signed.
    assert await _rows(clinic, Signature, session) == rows[Signature]
    assert [one["id"] for one in (await care.record(session))["signatures"]] == [
        one["id"] for one in before["signatures"]
    ]
    assert await _rows(clinic, Signature, copy) == []
    then = await care.record(session, as_of=done["recorded_at"])
    assert {name: then[name] for name in ("administrations", "vital_signs", "assessments", "signatures")} == {
        name: before[name] for name in ("administrations", "vital_signs", "assessments", "signatures")
    }
    gone = await care.http.get(path_of(copy), params={"as_of": done["recorded_at"]})
    assert gone.status_code == 404
    assert await _findings(clinic) == []

    # Numbers, for both: doses once, per kilogram of whom they were given to, intervals and clocks.
    plan = await care.items(f"/v1/courses/{session['course_id']}/plan")
    assert plan[0]["session_id"] is None
    assert await care.items("/v1/sessions", patient_id=wrong["id"]) == []
    listed = {row["id"]: row["lifetime_number"] for row in await care.items("/v1/sessions", patient_id=right["id"])}
    assert listed == {earlier["id"]: 1, copy["id"]: 2}
    for path in ("administrations", "vital-signs", "dissociation-notes", "adverse-events", "screenings", "dose-orders"):
        assert await care.items(f"/v1/{path}", patient_id=wrong["id"]) == [], path
    record = await care.record(copy)
    (dose,), (order,) = record["administrations"], record["dose_orders"]
    assert (dose["delivered_mg"], dose["weight_kg"], dose["delivered_mg_per_kg"]) == (40, 64, 0.625)
    assert dose["deviations"] == ["ordered_for_another_patient"]
    assert (order["ordered_for_another_patient"], order["weight_kg"], order["status"]) == (True, 80, "superseded")
    assert "below_minimum_interval" in copy["deviations"]
    assert (await care.again(later))["days_since_last_dose"] is None
    assert 0 < (await care.again(of_right))["hours_since_last_dose"] < 1

    # What was alarmed about the wrong patient ends there, and is alarmed about the right one.
    for alert in before["alerts"]:
        now = await care.again(alert)
        assert (now["patient_id"], now["closed_by"], now["session_id"]) == (wrong["id"], "wrong_patient", session["id"])
        assert now["status"] == "resolved"
    anew = {one["code"]: one for one in record["alerts"] if one["status"] == "open"}
    assert set(anew) == {*alarmed, "safety_item_positive", "adverse_event", "dose_below_minimum_interval"}
    assert {one["patient_id"] for one in anew.values()} == {right["id"]}
    assert {one["cause_id"] for one in anew.values()} & left_behind == set()

    # Whoever follows the feed of the copy learns of all of it; each patient's history says it, too.
    await clinic.database.sealer.seal()
    feed = await care.get("/v1/changes", params={"limit": 1000})
    assert {one["event_type"] for one in feed["items"] if one["root_id"] == copy["id"]} >= {
        f"{kind.__resource__}.copied" for kind in inside_a_session() if kind is not Screening
    }
    for patient, told in ((wrong, "patient.session_moved_away"), (right, "patient.session_moved_here")):
        assert [(one["event"], one["reason"]) for one in (await care.history(patient))[-1:]] == [(told, why)]
    for one in (session, copy):
        assert [found["id"] for found in await care.items("/v1/reassignments", session_id=one["id"])] == [done["id"]]

    signed = await care.do(copy, "sign")
    assert signed["status"] == "signed"
    assert await _findings(clinic) == []


async def test_what_was_ever_signed_counts_as_signed(clinic: World) -> None:
    """Signed after it was proposed, and opened to be amended before it is confirmed: both are copied."""
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    for opened in (False, True):
        session, right = await care.session_in("discharged"), await care.patient()
        (infusion,) = (await care.record(session))["administrations"]
        await care.do(infusion, "reconcile", {"wasted_mg": infusion["unaccounted_mg"]})
        proposed = await care.do(session, "reassign", MIXED_UP | {"to_patient_id": right["id"]})
        await care.do(session, "sign")
        if opened:
            await care.do(session, "amend", {"reason": "It is another patient's."})
        done = await nurse.do(proposed, "confirm")
        copy = await care.get(f"/v1/sessions/{done['copied_session_id']}")
        assert (copy["patient_id"], copy["status"], copy["amended"]) == (right["id"], "discharged", False)
        assert (copy["amendment_opened_at"], copy["amendment_reason"]) == (None, None)
        assert (await care.again(session))["patient_id"] == session["patient_id"]
        again = await care.do(copy, "reassign", MIXED_UP | {"to_patient_id": session["patient_id"]})
        # The copy was never signed, so it goes itself; what it is a copy of stays marked.
        assert (await nurse.do(again, "confirm"))["copied_session_id"] is None
        assert (await care.again(copy))["patient_id"] == session["patient_id"]
    assert await _findings(clinic) == []


async def test_what_is_being_added_meanwhile_goes_along(clinic: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who adds something holds the session: whoever moves it waits, and takes it along."""
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    session, right = await care.session(), await care.patient()
    proposed = await care.do(session, "reassign", MIXED_UP | {"to_patient_id": right["id"]})
    linger_after(monkeypatch, "app.monitoring.actions.one", 0.3)
    linger_after(monkeypatch, "app.treatment.screenings.actions.find", 1.0)
    wrong = {"object": "patient", "id": session["patient_id"]}
    asked = screening_body(session_id=session["id"])
    note, screening, _ = await asyncio.gather(
        care.dissociation(session),
        care.new(f"{path_of(wrong)}/screenings", asked),
        nurse.do(proposed, "confirm"),
    )
    for record in (session, note, screening):
        assert (await care.again(record))["patient_id"] == right["id"], record["object"]
