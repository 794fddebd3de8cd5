"""When a reading is due, which reading answers, and how that stands at an instant.

A slot is a reading that is due. Its times are instants counted from the first moment of the dose, so that +120 minutes
is 120 minutes of elapsed time, over midnight and over a change of clocks too. A reading answers a slot by when it was
*measured*. How a slot stands is reckoned from what is stored and the present instant, never stored itself; that one was
missed is said by a person, with a reason.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

from app.kernel.data_files import DataFile
from app.kernel.errors import Conflict
from app.protocols.rules import Drug, Protocol, Route


class SlotKind(StrEnum):
    """Why a reading is due: before the dose, by the plan after it, or because one before was abnormal."""

    BASELINE = "baseline"
    PLANNED = "planned"
    REPEAT = "repeat"


class SlotState(StrEnum):
    """How a slot stands at an instant."""

    UPCOMING = "upcoming"
    DUE = "due"
    OVERDUE = "overdue"
    DONE = "done"
    DONE_LATE = "done_late"
    MISSED = "missed"


class SlotSettled(Conflict):
    """The slot has its reading, or somebody has said already that it was missed."""

    code = "slot-settled"
    title = "The slot is done, or was missed"
    advice = (
        "Read the slot. If its reading is wrong, correct it or mark it as entered in error: the slot is open again."
    )


@dataclass(frozen=True, slots=True)
class Due:
    """When a reading is due, and when it has to be measured to be the one.

    A reading measured from `window_from` to `window_until` answers, both included; with no end, any later one does.
    After `late_from` it is overdue, and one that is measured then is late.
    """

    due_at: datetime
    late_from: datetime
    window_from: datetime
    window_until: datetime | None
    minutes_from_t0: int | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot, as far as what is reckoned here needs it. `asks` names what has to be measured."""

    id: UUID
    kind: SlotKind
    due: Due
    asks: frozenset[str]
    reading_id: UUID | None = None
    measured_late: bool = False
    missed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it has no reading, and nobody said it was missed."""
        return self.reading_id is None and self.missed_at is None


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading, as far as slots are concerned."""

    id: UUID
    measured_at: datetime
    measures: frozenset[str]


# ── when ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def planned(t0: datetime, minutes: Iterable[int], tolerance: timedelta) -> tuple[Due, ...]:
    """The readings after a dose that began at `t0`.

    Each may be measured from half the gap before it to half the gap after it, so that every moment belongs to the slot
    that is nearest; the first gap begins at `t0`, and after the last it is as long as before it. With slots at 10, 20,
    30, 40 and 60 minutes and a dose at 09:00, a reading of 09:35 to 09:50 is the one for +40.
    """
    marks = [0, *minutes]
    if len(marks) == 1:
        return ()
    gaps = [timedelta(minutes=later - earlier) for earlier, later in pairwise(marks)]
    found: list[Due] = []
    began_at = t0.astimezone(UTC)  # a time with a zone adds minutes on the wall, and a change of clocks would move it
    for number, minute in enumerate(marks[1:]):
        due_at = began_at + timedelta(minutes=minute)
        after = gaps[min(number + 1, len(gaps) - 1)]
        found.append(Due(due_at, due_at + tolerance, due_at - gaps[number] / 2, due_at + after / 2, minute))
    return tuple(found)


def baseline_at_arrival(
    arrived_at: datetime, planned_at: datetime | None, within: timedelta, tolerance: timedelta
) -> Due:
    """The reading before a dose nobody has begun: due by the time the session is planned for.

    Where that has passed, or none is planned, it is due `within` of the arrival, which is also how old it may be.
    """
    due_at = planned_at if planned_at is not None and planned_at > arrived_at else arrived_at + within
    return Due(due_at, due_at + tolerance, arrived_at - within, None)


def baseline_before(t0: datetime, within: timedelta, tolerance: timedelta) -> Due:
    """The reading before a dose that began at `t0`: at most `within` old then."""
    return Due(t0, t0 + tolerance, t0 - within, t0)


def repeat(measured_at: datetime, minutes: int, tolerance: timedelta) -> Due:
    """The reading after an abnormal one: from half the gap on, until there is one."""
    gap = timedelta(minutes=minutes)
    return Due(measured_at + gap, measured_at + gap + tolerance, measured_at + gap / 2, None)


# ── which ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def fits(slot: Slot, reading: Reading) -> bool:
    """Say whether a reading is one a slot asks for, whoever has the slot."""
    due = slot.due
    if not slot.asks <= reading.measures or reading.measured_at < due.window_from:
        return False
    if due.window_until is None and slot.missed_at is not None:
        # Somebody gave up waiting: what is measured after that is another reading, what was measured before is not.
        return reading.measured_at <= slot.missed_at
    return due.window_until is None or reading.measured_at <= due.window_until


def slot_for(measured_at: datetime, slots: Iterable[Slot]) -> Slot | None:
    """The slot before the dose or of the plan whose window a moment lies in.

    Of two it is the nearer, of two as near the earlier. Repeats are no part of it: they are answered besides.
    """
    within = [
        slot
        for slot in slots
        if slot.kind is not SlotKind.REPEAT
        and slot.due.window_from <= measured_at
        and (slot.due.window_until is None or measured_at <= slot.due.window_until)
    ]
    return min(within, key=lambda slot: (abs(slot.due.due_at - measured_at), slot.due.due_at), default=None)


