"""What was really given: milligrams from a timeline of dose events, and where the drawn drug went.

A pump runs at a constant rate between two events, so the dose is a sum of rate times minutes, plus every amount given
at once. The sum is exact (fractions inside) and rounded once, at the end. Events are facts and arrive in any order, so
an odd timeline is never refused: it is computed as far as it can be, and what is odd gets a name. Refused is only what
cannot have happened: a negative amount, an event that does not say how much, an end before the start.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, StrEnum, auto
from fractions import Fraction
from typing import Final, NoReturn, assert_never

from app.kernel.errors import Fault, Invalid, RuleViolated
from app.protocols.rules import DoseLimits

MG_PLACES: Final = 3
ML_PLACES: Final = 3
ML_PER_H_PLACES: Final = 2
MG_PER_KG_PLACES: Final = 4
MG_PER_MIN_PLACES: Final = 4
MINUTES_PLACES: Final = 2
"""Decimal places of results, as they are stored. Rounding is half up, and only of a finished result."""

_MICROSECOND: Final = timedelta(microseconds=1)
_MICROSECONDS_PER_MINUTE: Final = 60_000_000


class OrderStatus(StrEnum):
    """Whether an order counts: the newest of a session does."""

    ACTIVE = "active"
    SUPERSEDED = "superseded"


class AdministrationState(StrEnum):
    """Where one administration stands."""

    NOT_STARTED = "not_started"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class DeliveredSource(StrEnum):
    """Where `delivered_mg` comes from."""

    EVENTS = "events"
    ENTERED = "entered"
    NOT_REPORTED = "not_reported"


class DoseEventKind(StrEnum):
    """What happened to a dose at one moment.

    `start`, `rate_change`, `pause`, `resume` and `stop` steer a flow. `bolus` and the amounts of the other routes
    (`injection`, `spray`, `device`, `lozenge`) are given at once.
    """

    START = "start"
    RATE_CHANGE = "rate_change"
    PAUSE = "pause"
    RESUME = "resume"
    BOLUS = "bolus"
    INJECTION = "injection"
    SPRAY = "spray"
    DEVICE = "device"
    LOZENGE = "lozenge"
    STOP = "stop"


class DoseDeviation(StrEnum):
    """What is odd about a timeline, or about the dose it comes to."""

    STARTED_TWICE = "started_twice"
    RESTARTED_AFTER_STOP = "restarted_after_stop"
    RATE_CHANGE_WITHOUT_START = "rate_change_without_start"
    RATE_CHANGE_WHILE_PAUSED = "rate_change_while_paused"
    RATE_CHANGE_AFTER_STOP = "rate_change_after_stop"
    PAUSE_WITHOUT_START = "pause_without_start"
    PAUSED_TWICE = "paused_twice"
    PAUSE_AFTER_STOP = "pause_after_stop"
    RESUME_WITHOUT_START = "resume_without_start"
    RESUME_WHILE_RUNNING = "resume_while_running"
    RESUME_AFTER_STOP = "resume_after_stop"
    RATE_UNKNOWN = "rate_unknown"
    AMOUNT_AFTER_STOP = "amount_after_stop"
    STOP_WITHOUT_START = "stop_without_start"
    STOPPED_TWICE = "stopped_twice"
    NO_ORDER = "no_order"
    LESS_THAN_ORDERED = "less_than_ordered"
    MORE_THAN_ORDERED = "more_than_ordered"


class LimitBreach(StrEnum):
    """Which soft limit of a protocol a dose goes beyond."""

    ABOVE_MAX_MG_PER_KG = "above_max_mg_per_kg"
    BELOW_MINIMUM_MINUTES = "below_minimum_minutes"
    ABOVE_TIMES_PREVIOUS_DOSE = "above_times_previous_dose"


class ImpossibleAmount(Invalid):
    """An amount, a rate, a weight or a duration that no world has: negative, or zero where something is divided."""

    code = "impossible-amount"
    title = "An amount is not possible"


class DoseEventIncomplete(Invalid):
    """The event does not say what its kind has to say."""

    code = "dose-event-incomplete"
    title = "The dose event does not say how much"


class EndBeforeStart(Invalid):
    """The dose would end before it begins."""

    code = "end-before-start"
    title = "The dose ends before it starts"


class DoseNotReconciled(RuleViolated):
    """What was drawn is not all accounted for."""

    code = "dose-not-reconciled"
    title = "Drawn drug is not accounted for"


@dataclass(frozen=True, slots=True)
class DoseEvent:
    """One thing that happened to a dose.

    Attributes:
        kind: What happened.
        occurred_at: When it happened, with a zone; not when it was typed in.
        ordinal: Tells apart what happened at the same instant; lower comes first.
        rate_mg_per_min: For `start` and `rate_change`. A `resume` may leave it out and goes on as before.
        amount_mg: For what is given at once.
    """

    kind: DoseEventKind
    occurred_at: datetime
    ordinal: int
    rate_mg_per_min: Decimal | None = None
    amount_mg: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of constant flow. `ends_at` and `delivered_mg` are None while it lasts.

    `delivered_mg` is rounded for display; the total of a `Delivery` is not the sum of rounded segments.
    """

    starts_at: datetime
    ends_at: datetime | None
    rate_mg_per_min: Decimal
    delivered_mg: Decimal | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a timeline comes to.

    Attributes:
        delivered_mg: Milligrams given, 3 places. None while drug flows, and where it cannot be known: nothing was
            given, or drug flowed at a rate nobody recorded.
        projected_mg: While drug flows, the milligrams given by the moment that was asked about, if one was;
            otherwise the same as `delivered_mg`.
        started_at: The first moment drug went in.
        stopped_at: The moment of the stop, or of an amount given after it. Where amounts were given and no flow was
            ever started, the last amount. None while the dose may go on.
        running: Drug flows.
        paused: A flow is interrupted and may go on.
        infusion_minutes: Minutes with drug flowing, pauses left out, 2 places. A running stretch counts up to the
            moment that was asked about.
        segments: The stretches of constant flow, in time.
        deviations: What is odd, each once, in the order it came up.
    """

    delivered_mg: Decimal | None
    projected_mg: Decimal | None
    started_at: datetime | None
    stopped_at: datetime | None
    running: bool
    paused: bool
    infusion_minutes: Decimal
    segments: tuple[Segment, ...]
    deviations: tuple[DoseDeviation, ...]

    @property
    def finished(self) -> bool:
        """Say whether the dose is over: something ended it, and nothing runs or waits to go on."""
        return self.stopped_at is not None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Where the drawn drug went.

    `unaccounted_mg` is negative if more is accounted for than was drawn; None if the drawn or the delivered amount is
    not known.
    """

    unaccounted_mg: Decimal | None
    reconciled: bool


