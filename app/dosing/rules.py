"""What was really given: milligrams from a timeline of dose events, and where the drawn drug went.

A pump runs at a constant rate between two events, so the dose is a sum of rate times minutes, plus every amount given
at once. The sum is exact (fractions inside) and rounded once, at the end. Events are facts and arrive in any order, so
an odd timeline is never refused: it is computed as far as it can be, and what is odd gets a name. Refused is only what
cannot have happened: a negative amount, an event that does not say how much, an end before the start, a nostril in an
infusion. What can be told of a dose follows from its drug and its route together: that is its variant.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, StrEnum, auto
from fractions import Fraction
from itertools import pairwise
from types import MappingProxyType
from typing import Final, NoReturn, assert_never

from app.kernel.errors import EndsBeforeStart, Fault, Invalid, RuleViolated, require_in_order
from app.protocols.rules import DoseLimits, Drug, Route
from app.sessions.rules import SessionStatus

MG_PLACES: Final = 3
ML_PLACES: Final = 3
ML_PER_H_PLACES: Final = 2
MG_PER_KG_PLACES: Final = 4
MG_PER_MIN_PLACES: Final = 4
MG_PER_KG_PER_H_PLACES: Final = 4
MINUTES_PLACES: Final = 2
"""Decimal places of results, as they are stored. Rounding is half up, and only of a finished result."""

_MICROSECOND: Final = timedelta(microseconds=1)
_MICROSECONDS_PER_MINUTE: Final = 60_000_000


class OrderStatus(StrEnum):
    """Whether an order counts: the newest of a session does."""

    ACTIVE = "active"
    SUPERSEDED = "superseded"


ORDERABLE: Final = frozenset(
    {
        SessionStatus.SCHEDULED,
        SessionStatus.CHECKED_IN,
        SessionStatus.CLEARED,
        SessionStatus.HELD,
        SessionStatus.DOSING,
        SessionStatus.OBSERVING,
    }
)
"""The states of a session that is not over, in which something can be ordered."""


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
    (`injection`, `spray`, `device`, `lozenge`) are given at once. `loss_estimated` says how much of what was given was
    spat out or vomited: it was given all the same, so it is counted apart.
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
    LOSS_ESTIMATED = "loss_estimated"
    STOP = "stop"


class BodySite(StrEnum):
    """Where an injection goes in."""

    DELTOID = "deltoid"
    VENTROGLUTEAL = "ventrogluteal"
    DORSOGLUTEAL = "dorsogluteal"
    VASTUS_LATERALIS = "vastus_lateralis"
    ABDOMEN = "abdomen"
    THIGH = "thigh"
    UPPER_ARM = "upper_arm"


class Side(StrEnum):
    """The patient's left or right."""

    LEFT = "left"
    RIGHT = "right"


class DoseForm(StrEnum):
    """What is held under the tongue or swallowed."""

    TROCHE = "troche"
    RAPID_DISSOLVE_TABLET = "rapid_dissolve_tablet"
    LOZENGE = "lozenge"
    WAFER = "wafer"
    TABLET = "tablet"
    CAPSULE = "capsule"
    SYRUP = "syrup"


class Disposition(StrEnum):
    """What happened to what was held in the mouth."""

    SPIT = "spit"
    SWALLOW = "swallow"
    PARTIAL = "partial"


_FLOW_KINDS: Final = frozenset(
    {
        DoseEventKind.START,
        DoseEventKind.RATE_CHANGE,
        DoseEventKind.PAUSE,
        DoseEventKind.RESUME,
        DoseEventKind.BOLUS,
        DoseEventKind.STOP,
    }
)


@dataclass(frozen=True, slots=True)
class Variant:
    """How a drug is given by some routes.

    Attributes:
        name: What people call it.
        drug: The drug.
        routes: By which routes.
        members: What can be told of such an administration, beside what can be told of all.
        kinds: What can happen to it.
        in_devices: It comes in devices of a fixed amount, so every amount of it is whole devices.
    """

    name: str
    drug: Drug
    routes: tuple[Route, ...]
    members: frozenset[str]
    kinds: frozenset[DoseEventKind]
    in_devices: bool = False


