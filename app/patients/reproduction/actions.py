"""Recording and correcting a reproductive fact."""

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
from app.patients.models import Patient
from app.patients.reproduction.models import ReproductiveFactRecord
from app.patients.reproduction.rules import FactKind, FactValue, require_value
from app.patients.reproduction.schemas import ReproductiveFactCreate, ReproductiveFactUpdate


async def record_reproductive_fact(
    db: WriteSession, actor: Actor, patient_id: UUID, body: ReproductiveFactCreate
) -> ReproductiveFactRecord:
    """Record a fact of a day.

    Raises:
        ValueNotOfKind: this kind of fact has other values.
    """
    before = await already_created(db, actor, ReproductiveFactRecord, body, patient_id=patient_id)
    if before is not None:
        return before
    patient = await one(db, actor, Patient, patient_id)
    require_value(body.kind, body.value)
    fact = ReproductiveFactRecord(**identity_of(actor, body), **body.model_dump(exclude={"id"}), patient_id=patient.id)
    db.add(fact)
    name_change(db, fact, "reproductive_fact.recorded")
    return fact


async def update_reproductive_fact(  # a correction carries version and reason
    db: WriteSession,
    actor: Actor,
    fact_id: UUID,
    body: ReproductiveFactUpdate,
    if_match: int | None,
    reason: str | None,
) -> ReproductiveFactRecord:
    """Correct a fact, with a reason unless it is one's own recent slip.

    Raises:
        ValueNotOfKind: this kind of fact has other values.
    """
    fact = await one_for_update(db, actor, ReproductiveFactRecord, fact_id, if_match)
    why = reason_of_change(actor, fact, reason)
    for member, value in body.model_dump(exclude_unset=True).items():
        setattr(fact, member, value)
    require_value(FactKind(fact.kind), None if fact.value is None else FactValue(fact.value))
    name_change(db, fact, "reproductive_fact.corrected", reason=why)
    return fact


async def void_reproductive_fact(
    db: WriteSession, actor: Actor, fact_id: UUID, reason: str, if_match: int | None
) -> ReproductiveFactRecord:
    """Mark a fact as entered in error."""
    fact = await one_for_update(db, actor, ReproductiveFactRecord, fact_id, if_match)
    mark_entered_in_error(db, actor, fact, reason)
    return fact
