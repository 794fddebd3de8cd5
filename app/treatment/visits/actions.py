"""Arriving and not taking place: a reading before the dose is due from the one on, and nothing after the other."""

from uuid import UUID

from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.monitoring.slots.actions import plan_baseline, withdraw_slots
from app.sessions import actions as sessions
from app.sessions.models import TreatmentSession
from app.sessions.schemas import CheckInSession, EndWithoutDose


async def check_in_session(
    db: WriteSession, actor: Actor, session_id: UUID, body: CheckInSession, if_match: int | None
) -> TreatmentSession:
    """The patient is here, and a reading before the dose is due."""
    treatment = await sessions.check_in_session(db, actor, session_id, body, if_match)
    await plan_baseline(db, actor, treatment)
    return treatment


async def cancel_session(
    db: WriteSession, actor: Actor, session_id: UUID, body: EndWithoutDose, if_match: int | None
) -> TreatmentSession:
    """Call a visit off before any dose; no reading is due any more."""
    treatment = await sessions.cancel_session(db, actor, session_id, body, if_match)
    await withdraw_slots(db, actor, treatment, f"session {treatment.id}")
    return treatment


async def mark_no_show(
    db: WriteSession, actor: Actor, session_id: UUID, body: EndWithoutDose, if_match: int | None
) -> TreatmentSession:
    """The patient did not come; no reading is due any more."""
    treatment = await sessions.mark_no_show(db, actor, session_id, body, if_match)
    await withdraw_slots(db, actor, treatment, f"session {treatment.id}")
    return treatment
