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
    """What may be entered: answers or only their total; only answers, where they come to no number; only a total."""

    ITEMS_OR_TOTAL = "items_or_total"
    ITEMS_ONLY = "items_only"
    TOTAL_ONLY = "total_only"


class Encoding(StrEnum):
    """What an answer is sent as: its score, or the place of the option on the form, 0 being the top one."""

    SCORE = "score"
    POSITION = "position"


class Worse(StrEnum):
    """Which end of the scale is the bad one."""

    HIGHER = "higher"
    LOWER = "lower"


class Method(StrEnum):
    """How answers become a score.

    `sum`: the named items are added. `subscales`: the subscales are added, and items outside them are not.
    `risk_tier`: yes and no lead to a tier, and to no number. `checklist`: each item is a finding, and there is no
    number either.
    """

    SUM = "sum"
    SUBSCALES = "subscales"
    RISK_TIER = "risk_tier"
    CHECKLIST = "checklist"


class Combine(StrEnum):
    """How a subscale's items are combined. The highest leaves unanswered ones out; a sum needs every one."""

    SUM = "sum"
    HIGHEST = "highest"


class When(StrEnum):
    """What an alert looks at: the total, its rise over the baseline, the band or tier, or a finding."""

    TOTAL_AT_LEAST = "total_at_least"
    TOTAL_AT_MOST = "total_at_most"
    RISE_AT_LEAST = "rise_at_least"
    SEVERITY_IS = "severity_is"
    FINDING_IS = "finding_is"


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
    """One item. `number` is the one printed on the form; a subscale keeps its parent's numbers.

    Answers go from `minimum` to `maximum` in steps of `step`. `topic` is our own label of what it asks about; `text` is
    the form's and ships only where it may. `finding`: the name under which a checklist reports it.
    """

    number: int
    minimum: int
    maximum: int
    step: Decimal
    topic: str
    text: str | None
    loinc: str | None
    finding: str | None


@dataclass(frozen=True, slots=True)
class UnscoredItem:
    """A question the form asks besides, whose answer counts for nothing; with answers of its own."""

    topic: str
    text: str | None
    minimum: int
    maximum: int
    answers: tuple[Answer, ...]
    loinc: str | None


@dataclass(frozen=True, slots=True)
class Positions:
    """How places of options become scores: of `reversed_items` the top option scores `top`, of the others 0."""

    top: int
    reversed_items: tuple[int, ...]
    source: str


@dataclass(frozen=True, slots=True)
class ScoringRule:
    """How the answers are combined; `items` are those that are added."""

    method: Method
    items: tuple[int, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Subscale:
    """A part with a name and a number of its own."""

    code: str
    name: str
    items: tuple[int, ...]
    combine: Combine
    source: str


@dataclass(frozen=True, slots=True)
class CutOff:
    """A finding read from the total: from `at_least` on it is `reached`, below it is `missed`."""

    finding: str
    at_least: Decimal
    reached: str
    missed: str
    source: str


@dataclass(frozen=True, slots=True)
class Needed:
    """How many symptoms of a subscale have to be present."""

    subscale: str
    count: int


@dataclass(frozen=True, slots=True)
class ClusterRule:
    """A finding that asks for present symptoms in each of several subscales: `yes` or `no`."""

    finding: str
    present_from: int
    needed: tuple[Needed, ...]
    source: str


@dataclass(frozen=True, slots=True)
class AtLeast:
    """An answer that has to reach a value."""

    number: int
    value: int


@dataclass(frozen=True, slots=True)
class JointRule:
    """A finding that asks for a total and for single answers beside it: `positive` or `negative`."""

    finding: str
    total_at_least: Decimal
    also: tuple[AtLeast, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Tier:
    """A level of risk, and the items of which a single yes leads to it."""

    label: str
    items: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RiskRule:
    """A screener that branches, and the tier its answers lead to; the first tier that fits counts.

    Without `gate_item` nobody asks `gated_items`. Who says yes to `lifetime_item` is asked for `recent_item`.
    """

    gate_item: int
    gated_items: tuple[int, ...]
    lifetime_item: int
    recent_item: int
    tiers: tuple[Tier, ...]
    otherwise: str
    source: str


@dataclass(frozen=True, slots=True)
class DissociationRule:
    """What counts as dissociation after a dose: a total above `above`, and above that of the same session's before."""

    above: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class AlertRule:
    """When a score asks somebody to look, beside the item about suicide."""

    code: str
    level: str
    when: When
    value: Decimal | None
    finding: str | None
    labels: tuple[str, ...]
    source: str


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
    `carried_forward_items`: what cannot be judged in so short a time and is taken over from the rating before.
    """

    period: str
    clock: Clock
    hours_after_dose: int | None
    carried_forward_items: tuple[int, ...]
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
    where the text ships. `total` is None where the answers come to no number. `response` is None where a change says
    nothing about the course of an illness: a rating of the moment, a screener. `remission`, `safety_item` and the rules
    for findings are None where the instrument has none, and so are LOINC codes where none exist.
    """

    code: str
    version: int
    name: str
    respondent: Respondent
    entry: Entry
    worse: Worse
    recalls: tuple[Recall, ...]
    instruction: str | None
    answers: tuple[Answer, ...]
    items: tuple[Item, ...]
    unscored_items: tuple[UnscoredItem, ...]
    positions: Positions | None
    scoring: ScoringRule
    total: TotalRange | None
    severity: SeverityBands
    subscales: tuple[Subscale, ...]
    cut_offs: tuple[CutOff, ...]
    syndrome: SyndromeRule | None
    clusters: ClusterRule | None
    joint: JointRule | None
    risk: RiskRule | None
    dissociation: DissociationRule | None
    response: ResponseRule | None
    remission: RemissionRule | None
    change: ChangeRules
    safety_item: SafetyItem | None
    alerts: tuple[AlertRule, ...]
    gaps: GapRule
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

    @property
    def is_outcome(self) -> bool:
        """Say whether a change of its total tells how an illness goes on."""
        return self.response is not None and self.clock is Clock.WINDOWED
