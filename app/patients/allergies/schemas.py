"""Shapes of allergies."""

from enum import StrEnum

from pydantic import ConfigDict, Field

from app.kernel.schemas import ClinicRecordRead, CodeText, CreateSchema, Id, NoteText, RequestSchema, ShortText, absent
from app.patients.schemas import KNOWN_FROM, SOURCES


class AllergySeverity(StrEnum):
    """The worst that happened."""

    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"


class AllergyCreate(CreateSchema):
    """Something a patient reacts to."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "substance": "Penicillin",
                    "reaction": "Hives",
                    "severity": "moderate",
                    "source_of_information": "patient",
                }
            ]
        }
    )

    substance: ShortText = Field(description="What they react to.", examples=["Penicillin"])
    reaction: ShortText | None = Field(default=None, description="What happens.", examples=["Hives"])
    severity: AllergySeverity | None = Field(
        default=None, description="The worst that happened.", examples=["moderate"]
    )
    source_of_information: CodeText = Field(description=KNOWN_FROM, examples=["patient"])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["As a child."])


class AllergyUpdate(RequestSchema):
    """A correction (merge patch)."""

    substance: ShortText = absent("What they react to.", examples=["Penicillin"])
    reaction: ShortText | None = Field(default=None, description="What happens.", examples=["Hives"])
    severity: AllergySeverity | None = Field(
        default=None, description="The worst that happened.", examples=["moderate"]
    )
    source_of_information: CodeText = absent(KNOWN_FROM, examples=["patient"])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["As a child."])


class AllergyRead(ClinicRecordRead):
    """Something a patient reacts to."""

    patient_id: Id = Field(description="The patient.")
    substance: str = Field(description="What they react to.", examples=["Penicillin"])
    reaction: str | None = Field(description="What happens.", examples=["Hives"])
    severity: AllergySeverity | None = Field(description="The worst that happened.", examples=["moderate"])
    source_of_information: str = Field(description=KNOWN_FROM, examples=["patient"], json_schema_extra=SOURCES)
    note: str | None = Field(description="Free text.", examples=["As a child."])
