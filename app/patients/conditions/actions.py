"""Recording, correcting and ending a condition."""

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
from app.patients.conditions.models import Condition
from app.patients.conditions.schemas import ConditionCreate, ConditionUpdate
from app.patients.models import Patient


async def record_condition(db: WriteSession, actor: Actor, patient_id: UUID, body: ConditionCreate) -> Condition:
    """Record a diagnosis, present or past.

    Raises:
        EndsBeforeStart: its last day is before its first.
    """
    if (before := await already_created(db, actor, Condition, body, patient_id=patient_id)) is not None:
        return before
    patient = await one(db, actor, Patient, patient_id)
    require_in_order(body.started_on, body.ended_on, pointer="#/ended_on")
    condition = Condition(**identity_of(actor, body), **body.model_dump(exclude={"id"}), patient_id=patient.id)
    db.add(condition)
    name_change(db, condition, "condition.recorded")
    return condition


async def update_condition(  # a correction carries version and reason
    db: WriteSession,
    actor: Actor,
    condition_id: UUID,
    body: ConditionUpdate,
    if_match: int | None,
    reason: str | None,
) -> Condition:
    """Correct a condition or end it, with a reason unless it is one's own recent slip.

    Raises:
        EndsBeforeStart: its last day is before its first.
    """
    condition = await one_for_update(db, actor, Condition, condition_id, if_match)
    why = reason_of_change(actor, condition, reason)
    for member, value in body.model_dump(exclude_unset=True).items():
        setattr(condition, member, value)
    require_in_order(condition.started_on, condition.ended_on, pointer="#/ended_on")
    name_change(db, condition, "condition.corrected", reason=why)
    return condition


async def void_condition(
    db: WriteSession, actor: Actor, condition_id: UUID, reason: str, if_match: int | None
) -> Condition:
    """Mark a condition as entered in error."""
    condition = await one_for_update(db, actor, Condition, condition_id, if_match)
    mark_entered_in_error(db, actor, condition, reason)
    return condition
