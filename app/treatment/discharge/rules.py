"""Whether a patient may go home, criterion by criterion.

What applies by route is data; limits are policies; how long somebody is watched is the protocol's. Nothing is taken as
met that nobody looked at: what was not measured, not noted or not asked is missing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from app.kernel.data_files import DataFile
from app.kernel.errors import RuleViolated
from app.policies.rules import InForce, Pressure, as_json
from app.protocols.rules import ClockStart, Drug, Observation, Route


class CriterionState(StrEnum):
    """How a criterion stands."""

    MET = "met"
    MISSING = "missing"
    NOT_APPLICABLE = "not_applicable"


class NotDischargeable(RuleViolated):
    """Something is missing before the patient may go home."""

    code = "not-dischargeable"
    title = "The patient may not go home yet"
    advice = (
        "`criteria` lists what is missing, as GET /v1/sessions/{session_id}/discharge-readiness does. Do it and send "
        "the discharge again; or send `left_against_advice` with whom you told, or a prescriber's `override_reason`."
    )


ANSWERED: Final = ("orientation", "gait", "nausea", "suicidal_intent", "iv_removed", "escort", "instructions")
"""What somebody answers at the door."""

# ── what is asked, by route ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Asked:
    """One criterion as it ships; `routes` and `settings` say where it applies, everywhere if empty."""

    code: str
    title: str
    routes: tuple[str, ...]
    settings: tuple[str, ...]
    source: str

    def applies(self, route: str, setting: str) -> bool:
        """Whether it is asked of a session."""
        return (not self.routes or route in self.routes) and (not self.settings or setting in self.settings)


@dataclass(frozen=True, slots=True)
class Floor:
    """How long somebody is watched at least after a drug, whatever plan the course follows."""

    drug: str
    observation: Observation


@dataclass(frozen=True, slots=True)
class Checklist:
    """One version of what is asked before a patient goes home."""

    version: str
    criteria: tuple[Asked, ...]
    floors: tuple[Floor, ...]


def checklist_in(file: DataFile) -> Checklist:
    """Read a checklist.

    Raises:
        DataFileError: It is wrong; names the file and the field.
    """
    file.only("code", "version", "observation_floors", "criteria")
    criteria = tuple(_asked(row) for row in file.sections("criteria"))
    if sorted(one.code for one in criteria) != sorted((*_FOUND_BY, *ANSWERED)):
        file.refuse("criteria", "must have each criterion once")
    floors = tuple(_floor(row) for row in file.sections("observation_floors"))
    return Checklist(f"{file.text('code')}@{file.integer('version', minimum=1)}", criteria, floors)


def _asked(row: DataFile) -> Asked:
    row.only(*Asked.__dataclass_fields__, "verified")
    row.flag("verified")
    return Asked(
        code=row.text("code"),
        title=row.text("title"),
        routes=tuple(Route(route).value for route in row.texts("routes")),
        settings=row.texts("settings"),
        source=row.text("source"),
    )


def _floor(row: DataFile) -> Floor:
    row.only("drug", "counts_from", "minimum_minutes", "source", "verified")
    row.flag("verified")
    minutes, counts_from = row.integer("minimum_minutes", minimum=1), row.choice("counts_from", ClockStart)
    return Floor(row.choice("drug", Drug).value, Observation(counts_from, minutes, row.text("source")))


# ── how it stands ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured at a moment."""

    at: datetime
    systolic_mmhg: int | None = None
    diastolic_mmhg: int | None = None
    spo2_percent: int | None = None
    on_oxygen: bool = False
    sedation_moaas: int | None = None


@dataclass(frozen=True, slots=True)
class Rated:
    """How strong dissociation was at a moment."""

    at: datetime
    value: Decimal


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a session at the moment the patient is to leave.

    `answers` holds what was asked at the door, by criterion; what nobody asked is not in it. `dosing_ended` says that
    no drug flows any more. `last_started_at` is when the last of several doses began; None: there was one.
    """

    at: datetime
    drug: str
    route: str
    setting: str
    started_at: datetime | None
    last_dose_at: datetime | None
    dosing_ended: bool
    readings: Sequence[Reading] = ()
    cadss: Sequence[Rated] = ()
    intensities: Sequence[Rated] = ()
    answers: Mapping[str, bool] = field(default_factory=dict[str, bool])
    open_urgent_alerts: int = 0
    last_started_at: datetime | None = None

    @property
    def clock_starts(self) -> Mapping[ClockStart, datetime | None]:
        """The moment observation is counted from, for each way a plan may count it."""
        return {
            ClockStart.START: self.started_at,
            ClockStart.LAST_START: self.last_started_at or self.started_at,
            ClockStart.END: self.last_dose_at,
        }


LIMITS: Final = (
    "discharge_cadss_to",
    "discharge_dissociation_intensity_to",
    "discharge_look_minutes",
    "discharge_pressure_rise_fraction",
    "discharge_pressure_to",
    "discharge_sedation_from",
    "discharge_spo2_drop",
    "discharge_spo2_from",
    "pressure_escalate_from",
)
"""The policies it rests on."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What counts: the checklist, the plan's observation and its version, and the policies of `LIMITS`."""

    checklist: Checklist
    observation: Observation
    protocol_version: str
    policies: Mapping[str, InForce]

    @property
    def look(self) -> timedelta:
        """How old the last look may be."""
        return timedelta(minutes=int(self.policies["discharge_look_minutes"].number))


