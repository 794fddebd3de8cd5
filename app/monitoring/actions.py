"""Recording what was measured and observed. Appending never touches the session's own row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.alerts.actions import Cause, end_alerts_of, end_alerts_of_voided, raise_alert
from app.alerts.queries import unresolved_alerts_of
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.errors import Failure
from app.kernel.ledger import name_change
from app.kernel.records import (
    already_created,
    identity_of,
    mark_entered_in_error,
    one,
    one_for_update,
    one_in_version,
    one_locked,
    reason_of_change,
    require_version,
)
from app.monitoring import rules
from app.monitoring.models import DissociationNote, VitalSigns
from app.monitoring.rules import Finding, Measured
from app.monitoring.schemas import (
    MEASURES,
    OBSERVATIONS,
    DissociationNoteCreate,
    DissociationNoteUpdate,
    VitalSignsCreate,
    VitalSignsUpdate,
)
from app.monitoring.slots import actions as slots
from app.monitoring.slots.actions import Watched
from app.monitoring.slots.queries import last_pressure_before, standing_readings
from app.sessions.actions import is_frozen, require_unsigned
from app.sessions.models import TreatmentSession
from app.sessions.rules import SessionStatus


async def record_vital_signs(db: WriteSession, actor: Actor, session_id: UUID, body: VitalSignsCreate) -> VitalSigns:
    """Record one set of readings, in whatever state the session is.

    It takes the slot it fits, raises an alert where that is needed, and is asked for again where it is abnormal.

    Raises:
        ImpossiblePressure: diastolic not below systolic.
    """
    return await _append(db, actor, await _watched(db, actor, session_id), body, "#")


async def add_past_vital_signs(
    db: WriteSession, actor: Actor, treatment: TreatmentSession, body: VitalSignsCreate
) -> VitalSigns:
    """Record a reading of a session that is over and is being recorded now, together with it; it has no slots.

    Raises:
        ImpossiblePressure: diastolic not below systolic.
    """
    return await _append(db, actor, await slots.watched_session(db, actor, treatment), body, "#")


async def record_vital_signs_batch(
    db: WriteSession, actor: Actor, session_id: UUID, items: Sequence[VitalSignsCreate]
) -> list[VitalSigns]:
    """Record several sets of readings, all or none.

    Raises:
        ImpossiblePressure: with the place of the reading.
    """
    watched = await _watched(db, actor, session_id)
    return [await _append(db, actor, watched, item, f"#/items/{number}") for number, item in enumerate(items)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one reading of several that are recorded each by itself."""

    status: int
    reading: VitalSigns | None = None
    failure: Failure | None = None


async def record_vital_signs_each(
    db: WriteSession, actor: Actor, session_id: UUID, items: Sequence[VitalSignsCreate | Failure]
) -> list[Outcome]:
    """Record several sets of readings in the order sent, each by itself; what cannot be read comes as its failure.

    Whatever refuses a reading does so before its first row is written, so one that is refused leaves nothing behind
    and keeps none of the others out.
    """
    watched = await _watched(db, actor, session_id)
    outcomes: list[Outcome] = []
    for item in items:
        if isinstance(item, Failure):
            outcomes.append(Outcome(item.status, failure=item))
            continue
        try:
            reading = await _append(db, actor, watched, item, "#")
        except Failure as failure:
            outcomes.append(Outcome(failure.status, failure=failure))
        else:
            outcomes.append(Outcome(200 if db.info.pop("already_created", False) else 201, reading))
    return outcomes


async def _watched(db: WriteSession, actor: Actor, session_id: UUID) -> Watched:
    """The session, locked: readings of one session come one after the other. Its version stays what it is."""
    return await slots.watched_session(db, actor, await one_locked(db, actor, TreatmentSession, session_id))