@dataclass(frozen=True, slots=True)
class Taking:
    """What a reading answers, and whether another one had answered it before.

    With `conflict` it is kept as an extra reading: two devices wrote for one slot.
    """

    slots: tuple[Slot, ...]
    conflict: bool


def taking(reading: Reading, slots: Collection[Slot]) -> Taking:
    """Say which slots a reading takes: the one it fits of the plan if nobody has it, and every repeat it answers.

    A slot that was said to be missed is taken as well: the reading was made, and only typed in late.
    """
    own = slot_for(reading.measured_at, slots)
    if own is not None and not fits(own, reading):
        own = None
    free = {None, reading.id}
    repeats = tuple(
        slot for slot in slots if slot.kind is SlotKind.REPEAT and slot.reading_id in free and fits(slot, reading)
    )
    if own is None or own.reading_id in free:
        return Taking((*(() if own is None else (own,)), *repeats), conflict=False)
    return Taking(repeats, conflict=not repeats)


# ── how it stands ────────────────────────────────────────────────────────────────────────────────────────────────────


def state(slot: Slot, now: datetime) -> SlotState:
    """Say how a slot stands at an instant."""
    if slot.reading_id is not None:
        return SlotState.DONE_LATE if slot.measured_late else SlotState.DONE
    if slot.missed_at is not None:
        return SlotState.MISSED
    if now < slot.due.window_from:
        return SlotState.UPCOMING
    return SlotState.DUE if now <= slot.due.late_from else SlotState.OVERDUE


@dataclass(frozen=True, slots=True)
class NextDue:
    """The open slot that is due first, and for how many seconds it is overdue, counted from when it was due."""

    slot: Slot
    state: SlotState
    overdue_seconds: int

    def told(self) -> Mapping[str, object]:
        """As answers show it."""
        return {
            "id": self.slot.id,
            "state": self.state,
            "due_at": self.slot.due.due_at,
            "overdue_seconds": self.overdue_seconds,
        }


def next_due(slots: Iterable[Slot], now: datetime) -> NextDue | None:
    """The slot to see to next; None where nothing is open. For boards and lists: it needs no other facts."""
    waiting = min((slot for slot in slots if slot.is_open), key=lambda slot: (slot.due.due_at, slot.id), default=None)
    if waiting is None:
        return None
    stands = state(waiting, now)
    overdue = (now - waiting.due.due_at) // timedelta(seconds=1) if stands is SlotState.OVERDUE else 0
    return NextDue(waiting, stands, overdue)


def require_open(slot: Slot) -> None:
    """Refuse to say that a slot was missed which is settled.

    Raises:
        SlotSettled: it has its reading, or was missed already.
    """
    if not slot.is_open:
        raise SlotSettled


# ── schedules ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Schedule:
    """When readings are due in a session: how old the one before the dose may be, and minutes after its start."""

    within_minutes: int
    minutes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DefaultSchedule:
    """A schedule that ships for a drug by a route in a setting, and where it comes from."""

    drug: Drug
    route: Route
    setting: str
    schedule: Schedule
    source: str
    verified: bool


def schedules_in(file: DataFile) -> dict[tuple[str, str, str], DefaultSchedule]:
    """Every schedule of a file, by drug, route and setting.

    Raises:
        DataFileError: It is wrong; names the file and the field.
    """
    file.only("code", "version", "schedules")
    found: dict[tuple[str, str, str], DefaultSchedule] = {}
    for row in file.sections("schedules"):
        row.only("drug", "route", "setting", "within_minutes", "minutes", "source", "verified")
        one = DefaultSchedule(
            drug=row.choice("drug", Drug),
            route=row.choice("route", Route),
            setting=row.text("setting"),
            schedule=Schedule(row.integer("within_minutes", minimum=1), row.integers("minutes", minimum=1)),
            source=row.text("source"),
            verified=row.flag("verified"),
        )
        key = (one.drug.value, one.route.value, one.setting)
        if key in found:
            row.refuse("route", "appears twice")
        found[key] = one
    return found


def schedule_for(
    protocol: Protocol,
    shipped: Mapping[tuple[str, str, str], DefaultSchedule],
    *,
    drug: str,
    route: str,
    setting: str,
) -> Schedule:
    """The schedule of a session: its protocol's where that has one for this drug by this route, else what ships.

    A protocol that says only how old the reading before the dose may be is followed in that. Where nothing ships for
    the setting, that of the clinic counts.
    """
    routes = {protocol.route, *(phase.route for phase in protocol.phases)} - {None}
    is_for_both = protocol.drug in {None, drug} and (not routes or route in routes)
    default = (shipped.get((drug, route, setting)) or shipped[drug, route, "clinic"]).schedule
    if not is_for_both:
        return default
    return Schedule(
        protocol.pre_dose_vitals_within_minutes or default.within_minutes,
        protocol.vital_slots_minutes or default.minutes,
    )
