"""Recording, correcting and ending a medicine."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.errors import require_in_order
from app.kernel.ledger import name_change
from app.kernel.records import (
    already_created,
    identity_of,
    mark_entered_in_error,
    one,
    one_for_update,
    reason_of_change,
)
from app.patients.medications.catalogue import shipped_interactions
from app.patients.medications.models import Medication
from app.patients.medications.rules import interactions_of
from app.patients.medications.schemas import MedicationCreate, MedicationUpdate
from app.patients.models import Patient
from app.patients.rules import require_class


async def record_medication(db: WriteSession, actor: Actor, patient_id: UUID, body: MedicationCreate) -> Medication:
    """Record a medicine a patient takes or took.

    Raises:
        UnknownClass: no shipped class has this code.
        EndsBeforeStart: its last day is before its first.
    """
    if (before := await already_created(db, actor, Medication, body, patient_id=patient_id)) is not None:
        return before
    patient = await one(db, actor, Patient, patient_id)
    require_in_order(body.started_on, body.ended_on, pointer="#/ended_on")
    medication = Medication(
        **identity_of(actor, body),
        **body.model_dump(exclude={"id"}),
        **_derived(body.class_codes),
        patient_id=patient.id,
    )
    db.add(medication)
    name_change(db, medication, "medication.recorded")
    return medication


def _derived(class_codes: list[str] | None) -> dict[str, Any]:
    """The flags of a medicine, and the version of the classes they come from."""
    shipped = shipped_interactions()
    for number, code in enumerate(class_codes or ()):
        require_class(shipped.classes, code, f"#/class_codes/{number}")
    flags = interactions_of(shipped, class_codes)
    shown = None if flags is None else [asdict(flag) | {"asks": list(flag.asks)} for flag in flags]
    return {"interactions": shown, "interactions_version": shipped.rule_version}


async def update_medication(  # a correction carries version and reason
    db: WriteSession,
    actor: Actor,
    medication_id: UUID,
    body: MedicationUpdate,
    if_match: int | None,
    reason: str | None,
) -> Medication:
    """Correct a medicine or end it, with a reason unless it is one's own recent slip. Its flags follow.

    Raises:
        UnknownClass: no shipped class has this code.
        EndsBeforeStart: its last day is before its first.
    """
    medication = await one_for_update(db, actor, Medication, medication_id, if_match)
    why = reason_of_change(actor, medication, reason)
    is_end = body.model_fields_set == {"ended_on"} and medication.ended_on is None and body.ended_on is not None
    facts = body.model_dump(exclude_unset=True)
    if "class_codes" in facts:
        facts |= _derived(body.class_codes)
    for member, value in facts.items():
        setattr(medication, member, value)
    require_in_order(medication.started_on, medication.ended_on, pointer="#/ended_on")
    name_change(db, medication, "medication.ended" if is_end else "medication.corrected", reason=why)
    return medication


async def void_medication(
    db: WriteSession, actor: Actor, medication_id: UUID, reason: str, if_match: int | None
) -> Medication:
    """Mark a medicine as entered in error."""
    medication = await one_for_update(db, actor, Medication, medication_id, if_match)
    mark_entered_in_error(db, actor, medication, reason)
    return medication
