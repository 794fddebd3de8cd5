"""Shapes of enrolments in risk programmes."""

from typing import Any, Final

from pydantic import ConfigDict, Field

from app.kernel.schemas import (
    ClinicRecordRead,
    CodeText,
    CreateSchema,
    Day,
    Flag,
    Id,
    NoteText,
    RequestSchema,
    ShortText,
    absent,
)
from app.screening.enrolments.catalogue import shipped_programmes

# Only what is answered says so: a request may name another.
_CODES: Final[dict[str, Any]] = {"x-extensible-enum": list(shipped_programmes())}
_NAMES: Final = " ".join(f"`{one.code}`: {one.name}." for one in shipped_programmes().values())
_PROGRAMME: Final = f"The programme; others may be added. {_NAMES}"
_REFERENCE: Final = "The number the programme gave."
_FIRST_DAY: Final = "The first day it counts, in the clinic's zone."
_LAST_DAY: Final = "The last day it counts; null: no end is known."
_BY_PATIENT: Final = "Whether the patient signed the form."
_BY_PRESCRIBER: Final = "Whether the prescriber signed it."


class PlaceEnrolmentCreate(CreateSchema):
    """A programme enrolled the clinic, or one of its locations."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"programme": "SPRAVATO_REMS", "enrolled_on": "2026-03-02"}]}
    )

    programme: CodeText = Field(description=_PROGRAMME, examples=["SPRAVATO_REMS"])
    location_id: Id | None = Field(default=None, description="The location; left out: the whole clinic.")
    reference: ShortText | None = Field(default=None, description=_REFERENCE, examples=["HCS-20417"])
    enrolled_on: Day = Field(description=_FIRST_DAY)
    ended_on: Day | None = Field(default=None, description=_LAST_DAY)
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Certified by fax."])


class PatientEnrolmentCreate(CreateSchema):
    """A programme enrolled a patient."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "programme": "SPRAVATO_REMS",
                    "enrolled_on": "2026-03-02",
                    "signed_by_patient": True,
                    "signed_by_prescriber": True,
                }
            ]
        }
    )

    programme: CodeText = Field(description=_PROGRAMME, examples=["SPRAVATO_REMS"])
    reference: ShortText | None = Field(default=None, description=_REFERENCE, examples=["PT-118-204"])
    enrolled_on: Day = Field(description=_FIRST_DAY)
    ended_on: Day | None = Field(default=None, description=_LAST_DAY)
    signed_by_patient: Flag = Field(description=_BY_PATIENT, examples=[True])
    signed_by_prescriber: Flag = Field(description=_BY_PRESCRIBER, examples=[True])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Form sent by fax."])


class ProgrammeEnrolmentUpdate(RequestSchema):
    """A correction, or the end of an enrolment (merge patch)."""

    programme: CodeText = absent(_PROGRAMME, examples=["SPRAVATO_REMS"])
    reference: ShortText | None = Field(default=None, description=_REFERENCE, examples=["PT-118-204"])
    enrolled_on: Day = absent(_FIRST_DAY)
    ended_on: Day | None = Field(default=None, description=_LAST_DAY)
    ended_reason: NoteText | None = Field(default=None, description="Why it ended.", examples=["Moved to Denver."])
    signed_by_patient: Flag = absent(f"{_BY_PATIENT} Only of a patient's enrolment.", examples=[True])
    signed_by_prescriber: Flag = absent(f"{_BY_PRESCRIBER} Only of a patient's enrolment.", examples=[True])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Form sent by fax."])


class ProgrammeEnrolmentRead(ClinicRecordRead):
    """An enrolment in a risk programme: of a patient, or of a place."""

    patient_id: Id | None = Field(description="The patient; null: a place is enrolled.")
    location_id: Id | None = Field(description="The location; null without a patient: the whole clinic.")
    programme: str = Field(description=_PROGRAMME, examples=["SPRAVATO_REMS"], json_schema_extra=_CODES)
    reference: str | None = Field(description=_REFERENCE, examples=["PT-118-204"])
    enrolled_on: Day = Field(description=_FIRST_DAY)
    ended_on: Day | None = Field(description=_LAST_DAY)
    ended_reason: str | None = Field(description="Why it ended.", examples=["Moved to Denver."])
    signed_by_patient: bool | None = Field(description=f"{_BY_PATIENT} Null for a place.", examples=[True])
    signed_by_prescriber: bool | None = Field(description=f"{_BY_PRESCRIBER} Null for a place.", examples=[True])
    note: str | None = Field(description="Free text.", examples=["Form sent by fax."])