INFUSION: Final = Variant(
    "infusion",
    Drug.KETAMINE,
    (Route.INTRAVENOUS,),
    frozenset(
        {
            "concentration_mg_per_ml",
            "access_site",
            "catheter_gauge",
            "diluent",
            "bag_total_ml",
            "infiltration",
            "pump",
        }
    ),
    _FLOW_KINDS,
)
INJECTIONS: Final = Variant(
    "injections",
    Drug.KETAMINE,
    (Route.INTRAMUSCULAR, Route.SUBCUTANEOUS),
    frozenset({"concentration_mg_per_ml"}),
    frozenset({DoseEventKind.INJECTION}),
)
LOZENGES: Final = Variant(
    "lozenges",
    Drug.KETAMINE,
    (Route.SUBLINGUAL, Route.ORAL),
    frozenset(
        {
            "form",
            "unit_strength_mg",
            "hold_minutes",
            "disposition",
            "observer_present",
            "peer_monitor_name",
            "dispensed_units",
            "remaining_units",
            "days_supply",
        }
    ),
    frozenset({DoseEventKind.LOZENGE, DoseEventKind.LOSS_ESTIMATED}),
)
SPRAYS: Final = Variant(
    "sprays",
    Drug.KETAMINE,
    (Route.INTRANASAL,),
    frozenset({"concentration_mg_per_ml"}),
    frozenset({DoseEventKind.SPRAY}),
)
DEVICES: Final = Variant(
    "devices",
    Drug.ESKETAMINE,
    (Route.INTRANASAL,),
    frozenset({"self_administered", "supervised_by"}),
    frozenset({DoseEventKind.DEVICE}),
    in_devices=True,
)
VARIANTS: Final = (INFUSION, INJECTIONS, LOZENGES, SPRAYS, DEVICES)
"""Every way a drug is given. Blood levels differ by route and by enantiomer, so nothing is converted between them."""

_GIVEN_AT_ONCE: Final = frozenset(
    {
        DoseEventKind.BOLUS,
        DoseEventKind.INJECTION,
        DoseEventKind.SPRAY,
        DoseEventKind.DEVICE,
        DoseEventKind.LOZENGE,
        DoseEventKind.LOSS_ESTIMATED,
    }
)
TOLD_OF: Final[Mapping[str, frozenset[DoseEventKind]]] = MappingProxyType(
    {
        "rate_mg_per_min": frozenset({DoseEventKind.START, DoseEventKind.RATE_CHANGE, DoseEventKind.RESUME}),
        # A device holds what it holds.
        "amount_mg": _GIVEN_AT_ONCE - {DoseEventKind.DEVICE},
        **dict.fromkeys(("body_site", "side", "volume_ml"), frozenset({DoseEventKind.INJECTION})),
        "nostril": frozenset({DoseEventKind.SPRAY, DoseEventKind.DEVICE}),
        **dict.fromkeys(
            (
                "device_number",
                "lot",
                "expires_on",
                "second_spray_at",
                "second_nostril",
                "blew_nose",
                "leaked",
            ),
            frozenset({DoseEventKind.DEVICE}),
        ),
        **dict.fromkeys(
            ("unit_count", "unit_strength_mg", "hold_minutes", "disposition"), frozenset({DoseEventKind.LOZENGE})
        ),
    }
)
"""Which members belong to which kinds of event; what is not listed belongs to all."""


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
    LOSS_ESTIMATED = "loss_estimated"
    LOSS_ABOVE_DOSE = "loss_above_dose"
    SECOND_SPRAY_NOT_RECORDED = "second_spray_not_recorded"
    SAME_NOSTRIL_TWICE = "same_nostril_twice"
    REST_TOO_SHORT = "rest_too_short"
    DEVICE_NUMBER_REPEATED = "device_number_repeated"
    DEVICE_LEAKED = "device_leaked"
    NOSE_BLOWN = "nose_blown"
    NO_ORDER = "no_order"
    LESS_THAN_ORDERED = "less_than_ordered"
    MORE_THAN_ORDERED = "more_than_ordered"
    PROJECTED_MORE_THAN_ORDERED = "projected_more_than_ordered"
    PROJECTED_ABOVE_LIMIT = "projected_above_limit"
    WEIGHT_NOT_RECONFIRMED = "weight_not_reconfirmed"
    ORDERED_FOR_ANOTHER_PATIENT = "ordered_for_another_patient"


