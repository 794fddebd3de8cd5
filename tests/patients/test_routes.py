"""Patients and weights over HTTP."""

import asyncio
from typing import Any

import pytest

from app.kernel.ids import new_id
from tests.conftest import Clock
from tests.factories.patients import make_patient, make_weight, patient_body
from tests.world import World

MRN = "https://emr.example/mrn"


async def test_a_patient_is_registered_and_read(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    body = patient_body(
        preferred_name="Rob",
        phone="+1 555 0102",
        emergency_contact={"name": "R. Rivera", "relation": "sister", "phone": None},
        identifiers=[{"system": MRN, "value": "00412"}],
        time_zone="America/Denver",
    )
    made = await nurse.post("/v1/patients", json=body)
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    assert {name: made.json()[name] for name in body} == body
    assert (made.json()["object"], made.json()["origin"], made.json()["birth_year"]) == ("patient", "live", 1984)
    assert made.json()["recorded_by"] == str((await clinic.actor("nurse")).principal_id)
    read = await nurse.get(made.headers["location"])
    assert read.json() == made.json()


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"given_name": ""}, "#/given_name"),
        ({"given_name": ...}, "#/given_name"),
        ({"family_name": "x" * 201}, "#/family_name"),
        ({"family_name": "a\x07b"}, "#/family_name"),
        ({"sex": "F"}, "#/sex"),
        ({"birth_on": "1984-02-30"}, "#/birth_on"),
        ({"birth_on": 457_920_000}, "#/birth_on"),
        ({"birth_on": ...}, "#"),
        ({"birth_year": 1984}, "#"),
        ({"birth_on": ..., "birth_year": "1984"}, "#/birth_year"),
        ({"time_zone": "Mars/Phobos"}, "#/time_zone"),
        ({"identifiers": [{"system": "mrn", "value": "1"}]}, "#/identifiers/0/system"),
        ({"identifiers": [{"system": MRN, "value": "1", "x": 1}]}, "#/identifiers/0/x"),
        ({"emergency_contact": {"name": None}}, "#/emergency_contact/name"),
        ({"version": 3}, "#/version"),
        ({"clinic_id": "01a2080d-28d2-77fb-bf87-c9b8655b7a9f"}, "#/clinic_id"),
        ({"recorded_by": "01a2080d-28d2-77fb-bf87-c9b8655b7a9f"}, "#/recorded_by"),
        ({"recorded_at": "2026-03-02T14:05:00Z"}, "#/recorded_at"),
        ({"origin": "import"}, "#/origin"),
        ({"entered_in_error": None}, "#/entered_in_error"),
    ],
)
async def test_what_is_wrong_is_pointed_at(clinic: World, members: dict[str, Any], pointer: str) -> None:
    nurse = await clinic.client("nurse")
    answer = await nurse.post("/v1/patients", json=patient_body(**members))
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


