"""Recording what was measured and observed. Appending never touches the session's own row."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from app.alerts.actions import Cause, end_alerts_of, raise_alert
from app.alerts.rules import AlertSeverity
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
from app.monitoring import rules
from app.monitoring.models import DissociationNote, VitalSigns
from app.monitoring.schemas import (
    MEASURES,
    OBSERVATIONS,
    DissociationNoteCreate,
    DissociationNoteUpdate,
    VitalSignsCreate,
    VitalSignsUpdate,
)
from app.policies.queries import values_for
from app.policies.rules import InForce
from app.sessions.models import TreatmentSession


async def record_vital_signs(db: WriteSession, actor: Actor, session_id: UUID, body: VitalSignsCreate) -> VitalSigns:
    """Record one set of readings, in whatever state the session is.

    Raises:
        ImpossiblePressure: diastolic not below systolic.
    """
    treatment = await one(db, actor, TreatmentSession, session_id)
    return await _append(db, actor, treatment, body, "#")


async def record_vital_signs_batch(
    db: WriteSession, actor: Actor, session_id: UUID, items: Sequence[VitalSignsCreate]
) -> list[VitalSigns]:
    """Record several sets of readings, all or none.

    Raises:
        ImpossiblePressure: with the place of the reading.
    """
    treatment = await one(db, actor, TreatmentSession, session_id)
    return [await _append(db, actor, treatment, item, f"#/items/{number}") for number, item in enumerate(items)]


async def _append(
    db: WriteSession, actor: Actor, treatment: TreatmentSession, body: VitalSignsCreate, pointer: str
) -> VitalSigns:
    if (before := await already_created(db, actor, VitalSigns, body, session_id=treatment.id)) is not None:
        return before
    rules.require_possible_pressure(body.systolic_mmhg, body.diastolic_mmhg, pointer=f"{pointer}/diastolic_mmhg")
    limit = await _pressure_limit(db, actor, treatment.patient_id)
    reading = VitalSigns(
        **identity_of(actor, body),
        patient_id=treatment.patient_id,
        session_id=treatment.id,
        **body.model_dump(exclude={"id"}),
    )
    db.add(reading)
    name_change(db, reading, "vital_signs.recorded", occurred_at=body.measured_at)
    if _alarms(limit, reading):
        _alarm(db, actor, reading, limit)
    return reading


_LIMIT: Final = "pressure_escalate_from"


async def _pressure_limit(db: WriteSession, actor: Actor, patient_id: UUID) -> InForce:
    """From which pressure on somebody has to look at a patient now."""
    return (await values_for(db, actor, [_LIMIT], patient_id))[_LIMIT]


def _alarms(limit: InForce, reading: VitalSigns) -> bool:
    return rules.pressure_alarms(limit.pressure, reading.systolic_mmhg, reading.diastolic_mmhg)


def _alarm(db: WriteSession, actor: Actor, reading: VitalSigns, limit: InForce) -> None:
    cause = Cause(reading.__resource__, reading.id, reading.patient_id, reading.session_id, reading.measured_at)
    high = limit.pressure
    rule = f"Blood pressure from {high.systolic_mmhg} systolic or {high.diastolic_mmhg} diastolic mmHg. {limit.source}"
    raise_alert(
        db,
        actor,
        cause,
        code="pressure_high",
        severity=AlertSeverity.URGENT,
        rule=rule,
        policy_version=limit.version,
    )


async def correct_vital_signs(  # a correction carries version and reason
    db: WriteSession, actor: Actor, reading_id: UUID, body: VitalSignsUpdate, if_match: int | None, reason: str | None
) -> VitalSigns:
    """Correct a reading, with a reason unless it is one's own recent slip.

    Raises:
        ImpossiblePressure: diastolic not below systolic.
        NothingLeft: no measurement would be left.
    """
    reading = await one_for_update(db, actor, VitalSigns, reading_id, if_match)
    why = reason_of_change(actor, reading, reason)
    limit = await _pressure_limit(db, actor, reading.patient_id)
    told, alarmed = body.model_dump(exclude_unset=True), _alarms(limit, reading)
    for member, value in told.items():
        setattr(reading, member, value)
    rules.require_something_left((getattr(reading, one_of) for one_of in MEASURES), told.keys() & MEASURES)
    rules.require_possible_pressure(reading.systolic_mmhg, reading.diastolic_mmhg)
    name_change(db, reading, "vital_signs.corrected", reason=why, occurred_at=reading.measured_at)
    if not _alarms(limit, reading):
        # Also where it did not alarm before: the limit may have been another when it was recorded.
        await end_alerts_of(db, actor, reading.id, "The reading was corrected.")
    elif not alarmed:
        _alarm(db, actor, reading, limit)
    return reading


async def void_vital_signs(
    db: WriteSession, actor: Actor, reading_id: UUID, reason: str, if_match: int | None
) -> VitalSigns:
    """Mark a reading as entered in error; the alert it raised ends with that reason."""
    reading = await one_for_update(db, actor, VitalSigns, reading_id, if_match)
    mark_entered_in_error(db, actor, reading, reason)
    await end_alerts_of(db, actor, reading.id, f"Entered in error: {reason}")
    return reading


async def record_dissociation_note(
    db: WriteSession, actor: Actor, session_id: UUID, body: DissociationNoteCreate
) -> DissociationNote:
    """Record what somebody observed, in whatever state the session is."""
    if (before := await already_created(db, actor, DissociationNote, body, session_id=session_id)) is not None:
        return before
    treatment = await one(db, actor, TreatmentSession, session_id)
    note = DissociationNote(
        **identity_of(actor, body),
        patient_id=treatment.patient_id,
        session_id=treatment.id,
        **body.model_dump(exclude={"id"}),
    )
    db.add(note)
    name_change(db, note, "dissociation_note.recorded", occurred_at=body.observed_at)
    return note


async def correct_dissociation_note(  # a correction carries version and reason
    db: WriteSession,
    actor: Actor,
    note_id: UUID,
    body: DissociationNoteUpdate,
    if_match: int | None,
    reason: str | None,
) -> DissociationNote:
    """Correct a note, with a reason unless it is one's own recent slip.

    Raises:
        NothingLeft: no observation would be left.
    """
    note = await one_for_update(db, actor, DissociationNote, note_id, if_match)
    why = reason_of_change(actor, note, reason)
    told = body.model_dump(exclude_unset=True)
    for member, value in told.items():
        setattr(note, member, value)
    rules.require_something_left((getattr(note, one_of) for one_of in OBSERVATIONS), told.keys() & OBSERVATIONS)
    name_change(db, note, "dissociation_note.corrected", reason=why, occurred_at=note.observed_at)
    return note


async def void_dissociation_note(
    db: WriteSession, actor: Actor, note_id: UUID, reason: str, if_match: int | None
) -> DissociationNote:
    """Mark a note as entered in error."""
    note = await one_for_update(db, actor, DissociationNote, note_id, if_match)
    mark_entered_in_error(db, actor, note, reason)
    return note
