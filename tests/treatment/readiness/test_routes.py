"""May we start? Asked, refused, overridden and cleared over HTTP, also by two at once."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import event

from app.courses.external.actions import record_external_treatment
from app.courses.external.schemas import ExternalTreatmentCreate
from app.screening.consents.actions import withdraw_consent
from app.screening.consents.schemas import WithdrawConsent
from tests.proofs.care import Care, Json, ago, caring, fresh_key, path_of, start, version_header
from tests.proofs.recipes import ENROLLED, consent_body, screening_body
from tests.world import World

ELSEWHERE = {"drug": "ketamine", "route": "intravenous", "source": "records"}
BASELINE = {"systolic_mmhg": 124, "diastolic_mmhg": 78, "heart_rate_bpm": 72, "spo2_percent": 98}


async def eligible(care: Care, drug: str = "ketamine", **of_session: Any) -> Json:
    """A visit of somebody who was asked, decided on, signed, came and was measured; nothing is in the way."""
    patient = await care.patient()
    screening = await care.new(f"{path_of(patient)}/screenings", screening_body(drug=drug))
    decision = {"decision": "eligible", "reason": "Sober for six years.", "decided_at": ago(minutes=50)}
    await care.do(screening, "decide", decision)
    await care.new(f"{path_of(patient)}/consents", consent_body())
    route = "intranasal" if drug == "esketamine" else "intravenous"
    session = await care.session(await care.course(patient), drug=drug, route=route, **of_session)
    session = await care.do(session, "check-in", {"checked_in_at": ago(minutes=40)})
    today = screening_body(drug=drug, session_id=session["id"], screened_at=ago(minutes=30))
    await care.new(f"{path_of(patient)}/screenings", today)
    await care.vitals(session, **BASELINE)
    return session


async def judged(care: Care, session: Json) -> dict[str, Json]:
    answer = await care.get(f"{path_of(session)}/readiness")
    gates = {one["code"]: one for one in answer["gates"]}
    assert answer["ready"] == (not any(one["blocking"] for one in gates.values()))
    return gates


async def in_the_way(care: Care, session: Json) -> list[str]:
    """The gates that stand in the way; clearing is refused with just these."""
    gates = await judged(care, session)
    refused = await care.http.post(
        f"{path_of(session)}/clear", json={}, headers=version_header(await care.again(session))
    )
    if refused.status_code == 200:
        return []
    assert (refused.status_code, refused.json()["code"]) == (409, "not-ready"), refused.text
    assert refused.json()["gates"] == list(gates.values())
    return [code for code, one in gates.items() if one["blocking"]]


async def override(care: Care, session: Json, gate: str, expect: int = 201) -> Json:
    path, body = f"{path_of(session)}/gate-overrides", {"gate": gate, "reason": "Known white coat."}
    answer = await care.http.post(path, json=body, headers=fresh_key())
    assert answer.status_code == expect, answer.text
    return answer.json()


async def test_what_is_in_the_way_is_overridden_by_who_may_as_long_as_it_gets_no_worse(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    session = await eligible(care)
    before = await care.again(session)
    await care.vitals(session, measured_at=ago(minutes=8), systolic_mmhg=165, diastolic_mmhg=95)
    assert await in_the_way(nurse, session) == ["pressure"]
    gates = await judged(nurse, session)
    high = gates["pressure"]
    assert (high["state"], high["mode"], high["override_roles"], high["may_override"]) == (
        "fail", "reason", ["prescriber"], False,
    )  # fmt: skip
    assert high["value"] == {"systolic_mmhg": 165, "diastolic_mmhg": 95}
    assert high["limit"] == {"systolic_mmhg": 160, "diastolic_mmhg": 100}
    assert (high["policy_version"], high["limit_version"]) == ("GATES@1:standard", "POLICIES@1")
    warnings = {code for code, one in gates.items() if one["state"] in {"fail", "unknown"} and not one["blocking"]}
    assert warnings == {"identity", "weight_age", "pre_dose_score", "medicines"}
    assert (await care.again(session)) == before, "a refusal changes nothing"

    # Who may, and what.
    assert (await override(nurse, session, "pressure", 403))["code"] == "override-role-missing"
    assert (await override(care, session, "weight_age", 409))["code"] == "override-not-needed"
    assert (await override(care, session, "consent", 409))["code"] == "override-not-needed"
    first = await override(care, session, "pressure")
    assert (first["gate"], first["role"], first["mode"], first["policy_version"]) == (
        "pressure", "prescriber", "reason", "GATES@1:standard",
    )  # fmt: skip
    assert first["found"] == {key: high[key] for key in ("state", "value", "limit", "limit_version")}
    shown = (await judged(nurse, session))["pressure"]
    assert (shown["blocking"], shown["override"]["id"], shown["override"]["reason"]) == (
        False, first["id"], "Known white coat.",
    )  # fmt: skip

    # Worse than what was known: it counts no more. Better again: it does.
    worse = await care.vitals(session, measured_at=ago(minutes=6), systolic_mmhg=190, diastolic_mmhg=95)
    assert await in_the_way(care, session) == ["pressure", "open_urgent_alert"]
    await care.void(worse)
    await care.void(first, "wrong patient")
    assert await in_the_way(care, session) == ["pressure"]
    second = await override(care, session, "pressure")
    await care.vitals(session, measured_at=ago(minutes=5), systolic_mmhg=164, diastolic_mmhg=99)
    consented = await care.items("/v1/consents", patient_id=session["patient_id"])
    await care.do(consented[0], "withdraw", {"reason": "Wants to pause."})
    assert await in_the_way(care, session) == ["consent"]
    await care.new(f"/v1/patients/{session['patient_id']}/consents", consent_body(signed_at=ago(minutes=1)))
    cleared = await nurse.do(session, "clear")
    kept = {one["code"]: one for one in cleared["gates"]}
    assert (kept["pressure"]["state"], kept["pressure"]["override_id"]) == ("fail", second["id"])
    assert (kept["weight_age"]["state"], kept["weight_age"]["mode"]) == ("unknown", "warn")
    assert "fasting" not in kept, "what does not apply is left out"
    assert all(one["policy_version"] == "GATES@1:standard" for one in kept.values())

    # It is a record of the session: in it, in its history, in the feed; and the dose it let through is in order.
    assert (await care.record(session))["gate_overrides"] == [second]
    assert [one["event"] for one in await care.history(first)] == [
        "gate_override.recorded", "gate_override.entered_in_error",
    ]  # fmt: skip
    await clinic.database.sealer.seal()
    feed = (await care.get("/v1/changes", params={"limit": 1000}))["items"]
    (told,) = [one for one in feed if one["resource_id"] == second["id"]]
    assert (told["event_type"], told["root_id"]) == ("gate_override.recorded", session["id"])
    await care.administration(session, events=[start(2)])
    assert (await care.again(session))["deviations"] == []
    assert (await override(care, session, "pressure", 409))["code"] == "illegal-transition"
    after = await care.get(f"{path_of(session)}/readiness")
    assert after["judged_at"] == ago(minutes=2)
    await care.void(session, "wrong patient")
    assert (await care.again(second))["entered_in_error"]["reason"] == "wrong patient"
    gone = await care.http.get(f"{path_of(session)}/readiness")
    assert gone.status_code == 404


async def test_a_weight_that_changed_between_order_and_start_waits_for_a_prescriber(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    session = await eligible(care)
    patient = {"object": "patient", "id": session["patient_id"]}
    assert (await judged(nurse, session))["weight_changed"]["state"] == "not_applicable"
    await nurse.weight(patient, 82.4, measured_at=ago(minutes=30))
    order = await care.order(session, ordered_mg_per_kg=0.5, infusion_minutes=40)
    await nurse.weight(patient, 86.51, measured_at=ago(minutes=9))
    assert (await judged(nurse, session))["weight_changed"]["state"] == "pass", "less than a twentieth"
    await nurse.weight(patient, 86.52, measured_at=ago(minutes=8))
    assert await in_the_way(nurse, session) == ["weight_changed"]
    found = (await judged(nurse, session))["weight_changed"]
    assert (found["value"], found["limit"], found["mode"]) == (86.52, 0.05, "reason")
    order = await care.do(order, "reconfirm")
    assert (order["weight_kg"], order["reconfirmed_weight_kg"], order["ordered_mg"]) == (82.4, 86.52, 41.2)
    assert (await nurse.do(session, "clear"))["status"] == "cleared"


async def test_esketamine_waits_for_its_programme_whoever_asks(clinic: World) -> None:
    care, admin = await caring(clinic), await caring(clinic, "admin")
    session = await eligible(care, "esketamine")
    assert await in_the_way(care, session) == ["programme_enrolment", "setting_enrolment"]
    for gate in ("programme_enrolment", "setting_enrolment"):
        assert (await override(care, session, gate, 409))["code"] == "gate-is-hard"
    await care.new(f"/v1/patients/{session['patient_id']}/programme-enrolments", ENROLLED)
    place = {"programme": "SPRAVATO_REMS", "enrolled_on": "2026-03-02"}
    enrolment = await care.new("/v1/programme-enrolments", place)
    await care.void(enrolment, "wrong clinic")
    assert await in_the_way(care, session) == ["setting_enrolment"]
    await care.new("/v1/programme-enrolments", place)
    # A profile that only keeps what happened refuses nothing; a strict one asks more.
    strict = {"code": "gate_profile", "value": "strict", "reason": "We have residents."}
    await admin.new("/v1/policies", strict)
    assert await in_the_way(care, session) == ["identity", "pre_dose_score", "medicines"]
    await admin.new("/v1/policies", strict | {"value": "record_only"})
    assert await in_the_way(care, session) == []
    assert (await care.again(session))["status"] == "cleared"


async def test_what_is_asked_at_the_door_is_told_then_or_later(clinic: World) -> None:
    care, desk = await caring(clinic), await caring(clinic, "front_desk")
    session = await care.session(drug="esketamine", route="intranasal")
    for kinds, code in ((["name"], "too_few"), ([], "too_few"), (["name", "name"], "repeated")):
        refused = await desk.http.post(
            f"{path_of(session)}/check-in", json={"identifiers_checked": kinds}, headers=version_header(session)
        )
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code)
    told = {"last_ate_at": ago(hours=3), "last_drank_at": ago(minutes=1), "medicines_changed": "no"}
    seen_by_desk = await desk.do(session, "check-in", told)
    assert (seen_by_desk["status"], seen_by_desk["check_in"]) == ("checked_in", None)
    gates = await judged(care, session)
    assert {code: gates[code]["state"] for code in ("identity", "fasting", "medicines", "escort")} == {
        "identity": "unknown", "fasting": "fail", "medicines": "pass", "escort": "unknown",
    }  # fmt: skip
    assert gates["fasting"]["value"] == ["DRANK_LT_30M"]
    more = told | {"identifiers_checked": ["name", "photo"], "escort_name": "R. Rivera", "last_drank_at": ago(hours=1)}
    changed = await care.change(session, {"check_in": more | {"last_nasal_drug_at": ago(days=1)}})
    nothing = dict.fromkeys(("escort_phone",))
    assert changed["check_in"] == more | nothing | {"last_nasal_drug_at": ago(days=1)}
    gates = await judged(care, session)
    assert {gates[code]["state"] for code in ("identity", "fasting", "medicines", "escort")} == {"pass"}
    (row,) = await care.items("/v1/sessions", course_id=session["course_id"])
    assert "check_in" not in row, "names are free text"


async def test_who_may_not_read_a_record_does_not_read_it_here(clinic: World) -> None:
    care = await caring(clinic)
    session = await eligible(care)
    await care.phq9({"object": "patient", "id": session["patient_id"]})
    await care.vitals(session, measured_at=ago(minutes=8), systolic_mmhg=165, diastolic_mmhg=95)
    await override(care, session, "pressure")
    program = Care(await clinic.integrator("session:read"))
    answer = await program.get(f"{path_of(session)}/readiness")
    assert answer["withheld"] == ["alert:read", "clinical:read", "score:read"]
    gates = {one["code"]: one for one in answer["gates"]}
    hidden = {code for code, one in gates.items() if one["value"] is None and one["state"] != "not_applicable"}
    assert {"consent", "screening", "contraindication", "pregnancy", "pre_dose_score"} <= hidden
    assert gates["pressure"]["value"] == {"systolic_mmhg": 165, "diastolic_mmhg": 95}
    assert gates["pressure"]["override"]["reason"] is None
    (shown,) = (await program.record(session))["gate_overrides"]
    assert (shown["reason"], shown["found"], shown["withheld"]) == (None, None, ["clinical:read"])
    assert not any(one["may_override"] for one in gates.values())


@contextmanager
def counted(clinic: World) -> Iterator[list[str]]:
    """What is read and written inside, the caller's token left out."""
    found = list[str]()

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.startswith("BEGIN") and "token.digest" not in statement:
            found.append(statement)

    # On PostgreSQL both are one engine.
    database = clinic.database
    engines = {database.writer.sync_engine}
    if database.dialect == "sqlite":
        engines.add(database.reader.sync_engine)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield found
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


