"""Making slots, letting readings take them, and saying that one was missed.

Whoever comes here has locked the session: readings, doses and misses of one session come one after the other, so two
devices that write for one slot at once do not both get it, and none of their readings is lost.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.alerts.rules import opens_live
from app.courses.models import Course
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.ledger import name_change
from app.kernel.records import (
    identity_of,
    mark_entered_in_error,
    one,
    one_in_version,
    one_locked,
    require_version,
)
from app.monitoring.models import VitalSigns
from app.monitoring.rules import LIMITS, PRESSURE, Finding
from app.monitoring.slots import queries, rules
from app.monitoring.slots.catalogue import shipped_schedules
from app.monitoring.slots.models import VitalSlot
from app.monitoring.slots.rules import Due, Reading, Schedule, SlotKind
from app.monitoring.slots.schemas import MissVitalSlot
from app.policies.catalogue import shipped_policies
from app.policies.queries import values_for
from app.policies.rules import InForce
from app.protocols.queries import resolve
from app.sessions.models import TreatmentSession
from app.sessions.rules import SessionStatus

_TOLERANCE: Final = "vital_slot_late_after_minutes"
_WATCHED: Final = frozenset({SessionStatus.DOSING, SessionStatus.OBSERVING})


@dataclass(slots=True)
class Watched:
    """A locked session with the slots that stand in it and the limits its readings are held against."""

    treatment: TreatmentSession
    limits: Mapping[str, InForce]
    slots: list[VitalSlot]

    @property
    def is_going_on(self) -> bool:
        """Whether the patient is being watched after a dose; also when dosing was aborted."""
        return SessionStatus(self.treatment.status) in _WATCHED

    @property
    def tolerance_minutes(self) -> int:
        """After how many minutes something is late."""
        return int(self.limits[_TOLERANCE].number)


async def watched_session(db: WriteSession, actor: Actor, treatment: TreatmentSession) -> Watched:
    """The session as its readings find it: two statements, one where it cannot have slots."""
    limits = await values_for(db, actor, LIMITS, treatment.patient_id)
    arrived = treatment.checked_in_at is not None or treatment.started_at is not None
    has_slots = arrived and not treatment.recorded_afterwards
    return Watched(treatment, limits, await _standing(db, actor, treatment) if has_slots else [])


async def _standing(db: WriteSession, actor: Actor, treatment: TreatmentSession) -> list[VitalSlot]:
    return list((await db.execute(queries.standing_slots(actor, treatment.id))).scalars())


# ── readings take slots ──────────────────────────────────────────────────────────────────────────────────────────────


def _plain(reading: VitalSigns) -> Reading:
    return Reading(reading.id, reading.measured_at, reading.measured.measures)


async def take(db: WriteSession, watched: Watched, reading: VitalSigns, cause: str | None = None) -> bool:
    """Let a reading take the slots it answers.

    Returns:
        Whether it is another answer than before to the question if somebody else had the slot.
    """
    taking = rules.taking(_plain(reading), [slot.plain for slot in watched.slots])
    is_other = reading.slot_conflict != taking.conflict
    reading.slot_conflict = taking.conflict
    ids = {slot.id for slot in taking.slots}
    new = [slot for slot in watched.slots if slot.id in ids and _is_new_for(slot, reading)]
    if new:
        await db.flush()  # a slot refers to its reading
    for slot in new:
        slot.reading_id = reading.id
        slot.measured_late = reading.measured_at > slot.late_from
        slot.missed_at = slot.missed_by = slot.missed_reason = None
        name_change(db, slot, "vital_slot.done", reason=cause, occurred_at=reading.measured_at)
    return is_other


def _is_new_for(slot: VitalSlot, reading: VitalSigns) -> bool:
    return slot.reading_id != reading.id or slot.measured_late != (reading.measured_at > slot.late_from)


async def rebind(db: WriteSession, actor: Actor, watched: Watched, cause: str) -> None:
    """Say anew which reading has which slot, after a slot or a reading came, went or moved.

    What still fits stays. A slot whose reading no longer fits, or does not stand, is open again, and goes to the first
    of the others that was recorded.
    """
    if not watched.slots:
        return
    readings: Sequence[VitalSigns] = (
        (await db.execute(queries.standing_readings(actor, watched.treatment.id))).scalars().all()
    )
    known = {reading.id: _plain(reading) for reading in readings}
    for slot in watched.slots:
        if slot.reading_id is None:
            continue
        reading = known.get(slot.reading_id)
        held = () if reading is None else rules.taking(reading, [one.plain for one in watched.slots]).slots
        if slot.id not in {one.id for one in held}:
            slot.reading_id, slot.measured_late = None, False
            name_change(db, slot, "vital_slot.reopened", reason=cause)
    for reading in readings:
        if await take(db, watched, reading, cause):
            name_change(db, reading, "vital_signs.slot_reckoned", reason=cause, occurred_at=reading.measured_at)


# ── repeats ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def repeat_due(watched: Watched, reading: VitalSigns, found: Iterable[Finding]) -> Due | None:
    """When a reading with these findings is due again; None where it is not, or where nobody is watched any more."""
    minutes = [one.repeat_after_minutes for one in found if one.repeat_after_minutes is not None]
    if not minutes or not watched.is_going_on or not _is_live(reading.measured_at):
        return None
    return rules.repeat(reading.measured_at, min(minutes), timedelta(minutes=watched.tolerance_minutes))


def _is_live(at: datetime) -> bool:
    return opens_live(at, clock.now(), int(shipped_policies()["alert_historic_days"].number))


async def ask_again(
    db: WriteSession, actor: Actor, watched: Watched, reading: VitalSigns, found: Sequence[Finding]
) -> None:
    """Make the slot that repeats an abnormal reading, unless one is open that asks for as much."""
    if (due := repeat_due(watched, reading, found)) is None:
        return
    repeated = [one for one in found if one.repeat_after_minutes is not None]
    asks = {one.measure for one in repeated}
    if any(slot.kind == SlotKind.REPEAT and slot.plain.is_open and asks <= set(slot.asks) for slot in watched.slots):
        return
    await db.flush()  # the slot refers to its cause
    cause = f"vital_signs {reading.id}"
    slot = _new(db, actor, watched.treatment, SlotKind.REPEAT, due, asks=sorted(asks), reading=reading)
    slot.findings = [one.code for one in repeated]
    name_change(db, slot, "vital_slot.asked", reason=cause, occurred_at=reading.measured_at)
    watched.slots.append(slot)
    if due.window_from <= clock.now():
        await rebind(db, actor, watched, cause)


def withdraw_repeats(
    db: WriteSession, actor: Actor, watched: Watched, reading: VitalSigns, due: Due | None, cause: str
) -> None:
    """Withdraw what was asked for because of a reading and is due no more, or at another time; what was done stays."""
    for slot in [*watched.slots]:
        if slot.cause_id == reading.id and slot.plain.is_open and (due is None or due.due_at != slot.due_at):
            mark_entered_in_error(db, actor, slot, cause)
            watched.slots.remove(slot)


# ── slots come with arrival and dose ─────────────────────────────────────────────────────────────────────────────────


def _new(  # what it is and when it is due
    db: WriteSession,
    actor: Actor,
    treatment: TreatmentSession,
    kind: SlotKind,
    due: Due,
    *,
    asks: Sequence[str] = (PRESSURE,),
    reading: VitalSigns | None = None,
) -> VitalSlot:
    slot = VitalSlot(
        **identity_of(actor),
        patient_id=treatment.patient_id,
        session_id=treatment.id,
        kind=kind,
        asks=[*asks],
        minutes_from_t0=due.minutes_from_t0,
        cause_id=None if reading is None else reading.id,
        findings=[],
        due_at=due.due_at,
        late_from=due.late_from,
        window_from=due.window_from,
        window_until=due.window_until,
        measured_late=False,
    )
    db.add(slot)
    return slot


def _set_due(slot: VitalSlot, due: Due) -> bool:
    """Give a slot its times; say whether they are others than before."""
    if slot.plain.due == due:
        return False
    slot.due_at, slot.late_from = due.due_at, due.late_from
    slot.window_from, slot.window_until = due.window_from, due.window_until
    return True


async def _schedule(db: WriteSession, actor: Actor, treatment: TreatmentSession) -> Schedule:
    course = await one(db, actor, Course, treatment.course_id)
    protocol = await resolve(db, actor, course.protocol_code, course.protocol_version)
    return rules.schedule_for(
        protocol, shipped_schedules(), drug=treatment.drug, route=treatment.route, setting=treatment.setting
    )


def _baseline(treatment: TreatmentSession, schedule: Schedule, tolerance: timedelta) -> Due | None:
    within, t0 = timedelta(minutes=schedule.within_minutes), treatment.started_at
    if t0 is not None:
        return rules.baseline_before(t0, within, tolerance)
    if treatment.checked_in_at is None:
        return None
    return rules.baseline_at_arrival(treatment.checked_in_at, treatment.scheduled_start_at, within, tolerance)


async def plan_baseline(db: WriteSession, actor: Actor, treatment: TreatmentSession) -> None:
    """Make the slot of the reading before the dose, when the patient has come; readings of before may take it."""
    watched = await watched_session(db, actor, treatment)
    tolerance = timedelta(minutes=watched.tolerance_minutes)
    due = _baseline(treatment, await _schedule(db, actor, treatment), tolerance)
    if due is None or any(slot.kind == SlotKind.BASELINE for slot in watched.slots):
        return
    cause = f"session {treatment.id}"
    slot = _new(db, actor, treatment, SlotKind.BASELINE, due)
    name_change(db, slot, "vital_slot.planned", reason=cause)
    watched.slots.append(slot)
    await rebind(db, actor, watched, cause)


@dataclass(frozen=True, slots=True)
class Moved:
    """The first moment of a session's dose is another than its slots were made for; None: there was none."""

    watched: Watched
    was: datetime | None


