"""Shapes of assessments and instruments."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.assessments.rules.instrument import Encoding
from app.kernel.schemas import (
    ClinicRecordRead,
    CodeText,
    Count,
    CreateSchema,
    Day,
    Id,
    NoteText,
    Number,
    RequestSchema,
    ResponseSchema,
    ShortText,
    UtcTime,
    absent,
)
from app.sessions.schemas import InSessionRead


class TotalSource(StrEnum):
    """Where a total comes from."""

    COMPUTED = "computed"
    ENTERED = "entered"


RecallPeriod = Annotated[ShortText, Field(max_length=50)]
Items = Annotated[list[Annotated[Decimal, Number(1, 0, 100)] | None], Field(min_length=1, max_length=100)]
UnscoredItems = Annotated[list[Annotated[Count, Field(ge=0, le=100)] | None], Field(min_length=1, max_length=20)]
Total = Annotated[Decimal, Number(2, 0, 1000)]
Language = Annotated[str, Field(max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]


class AssessmentCreate(CreateSchema):
    """A filled questionnaire or rating: its items, or only its total."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"instrument": "PHQ9", "answered_at": "2026-03-02T13:40:00Z", "items": [2, 3, 2, 3, 2, 3, 2, 1, 1]}
            ]
        }
    )

    instrument: CodeText = Field(description="A code of GET /v1/instruments.", examples=["PHQ9"])
    answered_at: UtcTime | None = Field(default=None, description="When it was filled in.")
    answered_on: Day | None = Field(default=None, description="The day, where only that is known.")
    items: Items | None = Field(
        default=None,
        description="The answers in the form's order; null is unanswered.",
        examples=[[2, 3, 2, 3, 2, 3, 2, 1, 1]],
    )
    encoding: Encoding = Field(
        default=Encoding.SCORE,
        description="What the items are: scores, or places of options, 0 being the top one, where the instrument says "
        "how they become scores.",
        examples=["score"],
    )
    unscored_items: UnscoredItems | None = Field(
        default=None,
        description="Answers to the questions that count for nothing, in the form's order.",
        examples=[[1]],
    )
    total: Total | None = Field(default=None, description="The total, where the items are not known.", examples=[19])
    course_id: Id | None = Field(default=None, description="The course it belongs to; default the session's.")
    session_id: Id | None = Field(
        default=None, description="The session it belongs to: filled in there, or rating what followed it."
    )
    rated_by: ShortText | None = Field(
        default=None, description="Who rated, where it is not the patient.", examples=["Dr Okafor"]
    )
    recall_period: RecallPeriod | None = Field(
        default=None,
        description="Which edition was answered, by one of the instrument's `recalls`; default the usual one.",
        examples=["2 weeks"],
    )
    language: Language | None = Field(default=None, description="BCP 47 tag of the form.", examples=["en-US"])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Filled in on paper."])

    @model_validator(mode="after")
    def _one_time_and_one_answer(self) -> Self:
        if (self.answered_at is None) == (self.answered_on is None):
            raise PydanticCustomError("one_time_needed", "Send either answered_at or answered_on.")
        if (self.items is None) == (self.total is None):
            raise PydanticCustomError("items_or_total", "Send either items or total.")
        if self.items is None and self.encoding is not Encoding.SCORE:
            raise PydanticCustomError("items_needed", "An encoding is said of items.")
        return self


class AssessmentUpdate(RequestSchema):
    """A correction; it is scored again, and alerts follow."""

    answered_at: UtcTime = absent("When it was filled in.")
    items: Items = absent("The answers; replaces the list.", examples=[[2, 3, 2, 3, 2, 3, 2, 1, 0]])
    encoding: Encoding = Field(
        default=Encoding.SCORE,
        description="What the items sent here are, whatever was sent before.",
        examples=["score"],
    )
    unscored_items: UnscoredItems | None = Field(
        default=None, description="Answers to the questions that count for nothing.", examples=[[1]]
    )
    total: Total = absent("The total, where the items are not known.", examples=[19])
    rated_by: ShortText | None = Field(default=None, description="Who rated.", examples=["Dr Okafor"])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Filled in on paper."])


