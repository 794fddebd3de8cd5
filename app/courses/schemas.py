"""Shapes of courses and their plan."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.courses.rules import CourseStatus
from app.kernel.schemas import (
    ClinicRecordRead,
    CodeText,
    Count,
    CreateSchema,
    Day,
    Flag,
    Id,
    NoteText,
    RequestSchema,
    UtcTime,
    absent,
)
from app.patients.episodes.schemas import IndicationCode


class CourseCreate(CreateSchema):
    """A new series."""

    protocol_code: CodeText = Field(
        description="A code of GET /v1/protocols; OPEN has no plan.", examples=["KET_IV_6x3W"]
    )
    episode_id: Id | None = Field(
        default=None,
        description="The illness episode it treats; left out or null: the patient's open one, where there is one.",
    )
    indication_code: IndicationCode | None = Field(
        default=None, description="ICD-10-CM code of what is treated; default the episode's."
    )
    starts_on: Day | None = Field(
        default=None, description="The first day, in the clinic's zone, where no instant is given; default today."
    )
    first_session_at: UtcTime | None = Field(
        default=None,
        description="When the first planned session begins. All others keep its time of day on the clinic's clock.",
    )
    prescriber_id: Id | None = Field(
        default=None, description="The responsible prescriber; default you, if you are one."
    )
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Second series."])


class CourseUpdate(RequestSchema):
    """What may change of a course."""

    episode_id: Id | None = Field(default=None, description="The illness episode it treats; null: none.")
    indication_code: IndicationCode | None = Field(default=None, description="ICD-10-CM code of what is treated.")
    prescriber_id: Id = absent("The responsible prescriber.")
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Second series."])


class PauseCourse(RequestSchema):
    """Why the series rests."""

    reason: NoteText | None = Field(default=None, description="Why.", examples=["Travelling."])


class ResumeCourse(RequestSchema):
    """The series goes on."""


IntervalDays = Annotated[Count, Field(ge=1, le=366)]
LocalTime = Annotated[
    str, Field(min_length=5, max_length=5, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["09:00"])
]


class ChangePhase(RequestSchema):
    """The phase that begins, and how it is planned."""

    phase: CodeText = Field(description="A phase of the course's protocol.", examples=["maintenance"])
    starts_on: Day | None = Field(
        default=None,
        description="Its first day; default that of the next open session, or one interval after the last.",
    )
    local_time: LocalTime | None = Field(default=None, description="The time on the wall; default as before.")
    interval_days: IntervalDays | None = Field(
        default=None, description="One of the intervals the phase offers; default the first of them.", examples=[7]
    )
    reason: NoteText | None = Field(default=None, description="Why.", examples=["Responded; PHQ-9 from 19 to 6."])


class RePlan(RequestSchema):
    """How the sessions that nobody has filled yet are planned again. Those that are filled stay where they are."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"starts_on": "2026-03-16", "reason": "Away until the 16th."}]}
    )

    starts_on: Day | None = Field(
        default=None, description="The new day of the first open session; the others keep their distance from it."
    )
    local_time: LocalTime | None = Field(default=None, description="The new time on the wall.")
    interval_days: IntervalDays | None = Field(
        default=None, description="Days from each session to the next, from now on.", examples=[14]
    )
    from_number: Annotated[Count, Field(ge=1, le=10_000)] | None = Field(
        default=None, description="Only this session and later ones; default all that are open.", examples=[3]
    )
    leave_out_missed: Flag = Field(
        default=False,
        description="Leave out open sessions whose day has passed, and go on with the rest.",
        examples=[False],
    )
    reason: NoteText = Field(description="Why.", examples=["Away until the 16th."])

    @model_validator(mode="after")
    def _something_moves(self) -> Self:
        if not (self.starts_on or self.local_time or self.interval_days or self.leave_out_missed):
            raise PydanticCustomError("nothing_to_move", "Send a day, a time, an interval or leave_out_missed.")
        return self


class EndCourse(RequestSchema):
    """Why the series ends."""

    reason: NoteText | None = Field(default=None, description="Why.", examples=["All sessions given."])
    ended_on: Day | None = Field(default=None, description="The last day; default today.")


class CourseRead(ClinicRecordRead):
    """A series for one patient under one protocol."""

    patient_id: Id = Field(description="The patient.")
    episode_id: Id | None = Field(
        description="The illness episode it treats; a baseline is carried from its first course to the later ones."
    )
    protocol_code: str = Field(description="Its protocol.", examples=["KET_IV_6x3W"])
    protocol_version: int = Field(description="The protocol's version, kept for the life of the course.", examples=[1])
    indication_code: str | None = Field(description="ICD-10-CM code of what is treated.", examples=["F33.2"])
    status: CourseStatus = Field(description="Where it stands.", examples=["active"])
    phase: str = Field(
        description="Where in the plan.",
        examples=["induction"],
        json_schema_extra={"x-extensible-enum": ["induction", "maintenance", "maintenance_1", "maintenance_2"]},
    )
    phase_started_on: Day = Field(description="The first day of the phase; its weeks count from here.")
    interval_days: int | None = Field(
        description="Days from session to session, where an interval was chosen.", examples=[14]
    )
    prescriber_id: Id | None = Field(description="The responsible prescriber.")
    starts_on: Day = Field(description="The first day, in the clinic's zone.")
    time_zone: str = Field(description="The zone of its plan.", examples=["America/New_York"])
    ended_on: Day | None = Field(description="The last day.")
    end_reason: str | None = Field(description="Why it ended or rests.", examples=["All sessions given."])
    note: str | None = Field(description="Free text.", examples=["Second series."])


class PlanItemRead(ClinicRecordRead):
    """A session that is planned."""

    patient_id: Id = Field(description="The patient.")
    course_id: Id = Field(description="The course.")
    number: int = Field(description="Counts from 1 through all phases.", examples=[1])
    phase: str = Field(description="The phase it belongs to.", examples=["induction"])
    week: int = Field(description="The week of the course, from 1.", examples=[1])
    planned_on: Day = Field(description="The day on the clinic's calendar.")
    local_time: str = Field(description="The time on the clinic's wall.", examples=["09:00"])
    time_zone: str = Field(description="The zone of both.", examples=["America/New_York"])
    starts_at: UtcTime = Field(description="The instant they stand for.")
    session_id: Id | None = Field(description="The session that fills it.")
    left_out_at: UtcTime | None = Field(description="When it was decided not to hold it.")