async def follow_dose(db: WriteSession, actor: Actor, treatment: TreatmentSession, cause: str) -> Moved | None:
    """Let the slots follow the first moment of the dose: made when it is known, moved with it, gone without it.

    A further dose in the same session makes no further ones. One statement where nothing changed.

    Returns:
        None where nothing changed.
    """
    if treatment.recorded_afterwards:
        return None
    slots = await _standing(db, actor, treatment)
    planned = [slot for slot in slots if slot.kind == SlotKind.PLANNED]
    t0 = treatment.started_at
    was = planned[0].due_at - timedelta(minutes=planned[0].minutes_from_t0 or 0) if planned else None
    if was == t0:
        return None
    watched = await watched_session(db, actor, treatment)
    if was is None and not (watched.is_going_on and t0 is not None and _is_live(t0)):
        return None  # nobody is watched: the dose was recorded after discharge, or long after it was given
    if t0 is None:
        _withdraw_all(db, actor, watched, cause, keep=SlotKind.BASELINE)
    schedule = await _schedule(db, actor, treatment)
    _plan(db, actor, watched, schedule, cause)
    await rebind(db, actor, watched, cause)
    return Moved(watched, was) if any(slot.kind == SlotKind.PLANNED for slot in watched.slots) else None


def _plan(db: WriteSession, actor: Actor, watched: Watched, schedule: Schedule, cause: str) -> None:
    treatment, tolerance = watched.treatment, timedelta(minutes=watched.tolerance_minutes)
    t0 = treatment.started_at
    by_minute = {slot.minutes_from_t0: slot for slot in watched.slots if slot.minutes_from_t0 is not None}
    dues = () if t0 is None else rules.planned(t0, sorted(by_minute) or schedule.minutes, tolerance)
    for due in dues:
        if (slot := by_minute.get(due.minutes_from_t0 or 0)) is None:
            slot = _new(db, actor, treatment, SlotKind.PLANNED, due)
            name_change(db, slot, "vital_slot.planned", reason=cause)
            watched.slots.append(slot)
        elif _set_due(slot, due):
            name_change(db, slot, "vital_slot.moved", reason=cause)
    before = _baseline(treatment, schedule, tolerance)
    for slot in watched.slots:
        if slot.kind == SlotKind.BASELINE and before is not None and _set_due(slot, before):
            name_change(db, slot, "vital_slot.moved", reason=cause)