@dataclass(frozen=True, slots=True)
class Criterion:
    """How one criterion stands; `policy_version` names where the limit comes from."""

    code: str
    state: CriterionState
    reason: str
    value: Any
    limit: Any
    policy_version: str

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "code": self.code,
            "state": self.state.value,
            "reason": self.reason,
            "value": self.value,
            "limit": self.limit,
            "policy_version": self.policy_version,
        }


@dataclass(frozen=True, slots=True)
class _Found:
    met: bool
    reason: str
    value: Any = None
    limit: Any = None
    version: str | None = None


def discharge_criteria(facts: Facts, limits: Limits) -> list[Criterion]:
    """How each criterion stands, in the order of the checklist; none is left out."""
    return [_judged(asked, facts, limits) for asked in limits.checklist.criteria]


def _judged(asked: Asked, facts: Facts, limits: Limits) -> Criterion:
    version = limits.checklist.version
    if not asked.applies(facts.route, facts.setting):
        return Criterion(asked.code, CriterionState.NOT_APPLICABLE, "Not asked here.", None, None, version)
    found = _answered(asked, facts) if asked.code in ANSWERED else _FOUND_BY[asked.code](facts, limits)
    state = CriterionState.MET if found.met else CriterionState.MISSING
    return Criterion(asked.code, state, found.reason, found.value, found.limit, found.version or version)


def missing(criteria: Sequence[Criterion]) -> list[Criterion]:
    """Those that stand in the way."""
    return [one for one in criteria if one.state is CriterionState.MISSING]


def _answered(asked: Asked, facts: Facts) -> _Found:
    answer = facts.answers.get(asked.code)
    reason = "Nobody asked." if answer is None else "Said to be so." if answer else "Said not to be so."
    return _Found(answer is True, reason, answer, limit=True)


_CLOCKS: Final = {
    ClockStart.START: "the first moment of the dose",
    ClockStart.LAST_START: "the first moment of the last dose",
    ClockStart.END: "the end of the dose",
}


def _observed(facts: Facts, limits: Limits) -> _Found:
    wanted = [(limits.observation, limits.protocol_version)]
    wanted += [
        (floor.observation, limits.checklist.version) for floor in limits.checklist.floors if floor.drug == facts.drug
    ]
    found = [_observed_for(facts, observation, version) for observation, version in wanted]
    return next((one for one in found if not one.met), found[0])


