"""Shapes of reassignments."""

from pydantic import ConfigDict, Field

from app.kernel.schemas import ClinicRecordRead, CreateSchema, Id, NoteText, RequestSchema, UtcTime
from app.treatment.reassign.rules import ReassignmentStatus


class ReassignSession(CreateSchema):
    """To whom a session belongs that was documented for somebody else."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "to_patient_id": "0199c1f0-7d3e-7a51-9c1e-3f0a5b7e2d10",
                    "reason": "Two patients of one name; the chart of the other was open.",
                }
            ]
        }
    )

    to_patient_id: Id = Field(description="Who was really treated.")
    to_course_id: Id | None = Field(
        default=None,
        description="The course of theirs it belongs to. Left out: their newest running course that fits drug and "
        "route; where there is none, a course without a plan is opened.",
    )
    reason: NoteText = Field(
        description="How it came about, in words that may be read in both records.",
        examples=["Two patients of one name; the chart of the other was open."],
    )


class ConfirmReassignment(RequestSchema):
    """Another person agrees, under their own name."""


class WithdrawReassignment(RequestSchema):
    """The session stays where it is."""

    reason: NoteText = Field(description="Why.", examples=["It was the right patient after all."])


class ReassignmentRead(ClinicRecordRead):
    """A session that was documented for the wrong patient, and where it goes. `recorded_by` proposed it."""

    session_id: Id = Field(description="The session.")
    patient_id: Id = Field(description="For whom it was documented.")
    course_id: Id = Field(description="The course it was in.")
    to_patient_id: Id = Field(description="Who was really treated.")
    to_course_id: Id | None = Field(description="The course it goes to; null until it is done, where none was named.")
    copied_session_id: Id | None = Field(
        description="The copy that was made for who was really treated, where the session had been signed and so stays "
        "where it is; null where the session itself goes over."
    )
    status: ReassignmentStatus = Field(description="Where it stands.", examples=["proposed"])
    reason: str = Field(description="How it came about.", examples=["Two patients of one name."])
    confirmed_at: UtcTime | None = Field(description="When another person confirmed it and the session went over.")
    confirmed_by: Id | None = Field(description="Who confirmed it.")
    withdrawn_at: UtcTime | None = Field(description="When it was withdrawn.")
    withdrawn_by: Id | None = Field(description="Who withdrew it.")
    withdrawn_reason: str | None = Field(description="Why.", examples=["It was the right patient after all."])