class AssessmentRead(InSessionRead, ClinicRecordRead):
    """A filled questionnaire or rating with its score."""

    patient_id: Id = Field(description="The patient.")
    course_id: Id | None = Field(description="The course.")
    session_id: Id | None = Field(description="The session it belongs to: filled in there, or rating what followed it.")
    instrument: str = Field(description="The instrument.", examples=["PHQ9"])
    instrument_version: int = Field(description="Its version.", examples=[1])
    answered_at: UtcTime | None = Field(description="When it was filled in.")
    answered_on: Day | None = Field(description="The day, where only that is known.")
    assessed_at: UtcTime = Field(
        description="answered_at, or noon of answered_on on the clinic's clock; the order of lists."
    )
    sent_as: Encoding = Field(
        description="The `encoding` the items were sent in. They are scores here in either case: sent back, they are "
        "sent as scores.",
        examples=["score"],
    )
    items: list[float | None] | None = Field(
        description="The answers as scores; null inside is unanswered.", examples=[[2, 3, 2, 3, 2, 3, 2, 1, 1]]
    )
    unscored_items: list[int | None] | None = Field(
        description="Answers to the questions that count for nothing.", examples=[[1]]
    )
    total: float | None = Field(
        description="Null when too much is unanswered, and where the instrument comes to no number.", examples=[19]
    )
    total_source: TotalSource = Field(description="Where it comes from.", examples=["computed"])
    severity: str | None = Field(
        description="The band of the total, or the tier of a screener.", examples=["moderately_severe"]
    )
    incomplete: bool = Field(description="Too much is unanswered to rely on.", examples=[False])
    prorated: bool = Field(description="Unanswered items were given the mean of the others.", examples=[False])
    safety_item: int | None = Field(description="The answer about suicide; null when unknown.", examples=[1])
    safety_item_missing: bool = Field(
        description="It was left unanswered; that says nothing about risk.", examples=[False]
    )
    subscores: dict[str, float] = Field(
        description="The parts that could be reckoned, by the codes of the instrument's `subscales`.",
        examples=[{"PHQ2": 5}],
    )
    findings: dict[str, str] = Field(
        description="What else follows, by name: a screen, a provisional syndrome, dissociation. None is a diagnosis.",
        examples=[{"syndrome": "major", "screen": "positive"}],
    )
    scoring_version: str = Field(description="The rule that scored it.", examples=["PHQ9@1"])
    recall_period: str = Field(description="What the questions look back on.", examples=["2 weeks"])
    hours_since_last_dose: float | None = Field(
        description="Null before any dose and where only the day is known.", examples=[168.5]
    )
    days_since_last_dose: int | None = Field(
        description="Calendar days on the clinic's clock; a trial's placebo counts as a dose; null before any.",
        examples=[7],
    )
    too_soon_after_dose: bool = Field(
        description="It looks back over days and was answered so soon after a dose that it still speaks of the time "
        "before it; it never counts as an effect of that dose.",
        examples=[False],
    )
    rated_by: str | None = Field(description="Who rated.", examples=["Dr Okafor"])
    language: str | None = Field(description="BCP 47 tag of the form.", examples=["en-US"])
    note: str | None = Field(description="Free text.", examples=["Filled in on paper."])