def _observed_for(facts: Facts, observation: Observation, version: str) -> _Found:
    least = observation.minimum_minutes
    begin = facts.clock_starts[observation.counts_from]
    if begin is None:
        return _Found(met=False, reason="Nothing has been given yet.", limit=least, version=version)
    if not facts.dosing_ended:
        return _Found(met=False, reason="The dose has not ended; record its end.", limit=least, version=version)
    minutes = max(0, (facts.at - begin) // timedelta(minutes=1))
    reason = f"{minutes} of {least} minutes from {_CLOCKS[observation.counts_from]}."
    return _Found(minutes >= least, reason, minutes, least, version)


def _last_look(facts: Facts, limits: Limits, at: datetime) -> bool:
    """Whether something was seen after the last dose, by the moment of leaving, and not too long before it."""
    return facts.last_dose_at is not None and max(facts.last_dose_at, facts.at - limits.look) <= at <= facts.at


def _before_dose(facts: Facts, at: datetime) -> bool:
    return facts.started_at is not None and at <= facts.started_at


def _latest(seen: Sequence[Any]) -> Any:
    return max(seen, key=lambda one: one.at, default=None)


def _not_looked(limits: Limits, what: str) -> str:
    minutes = limits.look // timedelta(minutes=1)
    return f"No {what} after the dose and in the last {minutes} minutes."


def _as_pressure(reading: Reading) -> Pressure:
    assert reading.systolic_mmhg is not None
    assert reading.diastolic_mmhg is not None
    return Pressure(reading.systolic_mmhg, reading.diastolic_mmhg)


def _pressure(facts: Facts, limits: Limits) -> _Found:
    """Up to the limit; or near what it was before the dose, and below what somebody is called for."""
    whole = [one for one in facts.readings if one.systolic_mmhg is not None and one.diastolic_mmhg is not None]
    last = _latest([one for one in whole if _last_look(facts, limits, one.at)])
    before = _latest([one for one in whole if _before_dose(facts, one.at)])
    policy, called = limits.policies["discharge_pressure_to"], limits.policies["pressure_escalate_from"].pressure
    limit = policy.pressure
    if before is not None:
        share = 1 + limits.policies["discharge_pressure_rise_fraction"].number
        limit = Pressure(
            max(limit.systolic_mmhg, min(int(before.systolic_mmhg * share), called.systolic_mmhg - 1)),
            max(limit.diastolic_mmhg, min(int(before.diastolic_mmhg * share), called.diastolic_mmhg - 1)),
        )
    told = as_json(limit)
    if last is None:
        return _Found(met=False, reason=_not_looked(limits, "blood pressure"), limit=told, version=policy.version)
    now = _as_pressure(last)
    met = now.systolic_mmhg <= limit.systolic_mmhg and now.diastolic_mmhg <= limit.diastolic_mmhg
    against = "no pressure before the dose to compare with" if before is None else "reckoned with that before the dose"
    reason = f"At most {limit.systolic_mmhg}/{limit.diastolic_mmhg} mmHg; {against}."
    return _Found(met, reason, as_json(now), told, policy.version)


def _spo2(facts: Facts, limits: Limits) -> _Found:
    known = [one for one in facts.readings if one.spo2_percent is not None]
    last = _latest([one for one in known if _last_look(facts, limits, one.at)])
    before = _latest([one for one in known if _before_dose(facts, one.at)])
    policy, drop = limits.policies["discharge_spo2_from"], limits.policies["discharge_spo2_drop"].number
    least = int(policy.number if before is None else max(policy.number, before.spo2_percent - drop))
    if last is None:
        return _Found(met=False, reason=_not_looked(limits, "SpO2"), limit=least, version=policy.version)
    if before is None:
        reason = "There is no SpO2 from before the dose to compare with."
        return _Found(met=False, reason=reason, value=last.spo2_percent, limit=least, version=policy.version)
    if last.on_oxygen:
        reason = "Measured while breathing oxygen; measure again on room air."
        return _Found(met=False, reason=reason, value=last.spo2_percent, limit=least, version=policy.version)
    reason = f"At least {least} %; before the dose it was {before.spo2_percent} %."
    return _Found(last.spo2_percent >= least, reason, last.spo2_percent, least, policy.version)


def _sedation(facts: Facts, limits: Limits) -> _Found:
    known = [one for one in facts.readings if one.sedation_moaas is not None and _last_look(facts, limits, one.at)]
    last, policy = _latest(known), limits.policies["discharge_sedation_from"]
    least = int(policy.number)
    if last is None:
        return _Found(met=False, reason=_not_looked(limits, "MOAA/S"), limit=least, version=policy.version)
    reason = f"MOAA/S at least {least}."
    return _Found(last.sedation_moaas >= least, reason, last.sedation_moaas, least, policy.version)


def _dissociation(facts: Facts, limits: Limits) -> _Found:
    """By the latest look: a CADSS total, or an intensity that somebody noted, which stands in for it."""
    rated = _latest([one for one in facts.cadss if _last_look(facts, limits, one.at)])
    noted = _latest([one for one in facts.intensities if _last_look(facts, limits, one.at)])
    by_total, by_note = limits.policies["discharge_cadss_to"], limits.policies["discharge_dissociation_intensity_to"]
    before = _latest([one for one in facts.cadss if _before_dose(facts, one.at)])
    most = by_total.number if before is None else max(by_total.number, before.value)
    if rated is not None and (noted is None or rated.at >= noted.at):
        reason = f"CADSS at most {as_json(most)}."
        return _Found(rated.value <= most, reason, as_json(rated.value), as_json(most), by_total.version)
    limit = as_json(by_note.number)
    if noted is not None:
        reason = f"Noted intensity at most {limit}."
        return _Found(noted.value <= by_note.number, reason, as_json(noted.value), limit, by_note.version)
    reason = _not_looked(limits, "CADSS and no dissociation note")
    return _Found(met=False, reason=reason, limit=limit, version=by_note.version)


def _alerts(facts: Facts, _limits: Limits) -> _Found:
    count = facts.open_urgent_alerts
    reason = "No urgent alert is open." if count == 0 else "An urgent alert waits for somebody to acknowledge it."
    return _Found(count == 0, reason, count, limit=0)


_FOUND_BY: Final[Mapping[str, Callable[[Facts, Limits], _Found]]] = {
    "observation_met": _observed,
    "pressure": _pressure,
    "spo2": _spo2,
    "sedation": _sedation,
    "dissociation": _dissociation,
    "open_urgent_alert": _alerts,
}
"""What the record says by itself."""
