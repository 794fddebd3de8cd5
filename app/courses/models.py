"""Courses and the sessions they plan."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.courses.rules import CourseStatus
from app.kernel.tables import Base, ClinicRecord, Code, LongText, belongs_to, closed_set


class Course(ClinicRecord, Base):
    """A series for one patient under one protocol."""

    __tablename__ = "course"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        belongs_to("episode", "episode_id"),
        belongs_to("principal", "prescriber_id"),
        closed_set("status", CourseStatus),
        Index(None, "clinic_id", "patient_id", "id"),
        Index(None, "clinic_id", "status", "id"),
        Index(None, "clinic_id", "prescriber_id"),
        Index(None, "clinic_id", "episode_id", "starts_on", "id"),
    )
    __resource__: ClassVar[str] = "course"

    patient_id: Mapped[UUID]
    episode_id: Mapped[UUID | None]
    protocol_code: Mapped[Code]
    protocol_version: Mapped[int]
    indication_code: Mapped[Code | None]
    status: Mapped[Code]
    phase: Mapped[Code]
    phase_started_on: Mapped[date]
    interval_days: Mapped[int | None]
    prescriber_id: Mapped[UUID | None]
    starts_on: Mapped[date]
    time_zone: Mapped[Code]
    ended_on: Mapped[date | None]
    end_reason: Mapped[LongText | None]
    note: Mapped[LongText | None]


class PlanItem(ClinicRecord, Base):
    """A session that is planned: its number, its local date and time, its zone; `session_id` once it is filled.

    `week` counts from the course's first day. `left_out_at` says that it is not going to be held.
    """

    __tablename__ = "plan_item"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        belongs_to("course", "course_id"),
        UniqueConstraint("clinic_id", "course_id", "number"),
        Index(None, "clinic_id", "patient_id"),
        Index(None, "clinic_id", "starts_at"),
    )
    __resource__: ClassVar[str] = "plan_item"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("course", "course_id"),)

    patient_id: Mapped[UUID]
    course_id: Mapped[UUID]
    number: Mapped[int]
    phase: Mapped[Code]
    week: Mapped[int]
    planned_on: Mapped[date]
    local_time: Mapped[Code]
    time_zone: Mapped[Code]
    starts_at: Mapped[datetime]
    # No foreign key: sessions refer to plan items, and the two are written together.
    session_id: Mapped[UUID | None]
    left_out_at: Mapped[datetime | None]