def require_possible(event: DoseEvent, *, pointer: str = "#") -> None:
    """Refuse an event that cannot have happened as it is told.

    Args:
        event: What was recorded.
        pointer: Where it stands in the request, as a JSON pointer.

    Raises:
        DoseEventIncomplete: No rate for `start` or `rate_change`; no amount for what is given at once.
        ImpossibleAmount: A rate or an amount below zero, or not a number.
    """
    for name, value in (("rate_mg_per_min", event.rate_mg_per_min), ("amount_mg", event.amount_mg)):
        if value is not None and not _is_amount(value):
            _refuse_amount(f"{pointer}/{name}", "Must not be negative.")
    match event.kind:
        case DoseEventKind.START | DoseEventKind.RATE_CHANGE:
            missing = "rate_mg_per_min" if event.rate_mg_per_min is None else None
        case (
            DoseEventKind.BOLUS
            | DoseEventKind.INJECTION
            | DoseEventKind.SPRAY
            | DoseEventKind.DEVICE
            | DoseEventKind.LOZENGE
        ):
            missing = "amount_mg" if event.amount_mg is None else None
        case DoseEventKind.PAUSE | DoseEventKind.RESUME | DoseEventKind.STOP:
            missing = None
        case _:  # pragma: no cover  (the type checker proves that nothing gets here)
            assert_never(event.kind)
    if missing is not None:
        raise DoseEventIncomplete(
            detail=f"An event of kind {event.kind} needs {missing}.",
            faults=(Fault(code="required", detail=f"Needed for {event.kind}.", pointer=f"{pointer}/{missing}"),),
        )


