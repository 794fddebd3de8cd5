"""Shapes of adverse events."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.kernel.schemas import (
    ClinicRecordRead,
    Count,
    CreateSchema,
    Day,
    Flag,
    Id,
    NoteText,
    RequestSchema,
    ResponseSchema,
    ShortText,
    UtcTime,
    absent,
)
from app.safety.catalogue import shipped_vocabulary
from app.safety.rules import ActionTaken, Causality, Criterion, ReportingBasis
from app.sessions.schemas import InSessionRead

_TERMS: Final[dict[str, Any]] = {"x-extensible-enum": list(shipped_vocabulary().terms)}
_OUTCOMES: Final[dict[str, Any]] = {"x-extensible-enum": list(shipped_vocabulary().outcomes)}
_LABELS: Final = " ".join(f"`{one.code}`: {one.label}." for one in shipped_vocabulary().terms.values())
_ENDS: Final = " ".join(f"`{one.code}`: {one.label}." for one in shipped_vocabulary().outcomes.values())


def _known_term(code: str) -> str:
    if code not in shipped_vocabulary().terms:
        raise PydanticCustomError("unknown_term", "Is not one of the coded terms; OTHER takes a narrative.")
    return code


def _known_outcome(code: str) -> str:
    if code not in shipped_vocabulary().outcomes:
        raise PydanticCustomError("unknown_outcome", "Is not one of the coded outcomes.")
    return code


Term = Annotated[str, Field(max_length=64, examples=["NAUSEA"], json_schema_extra=_TERMS), AfterValidator(_known_term)]
OutcomeCode = Annotated[
    str, Field(max_length=64, examples=["recovered"], json_schema_extra=_OUTCOMES), AfterValidator(_known_outcome)
]
Grade = Annotated[Count, Field(ge=1, le=5)]
CtcaeVersion = Annotated[str, Field(max_length=16, pattern=r"^[0-9]{1,2}\.[0-9]{1,2}$", examples=["5.0"])]
Seriousness = Annotated[list[Criterion], Field(max_length=6)]

_TERM = f"What it was. {_LABELS}"
_NARRATIVE = "The story, in free words; `OTHER` needs it."
_ONSET = "When it began."
_KNOWN = "When the clinic knew of it; the days to report are counted from then."
_RESOLVED = "When it was over."
_GRADE = "CTCAE grade, 1 mild to 5 death, as somebody judged it: no number is graded here."
_CTCAE = "The version of CTCAE the grade is from; with a grade 5.0 unless said otherwise."
_SERIOUSNESS = "What makes it serious; empty: it is not."
_EXPECTED = "Whether the label or the brochure says it may happen."
_CAUSALITY = "How likely the treatment caused it."
_ACTION = "What was done with the treatment."
_OUTCOME = f"What became of it. {_ENDS}"
_REPORTER = "Who told it, if not who typed it."
_BASIS = "Under which duty it is reported: `trial` has days to keep, `voluntary` has none."
_REPORTED = "To whom it was reported."


class ReportCreate(RequestSchema):
    """One report of an event."""

    to: ShortText = Field(description="To whom.", examples=["manufacturer"])
    reported_at: UtcTime = Field(description="When.")
    reference: ShortText | None = Field(default=None, description="Their number for it.", examples=["US-2026-0417"])


class ReportRead(ResponseSchema):
    """One report of an event."""

    to: str = Field(description="To whom.", examples=["manufacturer"])
    reported_at: UtcTime = Field(description="When.")
    reference: str | None = Field(description="Their number for it.", examples=["US-2026-0417"])


Reports = Annotated[list[ReportCreate], Field(max_length=20)]


class AdverseEventCreate(CreateSchema):
    """Something untoward that happened to a patient under treatment."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "term": "NAUSEA",
                    "onset_at": "2026-03-02T14:30:00Z",
                    "grade": 1,
                    "expected": True,
                    "causality": "probable",
                    "action": "slowed",
                }
            ]
        }
    )

    term: Term = Field(description=_TERM, examples=["NAUSEA"])
    narrative: NoteText | None = Field(default=None, description=_NARRATIVE, examples=["Settled after ondansetron."])
    onset_at: UtcTime = Field(description=_ONSET)
    known_at: UtcTime | None = Field(default=None, description=f"{_KNOWN} Left out: now.")
    resolved_at: UtcTime | None = Field(default=None, description=_RESOLVED)
    grade: Grade | None = Field(default=None, description=_GRADE, examples=[1])
    ctcae_version: CtcaeVersion | None = Field(default=None, description=_CTCAE, examples=["5.0"])
    seriousness: Seriousness = Field(default=[], description=_SERIOUSNESS, examples=[["hospitalisation"]])
    expected: Flag | None = Field(default=None, description=_EXPECTED, examples=[True])
    causality: Causality | None = Field(default=None, description=_CAUSALITY, examples=["probable"])
    action: ActionTaken | None = Field(default=None, description=_ACTION, examples=["slowed"])
    outcome: OutcomeCode | None = Field(default=None, description=_OUTCOME, examples=["recovered"])
    reporter: ShortText | None = Field(default=None, description=_REPORTER, examples=["S. Levy"])
    reporting_basis: ReportingBasis = Field(
        default=ReportingBasis.VOLUNTARY, description=_BASIS, examples=["voluntary"]
    )
    reported_to: Reports = Field(default=[], description=_REPORTED)


