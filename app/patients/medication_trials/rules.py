"""How resistant an illness has been: which trials count, and what they come to by published scales.

Half of a treatment history is not known: nobody remembers the dose, or whether it was six weeks. So each question about
a trial has three answers, and a trial that might count makes a score unknown instead of lower.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.patients.episodes.rules import EpisodeSeverity
from app.patients.rules import folded

ECT: Final = "ect"
_DAYS_A_WEEK: Final = 7
_MONTHS_A_YEAR: Final = 12


class Adherence(StrEnum):
    """How far it was taken as prescribed; told beside a trial and not reckoned with, as the scales do not say how."""

    GOOD = "good"
    PARTIAL = "partial"
    POOR = "poor"


class StopReason(StrEnum):
    """Why a trial ended."""

    NO_RESPONSE = "no_response"
    PARTIAL_RESPONSE = "partial_response"
    SIDE_EFFECTS = "side_effects"
    RECOVERED = "recovered"
    PATIENT_CHOICE = "patient_choice"
    OTHER = "other"


# What a reason says about the effect, where nobody told how much of the symptoms was gone.
_FAILED: Final[Mapping[StopReason, bool]] = {
    StopReason.NO_RESPONSE: True,
    StopReason.PARTIAL_RESPONSE: True,
    StopReason.RECOVERED: False,
}
_AS_TOLD: Final = (
    "id",
    "class_code",
    "episode_id",
    "started_on",
    "ended_on",
    "weeks",
    "adequate_dose",
    "response_percent",
    "stop_reason",
    "optimisations",
)


class Unknown(StrEnum):
    """Why a figure is not given."""

    NO_OPEN_EPISODE = "no_open_episode"
    UNDECIDED_TRIAL = "undecided_trial"
    EPISODE_BEGAN_ON = "episode_began_on"
    EPISODE_SEVERITY = "episode_severity"
    NO_FAILED_ANTIDEPRESSANT = "no_failed_antidepressant"


# ── the shipped scales ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Adequacy:
    """How long a trial has to last by one definition."""

    code: str
    minimum_weeks: int
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Mgh:
    """Points of the staging of the Massachusetts General Hospital."""

    failed_trial: Decimal
    optimisation: Decimal
    augmentation: Decimal
    failed_ect: Decimal
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Step:
    """So many points up to a value; None: from the step before on."""

    up_to: int | None
    points: int


@dataclass(frozen=True, slots=True)
class Band:
    """What a total is called; both ends count."""

    minimum: int
    maximum: int
    label: str


@dataclass(frozen=True, slots=True)
class Maudsley:
    """Points of the Maudsley staging method, 3 to 15."""

    duration_months: tuple[Step, ...]
    severity: Mapping[str, int]
    failed_antidepressants: tuple[Step, ...]
    augmentation: int
    ect: int
    bands: tuple[Band, ...]
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Scales:
    """One version of how resistance is reckoned.

    Attributes:
        antidepressants: For each class, whether it is an oral antidepressant.
        failed_below_percent: With less than so much of the symptoms gone a trial has failed.
        adequacy: The definitions of a trial that was long enough; the first is the one that is staged by.
        resistant_from: So many failed antidepressants make an illness treatment-resistant.
    """

    code: str
    version: int
    antidepressants: Mapping[str, bool]
    failed_below_percent: int
    adequacy: tuple[Adequacy, ...]
    resistant_from: int
    resistant_source: str
    resistant_verified: bool
    mgh: Mgh
    maudsley: Maudsley

    @property
    def rule_version(self) -> str:
        """Name the rules, such as `TREATMENT_RESISTANCE@1`."""
        return f"{self.code}@{self.version}"


# ── one trial ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial as it was told. `drug` is folded, so that two trials of one drug are one antidepressant."""

    id: UUID
    drug: str
    class_code: str | None
    episode_id: UUID | None
    started_on: date | None
    ended_on: date | None
    weeks: int | None
    adequate_dose: bool | None
    response_percent: int | None
    stop_reason: str | None
    augmentations: int
    optimisations: int


def trial_of(columns: Mapping[Any, Any]) -> Trial:
    """A trial out of the columns of its record."""
    told = {name: columns[name] for name in _AS_TOLD}
    augmentations = len(columns["augmentations"])
    return Trial(**told, drug=folded(columns["drug"]), augmentations=augmentations)


@dataclass(frozen=True, slots=True)
class CurrentEpisode:
    """The illness a patient has now."""

    id: UUID
    began_on: date | None
    severity: EpisodeSeverity | None


