"""Screenings over HTTP: recorded, corrected, decided, and found again by whoever may."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.kernel import clock
from app.kernel.ids import new_id
from app.protocols.rules import Drug
from app.screening.queries import screened
from app.screening.rules import Eligibility, eligibility_at, months_after
from tests.proofs.care import Care, Json, ago, caring, fresh_key, path_of, version_header
from tests.proofs.recipes import screening_body
from tests.world import ZONE, World


def answers(**others: str) -> list[Json]:
    """Everything answered no, but for some."""
    told = screening_body()["answers"]
    return [{"code": one["code"], "answer": others.get(one["code"], "no"), "detail": None} for one in told]


async def asked(care: Care, patient: Json, **members: Any) -> Json:
    """A screening; of everything answered no unless said otherwise."""
    return await care.new(f"{path_of(patient)}/screenings", screening_body(answers=answers()) | members)


async def standing(clinic: World, patient: Json, drug: Drug = Drug.KETAMINE) -> tuple[Eligibility, str | None]:
    """Whether the patient is eligible now, as other areas will ask."""
    async with clinic.reading() as db:
        known = await screened(db, db.info["actor"], UUID(patient["id"]))
    found = eligibility_at(known, drug, clock.now(), ZONE)
    return Eligibility(found.reason), None if found.record_id is None else str(found.record_id)


async def test_the_checklist_is_there_to_draw_a_form(clinic: World) -> None:
    desk = await caring(clinic, "front_desk")
    checklist = await desk.get("/v1/screening-checklists/ELIGIBILITY")
    assert (checklist["code"], checklist["version"], len(checklist["items"])) == ("ELIGIBILITY", 1, 39)
    first = checklist["items"][0]
    assert (first["code"], first["verified"]) == ("ANEURYSM", True)
    assert first["classes"] == {"ketamine": "relative", "esketamine": "contraindicated"}
    assert (await desk.http.get("/v1/screening-checklists/eligibility")).status_code == 404


async def test_answers_are_judged_at_once(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    cleared = await asked(care, patient)
    assert (cleared["outcome"], cleared["findings"], cleared["purpose"]) == ("cleared", [], "eligibility")
    assert (cleared["checklist_code"], cleared["checklist_version"]) == ("ELIGIBILITY", 1)
    assert (cleared["decision"], cleared["decision_is_current"], cleared["overrides"]) == (None, None, [])
    told = [{"code": "ANEURYSM", "answer": "yes", "detail": "Aortic root, 4.1 cm."}]
    excluded = await asked(care, patient, drug="esketamine", answers=told)
    assert excluded["outcome"] == "excluded"
    assert excluded["findings"][0] == {"code": "ANEURYSM", "item_class": "contraindicated", "answer": "yes"}
    assert excluded["findings"][1] == {"code": "AVM", "item_class": "contraindicated", "answer": None}
    assert excluded["answers"] == told
    same = await asked(care, patient, drug="ketamine", answers=told)
    assert (same["outcome"], same["findings"][0]["item_class"]) == ("needs_review", "relative")
    assert await care.again(excluded) == excluded
    both = await care.items("/v1/screenings", patient_id=patient["id"], outcome="needs_review")
    assert [one["id"] for one in both] == [same["id"]]


@pytest.mark.parametrize(
    ("told", "pointer"),
    [
        ([{"code": "ANEURYSM", "answer": "no"}, {"code": "ANEURYSM", "answer": "yes"}], "#/answers/1/code"),
        ([{"code": "HEADACHE", "answer": "no"}], "#/answers/0/code"),
        ([{"code": "CONSENT_MISSING", "answer": "no"}], "#/answers/0/code"),
        ([{"code": "ANEURYSM", "answer": "maybe"}], "#/answers/0/answer"),
        ([{"code": "ANEURYSM"}], "#/answers/0/answer"),
    ],
)
async def test_what_is_no_answer_is_refused(clinic: World, told: list[Json], pointer: str) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    body = screening_body(answers=told)
    refused = await care.http.post(f"{path_of(patient)}/screenings", json=body, headers=fresh_key())
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    assert await care.items("/v1/screenings", patient_id=patient["id"]) == []


async def test_what_is_asked_on_the_day_belongs_to_a_session(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    session = await care.session(await care.course(patient))
    today = [{"code": code, "answer": "no"} for code in ("NO_ESCORT", "BP_HIGH_TODAY", "INTOXICATED")]
    screening = await asked(care, patient, session_id=session["id"], answers=today)
    assert (screening["purpose"], screening["outcome"]) == ("session", "cleared")
    held = await asked(care, patient, session_id=session["id"], answers=[*today[1:], today[0] | {"answer": "yes"}])
    assert held["findings"] == [{"code": "NO_ESCORT", "item_class": "holds_today", "answer": "yes"}]
    listed = await care.items("/v1/screenings", session_id=session["id"], purpose="session")
    assert {one["id"] for one in listed} == {screening["id"], held["id"]}
    refused = await care.http.post(
        f"{path_of(screening)}/decide", json={"decision": "eligible"}, headers=version_header(screening)
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "not-of-eligibility")
    other = await care.patient()
    foreign = await care.http.post(
        f"{path_of(other)}/screenings", json=screening_body(session_id=session["id"]), headers=fresh_key()
    )
    assert (foreign.status_code, foreign.json()["errors"][0]["pointer"]) == (422, "#/session_id")
    assert (await standing(clinic, patient))[0] == "not_screened"
    await care.void(session)
    assert (await care.again(held))["entered_in_error"]["reason"] == "wrong patient"
    assert await care.items("/v1/screenings", patient_id=patient["id"]) == []


# ── the decision ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_prescriber_decides_and_it_holds_for_a_year(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    screening = await asked(care, patient)
    assert await standing(clinic, patient) == ("not_decided", screening["id"])
    decided = await care.do(screening, "decide", {"decision": "eligible", "decided_at": ago(minutes=5)})
    assert (decided["decision"], decided["decided_at"]) == ("eligible", ago(minutes=5))
    assert decided["decided_by"] == str((await clinic.actor("prescriber")).principal_id)
    assert (decided["decided_version"], decided["decision_is_current"], decided["version"]) == (1, True, 2)
    local = datetime.fromisoformat(ago(minutes=5)).astimezone(ZoneInfo(ZONE)).date()
    assert decided["expires_on"] == str(months_after(local, 12))
    assert await standing(clinic, patient) == ("eligible", screening["id"])
    assert await standing(clinic, patient, Drug.ESKETAMINE) == ("not_screened", None)
    (version,) = [one for one in await care.history(screening) if one["event"] == "screening.decided"]
    assert version["occurred_at"] == ago(minutes=5)


async def test_a_contraindication_is_overridden_by_name_and_with_a_reason(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    told = answers(ANEURYSM="yes", PREGNANT="unknown", SUD_HISTORY="yes")
    screening = await asked(care, patient, drug="esketamine", answers=told)
    path = f"{path_of(screening)}/decide"
    headers = version_header(screening)
    refused = await care.http.post(path, json={"decision": "eligible"}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "decision-needs-more")
    missing = {"reason_needed": True, "overrides_needed": ["ANEURYSM"], "answers_needed": ["PREGNANT"]}
    assert {name: refused.json()[name] for name in missing} == missing
    assert (await care.again(screening))["version"] == 1
    answered = await care.change(screening, {"answers": answers(ANEURYSM="yes", SUD_HISTORY="yes")})
    body = {"decision": "eligible", "reason": "Repaired; the surgeon agrees.", "overrides": ["AVM"]}
    wrong = await care.http.post(path, json=body, headers=version_header(answered))
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "#/overrides/0")
    decided = await care.do(screening, "decide", body | {"overrides": ["ANEURYSM"], "expires_on": "2199-01-01"})
    assert (decided["outcome"], decided["decision"], decided["overrides"]) == ("excluded", "eligible", ["ANEURYSM"])
    assert (decided["expires_on"], decided["decided_version"]) == ("2199-01-01", 2)
    assert await standing(clinic, patient, Drug.ESKETAMINE) == ("eligible", screening["id"])


async def test_conditions_come_with_their_decision_and_only_with_it(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    screening = await asked(care, patient)
    path, headers = f"{path_of(screening)}/decide", version_header(screening)
    for body in ({"decision": "eligible_with_conditions"}, {"decision": "eligible", "conditions": "Below 140/90."}):
        refused = await care.http.post(path, json=body, headers=headers)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "conditions_needed")
    body = {"decision": "eligible_with_conditions", "conditions": "Pressure below 140/90 before each dose."}
    decided = await care.do(screening, "decide", body)
    assert decided["conditions"] == body["conditions"]
    assert await standing(clinic, patient) == ("eligible_with_conditions", screening["id"])


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"decided_at": ago(hours=2)}, "#/decided_at"),
        ({"decided_at": ago(minutes=5), "expires_on": "2020-01-01"}, "#/expires_on"),
    ],
)
async def test_a_decision_follows_its_answers_and_ends_after_it_began(clinic: World, body: Json, pointer: str) -> None:
    care = await caring(clinic)
    screening = await asked(care, await care.patient())
    refused = await care.http.post(
        f"{path_of(screening)}/decide", json={"decision": "eligible"} | body, headers=version_header(screening)
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "end-before-start")
    assert refused.json()["errors"][0]["pointer"] == pointer


async def test_a_correction_reaches_the_outcome_and_makes_the_decision_stale(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    patient = await care.patient()
    screening = await asked(nurse, patient, drug="esketamine")
    decided = await care.do(screening, "decide", {"decision": "eligible"})
    noted = await nurse.change(screening, {"note": "Brought her own list."})
    assert (noted["decision_is_current"], noted["outcome"]) == (True, "cleared")
    same = await nurse.change(screening, {"answers": decided["answers"]})
    assert same["decision_is_current"], "the same answers are no correction"
    corrected = await nurse.change(screening, {"answers": answers(AVM="yes")}, reason="correction: misheard")
    assert (corrected["outcome"], corrected["decision_is_current"]) == ("excluded", False)
    assert corrected["findings"] == [{"code": "AVM", "item_class": "contraindicated", "answer": "yes"}]
    assert (corrected["decision"], corrected["decided_version"]) == ("eligible", 1), "what was decided stays readable"
    assert await standing(clinic, patient, Drug.ESKETAMINE) == ("answers_changed", screening["id"])
    again = await care.do(screening, "decide", {"decision": "not_eligible", "reason": "Malformation."})
    assert (again["decision_is_current"], again["expires_on"]) == (True, None)
    assert again["decided_version"] == corrected["version"]
    assert await standing(clinic, patient, Drug.ESKETAMINE) == ("not_eligible", screening["id"])
    events = [(one["event"], one["resource"]["decision"]) for one in await care.history(screening)]
    assert [events[1], events[-1]] == [("screening.decided", "eligible"), ("screening.decided", "not_eligible")]
    then = await care.get(path_of(screening), params={"as_of": decided["updated_at"]})
    assert then == decided


async def test_another_drug_is_another_judgement(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    screening = await asked(care, patient, answers=answers(ANEURYSM="yes"))
    await care.do(screening, "decide", {"decision": "eligible", "reason": "Weighed."})
    moved = await care.change(screening, {"drug": "esketamine"})
    assert (moved["outcome"], moved["decision_is_current"]) == ("excluded", False)
    late = await care.http.patch(path_of(screening), json={"screened_at": ago(days=-1)}, headers=version_header(moved))
    assert (late.status_code, late.json()["errors"][0]["pointer"]) == (422, "#/screened_at")


async def test_two_who_decide_at_once_do_not_both_decide(clinic: World) -> None:
    care = await caring(clinic)
    screening = await asked(care, await care.patient())
    bodies = ({"decision": "eligible"}, {"decision": "not_eligible", "reason": "Prefers to wait."})
    path = f"{path_of(screening)}/decide"
    both = await asyncio.gather(
        *(care.http.post(path, json=body, headers=version_header(screening)) for body in bodies)
    )
    assert sorted(one.status_code for one in both) == [200, 412]
    (won,) = [one.json() for one in both if one.status_code == 200]
    assert await care.again(screening) == won


async def test_nobody_decides_on_answers_they_have_not_seen(clinic: World) -> None:
    care = await caring(clinic)
    screening = await asked(care, await care.patient())
    await care.change(screening, {"answers": answers(AVM="yes")})
    late = await care.http.post(
        f"{path_of(screening)}/decide", json={"decision": "eligible"}, headers=version_header(screening)
    )
    assert (late.status_code, late.json()["current_version"]) == (412, 2)


@pytest.mark.parametrize("role", ["nurse", "therapist", "director", "front_desk", "auditor", "admin"])
async def test_only_a_prescriber_decides(clinic: World, role: str) -> None:
    care, other = await caring(clinic), await caring(clinic, role)
    screening = await asked(care, await care.patient())
    refused = await other.http.post(
        f"{path_of(screening)}/decide", json={"decision": "eligible"}, headers=version_header(screening)
    )
    assert (refused.status_code, refused.json()["permission"]) == (403, "eligibility:write")
    assert (await care.again(screening))["decision"] is None


async def test_decisions_are_found_by_the_day_they_end(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    days = ("2190-03-01", "2190-01-01", "2190-02-01", "2190-02-01")
    made = [await asked(care, patient) for _ in range(len(days) + 1)]
    for screening, day in zip(made, days, strict=False):
        await care.do(screening, "decide", {"decision": "eligible", "expires_on": day})
    due = await care.items("/v1/screenings", expires_before="2190-03-01", limit=1)
    assert [one["expires_on"] for one in due] == ["2190-01-01", "2190-02-01", "2190-02-01"]
    assert {one["id"] for one in due} == {made[1]["id"], made[2]["id"], made[3]["id"]}
    everything = await care.items("/v1/screenings", drug="ketamine", decision="eligible")
    assert len(everything) == len(days)


async def test_an_error_is_seen_nowhere(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    screening = await asked(care, patient)
    await care.do(screening, "decide", {"decision": "eligible"})
    await care.void(screening)
    assert await standing(clinic, patient) == ("not_screened", None)
    assert await care.items("/v1/screenings", patient_id=patient["id"]) == []
    refused = await care.http.post(
        f"{path_of(screening)}/decide",
        json={"decision": "eligible"},
        headers=version_header(await care.again(screening)),
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "entered-in-error")


async def test_a_patient_s_screenings_go_with_them(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    screening = await asked(care, patient)
    await care.void(patient)
    assert (await care.again(screening))["entered_in_error"] is not None


async def test_somebody_else_s_answers_are_corrected_with_a_reason(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    screening = await asked(nurse, await care.patient())
    body = {"answers": answers(AVM="unknown")}
    refused = await care.http.patch(path_of(screening), json=body, headers=version_header(screening))
    assert (refused.status_code, refused.json()["code"]) == (400, "change-reason-required")
    told = await care.change(screening, body, reason="new_information")
    assert told["outcome"] == "needs_review"


async def test_sent_again_under_its_own_id_it_is_one(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    body = screening_body(id=str(new_id()))
    path = f"{path_of(patient)}/screenings"
    first, second = [await care.http.post(path, json=body) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    other = await care.http.post(path, json=body | {"drug": "esketamine"})
    assert (other.status_code, other.json()["code"]) == (409, "id-already-used")


async def test_screenings_of_another_clinic_are_not_there(clinic: World, other_clinic: World) -> None:
    care, elsewhere = await caring(clinic), await caring(other_clinic)
    patient = await care.patient()
    screening = await asked(care, patient)
    decided = {"decision": "eligible"}
    for answer in (
        await elsewhere.http.get(path_of(screening)),
        await elsewhere.http.post(f"{path_of(screening)}/decide", json=decided, headers=version_header(screening)),
        await elsewhere.http.patch(path_of(screening), json={"note": "x"}, headers=version_header(screening)),
        await elsewhere.http.post(f"{path_of(patient)}/screenings", json=screening_body(), headers=fresh_key()),
    ):
        assert answer.status_code == 404
    assert await elsewhere.items("/v1/screenings", patient_id=patient["id"]) == []
    async with other_clinic.reading() as db:
        assert await screened(db, db.info["actor"], UUID(patient["id"])) == []