def deliver(events: Sequence[DoseEvent], *, now: datetime | None = None) -> Delivery:
    """Compute what was given from what happened.

    Args:
        events: The timeline of one administration, in any order; sorted by `occurred_at`, then `ordinal`.
        now: For a running flow, the moment to project to. A moment before the last event projects nothing.

    Returns:
        The delivery. Odd timelines are computed like this, each with its deviation:

        - a second start goes on at its rate; a start, a resume or an amount after the stop counts;
        - a rate change while paused is the rate to resume with; after the stop it changes nothing;
        - a rate change or a resume without a start counts as one; a resume with no rate to go on with makes the
          dose unknowable;
        - a pause, or a second stop, where nothing flows changes nothing.

    Raises:
        DoseEventIncomplete: As for `require_possible`, with a pointer `#/events/{index}/...` into `events` as given.
        ImpossibleAmount: Likewise.
        EndBeforeStart: A stop before which nothing was given, and then the start.
    """
    for index, event in enumerate(events):
        require_possible(event, pointer=f"#/events/{index}")
    timeline = _Timeline()
    for event in sorted(events, key=lambda event: (event.occurred_at, event.ordinal)):
        timeline.take(event)
    return timeline.delivery(now)


def reconcile(
    drawn_mg: Decimal | None,
    delivered_mg: Decimal | None,
    wasted_mg: Decimal | None,
    returned_mg: Decimal | None,
) -> Reconciliation:
    """Check that drawn = delivered + wasted + returned, exactly.

    Args:
        drawn_mg: Taken from stock; None if not recorded.
        delivered_mg: Given; None while it cannot be known.
        wasted_mg: Destroyed; None counts as nothing.
        returned_mg: Given back to stock; None counts as nothing.

    Raises:
        ImpossibleAmount: One of them is below zero.
    """
    for name, value in (
        ("drawn_mg", drawn_mg),
        ("delivered_mg", delivered_mg),
        ("wasted_mg", wasted_mg),
        ("returned_mg", returned_mg),
    ):
        if value is not None and not _is_amount(value):
            _refuse_amount(f"#/{name}", "Must not be negative.")
    if drawn_mg is None or delivered_mg is None:
        return Reconciliation(unaccounted_mg=None, reconciled=False)
    # Fractions, since a sum of Decimals is rounded to the context's digits.
    accounted = Fraction(delivered_mg) + Fraction(wasted_mg or 0) + Fraction(returned_mg or 0)
    unaccounted = Fraction(drawn_mg) - accounted
    return Reconciliation(unaccounted_mg=_rounded(unaccounted, MG_PLACES), reconciled=unaccounted == 0)


def require_reconciled(reconciliation: Reconciliation) -> None:
    """Refuse to go on while drawn drug is not accounted for.

    Raises:
        DoseNotReconciled: Something is missing, or too much, or not known.
    """
    if not reconciliation.reconciled:
        raise DoseNotReconciled(detail="Drawn must equal delivered + wasted + returned before this can be signed.")


def calculated_mg(mg_per_kg: Decimal, weight_kg: Decimal) -> Decimal:
    """Compute the dose for a weight, 3 places: 0.5 mg/kg at 82.4 kg is 41.2 mg.

    Raises:
        ImpossibleAmount: The dose is negative, or the weight not above zero.
    """
    if not _is_amount(mg_per_kg):
        _refuse_amount("#/mg_per_kg", "Must not be negative.")
    return _rounded(Fraction(mg_per_kg) * _above_zero("weight_kg", weight_kg), MG_PLACES)


def actual_mg_per_kg(dose_mg: Decimal, weight_kg: Decimal) -> Decimal:
    """Compute what a dose comes to by weight, 4 places.

    Raises:
        ImpossibleAmount: The dose is negative, or the weight not above zero.
    """
    return _divided("dose_mg", dose_mg, "weight_kg", weight_kg, MG_PER_KG_PLACES)