class AdverseEventUpdate(RequestSchema):
    """A correction, or what became known since (merge patch)."""

    term: Term = absent(_TERM, examples=["NAUSEA"])
    narrative: NoteText | None = Field(default=None, description=_NARRATIVE, examples=["Settled after ondansetron."])
    onset_at: UtcTime = absent(_ONSET)
    known_at: UtcTime = absent(_KNOWN)
    resolved_at: UtcTime | None = Field(default=None, description=_RESOLVED)
    grade: Grade | None = Field(default=None, description=_GRADE, examples=[1])
    ctcae_version: CtcaeVersion | None = Field(default=None, description=_CTCAE, examples=["5.0"])
    seriousness: Seriousness = absent(f"{_SERIOUSNESS} Replaces the list.", examples=[["hospitalisation"]])
    expected: Flag | None = Field(default=None, description=_EXPECTED, examples=[True])
    causality: Causality | None = Field(default=None, description=_CAUSALITY, examples=["probable"])
    action: ActionTaken | None = Field(default=None, description=_ACTION, examples=["slowed"])
    outcome: OutcomeCode | None = Field(default=None, description=_OUTCOME, examples=["recovered"])
    reporter: ShortText | None = Field(default=None, description=_REPORTER, examples=["S. Levy"])
    reporting_basis: ReportingBasis = absent(_BASIS, examples=["voluntary"])
    reported_to: Reports = absent(f"{_REPORTED} Replaces the list.")


class AdverseEventRead(InSessionRead, ClinicRecordRead):
    """Something untoward that happened to a patient under treatment."""

    patient_id: Id = Field(description="The patient.")
    course_id: Id | None = Field(description="The session's course.")
    session_id: Id | None = Field(description="The session it belongs to; null: none.")
    term: str = Field(description=_TERM, examples=["NAUSEA"], json_schema_extra=_TERMS)
    vocabulary_version: str = Field(
        description="The version of the vocabulary its term, its outcome and its days to report are from.",
        examples=["ADVERSE_EVENTS@1"],
    )
    narrative: str | None = Field(description=_NARRATIVE, examples=["Settled after ondansetron."])
    onset_at: UtcTime = Field(description=_ONSET)
    onset_minutes_from_t0: int | None = Field(
        description="Whole minutes from the session's first dose, below zero before it; null without a session, and "
        "where the moment of the dose is not known.",
        examples=[25],
    )
    known_at: UtcTime = Field(description=_KNOWN)
    resolved_at: UtcTime | None = Field(description=_RESOLVED)
    ongoing: bool = Field(description="Whether it goes on: no end, and no outcome that is one.", examples=[True])
    grade: int | None = Field(description=_GRADE, examples=[1])
    ctcae_version: str | None = Field(description=_CTCAE, examples=["5.0"])
    seriousness: list[Criterion] = Field(description=_SERIOUSNESS, examples=[["hospitalisation"]])
    serious: bool = Field(
        description="Whether it is serious: by a criterion, grade 5 or a fatal outcome.", examples=[False]
    )
    expected: bool | None = Field(description=_EXPECTED, examples=[True])
    causality: Causality | None = Field(description=_CAUSALITY, examples=["probable"])
    action: ActionTaken | None = Field(description=_ACTION, examples=["slowed"])
    outcome: str | None = Field(description=_OUTCOME, examples=["recovered"], json_schema_extra=_OUTCOMES)
    reporter: str | None = Field(description=_REPORTER, examples=["S. Levy"])
    reporting_basis: ReportingBasis = Field(description=_BASIS, examples=["voluntary"])
    report_due_on: Day | None = Field(
        description="By which day it has to be reported, in the clinic's zone; null where no duty sets one."
    )
    reported_to: list[ReportRead] = Field(description=_REPORTED)
