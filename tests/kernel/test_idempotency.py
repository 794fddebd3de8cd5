"""Sending again never does twice."""

import asyncio
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from app.kernel.ids import new_id
from app.kernel.ledger import change
from tests.factories.patients import patient_body
from tests.world import World

AT_ONCE = 50


async def _registered(clinic: World) -> int:
    """How many patients the ledger knows."""
    async with clinic.reading() as db:
        here = (change.c.clinic_id == clinic.id, change.c.event == "patient.registered")
        return (await db.execute(select(func.count()).select_from(change).where(*here))).scalar_one()


async def _all(*sending: Any) -> list[httpx2.Response]:
    return list(await asyncio.gather(*sending))


async def test_fifty_at_once_with_one_key_are_one(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    body, key = patient_body(), {"idempotency-key": "same"}
    answers = await _all(*(nurse.post("/v1/patients", json=body, headers=key) for _ in range(AT_ONCE)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len({(answer.headers["location"], answer.headers["etag"]) for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert await _registered(clinic) == 1


async def test_fifty_keys_are_fifty(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    answers = await _all(
        *(nurse.post("/v1/patients", json=patient_body(), headers={"idempotency-key": f"k{n}"}) for n in range(AT_ONCE))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert await _registered(clinic) == AT_ONCE


async def test_another_body_under_the_same_key_is_refused(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    key = {"idempotency-key": "same"}
    assert (await nurse.post("/v1/patients", json=patient_body(), headers=key)).status_code == 201
    again = await nurse.post("/v1/patients", json=patient_body(), headers=key)
    assert (again.status_code, again.json()["code"]) == (422, "idempotency-key-reused")
    assert await _registered(clinic) == 1


async def test_a_failed_request_leaves_its_key_free(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    key, body = {"idempotency-key": "same"}, patient_body()
    assert (await nurse.post("/v1/patients", json=body | {"sex": "x"}, headers=key)).status_code == 422
    taken = patient_body(identifiers=[{"system": "https://emr.example/mrn", "value": "1"}])
    await nurse.post("/v1/patients", json=taken)
    refused = await nurse.post("/v1/patients", json=patient_body(identifiers=taken["identifiers"]), headers=key)
    assert (refused.status_code, refused.json()["code"]) == (409, "duplicate-identifier")
    assert (await nurse.post("/v1/patients", json=body, headers=key)).status_code == 201


async def test_a_key_belongs_to_one_person_and_one_address(clinic: World, other_clinic: World) -> None:
    key = {"idempotency-key": "same"}
    body = patient_body()
    first = await (await clinic.client("nurse")).post("/v1/patients", json=body, headers=key)
    elsewhere = await (await other_clinic.client("nurse")).post("/v1/patients", json=body, headers=key)
    other = await (await clinic.client("prescriber")).post("/v1/patients", json=patient_body(), headers=key)
    weights = f"/v1/patients/{first.json()['id']}/weights"
    weight = {"weight_kg": 80, "measured_at": "2026-03-02T13:45:00Z"}
    measured = await (await clinic.client("nurse")).post(weights, json=weight, headers=key)
    assert [one.status_code for one in (first, elsewhere, other, measured)] == [201] * 4
    assert len({one.json()["id"] for one in (first, elsewhere, other)}) == 3


async def test_a_replay_needs_the_permission_again(clinic: World) -> None:
    """The answer is kept, the right to see it is not."""
    nurse = await clinic.client("nurse")
    admin = await clinic.client("admin")
    key, body = {"idempotency-key": "same"}, patient_body()
    assert (await nurse.post("/v1/patients", json=body, headers=key)).status_code == 201
    actor = await clinic.actor("nurse")
    staff = await admin.get(f"/v1/staff/{actor.principal_id}")
    changed = await admin.patch(
        staff.request.url.path, json={"roles": ["auditor"]}, headers={"if-match": staff.headers["etag"]}
    )
    assert changed.status_code == 200
    assert (await nurse.post("/v1/patients", json=body, headers=key)).status_code == 403


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "ä", "a/b"])
async def test_a_key_of_another_form_is_refused(clinic: World, key: str) -> None:
    nurse = await clinic.client("nurse")
    answer = await nurse.post("/v1/patients", json=patient_body(), headers={"idempotency-key": key.encode()})
    assert answer.status_code == 400


async def test_an_own_id_sent_twice_at_once_is_one_record(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    body = patient_body(id=str(new_id()))
    answers = await _all(*(nurse.post("/v1/patients", json=body) for _ in range(AT_ONCE)))
    assert sorted(answer.status_code for answer in answers) == [200] * (AT_ONCE - 1) + [201]
    assert len({answer.content for answer in answers}) == 1
    assert await _registered(clinic) == 1


async def test_an_own_id_with_another_content_is_refused(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    own = str(new_id())
    assert (await nurse.post("/v1/patients", json=patient_body(id=own))).status_code == 201
    again = await nurse.post("/v1/patients", json=patient_body(id=own))
    assert (again.status_code, again.json()["code"]) == (409, "id-already-used")


async def test_an_own_id_shows_the_record_as_it_is_now(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    body = patient_body(id=str(new_id()))
    made = await nurse.post("/v1/patients", json=body)
    await nurse.patch(made.headers["location"], json={"phone": "+1 555 0199"}, headers={"if-match": '"1"'})
    again = await nurse.post("/v1/patients", json=body)
    assert (again.status_code, again.json()["version"], again.json()["phone"]) == (200, 2, "+1 555 0199")
    assert again.headers["idempotency-replayed"] == "true"


async def test_the_same_own_id_in_another_clinic_is_another_record(clinic: World, other_clinic: World) -> None:
    """Nobody learns from a refusal that another clinic uses an id."""
    body = patient_body(id=str(new_id()))
    for world in (clinic, other_clinic):
        assert (await (await world.client("nurse")).post("/v1/patients", json=body)).status_code == 201


@pytest.mark.parametrize("own", ["1b4e28ba-2fa1-11d2-883f-0016d3cca427", "0199C1F0-7D3E-7A51-9C1E-3F0A5B7E2D10", 7])
async def test_an_own_id_is_a_uuid7_in_lower_case(clinic: World, own: object) -> None:
    nurse = await clinic.client("nurse")
    answer = await nurse.post("/v1/patients", json=patient_body(id=own))
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["#/id"]


async def test_a_program_must_be_able_to_send_again(clinic: World) -> None:
    program = await clinic.integrator("patient:write", "patient:read")
    refused = await program.post("/v1/patients", json=patient_body())
    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency-key-required")
    with_key = await program.post("/v1/patients", json=patient_body(), headers={"idempotency-key": "1"})
    with_id = await program.post("/v1/patients", json=patient_body(id=str(new_id())))
    assert (with_key.status_code, with_id.status_code) == (201, 201)


async def test_a_secret_shown_once_is_kept_under_no_key(clinic: World) -> None:
    """The answer with an invitation must not be replayed, and must not lie in the database."""
    admin = await clinic.client("admin")
    body = {"username": f"sam.{new_id().hex}", "name": "Sam Levy", "roles": ["nurse"]}
    first = await admin.post("/v1/staff", json=body, headers={"idempotency-key": "same"})
    assert first.status_code == 201
    again = await admin.post("/v1/staff", json=body, headers={"idempotency-key": "same"})
    assert first.json()["invitation"]["token"] not in again.text
    assert again.status_code in {200, 201, 409}