class LimitBreach(StrEnum):
    """Which limit a dose goes beyond; `above_hard_max_mg` refuses an order where its gate does, the others ask."""

    ABOVE_HARD_MAX_MG = "above_hard_max_mg"
    ABOVE_MAX_MG_PER_KG = "above_max_mg_per_kg"
    ABOVE_MAX_MG = "above_max_mg"
    BELOW_MINIMUM_MINUTES = "below_minimum_minutes"
    ABOVE_TIMES_PREVIOUS_DOSE = "above_times_previous_dose"


class ImpossibleAmount(Invalid):
    """An amount, a rate, a weight or a duration that no world has: negative, or zero where something is divided."""

    code = "impossible-amount"
    title = "An amount is not possible"
    advice = "Look at the number and its unit, which is part of the member's name."


class DoseEventIncomplete(Invalid):
    """The event does not say what its kind has to say."""

    code = "dose-event-incomplete"
    title = "The dose event does not say how much"
    advice = "Give the amount or the rate this kind of event asks for; `errors` names the member."


class NotOfThisKind(Invalid):
    """Something is told that this way of giving a drug does not have."""

    code = "not-of-this-kind"
    title = "This does not belong to a dose of this kind"
    advice = "Leave out the members that `errors` names: this way of giving a drug does not have them."


class NotWholeDevices(Invalid):
    """What comes in devices is used, wasted and returned in whole ones."""

    code = "not-whole-devices"
    title = "The amount is not a whole number of devices"
    advice = "Count devices: what is used, wasted and returned comes to a whole number of them."


class DoseLimitExceeded(RuleViolated):
    """More than may be ordered of this drug in one session."""

    code = "dose-limit-exceeded"
    title = "More than may be ordered for one session"
    advice = "Order at most `limit_mg`. What was really given is recorded all the same, whatever it was."


class DoseNotReconciled(RuleViolated):
    """What was drawn is not all accounted for."""

    code = "dose-not-reconciled"
    title = "Drawn drug is not accounted for"
    advice = "Record what was wasted and returned, so that it adds up with what was delivered to what was drawn."


@dataclass(frozen=True, slots=True)
class DoseEvent:
    """One thing that happened to a dose.

    Attributes:
        kind: What happened.
        occurred_at: When it happened, with a zone; not when it was typed in.
        ordinal: Tells apart what happened at the same instant; lower comes first.
        rate_mg_per_min: For `start` and `rate_change`. A `resume` may leave it out and goes on as before.
        amount_mg: For what is given at once, and for a loss.
        spray: Of a `device`, how it was used.
    """

    kind: DoseEventKind
    occurred_at: datetime
    ordinal: int
    rate_mg_per_min: Decimal | None = None
    amount_mg: Decimal | None = None
    spray: "DeviceUse | None" = None


@dataclass(frozen=True, slots=True)
class DeviceUse:
    """How one device was used; the first spray is at the event's own moment. None where nobody said."""

    number: int | None = None
    nostril: str | None = None
    second_spray_at: datetime | None = None
    second_nostril: str | None = None
    blew_nose: bool | None = None
    leaked: bool | None = None


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """One esketamine device: what it holds, in how many sprays, and the rest before the next."""

    amount_mg: Decimal
    sprays: int
    rest_minutes: int
    source: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a drug by a route; None where there is none.

    Beyond `hard_max_mg` in one session an order is refused. Beyond the others the question is "are you sure?".
    `versions` says for each limit which data it comes from, such as `DOSE_LIMITS@1`.
    """

    max_mg_per_kg: Decimal | None
    max_mg: Decimal | None
    hard_max_mg: Decimal | None
    minimum_minutes: int | None
    times_previous_dose: Decimal | None
    source: str
    versions: Mapping[LimitBreach, str] = field(default_factory=dict[LimitBreach, str])


@dataclass(frozen=True, slots=True)
class OwnMaximum:
    """The most milligrams in one session that a clinic has set for itself, or for one patient."""

    max_mg: Decimal
    source: str
    version: str


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
        planned_mg: While drug flows or waits to, the milligrams it comes to if it goes on at the present rate until it
            has flowed for the planned minutes; None where they are not known, and once the dose is over.
        started_at: The first moment drug went in.
        stopped_at: The moment of the stop, or of an amount given after it. Where amounts were given and no flow was
            ever started, the last amount. None while the dose may go on.
        running: Drug flows.
        paused: A flow is interrupted and may go on.
        infusion_minutes: Minutes with drug flowing, pauses left out, 2 places. A running stretch counts up to the
            moment that was asked about.
        segments: The stretches of constant flow, in time.
        lost_mg: What was estimated to be spat out or vomited of it; None if nothing was.
        deviations: What is odd, each once, in the order it came up.
    """

    delivered_mg: Decimal | None
    projected_mg: Decimal | None
    planned_mg: Decimal | None
    started_at: datetime | None
    stopped_at: datetime | None
    running: bool
    paused: bool
    infusion_minutes: Decimal
    segments: tuple[Segment, ...]
    lost_mg: Decimal | None
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


