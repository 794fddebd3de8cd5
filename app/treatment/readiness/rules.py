"""What every gate before a dose finds, and whether anything stands in the way.

`readiness` is the one judgement: the screen that asks and the clearance that decides both call it. It takes facts and
the policies in force and looks nothing up. What nobody knows counts like what was found wrong: leaving a question out
must not be easier than answering it.

A gate says how bad what it found is, as codes and amounts. Somebody who goes on in spite of a gate does so knowing
that much, and an override stands as long as nothing was added and no amount has grown.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.assessments.rules.mania import ManiaRatingRule, mania_rating_due
from app.assessments.rules.windows import Dosed
from app.courses.rules import When, moment, time_between
from app.identity.rules import Role
from app.kernel.clock import day_of
from app.kernel.errors import Forbidden, RuleViolated
from app.patients.medications.rules import Interactions, Level, Taken, flags_of
from app.patients.reproduction.rules import (
    ReproductiveFact,
    ReproductiveLimits,
    ReproductiveState,
    reproductive_state_at,
)
from app.patients.rules import age_on
from app.policies.rules import GateMode, InForce, Pressure
from app.protocols.rules import Drug
from app.screening.consents.rules import ConsentMissing, ConsentState, Signed, consent_at
from app.screening.enrolments.rules import (
    Enrolled,
    Enrolment,
    Programme,
    patient_enrolment_at,
    place_enrolment_at,
)
from app.screening.rules import (
    Eligibility,
    Finding,
    ItemAnswer,
    ItemClass,
    Purpose,
    Screened,
    Standing,
    eligibility_at,
)
from app.sessions.rules import MedicinesChanged


class GateCode(StrEnum):
    """What is asked before a dose; its policy has the same name after `gate.`."""

    CONSENT = "consent"
    SCREENING = "screening"
    CONTRAINDICATION = "contraindication"
    NOT_RECOMMENDED = "not_recommended"
    PROGRAMME_ENROLMENT = "programme_enrolment"
    SETTING_ENROLMENT = "setting_enrolment"
    IDENTITY = "identity"
    PRESSURE = "pressure"
    OXYGEN = "oxygen"
    HEART_RATE = "heart_rate"
    PREGNANCY = "pregnancy"
    MANIA = "mania"
    OPEN_URGENT_ALERT = "open_urgent_alert"
    INTERVAL = "interval"
    INTOXICATION = "intoxication"
    FASTING = "fasting"
    WEIGHT_AGE = "weight_age"
    WEIGHT_CHANGED = "weight_changed"
    PRE_DOSE_SCORE = "pre_dose_score"
    MEDICINES = "medicines"
    ESCORT = "escort"

    @property
    def policy(self) -> str:
        """The policy that says what it does."""
        return f"gate.{self.value}"


class State(StrEnum):
    """How a gate stands. `unknown` stands in the way like `fail`; `off` is a gate the clinic does not ask."""

    PASS = "pass"  # noqa: S105  # no password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"
    OFF = "off"


OPEN: Final = frozenset({State.FAIL, State.UNKNOWN})
"""States that stand in the way, as far as the gate's mode lets them."""

BLOCKING_MODES: Final = frozenset({GateMode.REASON, GateMode.HARD})

LIMITS: Final = (
    "pressure_start_hold_above",
    "pressure_start_acceptable_to",
    "spo2_start_hold_below",
    "heart_rate_start_hold_above",
    "heart_rate_start_hold_below",
    "session_gap_minimum_hours",
    "weight_valid_days",
    "reconfirm_weight_fraction",
    "mania_score_hold_from",
    "fasting_food_minutes",
    "fasting_drink_minutes",
    "fasting_nasal_drug_minutes",
)
"""Policies that the gates compare with."""

ASKED: Final = (*(code.policy for code in GateCode), *LIMITS)
"""Every policy the judgement needs."""


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class NotReady(RuleViolated):
    """Something stands in the way of the dose."""

    code = "not-ready"
    title = "The session may not start yet"
    advice = (
        "`gates` lists every gate as GET /v1/sessions/{session_id}/readiness does; those with `blocking` true stand in "
        "the way and say in `reason` what to do. Do that, or have somebody who may (`override_roles`) go on with a "
        "reason: POST /v1/sessions/{session_id}/gate-overrides. Nobody overrides a gate whose `mode` is `hard`."
    )


class GateIsHard(RuleViolated):
    """Nobody goes on in spite of this gate."""

    code = "gate-is-hard"
    title = "Nobody may override this gate"
    advice = "Do what the gate's `reason` says. Its policy, GET /v1/policies/gate.{gate}, says why nobody overrides it."


