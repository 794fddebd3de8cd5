"""From what the record tells of a session to the dose its plan leads to."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson

from app.assessments.catalogue import outcome_definitions
from app.assessments.rules.curve import Score
from app.assessments.rules.effect import last_effect
from app.assessments.rules.windows import hours_since
from app.assessments.told import Json, as_course, as_doses, as_score, instrument_of
from app.courses.models import Course, PlanItem
from app.dosing import queries as dosing_queries
from app.dosing import rules as dosing
from app.dosing.actions import WeightMissing, limits_of
from app.dosing.limits import shipped_limits
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import ReadSession
from app.kernel.errors import NotFound
from app.kernel.records import find, one
from app.patients import queries as patient_queries
from app.patients.models import Patient, Weight
from app.patients.rules import age_on, weight_is_old
from app.policies.queries import values_for
from app.protocols.queries import resolve
from app.protocols.rules import Protocol
from app.sessions.models import TreatmentSession
from app.treatment.proposal.queries import doses_among_scores
from app.treatment.proposal.rules import (
    Amount,
    Given,
    Means,
    Warned,
    WeightTooOld,
    amount_given,
    caps_of,
    choose,
    propose,
)

_VALID: Final = "weight_valid_days"
_MAXIMUM: Final = "dose_maximum_mg"
_SCORES: Final = "score:read"
_BY_WEIGHT: Final = (dosing.INFUSION, dosing.INJECTIONS)
_TOLD_OF_PREVIOUS: Final = (
    "session_id",
    "delivered_mg",
    "delivered_mg_per_kg",
    "ordered_mg",
    "ordered_mg_per_kg",
    "given_on",
)


async def dose_proposal(db: ReadSession, actor: Actor, session_id: UUID, asked: Means) -> Mapping[str, Any]:
    """The dose a session's plan leads to now.

    Raises:
        NotFound: there is no such session, or it was entered in error.
        WeightMissing, WeightTooOld: the dose goes by weight, and there is none of these days.
    """
    treatment = await find(db, actor, TreatmentSession, session_id)
    if treatment is None or treatment.entered_in_error_at is not None:
        raise NotFound
    course = await one(db, actor, Course, treatment.course_id)
    protocol = await resolve(db, actor, course.protocol_code, course.protocol_version)
    item = await find(db, actor, PlanItem, treatment.plan_item_id) if treatment.plan_item_id else None
    phase_name = item.phase if item is not None else course.phase
    variant = dosing.variant_of(treatment.drug, treatment.route)
    valid_days = int((await values_for(db, actor, [_VALID, _MAXIMUM], treatment.patient_id))[_VALID].number)
    limits = await limits_of(db, actor, treatment, treatment.drug, treatment.route)
    weight = (await db.execute(patient_queries.latest_weight(actor, treatment.patient_id))).scalar_one_or_none()
    previous = await _previous(db, actor, treatment)
    given_before_mg = await _given_before(db, actor, treatment)

    is_plans = protocol.drug in {None, treatment.drug} and protocol.route in {None, treatment.route}
    is_first = previous is None or previous["course_id"] != course.id
    phase = protocol.phase(phase_name) if is_plans else None
    choice = choose(phase, _amount_of(previous, variant), is_first=is_first)
    is_old = weight is not None and weight_is_old(weight.measured_at, clock.now(), valid_days)
    if choice.amount is not None and choice.amount.mg_per_kg is not None:
        _require_weight(weight, is_old=is_old, valid_days=valid_days)

    flows, in_units = variant is dosing.INFUSION, variant is dosing.LOZENGES
    means = replace(
        asked,
        infusion_minutes=(asked.infusion_minutes or protocol.infusion_minutes) if flows else None,
        bag_total_ml=asked.bag_total_ml if flows else None,
        unit_strength_mg=(asked.unit_strength_mg or protocol.step_mg) if in_units else None,
        device_mg=shipped_limits().device.amount_mg if variant.in_devices else None,
    )
    weight_kg = weight.weight_kg if weight is not None else None
    proposal = None
    warnings: list[str] = []
    if choice.amount is None:
        warnings.append(Warned.NO_DOSE_IN_PROTOCOL)
    else:
        caps = caps_of(
            limits,
            weight_kg,
            protocol_maximum=protocol.max_mg_per_session if is_plans else None,
            protocol_version=f"{protocol.code}@{protocol.version}",
            given_before_mg=given_before_mg,
        )
        proposal = propose(choice.amount, weight_kg, caps, means)
        warnings += dosing.limit_breaches(
            limits,
            dose_mg=proposal.calculated_mg,
            weight_kg=weight_kg,
            infusion_minutes=means.infusion_minutes,
            previous_dose_mg=previous["delivered_mg"] if previous else None,
            given_before_mg=given_before_mg,
        )
    by_age = await _choices_by_age(db, actor, treatment, protocol) if is_first and is_plans else ()
    found = {
        Warned.WEIGHT_MISSING: weight is None,
        Warned.WEIGHT_OLD: is_old,
        Warned.OTHER_START_BY_AGE: bool(by_age),
    }
    warnings += [warned for warned, is_so in found.items() if is_so]
    reckoned = asdict(proposal) if proposal else dict.fromkeys(_RECKONED)
    return reckoned | {
        "object": "dose_proposal",
        "session_id": treatment.id,
        "patient_id": treatment.patient_id,
        "protocol_code": protocol.code,
        "protocol_version": protocol.version,
        "phase": phase_name,
        "drug": treatment.drug,
        "route": treatment.route,
        "basis": choice.basis,
        "choices_mg": choice.choices_mg,
        "choices_mg_per_kg": choice.choices_mg_per_kg,
        "choices_by_age_mg": by_age,
        "weight": _shown_weight(weight),
        "mg_per_kg": choice.amount.mg_per_kg if choice.amount else None,
        "unit_strength_mg": means.unit_strength_mg,
        "infusion_minutes": means.infusion_minutes,
        "concentration_mg_per_ml": means.concentration_mg_per_ml,
        "bag_total_ml": means.bag_total_ml,
        "given_before_mg": given_before_mg,
        "warnings": warnings,
        **_shown_previous(actor, previous),
        "last_effective": await _last_effective(db, actor, treatment) if actor.may(_SCORES) else None,
        "withheld": [] if actor.may(_SCORES) else [_SCORES],
    }


_RECKONED: Final = (
    "calculated_mg",
    "cap",
    "proposed_mg",
    "proposed_mg_per_kg",
    "devices",
    "proposed_units",
    "rate_mg_per_min",
    "drawn_ml",
    "rate_ml_per_h",
)


def _require_weight(weight: Weight | None, *, is_old: bool, valid_days: int) -> None:
    if weight is None:
        raise WeightMissing
    if is_old:
        raise WeightTooOld(f"A weight may be {valid_days} days old.")


async def _previous(db: ReadSession, actor: Actor, treatment: TreatmentSession) -> Mapping[str, Any] | None:
    statement = dosing_queries.previous_dose(actor, treatment.patient_id, treatment.drug, treatment.route)
    found = (await db.execute(statement)).mappings().first()
    return None if found is None else {str(name): value for name, value in found.items()}


async def _given_before(db: ReadSession, actor: Actor, treatment: TreatmentSession) -> Decimal:
    """What the session has had of its drug already, as far as that is known."""
    given = (await db.execute(dosing_queries.administrations_of(actor, treatment.id))).scalars().all()
    return sum((one_of.delivered_mg or Decimal(0) for one_of in given if not one_of.placebo), Decimal(0))


def _amount_of(previous: Mapping[str, Any] | None, variant: dosing.Variant) -> Amount | None:
    """The dose before in the words it was ordered in; without an order, in those of its way of giving."""
    if previous is None:
        return None
    if previous["ordered_mg"] is not None:
        per_kg = previous["ordered_mg_per_kg"]
        return Amount(mg=previous["ordered_mg"]) if per_kg is None else Amount(mg_per_kg=per_kg)
    if variant in _BY_WEIGHT and previous["delivered_mg_per_kg"] is not None:
        return Amount(mg_per_kg=previous["delivered_mg_per_kg"])
    return Amount(mg=previous["delivered_mg"])


async def _choices_by_age(
    db: ReadSession, actor: Actor, treatment: TreatmentSession, protocol: Protocol
) -> tuple[Decimal, ...]:
    """First doses the plan has for the patient's age. Which countries they hold in the record does not know."""
    other = protocol.alternative_start
    if other is None:
        return ()
    patient = await one(db, actor, Patient, treatment.patient_id)
    today = clock.today(actor.time_zone)
    age = age_on(today, birth_on=patient.birth_on, birth_year=patient.birth_year)
    return other.first_dose_mg if age is not None and age >= other.age_at_least else ()


