"""Recording what was measured and observed. Appending never touches the session's own row."""

from collections.abc import Sequence
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
from app.monitoring.limits import pressure_limit
from app.monitoring.models import DissociationNote, VitalSigns
from app.monitoring.schemas import (
    MEASURES,
    OBSERVATIONS,
    DissociationNoteCreate,
    DissociationNoteUpdate,
    VitalSignsCreate,
    VitalSignsUpdate,
)
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
    reading = VitalSigns(
        **identity_of(actor, body),
        patient_id=treatment.patient_id,
        session_id=treatment.id,
        **body.model_dump(exclude={"id"}),
    )
    db.add(reading)
    name_change(db, reading, "vital_signs.recorded", occurred_at=body.measured_at)
    if _alarms(reading):
        _alarm(db, actor, reading)
    return reading


def _alarms(reading: VitalSigns) -> bool:
    return rules.pressure_alarms(pressure_limit(), reading.systolic_mmhg, reading.diastolic_mmhg)


def _alarm(db: WriteSession, actor: Actor, reading: VitalSigns) -> None:
    cause = Cause(reading.__resource__, reading.id, reading.patient_id, reading.session_id, reading.measured_at)
    limit = pressure_limit()
    raise_alert(db, actor, cause, code=limit.code, severity=AlertSeverity.URGENT, rule=limit.in_words)


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
    told, alarmed = body.model_dump(exclude_unset=True), _alarms(reading)
    for member, value in told.items():
        setattr(reading, member, value)
    rules.require_something_left((getattr(reading, one_of) for one_of in MEASURES), told.keys() & MEASURES)
    rules.require_possible_pressure(reading.systolic_mmhg, reading.diastolic_mmhg)
    name_change(db, reading, "vital_signs.corrected", reason=why, occurred_at=reading.measured_at)
    if alarmed and not _alarms(reading):
        await end_alerts_of(db, actor, reading.id, "The reading was corrected.")
    elif not alarmed and _alarms(reading):
        _alarm(db, actor, reading)
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
