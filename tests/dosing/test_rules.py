"""Doses from timelines, and where the drawn drug went."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.dosing.rules import (
    DoseEvent,
    DoseEventIncomplete,
    DoseEventKind,
    DoseNotReconciled,
    ImpossibleAmount,
    Limits,
    Segment,
    actual_mg_per_kg,
    calculated_mg,
    deliver,
    dose_deviations,
    drawn_ml,
    limit_breaches,
    mg_per_kg_per_h,
    order_needs_reconfirmation,
    projection_deviations,
    rate_mg_per_min,
    rate_ml_per_h,
    reconcile,
    require_possible,
    require_reconciled,
)
from app.kernel.errors import EndsBeforeStart

K = DoseEventKind
T0 = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
AMOUNTS = (K.BOLUS, K.INJECTION, K.SPRAY, K.DEVICE, K.LOZENGE)
LIMITS = Limits(Decimal("1.0"), Decimal(300), None, 30, Decimal("1.5"), "made up for this test")


def at(minutes: float) -> datetime:
    """Give the moment so many minutes after T0."""
    return T0 + timedelta(minutes=minutes)


def timeline(*steps: tuple[float, DoseEventKind] | tuple[float, DoseEventKind, str]) -> list[DoseEvent]:
    """Make events from (minutes, kind, rate or amount)."""
    events: list[DoseEvent] = []
    for ordinal, (minutes, kind, *number) in enumerate(steps):
        value = Decimal(number[0]) if number else None
        is_amount = kind in AMOUNTS
        events.append(DoseEvent(kind, at(minutes), ordinal, None if is_amount else value, value if is_amount else None))
    return events


STORY = timeline((0, K.START, "1.03"), (12, K.PAUSE), (18, K.RESUME, "0.70"), (43, K.STOP))


def test_a_paused_and_slowed_infusion() -> None:
    # 1.03 x 12 + 0.70 x 25 = 12.36 + 17.50.
    delivery = deliver(STORY)
    assert delivery.delivered_mg == Decimal("29.86")
    assert delivery.projected_mg == Decimal("29.86")
    assert delivery.segments == (
        Segment(at(0), at(12), Decimal("1.03"), Decimal("12.360")),
        Segment(at(18), at(43), Decimal("0.70"), Decimal("17.500")),
    )
    assert (delivery.started_at, delivery.stopped_at) == (at(0), at(43))
    assert delivery.infusion_minutes == 37
    assert (delivery.running, delivery.paused, delivery.finished) == (False, False, True)
    assert delivery.deviations == ()
    assert reconcile(Decimal("41.20"), delivery.delivered_mg, Decimal("11.34"), Decimal(0)).reconciled


def test_events_may_be_entered_in_any_order() -> None:
    assert deliver(STORY[::-1]) == deliver(STORY)
    # Entered late, so numbered late: when it happened decides, not when it was typed.
    numbered_backwards = [replace(event, ordinal=-event.ordinal) for event in STORY]
    assert deliver(numbered_backwards) == deliver(STORY)


def test_at_the_same_instant_the_ordinal_decides() -> None:
    events = timeline((0, K.START, "1"), (10, K.RATE_CHANGE, "2"), (10, K.RATE_CHANGE, "3"), (20, K.STOP))
    assert deliver(events).delivered_mg == 40
    events[1], events[2] = replace(events[1], ordinal=2), replace(events[2], ordinal=1)
    assert deliver(events).delivered_mg == 30


def test_a_partial_infusion() -> None:
    # 35 mg over 40 minutes, stopped at 26.
    rate = rate_mg_per_min(Decimal(35), 40)
    delivery = deliver(timeline((0, K.START, str(rate)), (26, K.STOP)))
    assert delivery.delivered_mg == Decimal("22.75")
    assert reconcile(Decimal(35), delivery.delivered_mg, Decimal("12.25"), None).reconciled


def test_a_resume_without_a_rate_goes_on_as_before() -> None:
    delivery = deliver(timeline((0, K.START, "1"), (10, K.PAUSE), (15, K.RESUME), (25, K.STOP)))
    assert delivery.delivered_mg == 20
    assert delivery.deviations == ()


def test_boluses_add_to_the_flow() -> None:
    delivery = deliver(timeline((0, K.BOLUS, "5"), (1, K.START, "1"), (6, K.BOLUS, "2.5"), (11, K.STOP)))
    assert delivery.delivered_mg == Decimal("17.5")
    assert delivery.started_at == at(0)
    assert delivery.deviations == ()


@pytest.mark.parametrize("kind", AMOUNTS)
def test_amounts_alone_are_over_when_the_last_is_given(kind: DoseEventKind) -> None:
    delivery = deliver(timeline((0, kind, "28"), (5, kind, "28")))
    assert (delivery.delivered_mg, delivery.started_at, delivery.stopped_at) == (56, at(0), at(5))
    assert delivery.finished
    assert not delivery.running
    stopped = deliver(timeline((0, kind, "28"), (5, K.STOP)))
    assert (stopped.delivered_mg, stopped.stopped_at, stopped.deviations) == (28, at(5), ())


def test_a_running_infusion_is_projected_but_not_settled() -> None:
    running = timeline((0, K.START, "1.03"))
    assert deliver(running).delivered_mg is None
    assert deliver(running).projected_mg is None
    assert deliver(running).infusion_minutes == 0
    live = deliver(running, now=at(10))
    assert (live.delivered_mg, live.projected_mg, live.infusion_minutes) == (None, Decimal("10.3"), 10)
    assert (live.running, live.paused, live.finished, live.stopped_at) == (True, False, False, None)
    assert live.segments == (Segment(at(0), None, Decimal("1.03"), None),)
    early = deliver(running, now=at(-5))
    assert (early.projected_mg, early.infusion_minutes) == (0, 0)


def test_a_paused_infusion_is_known_so_far() -> None:
    paused = deliver(timeline((0, K.START, "1.03"), (12, K.PAUSE)), now=at(30))
    assert paused.delivered_mg == paused.projected_mg == Decimal("12.36")
    assert (paused.running, paused.paused, paused.finished) == (False, True, False)
    assert paused.infusion_minutes == 12


def test_no_flow_takes_no_time() -> None:
    delivery = deliver(timeline((0, K.START, "1"), (10, K.RATE_CHANGE, "0"), (20, K.RATE_CHANGE, "1"), (30, K.STOP)))
    assert (delivery.delivered_mg, delivery.infusion_minutes) == (20, 20)
    assert deliver(timeline((0, K.START, "0")), now=at(9)).infusion_minutes == 0


def test_rounding_happens_once_and_half_up() -> None:
    # Three times 0.0005 mg is 0.0015, so 0.002; each third rounded first would make 0.003.
    thirds = timeline((0, K.BOLUS, "0.0005"), (1, K.BOLUS, "0.0005"), (2, K.BOLUS, "0.0005"))
    assert deliver(thirds).delivered_mg == Decimal("0.002")
    # One second at 1 mg/min is a sixtieth of a milligram, which no decimal holds.
    steps = [(second / 60, K.RATE_CHANGE, "1") for second in range(1, 60)]
    assert deliver(timeline((0, K.START, "1"), *steps, (1, K.STOP))).delivered_mg == 1


@pytest.mark.parametrize(
    ("events", "delivered", "deviations", "stopped_at"),
    [
        ([], None, (), None),
        (timeline((5, K.STOP)), None, ("stop_without_start",), at(5)),
        (timeline((0, K.START, "1"), (10, K.START, "2"), (20, K.STOP)), "30", ("started_twice",), at(20)),
        (
            timeline((0, K.START, "1"), (5, K.PAUSE), (10, K.START, "2"), (20, K.STOP)),
            "25",
            ("started_twice",),
            at(20),
        ),
        (
            timeline((0, K.START, "1"), (10, K.STOP), (20, K.START, "1"), (25, K.STOP)),
            "15",
            ("restarted_after_stop",),
            at(25),
        ),
        (timeline((0, K.RATE_CHANGE, "1"), (10, K.STOP)), "10", ("rate_change_without_start",), at(10)),
        (
            timeline((0, K.START, "1"), (10, K.PAUSE), (12, K.RATE_CHANGE, "2"), (15, K.RESUME), (20, K.STOP)),
            "20",
            ("rate_change_while_paused",),
            at(20),
        ),
        (
            timeline((0, K.START, "1"), (10, K.STOP), (12, K.RATE_CHANGE, "2")),
            "10",
            ("rate_change_after_stop",),
            at(10),
        ),
        (timeline((0, K.PAUSE)), None, ("pause_without_start",), None),
        (
            timeline((0, K.START, "1"), (10, K.PAUSE), (12, K.PAUSE), (20, K.STOP)),
            "10",
            ("paused_twice",),
            at(20),
        ),
        (timeline((0, K.START, "1"), (10, K.STOP), (12, K.PAUSE)), "10", ("pause_after_stop",), at(10)),
        (timeline((0, K.RESUME, "1"), (10, K.STOP)), "10", ("resume_without_start",), at(10)),
        (timeline((0, K.RESUME), (10, K.STOP)), None, ("resume_without_start", "rate_unknown"), at(10)),
        (
            timeline((0, K.START, "1"), (10, K.RESUME), (15, K.RESUME, "2"), (20, K.STOP)),
            "25",
            ("resume_while_running",),
            at(20),
        ),
        (
            timeline((0, K.START, "1"), (10, K.STOP), (12, K.RESUME), (20, K.STOP)),
            "18",
            ("resume_after_stop",),
            at(20),
        ),
        (timeline((0, K.START, "1"), (10, K.STOP), (12, K.BOLUS, "5")), "15", ("amount_after_stop",), at(12)),
        (timeline((0, K.START, "1"), (10, K.STOP), (12, K.STOP)), "10", ("stopped_twice",), at(10)),
        (timeline((0, K.START, "1"), (0, K.STOP)), "0", (), at(0)),
    ],
)
def test_an_odd_timeline_is_computed_and_named(
    events: list[DoseEvent], delivered: str | None, deviations: tuple[str, ...], stopped_at: datetime | None
) -> None:
    delivery = deliver(events)
    assert delivery.delivered_mg == (None if delivered is None else Decimal(delivered))
    assert delivery.deviations == deviations
    assert delivery.stopped_at == stopped_at


def test_flow_at_an_unknown_rate_stays_unknown() -> None:
    delivery = deliver(timeline((0, K.RESUME), (10, K.RATE_CHANGE, "1")), now=at(20))
    assert delivery.projected_mg is None
    assert delivery.infusion_minutes == 20
    assert deliver(timeline((0, K.RESUME)), now=at(20)).segments == ()


def test_an_end_before_the_start_is_impossible() -> None:
    with pytest.raises(EndsBeforeStart) as refused:
        deliver(timeline((0, K.STOP), (10, K.START, "1")))
    assert refused.value.status == 422
    assert refused.value.code == "end-before-start"


@pytest.mark.parametrize("kind", [K.START, K.RATE_CHANGE])
def test_a_flow_needs_a_rate(kind: DoseEventKind) -> None:
    with pytest.raises(DoseEventIncomplete) as refused:
        require_possible(DoseEvent(kind, T0, 1, amount_mg=Decimal(5)))
    assert refused.value.faults[0].pointer == "#/rate_mg_per_min"


@pytest.mark.parametrize("kind", AMOUNTS)
def test_an_amount_needs_an_amount(kind: DoseEventKind) -> None:
    with pytest.raises(DoseEventIncomplete) as refused:
        require_possible(DoseEvent(kind, T0, 1, rate_mg_per_min=Decimal(5)))
    assert refused.value.faults[0].pointer == "#/amount_mg"


@pytest.mark.parametrize("kind", [K.PAUSE, K.RESUME, K.STOP])
def test_the_rest_needs_nothing(kind: DoseEventKind) -> None:
    require_possible(DoseEvent(kind, T0, 1))


@pytest.mark.parametrize("value", ["-0.001", "NaN", "Infinity"])
def test_a_negative_amount_is_impossible_and_found_where_it_was_sent(value: str) -> None:
    # Sent first, happened last: the pointer counts as sent.
    events = [
        DoseEvent(K.BOLUS, at(9), 2, amount_mg=Decimal(1)),
        DoseEvent(K.RESUME, at(5), 1, rate_mg_per_min=Decimal(value)),
    ]
    with pytest.raises(ImpossibleAmount) as refused:
        deliver(events)
    assert refused.value.faults[0].pointer == "#/events/1/rate_mg_per_min"
    with pytest.raises(ImpossibleAmount) as refused:
        deliver([replace(events[0], amount_mg=Decimal(value))])
    assert refused.value.faults[0].pointer == "#/events/0/amount_mg"


@pytest.mark.parametrize(
    ("mg_per_kg", "kg", "stock", "bag_ml", "minutes", "dose", "draw", "ml_per_h", "mg_per_min"),
    [
        ("0.5", "70", "50", "100", 40, "35", "0.700", "150", "0.875"),
        ("0.5", "92.4", "10", "100", 40, "46.2", "4.620", "150", "1.155"),
        ("0.75", "81", "50", "50", 40, "60.75", "1.215", "75", "1.519"),
        ("1.0", "65", "100", "100", 60, "65", "0.650", "100", "1.083"),
        ("0.5", "82.4", "50", "100", 40, "41.2", "0.824", "150", "1.03"),
    ],
)
def test_dose_volume_and_rate(
    mg_per_kg: str,
    kg: str,
    stock: str,
    bag_ml: str,
    minutes: int,
    dose: str,
    draw: str,
    ml_per_h: str,
    mg_per_min: str,
) -> None:
    dose_mg = calculated_mg(Decimal(mg_per_kg), Decimal(kg))
    assert dose_mg == Decimal(dose)
    assert drawn_ml(dose_mg, Decimal(stock)) == Decimal(draw)
    assert rate_ml_per_h(Decimal(bag_ml), minutes) == Decimal(ml_per_h)
    rate = rate_mg_per_min(dose_mg, minutes)
    assert rate.quantize(Decimal("0.001"), ROUND_HALF_UP) == Decimal(mg_per_min)
    assert actual_mg_per_kg(dose_mg, Decimal(kg)) == Decimal(mg_per_kg)
    by_weight = mg_per_kg_per_h(Decimal(mg_per_kg), minutes)
    assert by_weight == Decimal(mg_per_kg) * 60 / minutes


def test_results_have_the_places_they_are_stored_with() -> None:
    assert str(calculated_mg(Decimal("0.5"), Decimal("82.4"))) == "41.200"
    assert str(rate_mg_per_min(Decimal("60.75"), 40)) == "1.5188"
    assert str(drawn_ml(Decimal(1), Decimal(3))) == "0.333"
    assert str(rate_ml_per_h(Decimal(100), Decimal("45.5"))) == "131.87"
    assert str(actual_mg_per_kg(Decimal(1), Decimal(8000))) == "0.0001"  # 0.000125


@pytest.mark.parametrize("bad", ["0", "-1", "NaN", "Infinity"])
def test_nothing_is_divided_by_nothing(bad: str) -> None:
    one, wrong = Decimal(1), Decimal(bad)
    for compute in (calculated_mg, actual_mg_per_kg, drawn_ml, rate_mg_per_min, rate_ml_per_h, mg_per_kg_per_h):
        with pytest.raises(ImpossibleAmount):
            compute(one, wrong)
        if wrong != 0:
            with pytest.raises(ImpossibleAmount):
                compute(wrong, one)


@pytest.mark.parametrize(
    ("delivered", "ordered", "tolerance", "expected"),
    [
        ("41.2", None, "0", ("no_order",)),
        ("41.2", "41.2", "0", ()),
        ("29.86", "41.2", "0", ("less_than_ordered",)),
        ("41.201", "41.2", "0", ("more_than_ordered",)),
        ("60.752", "60.75", "0.002", ()),
        ("60.748", "60.75", "0.002", ()),
        ("60.747", "60.75", "0.002", ("less_than_ordered",)),
        ("60.753", "60.75", "0.002", ("more_than_ordered",)),
    ],
)
def test_given_against_ordered(delivered: str, ordered: str | None, tolerance: str, expected: tuple[str, ...]) -> None:
    ordered_mg = None if ordered is None else Decimal(ordered)
    assert dose_deviations(Decimal(delivered), ordered_mg, tolerance_mg=Decimal(tolerance)) == expected


def test_a_limit_is_passed_only_beyond_it() -> None:
    within = limit_breaches(
        LIMITS, dose_mg=Decimal(70), weight_kg=Decimal(70), infusion_minutes=30, previous_dose_mg=Decimal("46.667")
    )
    assert within == ()
    at_times = limit_breaches(LIMITS, dose_mg=Decimal(60), previous_dose_mg=Decimal(40))
    assert at_times == ()
    beyond = limit_breaches(
        LIMITS,
        dose_mg=Decimal("70.001"),
        weight_kg=Decimal(70),
        infusion_minutes=Decimal("29.99"),
        previous_dose_mg=Decimal("46.667"),
    )
    assert beyond == ("above_max_mg_per_kg", "below_minimum_minutes", "above_times_previous_dose")


def test_what_is_not_known_or_not_limited_is_not_checked() -> None:
    assert limit_breaches(LIMITS, dose_mg=Decimal(300)) == ()
    none = Limits(None, None, None, None, None, "made up for this test")
    unlimited = limit_breaches(
        none, dose_mg=Decimal(9999), weight_kg=Decimal(1), infusion_minutes=1, previous_dose_mg=Decimal(1)
    )
    assert unlimited == ()


def test_what_is_missing_is_counted() -> None:
    short = reconcile(Decimal("41.2"), Decimal("29.86"), Decimal("11.339"), None)
    assert (short.unaccounted_mg, short.reconciled) == (Decimal("0.001"), False)
    over = reconcile(Decimal("41.2"), Decimal("29.86"), Decimal("11.35"), Decimal(0))
    assert (over.unaccounted_mg, over.reconciled) == (Decimal("-0.010"), False)
    require_reconciled(reconcile(Decimal(40), Decimal(35), Decimal(0), Decimal(5)))
    with pytest.raises(DoseNotReconciled) as refused:
        require_reconciled(short)
    assert refused.value.code == "dose-not-reconciled"
    assert refused.value.status == 409


@pytest.mark.parametrize(("drawn", "delivered"), [(None, Decimal(1)), (Decimal(1), None), (None, None)])
def test_the_unknown_is_never_reconciled(drawn: Decimal | None, delivered: Decimal | None) -> None:
    unknown = reconcile(drawn, delivered, None, None)
    assert (unknown.unaccounted_mg, unknown.reconciled) == (None, False)


@pytest.mark.parametrize("position", range(4))
def test_nothing_negative_reconciles(position: int) -> None:
    amounts = [Decimal(1)] * 4
    amounts[position] = Decimal("-0.001")
    with pytest.raises(ImpossibleAmount) as refused:
        reconcile(*amounts)
    pointers = ("#/drawn_mg", "#/delivered_mg", "#/wasted_mg", "#/returned_mg")
    assert refused.value.faults[0].pointer == pointers[position]


mg = st.integers(0, 10**9).map(lambda thousandths: Decimal(thousandths) / 1000)
rates = st.integers(0, 50_000).map(lambda units: Decimal(units) / 10_000)


@given(delivered=mg, wasted=mg, returned=mg, off_by=mg)
def test_reconciling_is_exact(delivered: Decimal, wasted: Decimal, returned: Decimal, off_by: Decimal) -> None:
    drawn = delivered + wasted + returned
    assert reconcile(drawn, delivered, wasted, returned).reconciled
    short = reconcile(drawn + off_by, delivered, wasted, returned)
    assert short.unaccounted_mg == off_by
    assert short.reconciled == (off_by == 0)


@st.composite
def proper_timelines(draw: st.DrawFn) -> list[DoseEvent]:
    """Make an infusion as it should be: a start, rate changes and pauses in turn, boluses anywhere, a stop."""
    seconds = sorted(draw(st.lists(st.integers(0, 900), min_size=2, max_size=9, unique=True)))
    events = [DoseEvent(K.START, T0 + timedelta(seconds=seconds[0]), 0, draw(rates))]
    paused = False
    for ordinal, second in enumerate(seconds[1:-1], start=1):
        moment = T0 + timedelta(seconds=second)
        kind = draw(st.sampled_from([K.RESUME, K.BOLUS] if paused else [K.RATE_CHANGE, K.PAUSE, K.BOLUS]))
        match kind:
            case K.BOLUS:
                events.append(DoseEvent(kind, moment, ordinal, amount_mg=draw(mg)))
            case K.PAUSE:
                events.append(DoseEvent(kind, moment, ordinal))
            case K.RESUME:
                events.append(DoseEvent(kind, moment, ordinal, draw(st.none() | rates)))
            case _:
                events.append(DoseEvent(kind, moment, ordinal, draw(rates)))
        paused = kind is K.PAUSE or (paused and kind is K.BOLUS)
    return [*events, DoseEvent(K.STOP, T0 + timedelta(seconds=seconds[-1]), len(seconds))]


def by_the_second(events: Sequence[DoseEvent]) -> Fraction:
    """Integrate by brute force: for each second, look up the pump's setting anew from the whole timeline."""
    total = sum((Fraction(event.amount_mg) for event in events if event.amount_mg is not None), Fraction(0))
    for second in range(901):
        moment = T0 + timedelta(seconds=second)
        past = [event for event in events if event.occurred_at <= moment and event.kind is not K.BOLUS]
        if not past or past[-1].kind in (K.PAUSE, K.STOP):
            continue
        settings = [event.rate_mg_per_min for event in past if event.rate_mg_per_min is not None]
        total += Fraction(settings[-1]) / 60
    return total


