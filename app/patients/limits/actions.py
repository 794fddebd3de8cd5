"""Setting a limit for one patient, and taking back what was set in error."""

from uuid import UUID

from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.ledger import name_change
from app.kernel.records import already_created, identity_of, mark_entered_in_error, one, one_for_update
from app.patients.models import Patient
from app.policies.actions import facts_of
from app.policies.models import PatientLimit
from app.policies.queries import forget_values
from app.policies.schemas import PatientLimitCreate


async def set_patient_limit(db: WriteSession, actor: Actor, patient_id: UUID, body: PatientLimitCreate) -> PatientLimit:
    """Set a limit for one patient from an instant on. What was set before stays, and counted until then.

    Raises:
        UnknownPolicy: there is no such policy.
        PolicyNotSettable: no patient has a value of their own for it.
        PolicyValueUnfit: the policy cannot have this value.
    """
    if (before := await already_created(db, actor, PatientLimit, body, patient_id=patient_id)) is not None:
        return before
    patient = await one(db, actor, Patient, patient_id)
    facts = await facts_of(db, actor, body, per_patient=True)
    limit = PatientLimit(**identity_of(actor, body), patient_id=patient.id, **facts)
    db.add(limit)
    name_change(db, limit, "patient_limit.set", reason=body.reason, occurred_at=limit.effective_at)
    forget_values(db)
    return limit


async def void_patient_limit(
    db: WriteSession, actor: Actor, limit_id: UUID, reason: str, if_match: int | None
) -> PatientLimit:
    """Mark a limit as entered in error; what counted before it counts again."""
    limit = await one_for_update(db, actor, PatientLimit, limit_id, if_match)
    mark_entered_in_error(db, actor, limit, reason)
    forget_values(db)
    return limit
