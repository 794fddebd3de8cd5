"""What makes an adverse event serious, when it has to be reported, and what it cannot be.

Nothing is graded here: a number does not say how bad an event is, so a pressure that rises with the dose and falls
again is a reading until somebody calls it an event.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from app.alerts.rules import AlertSeverity
from app.kernel.data_files import DataFile
from app.kernel.errors import Fault, Invalid

OTHER: Final = "OTHER"
_DEATH_GRADE: Final = 5
_LIFE_THREATENING_GRADE: Final = 4


class Criterion(StrEnum):
    """What makes an event serious; serious is not severe."""

    DEATH = "death"
    LIFE_THREATENING = "life_threatening"
    HOSPITALISATION = "hospitalisation"
    DISABILITY = "disability"
    CONGENITAL_ANOMALY = "congenital_anomaly"
    IMPORTANT_MEDICAL_EVENT = "important_medical_event"


class Causality(StrEnum):
    """How likely the treatment caused it, in somebody's judgement."""

    RELATED = "related"
    PROBABLE = "probable"
    POSSIBLE = "possible"
    UNLIKELY = "unlikely"
    UNRELATED = "unrelated"


class ActionTaken(StrEnum):
    """What was done with the treatment."""

    NONE = "none"
    SLOWED = "slowed"
    PAUSED = "paused"
    STOPPED = "stopped"
    DOSE_REDUCED = "dose_reduced"
    MEDICATION = "medication"
    TRANSFER = "transfer"


class ReportingBasis(StrEnum):
    """Under which duty an event is reported: in a trial there are days to keep, in practice nobody sets any."""

    TRIAL = "trial"
    VOLUNTARY = "voluntary"


class ImpossibleAdverseEvent(Invalid):
    """Members that are right alone and impossible together."""

    code = "impossible-adverse-event"
    title = "The adverse event cannot have been like this"
    advice = "`errors` names each member that contradicts another. Correct it, or leave out what is not known."


# ── vocabulary ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Term:
    """What an event is called."""

    code: str
    label: str
    group: str
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an event; `ends` where it goes on no longer."""

    code: str
    label: str
    ends: bool
    fatal: bool


@dataclass(frozen=True, slots=True)
class ReportingRule:
    """How many calendar days there are to report an event that meets one of the criteria."""

    basis: ReportingBasis
    criteria: frozenset[Criterion]
    days: int
    source: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One version of the terms, the outcomes and the days to report."""

    version: str
    terms: Mapping[str, Term]
    outcomes: Mapping[str, Outcome]
    reporting: Sequence[ReportingRule]


def vocabulary_in(file: DataFile) -> Vocabulary:
    """A vocabulary as its file has it.

    Raises:
        DataFileError: It is wrong; names the file and the field.
    """
    file.only("code", "version", "terms", "outcomes", "reporting")
    terms = [_term(row) for row in file.sections("terms")]
    outcomes = [_outcome(row) for row in file.sections("outcomes")]
    for field, codes in (("terms", [one.code for one in terms]), ("outcomes", [one.code for one in outcomes])):
        if len(set(codes)) != len(codes):
            file.refuse(field, "a code appears twice")
    return Vocabulary(
        version=f"{file.text('code')}@{file.integer('version', minimum=1)}",
        terms={one.code: one for one in terms},
        outcomes={one.code: one for one in outcomes},
        reporting=[_reporting(row) for row in file.sections("reporting")],
    )


def _term(row: DataFile) -> Term:
    row.only("code", "label", "group", "source", "verified")
    return Term(row.text("code"), row.text("label"), row.text("group"), row.text("source"), row.flag("verified"))


def _outcome(row: DataFile) -> Outcome:
    row.only("code", "label", "ends", "fatal", "source", "verified")
    row.text("source")
    return Outcome(row.text("code"), row.text("label"), row.flag("ends"), row.flag("fatal"))


def _reporting(row: DataFile) -> ReportingRule:
    row.only("basis", "criteria", "days", "source", "verified")
    row.flag("verified")
    criteria = row.texts("criteria")
    if not set(criteria) <= set(Criterion):
        row.refuse("criteria", f"each must be one of {', '.join(Criterion)}")
    return ReportingRule(
        basis=row.choice("basis", ReportingBasis),
        criteria=frozenset(Criterion(one) for one in criteria),
        days=row.integer("days", minimum=1),
        source=row.text("source"),
    )


