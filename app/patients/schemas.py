"""Shapes of patients and weights."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.kernel.confirmations import Confirmable
from app.kernel.schemas import (
    ClinicRecordRead,
    Count,
    CreateSchema,
    Day,
    Id,
    NoteText,
    RequestSchema,
    ShortText,
    TimeZone,
    Uri,
    UtcTime,
    WeightKg,
    absent,
)

# Where facts that were told come from. Only what is answered lists the words: a request may name another.
KNOWN_FROM: Final = "Where this is known from: `patient`, `records`, `provider` or `test`; others may be added."
SOURCES: Final[dict[str, Any]] = {"x-extensible-enum": ["patient", "records", "provider", "test"]}


class Sex(StrEnum):
    """Sex, for dosing and for forms that ask it."""

    FEMALE = "female"
    MALE = "male"
    INTERSEX = "intersex"
    UNKNOWN = "unknown"


class Identifier(RequestSchema):
    """How another system knows the patient."""

    system: Uri = Field(description="Who gives the numbers, as a URI.")
    value: ShortText = Field(description="The number there.", examples=["00412"])


class EmergencyContact(RequestSchema):
    """Whom to call."""

    name: ShortText = Field(description="The person's name.", examples=["R. Rivera"])
    relation: ShortText | None = Field(default=None, description="To the patient.", examples=["sister"])
    phone: ShortText | None = Field(default=None, description="Where to call.", examples=["+1 555 0101"])


Identifiers = Annotated[list[Identifier], Field(max_length=20)]
BirthYear = Annotated[Count, Field(ge=1900, le=2100)]
Language = Annotated[str, Field(max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]


class PatientCreate(CreateSchema, Confirmable):
    """A new patient. Names, birth and sex are needed; the rest may follow."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"given_name": "Robin", "family_name": "Rivera", "birth_on": "1984-02-03", "sex": "female"}]
        }
    )

    given_name: ShortText = Field(description="Given name.", examples=["Robin"])
    family_name: ShortText = Field(description="Family name.", examples=["Rivera"])
    preferred_name: ShortText | None = Field(default=None, description="What to call them.", examples=["Rob"])
    birth_on: Day | None = Field(default=None, description="Day of birth.")
    birth_year: BirthYear | None = Field(default=None, description="Where only the year is known.", examples=[1984])
    sex: Sex = Field(description="Sex, for dosing.", examples=["female"])
    gender: ShortText | None = Field(default=None, description="In the patient's own words.", examples=["woman"])
    pronouns: ShortText | None = Field(default=None, description="How to speak of them.", examples=["she/her"])
    language: Language | None = Field(default=None, description="BCP 47 language tag.", examples=["en-US"])
    time_zone: TimeZone | None = Field(default=None, description="Where they live, if not in the clinic's zone.")
    phone: ShortText | None = Field(default=None, description="Where to call.", examples=["+1 555 0102"])
    email: ShortText | None = Field(default=None, description="Where to write.", examples=["robin@example.org"])
    address: NoteText | None = Field(default=None, description="Postal address.", examples=["1 Harbour Way"])
    emergency_contact: EmergencyContact | None = Field(default=None, description="Whom to call.")
    identifiers: Identifiers = Field(default=[], description="How other systems know the patient; unique per system.")

    @model_validator(mode="after")
    def _birth_is_known(self) -> Self:
        if (self.birth_on is None) == (self.birth_year is None):
            raise PydanticCustomError("birth_needed", "Send either birth_on or birth_year.")
        return self