class OverrideNotNeeded(RuleViolated):
    """The gate does not stand in the way."""

    code = "override-not-needed"
    title = "This gate does not stand in the way"
    advice = "Read GET /v1/sessions/{session_id}/readiness again; only a gate with `blocking` true is overridden."


class OverrideRoleMissing(Forbidden):
    """The gate's policy names other roles."""

    code = "override-role-missing"
    title = "Somebody with another role has to override this gate"
    advice = "Ask somebody with one of the roles in `override_roles`; the clinic's policy of the gate names them."


# ── facts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class CheckIn:
    """What was asked when the patient came; None where nobody told."""

    identifiers_checked: Collection[str] | None = None
    last_ate_at: datetime | None = None
    last_drank_at: datetime | None = None
    last_nasal_drug_at: datetime | None = None
    escort_name: str | None = None
    medicines_changed: MedicinesChanged | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A screening with what it found: about eligibility, or of the day of this session."""

    screened: Screened
    answers: Mapping[str, ItemAnswer]
    findings: Sequence[Finding]
    overrides: Collection[str]
    decided_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A reading in this session."""

    id: UUID
    measured_at: datetime
    systolic_mmhg: int | None = None
    diastolic_mmhg: int | None = None
    heart_rate_bpm: int | None = None
    spo2_percent: int | None = None
    oxygen_l_per_min: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """A score with its place on the clock; `Placed` of the rules about assessments."""

    id: UUID
    instrument: str
    answered_at: datetime | None
    answered_on: date | None
    assessed_at: datetime
    total: Decimal | None
    too_soon_after_dose: bool = False


@dataclass(frozen=True, slots=True)
class Ordered:
    """The order that counts, and the weight of now where that is too far from the one the order stands for."""

    id: UUID
    current_weight_kg: Decimal | None


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An urgent alert nobody has acknowledged."""

    id: UUID
    code: str


@dataclass(frozen=True, slots=True)
class Badness:
    """How bad something is: what is wrong, and by how much; larger amounts are worse."""

    codes: frozenset[str] = frozenset()
    amounts: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])


@dataclass(frozen=True, slots=True)
class Overridden:
    """Somebody went on in spite of a gate, knowing how bad it was."""

    id: UUID
    gate: GateCode
    role: Role
    reason: str
    given_by: UUID
    given_at: datetime
    known: Badness


@dataclass(frozen=True, slots=True)
class Book:
    """Shipped data the judgement goes by. `classes` are those of the checklist's items for the session's drug."""

    programmes: Sequence[Programme]
    classes: Mapping[str, ItemClass]
    reproduction: ReproductiveLimits
    mania: ManiaRatingRule
    mood_instruments: Collection[str]
    interactions: Interactions


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the gates look at.

    Attributes:
        at: The first dose, or now before it.
        day_only: Only the day of the dose is known, and `at` is noon of it.
        time_zone: The clinic's.
        doses: The patient's latest dose here and those of the last days elsewhere, this session's own left out.
        urgent_alerts: Alerts about the patient that are open and urgent or worse.
        readings: Those of this session before its dose.
        scores: The patient's latest before the dose.
        order: The session's order that counts; None before there is one.
        medicines: What is taken on the day.
    """

    at: datetime
    time_zone: str
    drug: Drug
    book: Book
    day_only: bool = False
    at_home: bool = False
    location_id: UUID | None = None
    sex: str = "unknown"
    born_on: date | None = None
    birth_year: int | None = None
    indication_code: str | None = None
    check_in: CheckIn = CheckIn()
    consents: Sequence[Signed] = ()
    screenings: Sequence[Asked] = ()
    enrolments: Sequence[Enrolled] = ()
    readings: Sequence[Measured] = ()
    reproduction: Sequence[ReproductiveFact] = ()
    scores: Sequence[Scored] = ()
    urgent_alerts: Sequence[OpenAlert] = ()
    doses: Sequence[When] = ()
    weighed_at: datetime | None = None
    order: Ordered | None = None
    medicines: Sequence[Taken] = ()
    overrides: Sequence[Overridden] = ()

    @property
    def today(self) -> date:
        """The day on the clinic's wall."""
        return day_of(self.at, self.time_zone)


# ── what a gate answers ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Range:
    """From least to most; both are within."""

    minimum: Decimal
    maximum: Decimal


@dataclass(frozen=True, slots=True)
class Item:
    """An answer of a screening that stands in the way, and whether a prescriber decided against it."""

    code: str
    answer: ItemAnswer | None
    screening_id: UUID | None
    decided: bool
    decided_by: UUID | None


