"""Shapes of treatments given elsewhere."""

from typing import Annotated, Any, Final, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.kernel.schemas import (
    ClinicRecordRead,
    CodeText,
    Count,
    CreateSchema,
    Day,
    Id,
    MgNumber,
    NoteText,
    RequestSchema,
    ShortText,
    UtcTime,
    absent,
)
from app.protocols.rules import Drug, Route

SessionCount = Annotated[Count, Field(ge=1, le=1000)]
_SOURCES: Final[dict[str, Any]] = {"x-extensible-enum": ["patient", "records", "provider"]}


class ExternalTreatmentCreate(CreateSchema):
    """Sessions given by somebody else: one, or a series with its last day."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "drug": "ketamine",
                    "route": "intravenous",
                    "given_on": "2026-03-02",
                    "sessions": 6,
                    "source": "records",
                }
            ]
        }
    )

    drug: Drug = Field(description="The drug.", examples=["ketamine"])
    route: Route = Field(description="The route.", examples=["intravenous"])
    given_on: Day | None = Field(default=None, description="The day; of a series the last. Or send `given_at`.")
    given_at: UtcTime | None = Field(default=None, description="The time, where it is known; of a series the last.")
    first_given_on: Day | None = Field(default=None, description="Of a series, the first day.")
    sessions: SessionCount = Field(default=1, description="How many sessions.", examples=[6])
    dose_mg: MgNumber | None = Field(default=None, description="The dose of each; of a series the last.", examples=[40])
    provider: ShortText | None = Field(default=None, description="Who gave it.", examples=["Harbour Clinic"])
    source: CodeText = Field(description="Where this is known from.", examples=["records"], json_schema_extra=_SOURCES)
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Stopped when she moved."])

    @model_validator(mode="after")
    def _the_time_is_known_once(self) -> Self:
        if (self.given_on is None) == (self.given_at is None):
            raise PydanticCustomError("time_needed", "Send either given_on or given_at.")
        return self


class ExternalTreatmentUpdate(RequestSchema):
    """A correction (merge patch). A day replaces the time, a time the day."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"given_on": "2026-03-02", "sessions": 5}]})

    drug: Drug = absent("The drug.", examples=["ketamine"])
    route: Route = absent("The route.", examples=["intravenous"])
    given_on: Day = absent("The day; of a series the last.")
    given_at: UtcTime = absent("The time; of a series the last.")
    first_given_on: Day | None = Field(default=None, description="Of a series, the first day.")
    sessions: SessionCount = absent("How many sessions.", examples=[6])
    dose_mg: MgNumber | None = Field(default=None, description="The dose of each; of a series the last.", examples=[40])
    provider: ShortText | None = Field(default=None, description="Who gave it.", examples=["Harbour Clinic"])
    source: CodeText = absent("Where this is known from.", examples=["records"], json_schema_extra=_SOURCES)
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Stopped when she moved."])

    @model_validator(mode="after")
    def _the_time_is_said_once(self) -> Self:
        if {"given_on", "given_at"} <= self.model_fields_set:
            raise PydanticCustomError("time_needed", "Send either given_on or given_at.")
        return self


class ExternalTreatmentRead(ClinicRecordRead):
    """Sessions that another provider gave."""

    patient_id: Id = Field(description="The patient.")
    drug: str = Field(description="The drug.", examples=["ketamine"])
    route: str = Field(description="The route.", examples=["intravenous"])
    given_on: Day = Field(description="The day, in the clinic's zone; of a series the last.")
    given_at: UtcTime | None = Field(description="The time, where it is known.")
    first_given_on: Day | None = Field(description="Of a series, the first day.")
    sessions: int = Field(description="How many sessions; they count in the patient's lifetime.", examples=[6])
    dose_mg: float | None = Field(description="The dose of each; of a series the last.", examples=[40])
    provider: str | None = Field(description="Who gave it.", examples=["Harbour Clinic"])
    source: str = Field(description="Where this is known from.", examples=["records"], json_schema_extra=_SOURCES)
    note: str | None = Field(description="Free text.", examples=["Stopped when she moved."])