async def test_every_fault_is_told_at_once(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    answer = await nurse.post("/v1/patients", json={"given_name": 1, "sex": "x", "sexx": 1})
    pointers = {fault["pointer"] for fault in answer.json()["errors"]}
    assert pointers == {"#/given_name", "#/family_name", "#/sex", "#/sexx"}


async def test_a_namesake_has_to_be_confirmed(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    body = patient_body(given_name="Zoë", family_name="Müller")
    await nurse.post("/v1/patients", json=body)
    again = body | {"given_name": " ZOE ", "family_name": "müller"}
    asked = await nurse.post("/v1/patients", json=again)
    assert (asked.status_code, asked.json()["code"]) == (409, "confirmation-required")
    assert [one["code"] for one in asked.json()["confirmations"]] == ["probable_duplicate"]
    confirmed = await nurse.post("/v1/patients", json=again | {"confirm": ["probable_duplicate"]})
    assert confirmed.status_code == 201
    other_birth = await nurse.post("/v1/patients", json=again | {"birth_on": "1985-02-03"})
    assert other_birth.status_code == 201


async def test_an_identifier_belongs_to_one_patient_of_a_clinic(clinic: World, other_clinic: World) -> None:
    nurse = await clinic.client("nurse")
    identifiers = [{"system": MRN, "value": "00412"}]
    first = await nurse.post("/v1/patients", json=patient_body(identifiers=identifiers))
    second = await nurse.post("/v1/patients", json=patient_body(identifiers=identifiers))
    assert (second.status_code, second.json()["code"]) == (409, "duplicate-identifier")
    assert second.json()["existing_id"] == first.json()["id"]
    elsewhere = await (await other_clinic.client("nurse")).post(
        "/v1/patients", json=patient_body(identifiers=identifiers)
    )
    assert elsewhere.status_code == 201


async def test_an_identifier_claimed_twice_at_once_goes_to_one(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    identifiers = [{"system": MRN, "value": "00412"}]
    answers = await asyncio.gather(
        *(nurse.post("/v1/patients", json=patient_body(identifiers=identifiers)) for _ in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


async def test_absent_keeps_null_clears_and_lists_replace(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    two = [{"system": MRN, "value": "1"}, {"system": "urn:x", "value": "2"}]
    made = await nurse.post("/v1/patients", json=patient_body(phone="1", email="a@b.example", identifiers=two))
    url = made.headers["location"]
    patched = await nurse.patch(url, json={"phone": None, "identifiers": two[1:]}, headers={"if-match": '"1"'})
    shown = patched.json()
    assert (shown["phone"], shown["email"], shown["identifiers"]) == (None, "a@b.example", two[1:])
    freed = await nurse.post("/v1/patients", json=patient_body(identifiers=two[:1]))
    assert freed.status_code == 201
    required = await nurse.patch(url, json={"family_name": None}, headers={"if-match": '"2"'})
    assert required.status_code == 422
    nothing = await nurse.patch(url, json={}, headers={"if-match": '"2"'})
    assert nothing.json()["version"] == 2


async def test_people_are_found_by_the_beginning_of_their_names(clinic: World, other_clinic: World) -> None:
    await other_clinic.make(make_patient, given_name="Zoë", family_name="Müller")
    found = await clinic.make(make_patient, given_name="Zoë", family_name="Müller")
    await clinic.make(make_patient, given_name="Zoltan", family_name="M_ller")
    nurse = await clinic.client("nurse")

    async def search(**criteria: Any) -> list[str]:
        answer = await nurse.post("/v1/patients/search", json=criteria)
        assert answer.status_code == 200
        return [one["id"] for one in answer.json()["items"]]

    assert await search(family_name="mull") == [str(found.id)]
    assert await search(family_name="MÜL", given_name="zoe") == [str(found.id)]
    assert await search(family_name="ller") == []
    assert len(await search(given_name="zo")) == 2
    assert await search(family_name="m_") != [str(found.id)]
    assert await search(family_name="%") == []
    assert await search(birth_on="1984-02-03", given_name="zoë") == [str(found.id)]
    empty = await nurse.post("/v1/patients/search", json={})
    assert empty.status_code == 422


async def test_search_finds_by_identifier_and_leaves_out_errors(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    identifier = {"system": MRN, "value": "00412"}
    made = await nurse.post("/v1/patients", json=patient_body(identifiers=[identifier]))
    found = await nurse.post("/v1/patients/search", json={"identifier": identifier})
    assert [one["id"] for one in found.json()["items"]] == [made.json()["id"]]
    other = await nurse.post("/v1/patients/search", json={"identifier": identifier | {"value": "0041"}})
    assert other.json()["items"] == []


async def test_history_and_a_look_back(clinic: World, clock: Clock) -> None:
    nurse = await clinic.client("nurse")
    made = await nurse.post("/v1/patients", json=patient_body(phone="1"))
    url = made.headers["location"]
    between = clock.advance(minutes=5).isoformat().replace("+00:00", "Z")
    clock.advance(minutes=5)
    await nurse.patch(url, json={"phone": "2"}, headers={"if-match": '"1"', "change-reason": "new_information: moved"})
    first, second = (await nurse.get(f"{url}/history")).json()["items"]
    assert first["resource"] == made.json()
    assert (second["event"], second["reason"], second["resource"]["phone"]) == (
        "patient.updated",
        "new_information: moved",
        "2",
    )
    then = await nurse.get(url, params={"as_of": between})
    assert then.json() == made.json()
    assert (await nurse.get(url, params={"as_of": "2020-01-01T00:00:00Z"})).status_code == 404


# ── weights ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def weigh(clinic: World, patient_id: object, **members: Any) -> Any:
    nurse = await clinic.client("nurse")
    body = {"weight_kg": 82.4, "measured_at": "2026-03-02T13:45:00Z"} | members
    return await nurse.post(f"/v1/patients/{patient_id}/weights", json=body)


@pytest.mark.parametrize("weight", [1, 82.4, 82.45, 500, 500.0])
async def test_weights_keep_their_digits(clinic: World, weight: float) -> None:
    patient = await clinic.make(make_patient)
    made = await weigh(clinic, patient.id, weight_kg=weight)
    assert (made.status_code, made.json()["weight_kg"]) == (201, weight)


@pytest.mark.parametrize("weight", [0.99, 0, -80, 500.01, 82.455, "82", True, None, 1e10])
async def test_weights_nobody_has_are_refused(clinic: World, weight: object) -> None:
    patient = await clinic.make(make_patient)
    answer = await weigh(clinic, patient.id, weight_kg=weight)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/weight_kg")


@pytest.mark.parametrize(
    "instant",
    [
        "2026-03-02T13:45:00",
        "2026-03-02",
        "2026-03-02 13:45:00Z",
        1_772_459_100,
        "2026-02-30T13:45:00Z",
        "2026-03-02T25:00:00Z",
    ],
)
async def test_a_time_has_an_offset(clinic: World, instant: object) -> None:
    patient = await clinic.make(make_patient)
    answer = await weigh(clinic, patient.id, measured_at=instant)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/measured_at")


async def test_a_time_in_any_offset_answers_in_utc(clinic: World) -> None:
    patient = await clinic.make(make_patient)
    made = await weigh(clinic, patient.id, measured_at="2026-03-02T14:45:00.5+01:00")
    assert made.json()["measured_at"] == "2026-03-02T13:45:00.500000Z"


async def test_ten_percent_off_a_recent_weight_is_asked_about(clinic: World) -> None:
    patient = await clinic.make(make_patient)
    await weigh(clinic, patient.id, weight_kg=80)
    near = await weigh(clinic, patient.id, weight_kg=87.99, measured_at="2026-03-03T13:45:00Z", confirm=[])
    assert near.status_code == 201
    asked = await weigh(clinic, patient.id, weight_kg=40, measured_at="2026-03-04T13:45:00Z")
    assert (asked.status_code, asked.json()["code"]) == (409, "confirmation-required")
    assert [(one["code"], one["pointer"]) for one in asked.json()["confirmations"]] == [
        ("weight_differs", "#/weight_kg")
    ]
    wrong = await weigh(clinic, patient.id, weight_kg=40, measured_at="2026-03-04T13:45:00Z", confirm=["other"])
    assert wrong.status_code == 409
    sure = await weigh(clinic, patient.id, weight_kg=40, measured_at="2026-03-04T13:45:00Z", confirm=["weight_differs"])
    assert sure.status_code == 201


async def test_a_weight_long_ago_surprises_nobody(clinic: World) -> None:
    patient = await clinic.make(make_patient)
    await weigh(clinic, patient.id, weight_kg=80, measured_at="2025-06-01T13:45:00Z")
    assert (await weigh(clinic, patient.id, weight_kg=60)).status_code == 201


async def test_weights_are_listed_latest_first(clinic: World) -> None:
    patient = await clinic.make(make_patient)
    for day in ("02", "04", "03"):
        await weigh(clinic, patient.id, measured_at=f"2026-03-{day}T13:45:00Z")
    nurse = await clinic.client("nurse")
    listed = (await nurse.get(f"/v1/patients/{patient.id}/weights")).json()["items"]
    assert [one["measured_at"][8:10] for one in listed] == ["04", "03", "02"]


async def test_ones_own_slip_needs_no_reason_for_half_an_hour(clinic: World, clock: Clock) -> None:
    patient = await clinic.make(make_patient)
    made = (await weigh(clinic, patient.id)).json()
    url = f"/v1/weights/{made['id']}"
    nurse = await clinic.client("nurse")
    prescriber = await clinic.client("prescriber")
    unasked = await prescriber.patch(url, json={"weight_kg": 83}, headers={"if-match": '"1"'})
    assert (unasked.status_code, unasked.json()["code"]) == (400, "change-reason-required")
    clock.advance(minutes=29)
    assert (await prescriber.get(url)).status_code == 200  # nobody is idle
    mended = await nurse.patch(url, json={"weight_kg": 82.5}, headers={"if-match": '"1"'})
    assert mended.status_code == 200
    clock.advance(minutes=2)
    late = await nurse.patch(url, json={"weight_kg": 82.6}, headers={"if-match": '"2"'})
    assert late.status_code == 400
    told = await prescriber.patch(
        url, json={"weight_kg": 82.6}, headers={"if-match": '"2"', "change-reason": "measurement_error"}
    )
    assert told.status_code == 200
    history = (await nurse.get(f"{url}/history")).json()["items"]
    assert [one["reason"] for one in history] == [None, "typing_error", "measurement_error"]


async def test_a_weight_entered_in_error_leaves_lists_and_stays_readable(clinic: World) -> None:
    patient = await clinic.make(make_patient)
    made = (await weigh(clinic, patient.id)).json()
    nurse = await clinic.client("nurse")
    url = f"/v1/weights/{made['id']}"
    marked = await nurse.post(
        f"{url}/mark-entered-in-error", json={"reason": "wrong patient"}, headers={"if-match": '"1"'}
    )
    assert marked.json()["entered_in_error"]["reason"] == "wrong patient"
    listed = f"/v1/patients/{patient.id}/weights"
    assert (await nurse.get(listed)).json()["items"] == []
    assert len((await nurse.get(f"{listed}?include_entered_in_error=true")).json()["items"]) == 1
    assert (await nurse.get(url)).status_code == 200
    again = await nurse.post(
        f"{url}/mark-entered-in-error", json={"reason": "wrong patient"}, headers={"if-match": '"2"'}
    )
    assert again.status_code == 409
    # What was entered in error surprises nobody later.
    assert (await weigh(clinic, patient.id, weight_kg=50)).status_code == 201


async def test_weights_of_another_clinics_patient(clinic: World, other_clinic: World) -> None:
    theirs = await other_clinic.make(make_patient)
    weight = await other_clinic.make(make_weight, theirs)
    nurse = await clinic.client("nurse")
    assert (await weigh(clinic, theirs.id)).status_code == 404
    assert (await nurse.get(f"/v1/patients/{theirs.id}/weights")).status_code == 404
    assert (await nurse.get(f"/v1/weights/{weight.id}")).status_code == 404
    for path in (f"/v1/weights/{weight.id}/history", f"/v1/patients/{theirs.id}/history"):
        assert (await nurse.get(path)).status_code == 404
    body = {"weight_kg": 1}
    assert (await nurse.patch(f"/v1/weights/{weight.id}", json=body, headers={"if-match": '"1"'})).status_code == 404
    assert (await weigh(clinic, new_id())).status_code == 404


@pytest.mark.parametrize(
    ("role", "status"), [("front_desk", 403), ("therapist", 403), ("admin", 403), ("prescriber", 201)]
)
async def test_who_may_weigh(clinic: World, role: str, status: int) -> None:
    patient = await clinic.make(make_patient)
    client = await clinic.client(role)
    body = {"weight_kg": 82.4, "measured_at": "2026-03-02T13:45:00Z"}
    assert (await client.post(f"/v1/patients/{patient.id}/weights", json=body)).status_code == status