Value = Decimal | str | Pressure | tuple[str, ...] | None
Limit = Decimal | Pressure | Range | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Found:
    """What a gate found, before anybody asks what it may do about it."""

    state: State
    reason: str
    value: Value = None
    limit: Limit = None
    limit_version: str | None = None
    bad: Badness = Badness()
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class GateState:
    """A gate with what it found, what it does about it, and the override that stands."""

    code: GateCode
    title: str
    mode: GateMode
    policy_version: str
    override_roles: tuple[Role, ...]
    found: Found
    override: Overridden | None

    @property
    def state(self) -> State:
        """How it stands."""
        return self.found.state

    @property
    def blocking(self) -> bool:
        """Whether it stands in the way of the dose."""
        return self.state in OPEN and self.mode in BLOCKING_MODES and self.override is None


def readiness(facts: Facts, policies: Mapping[str, InForce]) -> list[GateState]:
    """Judge every gate.

    Args:
        facts: What is known of the session and its patient.
        policies: What is in force for the patient, by code; all of `ASKED`.
    """
    return [_judged(code, facts, policies) for code in GateCode]


def is_ready(gates: Iterable[GateState]) -> bool:
    """Whether nothing stands in the way."""
    return not any(gate.blocking for gate in gates)


def _judged(code: GateCode, facts: Facts, policies: Mapping[str, InForce]) -> GateState:
    policy = policies[code.policy]
    gate = policy.gate
    if gate.mode is GateMode.OFF:
        found = Found(State.OFF, "The clinic does not ask this.")
    else:
        found = _FINDERS[code](facts, policies)
    standing = [
        one
        for one in facts.overrides
        if found.state in OPEN
        and one.gate is code
        and gate.mode is GateMode.REASON
        and one.role in gate.override_roles
        and covers(one.known, found.bad)
    ]
    latest = max(standing, key=lambda one: (one.given_at, one.id), default=None)
    return GateState(code, policy.policy.title, gate.mode, policy.version, gate.override_roles, found, latest)


def covers(known: Badness, now: Badness) -> bool:
    """Whether what is found now is no worse than what somebody knew: nothing was added, and no amount has grown."""
    return now.codes <= known.codes and all(
        name in known.amounts and amount <= known.amounts[name] for name, amount in now.amounts.items()
    )


def role_to_override(gate: GateState, roles: Collection[str]) -> Role | None:
    """The role in which somebody with these roles may go on in spite of a gate; None: they may not."""
    if gate.mode is not GateMode.REASON:
        return None
    return next((role for role in gate.override_roles if role.value in roles), None)


def require_override(gate: GateState, roles: Collection[str]) -> Role:
    """The role in which somebody goes on in spite of a gate.

    Raises:
        OverrideNotNeeded: it does not stand in the way.
        GateIsHard: nobody may.
        OverrideRoleMissing: somebody with another role has to.
    """
    if not gate.blocking:
        raise OverrideNotNeeded
    if gate.mode is GateMode.HARD:
        raise GateIsHard
    if (role := role_to_override(gate, roles)) is None:
        raise OverrideRoleMissing(members={"override_roles": [one.value for one in gate.override_roles]})
    return role


# ── papers ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _passes(reason: str, value: Value = None, limit: Limit = None, version: str | None = None) -> Found:
    return Found(State.PASS, reason, value, limit, version)


def _not_asked(reason: str) -> Found:
    return Found(State.NOT_APPLICABLE, reason)


def _coded(*codes: str) -> Badness:
    return Badness(frozenset(codes))


_CONSENTS: Final[Mapping[str, str]] = {
    ConsentMissing.NOT_SIGNED: "No consent to treatment is on file: have it signed.",
    ConsentState.WITHDRAWN: "The patient withdrew the consent: talk, and have it signed anew if they agree again.",
    ConsentState.EXPIRED: "The consent has expired: have it signed anew.",
}


def _consent(facts: Facts, _policies: Mapping[str, InForce]) -> Found:
    standing = consent_at(facts.consents, "treatment", facts.drug, facts.at, facts.time_zone)
    if standing.holds:
        return _passes("The consent holds.", standing.reason.value)
    return Found(State.FAIL, _CONSENTS[standing.reason], standing.reason.value, bad=_coded(standing.reason.value))


_SCREENINGS: Final[Mapping[str, tuple[State, str]]] = {
    Eligibility.NOT_SCREENED: (State.UNKNOWN, "Nobody was asked: go through the checklist, and have it decided."),
    Eligibility.NOT_DECIDED: (State.UNKNOWN, "A prescriber has to decide on the answers."),
    Eligibility.ANSWERS_CHANGED: (State.UNKNOWN, "The answers were changed after the decision: decide again."),
    Eligibility.NOT_ELIGIBLE: (State.FAIL, "It was decided that the patient is not eligible."),
    Eligibility.EXPIRED: (State.FAIL, "The decision has expired: ask and decide anew."),
}