class InstrumentRead(ResponseSchema):
    """An instrument: enough to draw its form, and how it is scored. Item texts only where they may be shipped."""

    object: str = Field(description="Always `instrument`.", examples=["instrument"])
    code: str = Field(description="Name it in an assessment.", examples=["PHQ9"])
    version: int = Field(description="Old versions stay for ever.", examples=[1])
    name: str = Field(description="In words.", examples=["Patient Health Questionnaire-9"])
    respondent: str = Field(description="Who answers.", examples=["self"])
    entry: str = Field(description="`items_or_total`, `items_only` or `total_only`.", examples=["items_or_total"])
    worse: str = Field(description="Which end of the scale is the bad one: `higher` or `lower`.", examples=["higher"])
    recalls: list[dict[str, Any]] = Field(
        description="What its editions look back on, the usual one first. `windowed` looks back, `acute` is about now; "
        "answered less than `hours_after_dose` after a dose, a form still speaks of the time before it.",
        examples=[[{"period": "2 weeks", "clock": "windowed", "hours_after_dose": 24}]],
    )
    instruction: str | None = Field(
        description="What to say above the items.", examples=["Over the last 2 weeks, how often …"]
    )
    answers: list[dict[str, Any]] = Field(
        description="The possible answers with their scores.",
        examples=[[{"value": 0, "text": "Not at all", "loinc": "LA6568-5"}]],
    )
    items: list[dict[str, Any]] = Field(
        description="The items, each with our own word for its topic; the form's text where it may ship.",
        examples=[[{"number": 1, "minimum": 0, "maximum": 3, "step": 1, "topic": "Interest or pleasure"}]],
    )
    unscored_items: list[dict[str, Any]] = Field(
        description="Questions the form asks besides, with answers of their own.",
        examples=[[{"topic": "Difficulty caused", "minimum": 0, "maximum": 3}]],
    )
    positions: dict[str, Any] | None = Field(
        description="How places of options become scores; null where only scores are accepted.",
        examples=[{"top": 3, "reversed_items": [3, 5]}],
    )
    scoring: dict[str, Any] = Field(
        description="How the answers are combined: `sum` of the named items, sum of `subscales`, `risk_tier` or "
        "`checklist`.",
        examples=[{"method": "sum", "items": [1, 2, 3, 4, 5, 6, 7, 8, 9]}],
    )
    total: dict[str, Any] | None = Field(
        description="The range of totals; null where there is none.",
        examples=[{"minimum": 0, "maximum": 27, "step": 1}],
    )
    severity: dict[str, Any] = Field(description="Bands of totals with their source.", examples=[{"bands": []}])
    subscales: list[dict[str, Any]] = Field(
        description="Parts with a number of their own; a sum needs all of its items, `highest` at least one.",
        examples=[[{"code": "PHQ2", "items": [1, 2], "combine": "sum"}]],
    )
    cut_offs: list[dict[str, Any]] = Field(
        description="Findings that are read from the total.", examples=[[{"finding": "screen", "at_least": 10}]]
    )
    syndrome: dict[str, Any] | None = Field(
        description="How present symptoms make a provisional syndrome.", examples=[{"present_from": 2}]
    )
    clusters: dict[str, Any] | None = Field(
        description="How present symptoms in each subscale make a finding.", examples=[{"finding": "provisional_dsm5"}]
    )
    joint: dict[str, Any] | None = Field(
        description="How a total and single answers together make a finding.", examples=[{"total_at_least": 7}]
    )
    risk: dict[str, Any] | None = Field(
        description="How a screener branches and which tier its answers lead to.", examples=[{"gate_item": 2}]
    )
    dissociation: dict[str, Any] | None = Field(
        description="What counts as dissociation after a dose: above this, and above the same session's rating before.",
        examples=[{"above": 4}],
    )
    response: dict[str, Any] | None = Field(
        description="What counts as response; null where a change tells nothing about the course of an illness.",
        examples=[{"reduction_percent": 50}],
    )
    remission: dict[str, Any] | None = Field(
        description="What counts as remission, with the other published cut-offs.",
        examples=[{"operator": "<", "value": 5}],
    )
    change: dict[str, Any] = Field(
        description="What a change from baseline means: published sizes with their sources.",
        examples=[{"mcid_points": {"value": 5}}],
    )
    safety_item: dict[str, Any] | None = Field(
        description="The item about suicide and when it raises an alert.", examples=[{"number": 9}]
    )
    alerts: list[dict[str, Any]] = Field(
        description="When else a score raises an alert.", examples=[[{"code": "mood_switch", "value": 12}]]
    )
    gaps: dict[str, Any] = Field(description="What unanswered items do.", examples=[{"max_missing": 2}])
    loinc_panel: str | None = Field(description="LOINC code of the panel.", examples=["44249-1"])
    loinc_total: str | None = Field(description="LOINC code of the total.", examples=["44261-6"])
    licence: str = Field(
        description="What may be done with its text.", examples=["No permission required to reproduce."]
    )
    source: str = Field(description="The publication.", examples=["Kroenke 2001"])
    verified: bool = Field(description="Whether the source was checked.", examples=[True])
