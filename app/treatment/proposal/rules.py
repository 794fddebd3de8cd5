"""The dose a plan leads to: chosen, reckoned from the weight, held to its limits, told in what it is given with.

A proposal decides nothing. It stays at the step of the dose before, since going up or down is a prescriber's decision,
and it says what an order of it would be asked about. Everything is reckoned exactly and rounded once; what follows from
the proposed milligrams follows from them as they are shown, because those are what is ordered.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from app.dosing.rules import (
    MG_PLACES,
    LimitBreach,
    Limits,
    actual_mg_per_kg,
    calculated_mg,
    drawn_ml,
    rate_mg_per_min,
    rate_ml_per_h,
    summed_mg,
)
from app.kernel.errors import Conflict
from app.protocols.rules import Phase

_UNIT_PLACES = 2


class WeightTooOld(Conflict):
    """A dose by weight needs a weight of these days."""

    code = "weight-too-old"
    title = "Weigh the patient first: the last weight is too old"
    advice = (
        "Record a weight of today with POST /v1/patients/{patient_id}/weights. How old it may be is the policy "
        "`weight_valid_days`."
    )


class Basis(StrEnum):
    """Where a proposal comes from."""

    PROTOCOL = "protocol"
    PREVIOUS_DOSE = "previous_dose"
    NONE = "none"


class CapReason(StrEnum):
    """What a proposal was held to."""

    PROTOCOL_MAXIMUM = "protocol_maximum"
    PATIENT_LIMIT = "patient_limit"
    CLINIC_LIMIT = "clinic_limit"
    HARD_MAX_MG = "hard_max_mg"
    MAX_MG = "max_mg"
    MAX_MG_PER_KG = "max_mg_per_kg"


class Warned(StrEnum):
    """What to look at beside the limits an order would be asked about."""

    WEIGHT_MISSING = "weight_missing"
    WEIGHT_OLD = "weight_old"
    NO_DOSE_IN_PROTOCOL = "no_dose_in_protocol"
    OTHER_START_BY_AGE = "other_start_by_age"


@dataclass(frozen=True, slots=True)
class Amount:
    """A dose in milligrams, or in milligrams per kilogram; one of the two."""

    mg: Decimal | None = None
    mg_per_kg: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What an administration was of, placebo left out; None where nobody knows."""

    drug: str
    route: str
    delivered_mg: Decimal | None
    weight_kg: Decimal | None


@dataclass(frozen=True, slots=True)
class AmountGiven:
    """What a session had in all, and by the weight it was given by."""

    delivered_mg: Decimal
    delivered_mg_per_kg: Decimal | None


@dataclass(frozen=True, slots=True)
class Means:
    """What a dose is given with; None where it does not apply, or where nobody said.

    Attributes:
        infusion_minutes: Over how many minutes it flows.
        concentration_mg_per_ml: Of the stock.
        bag_total_ml: Of the bag, drug included.
        unit_strength_mg: What one lozenge holds.
        device_mg: What one device holds; a dose in devices is whole ones, never more than wanted.
    """

    infusion_minutes: int | None = None
    concentration_mg_per_ml: Decimal | None = None
    bag_total_ml: Decimal | None = None
    unit_strength_mg: Decimal | None = None
    device_mg: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A dose to propose, where it comes from, and what the plan offers."""

    basis: Basis
    amount: Amount | None
    choices_mg: tuple[Decimal, ...] = ()
    choices_mg_per_kg: tuple[Decimal, ...] = ()


@dataclass(frozen=True, slots=True)
class Cap:
    """The most milligrams that may be proposed, why, and the version of what says so."""

    reason: CapReason
    limit_mg: Decimal
    version: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A dose and what it is given with; None where it does not apply, or where nobody said."""

    calculated_mg: Decimal
    cap: Cap | None
    proposed_mg: Decimal
    proposed_mg_per_kg: Decimal | None
    devices: int | None
    proposed_units: Decimal | None
    rate_mg_per_min: Decimal | None
    drawn_ml: Decimal | None
    rate_ml_per_h: Decimal | None


def choose(phase: Phase | None, before: Amount | None, *, is_first: bool) -> Choice:
    """Choose the dose to propose.

    Args:
        phase: The phase the session is planned in.
        before: The patient's last dose of this drug by this route, as it was ordered or else as it was given.
        is_first: It would be the first of the course.

    Returns:
        What the phase offers: its first dose, or the step of the dose before where that is one of them. Where it
        offers none, the dose before; where there is none either, nothing.
    """
    by_weight: tuple[Decimal, ...] = phase.dose_mg_per_kg if phase else ()
    by_mg: tuple[Decimal, ...] = ()
    if phase is not None:
        by_mg = phase.first_dose_mg if is_first and phase.first_dose_mg else phase.dose_mg
    if not by_weight and not by_mg:
        return Choice(Basis.NONE if before is None else Basis.PREVIOUS_DOSE, before)
    last = None if is_first or before is None else before.mg_per_kg if by_weight else before.mg
    offered = [*by_weight, *by_mg]
    chosen = last if last in offered else offered[0]
    amount = Amount(mg_per_kg=chosen) if by_weight else Amount(mg=chosen)
    return Choice(Basis.PROTOCOL, amount, by_mg, by_weight)