def _eligibility(facts: Facts) -> tuple[Standing, Asked | None]:
    """Whether the patient is eligible, and the screening that says so or does not."""
    standing = eligibility_at((one.screened for one in facts.screenings), facts.drug, facts.at, facts.time_zone)
    return standing, next((one for one in facts.screenings if one.screened.id == standing.record_id), None)


def _of_the_day(facts: Facts) -> Asked | None:
    """The latest screening of the day of this session, for its drug."""
    asked = [
        one for one in facts.screenings if one.screened.purpose is Purpose.SESSION and one.screened.drug is facts.drug
    ]
    return max(asked, key=lambda one: (one.screened.screened_at, one.screened.id), default=None)


def _answer_of_the_day(facts: Facts, code: str) -> ItemAnswer | None:
    asked = _of_the_day(facts)
    return None if asked is None else asked.answers.get(code)


def _screening(facts: Facts, _policies: Mapping[str, InForce]) -> Found:
    standing, asked = _eligibility(facts)
    known = {one.code for one in asked.findings} if asked else set[str]()
    today = _of_the_day(facts)
    # What weighs on the decision and came up only today was not decided on. Mania has a gate of its own.
    added = sorted(
        one.code
        for one in (today.findings if today else ())
        if one.item_class in {ItemClass.RELATIVE, ItemClass.CAUTION} and one.code not in {*known, "MANIA_ACTIVE"}
    )
    if standing.holds and not added:
        is_conditional = standing.reason.value == Eligibility.ELIGIBLE_WITH_CONDITIONS.value
        reason = "Eligible under conditions: read them." if is_conditional else "Eligible."
        return _passes(reason, standing.reason.value)
    if standing.holds:
        reason = "Today's answers say what the decision did not know: decide on a new screening."
        return Found(State.FAIL, reason, tuple(added), bad=_coded(*added))
    state, reason = _SCREENINGS[standing.reason]
    return Found(state, reason, standing.reason.value, bad=_coded(standing.reason.value, *known, *added))


_WORSE: Final = {ItemAnswer.NO: 0, None: 1, ItemAnswer.UNKNOWN: 1, ItemAnswer.YES: 2}


def _items(facts: Facts, item_class: ItemClass) -> list[Item]:
    """What the screening that counts, and that of the day, found of a class; the worse answer of both.

    A prescriber's decision on the screening goes against the items it names, as long as it holds.
    """
    standing, eligible = _eligibility(facts)
    found: dict[str, Item] = {}
    for asked in (eligible, _of_the_day(facts)):
        for one in asked.findings if asked else ():
            before = found.get(one.code)
            if one.item_class is not item_class or one.code == "PREGNANT":
                continue
            if before is None or _WORSE[one.answer] > _WORSE[before.answer]:
                assert asked is not None
                decided = standing.holds and eligible is not None and one.code in eligible.overrides
                by = eligible.decided_by if decided and eligible else None
                found[one.code] = Item(one.code, one.answer, asked.screened.id, decided, by)
    return list(found.values())


def _of_class(items: Sequence[Item], *, screened: bool, wrong: str, decided: str) -> Found:
    undecided = [one for one in items if not one.decided]
    codes = frozenset(f"{one.code}:{one.answer or 'not_answered'}" for one in undecided)
    value = tuple(one.code for one in items)
    if any(one.answer is ItemAnswer.YES for one in undecided):
        return Found(State.FAIL, wrong, value, bad=Badness(codes), items=tuple(items))
    if undecided:
        reason = "Not everything is answered: find out, and correct the screening."
        return Found(State.UNKNOWN, reason, value, bad=Badness(codes), items=tuple(items))
    if not screened:
        return Found(State.UNKNOWN, "Nobody was asked: go through the checklist.", bad=_coded("not_screened"))
    return Found(State.PASS, decided if items else "None stands.", value, items=tuple(items))


def _contraindication(facts: Facts, _policies: Mapping[str, InForce]) -> Found:
    return _of_class(
        _items(facts, ItemClass.CONTRAINDICATED),
        screened=_eligibility(facts)[1] is not None,
        wrong="A contraindication stands: a prescriber names it in the decision on the screening, or there is no dose.",
        decided="A prescriber decided to go on in spite of it.",
    )


_OF_AGE: Final = 18


