"""Adverse events."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.tables import Base, ClinicRecord, Code, Json, LongText, Name, belongs_to, in_range
from app.sessions.models import InSession


class AdverseEvent(InSession, ClinicRecord, Base):
    """Something untoward that happened to a patient under treatment, in a session or outside of any."""

    __tablename__ = "adverse_event"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        belongs_to("course", "course_id"),
        belongs_to("treatment_session", "session_id"),
        CheckConstraint("resolved_at IS NULL OR resolved_at >= onset_at", name="ends_after_onset"),
        in_range("grade", 1, 5),
        Index(None, "clinic_id", "onset_at", "id"),
        Index(None, "clinic_id", "report_due_on", "id"),
        Index(None, "clinic_id", "patient_id", "onset_at", "id"),
        Index(None, "clinic_id", "course_id", "onset_at", "id"),
        Index(None, "clinic_id", "session_id", "onset_at", "id"),
    )
    __resource__: ClassVar[str] = "adverse_event"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("session", "session_id"), ("patient", "patient_id"))

    patient_id: Mapped[UUID]
    course_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    term: Mapped[Code]
    vocabulary_version: Mapped[Code]
    narrative: Mapped[LongText | None]
    onset_at: Mapped[datetime]
    onset_minutes_from_t0: Mapped[int | None]
    known_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    ongoing: Mapped[bool]
    grade: Mapped[int | None]
    ctcae_version: Mapped[Code | None]
    seriousness: Mapped[list[str]] = mapped_column(Json)
    serious: Mapped[bool]
    expected: Mapped[bool | None]
    causality: Mapped[Code | None]
    action: Mapped[Code | None]
    outcome: Mapped[Code | None]
    reporter: Mapped[Name | None]
    reporting_basis: Mapped[Code]
    report_due_on: Mapped[date | None]
    reported_to: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    # Told of a session that was signed already: what was signed does not hold it.