class PatientUpdate(RequestSchema):
    """What may change of a patient (merge patch: absent keeps, null clears, lists replace)."""

    given_name: ShortText = absent("Given name.", examples=["Robin"])
    family_name: ShortText = absent("Family name.", examples=["Rivera"])
    preferred_name: ShortText | None = Field(default=None, description="What to call them.", examples=["Rob"])
    birth_on: Day = absent("Day of birth.")
    sex: Sex = absent("Sex, for dosing.", examples=["female"])
    gender: ShortText | None = Field(default=None, description="In the patient's own words.", examples=["woman"])
    pronouns: ShortText | None = Field(default=None, description="How to speak of them.", examples=["she/her"])
    language: Language | None = Field(default=None, description="BCP 47 language tag.", examples=["en-US"])
    time_zone: TimeZone | None = Field(default=None, description="Where they live, if not in the clinic's zone.")
    phone: ShortText | None = Field(default=None, description="Where to call.", examples=["+1 555 0102"])
    email: ShortText | None = Field(default=None, description="Where to write.", examples=["robin@example.org"])
    address: NoteText | None = Field(default=None, description="Postal address.", examples=["1 Harbour Way"])
    emergency_contact: EmergencyContact | None = Field(default=None, description="Whom to call.")
    identifiers: Identifiers = absent("How other systems know the patient; replaces the list.")


class PatientRead(ClinicRecordRead):
    """A person under care."""

    given_name: str = Field(description="Given name.", examples=["Robin"])
    family_name: str = Field(description="Family name.", examples=["Rivera"])
    preferred_name: str | None = Field(description="What to call them.", examples=["Rob"])
    birth_on: Day | None = Field(description="Day of birth.")
    birth_year: int | None = Field(description="Year of birth; also where the day is known.", examples=[1984])
    sex: Sex = Field(description="Sex, for dosing.", examples=["female"])
    gender: str | None = Field(description="In the patient's own words.", examples=["woman"])
    pronouns: str | None = Field(description="How to speak of them.", examples=["she/her"])
    language: str | None = Field(description="BCP 47 language tag.", examples=["en-US"])
    time_zone: str | None = Field(
        description="Where they live, if not in the clinic's zone.", examples=["America/Denver"]
    )
    phone: str | None = Field(description="Where to call.", examples=["+1 555 0102"])
    email: str | None = Field(description="Where to write.", examples=["robin@example.org"])
    address: str | None = Field(description="Postal address.", examples=["1 Harbour Way"])
    emergency_contact: EmergencyContact | None = Field(description="Whom to call.")
    identifiers: list[Identifier] = Field(description="How other systems know the patient.")


class PatientSearch(RequestSchema):
    """Whom to look for. Names match from their beginning, whatever case and accents; all members together."""

    family_name: ShortText | None = Field(default=None, description="Beginning of the family name.", examples=["riv"])
    given_name: ShortText | None = Field(default=None, description="Beginning of the given name.", examples=["ro"])
    birth_on: Day | None = Field(default=None, description="Exact day of birth.")
    identifier: Identifier | None = Field(default=None, description="Exact identifier.")

    @model_validator(mode="after")
    def _something_is_asked(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("criterion_needed", "Send at least one member.")
        return self


class WeightCreate(CreateSchema, Confirmable):
    """What a patient weighed."""

    weight_kg: WeightKg = Field(description="Kilograms; 1 to 500.", examples=[82.4])
    measured_at: UtcTime = Field(description="When it was measured.")
    measured_by: ShortText | None = Field(
        default=None, description="Who measured it, if not who typed it.", examples=["S. Levy"]
    )


class WeightUpdate(RequestSchema):
    """A correction of a weight."""

    weight_kg: WeightKg = absent("Kilograms; 1 to 500.", examples=[82.4])
    measured_at: UtcTime = absent("When it was measured.")
    measured_by: ShortText | None = Field(default=None, description="Who measured it.", examples=["S. Levy"])


class WeightRead(ClinicRecordRead):
    """What a patient weighed at a time."""

    patient_id: Id = Field(description="The patient.")
    weight_kg: float = Field(description="Kilograms.", examples=[82.4])
    measured_at: datetime = Field(description="When it was measured.", examples=["2026-03-02T13:45:00Z"])
    measured_by: str | None = Field(description="Who measured it, if not who typed it.", examples=["S. Levy"])