@given(data=st.data())
def test_the_dose_is_what_brute_force_finds(data: st.DataObject) -> None:
    events = data.draw(proper_timelines())
    expected = by_the_second(events)
    delivery = deliver(data.draw(st.permutations(events)))
    assert delivery.delivered_mg is not None
    assert abs(Fraction(delivery.delivered_mg) - expected) <= Fraction(1, 2000)
    assert delivery.deviations == ()
    assert delivery.finished
    assert delivery.segments == deliver(events).segments


@given(events=proper_timelines(), second=st.integers(0, 900))
def test_splitting_a_stretch_of_flow_changes_nothing(events: list[DoseEvent], second: int) -> None:
    moment = T0 + timedelta(seconds=second, milliseconds=500)
    whole = deliver(events)
    split_here = [one for one in whole.segments if one.ends_at is not None and one.starts_at < moment < one.ends_at]
    assume(split_here)
    marker = DoseEvent(K.RATE_CHANGE, moment, 999, split_here[0].rate_mg_per_min)
    split = deliver([*events, marker])
    assert split.delivered_mg == whole.delivered_mg
    assert split.infusion_minutes == whole.infusion_minutes
    assert len(split.segments) == len(whole.segments) + 1


@given(events=proper_timelines(), minutes=st.floats(0, 30))
def test_the_projection_ends_at_what_is_delivered(events: list[DoseEvent], minutes: float) -> None:
    whole = deliver(events)
    running = deliver(events[:-1], now=events[-1].occurred_at)
    assert running.projected_mg == whole.delivered_mg
    assert running.infusion_minutes == whole.infusion_minutes
    assert deliver(events, now=at(minutes)) == whole


