"""Recording and correcting an allergy."""

from uuid import UUID

from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.ledger import name_change
from app.kernel.records import (
    already_created,
    identity_of,
    mark_entered_in_error,
    one,
    one_for_update,
    reason_of_change,
)
from app.patients.allergies.models import Allergy
from app.patients.allergies.schemas import AllergyCreate, AllergyUpdate
from app.patients.models import Patient


async def record_allergy(db: WriteSession, actor: Actor, patient_id: UUID, body: AllergyCreate) -> Allergy:
    """Record what a patient reacts to."""
    if (before := await already_created(db, actor, Allergy, body, patient_id=patient_id)) is not None:
        return before
    patient = await one(db, actor, Patient, patient_id)
    allergy = Allergy(**identity_of(actor, body), **body.model_dump(exclude={"id"}), patient_id=patient.id)
    db.add(allergy)
    name_change(db, allergy, "allergy.recorded")
    return allergy


async def update_allergy(  # a correction carries version and reason
    db: WriteSession,
    actor: Actor,
    allergy_id: UUID,
    body: AllergyUpdate,
    if_match: int | None,
    reason: str | None,
) -> Allergy:
    """Correct an allergy, with a reason unless it is one's own recent slip."""
    allergy = await one_for_update(db, actor, Allergy, allergy_id, if_match)
    why = reason_of_change(actor, allergy, reason)
    for member, value in body.model_dump(exclude_unset=True).items():
        setattr(allergy, member, value)
    name_change(db, allergy, "allergy.corrected", reason=why)
    return allergy


async def void_allergy(db: WriteSession, actor: Actor, allergy_id: UUID, reason: str, if_match: int | None) -> Allergy:
    """Mark an allergy as entered in error."""
    allergy = await one_for_update(db, actor, Allergy, allergy_id, if_match)
    mark_entered_in_error(db, actor, allergy, reason)
    return allergy