def _not_recommended(facts: Facts, _policies: Mapping[str, InForce]) -> Found:
    standing, eligible = _eligibility(facts)
    items = _items(facts, ItemClass.NOT_RECOMMENDED)
    told = {one.code for one in items if one.answer is ItemAnswer.YES}
    age = age_on(facts.today, birth_on=facts.born_on, birth_year=facts.birth_year)
    # Records say it whatever the form says.
    for code, holds in (
        ("LACTATING", _reproductive_state(facts) is ReproductiveState.BREAST_FEEDING),
        ("AGE_LT_18", age is not None and age < _OF_AGE),
    ):
        if holds and code not in told and facts.book.classes.get(code) is ItemClass.NOT_RECOMMENDED:
            decided = standing.holds and eligible is not None and code in eligible.overrides
            by = eligible.decided_by if decided and eligible else None
            items = [one for one in items if one.code != code]
            items.append(Item(code, ItemAnswer.YES, None, decided, by))
    return _of_class(
        items,
        screened=eligible is not None,
        wrong="A label advises against it: a prescriber decides on the screening, or gives a reason here.",
        decided="A prescriber decided to go on in spite of it.",
    )


_ENROLMENTS: Final[Mapping[str, str]] = {
    Enrolment.PATIENT_NOT_ENROLLED: "Enrol the patient in the risk programme.",
    Enrolment.PATIENT_NOT_SIGNED: "Patient and prescriber both sign the enrolment.",
    Enrolment.PATIENT_ENDED: "The patient's enrolment has ended: enrol them anew.",
    Enrolment.PLACE_NOT_ENROLLED: "Have the clinic, or this location, certified by the risk programme.",
    Enrolment.PLACE_ENDED: "The certification has ended: renew it.",
}


def _enrolled(standing: Standing) -> Found:
    if standing.reason.value == Enrolment.NOT_NEEDED.value:
        return _not_asked("No risk programme covers this drug.")
    if standing.holds:
        return _passes("Enrolled.", standing.reason.value)
    reason = standing.reason.value
    return Found(State.FAIL, _ENROLMENTS[standing.reason], reason, bad=_coded(reason))


def _programme_enrolment(facts: Facts, _policies: Mapping[str, InForce]) -> Found:
    found = patient_enrolment_at(facts.enrolments, facts.book.programmes, facts.drug, facts.at, facts.time_zone)
    return _enrolled(found)


def _setting_enrolment(facts: Facts, _policies: Mapping[str, InForce]) -> Found:
    programmes, at, zone = facts.book.programmes, facts.at, facts.time_zone
    return _enrolled(
        place_enrolment_at(facts.enrolments, programmes, facts.drug, at, zone, location_id=facts.location_id)
    )


def _identity(facts: Facts, _policies: Mapping[str, InForce]) -> Found:
    if facts.check_in.identifiers_checked is None:
        reason = "Check two identifiers, such as name and date of birth, and record them with the check-in."
        return Found(State.UNKNOWN, reason, bad=_coded("not_checked"))
    return _passes("Two identifiers were checked.", tuple(facts.check_in.identifiers_checked))


# ── what was measured ────────────────────────────────────────────────────────────────────────────────────────────────


def _last(readings: Iterable[Measured], *members: str) -> Measured | None:
    """The latest reading that has one of these measures."""
    having = [one for one in readings if any(getattr(one, name) is not None for name in members)]
    return max(having, key=lambda one: (one.measured_at, one.id), default=None)


def _pressure(facts: Facts, policies: Mapping[str, InForce]) -> Found:
    limit = policies["pressure_start_hold_above"]
    most, version = limit.pressure, limit.version
    reading = _last(facts.readings, "systolic_mmhg", "diastolic_mmhg")
    if reading is None:
        reason = "Measure the pressure before the dose."
        return Found(State.UNKNOWN, reason, None, most, version, _coded("not_measured"))
    systolic, diastolic = reading.systolic_mmhg, reading.diastolic_mmhg
    amounts: dict[str, Decimal] = {}
    if systolic is not None and systolic > most.systolic_mmhg:
        amounts["systolic_mmhg"] = Decimal(systolic)
    if diastolic is not None and diastolic > most.diastolic_mmhg:
        amounts["diastolic_mmhg"] = Decimal(diastolic)
    value = None if systolic is None or diastolic is None else Pressure(systolic, diastolic)
    if amounts:
        reason = "The pressure is too high: let the patient rest, and measure again."
        return Found(State.FAIL, reason, value, most, version, Badness(amounts=amounts))
    if value is None:
        reason = "Half of the pressure is missing: measure again."
        return Found(State.UNKNOWN, reason, None, most, version, _coded("not_measured"))
    usual = policies["pressure_start_acceptable_to"].pressure
    is_usual = value.systolic_mmhg <= usual.systolic_mmhg and value.diastolic_mmhg <= usual.diastolic_mmhg
    reason = "Within the limit." if is_usual else "Within the limit, and higher than usual: weigh benefit and risk."
    return _passes(reason, value, most, version)


