"""Recording and correcting what was given elsewhere, and saying again which sessions here came too soon after it."""

from datetime import datetime
from uuid import UUID

from app.courses.external import actions as external
from app.courses.external.models import ExternalTreatment
from app.courses.external.schemas import ExternalTreatmentCreate, ExternalTreatmentUpdate
from app.dosing.actions import space_sessions
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.records import find


async def record_external_treatment(
    db: WriteSession, actor: Actor, patient_id: UUID, body: ExternalTreatmentCreate
) -> ExternalTreatment:
    """Record sessions that another provider gave."""
    treatment = await external.record_external_treatment(db, actor, patient_id, body)
    await _follow(db, actor, treatment, treatment.counted_from)
    return treatment


async def correct_external_treatment(  # a correction carries version and reason
    db: WriteSession,
    actor: Actor,
    treatment_id: UUID,
    body: ExternalTreatmentUpdate,
    if_match: int | None,
    reason: str | None,
) -> ExternalTreatment:
    """Correct what is known of a treatment given elsewhere."""
    before = await find(db, actor, ExternalTreatment, treatment_id)
    was = [before.counted_from] if before is not None else []
    treatment = await external.correct_external_treatment(db, actor, treatment_id, body, if_match, reason)
    await _follow(db, actor, treatment, *was, treatment.counted_from)
    return treatment


async def void_external_treatment(
    db: WriteSession, actor: Actor, treatment_id: UUID, reason: str, if_match: int | None
) -> ExternalTreatment:
    """Mark a treatment given elsewhere as entered in error."""
    treatment = await external.void_external_treatment(db, actor, treatment_id, reason, if_match)
    await _follow(db, actor, treatment, treatment.counted_from)
    return treatment


async def _follow(db: WriteSession, actor: Actor, treatment: ExternalTreatment, *moments: datetime) -> None:
    await space_sessions(db, actor, treatment.patient_id, moments, f"external_treatment {treatment.id}")
