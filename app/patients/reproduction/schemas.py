"""Shapes of reproductive facts."""

from typing import Final

from pydantic import ConfigDict, Field

from app.kernel.schemas import ClinicRecordRead, CodeText, CreateSchema, Day, Id, NoteText, RequestSchema, absent
from app.patients.reproduction.rules import FactKind, FactValue
from app.patients.schemas import KNOWN_FROM, SOURCES

_OF_VALUE: Final = (
    "A pregnancy test is `positive`, `negative` or `unclear`; a delivery has no value; the other kinds are `yes` or "
    "`no`."
)


class ReproductiveFactCreate(CreateSchema):
    """A fact of a day."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "pregnancy_test",
                    "value": "negative",
                    "observed_on": "2026-03-02",
                    "source_of_information": "test",
                }
            ]
        }
    )

    kind: FactKind = Field(description="What was found or told.", examples=["pregnancy_test"])
    value: FactValue | None = Field(default=None, description=_OF_VALUE, examples=["negative"])
    observed_on: Day = Field(description="The day it was so.")
    source_of_information: CodeText = Field(description=KNOWN_FROM, examples=["test"])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Intrauterine device since 2023."])


class ReproductiveFactUpdate(RequestSchema):
    """A correction (merge patch). What changed since is another fact of its day."""

    kind: FactKind = absent("What was found or told.", examples=["pregnancy_test"])
    value: FactValue | None = Field(default=None, description=_OF_VALUE, examples=["negative"])
    observed_on: Day = absent("The day it was so.")
    source_of_information: CodeText = absent(KNOWN_FROM, examples=["test"])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Intrauterine device since 2023."])


class ReproductiveFactRead(ClinicRecordRead):
    """A fact of a day."""

    patient_id: Id = Field(description="The patient.")
    kind: FactKind = Field(description="What was found or told.", examples=["pregnancy_test"])
    value: FactValue | None = Field(description=_OF_VALUE, examples=["negative"])
    observed_on: Day = Field(description="The day it was so.")
    source_of_information: str = Field(description=KNOWN_FROM, examples=["test"], json_schema_extra=SOURCES)
    note: str | None = Field(description="Free text.", examples=["Intrauterine device since 2023."])
