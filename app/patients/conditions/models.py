"""Conditions of a patient."""

from collections.abc import Sequence
from datetime import date
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from app.kernel.tables import Base, ClinicRecord, Code, LongText, Name, belongs_to


class Condition(ClinicRecord, Base):
    """One diagnosis over one stretch of time."""

    __tablename__ = "condition"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        CheckConstraint("ended_on IS NULL OR started_on IS NULL OR ended_on >= started_on", name="ends_after_start"),
        Index(None, "clinic_id", "patient_id", "id"),
    )
    __resource__: ClassVar[str] = "condition"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("patient", "patient_id"),)

    patient_id: Mapped[UUID]
    name: Mapped[Name]
    icd10_code: Mapped[Code | None]
    started_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    source_of_information: Mapped[Code]
    note: Mapped[LongText | None]
