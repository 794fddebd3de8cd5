"""Medicines a patient takes or took."""

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.tables import Base, ClinicRecord, Code, Json, LongText, Mg, Name, belongs_to, not_negative


class Medication(ClinicRecord, Base):
    """One medicine over one stretch of time. Its flags are stored with the version of the classes they came from."""

    __tablename__ = "medication"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        CheckConstraint("ended_on IS NULL OR started_on IS NULL OR ended_on >= started_on", name="ends_after_start"),
        *not_negative(["diazepam_equivalent_mg_per_day"]),
        Index(None, "clinic_id", "patient_id", "id"),
    )
    __resource__: ClassVar[str] = "medication"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("patient", "patient_id"),)

    patient_id: Mapped[UUID]
    name: Mapped[Name]
    coding: Mapped[dict[str, Any] | None] = mapped_column(Json)
    class_codes: Mapped[list[str] | None] = mapped_column(Json)
    interactions: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    interactions_version: Mapped[Code]
    dose: Mapped[Name | None]
    taken_as: Mapped[Code]
    diazepam_equivalent_mg_per_day: Mapped[Mg | None]
    started_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    note: Mapped[LongText | None]
