"""Patients and weights.

    patient = await clinic.make(make_patient, family_name="Ito")       # its own transaction, as a prescriber
    async with clinic.writing("nurse") as db:                          # or in yours
        weight = await make_weight(db, db.info["actor"], patient, weight_kg=Decimal("70"))

Factories call the actions of the area with valid, dull defaults; a keyword is a member of the request.
"""

from decimal import Decimal
from typing import Any

from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.ids import new_id
from app.patients import actions
from app.patients.models import Patient, Weight
from app.patients.schemas import PatientCreate, WeightCreate


def patient_body(**members: Any) -> dict[str, Any]:
    """A valid request body for a new patient, as JSON would have it; no two have the same name."""
    mark = new_id().hex[-12:]
    body = {"given_name": f"Robin {mark}", "family_name": "Rivera", "sex": "female", "birth_on": "1984-02-03"}
    return {name: value for name, value in (body | members).items() if value is not ...}


async def make_patient(db: WriteSession, actor: Actor, **members: Any) -> Patient:
    """A person under care."""
    return await actions.register_patient(db, actor, PatientCreate.model_validate(patient_body(**members)))


async def make_weight(db: WriteSession, actor: Actor, patient: Patient, **members: Any) -> Weight:
    """A weight, measured just now."""
    body = {"weight_kg": Decimal("82.4"), "measured_at": clock.now()} | members
    return await actions.record_weight(db, actor, patient.id, WeightCreate.model_validate(body))