def variant_of(drug: str, route: str) -> Variant:
    """Find how a drug is given by a route.

    Raises:
        NotOfThisKind: The record knows no such way.
    """
    for variant in VARIANTS:
        if variant.drug == drug and route in variant.routes:
            return variant
    fault = Fault("not_given_this_way", "The drug is not given by this route here.", pointer="#/route")
    raise NotOfThisKind(faults=(fault,))


def require_members(variant: Variant, told: Collection[str]) -> None:
    """Refuse what cannot be told of an administration of this variant.

    Raises:
        NotOfThisKind: Names each such member.
    """
    foreign = frozenset[str]().union(*(one.members for one in VARIANTS)) - variant.members
    _refuse_foreign(sorted(foreign & set(told)), variant.name)


TOTALS: Final = frozenset({"started_at", "stopped_at", "delivered_mg"})
"""What is told of a dose in short, in place of its events."""


def require_told_in_short(told: Collection[str], *, in_short: bool) -> None:
    """Refuse to correct the totals of a dose that are reckoned from its events.

    Args:
        told: The members that are sent.
        in_short: Whether the dose was told in totals.

    Raises:
        NotOfThisKind: Names each such member.
    """
    if not in_short and (totals := sorted(TOTALS & set(told))):
        detail = "Is reckoned from the events of this dose; correct those."
        raise NotOfThisKind(faults=[Fault("not_of_this_kind", detail, pointer=f"#/{member}") for member in totals])


def require_kind(variant: Variant, kind: DoseEventKind) -> None:
    """Refuse what cannot happen to an administration of this variant.

    Raises:
        NotOfThisKind: With the kinds that can.
    """
    if kind not in variant.kinds:
        listed = ", ".join(one for one in DoseEventKind if one in variant.kinds)
        fault = Fault("not_of_this_kind", f"To {variant.name} happens one of: {listed}.", pointer="#/kind")
        raise NotOfThisKind(faults=(fault,))


def require_event_members(kind: DoseEventKind, told: Collection[str]) -> None:
    """Refuse what cannot be told of an event of this kind.

    Raises:
        NotOfThisKind: Names each such member.
    """
    _refuse_foreign(sorted(name for name in told if kind not in TOLD_OF.get(name, set(DoseEventKind))), kind)


def _refuse_foreign(members: Sequence[str], kind: str) -> None:
    if members:
        detail = f"Does not belong to {kind}."
        raise NotOfThisKind(faults=[Fault("not_of_this_kind", detail, pointer=f"#/{name}") for name in members])


def require_whole_devices(device: DeviceFacts, amounts: Mapping[str, Decimal | None]) -> None:
    """Refuse amounts that are no whole number of devices.

    Args:
        device: What one holds.
        amounts: Milligrams by member; None where nobody said.

    Raises:
        NotWholeDevices: Names each such member.
    """
    broken = [name for name, amount in amounts.items() if amount is not None and devices_in(device, amount) is None]
    if broken:
        detail = f"Must be a multiple of {device.amount_mg} mg."
        raise NotWholeDevices(faults=[Fault("not_whole_devices", detail, pointer=f"#/{name}") for name in broken])


def devices_in(device: DeviceFacts, amount_mg: Decimal) -> int | None:
    """Count the devices an amount comes from; None if they are not whole. 84 mg are three of 28."""
    count = Fraction(amount_mg) / Fraction(device.amount_mg)
    return count.numerator if count.denominator == 1 else None