async def _append(db: WriteSession, actor: Actor, watched: Watched, body: VitalSignsCreate, pointer: str) -> VitalSigns:
    treatment = watched.treatment
    if (before := await already_created(db, actor, VitalSigns, body, session_id=treatment.id)) is not None:
        return before
    rules.require_possible_pressure(body.systolic_mmhg, body.diastolic_mmhg, pointer=f"{pointer}/diastolic_mmhg")
    now, sent_at = clock.now(), body.device_sent_at
    reading = VitalSigns(
        **identity_of(actor, body),
        patient_id=treatment.patient_id,
        session_id=treatment.id,
        after_signature=is_frozen(treatment),
        **body.model_dump(exclude={"id"}),
        late=_is_late(watched, body.measured_at, now),
        slot_conflict=False,
        clock_skew_seconds=None if sent_at is None else rules.clock_skew_seconds(sent_at, now),
    )
    db.add(reading)
    name_change(db, reading, "vital_signs.recorded", occurred_at=body.measured_at)
    await slots.take(db, watched, reading)
    found = await _findings(db, actor, watched, reading)
    for finding in found:
        await _alarm(db, actor, reading, finding)
    await slots.ask_again(db, actor, watched, reading, found)
    return reading


def _is_late(watched: Watched, measured_at: datetime, recorded_at: datetime) -> bool:
    is_over = SessionStatus(watched.treatment.status) in {SessionStatus.DISCHARGED, SessionStatus.SIGNED}
    return is_over or rules.is_recorded_late(measured_at, recorded_at, watched.tolerance_minutes)


# ── what is found in them ────────────────────────────────────────────────────────────────────────────────────────────


async def _findings(db: WriteSession, actor: Actor, watched: Watched, reading: VitalSigns) -> tuple[Finding, ...]:
    """What is found in a reading as it stands; a rise is looked for only where it would change anything."""
    started_at, measured = watched.treatment.started_at, reading.measured
    if started_at is None or (reading.measured_at <= started_at and watched.treatment.given_on is None):
        return rules.findings(measured, None, watched.limits, before_dose=True)
    found = rules.findings(measured, None, watched.limits)
    has_pressure = rules.PRESSURE in measured.measures and all(one.measure != rules.PRESSURE for one in found)
    if not (watched.is_going_on and has_pressure):
        return found
    before = (await db.execute(last_pressure_before(actor, watched.treatment.id, started_at))).first()
    return found if before is None else rules.findings(measured, Measured(*before), watched.limits)


async def _alarm(db: WriteSession, actor: Actor, reading: VitalSigns, finding: Finding) -> None:
    if finding.severity is None:
        return
    cause = Cause(reading.__resource__, reading.id, reading.patient_id, reading.session_id, reading.measured_at)
    await raise_alert(
        db,
        actor,
        cause,
        code=finding.code,
        severity=finding.severity,
        rule=finding.rule,
        policy_version=finding.policy_version,
    )


async def follow_dose(db: WriteSession, actor: Actor, treatment: TreatmentSession, cause: str) -> None:
    """Let the slots follow the first moment of the dose, and hold readings against the limits that count after it.

    A reading that was typed in before its dose was taken for one before the dose; it is looked at again.
    """
    if (moved := await slots.follow_dose(db, actor, treatment, cause)) is None or treatment.started_at is None:
        return
    readings = (await db.execute(standing_readings(actor, treatment.id))).scalars().all()
    for reading in sorted(readings, key=lambda one: (one.measured_at, one.id)):
        was_before = moved.was is None or reading.measured_at <= moved.was
        if not was_before or reading.measured_at <= treatment.started_at:
            continue
        if not (found := await _findings(db, actor, moved.watched, reading)):
            continue
        raised = {one.code for one in (await db.execute(unresolved_alerts_of(actor, reading.id))).scalars()}
        for finding in found:
            if finding.code not in raised:
                await _alarm(db, actor, reading, finding)
        await slots.ask_again(db, actor, moved.watched, reading, found)


async def look_again_at_readings(db: WriteSession, actor: Actor, treatment: TreatmentSession, cause: str) -> None:
    """Say what readings say of the patient they turned out to be of, by that patient's own limits; repeats follow."""
    watched = await slots.watched_session(db, actor, treatment)
    readings = (await db.execute(standing_readings(actor, treatment.id))).scalars().all()
    for reading in sorted(readings, key=lambda one: (one.measured_at, one.id)):
        found = await _findings(db, actor, watched, reading)
        slots.withdraw_repeats(db, actor, watched, reading, slots.repeat_due(watched, reading, found), cause)
        for finding in found:
            await _alarm(db, actor, reading, finding)
        await slots.ask_again(db, actor, watched, reading, found)