@st.composite
def any_timelines(draw: st.DrawFn) -> list[DoseEvent]:
    """Make whatever a busy room may type: any kinds in any order, at the same instant too."""
    return [
        DoseEvent(
            kind,
            T0 + timedelta(seconds=draw(st.integers(0, 20))),
            ordinal,
            draw(rates) if kind in (K.START, K.RATE_CHANGE) else draw(st.none() | rates),
            draw(mg) if kind in {*AMOUNTS, K.LOSS_ESTIMATED} else None,
        )
        for ordinal, kind in enumerate(draw(st.lists(st.sampled_from(DoseEventKind), max_size=8)))
    ]


@given(events=any_timelines())
def test_no_timeline_is_refused_but_an_end_before_the_start(events: list[DoseEvent]) -> None:
    in_time = sorted(events, key=lambda event: (event.occurred_at, event.ordinal))
    try:
        delivery = deliver(events, now=at(5))
    except EndsBeforeStart:
        kinds = [event.kind for event in in_time]
        assert kinds.index(K.STOP) < kinds.index(K.START)
        return
    assert not (delivery.running and delivery.paused)
    assert delivery.finished == (delivery.stopped_at is not None)
    assert delivery.delivered_mg is None or delivery.delivered_mg >= 0
    assert delivery.infusion_minutes >= 0
    for one, two in zip(delivery.segments, delivery.segments[1:], strict=False):
        assert one.ends_at is not None
        assert one.ends_at <= two.starts_at


