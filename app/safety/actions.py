"""Recording and correcting adverse events. Appending never touches the session's own row."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.alerts.actions import Cause, end_alerts_of, end_alerts_of_voided, raise_alert
from app.alerts.rules import AlertSeverity
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.ledger import name_change
from app.kernel.records import (
    already_created,
    find,
    identity_of,
    mark_entered_in_error,
    one,
    one_for_update,
    reason_of_change,
)
from app.patients.models import Patient
from app.safety import queries, rules
from app.safety.catalogue import shipped_vocabulary
from app.safety.models import AdverseEvent
from app.safety.rules import Told
from app.safety.schemas import AdverseEventCreate, AdverseEventUpdate
from app.sessions.actions import is_frozen
from app.sessions.models import TreatmentSession

_CTCAE: Final = "5.0"
_ALERT: Final = "adverse_event"
_RULE: Final = (
    "An adverse event is serious or of grade 4 or 5. Seriatim default: danger to life is an emergency, anything else "
    "that is serious is urgent."
)


async def record_session_event(
    db: WriteSession, actor: Actor, session_id: UUID, body: AdverseEventCreate
) -> AdverseEvent:
    """Record an event of a session, in whatever state the session is, also long after it was signed.

    Raises:
        ImpossibleAdverseEvent: it cannot have been like this.
    """
    if (before := await already_created(db, actor, AdverseEvent, body, session_id=session_id)) is not None:
        return before
    treatment = await one(db, actor, TreatmentSession, session_id, held=True)
    return await _record(db, actor, treatment.patient_id, treatment, body)


async def record_patient_event(
    db: WriteSession, actor: Actor, patient_id: UUID, body: AdverseEventCreate
) -> AdverseEvent:
    """Record an event that belongs to no session.

    Raises:
        ImpossibleAdverseEvent: it cannot have been like this.
    """
    if (before := await already_created(db, actor, AdverseEvent, body, patient_id=patient_id)) is not None:
        return before
    patient = await one(db, actor, Patient, patient_id)
    return await _record(db, actor, patient.id, None, body)


async def _record(
    db: WriteSession, actor: Actor, patient_id: UUID, treatment: TreatmentSession | None, body: AdverseEventCreate
) -> AdverseEvent:
    event = AdverseEvent(
        **identity_of(actor, body),
        patient_id=patient_id,
        course_id=treatment and treatment.course_id,
        session_id=treatment and treatment.id,
        after_signature=is_frozen(treatment),
    )
    _set(event, body.model_dump(exclude={"id"}))
    # A clock that is a little ahead may tell of what has not begun here; the clinic knew when it was told.
    event.known_at = body.known_at or max(clock.now(), event.onset_at)
    severity = _derive(actor, event, treatment)
    db.add(event)
    name_change(db, event, "adverse_event.recorded", occurred_at=event.onset_at)
    if severity is not None:
        await _alarm(db, actor, event, severity)
    return event


def _set(event: AdverseEvent, told: dict[str, Any]) -> None:
    for member, value in told.items():
        match member:
            case "seriousness":
                event.seriousness = [one.value for one in dict.fromkeys(value)]
            case "reported_to":
                event.reported_to = [
                    one | {"reported_at": one["reported_at"].isoformat().replace("+00:00", "Z")} for one in value
                ]
            case _:
                setattr(event, member, value)


def _told(event: AdverseEvent) -> Told:
    return Told(
        term=event.term,
        onset_at=event.onset_at,
        known_at=event.known_at,
        resolved_at=event.resolved_at,
        grade=event.grade,
        seriousness=event.seriousness,
        expected=event.expected,
        causality=event.causality,
        outcome=event.outcome,
        reporting_basis=event.reporting_basis,
        reported_at=[datetime.fromisoformat(one["reported_at"]) for one in event.reported_to],
        has_narrative=event.narrative is not None,
    )


def _derive(actor: Actor, event: AdverseEvent, treatment: TreatmentSession | None) -> AlertSeverity | None:
    """Set what follows from what is told, and say whom it has to alarm."""
    vocabulary, told = shipped_vocabulary(), _told(event)
    rules.require_possible(told, vocabulary)
    event.vocabulary_version = vocabulary.version
    if event.grade is not None and event.ctcae_version is None:
        event.ctcae_version = _CTCAE
    event.onset_minutes_from_t0 = _minutes(treatment, event)
    event.ongoing = rules.is_ongoing(told, vocabulary)
    event.serious = bool(rules.criteria_of(told, vocabulary))
    known_on = clock.day_of(event.known_at, actor.time_zone)
    event.report_due_on = rules.report_due_on(told, known_on, vocabulary)
    return rules.severity_of(told, vocabulary)


def _minutes(treatment: TreatmentSession | None, event: AdverseEvent) -> int | None:
    # Where only the day of the dose is known, its time is none to count from.
    t0 = None if treatment is None or treatment.given_on is not None else treatment.started_at
    return rules.minutes_from(t0, event.onset_at)


async def _alarm(db: WriteSession, actor: Actor, event: AdverseEvent, severity: AlertSeverity) -> None:
    cause = Cause(event.__resource__, event.id, event.patient_id, event.session_id, event.onset_at)
    await raise_alert(db, actor, cause, code=_ALERT, severity=severity, rule=_RULE)


async def correct_adverse_event(  # a correction carries version and reason
    db: WriteSession,
    actor: Actor,
    event_id: UUID,
    body: AdverseEventUpdate,
    if_match: int | None,
    reason: str | None,
) -> AdverseEvent:
    """Correct an event or add what became known since; its alert ends or is raised as it now needs.

    Raises:
        ImpossibleAdverseEvent: it cannot have been like this.
    """
    event = await one_for_update(db, actor, AdverseEvent, event_id, if_match)
    why = reason_of_change(actor, event, reason)
    treatment = None if event.session_id is None else await find(db, actor, TreatmentSession, event.session_id)
    was = rules.severity_of(_told(event), shipped_vocabulary())
    _set(event, body.model_dump(exclude_unset=True))
    severity = _derive(actor, event, treatment)
    name_change(db, event, "adverse_event.corrected", reason=why, occurred_at=event.onset_at)
    if severity is not was:
        await end_alerts_of(db, actor, event.id, "The adverse event was corrected.")
        if severity is not None:
            await _alarm(db, actor, event, severity)
    return event


async def void_adverse_event(
    db: WriteSession, actor: Actor, event_id: UUID, reason: str, if_match: int | None
) -> AdverseEvent:
    """Mark an event as entered in error; the alert it raised ends with that reason."""
    event = await one_for_update(db, actor, AdverseEvent, event_id, if_match)
    mark_entered_in_error(db, actor, event, reason)
    await end_alerts_of_voided(db, actor, event.id, reason)
    return event


async def place_events_again(db: WriteSession, actor: Actor, session_id: UUID, cause: str) -> None:
    """Reckon again how long after the first dose a session's events began, because a dose was recorded or corrected.

    Each event that moves gets a change of its own, which names the cause.
    """
    await db.flush()
    treatment = await find(db, actor, TreatmentSession, session_id)
    for event in (await db.execute(queries.standing_events_of(actor, session_id))).scalars():
        minutes = _minutes(treatment, event)
        if minutes != event.onset_minutes_from_t0:
            event.onset_minutes_from_t0 = minutes
            name_change(db, event, "adverse_event.placed_again", reason=cause, occurred_at=event.onset_at)
