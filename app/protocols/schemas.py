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
    max_mg: float | None = Field(description="More milligrams in one session have to be confirmed.", examples=[300])
    minimum_minutes: int | None = Field(description="Faster has to be confirmed.", examples=[30])
    times_previous_dose: float | None = Field(
        description="More than so many times the last dose has to be confirmed.", examples=[1.5]
    )
    source: str = Field(description="Where the limits come from.", examples=["Seriatim default"])


class PhaseRead(ResponseSchema):
    """A stretch of a plan with one rhythm and one set of doses."""

    name: str = Field(
        description="Its code.",
        examples=["maintenance_2"],
        json_schema_extra={"x-extensible-enum": ["induction", "maintenance", "maintenance_1", "maintenance_2"]},
    )
    route: str | None = Field(description="Where it differs from the plan's.", examples=["oral"])
    sessions: int | None = Field(description="How many; null: as long as it helps.", examples=[8])
    weeks: int | None = Field(description="How long it lasts, where the plan says.", examples=[4])
    sessions_per_week: int | None = Field(
        description="At most so many in a week counted from the phase's first day.", examples=[2]
    )
    day_offsets: list[int] = Field(
        description="Days of its sessions, counted from its first.", examples=[[0, 3, 7, 10, 14, 17, 21, 24]]
    )
    interval_days: list[int] = Field(
        description="Or: intervals to choose from; the first is planned unless another is chosen.", examples=[[7, 14]]
    )
    first_dose_mg: list[float] = Field(description="Doses of its first session, where they are fewer.", examples=[[56]])
    dose_mg: list[float] = Field(description="Doses to choose from, in mg.", examples=[[56, 84]])
    dose_mg_per_kg: list[float] = Field(description="Or in mg/kg.", examples=[[0.5, 0.6, 0.75, 0.9]])
    climbed: bool = Field(
        description="The doses are steps: the next one only after the one before was not enough.", examples=[False]
    )
    rules: list[str] = Field(
        description="What else holds, in words.", examples=[["The least frequent interval that keeps the response."]]
    )


class DecisionPointRead(ResponseSchema):
    """Something to decide after a phase, before the next begins."""

    after: str = Field(description="The phase.", examples=["induction"])
    action: str = Field(
        description="What is to be decided.",
        examples=["evidence_of_benefit_required"],
        json_schema_extra={"x-extensible-enum": ["evidence_of_benefit_required"]},
    )
    source: str = Field(description="Where that comes from.", examples=["Spravato prescribing information"])


class AlternativeStartRead(ResponseSchema):
    """Other doses for some patients."""

    age_at_least: int = Field(description="From this age on, in years.", examples=[65])
    jurisdictions: list[str] = Field(description="Whose label says so; empty: all.", examples=[["EU", "HK"]])
    first_dose_mg: list[float] = Field(description="Doses of the first session.", examples=[[28]])
    dose_mg: list[float] = Field(description="Doses to choose from after it.", examples=[[28, 56, 84]])
    source: str = Field(description="Where that comes from.", examples=["Spravato label, Hong Kong"])


class ProtocolRead(ResponseSchema):
    """A dosing and observation plan."""

    object: str = Field(description="Always `protocol`.", examples=["protocol"])
    code: str = Field(description="Name it in a course.", examples=["KET_IV_6x3W"])
    version: int = Field(description="Old versions stay for ever.", examples=[1])
    name: str = Field(description="In words.", examples=["Intravenous ketamine, six infusions in three weeks"])
    drug: str | None = Field(description="Null: any.", examples=["ketamine"])
    route: str | None = Field(description="Null: any.", examples=["intravenous"])
    sessions: int | None = Field(description="How many sessions its first phase has; null: as they come.", examples=[6])
    day_offsets: list[int] = Field(
        description="Stated days of its first phase, counted from the first session.",
        examples=[[0, 3, 7, 10, 14, 17]],
    )
    dose_mg_per_kg: float | None = Field(description="The first dose of its first phase.", examples=[0.5])
    phases: list[PhaseRead] = Field(description="Its phases in order; a course begins in the first.")
    step_mg: float | None = Field(description="The unit a dose is made of or raised by.", examples=[28])
    max_mg_per_session: float | None = Field(description="More is never part of the plan.", examples=[84])
    decision_points: list[DecisionPointRead] = Field(description="What is decided between phases.")
    alternative_start: AlternativeStartRead | None = Field(description="Other doses for some patients.")
    infusion_minutes: int | None = Field(description="The studied duration.", examples=[40])
    observation: ObservationRead = Field(description="How long somebody is watched.")
    pre_dose_vitals_within_minutes: int | None = Field(
        description="How old the reading before the dose may be.", examples=[30]
    )
    vital_slots_minutes: list[int] = Field(
        description="When readings are due, in minutes from the first dose.", examples=[[10, 20, 30, 40]]
    )
    vital_slots_source: str = Field(description="Where these times come from.", examples=["Seriatim default"])
    limits: DoseLimitsRead = Field(description="Limits that ask.")
    source: str = Field(description="The publication it comes from.", examples=["Anand et al. 2023"])
    verified: bool = Field(description="Whether the source was checked.", examples=[True])