def drawn_ml(dose_mg: Decimal, stock_mg_per_ml: Decimal) -> Decimal:
    """Compute the volume to draw from a vial, 3 places: 46.2 mg from 10 mg/mL is 4.62 mL.

    Raises:
        ImpossibleAmount: The dose is negative, or the concentration not above zero.
    """
    return _divided("dose_mg", dose_mg, "stock_mg_per_ml", stock_mg_per_ml, ML_PLACES)


def rate_mg_per_min(dose_mg: Decimal, minutes: Decimal | int) -> Decimal:
    """Compute the flow that gives a dose in a time, 4 places: 41.2 mg in 40 minutes is 1.03 mg/min.

    Raises:
        ImpossibleAmount: The dose is negative, or the time not above zero.
    """
    return _divided("dose_mg", dose_mg, "minutes", Decimal(minutes), MG_PER_MIN_PLACES)


def rate_ml_per_h(bag_total_ml: Decimal, minutes: Decimal | int) -> Decimal:
    """Compute the pump setting that empties a bag in a time, 2 places: 100 mL in 40 minutes is 150 mL/h.

    Raises:
        ImpossibleAmount: The volume is negative, or the time not above zero.
    """
    return _divided("bag_total_ml", bag_total_ml * 60, "minutes", Decimal(minutes), ML_PER_H_PLACES)


def dose_deviations(
    delivered_mg: Decimal, ordered_mg: Decimal | None, *, tolerance_mg: Decimal = Decimal(0)
) -> tuple[DoseDeviation, ...]:
    """Compare what was given with what was ordered.

    Args:
        delivered_mg: What was given.
        ordered_mg: What was ordered; None if nothing was.
        tolerance_mg: A difference up to this, either way, is none. A rate is rounded to what a pump can be set to,
            so a completed infusion may be off by a few micrograms.
    """
    if ordered_mg is None:
        return (DoseDeviation.NO_ORDER,)
    difference = Fraction(delivered_mg) - Fraction(ordered_mg)
    if difference > Fraction(tolerance_mg):
        return (DoseDeviation.MORE_THAN_ORDERED,)
    if -difference > Fraction(tolerance_mg):
        return (DoseDeviation.LESS_THAN_ORDERED,)
    return ()


def limit_breaches(
    limits: DoseLimits,
    *,
    dose_mg: Decimal,
    weight_kg: Decimal | None = None,
    infusion_minutes: Decimal | int | None = None,
    previous_dose_mg: Decimal | None = None,
) -> tuple[LimitBreach, ...]:
    """List the soft limits a dose goes beyond; exactly at a limit is within it. Nothing is rounded before comparing.

    Args:
        limits: The protocol's limits; what they leave open is not checked.
        dose_mg: The dose, ordered or given.
        weight_kg: None leaves the limit by weight unchecked.
        infusion_minutes: The time it is to take. Leave it out for an infusion that was stopped early: it is short
            because it was stopped, not because it was fast.
        previous_dose_mg: The previous dose of the same drug and route; None if there is none.
    """
    dose = Fraction(dose_mg)
    breaches: list[LimitBreach] = []
    if (
        limits.max_mg_per_kg is not None
        and weight_kg is not None
        and dose > Fraction(limits.max_mg_per_kg) * Fraction(weight_kg)
    ):
        breaches.append(LimitBreach.ABOVE_MAX_MG_PER_KG)
    if (
        limits.minimum_minutes is not None
        and infusion_minutes is not None
        and infusion_minutes < limits.minimum_minutes
    ):
        breaches.append(LimitBreach.BELOW_MINIMUM_MINUTES)
    if (
        limits.times_previous_dose is not None
        and previous_dose_mg is not None
        and dose > Fraction(limits.times_previous_dose) * Fraction(previous_dose_mg)
    ):
        breaches.append(LimitBreach.ABOVE_TIMES_PREVIOUS_DOSE)
    return tuple(breaches)


class _Flow(Enum):
    NOT_STARTED = auto()
    RUNNING = auto()
    PAUSED = auto()
    STOPPED = auto()