def _withdraw_all(
    db: WriteSession, actor: Actor, watched: Watched, cause: str, *, keep: SlotKind | None = None
) -> None:
    for slot in [*watched.slots]:
        if slot.kind != keep:
            mark_entered_in_error(db, actor, slot, cause)
            watched.slots.remove(slot)


async def withdraw_slots(db: WriteSession, actor: Actor, treatment: TreatmentSession, cause: str) -> None:
    """Withdraw every slot of a session that does not take place."""
    watched = Watched(treatment, {}, await _standing(db, actor, treatment))
    _withdraw_all(db, actor, watched, cause)


# ── a slot that was missed ───────────────────────────────────────────────────────────────────────────────────────────


async def miss_slot(
    db: WriteSession, actor: Actor, slot_id: UUID, body: MissVitalSlot, if_match: int | None
) -> VitalSlot:
    """Say that a reading was not made, and why. One that comes in later and fits takes the slot all the same.

    Raises:
        SlotSettled: it has its reading, or was missed already.
    """
    seen = await one_in_version(db, actor, VitalSlot, slot_id, if_match)
    await one_locked(db, actor, TreatmentSession, seen.session_id)
    slot = await one_locked(db, actor, VitalSlot, slot_id)
    await require_version(db, actor, slot, if_match)
    rules.require_open(slot.plain)
    slot.missed_at = clock.now()
    slot.missed_by = actor.principal_id
    slot.missed_reason = body.reason
    name_change(db, slot, "vital_slot.missed", reason=body.reason)
    return slot