def _oxygen(facts: Facts, policies: Mapping[str, InForce]) -> Found:
    limit = policies["spo2_start_hold_below"]
    least, version = limit.number, limit.version
    reading = _last(facts.readings, "spo2_percent")
    if reading is None or reading.spo2_percent is None:
        reason = "Measure the oxygen before the dose."
        return Found(State.UNKNOWN, reason, None, least, version, _coded("not_measured"))
    value = Decimal(reading.spo2_percent)
    if value < least:
        reason = "There is too little oxygen: find out why, and measure again."
        return Found(State.FAIL, reason, value, least, version, Badness(amounts={"spo2_below": -value}))
    if reading.oxygen_l_per_min:
        reason = "The limit is for room air: measure without oxygen."
        return Found(State.UNKNOWN, reason, value, least, version, _coded("on_oxygen"))
    return _passes("Within the limit.", value, least, version)


def _heart_rate(facts: Facts, policies: Mapping[str, InForce]) -> Found:
    low, high = (policies[f"heart_rate_start_hold_{side}"] for side in ("below", "above"))
    limit = Range(low.number, high.number)
    reading = _last(facts.readings, "heart_rate_bpm")
    if reading is None or reading.heart_rate_bpm is None:
        reason = "Measure the heart rate before the dose."
        return Found(State.UNKNOWN, reason, None, limit, high.version, _coded("not_measured"))
    value = Decimal(reading.heart_rate_bpm)
    if value > limit.maximum:
        bad, reason = {"bpm_above": value}, "The heart beats too fast: let the patient rest, and measure again."
        return Found(State.FAIL, reason, value, limit, high.version, Badness(amounts=bad))
    if value < limit.minimum:
        bad, reason = {"bpm_below": -value}, "The heart beats too slowly: find out why, and measure again."
        return Found(State.FAIL, reason, value, limit, low.version, Badness(amounts=bad))
    return _passes("Within the limits.", value, limit, high.version)


# ── the patient today ────────────────────────────────────────────────────────────────────────────────────────────────


def _reproductive_state(facts: Facts) -> ReproductiveState:
    return reproductive_state_at(facts.reproduction, facts.today, facts.book.reproduction).state


def _pregnancy(facts: Facts, _policies: Mapping[str, InForce]) -> Found:
    standing, eligible = _eligibility(facts)
    before: Mapping[str, ItemAnswer] = eligible.answers if eligible else dict[str, ItemAnswer]()
    asked = {before.get("PREGNANT"), _answer_of_the_day(facts, "PREGNANT")}
    state = _reproductive_state(facts)
    if ItemAnswer.YES in asked or state is ReproductiveState.PREGNANT:
        if standing.holds and eligible is not None and "PREGNANT" in eligible.overrides:
            return _passes("Pregnant; a prescriber decided to go on.", ReproductiveState.PREGNANT.value)
        reason = "Pregnant: labels advise against it, so a prescriber decides."
        return Found(State.FAIL, reason, ReproductiveState.PREGNANT.value, bad=_coded("pregnant"))
    if facts.sex == "male":
        return _not_asked("Pregnancy is not possible.")
    if state is not ReproductiveState.UNKNOWN:
        return _passes("Not pregnant.", state.value)
    is_denied_today = _answer_of_the_day(facts, "PREGNANT") is ItemAnswer.NO
    is_denied = {before.get(code) for code in ("PREGNANT", "CHILDBEARING")} == {ItemAnswer.NO}
    if ItemAnswer.UNKNOWN not in asked and (is_denied_today or is_denied):
        return _passes("Ruled out by what was asked.", ReproductiveState.NEITHER.value)
    reason = "Test, or ask today, and record it."
    return Found(State.UNKNOWN, reason, ReproductiveState.UNKNOWN.value, bad=_coded("not_ruled_out"))


def _mania(facts: Facts, policies: Mapping[str, InForce]) -> Found:
    limit = policies["mania_score_hold_from"]
    rule = facts.book.mania
    today = _answer_of_the_day(facts, "MANIA_ACTIVE")
    if today is not None and today is not ItemAnswer.NO:
        state = State.FAIL if today is ItemAnswer.YES else State.UNKNOWN
        reason = "Mania, or nobody knows: a prescriber looks first."
        return Found(state, reason, today.value, limit.number, limit.version, _coded(f"mania:{today.value}"))
    if facts.indication_code is None or not facts.indication_code.startswith(rule.indications):
        return _not_asked("Only asked in bipolar illness.")
    ratings = [one for one in facts.scores if one.instrument == rule.instrument and one.total is not None]
    if mania_rating_due(facts.indication_code, ratings, Dosed(facts.at, facts.today), rule=rule):
        reason = f"Rate mania with the {rule.instrument}; a rating stands for {rule.hours} hours."
        return Found(State.UNKNOWN, reason, None, limit.number, limit.version, _coded("not_rated"))
    total = max(ratings, key=lambda one: (one.assessed_at, one.id)).total
    assert total is not None
    if total >= limit.number:
        bad = Badness(amounts={"mania": total})
        return Found(State.FAIL, "Mania: a prescriber looks first.", total, limit.number, limit.version, bad)
    return _passes("No mania.", total, limit.number, limit.version)


