"""Decisions in a course."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from app.kernel.tables import Base, ClinicRecord, Code, LongText, Mg, MgPerKg, belongs_to, not_negative


class DoseDecision(ClinicRecord, Base):
    """What was decided in a phase of a course, and the score it rests on."""

    __tablename__ = "dose_decision"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        belongs_to("course", "course_id"),
        belongs_to("assessment", "assessment_id"),
        *not_negative(["dose_mg", "dose_mg_per_kg"]),
        Index(None, "clinic_id", "course_id", "decided_at", "id"),
        Index(None, "clinic_id", "patient_id"),
        Index(None, "clinic_id", "assessment_id"),
    )
    __resource__: ClassVar[str] = "dose_decision"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("course", "course_id"),)

    patient_id: Mapped[UUID]
    course_id: Mapped[UUID]
    phase: Mapped[Code]
    decision: Mapped[Code]
    decided_at: Mapped[datetime]
    assessment_id: Mapped[UUID | None]
    dose_mg: Mapped[Mg | None]
    dose_mg_per_kg: Mapped[MgPerKg | None]
    reason: Mapped[LongText | None]
