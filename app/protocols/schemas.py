"""The shape of a protocol."""

from pydantic import Field

from app.kernel.schemas import ResponseSchema


class ObservationRead(ResponseSchema):
    """How long somebody is watched after a dose."""

    counts_from: str = Field(description="`start` or `end` of dosing.", examples=["end"])
    minimum_minutes: int = Field(description="At least so long.", examples=[60])
    source: str = Field(description="Where the rule comes from.", examples=["Seriatim default"])


class DoseLimitsRead(ResponseSchema):
    """Limits that ask "are you sure?"."""

    max_mg_per_kg: float | None = Field(description="More has to be confirmed.", examples=[1.0])
    minimum_minutes: int | None = Field(description="Faster has to be confirmed.", examples=[30])
    times_previous_dose: float | None = Field(
        description="More than so many times the last dose has to be confirmed.", examples=[1.5]
    )
    source: str = Field(description="Where the limits come from.", examples=["Seriatim default"])


class ProtocolRead(ResponseSchema):
    """A dosing and observation plan."""

    object: str = Field(description="Always `protocol`.", examples=["protocol"])
    code: str = Field(description="Name it in a course.", examples=["KET_IV_6x3W"])
    version: int = Field(description="Old versions stay for ever.", examples=[1])
    name: str = Field(description="In words.", examples=["Intravenous ketamine, six infusions in three weeks"])
    drug: str | None = Field(description="Null: any.", examples=["ketamine"])
    route: str | None = Field(description="Null: any.", examples=["intravenous"])
    sessions: int | None = Field(description="How many are planned; null: as they come.", examples=[6])
    day_offsets: list[int] = Field(
        description="Days of the sessions, counted from the first.", examples=[[0, 3, 7, 10, 14, 17]]
    )
    dose_mg_per_kg: float | None = Field(description="The studied dose.", examples=[0.5])
    infusion_minutes: int | None = Field(description="The studied duration.", examples=[40])
    observation: ObservationRead = Field(description="How long somebody is watched.")
    vital_slots_minutes: list[int] = Field(
        description="When readings are due, in minutes from the first dose.", examples=[[10, 20, 30, 40]]
    )
    limits: DoseLimitsRead = Field(description="Limits that ask.")
    source: str = Field(description="The publication it comes from.", examples=["Anand et al. 2023"])
    verified: bool = Field(description="Whether the source was checked.", examples=[True])