def amount_of_units(unit_count: Decimal, unit_strength_mg: Decimal) -> Decimal:
    """Compute what some lozenges hold, 3 places: one and a half of 100 mg are 150 mg.

    Raises:
        ImpossibleAmount: One of the two is below zero.
    """
    for name, value in (("unit_count", unit_count), ("unit_strength_mg", unit_strength_mg)):
        if not _is_amount(value):
            _refuse_amount(f"#/{name}", "Must not be negative.")
    return _rounded(Fraction(unit_count) * Fraction(unit_strength_mg), MG_PLACES)


def device_deviations(events: Sequence[DoseEvent], device: DeviceFacts) -> tuple[DoseDeviation, ...]:
    """Find what is odd about how devices were used.

    Two sprays into two nostrils, then a rest that is counted from the last spray that was told to the first of the next
    device; exactly the rest is enough.

    Args:
        events: The timeline, in any order; only devices are looked at.
        device: How it should be used.
    """
    found: dict[DoseDeviation, None] = {}
    used = sorted((one for one in events if one.spray is not None), key=lambda one: (one.occurred_at, one.ordinal))
    uses = [one.spray for one in used if one.spray is not None]
    for use in uses:
        if use.second_spray_at is None and device.sprays > 1:
            found[DoseDeviation.SECOND_SPRAY_NOT_RECORDED] = None
        if use.nostril is not None and use.nostril == use.second_nostril:
            found[DoseDeviation.SAME_NOSTRIL_TWICE] = None
        if use.leaked:
            found[DoseDeviation.DEVICE_LEAKED] = None
        if use.blew_nose:
            found[DoseDeviation.NOSE_BLOWN] = None
    numbers = [use.number for use in uses if use.number is not None]
    if len(set(numbers)) < len(numbers):
        found[DoseDeviation.DEVICE_NUMBER_REPEATED] = None
    for before, after in pairwise(used):
        last_spray = before.occurred_at
        if before.spray is not None and before.spray.second_spray_at is not None:
            last_spray = before.spray.second_spray_at
        if after.occurred_at - last_spray < timedelta(minutes=device.rest_minutes):
            found[DoseDeviation.REST_TOO_SHORT] = None
    return tuple(found)


def require_possible(event: DoseEvent, *, pointer: str = "#") -> None:
    """Refuse an event that cannot have happened as it is told.

    Args:
        event: What was recorded.
        pointer: Where it stands in the request, as a JSON pointer.

    Raises:
        DoseEventIncomplete: No rate for `start` or `rate_change`; no amount for what is given at once.
        ImpossibleAmount: A rate or an amount below zero, or not a number.
        EndsBeforeStart: A device's second spray before its first.
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
            | DoseEventKind.LOSS_ESTIMATED
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
    second = event.spray.second_spray_at if event.spray is not None else None
    detail = "Must not be before the first spray."
    require_in_order(event.occurred_at, second, pointer=f"{pointer}/second_spray_at", detail=detail)


def deliver(
    events: Sequence[DoseEvent], *, now: datetime | None = None, planned_minutes: int | None = None
) -> Delivery:
    """Compute what was given from what happened.

    Args:
        events: The timeline of one administration, in any order; sorted by `occurred_at`, then `ordinal`.
        now: For a running flow, the moment to project to. A moment before the last event projects nothing.
        planned_minutes: For how many minutes drug is to flow in all, pauses left out.

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
        EndsBeforeStart: A stop before which nothing was given, and then the start.
    """
    for index, event in enumerate(events):
        require_possible(event, pointer=f"#/events/{index}")
    timeline = _Timeline()
    for event in sorted(events, key=lambda event: (event.occurred_at, event.ordinal)):
        timeline.take(event)
    return timeline.delivery(now, planned_minutes)


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


def summed_mg(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """Add up what several administrations came to; None where there are none, or where one of them is not known."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(amounts) else None


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


def mg_per_kg_per_h(mg_per_kg: Decimal, minutes: Decimal | int) -> Decimal:
    """Compute the flow by weight, 4 places: 0.5 mg/kg in 40 minutes are 0.75 mg/kg/h.

    Raises:
        ImpossibleAmount: The dose is negative, or the time not above zero.
    """
    return _divided("mg_per_kg", mg_per_kg * 60, "minutes", Decimal(minutes), MG_PER_KG_PER_H_PLACES)


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


