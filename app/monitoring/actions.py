"""Recording what was measured and observed. Appending never touches the session's own row."""

from collections.abc import Sequence
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
from app.monitoring import rules
from app.monitoring.models import DissociationNote, VitalSigns
from app.monitoring.schemas import (
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
    return reading


async def correct_vital_signs(  # a correction carries version and reason
    db: WriteSession, actor: Actor, reading_id: UUID, body: VitalSignsUpdate, if_match: int | None, reason: str | None
) -> VitalSigns:
    """Correct a reading, with a reason unless it is one's own recent slip."""
    reading = await one_for_update(db, actor, VitalSigns, reading_id, if_match)
    why = reason_of_change(actor, reading, reason)
    for member, value in body.model_dump(exclude_unset=True).items():
        setattr(reading, member, value)
    rules.require_possible_pressure(reading.systolic_mmhg, reading.diastolic_mmhg)
    name_change(db, reading, "vital_signs.corrected", reason=why, occurred_at=reading.measured_at)
    return reading


async def void_vital_signs(
    db: WriteSession, actor: Actor, reading_id: UUID, reason: str, if_match: int | None
) -> VitalSigns:
    """Mark a reading as entered in error."""
    reading = await one_for_update(db, actor, VitalSigns, reading_id, if_match)
    mark_entered_in_error(db, actor, reading, reason)
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
    """Correct a note, with a reason unless it is one's own recent slip."""
    note = await one_for_update(db, actor, DissociationNote, note_id, if_match)
    why = reason_of_change(actor, note, reason)
    for member, value in body.model_dump(exclude_unset=True).items():
        setattr(note, member, value)
    name_change(db, note, "dissociation_note.corrected", reason=why, occurred_at=note.observed_at)
    return note


async def void_dissociation_note(
    db: WriteSession, actor: Actor, note_id: UUID, reason: str, if_match: int | None
) -> DissociationNote:
    """Mark a note as entered in error."""
    note = await one_for_update(db, actor, DissociationNote, note_id, if_match)
    mark_entered_in_error(db, actor, note, reason)
    return note
