"""Shapes of protocols, shipped and a clinic's own."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from app.kernel.schemas import (
    ClinicRecordRead,
    CodeText,
    Count,
    CreateSchema,
    Flag,
    Id,
    NoteText,
    Number,
    RequestSchema,
    ResponseSchema,
    ShortText,
    UtcTime,
)
from app.protocols.rules import ClockStart, DecisionAction, Drug, Route

Milligrams = Annotated[Decimal, Number(3, 0, 10_000)]
MilligramsPerKilogram = Annotated[Decimal, Number(4, 0, 100)]
Minutes = Annotated[Count, Field(ge=1, le=1440)]
Days = Annotated[list[Annotated[Count, Field(ge=0, le=3650)]], Field(max_length=200)]
Doses = Annotated[list[Milligrams], Field(max_length=20)]


class ObservationRead(ResponseSchema):
    """How long somebody is watched after a dose."""

    counts_from: str = Field(
        description="`start` of dosing; `last_start`, where a second dose begins it anew; or `end` of dosing.",
        examples=["end"],
        json_schema_extra={"x-extensible-enum": [one.value for one in ClockStart]},
    )
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
    clinics_own: bool = Field(description="Whether the clinic made it; others ship.", examples=[False])


# ── a clinic's own ───────────────────────────────────────────────────────────────────────────────────────────────────


class PhaseDefinition(RequestSchema):
    """A stretch of a plan with one rhythm and one set of doses: stated days, an interval, or neither."""

    name: CodeText = Field(description="Its code.", examples=["induction"])
    route: Route | None = Field(default=None, description="Where it differs from the plan's.", examples=["oral"])
    sessions: Annotated[Count, Field(ge=1, le=200)] | None = Field(
        default=None, description="How many; null: as long as it helps.", examples=[6]
    )
    weeks: Annotated[Count, Field(ge=1, le=520)] | None = Field(
        default=None, description="How long it lasts.", examples=[3]
    )
    sessions_per_week: Annotated[Count, Field(ge=1, le=14)] | None = Field(
        default=None, description="At most so many in a week.", examples=[2]
    )
    day_offsets: Days = Field(
        default=[], description="Days of its sessions, counted from its first; one for each.", examples=[[0, 7, 14]]
    )
    interval_days: Days = Field(default=[], description="Or: intervals to choose from.", examples=[[7, 14]])
    first_dose_mg: Doses = Field(default=[], description="Doses of its first session, in mg.", examples=[[56]])
    dose_mg: Doses = Field(default=[], description="Doses to choose from, in mg.", examples=[[56, 84]])
    dose_mg_per_kg: Annotated[list[MilligramsPerKilogram], Field(max_length=20)] = Field(
        default=[], description="Or in mg/kg.", examples=[[0.5]]
    )
    climbed: Flag = Field(default=False, description="The doses are steps.", examples=[False])
    rules: Annotated[list[ShortText], Field(max_length=50)] = Field(
        default=[], description="What else holds, in words.", examples=[["Only after a review."]]
    )


class DecisionPointDefinition(RequestSchema):
    """Something to decide after a phase."""

    after: CodeText = Field(description="The phase.", examples=["induction"])
    action: DecisionAction = Field(description="What is to be decided.", examples=["evidence_of_benefit_required"])
    source: NoteText = Field(description="Where that comes from.", examples=["The clinic's own rule."])


class AlternativeStartDefinition(RequestSchema):
    """Other doses for some patients."""

    age_at_least: Annotated[Count, Field(ge=0, le=130)] = Field(description="From this age on.", examples=[65])
    jurisdictions: Annotated[list[CodeText], Field(max_length=50)] = Field(
        default=[], description="Whose label says so; empty: all.", examples=[["EU"]]
    )
    first_dose_mg: Doses = Field(default=[], description="Doses of the first session.", examples=[[28]])
    dose_mg: Doses = Field(default=[], description="Doses to choose from after it.", examples=[[28, 56]])
    source: NoteText = Field(description="Where that comes from.", examples=["The clinic's own rule."])


class ObservationDefinition(RequestSchema):
    """How long somebody is watched after a dose."""

    counts_from: ClockStart = Field(
        description="From the `start` of dosing, from the `last_start` where a second dose begins it anew, or from the "
        "`end` of dosing.",
        examples=["end"],
    )
    minimum_minutes: Minutes = Field(description="At least so long.", examples=[60])
    source: NoteText = Field(description="Where that comes from.", examples=["The clinic's own rule."])


class DoseLimitsDefinition(RequestSchema):
    """Limits that ask "are you sure?"."""

    max_mg_per_kg: MilligramsPerKilogram | None = Field(default=None, description="Per session.", examples=[1.0])
    max_mg: Milligrams | None = Field(default=None, description="Per session.", examples=[300])
    minimum_minutes: Minutes | None = Field(default=None, description="Faster has to be confirmed.", examples=[30])
    times_previous_dose: Annotated[Decimal, Number(2, 0, 100)] | None = Field(
        default=None, description="Times the last dose.", examples=[1.5]
    )
    source: NoteText = Field(description="Where that comes from.", examples=["The clinic's own rule."])


class ClinicProtocolCreate(CreateSchema):
    """A plan of the clinic's own. Under a code it has already, this is a further version."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "HARBOUR_IV_4x4W",
                    "name": "Four infusions, one a week",
                    "drug": "ketamine",
                    "route": "intravenous",
                    "infusion_minutes": 40,
                    "phases": [
                        {"name": "induction", "sessions": 4, "day_offsets": [0, 7, 14, 21], "dose_mg_per_kg": [0.5]}
                    ],
                    "observation": {"counts_from": "end", "minimum_minutes": 60, "source": "The clinic's own rule."},
                    "vital_slots_minutes": [15, 30, 45, 60],
                    "vital_slots_source": "The clinic's own rule.",
                    "limits": {"max_mg_per_kg": 1, "times_previous_dose": 1.5, "source": "The clinic's own rule."},
                    "source": "After KET_IV_6x3W, once a week for people who travel far.",
                    "reason": "Twice a week is too often for many of our patients.",
                }
            ]
        }
    )

    code: CodeText = Field(description="Its code; not one of a shipped plan.", examples=["HARBOUR_IV_4x4W"])
    name: ShortText = Field(description="In words.", examples=["Four infusions, one a week"])
    drug: Drug | None = Field(default=None, description="Null: any.", examples=["ketamine"])
    route: Route | None = Field(default=None, description="Null: any.", examples=["intravenous"])
    infusion_minutes: Minutes | None = Field(default=None, description="How long an infusion lasts.", examples=[40])
    phases: Annotated[list[PhaseDefinition], Field(min_length=1, max_length=20)] = Field(
        description="Its phases in order; a course begins in the first."
    )
    step_mg: Milligrams | None = Field(default=None, description="The unit a dose is made of.", examples=[28])
    max_mg_per_session: Milligrams | None = Field(default=None, description="More is never planned.", examples=[84])
    decision_points: Annotated[list[DecisionPointDefinition], Field(max_length=20)] = Field(
        default=[], description="What is decided between phases."
    )
    alternative_start: AlternativeStartDefinition | None = Field(
        default=None, description="Other doses for some patients."
    )
    observation: ObservationDefinition = Field(description="How long somebody is watched.")
    pre_dose_vitals_within_minutes: Minutes | None = Field(
        default=None, description="How old the reading before the dose may be.", examples=[30]
    )
    vital_slots_minutes: Annotated[list[Minutes], Field(max_length=100)] = Field(
        default=[], description="When readings are due, in minutes from the first dose.", examples=[[15, 30]]
    )
    vital_slots_source: NoteText = Field(
        description="Where these times come from.", examples=["The clinic's own rule."]
    )
    limits: DoseLimitsDefinition = Field(description="Limits that ask.")
    source: NoteText = Field(
        description="What it is taken from, or that the clinic chose it.", examples=["The clinic's own rule."]
    )
    verified: Flag = Field(default=False, description="Whether somebody checked the source.", examples=[False])
    reason: NoteText = Field(description="Why the clinic adds it.", examples=["Many of our patients travel far."])


class RetireClinicProtocol(RequestSchema):
    """A version is no longer offered."""

    reason: NoteText = Field(description="Why.", examples=["Replaced by version 2."])


class ClinicProtocolRead(ClinicRecordRead):
    """One version of a plan of the clinic's own."""

    code: str = Field(description="Name it in a course.", examples=["HARBOUR_IV_4x4W"])
    protocol_version: int = Field(description="Counts from 1; old ones stay.", examples=[1])
    name: str = Field(description="In words.", examples=["Four infusions, one a week"])
    definition: dict[str, Any] = Field(
        description="The plan as it was told; `GET /v1/protocols/{code}` shows it like the shipped ones.",
        examples=[{"code": "HARBOUR_IV_4x4W", "phases": [{"name": "induction"}]}],
    )
    reason: str = Field(description="Why the clinic added it.", examples=["Many of our patients travel far."])
    retired_at: UtcTime | None = Field(description="Since when it is no longer offered.")
    retired_by: Id | None = Field(description="Who said so.")
    retired_reason: str | None = Field(description="Why.", examples=["Replaced by version 2."])
