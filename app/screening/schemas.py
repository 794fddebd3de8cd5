"""Shapes of checklists, screenings and decisions."""

from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.kernel.schemas import (
    ClinicRecordRead,
    CreateSchema,
    Day,
    Id,
    NoteText,
    RequestSchema,
    ResponseSchema,
    ShortText,
    UtcTime,
    absent,
)
from app.protocols.rules import Drug
from app.screening.catalogue import askable_codes
from app.screening.rules import EligibilityDecision, ItemAnswer, ItemClass, OtherRecord, Outcome, Purpose


class ChecklistItemRead(ResponseSchema):
    """One thing to ask."""

    code: str = Field(description="Its code.", examples=["ANEURYSM"])
    topic: str = Field(description="What is asked.", examples=["Aneurysm of an artery, wherever it lies"])
    classes: dict[str, ItemClass] = Field(
        description="How much a yes weighs, by drug. It is not asked for a drug that is missing. `holds_today` items "
        "are asked on the day of a session, all others for eligibility.",
        examples=[{"ketamine": "relative", "esketamine": "contraindicated"}],
    )
    answered_from: OtherRecord | None = Field(
        description="The records that answer it, so that nobody is asked; null: somebody is.", examples=["consents"]
    )
    source: str = Field(description="Where that comes from.", examples=["Esketamine label, contraindications."])
    verified: bool = Field(description="Whether the source was checked.", examples=[True])


class ChecklistRead(ResponseSchema):
    """What is asked before treatment."""

    object: str = Field(description="Always `screening_checklist`.", examples=["screening_checklist"])
    code: str = Field(description="Its code.", examples=["ELIGIBILITY"])
    version: int = Field(description="Its version; a screening keeps the one it was asked by.", examples=[1])
    name: str = Field(description="In words.", examples=["Before ketamine or esketamine"])
    items: list[ChecklistItemRead] = Field(description="What to ask, in order.")
    source: str = Field(description="Where its classes come from.", examples=["Labels and trial criteria."])


def _known(code: str) -> str:
    if code not in askable_codes():
        raise PydanticCustomError("unknown_item", "Is not an item of the checklist that somebody is asked.")
    return code


ItemCode = Annotated[
    str,
    Field(max_length=64, examples=["ANEURYSM"], json_schema_extra={"x-extensible-enum": list(askable_codes())}),
    AfterValidator(_known),
]


class AnswerGiven(RequestSchema):
    """An answer to one item."""

    code: ItemCode = Field(description="The item; each at most once.")
    answer: ItemAnswer = Field(description="The answer.", examples=["no"])
    detail: NoteText | None = Field(default=None, description="More about it.", examples=["Repaired in 2019."])


Answers = Annotated[list[AnswerGiven], Field(max_length=200)]


