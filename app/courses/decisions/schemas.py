"""Shapes of decisions."""

from enum import StrEnum

from pydantic import Field

from app.kernel.schemas import ClinicRecordRead, CreateSchema, Id, MgNumber, MgPerKgNumber, NoteText, UtcTime


class Decision(StrEnum):
    """What was decided."""

    CONTINUE = "continue"
    STOP = "stop"
    RAISE_DOSE = "raise_dose"
    KEEP_DOSE = "keep_dose"
    LOWER_DOSE = "lower_dose"


class DoseDecisionCreate(CreateSchema):
    """What was decided. Going on where a protocol asks for evidence of benefit takes a score."""

    decision: Decision = Field(description="The decision.", examples=["continue"])
    decided_at: UtcTime | None = Field(default=None, description="When; default now.")
    assessment_id: Id | None = Field(default=None, description="The score it rests on.")
    dose_mg: MgNumber | None = Field(default=None, description="The dose from now on, in mg.", examples=[84])
    dose_mg_per_kg: MgPerKgNumber | None = Field(default=None, description="Or in mg/kg.", examples=[0.6])
    reason: NoteText | None = Field(default=None, description="Why.", examples=["PHQ-9 from 19 to 6."])


class DoseDecisionRead(ClinicRecordRead):
    """What was decided in a course."""

    patient_id: Id = Field(description="The patient.")
    course_id: Id = Field(description="The course.")
    phase: str = Field(description="The phase it was decided in.", examples=["induction"])
    decision: Decision = Field(description="The decision.", examples=["continue"])
    decided_at: UtcTime = Field(description="When.")
    assessment_id: Id | None = Field(description="The score it rests on.")
    dose_mg: float | None = Field(description="The dose from then on, in mg.", examples=[84])
    dose_mg_per_kg: float | None = Field(description="The same in mg/kg.", examples=[0.6])
    reason: str | None = Field(description="Why.", examples=["PHQ-9 from 19 to 6."])