async def test_what_is_asked_takes_as_many_statements_however_much_there_is(clinic: World) -> None:
    care = await caring(clinic)
    sessions = [await eligible(care), await eligible(care)]
    for number in range(3):
        session = sessions[1]
        patient = f"/v1/patients/{session['patient_id']}"
        await care.vitals(session, measured_at=ago(minutes=9 - number), systolic_mmhg=165 + number, diastolic_mmhg=95)
        await override(care, session, "pressure")
        await care.new(f"{patient}/screenings", screening_body(session_id=session["id"]))
        await care.new(f"{patient}/consents", consent_body())
        await care.phq9({"object": "patient", "id": session["patient_id"]})
        await care.new(f"{patient}/external-treatments", ELSEWHERE | {"given_on": f"2026-01-0{number + 1}"})
        for alert in await care.alerts_of(session, status="open"):
            await care.do(alert, "acknowledge")
    for session in sessions:
        path = path_of(session)
        # The session, the policies, and everything that is looked at.
        with counted(clinic) as sent:
            await care.get(f"{path}/readiness")
        assert len(sent) == 3, "\n".join(one[:60] for one in sent)
        # The record, the patient's part, the ledger's head; and the same three.
        with counted(clinic) as sent:
            await care.get(f"{path}/chairside")
        assert len(sent) == 6, "\n".join(one[:60] for one in sent)
        # The session locked, the policies, everything awaited and then read, the session and its change written.
        headers = version_header(await care.again(session))
        with counted(clinic) as sent:
            await care.call("POST", f"{path}/clear", json={}, headers=headers, expect=200)
        assert len(sent) == 6, "\n".join(one[:60] for one in sent)


