"""Shapes of sessions and of what is done with them."""

from enum import StrEnum

from pydantic import ConfigDict, Field

from app.kernel.confirmations import Confirmable
from app.kernel.schemas import (
    ClinicRecordRead,
    CreateSchema,
    Day,
    Id,
    NoteText,
    RequestSchema,
    ResponseSchema,
    ShortText,
    UtcTime,
    Withheld,
    absent,
)
from app.protocols.rules import Drug, Route
from app.sessions.rules import SessionStatus


class Setting(StrEnum):
    """Where a dose is taken."""

    CLINIC = "clinic"
    HOME = "home"


class VisitFacts(CreateSchema):
    """What is said of a visit of a course, whether it is to come or over."""

    plan_item_id: Id | None = Field(
        default=None, description="The planned session it fills; left out: the next open one, if the course has a plan."
    )
    location_id: Id | None = Field(default=None, description="Where.")
    drug: Drug | None = Field(
        default=None, description="Default the protocol's, or else ketamine.", examples=["ketamine"]
    )
    route: Route | None = Field(
        default=None, description="Default the protocol's; needed under OPEN.", examples=["intravenous"]
    )
    setting: Setting = Field(default=Setting.CLINIC, description="Where the dose is taken.", examples=["clinic"])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Prefers the quiet room."])


class SessionCreate(VisitFacts, Confirmable):
    """A new visit of a course. One that is planned close to another, or is one more than a week has, is asked about."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"route": "intravenous", "scheduled_start_at": "2026-03-02T14:00:00Z"}]}
    )

    scheduled_start_at: UtcTime | None = Field(default=None, description="When it is to begin; default as planned.")
    reason: NoteText | None = Field(
        default=None, description="Why, where a confirmation asks for it.", examples=["Leaves town on Friday."]
    )


class SessionUpdate(RequestSchema):
    """What may change of a session beside its moves."""

    location_id: Id | None = Field(default=None, description="Where.")
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Prefers the quiet room."])


class RescheduleSession(Confirmable):
    """A new time."""

    scheduled_start_at: UtcTime = Field(description="When it is to begin.")
    reason: NoteText | None = Field(default=None, description="Why.", examples=["Patient asked."])


class CheckInSession(RequestSchema):
    """The patient is here."""

    checked_in_at: UtcTime | None = Field(default=None, description="When they came; default now.")


class ClearSession(RequestSchema):
    """The session may start."""


class HoldSession(RequestSchema):
    """The session has to wait."""

    reason: NoteText = Field(
        description="What it waits for.", examples=["Pressure 172/98; measure again in 15 minutes."]
    )


class ReleaseSession(RequestSchema):
    """The session goes back to where it was held."""


class EndWithoutDose(RequestSchema):
    """The visit did not lead to a dose."""

    reason: NoteText | None = Field(default=None, description="Why.", examples=["Patient has a cold."])


class AbortSession(RequestSchema):
    """Dosing ends before the plan; watching goes on."""

    reason: NoteText = Field(description="Why.", examples=["Patient asked to stop."])
    aborted_at: UtcTime | None = Field(default=None, description="When; default now.")


class DischargeSession(RequestSchema):
    """The patient goes home."""

    discharged_at: UtcTime | None = Field(default=None, description="When; default now.")
    condition: ShortText | None = Field(default=None, description="How the patient was.", examples=["well"])
    escort_name: ShortText | None = Field(default=None, description="Who took them home.", examples=["R. Rivera"])
    note: NoteText | None = absent("Free text; replaces the session's note.", examples=["Slept a little."])


class GateRead(ResponseSchema):
    """One thing that is asked before a session may start, and how it stood."""

    code: str = Field(description="What is asked.", examples=["consent"])
    state: str = Field(description="How it stood.", examples=["missing"])
    reason: str | None = Field(description="In words.", examples=["No consent on record."])


class SessionRead(ClinicRecordRead):
    """The header of a visit. What happened in it needs `session:read`; the rest is the schedule."""

    patient_id: Id = Field(description="The patient.")
    course_id: Id = Field(description="The course it belongs to.")
    plan_item_id: Id | None = Field(description="The planned session it fills.")
    location_id: Id | None = Field(description="Where.")
    number_in_course: int = Field(description="Counts from 1.", examples=[1])
    status: SessionStatus = Field(description="Where it stands.", examples=["observing"])
    held_from: str | None = Field(description="Where it was held, while it is held.", examples=["checked_in"])
    drug: str = Field(description="The drug.", examples=["ketamine"])
    route: str = Field(description="The route.", examples=["intravenous"])
    setting: Setting = Field(description="Where the dose is taken.", examples=["clinic"])
    scheduled_start_at: UtcTime | None = Field(description="When it was to begin.")
    session_at: UtcTime | None = Field(
        description="First dose; before it the planned start; the order of lists. Null only where it is withheld."
    )
    checked_in_at: UtcTime | None = Field(description="When the patient came.")
    cleared_at: UtcTime | None = Field(description="When it was cleared to start.")
    started_at: UtcTime | None = Field(description="The first dose: t0 of every clock.")
    given_on: Day | None = Field(
        description="Set where only the day of the dose is known; its times are then noon of it on the clinic's clock."
    )
    last_dose_at: UtcTime | None = Field(description="The last moment drug was given.")
    dosing_ended_at: UtcTime | None = Field(description="When the last administration stopped.")
    discharged_at: UtcTime | None = Field(description="When the patient went home.")
    condition_at_discharge: str | None = Field(description="How the patient was.", examples=["well"])
    escort_name: str | None = Field(description="Who took them home.", examples=["R. Rivera"])
    ended_reason: str | None = Field(
        description="Why it is held, cancelled or missed.", examples=["Patient has a cold."]
    )
    aborted_at: UtcTime | None = Field(description="When dosing was ended before its plan.")
    abort_reason: str | None = Field(description="Why.", examples=["Patient asked to stop."])
    deviations: list[str] | None = Field(
        description="What happened out of order. Null only where it is withheld.", examples=[["not_cleared"]]
    )
    policy_versions: dict[str, str] | None = Field(
        description="By which version of a policy or a limit each deviation was judged; those that rest on none are "
        "left out. Null only where it is withheld.",
        examples=[{"below_minimum_interval": "POLICIES@1"}],
    )
    recorded_afterwards: bool = Field(
        description="Whether it was over when it was first recorded: nobody was watched from here.", examples=[False]
    )
    recorded_after_minutes: int | None = Field(
        description="Minutes from the last dose to its recording, where it was recorded afterwards.", examples=[1440]
    )
    gates: list[GateRead] | None = Field(
        description="What was asked before it might start. Recorded afterwards they are listed and refuse nothing. "
        "Null only where it is withheld.",
        examples=[[]],
    )
    note: str | None = Field(description="Free text.", examples=["Prefers the quiet room."])
    withheld: Withheld
