"""Registering people, keeping their particulars, weighing them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.kernel.actor import Actor
from app.kernel.confirmations import Doubt, require_confirmed
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
from app.patients import queries, rules
from app.patients.models import Patient, PatientIdentifier, Weight
from app.patients.schemas import Identifier, PatientCreate, PatientUpdate, WeightCreate, WeightUpdate
from app.policies.queries import values_for


async def register_patient(db: WriteSession, actor: Actor, body: PatientCreate) -> Patient:
    """Register a person.

    Raises:
        DuplicateIdentifier: another patient has one of the identifiers; `existing_id` names them.
        ConfirmationRequired: somebody with the same names and birth is registered already.
    """
    if (before := await already_created(db, actor, Patient, body)) is not None:
        return before
    await _require_identifiers_free(db, actor, body.identifiers, None)
    same = queries.namesakes(
        actor,
        family_name=body.family_name,
        given_name=body.given_name,
        birth_on=body.birth_on,
        birth_year=body.birth_year,
    )
    doubts = (
        [Doubt("probable_duplicate", "#/family_name", "Somebody with these names and this birth is registered.")]
        if (await db.execute(same)).first() is not None
        else []
    )
    require_confirmed(doubts, body.confirm)
    facts = body.model_dump(exclude={"id", "confirm"})
    patient = Patient(**identity_of(actor, body), **(facts | _derived(facts)))
    db.add(patient)
    name_change(db, patient, "patient.registered")
    await db.flush()
    _index_identifiers(db, patient, body.identifiers)
    return patient


def _derived(facts: dict[str, Any]) -> dict[str, Any]:
    derived: dict[str, Any] = {}
    for name in ("given_name", "family_name"):
        if name in facts:
            derived[f"{name}_folded"] = rules.folded(facts[name])
    if facts.get("birth_on") is not None:
        derived["birth_year"] = facts["birth_on"].year
    return derived


async def _require_identifiers_free(
    db: WriteSession, actor: Actor, identifiers: Sequence[Identifier], own_id: UUID | None
) -> None:
    for one_of in identifiers:
        found = await db.execute(queries.patient_identified_as(actor, one_of.system, one_of.value))
        if (existing := found.scalar_one_or_none()) is not None and existing != own_id:
            raise rules.DuplicateIdentifier(
                "Use that patient, or correct the identifier.", members={"existing_id": str(existing)}
            )


def _index_identifiers(db: WriteSession, patient: Patient, identifiers: Sequence[Identifier]) -> None:
    for system, value in {(one_of.system, one_of.value) for one_of in identifiers}:
        db.add(PatientIdentifier(clinic_id=patient.clinic_id, system=system, value=value, patient_id=patient.id))


async def update_patient(
    db: WriteSession, actor: Actor, patient_id: UUID, body: PatientUpdate, if_match: int | None, reason: str | None
) -> Patient:
    """Change a person's particulars, with a reason unless it is one's own recent slip."""
    patient = await one_for_update(db, actor, Patient, patient_id, if_match)
    why = reason_of_change(actor, patient, reason)
    facts = body.model_dump(exclude_unset=True)
    if "identifiers" in facts:
        await _require_identifiers_free(db, actor, body.identifiers, patient.id)
        for row in (await db.execute(queries.identifiers_of(actor, patient.id))).scalars():
            await db.delete(row)
        await db.flush()
        _index_identifiers(db, patient, body.identifiers)
    for member, value in (facts | _derived(facts)).items():
        setattr(patient, member, value)
    name_change(db, patient, "patient.updated", reason=why)
    return patient


async def record_weight(db: WriteSession, actor: Actor, patient_id: UUID, body: WeightCreate) -> Weight:
    """Record what a person weighed.

    Raises:
        ConfirmationRequired: it differs by 10 % or more from a recent weight.
    """
    if (before := await already_created(db, actor, Weight, body, patient_id=patient_id)) is not None:
        return before
    patient = await one(db, actor, Patient, patient_id)
    previous = (await db.execute(queries.latest_weight(actor, patient_id))).scalar_one_or_none()
    asked = await values_for(db, actor, ["weight_difference_fraction", "weight_recent_days"])
    fraction = asked["weight_difference_fraction"].number
    surprising = rules.weight_is_surprising(
        body.weight_kg,
        body.measured_at,
        previous and rules.WeighedBefore(previous.weight_kg, previous.measured_at),
        fraction=fraction,
        recent=timedelta(days=int(asked["weight_recent_days"].number)),
    )
    detail = f"It differs by {fraction:.0%} or more from the patient's recent weight."
    doubt = Doubt("weight_differs", "#/weight_kg", detail)
    require_confirmed([doubt] if surprising else [], body.confirm)
    weight = Weight(**identity_of(actor, body), patient_id=patient.id, **body.model_dump(exclude={"id", "confirm"}))
    db.add(weight)
    name_change(db, weight, "weight.recorded", occurred_at=body.measured_at)
    return weight


async def correct_weight(
    db: WriteSession, actor: Actor, weight_id: UUID, body: WeightUpdate, if_match: int | None, reason: str | None
) -> Weight:
    """Correct a weight, with a reason unless it is one's own recent slip."""
    weight = await one_for_update(db, actor, Weight, weight_id, if_match)
    why = reason_of_change(actor, weight, reason)
    for member, value in body.model_dump(exclude_unset=True).items():
        setattr(weight, member, value)
    name_change(db, weight, "weight.corrected", reason=why, occurred_at=weight.measured_at)
    return weight


async def void_weight(db: WriteSession, actor: Actor, weight_id: UUID, reason: str, if_match: int | None) -> Weight:
    """Mark a weight as entered in error."""
    weight = await one_for_update(db, actor, Weight, weight_id, if_match)
    mark_entered_in_error(db, actor, weight, reason)
    return weight
