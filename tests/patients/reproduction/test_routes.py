"""Reproductive facts over HTTP."""

from typing import Any
from uuid import UUID

import pytest

from app.patients.reproduction.queries import as_fact, facts_of
from tests.proofs.care import Care, Json, caring, path_of, version_header
from tests.world import World


async def told(care: Care, patient: Json, kind: str, value: str | None, on: str, **members: Any) -> Json:
    """A fact of a day."""
    body = {"kind": kind, "value": value, "observed_on": on, "source_of_information": "patient"} | members
    return await care.new(f"{path_of(patient)}/reproductive-facts", body)


async def test_facts_are_listed_by_their_day(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    delivery = await told(care, patient, "delivery", None, "2026-02-01")
    test = await told(care, patient, "pregnancy_test", "negative", "2026-03-01")
    earlier = await told(care, patient, "pregnancy", "yes", "2025-06-01")
    await care.void(await told(care, patient, "breast_feeding", "yes", "2026-02-02"))
    await told(care, await care.patient(), "delivery", None, "2026-02-01")
    listed = await care.items("/v1/reproductive-facts", patient_id=patient["id"])
    assert listed == [test, delivery, earlier]
    async with clinic.reading() as db:
        rows = await db.execute(facts_of(db.info["actor"], UUID(patient["id"])))
        facts = [as_fact(row) for row in rows]
    assert [(one.kind.value, one.value and one.value.value) for one in facts] == [
        ("pregnancy", "yes"),
        ("delivery", None),
        ("pregnancy_test", "negative"),
    ]


@pytest.mark.parametrize(
    ("kind", "value"),
    [("pregnancy_test", "yes"), ("pregnancy_test", None), ("delivery", "yes"), ("breast_feeding", "positive")],
)
async def test_a_kind_has_its_own_values(kind: str, value: str | None, clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    body = {"kind": kind, "value": value, "observed_on": "2026-03-02", "source_of_information": "patient"}
    answer = await care.http.post(f"{path_of(patient)}/reproductive-facts", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "value-not-of-kind"), answer.text


async def test_a_correction_is_a_version_with_a_reason(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    fact = await told(nurse, await nurse.patient(), "pregnancy_test", "positive", "2026-03-02")
    asked = await care.http.patch(path_of(fact), json={"value": "negative"}, headers=version_header(fact))
    assert (asked.status_code, asked.json()["code"]) == (400, "change-reason-required")
    mended = await care.change(fact, {"value": "negative"}, reason="wrong_record")
    assert [version["resource"]["value"] for version in await care.history(fact)] == ["positive", "negative"]
    assert await care.get(path_of(fact), params={"as_of": fact["updated_at"]}) == fact
    headers = version_header(mended) | {"Change-Reason": "correction"}
    wrong = await care.http.patch(path_of(fact), json={"kind": "delivery"}, headers=headers)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "value-not-of-kind")
    moved = await care.change(fact, {"kind": "delivery", "value": None}, reason="correction")
    assert (moved["kind"], moved["value"]) == ("delivery", None)


async def test_the_front_desk_and_another_clinic_see_none(clinic: World, other_clinic: World) -> None:
    care, elsewhere = await caring(clinic), await caring(other_clinic)
    patient = await care.patient()
    fact = await told(care, patient, "pregnancy", "yes", "2026-03-02")
    desk = await clinic.client("front_desk")
    for path in ("/v1/reproductive-facts", path_of(fact), f"{path_of(fact)}/history"):
        assert (await desk.get(path)).status_code == 403
    await clinic.database.sealer.seal()
    feed = (await desk.get("/v1/changes", params={"limit": 1000, "include": "resource"})).text
    assert fact["id"] not in feed
    assert await elsewhere.items("/v1/reproductive-facts", patient_id=patient["id"]) == []
    assert (await elsewhere.http.get(path_of(fact))).status_code == 404


async def test_a_patient_entered_in_error_takes_facts_along(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    fact = await told(care, patient, "delivery", None, "2026-02-01")
    await care.void(patient)
    assert (await care.again(fact))["entered_in_error"]["reason"] == "wrong patient"