async def test_a_clearance_does_not_overtake_what_it_rests_on(clinic: World) -> None:
    care = await caring(clinic)
    session = await eligible(care)
    now = await care.again(session)

    async def clear() -> int:
        answer = await care.http.post(f"{path_of(session)}/clear", json={}, headers=version_header(now))
        return answer.status_code

    (consent,) = await care.items("/v1/consents", patient_id=session["patient_id"])
    async with clinic.writing("prescriber") as db:
        actor = db.info["actor"]
        body = WithdrawConsent(reason="Wants to pause.")
        await withdraw_consent(db, actor, UUID(consent["id"]), body, consent["version"])
        await db.flush()
        waiting = asyncio.create_task(clear())
        done, _ = await asyncio.wait({waiting}, timeout=0.4)
        assert not done, "it waits for the withdrawal"
    assert await waiting == 409
    await care.new(f"/v1/patients/{session['patient_id']}/consents", consent_body(signed_at=ago(minutes=1)))
    assert sorted(await asyncio.gather(clear(), clear())) == [200, 412]
    assert (await care.again(session))["version"] == now["version"] + 1


async def test_what_was_told_while_a_clearance_waited_is_seen(clinic: World) -> None:
    """Also what is kept from changing by nobody: it came with what the clearance waited for."""
    care = await caring(clinic)
    session = await eligible(care)
    now = await care.again(session)
    (consent,) = await care.items("/v1/consents", patient_id=session["patient_id"])
    async with clinic.writing("prescriber") as db:
        actor = db.info["actor"]
        body = WithdrawConsent(reason="Was treated elsewhere.")
        await withdraw_consent(db, actor, UUID(consent["id"]), body, consent["version"])
        elsewhere = ExternalTreatmentCreate.model_validate(ELSEWHERE | {"given_at": ago(hours=2)})
        await record_external_treatment(db, actor, UUID(session["patient_id"]), elsewhere)
        await db.flush()
        waiting = asyncio.create_task(care.http.post(f"{path_of(session)}/clear", json={}, headers=version_header(now)))
        done, _ = await asyncio.wait({waiting}, timeout=0.4)
        assert not done
    refused = await waiting
    assert [one["code"] for one in refused.json()["gates"] if one["blocking"]] == ["consent", "interval"]


async def test_after_the_dose_it_says_how_the_gates_stood(clinic: World) -> None:
    """What was measured, raised or acknowledged since says nothing of how it began."""
    care = await caring(clinic)
    session = await eligible(care)
    patient = {"object": "patient", "id": session["patient_id"]}
    await care.do(session, "clear")
    await care.administration(session, events=[start(20)])
    before = await judged(care, session)
    assert before["open_urgent_alert"]["state"] == "pass"
    await care.vitals(session, measured_at=ago(minutes=5), systolic_mmhg=190, diastolic_mmhg=120)
    await care.weight(patient, 90, measured_at=ago(minutes=1), confirm=["weight_differs"])
    assert await care.items("/v1/alerts", patient_id=patient["id"], status="open")
    after = await judged(care, session)
    assert after == before
