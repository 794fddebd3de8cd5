"""Dosing and observation plans, read from data files.

A plan is data, because clinics and evidence differ: each file names its source, is never changed once shipped, and
gets a new version instead, so that a course says for ever under which plan it was treated. A file that cannot be
trusted stops the program at start: no plan is better than half a plan.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

from app.kernel.data_files import DataFile
from app.kernel.errors import Fault, Invalid


class Drug(StrEnum):
    """The substance; racemic ketamine and its S-enantiomer are not interchangeable."""

    KETAMINE = "ketamine"
    ESKETAMINE = "esketamine"


class Route(StrEnum):
    """How the drug enters the body."""

    INTRAVENOUS = "intravenous"
    INTRAMUSCULAR = "intramuscular"
    SUBCUTANEOUS = "subcutaneous"
    SUBLINGUAL = "sublingual"
    ORAL = "oral"
    INTRANASAL = "intranasal"


class ClockStart(StrEnum):
    """What the observation time is counted from.

    The first moment of the dose; the first moment of the last dose, so that a second one in the same session begins the
    time anew; or the last moment of all.
    """

    START = "start"
    LAST_START = "last_start"
    END = "end"


class DecisionAction(StrEnum):
    """What has to be decided, and recorded, before a course leaves a phase for the next."""

    EVIDENCE_OF_BENEFIT = "evidence_of_benefit_required"


class UnknownProtocol(Invalid):
    """No shipped plan has this code."""

    code = "unknown-protocol"
    title = "There is no such protocol"
    advice = "Take a code from GET /v1/protocols."


@dataclass(frozen=True, slots=True)
class Observation:
    """How long somebody is watched at least: `minimum_minutes` after `counts_from`."""

    counts_from: ClockStart
    minimum_minutes: int
    source: str


@dataclass(frozen=True, slots=True)
class DoseLimits:
    """Soft limits: beyond them the question is "are you sure?", not a refusal. None where there is no limit.

    `max_mg_per_kg` and `max_mg` per session; `minimum_minutes` an infusion should last; `times_previous_dose` compares
    with the previous dose of the same drug and route.
    """

    max_mg_per_kg: Decimal | None
    max_mg: Decimal | None
    minimum_minutes: int | None
    times_previous_dose: Decimal | None
    source: str


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of a plan with one rhythm and one set of doses.

    Days are stated (`day_offsets`, counted from the phase's first day) or follow an interval (`interval_days`: the
    intervals to choose from, the first being planned unless another is chosen). With neither, nothing is planned and
    sessions come as they are needed.

    Attributes:
        name: Its code, such as `induction` or `maintenance_1`.
        route: Where it differs from the plan's.
        sessions: How many; None: as long as it helps.
        weeks: How long it lasts; None where the plan does not say, or has no end.
        sessions_per_week: At most so many in a week counted from the phase's first day.
        first_dose_mg: Doses to choose from for its first session, where they are fewer than `dose_mg`.
        dose_mg: Doses to choose from, in mg.
        dose_mg_per_kg: The same by weight.
        climbed: The doses are steps: the next one only after the one before was not enough.
        rules: What else holds, in words.
    """

    name: str
    route: Route | None
    sessions: int | None
    weeks: int | None
    sessions_per_week: int | None
    day_offsets: tuple[int, ...]
    interval_days: tuple[int, ...]
    first_dose_mg: tuple[Decimal, ...]
    dose_mg: tuple[Decimal, ...]
    dose_mg_per_kg: tuple[Decimal, ...]
    climbed: bool
    rules: tuple[str, ...]

    @property
    def rolls(self) -> bool:
        """Whether it has a rhythm and no end, so that its sessions are planned some at a time."""
        return bool(self.interval_days) and self.sessions is None

    def days(self, *, interval_days: int | None = None, ahead: int) -> tuple[int, ...]:
        """The days to plan, counted from the phase's first day.

        Args:
            interval_days: The interval that was chosen, instead of the first one offered.
            ahead: How many sessions are planned at a time where the phase has no end.
        """
        if self.day_offsets and interval_days is None:
            return self.day_offsets
        if not (interval := interval_days or next(iter(self.interval_days), None)):
            return ()
        return tuple(number * interval for number in range(self.sessions or ahead))


@dataclass(frozen=True, slots=True)
class DecisionPoint:
    """Something to decide after a phase, before the next begins."""

    after: str
    action: DecisionAction
    source: str