# ── correcting ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def _locked(db: WriteSession, actor: Actor, reading_id: UUID, if_match: int | None) -> tuple[VitalSigns, Watched]:
    """A reading and its session, the session locked first: everybody takes the two in this order."""
    seen = await one_in_version(db, actor, VitalSigns, reading_id, if_match)
    watched = await _watched(db, actor, seen.session_id)
    reading = await one_locked(db, actor, VitalSigns, reading_id)
    await require_version(db, actor, reading, if_match)
    return reading, watched


async def correct_vital_signs(  # a correction carries version and reason
    db: WriteSession, actor: Actor, reading_id: UUID, body: VitalSignsUpdate, if_match: int | None, reason: str | None
) -> VitalSigns:
    """Correct a reading, with a reason unless it is one's own recent slip. Alerts and slots follow.

    Raises:
        ImpossiblePressure: diastolic not below systolic.
        NothingLeft: no measurement would be left.
    """
    reading, watched = await _locked(db, actor, reading_id, if_match)
    await require_unsigned(db, actor, reading)
    why = reason_of_change(actor, reading, reason)
    told = body.model_dump(exclude_unset=True)
    before = {finding.code for finding in await _findings(db, actor, watched, reading)}
    with db.no_autoflush:  # a pressure of two corrected halves is impossible until both are there
        for member, value in told.items():
            setattr(reading, member, value)
        rules.require_something_left((getattr(reading, one_of) for one_of in MEASURES), told.keys() & MEASURES)
        rules.require_possible_pressure(reading.systolic_mmhg, reading.diastolic_mmhg)
    if "measured_at" in told:
        reading.late = _is_late(watched, reading.measured_at, reading.recorded_at)
    cause = f"vital_signs {reading.id}"
    await slots.rebind(db, actor, watched, cause)
    found = await _findings(db, actor, watched, reading)
    slots.withdraw_repeats(db, actor, watched, reading, slots.repeat_due(watched, reading, found), cause)
    # Also what was not found before: the limit may have been another when it was recorded.
    for alert in (await db.execute(unresolved_alerts_of(actor, reading.id))).scalars().all():
        if alert.code not in {finding.code for finding in found}:
            await end_alerts_of(db, actor, reading.id, "The reading was corrected.", code=alert.code)
    for finding in found:
        if finding.code not in before:
            await _alarm(db, actor, reading, finding)
    await slots.ask_again(db, actor, watched, reading, found)
    name_change(db, reading, "vital_signs.corrected", reason=why, occurred_at=reading.measured_at)
    return reading


async def void_vital_signs(
    db: WriteSession, actor: Actor, reading_id: UUID, reason: str, if_match: int | None
) -> VitalSigns:
    """Mark a reading as entered in error: its alerts end with that reason, its slots are open again."""
    reading, watched = await _locked(db, actor, reading_id, if_match)
    await require_unsigned(db, actor, reading)
    mark_entered_in_error(db, actor, reading, reason)
    await end_alerts_of_voided(db, actor, reading.id, reason)
    cause = f"vital_signs {reading.id}"
    slots.withdraw_repeats(db, actor, watched, reading, None, cause)
    await slots.rebind(db, actor, watched, cause)
    return reading


async def record_dissociation_note(
    db: WriteSession, actor: Actor, session_id: UUID, body: DissociationNoteCreate
) -> DissociationNote:
    """Record what somebody observed, in whatever state the session is."""
    if (before := await already_created(db, actor, DissociationNote, body, session_id=session_id)) is not None:
        return before
    treatment = await one(db, actor, TreatmentSession, session_id, held=True)
    note = DissociationNote(
        **identity_of(actor, body),
        patient_id=treatment.patient_id,
        session_id=treatment.id,
        after_signature=is_frozen(treatment),
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
    await require_unsigned(db, actor, note)
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
    await require_unsigned(db, actor, note)
    mark_entered_in_error(db, actor, note, reason)
    return note
