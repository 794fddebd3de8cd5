"""Slots: when they are due, which reading answers, and how they stand. Nothing here needs a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.data_files import DataFile, DataFileError
from app.monitoring.slots.catalogue import shipped_schedules
from app.monitoring.slots.rules import (
    Due,
    Reading,
    Schedule,
    Slot,
    SlotKind,
    SlotSettled,
    SlotState,
    baseline_at_arrival,
    baseline_before,
    fits,
    next_due,
    planned,
    repeat,
    require_open,
    schedule_for,
    schedules_in,
    slot_for,
    state,
    taking,
)
from app.protocols.catalogue import shipped_protocols
from app.sessions.rules import ROUTES_OF

T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
FIVE = timedelta(minutes=5)
PRESSURE = frozenset({"pressure"})
INFUSION = (10, 20, 30, 40, 60, 80, 100, 120)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def slot(kind: SlotKind, due: Due, number: int) -> Slot:
    return Slot(UUID(int=number), kind, due, PRESSURE)


def slots_of(minutes: tuple[int, ...] = INFUSION) -> list[Slot]:
    before = slot(SlotKind.BASELINE, baseline_before(T0, timedelta(minutes=30), FIVE), 0)
    return [before, *(slot(SlotKind.PLANNED, due, due.minutes_from_t0 or 0) for due in planned(T0, minutes, FIVE))]


def reading(minutes: float, number: int = 900, measures: frozenset[str] = PRESSURE) -> Reading:
    return Reading(UUID(int=number), at(minutes), measures)


def minute_of(found: Slot | None) -> int | None:
    return None if found is None else found.id.int


# ── when ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_window_reaches_half_the_gap_to_either_side() -> None:
    dues = {due.minutes_from_t0: due for due in planned(T0, INFUSION, FIVE)}
    assert (dues[40].window_from, dues[40].window_until) == (at(35), at(50))
    assert (dues[10].window_from, dues[10].window_until) == (at(5), at(15))
    assert (dues[120].window_from, dues[120].window_until) == (at(110), at(130))
    (forty, last) = planned(T0, (40, 120), FIVE)
    assert (forty.window_from, forty.window_until) == (at(20), at(80))
    assert (last.window_from, last.window_until) == (at(80), at(160))
    (odd, _) = planned(T0, (15, 30), FIVE)
    assert (odd.window_from, odd.window_until) == (at(7.5), at(22.5))
    assert planned(T0, (), FIVE) == ()


@pytest.mark.parametrize(
    ("zone", "begin"),
    [
        ("America/New_York", "2026-03-08T01:30"),  # clocks go ahead at two
        ("America/New_York", "2026-11-01T01:30"),  # and back
        ("Europe/Berlin", "2026-03-28T23:30"),  # over midnight
    ],
)
def test_a_hundred_and_twenty_minutes_are_elapsed_time(zone: str, begin: str) -> None:
    t0 = datetime.fromisoformat(begin).replace(tzinfo=ZoneInfo(zone))
    assert planned(t0, INFUSION, FIVE)[-1].due_at.timestamp() - t0.timestamp() == 7200


def test_before_the_dose() -> None:
    within = timedelta(minutes=30)
    came = baseline_at_arrival(at(-25), at(0), within, FIVE)
    assert (came.due_at, came.window_from, came.window_until) == (at(0), at(-55), None)
    late = baseline_at_arrival(at(10), at(0), within, FIVE)
    assert (late.due_at, baseline_at_arrival(at(10), None, within, FIVE).due_at) == (at(40), at(40))
    known = baseline_before(T0, within, FIVE)
    assert (known.due_at, known.window_from, known.window_until) == (at(0), at(-30), at(0))
    again = repeat(at(40), 5, FIVE)
    assert (again.due_at, again.late_from, again.window_from, again.window_until) == (at(45), at(50), at(42.5), None)


@given(st.lists(st.integers(1, 600), min_size=1, max_size=12, unique=True).map(sorted))
def test_windows_meet_and_every_moment_belongs_to_the_nearest(minutes: list[int]) -> None:
    dues = planned(T0, minutes, FIVE)
    for one, another in pairwise(dues):
        assert one.window_until == another.window_from
    slots = [slot(SlotKind.PLANNED, due, due.minutes_from_t0 or 0) for due in dues]
    for minute in range(minutes[0], minutes[-1] + 1):
        found = slot_for(at(minute), slots)
        assert found is not None
        assert abs(found.due.due_at - at(minute)) == min(abs(due.due_at - at(minute)) for due in dues)


# ── which ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("minute", "belongs_to"),
    [
        (-31, None), (-30, 0), (-1, 0), (0, 0), (0.5, None), (4.9, None), (5, 10), (10, 10), (14.9, 10), (15, 10),
        (15.1, 20), (35, 30), (35.1, 40), (40, 40), (50, 40), (50.1, 60), (110, 100), (120, 120), (130, 120),
        (130.1, None),
    ],
)  # fmt: skip
def test_a_reading_belongs_where_it_was_measured(minute: float, belongs_to: int | None) -> None:
    assert minute_of(slot_for(at(minute), slots_of())) == belongs_to


def test_a_second_reading_for_a_slot_is_an_extra_one() -> None:
    slots = slots_of()
    first, second = reading(40), reading(42, 901)
    assert [one.id.int for one in taking(first, slots).slots] == [40]
    slots[4] = replace(slots[4], reading_id=first.id)
    assert taking(second, slots) == replace(taking(second, slots), slots=(), conflict=True)
    assert [one.id.int for one in taking(first, slots).slots] == [40], "whoever has it keeps it"
    assert not taking(reading(131, 902), slots).conflict, "it fits none"
    assert not taking(reading(42, 903, frozenset({"spo2_percent"})), slots).conflict, "it is not what is asked for"


def test_a_repeat_is_answered_besides() -> None:
    slots = slots_of()
    slots[4] = replace(slots[4], reading_id=UUID(int=900))
    again = slot(SlotKind.REPEAT, repeat(at(40), 5, FIVE), 500)
    slots.append(again)
    assert taking(reading(41, 901), slots).conflict, "too soon for the repeat, and the slot is taken"
    answer = taking(reading(46, 901), slots)
    assert ([one.id.int for one in answer.slots], answer.conflict) == ([500], False)
    assert [one.id.int for one in taking(reading(60, 901), slots).slots] == [60, 500]
    assert [one.id.int for one in taking(reading(200, 901), slots).slots] == [500], "the next one there is"
    oxygen = replace(again, asks=frozenset({"spo2_percent"}))
    assert not fits(oxygen, reading(46, 901))
    assert fits(oxygen, reading(46, 901, PRESSURE | {"spo2_percent"}))


def test_a_missed_slot_is_taken_by_a_reading_that_was_made_after_all() -> None:
    slots = slots_of()
    slots[4] = replace(slots[4], missed_at=at(70))
    assert [one.id.int for one in taking(reading(41), slots).slots] == [40]
    given_up = replace(slot(SlotKind.REPEAT, repeat(at(40), 5, FIVE), 500), missed_at=at(70))
    assert fits(given_up, reading(46))
    assert not fits(given_up, reading(80)), "another reading, made later"


# ── how it stands ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("minute", "stands"),
    [(34.9, "upcoming"), (35, "due"), (40, "due"), (45, "due"), (45.1, "overdue"), (5000, "overdue")],
)
def test_nothing_is_missed_by_itself(minute: float, stands: str) -> None:
    forty = slots_of()[4]
    assert state(forty, at(minute)) == stands
    assert state(replace(forty, reading_id=UUID(int=900)), at(minute)) is SlotState.DONE
    assert state(replace(forty, reading_id=UUID(int=900), measured_late=True), at(minute)) is SlotState.DONE_LATE
    assert state(replace(forty, missed_at=at(41)), at(minute)) is SlotState.MISSED


def test_what_to_see_to_next() -> None:
    slots = slots_of()
    found = next_due(slots, at(-10))
    assert found is not None
    assert (found.slot.id.int, found.state, found.overdue_seconds) == (0, SlotState.DUE, 0)
    done = [replace(slots[0], reading_id=UUID(int=900)), replace(slots[1], missed_at=at(20)), *slots[2:]]
    for minute, stands, seconds in ((15, "due", 0), (25, "due", 0), (26, "overdue", 360), (12, "upcoming", 0)):
        found = next_due(done, at(minute))
        assert found is not None
        assert (found.slot.id.int, found.state, found.overdue_seconds) == (20, stands, seconds)
    assert next_due([replace(one, missed_at=at(0)) for one in slots], at(9)) is None
    assert next_due([], at(9)) is None


def test_what_is_settled_cannot_be_missed() -> None:
    forty = slots_of()[4]
    require_open(forty)
    for settled in (replace(forty, reading_id=UUID(int=900)), replace(forty, missed_at=at(41))):
        with pytest.raises(SlotSettled):
            require_open(settled)


# ── schedules ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_drug_and_route_has_a_schedule_with_a_source() -> None:
    shipped = shipped_schedules()
    for drug, routes in ROUTES_OF.items():
        for route in routes:
            one = shipped[drug.value, route.value, "clinic"]
            assert one.source
            assert one.schedule.minutes[-1] == 120
    assert shipped["esketamine", "intranasal", "clinic"].schedule.minutes[0] == 40


def test_a_protocol_comes_before_what_ships_only_for_its_own_drug_and_route() -> None:
    shipped, protocols = shipped_schedules(), shipped_protocols()

    def chosen(code: str, drug: str, route: str, setting: str = "clinic") -> tuple[int, ...]:
        return schedule_for(protocols[code, 1], shipped, drug=drug, route=route, setting=setting).minutes

    assert chosen("KET_IV_6x3W", "ketamine", "intravenous") == INFUSION
    assert chosen("KET_IV_6x3W", "ketamine", "intramuscular") == (15, 30, 45, 60, 90, 120)
    assert chosen("ESK_TRD", "esketamine", "intranasal") == (40, 120)
    assert chosen("ESK_TRD", "ketamine", "intranasal") == (30, 60, 90, 120)
    assert chosen("KET_IM_TEST_PO_12W", "ketamine", "oral") == (15, 30, 45, 60, 90, 120), "the route of a phase"
    assert chosen("OPEN", "ketamine", "sublingual") == (30, 60, 90, 120)
    assert chosen("OPEN", "ketamine", "sublingual", "home") == ()
    assert chosen("OPEN", "ketamine", "intravenous", "home") == INFUSION
    own = replace(protocols["KET_IV_6x3W", 1], vital_slots_minutes=(7,), pre_dose_vitals_within_minutes=11)
    assert schedule_for(own, shipped, drug="ketamine", route="intravenous", setting="clinic") == Schedule(11, (7,))


def test_a_file_of_schedules_that_says_a_thing_twice_is_refused(tmp_path: Path) -> None:
    row = (
        '{"drug": "ketamine", "route": "oral", "setting": "clinic", "within_minutes": 30, "minutes": [30],'
        ' "source": "x", "verified": false}'
    )
    file = tmp_path / "VITAL_SLOTS@1.json"
    file.write_text(f'{{"code": "VITAL_SLOTS", "version": 1, "schedules": [{row}, {row}]}}')
    with pytest.raises(DataFileError, match="appears twice"):
        schedules_in(DataFile.read(file))
