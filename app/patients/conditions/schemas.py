"""Shapes of conditions."""

from pydantic import ConfigDict, Field

from app.kernel.schemas import (
    ClinicRecordRead,
    CodeText,
    CreateSchema,
    Day,
    Id,
    NoteText,
    RequestSchema,
    ShortText,
    absent,
)
from app.patients.episodes.schemas import IndicationCode
from app.patients.schemas import KNOWN_FROM, SOURCES


class ConditionCreate(CreateSchema):
    """A diagnosis."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "Hypertension", "icd10_code": "I10", "source_of_information": "patient"}]
        }
    )

    name: ShortText = Field(description="The diagnosis.", examples=["Hypertension"])
    icd10_code: IndicationCode | None = Field(default=None, description="Its ICD-10-CM code.", examples=["I10"])
    started_on: Day | None = Field(default=None, description="Since when, as far as it is known.")
    ended_on: Day | None = Field(default=None, description="Until when; none while it lasts.")
    source_of_information: CodeText = Field(description=KNOWN_FROM, examples=["patient"])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Well controlled."])


class ConditionUpdate(RequestSchema):
    """A correction, or an end (merge patch)."""

    name: ShortText = absent("The diagnosis.", examples=["Hypertension"])
    icd10_code: IndicationCode | None = Field(default=None, description="Its ICD-10-CM code.", examples=["I10"])
    started_on: Day | None = Field(default=None, description="Since when, as far as it is known.")
    ended_on: Day | None = Field(default=None, description="Until when; null while it lasts.")
    source_of_information: CodeText = absent(KNOWN_FROM, examples=["patient"])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Well controlled."])


class ConditionRead(ClinicRecordRead):
    """A diagnosis over one stretch of time."""

    patient_id: Id = Field(description="The patient.")
    name: str = Field(description="The diagnosis.", examples=["Hypertension"])
    icd10_code: str | None = Field(description="Its ICD-10-CM code.", examples=["I10"])
    started_on: Day | None = Field(description="Since when, as far as it is known.")
    ended_on: Day | None = Field(description="Until when; null while it lasts.")
    source_of_information: str = Field(description=KNOWN_FROM, examples=["patient"], json_schema_extra=SOURCES)
    note: str | None = Field(description="Free text.", examples=["Well controlled."])