def _open_urgent_alert(facts: Facts, _policies: Mapping[str, InForce]) -> Found:
    if not facts.urgent_alerts:
        return _passes("None is open.")
    bad = Badness(frozenset(str(one.id) for one in facts.urgent_alerts))
    value = tuple(sorted({one.code for one in facts.urgent_alerts}))
    return Found(State.FAIL, "See to the alert, and acknowledge it.", value, bad=bad)


_HUNDREDTH: Final = Decimal("0.01")
_HOUR: Final = timedelta(hours=1)


def _interval(facts: Facts, policies: Mapping[str, InForce]) -> Found:
    limit = policies["session_gap_minimum_hours"]
    now = When(facts.today, None) if facts.day_only else moment(facts.at, facts.time_zone)
    gaps = [(time_between(now, dose, facts.time_zone), None not in {now.at, dose.at}) for dose in facts.doses]
    if not gaps:
        return _passes("No earlier dose is known.", None, limit.number, limit.version)
    gap, is_exact = min(gaps)
    hours = (Decimal(gap // timedelta(microseconds=1)) / (_HOUR // timedelta(microseconds=1))).quantize(
        _HUNDREDTH, ROUND_HALF_UP
    )
    value = hours if is_exact else None
    if gap < _HOUR * float(limit.number):
        reason = "The last dose is too recent: wait, or plan the session later."
        return Found(State.FAIL, reason, value, limit.number, limit.version, Badness(amounts={"hours_below": -hours}))
    return _passes("The last dose is long enough ago.", value, limit.number, limit.version)


_INTOXICATED: Final[Mapping[ItemAnswer | None, tuple[State, str]]] = {
    ItemAnswer.YES: (State.FAIL, "Under the influence today: give no dose."),
    ItemAnswer.UNKNOWN: (State.UNKNOWN, "Not known: find out, and record today's screening anew."),
    None: (State.UNKNOWN, "Ask today's questions: a screening with this session's id."),
}


def _intoxication(facts: Facts, _policies: Mapping[str, InForce]) -> Found:
    answer = _answer_of_the_day(facts, "INTOXICATED")
    if answer is ItemAnswer.NO:
        return _passes("Not under the influence.", answer.value)
    state, reason = _INTOXICATED[answer]
    return Found(state, reason, answer and answer.value, bad=_coded(answer.value if answer else "not_asked"))


_FASTING: Final = (
    ("ATE_LT_2H", "last_ate_at", "fasting_food_minutes"),
    ("DRANK_LT_30M", "last_drank_at", "fasting_drink_minutes"),
    ("NASAL_DRUG_LT_1H", "last_nasal_drug_at", "fasting_nasal_drug_minutes"),
)


def _fasting(facts: Facts, policies: Mapping[str, InForce]) -> Found:
    """A time from the check-in says more than an answer: what was too recent at half past eight is not at ten."""
    if ItemClass.HOLDS_TODAY not in {facts.book.classes.get(code) for code, _, _ in _FASTING}:
        return _not_asked("Only asked before esketamine by nose.")
    too_recent: list[str] = []
    unknown: list[str] = []
    for code, member, policy in _FASTING:
        at: datetime | None = getattr(facts.check_in, member)
        answer = _answer_of_the_day(facts, code)
        if at is not None:
            if facts.at - at < timedelta(minutes=int(policies[policy].number)):
                too_recent.append(code)
        elif answer is ItemAnswer.YES:
            too_recent.append(code)
        elif answer is not ItemAnswer.NO:
            unknown.append(code)
    limits = tuple(f"{code}: {policies[policy].number} min" for code, _, policy in _FASTING)
    version = policies["fasting_food_minutes"].version
    bad = Badness(frozenset([*too_recent, *(f"{code}:unknown" for code in unknown)]))
    if too_recent:
        return Found(
            State.FAIL, "Too soon after food, drink or a nasal drug: wait.", tuple(too_recent), limits, version, bad
        )
    if unknown:
        reason = "Ask when the patient last ate, drank and used a nasal drug."
        return Found(State.UNKNOWN, reason, tuple(unknown), limits, version, bad)
    return _passes("Long enough ago.", None, limits, version)


def _weight_age(facts: Facts, policies: Mapping[str, InForce]) -> Found:
    if facts.drug is Drug.ESKETAMINE:
        return _not_asked("Doses of esketamine do not go by weight.")
    limit = policies["weight_valid_days"]
    if facts.weighed_at is None:
        reason = "Weigh the patient."
        return Found(State.UNKNOWN, reason, None, limit.number, limit.version, _coded("not_weighed"))
    age = facts.at - facts.weighed_at
    days = Decimal(max(0, age.days))
    if age > timedelta(days=int(limit.number)):
        bad = _coded(f"weighed {facts.weighed_at.isoformat()}")
        return Found(State.FAIL, "The weight is old: weigh the patient.", days, limit.number, limit.version, bad)
    return _passes("The weight is recent.", days, limit.number, limit.version)


def _weight_changed(facts: Facts, policies: Mapping[str, InForce]) -> Found:
    limit = policies["reconfirm_weight_fraction"]
    order = facts.order
    if order is None:
        return _not_asked("Nothing is ordered yet.")
    if order.current_weight_kg is None:
        return _passes("The order stands for the weight of now.", None, limit.number, limit.version)
    reason = "The weight has changed since the order: a prescriber confirms it anew, or orders again."
    bad = _coded(f"{order.id}:{order.current_weight_kg}")
    return Found(State.FAIL, reason, order.current_weight_kg, limit.number, limit.version, bad)


def _pre_dose_score(facts: Facts, _policies: Mapping[str, InForce]) -> Found:
    """The mood counts as scored by the last total since the dose before, as rows of sessions show it."""
    since = max((dose.at for dose in facts.doses if dose.at is not None), default=None)
    scored = [
        one
        for one in facts.scores
        if one.instrument in facts.book.mood_instruments
        and one.total is not None
        and not one.too_soon_after_dose
        and (since is None or one.assessed_at > since)
    ]
    if not scored:
        reason = "Have the patient fill in a mood score before the dose."
        return Found(State.FAIL, reason, bad=_coded("not_scored"))
    return _passes("Scored.", tuple(sorted({one.instrument for one in scored})))


def _medicines(facts: Facts, _policies: Mapping[str, InForce]) -> Found:
    changed = facts.check_in.medicines_changed
    flagged = tuple(
        one.interaction.code
        for one in flags_of(facts.book.interactions, facts.medicines)
        if one.interaction.level is Level.FLAG
    )
    if changed is MedicinesChanged.YES:
        reason = "Medicines have changed: bring the list up to date, and look at it."
        return Found(State.FAIL, reason, ("changed", *flagged), bad=_coded("changed", *flagged))
    if changed is not MedicinesChanged.NO:
        reason = "Ask whether medicines have changed."
        return Found(State.UNKNOWN, reason, flagged, bad=_coded("not_asked", *flagged))
    if flagged:
        return Found(State.FAIL, "Look at the medicines that are flagged.", flagged, bad=_coded(*flagged))
    return _passes("None stands that needs a decision.")


def _escort(facts: Facts, _policies: Mapping[str, InForce]) -> Found:
    if facts.at_home:
        return _not_asked("The patient is at home.")
    answer = _answer_of_the_day(facts, "NO_ESCORT")
    if answer is ItemAnswer.YES:
        return Found(State.FAIL, "Arrange somebody who takes the patient home.", bad=_coded("nobody"))
    if facts.check_in.escort_name is not None or answer is ItemAnswer.NO:
        return _passes("Somebody will.")
    return Found(State.UNKNOWN, "Ask who takes the patient home.", bad=_coded("not_asked"))


_FINDERS: Final[Mapping[GateCode, Callable[[Facts, Mapping[str, InForce]], Found]]] = {
    GateCode.CONSENT: _consent,
    GateCode.SCREENING: _screening,
    GateCode.CONTRAINDICATION: _contraindication,
    GateCode.NOT_RECOMMENDED: _not_recommended,
    GateCode.PROGRAMME_ENROLMENT: _programme_enrolment,
    GateCode.SETTING_ENROLMENT: _setting_enrolment,
    GateCode.IDENTITY: _identity,
    GateCode.PRESSURE: _pressure,
    GateCode.OXYGEN: _oxygen,
    GateCode.HEART_RATE: _heart_rate,
    GateCode.PREGNANCY: _pregnancy,
    GateCode.MANIA: _mania,
    GateCode.OPEN_URGENT_ALERT: _open_urgent_alert,
    GateCode.INTERVAL: _interval,
    GateCode.INTOXICATION: _intoxication,
    GateCode.FASTING: _fasting,
    GateCode.WEIGHT_AGE: _weight_age,
    GateCode.WEIGHT_CHANGED: _weight_changed,
    GateCode.PRE_DOSE_SCORE: _pre_dose_score,
    GateCode.MEDICINES: _medicines,
    GateCode.ESCORT: _escort,
}