def _shown_weight(weight: Weight | None) -> Mapping[str, Any] | None:
    if weight is None:
        return None
    return {
        "id": weight.id,
        "weight_kg": weight.weight_kg,
        "measured_at": weight.measured_at,
        "age_days": max((clock.now() - weight.measured_at).days, 0),
    }


def _shown_previous(actor: Actor, previous: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if previous is None:
        return {"previous": None, "hours_since_previous": None, "days_since_previous": None}
    by_day: date | None = previous["given_on"]
    started_at: datetime | None = previous["started_at"] if by_day is None else None
    ended_at: datetime | None = previous["stopped_at"] or started_at if by_day is None else None
    on = by_day or (clock.day_of(started_at, actor.time_zone) if started_at else None)
    shown = {name: previous[name] for name in _TOLD_OF_PREVIOUS}
    return {
        "previous": shown | {"administration_id": previous["id"], "started_at": started_at},
        "hours_since_previous": hours_since(ended_at, clock.now()),
        "days_since_previous": (clock.today(actor.time_zone) - on).days if on else None,
    }


async def _last_effective(db: ReadSession, actor: Actor, treatment: TreatmentSession) -> Mapping[str, Any] | None:
    """The newest earlier dose of the session's drug by its route that a response came after."""
    told = orjson.loads((await db.execute(*doses_among_scores(actor, treatment.patient_id))).scalar_one())
    doses = as_doses(told["doses"])
    given: dict[UUID, list[Json]] = {}
    for one_of in told["given"]:
        given.setdefault(UUID(one_of["session_id"]), []).append(one_of)
    until = treatment.started_at or clock.now()
    amounts = {
        dose.session_id: amount
        for dose in doses
        if dose.session_id != treatment.id
        and dose.started_at < until
        and (amount := amount_given(treatment.drug, treatment.route, map(_given, given.get(dose.session_id, ()))))
    }
    courses = told["courses"]
    by_id = {UUID(one_of["id"]): as_course(one_of, _episode_of(one_of, courses)) for one_of in courses}
    rows: dict[str, list[Json]] = {}
    for one_of in told["scores"]:
        rows.setdefault(one_of["instrument"], []).append(one_of)
    scored = [(instrument_of(code, some), [as_score(row) for row in some]) for code, some in rows.items()]
    effect = last_effect(outcome_definitions(), amounts, doses, by_id, scored)
    if effect is None:
        return None
    (dose,) = (one_of for one_of in told["doses"] if one_of["id"] == str(effect.session_id))
    zone = by_id[UUID(dose["course_id"])].time_zone
    return {
        "session_id": effect.session_id,
        "session_on": dose["given_on"] or clock.day_of(datetime.fromisoformat(dose["started_at"]), zone),
        **asdict(amounts[effect.session_id]),
        "instrument": effect.instrument.code,
        "baseline": _shown_score(effect.baseline.score),
        "after": _shown_score(effect.after),
        "reduction_percent": effect.reduction_percent,
        "scoring_version": effect.instrument.scoring_version,
        "rule_version": outcome_definitions().rule_version,
    }


def _given(row: Json) -> Given:
    mg, weight_kg = (None if row[name] is None else Decimal(str(row[name])) for name in ("delivered_mg", "weight_kg"))
    return Given(row["drug"], row["route"], mg, weight_kg)


def _episode_of(course: Json, courses: Sequence[Json]) -> Sequence[Json]:
    """The courses of a course's episode; without one, there is none it could carry on from."""
    if course["episode_id"] is None:
        return ()
    return [one_of for one_of in courses if one_of["episode_id"] == course["episode_id"]]


def _shown_score(score: Score) -> Mapping[str, Any]:
    return {
        "assessment_id": score.id,
        "answered_at": score.answered_at,
        "answered_on": score.answered_on,
        "total": score.total,
    }