def all_of(answers: Iterable[bool | None]) -> bool | None:
    """Whether all hold: one no is a no, whatever is not known."""
    answers = tuple(answers)
    return False if False in answers else None if None in answers else True


def any_of(answers: Iterable[bool | None]) -> bool | None:
    """Whether one holds: one yes is a yes, whatever is not known."""
    answers = tuple(answers)
    return True if True in answers else None if None in answers else False


def days_of(trial: Trial, on: date) -> int | None:
    """How many days a trial lasted, or lasts on a day; the first and the last count. None where nobody knows.

    Weeks that were told stand before days: they say how long it was taken as it counts.
    """
    if trial.weeks is not None:
        return trial.weeks * _DAYS_A_WEEK
    if trial.started_on is None:
        return None
    return max(0, (min(trial.ended_on or on, on) - trial.started_on).days + 1)


def is_adequate(trial: Trial, adequacy: Adequacy, on: date) -> bool | None:
    """Whether a trial was long enough at an adequate dose, which the person who tells of it judges.

    A trial that goes on and is not long enough yet is not known to be adequate.
    """
    days = days_of(trial, on)
    is_over = trial.weeks is not None or trial.ended_on is not None
    if days is None:
        is_long_enough = None
    elif days >= adequacy.minimum_weeks * _DAYS_A_WEEK:
        is_long_enough = True
    else:
        is_long_enough = False if is_over else None
    return all_of((trial.adequate_dose, is_long_enough))


def has_failed(trial: Trial, scales: Scales) -> bool | None:
    """Whether a trial did not help enough: by how much was gone, or else by why it ended; None where neither says."""
    if trial.response_percent is not None:
        return trial.response_percent < scales.failed_below_percent
    return None if trial.stop_reason is None else _FAILED.get(StopReason(trial.stop_reason))


def is_antidepressant(trial: Trial, scales: Scales) -> bool | None:
    """Whether what was tried is an oral antidepressant; None where nobody told its class."""
    return None if trial.class_code is None else scales.antidepressants[trial.class_code]


def is_in_episode(trial: Trial, episode: CurrentEpisode | None) -> bool | None:
    """Whether a trial belongs to the present illness: as it was told, or else by its days.

    A trial that began before the illness and went on into it, or whose days are not known, is not decided.
    """
    if episode is None:
        return None
    if trial.episode_id is not None:
        return trial.episode_id == episode.id
    if episode.began_on is None:
        return None
    if trial.started_on is not None and trial.started_on >= episode.began_on:
        return True
    if trial.ended_on is not None and trial.ended_on < episode.began_on:
        return False
    return None


@dataclass(frozen=True, slots=True)
class Judged:
    """What each trial is, question by question. `adequate` has one answer for each definition, in their order."""

    trial: Trial
    days: int | None
    in_episode: bool | None
    is_antidepressant: bool | None
    failed: bool | None
    adequate: tuple[bool | None, ...]

    def counts(self, definition: int) -> bool | None:
        """Whether it is a failed adequate trial of an antidepressant in the present illness."""
        return all_of((self.in_episode, self.is_antidepressant, self.failed, self.adequate[definition]))

    @property
    def was_ect(self) -> bool | None:
        """Whether it is electroconvulsive therapy in the present illness."""
        if self.trial.class_code is None:
            return None if self.in_episode is not False else False
        return all_of((self.in_episode, self.trial.class_code == ECT))


def judge(trial: Trial, episode: CurrentEpisode | None, scales: Scales, on: date) -> Judged:
    """Answer every question about a trial, as of a day."""
    return Judged(
        trial,
        days_of(trial, on),
        is_in_episode(trial, episode),
        is_antidepressant(trial, scales),
        has_failed(trial, scales),
        tuple(is_adequate(trial, adequacy, on) for adequacy in scales.adequacy),
    )


# ── all of them ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Failures:
    """The failed adequate trials in the present illness by one definition.

    `antidepressants` counts each drug once. `undecided` trials might be further ones.
    """

    adequacy: Adequacy
    trials: int
    antidepressants: int
    undecided: int
    is_resistant: bool | None


def failures_by(scales: Scales, definition: int, judged: Sequence[Judged]) -> Failures:
    """Count the trials that failed, and say whether they make the illness treatment-resistant."""
    answers = [(one.counts(definition), one.trial.drug) for one in judged]
    failed = {drug for counts, drug in answers if counts}
    possible = failed | {drug for counts, drug in answers if counts is None}
    if len(failed) >= scales.resistant_from:
        is_resistant = True
    else:
        is_resistant = None if len(possible) >= scales.resistant_from else False
    return Failures(
        scales.adequacy[definition],
        sum(counts is True for counts, _ in answers),
        len(failed),
        sum(counts is None for counts, _ in answers),
        is_resistant,
    )