# ── a flow that goes on, and a weight that has changed ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("steps", "planned"),
    [
        ([(0, K.START, "1.03")], "41.2"),
        ([(0, K.START, "1.03"), (20, K.RATE_CHANGE, "2.06")], "61.8"),
        # A pause takes nothing away: the minutes that are left are made up for.
        ([(0, K.START, "1.03"), (12, K.PAUSE)], "41.2"),
        ([(0, K.START, "1.03"), (12, K.PAUSE), (15, K.RESUME, "0.7")], "31.96"),
        ([(0, K.START, "1.03"), (12, K.PAUSE), (14, K.RATE_CHANGE, "0.7")], "31.96"),
        ([(0, K.START, "1.03"), (5, K.BOLUS, "5")], "46.2"),
        ([(0, K.START, "1.03"), (50, K.RATE_CHANGE, "1")], "51.5"),
        ([(0, K.START, "1.03"), (40, K.STOP)], None),
        ([(0, K.RESUME)], None),
        ([], None),
    ],
)
def test_a_flow_is_projected_to_its_ordered_minutes(steps: list[Any], planned: str | None) -> None:
    delivery = deliver(timeline(*steps), planned_minutes=40)
    assert delivery.planned_mg == (None if planned is None else Decimal(planned))
    assert deliver(timeline(*steps)).planned_mg is None