def amount_given(drug: str, route: str, given: Iterable[Given]) -> AmountGiven | None:
    """Say what a session had, if that is known and was nothing but one drug by one route.

    What came of a session speaks of no dose where another drug or route was in it too.
    """
    administrations = list(given)
    delivered = summed_mg([one.delivered_mg for one in administrations])
    if delivered is None or any((one.drug, one.route) != (drug, route) for one in administrations):
        return None
    weight_kg = next((one.weight_kg for one in administrations if one.weight_kg is not None), None)
    return AmountGiven(delivered, None if weight_kg is None else actual_mg_per_kg(delivered, weight_kg))


def caps_of(
    limits: Limits,
    weight_kg: Decimal | None,
    *,
    protocol_maximum: Decimal | None,
    protocol_version: str,
    given_before_mg: Decimal = Decimal(0),
) -> tuple[Cap, ...]:
    """List what holds a dose down, less what the session has had already.

    Args:
        limits: Those of the session.
        weight_kg: None leaves the limit by weight out.
        protocol_maximum: The most the plan ever gives in a session; None where it does not say.
        protocol_version: The plan's version.
        given_before_mg: What was given in the session already.
    """
    own = limits.versions.get(LimitBreach.ABOVE_MAX_MG, "")
    most_mg = {"patient_limit": CapReason.PATIENT_LIMIT, "policy_setting": CapReason.CLINIC_LIMIT}
    by_weight = None
    if limits.max_mg_per_kg is not None and weight_kg is not None:
        by_weight = Fraction(limits.max_mg_per_kg) * Fraction(weight_kg)
    told = (
        (CapReason.PROTOCOL_MAXIMUM, protocol_maximum, protocol_version),
        (most_mg.get(own.partition(":")[0], CapReason.MAX_MG), limits.max_mg, own),
        (CapReason.HARD_MAX_MG, limits.hard_max_mg, limits.versions.get(LimitBreach.ABOVE_HARD_MAX_MG, "")),
        (CapReason.MAX_MG_PER_KG, by_weight, limits.versions.get(LimitBreach.ABOVE_MAX_MG_PER_KG, "")),
    )
    return tuple(
        Cap(reason, _floored(max(Fraction(limit) - Fraction(given_before_mg), Fraction(0)), MG_PLACES), version)
        for reason, limit, version in told
        if limit is not None
    )


def propose(amount: Amount, weight_kg: Decimal | None, caps: Iterable[Cap], means: Means) -> Proposal:
    """Reckon a dose from the weight, hold it to what caps it, and say what it is given with.

    Args:
        amount: What is wanted. By weight it needs a weight.
        weight_kg: The patient's weight; None leaves the milligrams per kilogram out.
        caps: What it must not exceed; the lowest counts.
        means: What it is given with.

    Raises:
        ImpossibleAmount: A weight, a concentration or a time that is not above zero.
    """
    if amount.mg_per_kg is not None:
        assert weight_kg is not None
        wanted_mg = calculated_mg(amount.mg_per_kg, weight_kg)
    else:
        assert amount.mg is not None
        wanted_mg = amount.mg
    lowest = min(caps, key=lambda cap: cap.limit_mg, default=None)
    cap = lowest if lowest is not None and lowest.limit_mg < wanted_mg else None
    dose_mg = wanted_mg if cap is None else cap.limit_mg
    devices = None
    if means.device_mg is not None:
        devices = int(Fraction(dose_mg) / Fraction(means.device_mg))
        dose_mg = devices * means.device_mg
    minutes, stock, bag, unit = (
        means.infusion_minutes,
        means.concentration_mg_per_ml,
        means.bag_total_ml,
        means.unit_strength_mg,
    )
    return Proposal(
        calculated_mg=wanted_mg,
        cap=cap,
        proposed_mg=dose_mg,
        proposed_mg_per_kg=None if weight_kg is None else actual_mg_per_kg(dose_mg, weight_kg),
        devices=devices,
        proposed_units=None if unit is None else _floored(Fraction(dose_mg) / Fraction(unit), _UNIT_PLACES),
        rate_mg_per_min=None if minutes is None else rate_mg_per_min(dose_mg, minutes),
        drawn_ml=None if stock is None else drawn_ml(dose_mg, stock),
        rate_ml_per_h=None if minutes is None or bag is None else rate_ml_per_h(bag, minutes),
    )


def _floored(value: Fraction, places: int) -> Decimal:
    """Round down, so that a limit is never passed by its own rounding."""
    return Decimal(int(value * 10**places)).scaleb(-places)
