"""Shapes of medicines and of their interactions."""

from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field

from app.kernel.schemas import (
    ClinicRecordRead,
    CodeText,
    CreateSchema,
    Day,
    Id,
    NoteText,
    Number,
    RequestSchema,
    ResponseSchema,
    ShortText,
    Uri,
    absent,
)
from app.patients.medications.catalogue import described_classes, shipped_interactions
from app.patients.medications.rules import Level, TakenAs

EquivalentMg = Annotated[Decimal, Number(3, 0, 1_000)]
_CLASSES: Final[dict[str, Any]] = {"x-extensible-enum": list(shipped_interactions().classes)}
ClassCodes = Annotated[
    list[Annotated[CodeText, Field(json_schema_extra=_CLASSES)]], Field(max_length=20, examples=[["benzodiazepine"]])
]
_OF_CLASSES: Final = (
    "What it does beside ketamine. An empty list: none of these; null: nobody told. " + described_classes()
)
_EXAMPLE: Final[dict[str, Any]] = {
    "name": "Lorazepam",
    "coding": {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "6470"},
    "class_codes": ["benzodiazepine"],
    "dose": "1 mg at night",
    "diazepam_equivalent_mg_per_day": 10,
    "started_on": "2026-01-05",
}


class Coding(RequestSchema):
    """A medicine in another system's words."""

    system: Uri = Field(
        description="Whose code it is, as a URI.", examples=["http://www.nlm.nih.gov/research/umls/rxnorm"]
    )
    code: CodeText = Field(description="The code.", examples=["6470"])


class MedicationCreate(CreateSchema):
    """A medicine a patient takes or took."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: ShortText = Field(description="The medicine.", examples=["Lorazepam"])
    coding: Coding | None = Field(default=None, description="The same as a code.")
    class_codes: ClassCodes | None = Field(default=None, description=_OF_CLASSES)
    dose: ShortText | None = Field(default=None, description="Dose and times, in words.", examples=["1 mg at night"])
    taken_as: TakenAs = Field(default=TakenAs.REGULAR, description="How it is taken.", examples=["regular"])
    diazepam_equivalent_mg_per_day: EquivalentMg | None = Field(
        default=None, description="Of a benzodiazepine: a day's amount as diazepam.", examples=[10]
    )
    started_on: Day | None = Field(default=None, description="The first day, where it is known.")
    ended_on: Day | None = Field(default=None, description="The last day; none while it is taken.")
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Halves it before sessions."])


class MedicationUpdate(RequestSchema):
    """A correction, or an end (merge patch). Another dose is better told as another medicine from its day on."""

    name: ShortText = absent("The medicine.", examples=["Lorazepam"])
    coding: Coding | None = Field(default=None, description="The same as a code.")
    class_codes: ClassCodes | None = Field(default=None, description=_OF_CLASSES)
    dose: ShortText | None = Field(default=None, description="Dose and times, in words.", examples=["1 mg at night"])
    taken_as: TakenAs = absent("How it is taken.", examples=["regular"])
    diazepam_equivalent_mg_per_day: EquivalentMg | None = Field(
        default=None, description="Of a benzodiazepine: a day's amount as diazepam.", examples=[10]
    )
    started_on: Day | None = Field(default=None, description="The first day, where it is known.")
    ended_on: Day | None = Field(default=None, description="The last day; null while it is taken.")
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Halves it before sessions."])


class InteractionRead(ResponseSchema):
    """What a class of medicines does beside ketamine."""

    code: str = Field(description="The class, or `diazepam_equivalent_high`.", examples=["benzodiazepine"])
    level: Level = Field(description="`flag` to look at, `info` to know.", examples=["flag"])
    effect: str | None = Field(description="What it does.", examples=["More sedation."])
    asks: list[str] = Field(
        description="What the source asks for.",
        examples=[["ask_hold_on_day"]],
        json_schema_extra={
            "x-extensible-enum": [
                "record_diazepam_equivalent",
                "ask_hold_on_day",
                "close_monitoring",
                "blood_pressure_monitoring",
                "review",
            ]
        },
    )
    source: str = Field(description="Where that comes from.", examples=["Veraart et al. 2021"])
    verified: bool = Field(description="Whether somebody checked the source.", examples=[True])


class MedicationRead(ClinicRecordRead):
    """A medicine over one stretch of time."""

    patient_id: Id = Field(description="The patient.")
    name: str = Field(description="The medicine.", examples=["Lorazepam"])
    coding: Coding | None = Field(description="The same as a code.")
    class_codes: list[str] | None = Field(
        description="What it does beside ketamine; null: nobody told.",
        examples=[["benzodiazepine"]],
        json_schema_extra=_CLASSES,
    )
    interactions: list[InteractionRead] | None = Field(description="What follows from its classes; null: nobody told.")
    interactions_version: str = Field(description="By which version of the classes.", examples=["INTERACTIONS@1"])
    dose: str | None = Field(description="Dose and times, in words.", examples=["1 mg at night"])
    taken_as: TakenAs = Field(description="How it is taken.", examples=["regular"])
    diazepam_equivalent_mg_per_day: float | None = Field(description="A day's amount as diazepam.", examples=[10])
    started_on: Day | None = Field(description="The first day, where it is known.")
    ended_on: Day | None = Field(description="The last day; null while it is taken.")
    note: str | None = Field(description="Free text.", examples=["Halves it before sessions."])


class PatientFlag(InteractionRead):
    """An interaction, and the medicines it comes from."""

    medication_ids: list[Id] = Field(description="The medicines.")


class DiazepamEquivalent(ResponseSchema):
    """Benzodiazepines a day, as diazepam."""

    mg_per_day: float = Field(description="The sum of what is known.", examples=[10])
    above_mg_per_day: float = Field(description="More than this is too much.", examples=[8])
    is_above: bool | None = Field(
        description="Whether it is more; null where an amount is missing and the rest is not more.", examples=[True]
    )
    missing_medication_ids: list[Id] = Field(description="Benzodiazepines without an amount.")


class PatientInteractions(ResponseSchema):
    """What of a patient's medicines matters beside ketamine, today."""

    object: str = Field(description="Always `interactions`.", examples=["interactions"])
    patient_id: Id = Field(description="The patient.")
    on: Day = Field(description="Today, in the clinic's zone.")
    version: str = Field(description="By which version of the classes.", examples=["INTERACTIONS@1"])
    items: list[PatientFlag] = Field(description="The flags, each class once.")
    diazepam_equivalent: DiazepamEquivalent = Field(description="Benzodiazepines a day.")
    unclassified_medication_ids: list[Id] = Field(
        description="Medicines whose classes nobody told; what they do is not known."
    )
