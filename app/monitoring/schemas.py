"""Shapes of vital signs and dissociation notes."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Self, cast

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from app.kernel.problems import Problem
from app.kernel.schemas import (
    ClinicRecordRead,
    Count,
    CreateSchema,
    Id,
    NoteText,
    Number,
    RequestSchema,
    ResponseSchema,
    ShortText,
    UtcTime,
    absent,
)
from app.monitoring.phenomena import shipped_phenomena
from app.sessions.schemas import InSessionRead


class ReadingSource(StrEnum):
    """Where a reading comes from."""

    MANUAL = "manual"
    DEVICE = "device"
    REPORTED = "reported"


Systolic = Annotated[Count, Field(ge=20, le=350)]
Diastolic = Annotated[Count, Field(ge=10, le=250)]
HeartRate = Annotated[Count, Field(ge=0, le=350)]
RespiratoryRate = Annotated[Count, Field(ge=0, le=100)]
Percent = Annotated[Count, Field(ge=0, le=100)]
Moaas = Annotated[Count, Field(ge=0, le=5)]
Intensity = Annotated[Count, Field(ge=0, le=10)]
OxygenFlow = Annotated[Decimal, Number(1, 0, 100)]
Temperature = Annotated[Decimal, Number(1, 20, 46)]

MEASURES: Final = (
    "systolic_mmhg",
    "diastolic_mmhg",
    "heart_rate_bpm",
    "respiratory_rate_per_min",
    "spo2_percent",
    "oxygen_l_per_min",
    "temperature_c",
    "sedation_moaas",
)


class VitalSignsCreate(CreateSchema):
    """One timed set of readings; at least one of them."""

    varies: ClassVar[frozenset[str]] = CreateSchema.varies | {"device_sent_at"}
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "measured_at": "2026-03-02T14:20:00Z",
                    "systolic_mmhg": 138,
                    "diastolic_mmhg": 86,
                    "heart_rate_bpm": 78,
                    "spo2_percent": 98,
                }
            ]
        }
    )

    measured_at: UtcTime = Field(description="When it was measured, not when it is typed in.")
    measured_by: ShortText | None = Field(
        default=None, description="Who measured it, if not who typed it.", examples=["S. Levy"]
    )
    source: ReadingSource = Field(default=ReadingSource.MANUAL, description="Where it comes from.", examples=["manual"])
    systolic_mmhg: Systolic | None = Field(default=None, description="Systolic pressure.", examples=[138])
    diastolic_mmhg: Diastolic | None = Field(
        default=None, description="Diastolic pressure; below systolic.", examples=[86]
    )
    heart_rate_bpm: HeartRate | None = Field(default=None, description="Heart rate.", examples=[78])
    respiratory_rate_per_min: RespiratoryRate | None = Field(default=None, description="Breaths.", examples=[14])
    spo2_percent: Percent | None = Field(default=None, description="Oxygen saturation.", examples=[98])
    oxygen_l_per_min: OxygenFlow | None = Field(default=None, description="Oxygen given.", examples=[2])
    temperature_c: Temperature | None = Field(default=None, description="Temperature.", examples=[36.8])
    sedation_moaas: Moaas | None = Field(
        default=None, description="MOAA/S: 5 is awake, 0 does not respond.", examples=[5]
    )
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Cuff on the left arm."])
    device_sent_at: UtcTime | None = Field(
        default=None,
        description="What the clock of the sending device says while it sends; sent again, it may say something else.",
    )

    @model_validator(mode="after")
    def _something_was_measured(self) -> Self:
        if all(getattr(self, name) is None for name in MEASURES):
            raise PydanticCustomError("reading_needed", "Send at least one reading.")
        return self


class VitalSignsUpdate(RequestSchema):
    """A correction of a reading."""

    measured_at: UtcTime = absent("When it was measured.")
    measured_by: ShortText | None = Field(default=None, description="Who measured it.", examples=["S. Levy"])
    systolic_mmhg: Systolic | None = Field(default=None, description="Systolic pressure.", examples=[138])
    diastolic_mmhg: Diastolic | None = Field(
        default=None, description="Diastolic pressure; below systolic.", examples=[86]
    )
    heart_rate_bpm: HeartRate | None = Field(default=None, description="Heart rate.", examples=[78])
    respiratory_rate_per_min: RespiratoryRate | None = Field(default=None, description="Breaths.", examples=[14])
    spo2_percent: Percent | None = Field(default=None, description="Oxygen saturation.", examples=[98])
    oxygen_l_per_min: OxygenFlow | None = Field(default=None, description="Oxygen given.", examples=[2])
    temperature_c: Temperature | None = Field(default=None, description="Temperature.", examples=[36.8])
    sedation_moaas: Moaas | None = Field(default=None, description="MOAA/S: 5 is awake.", examples=[5])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Cuff on the left arm."])


class BatchMode(StrEnum):
    """Whether one reading that cannot be recorded keeps the others out."""

    ATOMIC = "atomic"
    INDEPENDENT = "independent"


@dataclass(frozen=True, slots=True)
class Unfit:
    """An item that is no reading, and why."""

    errors: tuple[Mapping[str, Any], ...]


def _each_alone(value: object, read: ValidatorFunctionWrapHandler, info: ValidationInfo) -> object:
    """Read one item; in an independent batch one that cannot be read is kept with what is wrong about it."""
    try:
        return read(value)
    except ValidationError as error:
        if info.data.get("mode") is not BatchMode.INDEPENDENT:
            raise
        return Unfit(tuple(cast("Mapping[str, Any]", one) for one in error.errors()))


BatchItem = Annotated[VitalSignsCreate, WrapValidator(_each_alone)]


class VitalSignsBatch(RequestSchema):
    """Several readings: all or none, or each by itself."""

    mode: BatchMode = Field(
        default=BatchMode.ATOMIC,
        description="`atomic`: all or none. `independent`: each by itself, for a device that sends what it kept while "
        "it was offline, some of it perhaps for the second time.",
        examples=["independent"],
    )
    items: Annotated[list[BatchItem], Field(min_length=1, max_length=500)] = Field(
        description="The readings, in the order in which they are recorded."
    )


class VitalSignsRead(InSessionRead, ClinicRecordRead):
    """One timed set of readings."""

    patient_id: Id = Field(description="The patient.")
    session_id: Id = Field(description="The session.")
    measured_at: UtcTime = Field(description="When it was measured.")
    measured_by: str | None = Field(description="Who measured it, if not who typed it.", examples=["S. Levy"])
    source: ReadingSource = Field(description="Where it comes from.", examples=["manual"])
    systolic_mmhg: int | None = Field(description="Systolic pressure.", examples=[138])
    diastolic_mmhg: int | None = Field(description="Diastolic pressure.", examples=[86])
    heart_rate_bpm: int | None = Field(description="Heart rate.", examples=[78])
    respiratory_rate_per_min: int | None = Field(description="Breaths.", examples=[14])
    spo2_percent: int | None = Field(description="Oxygen saturation.", examples=[98])
    oxygen_l_per_min: float | None = Field(description="Oxygen given.", examples=[2])
    temperature_c: float | None = Field(description="Temperature.", examples=[36.8])
    sedation_moaas: int | None = Field(description="MOAA/S: 5 is awake, 0 does not respond.", examples=[5])
    note: str | None = Field(description="Free text.", examples=["Cuff on the left arm."])
    late: bool = Field(
        description="It came into the record late: more than the policy `vital_slot_late_after_minutes` after it was "
        "measured, or when the session was over. Whether it was *measured* late its slot says.",
        examples=[False],
    )
    slot_conflict: bool = Field(
        description="Another reading had taken the slot that this one fits; it is kept as an extra one.",
        examples=[False],
    )
    device_sent_at: UtcTime | None = Field(description="What the sending device's clock said.")
    clock_skew_seconds: int | None = Field(
        description="By how much that clock ran ahead of the server's; below zero: behind.", examples=[-2]
    )


class VitalSignsRecorded(ResponseSchema):
    """The readings of a batch, in the order sent."""

    items: list[VitalSignsRead] = Field(description="The readings.")


class VitalSignsOutcome(ResponseSchema):
    """What became of one reading of an independent batch."""

    status: int = Field(description="201; 200 if it was there already; else the status of the problem.", examples=[201])
    resource: VitalSignsRead | None = Field(description="The reading.")
    problem: Problem | None = Field(description="Why it was not recorded.")


class VitalSignsOutcomes(ResponseSchema):
    """What became of each reading, in the order sent."""

    items: list[VitalSignsOutcome] = Field(description="One for each reading.")


def _known(code: str) -> str:
    if code not in shipped_phenomena():
        raise PydanticCustomError("unknown_phenomenon", "Is not one of the coded phenomena.")
    return code


Phenomenon = Annotated[
    str,
    Field(max_length=64, examples=["floating"], json_schema_extra={"x-extensible-enum": list(shipped_phenomena())}),
    AfterValidator(_known),
]
Phenomena = Annotated[list[Phenomenon], Field(max_length=30)]


OBSERVATIONS: Final = ("intensity", "phenomena", "note")


class DissociationNoteCreate(CreateSchema):
    """What somebody saw or heard of the experience."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "observed_at": "2026-03-02T14:25:00Z",
                    "intensity": 6,
                    "phenomena": ["floating"],
                    "action_taken": "Dimmed the light.",
                }
            ]
        }
    )

    observed_at: UtcTime = Field(description="When it was observed, not when it is typed in.")
    observed_by: ShortText | None = Field(
        default=None, description="Who observed it, if not who typed it.", examples=["S. Levy"]
    )
    intensity: Intensity | None = Field(default=None, description="0 none to 10 as strong as can be.", examples=[6])
    phenomena: Phenomena = Field(
        default=[], description="What it was, coded.", examples=[["floating", "time_distortion"]]
    )
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Says the room breathes; calm."])
    action_taken: NoteText | None = Field(
        default=None, description="What was done.", examples=["Held hand, dimmed light."]
    )

    @model_validator(mode="after")
    def _something_was_observed(self) -> Self:
        if all(getattr(self, name) in (None, []) for name in OBSERVATIONS):
            raise PydanticCustomError("observation_needed", "Send intensity, phenomena or a note.")
        return self


