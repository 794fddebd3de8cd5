"""Recording and correcting doses, and what follows from them: scores and adverse events on the clock, and the slots.

The hours since the last dose are kept with each score, the minutes since the first with each adverse event, and
readings are due so many minutes after it. Whoever changes a dose changes them too, in the same transaction and as
changes of their own.
"""

from uuid import UUID

from app.assessments.actions import place_again
from app.dosing import actions as dosing
from app.dosing.models import Administration, DoseEventRecord
from app.dosing.schemas import AdministrationUpdate, AnyAdministration, AnyDoseEvent, DoseEventUpdate
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.records import one
from app.monitoring.actions import follow_dose
from app.safety.actions import place_events_again
from app.sessions.models import TreatmentSession


async def _follow(db: WriteSession, actor: Actor, given: Administration | DoseEventRecord, cause: str) -> None:
    await place_again(db, actor, given.patient_id, cause)
    await place_events_again(db, actor, given.session_id, cause)
    await follow_dose(db, actor, await one(db, actor, TreatmentSession, given.session_id), cause)


async def record_administration(
    db: WriteSession, actor: Actor, session_id: UUID, body: AnyAdministration
) -> Administration:
    """Record what was given, in whatever state the session is."""
    administration = await dosing.record_administration(db, actor, session_id, body)
    await _follow(db, actor, administration, f"administration {administration.id}")
    return administration


async def record_dose_event(
    db: WriteSession, actor: Actor, administration_id: UUID, body: AnyDoseEvent
) -> DoseEventRecord:
    """Record one thing that happened to a dose."""
    event = await dosing.record_dose_event(db, actor, administration_id, body)
    await _follow(db, actor, event, f"dose_event {event.id}")
    return event


async def correct_administration(  # a correction carries version and reason
    db: WriteSession,
    actor: Actor,
    administration_id: UUID,
    body: AdministrationUpdate,
    if_match: int | None,
    reason: str | None,
) -> Administration:
    """Correct an administration."""
    administration = await dosing.correct_administration(db, actor, administration_id, body, if_match, reason)
    await _follow(db, actor, administration, f"administration {administration.id}")
    return administration


async def correct_dose_event(  # a correction carries version and reason
    db: WriteSession, actor: Actor, event_id: UUID, body: DoseEventUpdate, if_match: int | None, reason: str | None
) -> DoseEventRecord:
    """Correct a dose event."""
    event = await dosing.correct_dose_event(db, actor, event_id, body, if_match, reason)
    await _follow(db, actor, event, f"dose_event {event.id}")
    return event


async def void_dose_event(
    db: WriteSession, actor: Actor, event_id: UUID, reason: str, if_match: int | None
) -> DoseEventRecord:
    """Mark a dose event as entered in error."""
    event = await dosing.void_dose_event(db, actor, event_id, reason, if_match)
    await _follow(db, actor, event, f"dose_event {event.id}")
    return event


async def void_administration(
    db: WriteSession, actor: Actor, administration_id: UUID, reason: str, if_match: int | None
) -> Administration:
    """Mark an administration and its events as entered in error."""
    administration = await dosing.void_administration(db, actor, administration_id, reason, if_match)
    await _follow(db, actor, administration, f"administration {administration.id}")
    return administration
