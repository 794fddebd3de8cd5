"""Patients over HTTP."""

from tests.factories.patients import make_patient, make_weight, patient_body
from tests.world import World


async def test_a_patient_is_registered_and_read(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    made = await nurse.post("/v1/patients", json=patient_body(phone="+1 555 0102"))
    assert made.status_code == 201
    read = await nurse.get(made.headers["location"])
    assert read.json() == made.json()


async def test_weights(clinic: World) -> None:
    patient = await clinic.make(make_patient)
    await clinic.make(make_weight, patient)
    nurse = await clinic.client("nurse")
    listed = await nurse.get(f"/v1/patients/{patient.id}/weights")
    assert [one["weight_kg"] for one in listed.json()["items"]] == [82.4]