@dataclass(frozen=True, slots=True)
class MghStage:
    """A score with what it is made of; None with the reasons where something is not known."""

    score: Decimal | None
    unknown: tuple[Unknown, ...]
    failed_trials: int
    optimisations: int
    augmentations: int
    failed_ect: bool | None


def mgh_stage(scales: Scales, episode: CurrentEpisode | None, judged: Sequence[Judged]) -> MghStage:
    """Score the staging of the Massachusetts General Hospital; failed electroconvulsive therapy counts once."""
    counted = [one.trial for one in judged if one.counts(0)]
    failed_ect = any_of(all_of((one.was_ect, one.failed)) for one in judged)
    undecided = failed_ect is None or any(one.counts(0) is None for one in judged)
    points = scales.mgh
    optimisations, augmentations = sum(one.optimisations for one in counted), sum(one.augmentations for one in counted)
    score = (
        points.failed_trial * len(counted)
        + points.optimisation * optimisations
        + points.augmentation * augmentations
        + points.failed_ect * bool(failed_ect)
    )
    unknown = _why(episode, undecided=undecided)
    return MghStage(None if unknown else score, unknown, len(counted), optimisations, augmentations, failed_ect)


def _why(episode: CurrentEpisode | None, *, undecided: bool) -> tuple[Unknown, ...]:
    if episode is None:
        return (Unknown.NO_OPEN_EPISODE,)
    return (Unknown.UNDECIDED_TRIAL,) if undecided else ()


@dataclass(frozen=True, slots=True)
class MaudsleyInputs:
    """What the Maudsley staging method asks; None where it is not known."""

    duration_months: int | None
    severity: EpisodeSeverity | None
    failed_antidepressants: int | None
    augmentation: bool | None
    ect: bool | None


def maudsley_inputs(
    episode: CurrentEpisode | None, judged: Sequence[Judged], scales: Scales, on: date
) -> MaudsleyInputs:
    """Gather what the Maudsley staging method asks of the present illness. Used counts, whether it helped or not."""
    failures = failures_by(scales, 0, judged)
    return MaudsleyInputs(
        None if episode is None or episode.began_on is None else months_begun(episode.began_on, on),
        None if episode is None else episode.severity,
        None if episode is None or failures.undecided else failures.antidepressants,
        None if episode is None else any_of(one.in_episode for one in judged if one.trial.augmentations),
        None if episode is None else any_of(one.was_ect for one in judged),
    )


def months_begun(began_on: date, on: date) -> int:
    """How many months of an illness have begun: twelve months and a day are in the thirteenth."""
    months = (on.year - began_on.year) * _MONTHS_A_YEAR + on.month - began_on.month
    return max(0, months + (on.day > began_on.day))


@dataclass(frozen=True, slots=True)
class MaudsleyStage:
    """A score and what it is called; None with the reasons where something is not known."""

    score: int | None
    band: str | None
    unknown: tuple[Unknown, ...]


def maudsley_stage(scale: Maudsley, told: MaudsleyInputs, episode: CurrentEpisode | None) -> MaudsleyStage:
    """Score the Maudsley staging method. It begins with one failed antidepressant; without any there is no score."""
    if episode is None:
        return MaudsleyStage(None, None, (Unknown.NO_OPEN_EPISODE,))
    reasons = {
        Unknown.EPISODE_BEGAN_ON: told.duration_months is None,
        Unknown.EPISODE_SEVERITY: told.severity is None,
        Unknown.UNDECIDED_TRIAL: None in (told.failed_antidepressants, told.augmentation, told.ect),
        Unknown.NO_FAILED_ANTIDEPRESSANT: told.failed_antidepressants == 0,
    }
    unknown = tuple(reason for reason, holds in reasons.items() if holds)
    if unknown or told.duration_months is None or told.severity is None or told.failed_antidepressants is None:
        return MaudsleyStage(None, None, unknown)
    score = (
        _points(scale.duration_months, told.duration_months)
        + scale.severity[told.severity]
        + _points(scale.failed_antidepressants, told.failed_antidepressants)
        + scale.augmentation * bool(told.augmentation)
        + scale.ect * bool(told.ect)
    )
    band = next(band.label for band in scale.bands if band.minimum <= score <= band.maximum)
    return MaudsleyStage(score, band, ())


def _points(steps: Sequence[Step], value: int) -> int:
    return next(step.points for step in steps if step.up_to is None or value <= step.up_to)
