"""Consents over HTTP: signed, corrected, withdrawn."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.screening.consents.queries import as_signed, signed_by
from app.screening.consents.rules import consent_at
from app.screening.rules import Standing
from tests.proofs.care import Care, Json, ago, caring, fresh_key, path_of, version_header
from tests.proofs.recipes import consent_body
from tests.world import ZONE, World


async def a_consent(care: Care, patient: Json, **members: Any) -> Json:
    """A treatment consent."""
    return await care.new(f"{path_of(patient)}/consents", consent_body(**members))


def on(**members: Any) -> Json:
    """What to send where only the day is known."""
    return {name: value for name, value in consent_body(**members).items() if name != "signed_at"}


async def standing(clinic: World, patient: Json, at: str) -> Standing:
    """Whether the patient agreed at an instant, as other areas will ask."""
    async with clinic.reading() as db:
        rows = await db.execute(signed_by(db.info["actor"], UUID(patient["id"])))
        known = [as_signed(row) for row in rows]
    return consent_at(known, "treatment", None, datetime.fromisoformat(at), ZONE)


async def test_a_signed_document_holds_for_a_year(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    body = on(signed_on="2024-02-29", document_digest="3f" * 32, language="es", interpreter_name="A. Moreau")
    consent = await care.new(f"{path_of(patient)}/consents", body | {"witness_name": "S. Levy"})
    assert (consent["signed_on"], consent["signed_at"], consent["expires_on"]) == ("2024-02-29", None, "2025-02-28")
    assert {name: consent[name] for name in body} == body
    assert (consent["signer"], consent["drug"], consent["withdrawn_at"]) == ("patient", None, None)
    assert await care.again(consent) == consent
    told = await standing(clinic, patient, "2025-03-01T04:59:00Z")
    assert (told.holds, str(told.record_id)) == (True, consent["id"])
    assert (await standing(clinic, patient, "2025-03-01T05:00:00Z")).reason == "expired"
    assert (await standing(clinic, patient, "2024-02-29T04:59:00Z")).reason == "not_signed"


async def test_a_time_says_the_day_on_the_clinics_wall(clinic: World) -> None:
    care = await caring(clinic)
    consent = await a_consent(care, await care.patient(), signed_at="2026-03-03T04:30:00Z", expires_on="2026-03-02")
    assert (consent["signed_on"], consent["expires_on"]) == ("2026-03-02", "2026-03-02")
    moved = await care.change(consent, {"signed_on": "2026-03-01"})
    assert (moved["signed_on"], moved["signed_at"], moved["expires_on"]) == ("2026-03-01", None, "2026-03-02")
    assert (await care.history(consent))[0]["occurred_at"] == "2026-03-03T04:30:00Z"


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"expires_on": "2026-01-01"}, "#/expires_on"),
        ({"signed_on": None}, "#"),
        ({"elements": ["astrology"]}, "#/elements/0"),
        ({"document_digest": "3F" * 32}, "#/document_digest"),
    ],
)
async def test_what_cannot_be_is_refused(clinic: World, members: Json, pointer: str) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    body = on(signed_on="2026-03-02") | members
    refused = await care.http.post(f"{path_of(patient)}/consents", json=body, headers=fresh_key())
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), refused.text


async def test_withdrawing_reaches_what_is_to_come_and_leaves_the_past(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    consent = await a_consent(care, patient, signed_at=ago(days=30))
    session = await care.session(await care.course(patient))
    body = {"reason": "Wants to pause.", "withdrawn_at": ago(days=2)}
    withdrawn = await care.do(consent, "withdraw", body)
    assert (withdrawn["withdrawn_at"], withdrawn["withdrawn_reason"]) == (ago(days=2), "Wants to pause.")
    assert withdrawn["withdrawn_by"] == str((await clinic.actor("prescriber")).principal_id)
    (*_, last) = await care.history(consent)
    assert (last["event"], last["reason"], last["occurred_at"]) == ("consent.withdrawn", "Wants to pause.", ago(days=2))
    assert (await standing(clinic, patient, ago(days=3))).holds
    assert (await standing(clinic, patient, ago(days=1))).reason == "withdrawn"
    assert await care.again(session) == session, "sessions are left alone; whether one may begin is asked on its day"
    twice = await care.http.post(f"{path_of(consent)}/withdraw", json=body, headers=version_header(withdrawn))
    assert (twice.status_code, twice.json()["code"]) == (409, "consent-withdrawn")
    anew = await a_consent(care, patient, signed_at=ago(hours=1))
    assert str((await standing(clinic, patient, ago())).record_id) == anew["id"]


async def test_nothing_is_withdrawn_before_it_is_signed(clinic: World) -> None:
    care = await caring(clinic)
    consent = await a_consent(care, await care.patient())
    body = {"reason": "Wants to pause.", "withdrawn_at": ago(hours=2)}
    refused = await care.http.post(f"{path_of(consent)}/withdraw", json=body, headers=version_header(consent))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/withdrawn_at")
    withdrawn = await care.do(consent, "withdraw", {"reason": "Wants to pause."})
    later = {"signed_at": ago(days=-1)}
    refused = await care.http.patch(path_of(consent), json=later, headers=version_header(withdrawn))
    assert (refused.status_code, refused.json()["code"]) == (422, "end-before-start")


async def test_two_who_withdraw_at_once_do_not_both(clinic: World) -> None:
    care = await caring(clinic)
    consent = await a_consent(care, await care.patient())
    path, headers = f"{path_of(consent)}/withdraw", version_header(consent)
    both = await asyncio.gather(
        *(care.http.post(path, json={"reason": reason}, headers=headers) for reason in ("One.", "Two."))
    )
    assert sorted(one.status_code for one in both) == [200, 412]


async def test_consents_are_found_by_kind_and_by_their_last_day(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    for kind, day in (("treatment", "2190-03-01"), ("video", "2190-01-01"), ("treatment", "2190-02-01")):
        await a_consent(care, patient, kind=kind, expires_on=day)
    due = await care.items("/v1/consents", expires_before="2190-03-01", limit=1)
    assert [one["expires_on"] for one in due] == ["2190-01-01", "2190-02-01"]
    assert [one["kind"] for one in await care.items("/v1/consents", kind="video")] == ["video"]
    assert len(await care.items("/v1/consents", patient_id=patient["id"])) == 3


async def test_an_error_counts_no_more(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    consent = await a_consent(care, patient)
    await care.void(consent)
    assert (await standing(clinic, patient, ago())).reason == "not_signed"
    assert await care.items("/v1/consents", patient_id=patient["id"]) == []


async def test_consents_of_another_clinic_are_not_there(clinic: World, other_clinic: World) -> None:
    care, elsewhere = await caring(clinic), await caring(other_clinic)
    patient = await care.patient()
    consent = await a_consent(care, patient)
    withdrawal = {"reason": "x"}
    for answer in (
        await elsewhere.http.get(path_of(consent)),
        await elsewhere.http.post(f"{path_of(consent)}/withdraw", json=withdrawal, headers=version_header(consent)),
        await elsewhere.http.post(f"{path_of(patient)}/consents", json=consent_body(), headers=fresh_key()),
    ):
        assert answer.status_code == 404
    assert (await standing(other_clinic, patient, ago())).reason == "not_signed"


async def test_whoever_does_not_treat_sees_no_consent(clinic: World) -> None:
    care, therapist = await caring(clinic), await caring(clinic, "therapist")
    consent = await a_consent(care, await care.patient())
    for role in ("front_desk", "auditor", "admin"):
        assert (await (await clinic.client(role)).get(path_of(consent))).status_code == 403
    assert await therapist.again(consent) == consent
    refused = await therapist.http.post(
        f"{path_of(consent)}/withdraw", json={"reason": "x"}, headers=version_header(consent)
    )
    assert refused.status_code == 403


def test_the_clinic_of_these_tests_is_in_new_york() -> None:
    """The days above are reckoned for its wall."""
    assert datetime(2026, 3, 3, 4, 59, tzinfo=UTC).astimezone(ZoneInfo(ZONE)).utcoffset() == timedelta(hours=-5)