@dataclass(slots=True)
class _Timeline:
    """The pump while its events are gone through; `since` is when the present stretch of flow began."""

    flow: _Flow = _Flow.NOT_STARTED
    rate: Decimal | None = None
    since: datetime | None = None
    delivered: Fraction = Fraction(0)
    minutes: Fraction = Fraction(0)
    anything_given: bool = False
    all_known: bool = True
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    segments: list[Segment] = field(default_factory=list[Segment])
    deviations: dict[DoseDeviation, None] = field(default_factory=dict[DoseDeviation, None])

    def take(self, event: DoseEvent) -> None:
        at = event.occurred_at
        match event.kind:
            case DoseEventKind.START:
                self._start(at, event.rate_mg_per_min)
            case DoseEventKind.RATE_CHANGE:
                self._change_rate(at, event.rate_mg_per_min)
            case DoseEventKind.PAUSE:
                self._pause(at)
            case DoseEventKind.RESUME:
                self._resume(at, event.rate_mg_per_min)
            case (
                DoseEventKind.BOLUS
                | DoseEventKind.INJECTION
                | DoseEventKind.SPRAY
                | DoseEventKind.DEVICE
                | DoseEventKind.LOZENGE
            ):
                self._give(at, event.amount_mg or Decimal(0))
            case DoseEventKind.STOP:
                self._stop(at)
            case _:  # pragma: no cover  (the type checker proves that nothing gets here)
                assert_never(event.kind)

    def delivery(self, now: datetime | None) -> Delivery:
        running = self.flow is _Flow.RUNNING
        minutes = self.minutes
        projected = self.delivered if self.all_known and self.anything_given else None
        delivered = None if running or projected is None else _rounded(projected, MG_PLACES)
        segments = list(self.segments)
        if running and self.since is not None:
            flowing = Fraction(0) if now is None else _minutes_between(self.since, max(now, self.since))
            if self.rate != 0:
                minutes += flowing
            if self.rate is None or projected is None or now is None:
                projected = None
            else:
                projected += Fraction(self.rate) * flowing
            if self.rate is not None:
                segments.append(Segment(self.since, None, self.rate, None))
        return Delivery(
            delivered_mg=delivered,
            projected_mg=None if projected is None else _rounded(projected, MG_PLACES),
            started_at=self.started_at,
            stopped_at=self.stopped_at,
            running=running,
            paused=self.flow is _Flow.PAUSED,
            infusion_minutes=_rounded(minutes, MINUTES_PLACES),
            segments=tuple(segments),
            deviations=tuple(self.deviations),
        )

    def _start(self, at: datetime, rate: Decimal | None) -> None:
        match self.flow:
            case _Flow.NOT_STARTED:
                pass
            case _Flow.RUNNING | _Flow.PAUSED:
                self._note(DoseDeviation.STARTED_TWICE)
            case _Flow.STOPPED:
                if not self.anything_given:
                    raise EndBeforeStart(
                        detail="The stop lies before the start. Mend the time of one of them.",
                        faults=(Fault(code="end_before_start", detail="Must not lie after the stop.", pointer="#"),),
                    )
                self._note(DoseDeviation.RESTARTED_AFTER_STOP)
            case _:  # pragma: no cover  (the type checker proves that nothing gets here)
                assert_never(self.flow)
        self._run(at, rate)

    def _change_rate(self, at: datetime, rate: Decimal | None) -> None:
        match self.flow:
            case _Flow.NOT_STARTED:
                self._note(DoseDeviation.RATE_CHANGE_WITHOUT_START)
                self._run(at, rate)
            case _Flow.RUNNING:
                self._run(at, rate)
            case _Flow.PAUSED:
                self._note(DoseDeviation.RATE_CHANGE_WHILE_PAUSED)
                self.rate = rate
            case _Flow.STOPPED:
                self._note(DoseDeviation.RATE_CHANGE_AFTER_STOP)
            case _:  # pragma: no cover  (the type checker proves that nothing gets here)
                assert_never(self.flow)

    def _pause(self, at: datetime) -> None:
        match self.flow:
            case _Flow.NOT_STARTED:
                self._note(DoseDeviation.PAUSE_WITHOUT_START)
            case _Flow.RUNNING:
                self._close(at)
                self.flow = _Flow.PAUSED
            case _Flow.PAUSED:
                self._note(DoseDeviation.PAUSED_TWICE)
            case _Flow.STOPPED:
                self._note(DoseDeviation.PAUSE_AFTER_STOP)
            case _:  # pragma: no cover  (the type checker proves that nothing gets here)
                assert_never(self.flow)

    def _resume(self, at: datetime, rate: Decimal | None) -> None:
        match self.flow:
            case _Flow.NOT_STARTED:
                self._note(DoseDeviation.RESUME_WITHOUT_START)
            case _Flow.RUNNING:
                self._note(DoseDeviation.RESUME_WHILE_RUNNING)
            case _Flow.PAUSED:
                pass
            case _Flow.STOPPED:
                self._note(DoseDeviation.RESUME_AFTER_STOP)
            case _:  # pragma: no cover  (the type checker proves that nothing gets here)
                assert_never(self.flow)
        self._run(at, self.rate if rate is None else rate)

    def _give(self, at: datetime, amount: Decimal) -> None:
        self.delivered += Fraction(amount)
        self.anything_given = True
        self.started_at = self.started_at or at
        match self.flow:
            case _Flow.NOT_STARTED:
                self.stopped_at = at
            case _Flow.RUNNING | _Flow.PAUSED:
                pass
            case _Flow.STOPPED:
                self._note(DoseDeviation.AMOUNT_AFTER_STOP)
                self.stopped_at = at
            case _:  # pragma: no cover  (the type checker proves that nothing gets here)
                assert_never(self.flow)

    def _stop(self, at: datetime) -> None:
        match self.flow:
            case _Flow.NOT_STARTED:
                if not self.anything_given:
                    self._note(DoseDeviation.STOP_WITHOUT_START)
            case _Flow.RUNNING | _Flow.PAUSED:
                self._close(at)
            case _Flow.STOPPED:
                self._note(DoseDeviation.STOPPED_TWICE)
                return
            case _:  # pragma: no cover  (the type checker proves that nothing gets here)
                assert_never(self.flow)
        self.flow = _Flow.STOPPED
        self.stopped_at = at

    def _run(self, at: datetime, rate: Decimal | None) -> None:
        self._close(at)
        self.flow = _Flow.RUNNING
        self.rate = rate
        self.since = at
        self.started_at = self.started_at or at
        self.stopped_at = None
        self.anything_given = True
        if rate is None:
            self.all_known = False
            self._note(DoseDeviation.RATE_UNKNOWN)

    def _close(self, at: datetime) -> None:
        """End the present stretch of flow, if there is one."""
        since, self.since = self.since, None
        if since is None or since == at:
            return
        flowed = _minutes_between(since, at)
        if self.rate != 0:
            self.minutes += flowed
        if self.rate is not None:
            given = Fraction(self.rate) * flowed
            self.delivered += given
            self.segments.append(Segment(since, at, self.rate, _rounded(given, MG_PLACES)))

    def _note(self, deviation: DoseDeviation) -> None:
        self.deviations[deviation] = None