class DissociationNoteUpdate(RequestSchema):
    """A correction of a note."""

    observed_at: UtcTime = absent("When it was observed.")
    observed_by: ShortText | None = Field(default=None, description="Who observed it.", examples=["S. Levy"])
    intensity: Intensity | None = Field(default=None, description="0 none to 10 as strong as can be.", examples=[6])
    phenomena: Phenomena = absent("What it was, coded; replaces the list.", examples=[["floating"]])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Says the room breathes; calm."])
    action_taken: NoteText | None = Field(
        default=None, description="What was done.", examples=["Held hand, dimmed light."]
    )


class DissociationNoteRead(InSessionRead, ClinicRecordRead):
    """What somebody saw or heard of the experience, and what was done."""

    patient_id: Id = Field(description="The patient.")
    session_id: Id = Field(description="The session.")
    observed_at: UtcTime = Field(description="When it was observed.")
    observed_by: str | None = Field(description="Who observed it, if not who typed it.", examples=["S. Levy"])
    intensity: int | None = Field(description="0 none to 10 as strong as can be.", examples=[6])
    phenomena: list[str] = Field(description="What it was, coded.", examples=[["floating", "time_distortion"]])
    note: str | None = Field(description="Free text.", examples=["Says the room breathes; calm."])
    action_taken: str | None = Field(description="What was done.", examples=["Held hand, dimmed light."])
