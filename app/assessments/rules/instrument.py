"""Questionnaires and ratings as data.

An instrument is a data file that names its source, its licence and each of its thresholds; scoring reads the file. A
result names the version it was scored with, so a later edition never changes what a score meant. Texts of items ship
only where their licence allows it.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Respondent(StrEnum):
    """Who answers."""

    SELF = "self"
    CLINICIAN = "clinician"


class Entry(StrEnum):
    """What may be entered. Where the text of the items is not free, only the total is taken."""

    ITEMS_OR_TOTAL = "items_or_total"
    TOTAL_ONLY = "total_only"


class Clock(StrEnum):
    """What an answer speaks of: a window of days before it, or the present moment.

    A windowed answer given hours after a dose speaks mostly of the days before the dose.
    """

    WINDOWED = "windowed"
    ACUTE = "acute"


class GapMethod(StrEnum):
    """What is done about unanswered items."""

    NONE = "none"
    MEAN_SUBSTITUTION = "mean_substitution"


class Comparison(StrEnum):
    """How a score is compared with a threshold."""

    BELOW = "<"
    AT_MOST = "<="


@dataclass(frozen=True, slots=True)
class Answer:
    """A choice that all items share, with its text and LOINC answer code."""

    value: int
    text: str
    loinc: str | None


@dataclass(frozen=True, slots=True)
class Item:
    """One item. `number` is the one printed on the form; a subscale keeps its parent's numbers."""

    number: int
    minimum: int
    maximum: int
    text: str | None
    loinc: str | None


@dataclass(frozen=True, slots=True)
class TotalRange:
    """What totals there are: from `minimum` to `maximum`, both included, in steps of `step`."""

    minimum: Decimal
    maximum: Decimal
    step: Decimal


@dataclass(frozen=True, slots=True)
class Band:
    """A range of totals with a name, both ends included."""

    minimum: Decimal
    maximum: Decimal
    label: str


@dataclass(frozen=True, slots=True)
class SeverityBands:
    """Bands that cover every total without gap or overlap, or none where none are published."""

    bands: tuple[Band, ...]
    source: str


@dataclass(frozen=True, slots=True)
class ResponseRule:
    """How much of the baseline has to be gone, in percent; exactly that much is enough."""

    reduction_percent: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class RemissionCut:
    """A published cut-off for remission."""

    operator: Comparison
    value: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class RemissionRule:
    """When a total counts as remission; studies differ, so the other published cut-offs stand beside the default."""

    operator: Comparison
    value: Decimal
    source: str
    alternatives: tuple[RemissionCut, ...]


@dataclass(frozen=True, slots=True)
class OtherValue:
    """What another publication says."""

    value: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Threshold:
    """A published number, with what others say."""

    value: Decimal
    source: str
    alternatives: tuple[OtherValue, ...]


@dataclass(frozen=True, slots=True)
class ChangeRules:
    """What a change from baseline means. Each is None where nothing is published.

    `partial_response_percent`: from this reduction on, and short of response. `mcid_points` and `mcid_percent`: the
    smallest improvement that matters to patients, in points or in percent of baseline. `reliable_points`: a change of
    at least so much, up or down, is more than error of measurement. `deterioration_points`: a rise of at least so much
    is worse. `relapse_from`: a responder whose total is back at this or above is ill again.
    """

    partial_response_percent: Threshold | None
    mcid_points: Threshold | None
    mcid_percent: Threshold | None
    reliable_points: Threshold | None
    deterioration_points: Threshold | None
    relapse_from: Threshold | None


@dataclass(frozen=True, slots=True)
class Recall:
    """A time an edition of the form asks about.

    `period` in words, such as `2 weeks`. `hours_after_dose`: answered sooner after a dose, the form still speaks of the
    time before it, so it is kept and marked, and never counted as an effect of that dose. None for an acute scale.
    """

    period: str
    clock: Clock
    hours_after_dose: int | None
    source: str


@dataclass(frozen=True, slots=True)
class SafetyItem:
    """The item that asks about suicide: from which answer on somebody looks, and from which on at once."""

    number: int
    review_from: int
    urgent_from: int
    source: str


@dataclass(frozen=True, slots=True)
class GapRule:
    """How many items may be unanswered, and what is done about them. More than that make no total."""

    max_missing: int
    method: GapMethod
    source: str


@dataclass(frozen=True, slots=True)
class PresentFrom:
    """From which answer on the symptom of one item counts as present."""

    number: int
    present_from: int


@dataclass(frozen=True, slots=True)
class SyndromeRule:
    """Counts present symptoms.

    A symptom is present from `present_from` on, unless `present_from_by_item` says otherwise. At least one of
    `core_items` has to reach `present_from`; then `major_from` symptoms are a major syndrome and `other_from` another.
    """

    present_from: int
    present_from_by_item: tuple[PresentFrom, ...]
    core_items: tuple[int, ...]
    major_from: int
    other_from: int
    source: str


@dataclass(frozen=True, slots=True)
class Instrument:
    """One version of a questionnaire or rating.

    `recalls` are the times its editions ask about, the usual one first. `instruction` and `answers` are there only
    where the text ships. `remission`, `safety_item` and `syndrome` are None where the instrument has none, and so are
    LOINC codes where none exist.
    """

    code: str
    version: int
    name: str
    respondent: Respondent
    entry: Entry
    recalls: tuple[Recall, ...]
    instruction: str | None
    answers: tuple[Answer, ...]
    items: tuple[Item, ...]
    total: TotalRange
    severity: SeverityBands
    response: ResponseRule
    remission: RemissionRule | None
    change: ChangeRules
    safety_item: SafetyItem | None
    gaps: GapRule
    syndrome: SyndromeRule | None
    loinc_panel: str | None
    loinc_total: str | None
    licence: str
    source: str
    verified: bool

    @property
    def scoring_version(self) -> str:
        """Name the rules a score was made by, such as `PHQ9@1`."""
        return f"{self.code}@{self.version}"

    @property
    def recall(self) -> str:
        """Name the time that the usual edition asks about."""
        return self.recalls[0].period

    @property
    def clock(self) -> Clock:
        """Say whether the usual edition looks back or is about now."""
        return self.recalls[0].clock