def projection_deviations(
    planned_mg: Decimal | None,
    ordered_mg: Decimal | None,
    limits: Limits,
    weight_kg: Decimal | None,
    *,
    tolerance_mg: Decimal,
) -> dict[DoseDeviation, LimitBreach | None]:
    """Say what a flow comes to too much of if it goes on like this, each with the limit it would go beyond.

    Args:
        planned_mg: What it would come to; None where nobody can say.
        ordered_mg: What was ordered; None if nothing was.
        limits: Those of the session.
        weight_kg: None leaves the limit by weight unchecked.
        tolerance_mg: Up to this much more than ordered is none.
    """
    found: dict[DoseDeviation, LimitBreach | None] = {}
    if planned_mg is None:
        return found
    if ordered_mg is not None and Fraction(planned_mg) - Fraction(ordered_mg) > Fraction(tolerance_mg):
        found[DoseDeviation.PROJECTED_MORE_THAN_ORDERED] = None
    if breaches := limit_breaches(limits, dose_mg=planned_mg, weight_kg=weight_kg):
        found[DoseDeviation.PROJECTED_ABOVE_LIMIT] = breaches[0]
    return found


def order_needs_reconfirmation(
    order_weight_kg: Decimal | None, current_weight_kg: Decimal | None, fraction: Decimal
) -> bool:
    """Say whether a patient's weight has changed so much that a prescriber has to look at an order again.

    Args:
        order_weight_kg: The weight the order rests on, or that it was last confirmed for; None if it rests on none.
        current_weight_kg: The patient's weight now; None if none stands.
        fraction: The least difference that asks, as a fraction of the order's weight; exactly that much asks.
    """
    if order_weight_kg is None or current_weight_kg is None:
        return False
    difference = abs(Fraction(current_weight_kg) - Fraction(order_weight_kg))
    return difference >= Fraction(order_weight_kg) * Fraction(fraction)


def limits_for(
    shipped: Limits, own: DoseLimits | None, *, version: str = "", maximum: OwnMaximum | None = None
) -> Limits:
    """Put the limits of a dose together: a protocol's own where it has them, else those of the drug and route.

    Args:
        shipped: Of the drug by the route.
        own: The protocol's; None where it was made for another drug or route. They never lift a hard limit.
        version: The protocol's version.
        maximum: What the clinic has set for itself or for the patient. It only ever lowers what may be given.
    """
    limits = shipped
    if own is not None:
        told = {
            LimitBreach.ABOVE_MAX_MG_PER_KG: own.max_mg_per_kg,
            LimitBreach.ABOVE_MAX_MG: own.max_mg,
            LimitBreach.BELOW_MINIMUM_MINUTES: own.minimum_minutes,
            LimitBreach.ABOVE_TIMES_PREVIOUS_DOSE: own.times_previous_dose,
        }
        limits = Limits(
            max_mg_per_kg=shipped.max_mg_per_kg if own.max_mg_per_kg is None else own.max_mg_per_kg,
            max_mg=shipped.max_mg if own.max_mg is None else own.max_mg,
            hard_max_mg=shipped.hard_max_mg,
            minimum_minutes=shipped.minimum_minutes if own.minimum_minutes is None else own.minimum_minutes,
            times_previous_dose=shipped.times_previous_dose
            if own.times_previous_dose is None
            else own.times_previous_dose,
            source=f"{own.source} {shipped.source}",
            versions={**shipped.versions, **{breach: version for breach, limit in told.items() if limit is not None}},
        )
    if maximum is None or (limits.max_mg is not None and limits.max_mg <= maximum.max_mg):
        return limits
    return replace(
        limits,
        max_mg=maximum.max_mg,
        source=f"{maximum.source} {limits.source}",
        versions={**limits.versions, LimitBreach.ABOVE_MAX_MG: maximum.version},
    )