# ── what follows from what is told ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of an event, as far as something follows from it."""

    term: str
    onset_at: datetime
    known_at: datetime
    resolved_at: datetime | None = None
    grade: int | None = None
    seriousness: Sequence[str] = ()
    expected: bool | None = None
    causality: str | None = None
    outcome: str | None = None
    reporting_basis: str = ReportingBasis.VOLUNTARY
    reported_at: Sequence[datetime] = ()
    has_narrative: bool = False


def criteria_of(told: Told, vocabulary: Vocabulary) -> frozenset[Criterion]:
    """What makes it serious. Grade 5 and a fatal outcome are death, whether or not it was said twice."""
    criteria = {Criterion(one) for one in told.seriousness}
    if told.grade == _DEATH_GRADE or (told.outcome is not None and vocabulary.outcomes[told.outcome].fatal):
        criteria.add(Criterion.DEATH)
    return frozenset(criteria)


def is_ongoing(told: Told, vocabulary: Vocabulary) -> bool:
    """Say whether it goes on, as far as anybody said: no end, and no outcome that is one."""
    ended = told.outcome is not None and vocabulary.outcomes[told.outcome].ends
    return told.resolved_at is None and not ended and Criterion.DEATH not in criteria_of(told, vocabulary)


def minutes_from(first_dose_at: datetime | None, onset_at: datetime) -> int | None:
    """Whole minutes from the first dose to the onset, rounded down, so that what began before it is below zero."""
    return None if first_dose_at is None else (onset_at - first_dose_at) // timedelta(minutes=1)


def severity_of(told: Told, vocabulary: Vocabulary) -> AlertSeverity | None:
    """How soon somebody must look at an event; None where nobody need be called.

    Danger to life is an emergency, whoever said so: the criterion or a grade of 4 or 5. Anything else that is serious
    is urgent.
    """
    criteria = criteria_of(told, vocabulary)
    deadly = {Criterion.DEATH, Criterion.LIFE_THREATENING}
    if criteria & deadly or (told.grade or 0) >= _LIFE_THREATENING_GRADE:
        return AlertSeverity.EMERGENCY
    return AlertSeverity.URGENT if criteria else None


def report_due_on(told: Told, known_on: date, vocabulary: Vocabulary) -> date | None:
    """By which day an event has to be reported; None where no duty sets one.

    Only a suspected reaction that was not to be expected has a day to keep. What nobody has judged yet counts as
    both, so that a day is missed because of a judgement and never for want of one.

    Args:
        told: The event.
        known_on: The day the clinic knew of it, in its time zone; it is day 0.
        vocabulary: With the days.
    """
    if told.expected or told.causality in {Causality.UNLIKELY, Causality.UNRELATED}:
        return None
    criteria = criteria_of(told, vocabulary)
    days = [one.days for one in vocabulary.reporting if one.basis == told.reporting_basis and one.criteria & criteria]
    return known_on + timedelta(days=min(days)) if days else None


def require_possible(told: Told, vocabulary: Vocabulary) -> None:
    """Refuse what cannot have been.

    Raises:
        ImpossibleAdverseEvent: with every contradiction.
    """
    faults = list(_out_of_order(told))
    fatal = told.outcome is not None and vocabulary.outcomes[told.outcome].fatal
    if Criterion.DEATH in criteria_of(told, vocabulary):
        if told.outcome is not None and not fatal:
            faults.append(Fault("outcome_not_fatal", "Must be fatal: the event led to death.", pointer="#/outcome"))
        if told.grade not in {None, _DEATH_GRADE}:
            faults.append(Fault("grade_not_fatal", "Must be 5: the event led to death.", pointer="#/grade"))
    if told.term == OTHER and not told.has_narrative:
        faults.append(Fault("narrative_needed", "Say in words what it was.", pointer="#/narrative"))
    if faults:
        raise ImpossibleAdverseEvent(faults=faults)


def _out_of_order(told: Told) -> Sequence[Fault]:
    before = "Must not lie before the onset."
    told_at = [("resolved_at", told.resolved_at), ("known_at", told.known_at)]
    told_at += [(f"reported_to/{number}/reported_at", at) for number, at in enumerate(told.reported_at)]
    return [
        Fault("before_onset", before, pointer=f"#/{member}")
        for member, at in told_at
        if at is not None and at < told.onset_at
    ]
