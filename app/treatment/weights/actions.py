"""Recording and correcting weights, and letting orders and doses follow.

What was given comes to so much by weight, and an order stands for a weight. Whoever changes a weight changes them too,
in the same transaction and as changes of their own.
"""

from uuid import UUID

from app.dosing.actions import follow_weights
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.records import one_in_version
from app.patients import actions as patients
from app.patients.models import Weight
from app.patients.schemas import WeightCreate, WeightUpdate


async def record_weight(db: WriteSession, actor: Actor, patient_id: UUID, body: WeightCreate) -> Weight:
    """Record what a person weighed.

    Raises:
        ConfirmationRequired: it differs by 10 % or more from a recent weight.
    """
    weight = await patients.record_weight(db, actor, patient_id, body)
    if not db.info.get("already_created"):
        await follow_weights(db, actor, weight.patient_id, weight.measured_at, f"weight {weight.id}")
    return weight


async def correct_weight(
    db: WriteSession, actor: Actor, weight_id: UUID, body: WeightUpdate, if_match: int | None, reason: str | None
) -> Weight:
    """Correct a weight, with a reason unless it is one's own recent slip."""
    was = (await one_in_version(db, actor, Weight, weight_id, if_match)).measured_at
    weight = await patients.correct_weight(db, actor, weight_id, body, if_match, reason)
    await follow_weights(db, actor, weight.patient_id, min(was, weight.measured_at), f"weight {weight.id}")
    return weight


async def void_weight(db: WriteSession, actor: Actor, weight_id: UUID, reason: str, if_match: int | None) -> Weight:
    """Mark a weight as entered in error."""
    weight = await patients.void_weight(db, actor, weight_id, reason, if_match)
    await follow_weights(db, actor, weight.patient_id, weight.measured_at, f"weight {weight.id}")
    return weight