@pytest.mark.parametrize(
    ("planned", "ordered", "found"),
    [
        ("41.3", "41.2", {}),
        ("41.301", "41.2", {"projected_more_than_ordered": None}),
        ("30", "41.2", {}),
        ("70", None, {}),
        ("70.001", None, {"projected_above_limit": "above_max_mg_per_kg"}),
        ("71", "41.2", {"projected_more_than_ordered": None, "projected_above_limit": "above_max_mg_per_kg"}),
        (None, "41.2", {}),
    ],
)
def test_what_a_flow_would_come_to_too_much_of(planned: str | None, ordered: str | None, found: Any) -> None:
    amounts = [None if amount is None else Decimal(amount) for amount in (planned, ordered)]
    assert projection_deviations(*amounts, LIMITS, Decimal(70), tolerance_mg=Decimal("0.1")) == found


@pytest.mark.parametrize(
    ("ordered", "current", "asks"),
    [
        ("82.4", "78.28", True),  # exactly 5 % less
        ("82.4", "86.52", True),  # exactly 5 % more
        ("82.4", "78.29", False),
        ("82.4", "86.51", False),
        ("82.4", "82.4", False),
        (None, "82.4", False),
        ("82.4", None, False),
    ],
)
def test_a_weight_that_changed_by_exactly_the_fraction_is_confirmed(
    ordered: str | None, current: str | None, asks: bool
) -> None:
    weights = [None if weight is None else Decimal(weight) for weight in (ordered, current)]
    assert order_needs_reconfirmation(*weights, Decimal("0.05")) is asks


def test_what_a_session_has_had_counts_towards_its_limits_and_not_beside_the_dose_before() -> None:
    at = {"weight_kg": Decimal(70), "previous_dose_mg": Decimal(41)}
    assert limit_breaches(LIMITS, dose_mg=Decimal(30), given_before_mg=Decimal(40), **at) == ()
    assert limit_breaches(LIMITS, dose_mg=Decimal("30.001"), given_before_mg=Decimal(40), **at) == (
        "above_max_mg_per_kg",
    )
