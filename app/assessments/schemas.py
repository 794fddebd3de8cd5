"""Shapes of assessments and instruments."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

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


class TotalSource(StrEnum):
    """Where a total comes from."""

    COMPUTED = "computed"
    ENTERED = "entered"


Items = Annotated[list[Annotated[Count, Field(ge=0, le=100)] | None], Field(min_length=1, max_length=100)]
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
        description="The answers as scores, in the form's order; null is unanswered.",
        examples=[[2, 3, 2, 3, 2, 3, 2, 1, 1]],
    )
    total: Total | None = Field(default=None, description="The total, where the items are not known.", examples=[19])
    course_id: Id | None = Field(default=None, description="The course it belongs to; default the session's.")
    session_id: Id | None = Field(
        default=None, description="The session it belongs to: filled in there, or rating what followed it."
    )
    rated_by: ShortText | None = Field(
        default=None, description="Who rated, where it is not the patient.", examples=["Dr Okafor"]
    )
    language: Language | None = Field(default=None, description="BCP 47 tag of the form.", examples=["en-US"])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Filled in on paper."])

    @model_validator(mode="after")
    def _one_time_and_one_answer(self) -> Self:
        if (self.answered_at is None) == (self.answered_on is None):
            raise PydanticCustomError("one_time_needed", "Send either answered_at or answered_on.")
        if (self.items is None) == (self.total is None):
            raise PydanticCustomError("items_or_total", "Send either items or total.")
        return self


class AssessmentUpdate(RequestSchema):
    """A correction; it is scored again, and alerts follow."""

    answered_at: UtcTime = absent("When it was filled in.")
    items: Items = absent("The answers as scores; replaces the list.", examples=[[2, 3, 2, 3, 2, 3, 2, 1, 0]])
    total: Total = absent("The total, where the items are not known.", examples=[19])
    rated_by: ShortText | None = Field(default=None, description="Who rated.", examples=["Dr Okafor"])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Filled in on paper."])


class AssessmentRead(ClinicRecordRead):
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
    items: list[int | None] | None = Field(
        description="The answers; null inside is unanswered.", examples=[[2, 3, 2, 3, 2, 3, 2, 1, 1]]
    )
    total: float | None = Field(description="Null when too much is unanswered.", examples=[19])
    total_source: TotalSource = Field(description="Where it comes from.", examples=["computed"])
    severity: str | None = Field(description="The band of the total.", examples=["moderately_severe"])
    incomplete: bool = Field(description="Too much is unanswered for a total.", examples=[False])
    prorated: bool = Field(description="Unanswered items were given the mean of the others.", examples=[False])
    safety_item: int | None = Field(description="The answer about suicide; null when unknown.", examples=[1])
    safety_item_missing: bool = Field(
        description="It was left unanswered; that says nothing about risk.", examples=[False]
    )
    syndrome: str | None = Field(description="Provisional syndrome, a screen only.", examples=["major"])
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
    entry: str = Field(description="`items_or_total` or `total_only`.", examples=["items_or_total"])
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
        description="The items.", examples=[[{"number": 1, "minimum": 0, "maximum": 3}]]
    )
    total: dict[str, Any] = Field(
        description="The range of totals.", examples=[{"minimum": 0, "maximum": 27, "step": 1}]
    )
    severity: dict[str, Any] = Field(description="Bands of totals with their source.", examples=[{"bands": []}])
    response: dict[str, Any] = Field(description="What counts as response.", examples=[{"reduction_percent": 50}])
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
    gaps: dict[str, Any] = Field(description="What unanswered items do.", examples=[{"max_missing": 2}])
    loinc_panel: str | None = Field(description="LOINC code of the panel.", examples=["44249-1"])
    loinc_total: str | None = Field(description="LOINC code of the total.", examples=["44261-6"])
    licence: str = Field(
        description="What may be done with its text.", examples=["No permission required to reproduce."]
    )
    source: str = Field(description="The publication.", examples=["Kroenke 2001"])
    verified: bool = Field(description="Whether the source was checked.", examples=[True])
