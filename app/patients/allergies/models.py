"""Allergies of a patient."""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from app.kernel.tables import Base, ClinicRecord, Code, LongText, Name, belongs_to


class Allergy(ClinicRecord, Base):
    """One substance and what it does. `severity` is the worst that happened."""

    __tablename__ = "allergy"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        Index(None, "clinic_id", "patient_id", "id"),
    )
    __resource__: ClassVar[str] = "allergy"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("patient", "patient_id"),)

    patient_id: Mapped[UUID]
    substance: Mapped[Name]
    reaction: Mapped[Name | None]
    severity: Mapped[Code | None]
    source_of_information: Mapped[Code]
    note: Mapped[LongText | None]
