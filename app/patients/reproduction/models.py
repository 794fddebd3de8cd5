"""Reproductive facts of a patient."""

from collections.abc import Sequence
from datetime import date
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from app.kernel.tables import Base, ClinicRecord, Code, LongText, belongs_to


class ReproductiveFactRecord(ClinicRecord, Base):
    """One fact of one day."""

    __tablename__ = "reproductive_fact"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        Index(None, "clinic_id", "patient_id", "observed_on", "id"),
        Index(None, "clinic_id", "observed_on", "id"),
    )
    __resource__: ClassVar[str] = "reproductive_fact"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("patient", "patient_id"),)

    patient_id: Mapped[UUID]
    kind: Mapped[Code]
    value: Mapped[Code | None]
    observed_on: Mapped[date]
    source_of_information: Mapped[Code]
    note: Mapped[LongText | None]