class ScreeningCreate(CreateSchema):
    """A checklist answered. What is left out counts as not answered."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "drug": "ketamine",
                    "screened_at": "2026-03-02T14:05:00Z",
                    "answers": [{"code": "ANEURYSM", "answer": "no"}, {"code": "SUD_HISTORY", "answer": "yes"}],
                }
            ]
        }
    )

    drug: Drug = Field(description="What is to be given; it decides what has to be asked.", examples=["ketamine"])
    session_id: Id | None = Field(
        default=None,
        description="The session it is asked for, on its day. Left out: it is about eligibility, for all sessions.",
    )
    screened_at: UtcTime = Field(description="When it was asked.")
    screened_by: ShortText | None = Field(
        default=None, description="Who asked, if not who typed it.", examples=["S. Levy"]
    )
    answers: Answers = Field(description="The answers.")
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Brought her own list."])


class ScreeningUpdate(RequestSchema):
    """A correction. The outcome follows; a decision made before it no longer counts."""

    drug: Drug = absent("What is to be given.", examples=["ketamine"])
    screened_at: UtcTime = absent("When it was asked.")
    screened_by: ShortText | None = Field(default=None, description="Who asked.", examples=["S. Levy"])
    answers: Answers = absent("The answers; replaces the list.")
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Brought her own list."])


class DecideScreening(RequestSchema):
    """What a prescriber decides on a screening."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"decision": "eligible", "reason": "Sober for six years; weekly check-ins are arranged."}]
        }
    )

    decision: EligibilityDecision = Field(description="The decision.", examples=["eligible"])
    reason: NoteText | None = Field(
        default=None,
        description="Why; needed unless everything was answered no and the decision says yes.",
        examples=["Sober for six years."],
    )
    conditions: NoteText | None = Field(
        default=None,
        description="Under which conditions; with `eligible_with_conditions`, and only with it.",
        examples=["Pressure below 140/90 before each dose."],
    )
    overrides: Annotated[list[ItemCode], Field(max_length=100)] = Field(
        default=[],
        description="Findings that are decided against, by code. Each contraindication answered yes has to be named.",
        examples=[["ANEURYSM"]],
    )
    decided_at: UtcTime | None = Field(default=None, description="When; default now.")
    expires_on: Day | None = Field(
        default=None, description="The last day it holds, in the clinic's zone; default twelve months on, for a yes."
    )

    @model_validator(mode="after")
    def _conditions_are_said(self) -> Self:
        if (self.decision is EligibilityDecision.ELIGIBLE_WITH_CONDITIONS) != (self.conditions is not None):
            raise PydanticCustomError(
                "conditions_needed", "Send conditions with eligible_with_conditions, and only with it."
            )
        return self


class AnswerRead(ResponseSchema):
    """An answer to one item."""

    code: str = Field(description="The item.", examples=["SUD_HISTORY"])
    answer: ItemAnswer = Field(description="The answer.", examples=["yes"])
    detail: str | None = Field(description="More about it.", examples=["Alcohol, until 2020."])


class FindingRead(ResponseSchema):
    """An item that stands in the way."""

    code: str = Field(description="The item.", examples=["SUD_HISTORY"])
    item_class: ItemClass = Field(description="How much it weighs for this drug.", examples=["caution"])
    answer: ItemAnswer | None = Field(description="`yes` or `unknown`; null: not answered.", examples=["yes"])


class ScreeningRead(ClinicRecordRead):
    """A checklist answered, what it comes to, and the latest decision on it; earlier ones are in its history."""

    patient_id: Id = Field(description="The patient.")
    session_id: Id | None = Field(description="The session it was asked for; null: for eligibility.")
    purpose: Purpose = Field(description="`session` where it was asked for one, or `eligibility`.")
    drug: Drug = Field(description="What is to be given.", examples=["ketamine"])
    checklist_code: str = Field(description="The checklist.", examples=["ELIGIBILITY"])
    checklist_version: int = Field(description="Its version.", examples=[1])
    answers: list[AnswerRead] = Field(description="The answers.")
    outcome: Outcome = Field(
        description="`excluded`: a contraindication was answered yes. `needs_review`: something else stands in the "
        "way, or is not known. `cleared`: neither.",
        examples=["needs_review"],
    )
    findings: list[FindingRead] = Field(description="What made the outcome, in the order of the checklist.")
    screened_at: UtcTime = Field(description="When it was asked.")
    screened_by: str | None = Field(description="Who asked, if not who typed it.", examples=["S. Levy"])
    note: str | None = Field(description="Free text.", examples=["Brought her own list."])
    decision: EligibilityDecision | None = Field(
        description="What was decided last; null: nothing yet.", examples=["eligible"]
    )
    decided_at: UtcTime | None = Field(description="When.")
    decided_by: Id | None = Field(description="By which prescriber.")
    decision_reason: str | None = Field(description="Why.", examples=["Sober for six years."])
    conditions: str | None = Field(description="Under which conditions.", examples=["Pressure below 140/90."])
    overrides: list[str] = Field(description="Findings that were decided against.", examples=[["ANEURYSM"]])
    decided_version: int | None = Field(description="The version of this record it was decided on.", examples=[1])
    decision_is_current: bool | None = Field(
        description="False when the answers were changed after it: decide again.", examples=[True]
    )
    expires_on: Day | None = Field(description="The last day the decision holds, in the clinic's zone.")