def _minutes_between(start: datetime, end: datetime) -> Fraction:
    return Fraction((end - start) // _MICROSECOND, _MICROSECONDS_PER_MINUTE)


def _rounded(value: Fraction, places: int) -> Decimal:
    """Round half up, away from zero: ROUND_HALF_UP without the digits a decimal context allows."""
    scaled = abs(value) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal((1 if value < 0 and whole else 0, tuple(int(digit) for digit in str(whole)), -places))


def _divided(name: str, value: Decimal, by_name: str, by: Decimal, places: int) -> Decimal:
    if not _is_amount(value):
        _refuse_amount(f"#/{name}", "Must not be negative.")
    return _rounded(Fraction(value) / _above_zero(by_name, by), places)


def _above_zero(name: str, value: Decimal) -> Fraction:
    if not _is_amount(value) or value == 0:
        _refuse_amount(f"#/{name}", "Must be above zero.")
    return Fraction(value)


def _is_amount(value: Decimal) -> bool:
    return value.is_finite() and value >= 0


def _refuse_amount(pointer: str, detail: str) -> NoReturn:
    raise ImpossibleAmount(
        detail="Amounts, rates, weights and durations must be possible.",
        faults=(Fault(code="impossible_amount", detail=detail, pointer=pointer),),
    )