def limit_breaches(
    limits: Limits,
    *,
    dose_mg: Decimal,
    weight_kg: Decimal | None = None,
    infusion_minutes: Decimal | int | None = None,
    previous_dose_mg: Decimal | None = None,
    given_before_mg: Decimal = Decimal(0),
) -> tuple[LimitBreach, ...]:
    """List the limits a dose goes beyond; exactly at a limit is within it. Nothing is rounded before comparing.

    Args:
        limits: What they leave open is not checked.
        dose_mg: The dose, ordered or given.
        weight_kg: None leaves the limit by weight unchecked.
        infusion_minutes: The time it is to take. Leave it out for an infusion that was stopped early: it is short
            because it was stopped, not because it was fast.
        previous_dose_mg: The previous dose of the same drug and route; None if there is none.
        given_before_mg: What the session has had already. It counts towards the limits of a session.
    """
    dose = Fraction(dose_mg) + Fraction(given_before_mg)
    breaches: list[LimitBreach] = []
    if limits.hard_max_mg is not None and dose > Fraction(limits.hard_max_mg):
        breaches.append(LimitBreach.ABOVE_HARD_MAX_MG)
    if (
        limits.max_mg_per_kg is not None
        and weight_kg is not None
        and dose > Fraction(limits.max_mg_per_kg) * Fraction(weight_kg)
    ):
        breaches.append(LimitBreach.ABOVE_MAX_MG_PER_KG)
    if limits.max_mg is not None and dose > Fraction(limits.max_mg):
        breaches.append(LimitBreach.ABOVE_MAX_MG)
    if (
        limits.minimum_minutes is not None
        and infusion_minutes is not None
        and infusion_minutes < limits.minimum_minutes
    ):
        breaches.append(LimitBreach.BELOW_MINIMUM_MINUTES)
    if (
        limits.times_previous_dose is not None
        and previous_dose_mg is not None
        and Fraction(dose_mg) > Fraction(limits.times_previous_dose) * Fraction(previous_dose_mg)
    ):
        breaches.append(LimitBreach.ABOVE_TIMES_PREVIOUS_DOSE)
    return tuple(breaches)


def require_within_hard_limit(limits: Limits, breaches: Collection[LimitBreach], *, pointer: str) -> None:
    """Refuse an order beyond the hard limit.

    Args:
        limits: Those the order was compared with.
        breaches: What it goes beyond.
        pointer: Where the amount stands in the request.

    Raises:
        DoseLimitExceeded: With `limit_mg` and its source.
    """
    if LimitBreach.ABOVE_HARD_MAX_MG in breaches:
        assert limits.hard_max_mg is not None
        fault = Fault("dose_limit_exceeded", f"At most {limits.hard_max_mg} mg in one session.", pointer=pointer)
        raise DoseLimitExceeded(
            detail=f"At most {limits.hard_max_mg} mg in one session. {limits.source}",
            members={"limit_mg": int(limits.hard_max_mg)},
            faults=(fault,),
        )


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
    lost: Fraction = Fraction(0)
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
            case DoseEventKind.LOSS_ESTIMATED:
                self.lost += Fraction(event.amount_mg or Decimal(0))
                self._note(DoseDeviation.LOSS_ESTIMATED)
            case DoseEventKind.STOP:
                self._stop(at)
            case _:  # pragma: no cover  (the type checker proves that nothing gets here)
                assert_never(event.kind)

    def delivery(self, now: datetime | None, planned_minutes: int | None) -> Delivery:
        running = self.flow is _Flow.RUNNING
        minutes = self.minutes
        planned = self._planned(planned_minutes)
        projected = self.delivered if self.all_known and self.anything_given else None
        delivered = None if running or projected is None else _rounded(projected, MG_PLACES)
        if self.lost > self.delivered and self.all_known and not running:
            self._note(DoseDeviation.LOSS_ABOVE_DOSE)
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
            planned_mg=None if planned is None else _rounded(planned, MG_PLACES),
            started_at=self.started_at,
            stopped_at=self.stopped_at,
            running=running,
            paused=self.flow is _Flow.PAUSED,
            infusion_minutes=_rounded(minutes, MINUTES_PLACES),
            segments=tuple(segments),
            lost_mg=_rounded(self.lost, MG_PLACES) if self.lost else None,
            deviations=tuple(self.deviations),
        )

    def _planned(self, minutes: int | None) -> Fraction | None:
        flows = self.flow in {_Flow.RUNNING, _Flow.PAUSED}
        if minutes is None or not flows or self.rate is None or not self.all_known:
            return None
        return self.delivered + Fraction(self.rate) * max(minutes - self.minutes, Fraction(0))

    def _start(self, at: datetime, rate: Decimal | None) -> None:
        match self.flow:
            case _Flow.NOT_STARTED:
                pass
            case _Flow.RUNNING | _Flow.PAUSED:
                self._note(DoseDeviation.STARTED_TWICE)
            case _Flow.STOPPED:
                if not self.anything_given:
                    raise EndsBeforeStart(
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