@dataclass(frozen=True, slots=True)
class AlternativeStart:
    """Other doses for some patients: from an age on, in the jurisdictions named (all, where none is)."""

    age_at_least: int
    jurisdictions: tuple[str, ...]
    first_dose_mg: tuple[Decimal, ...]
    dose_mg: tuple[Decimal, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Protocol:
    """One version of a plan.

    `drug`, `route` and `infusion_minutes` are None where the plan leaves them open. A course begins in the first of
    the `phases`. `step_mg` is the size of the unit a dose is made of, or is raised by; more than `max_mg_per_session`
    is never part of the plan. `vital_slots_minutes` are minutes after the first moment of the dose; the reading before
    it may be `pre_dose_vitals_within_minutes` old. `verified` says whether the publications in `source` were checked.
    """

    code: str
    version: int
    name: str
    drug: Drug | None
    route: Route | None
    phases: tuple[Phase, ...]
    infusion_minutes: int | None
    step_mg: Decimal | None
    max_mg_per_session: Decimal | None
    decision_points: tuple[DecisionPoint, ...]
    alternative_start: AlternativeStart | None
    observation: Observation
    pre_dose_vitals_within_minutes: int | None
    vital_slots_minutes: tuple[int, ...]
    vital_slots_source: str
    limits: DoseLimits
    source: str
    verified: bool

    @property
    def sessions(self) -> int | None:
        """How many sessions the first phase has."""
        return self.phases[0].sessions

    @property
    def day_offsets(self) -> tuple[int, ...]:
        """The stated days of the first phase."""
        return self.phases[0].day_offsets

    @property
    def dose_mg_per_kg(self) -> Decimal | None:
        """The first dose by weight of the first phase."""
        return next(iter(self.phases[0].dose_mg_per_kg), None)

    def phase(self, name: str) -> Phase | None:
        """The phase of this name."""
        return next((phase for phase in self.phases if phase.name == name), None)

    def decision_between(self, current: str, target: str) -> DecisionPoint | None:
        """What has to be decided on the way from a phase to a later one; nothing on the way back."""
        names = [phase.name for phase in self.phases]
        if current not in names or target not in names:
            return None
        passed = names[names.index(current) : names.index(target)]
        return next((point for point in self.decision_points if point.after in passed), None)


def load_protocols(directory: Path) -> Mapping[tuple[str, int], Protocol]:
    """Read every `CODE@VERSION.json` of a directory.

    Returns:
        The plans by code and version, in that order. Read-only.

    Raises:
        DataFileError: A file is wrong; names the file and the field.
    """
    protocols = [protocol_in(DataFile.read(path)) for path in directory.glob("*.json")]
    protocols.sort(key=lambda protocol: (protocol.code, protocol.version))
    return MappingProxyType({(protocol.code, protocol.version): protocol for protocol in protocols})


def latest(protocols: Mapping[tuple[str, int], Protocol], code: str) -> Protocol | None:
    """Find the highest version of a plan, or None where no plan has this code."""
    versions = [protocol for protocol in protocols.values() if protocol.code == code]
    return max(versions, key=lambda protocol: protocol.version, default=None)


def require_latest(
    protocols: Mapping[tuple[str, int], Protocol], code: str, *, pointer: str = "#/protocol_code"
) -> Protocol:
    """Find the highest version of a plan that somebody asked for.

    Args:
        protocols: As `load_protocols` gives them.
        code: The code that was asked for.
        pointer: Where in the request it stands.

    Raises:
        UnknownProtocol: No plan has this code.
    """
    protocol = latest(protocols, code)
    if protocol is None:
        raise UnknownProtocol(
            detail="Choose one of the protocols that this installation lists.",
            faults=(Fault(code="unknown_protocol", detail="There is no such protocol.", pointer=pointer),),
        )
    return protocol


_ONE_PHASE: Final = ("sessions", "day_offsets", "dose_mg_per_kg")
_SEVERAL_PHASES: Final = ("phases", "step_mg", "max_mg_per_session", "decision_points", "alternative_start")
_FIRST: Final = "induction"


def protocol_in(file: DataFile) -> Protocol:
    """Read a plan. A plan of one phase may be written without the word: its sessions, days and dose at the top.

    Raises:
        DataFileError: Something is missing, unknown or impossible; names the file and the field.
    """
    shared = [field for field in Protocol.__dataclass_fields__ if field not in _SEVERAL_PHASES]
    phased = "phases" in file.members
    file.only(*shared, *(_SEVERAL_PHASES if phased else _ONE_PHASE))
    protocol = Protocol(
        code=file.text("code"),
        version=file.integer("version", minimum=1),
        name=file.text("name"),
        drug=None if file.is_null("drug") else file.choice("drug", Drug),
        route=None if file.is_null("route") else file.choice("route", Route),
        phases=tuple(_phase(one) for one in file.sections("phases")) if phased else (_only_phase(file),),
        infusion_minutes=file.optional_integer("infusion_minutes", minimum=1),
        step_mg=file.optional_decimal("step_mg") if phased else None,
        max_mg_per_session=file.optional_decimal("max_mg_per_session") if phased else None,
        decision_points=tuple(_decision_point(one) for one in file.sections("decision_points")) if phased else (),
        alternative_start=_alternative(file.section("alternative_start"))
        if phased and not file.is_null("alternative_start")
        else None,
        observation=_observation(file.section("observation")),
        pre_dose_vitals_within_minutes=file.optional_integer("pre_dose_vitals_within_minutes", minimum=1),
        vital_slots_minutes=file.integers("vital_slots_minutes", minimum=1),
        vital_slots_source=file.text("vital_slots_source"),
        limits=_limits(file.section("limits")),
        source=file.text("source"),
        verified=file.flag("verified"),
    )
    names = [phase.name for phase in protocol.phases]
    if not names or len(set(names)) != len(names):
        file.refuse("phases", "must have at least one, each with a name of its own")
    if any(point.after not in names[:-1] for point in protocol.decision_points):
        file.refuse("decision_points", "must follow a phase that another phase follows")
    return protocol


def _only_phase(file: DataFile) -> Phase:
    dose = file.optional_decimal("dose_mg_per_kg")
    phase = Phase(
        name=_FIRST,
        route=None,
        sessions=file.optional_integer("sessions", minimum=1),
        weeks=None,
        sessions_per_week=None,
        day_offsets=file.integers("day_offsets"),
        interval_days=(),
        first_dose_mg=(),
        dose_mg=(),
        dose_mg_per_kg=() if dose is None else (dose,),
        climbed=False,
        rules=(),
    )
    _require_days_fit(file, phase)
    return phase


def _phase(file: DataFile) -> Phase:
    file.only(*Phase.__dataclass_fields__)
    phase = Phase(
        name=file.text("name"),
        route=None if file.is_null("route") else file.choice("route", Route),
        sessions=file.optional_integer("sessions", minimum=1),
        weeks=file.optional_integer("weeks", minimum=1),
        sessions_per_week=file.optional_integer("sessions_per_week", minimum=1),
        day_offsets=file.integers("day_offsets"),
        interval_days=file.integers("interval_days", minimum=1),
        first_dose_mg=file.decimals("first_dose_mg"),
        dose_mg=file.decimals("dose_mg"),
        dose_mg_per_kg=file.decimals("dose_mg_per_kg"),
        climbed=file.flag("climbed"),
        rules=file.texts("rules"),
    )
    if phase.day_offsets and phase.interval_days:
        file.refuse("interval_days", "must be empty where days are stated")
    if phase.dose_mg and phase.dose_mg_per_kg:
        file.refuse("dose_mg_per_kg", "must be empty where doses are stated in mg")
    if not phase.interval_days:
        _require_days_fit(file, phase)
    return phase


def _require_days_fit(file: DataFile, phase: Phase) -> None:
    if len(phase.day_offsets) != (phase.sessions or 0):
        file.refuse("day_offsets", "must have one day for each session")
    if phase.day_offsets and phase.day_offsets[0] != 0:
        file.refuse("day_offsets", "must begin with day 0")


def _decision_point(file: DataFile) -> DecisionPoint:
    file.only(*DecisionPoint.__dataclass_fields__)
    return DecisionPoint(
        after=file.text("after"), action=file.choice("action", DecisionAction), source=file.text("source")
    )


def _alternative(file: DataFile) -> AlternativeStart:
    file.only(*AlternativeStart.__dataclass_fields__)
    return AlternativeStart(
        age_at_least=file.integer("age_at_least"),
        jurisdictions=file.texts("jurisdictions"),
        first_dose_mg=file.decimals("first_dose_mg"),
        dose_mg=file.decimals("dose_mg"),
        source=file.text("source"),
    )


def _observation(file: DataFile) -> Observation:
    file.only(*Observation.__dataclass_fields__)
    return Observation(
        counts_from=file.choice("counts_from", ClockStart),
        minimum_minutes=file.integer("minimum_minutes", minimum=1),
        source=file.text("source"),
    )


def _limits(file: DataFile) -> DoseLimits:
    file.only(*DoseLimits.__dataclass_fields__)
    return DoseLimits(
        max_mg_per_kg=file.optional_decimal("max_mg_per_kg"),
        max_mg=file.optional_decimal("max_mg"),
        minimum_minutes=file.optional_integer("minimum_minutes", minimum=1),
        times_previous_dose=file.optional_decimal("times_previous_dose"),
        source=file.text("source"),
    )
