"""Patients, their identifiers in other systems, their weights."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.tables import Base, ClinicRecord, Code, Json, Kg, LongText, Name, belongs_to, in_range


class Patient(ClinicRecord, Base):
    """A person under care."""

    __tablename__ = "patient"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id"], ["clinic.id"]),
        CheckConstraint("birth_on IS NOT NULL OR birth_year IS NOT NULL", name="birth_known"),
        Index(None, "clinic_id", "family_name_folded", "given_name_folded", "id"),
        Index(None, "clinic_id", "birth_on"),
    )
    __resource__: ClassVar[str] = "patient"

    given_name: Mapped[Name]
    family_name: Mapped[Name]
    preferred_name: Mapped[Name | None]
    given_name_folded: Mapped[Name]
    family_name_folded: Mapped[Name]
    birth_on: Mapped[date | None]
    birth_year: Mapped[int | None]
    sex: Mapped[Code]
    gender: Mapped[Name | None]
    pronouns: Mapped[Name | None]
    language: Mapped[Code | None]
    time_zone: Mapped[Code | None]
    phone: Mapped[Name | None]
    email: Mapped[Name | None]
    address: Mapped[LongText | None]
    emergency_contact: Mapped[dict[str, Any] | None] = mapped_column(Json)
    identifiers: Mapped[list[dict[str, Any]]] = mapped_column(Json)


class PatientIdentifier(Base):
    """The look-up of identifiers, derived from `patient.identifiers` in the same transaction."""

    __tablename__ = "patient_identifier"
    __table_args__ = (belongs_to("patient", "patient_id"), Index(None, "clinic_id", "patient_id"))

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    system: Mapped[Name] = mapped_column(primary_key=True)
    value: Mapped[Name] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID]


class Weight(ClinicRecord, Base):
    """What a patient weighed at a time."""

    __tablename__ = "weight"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        in_range("weight_kg", 100, 50_000),
        Index(None, "clinic_id", "patient_id", "measured_at"),
    )
    __resource__: ClassVar[str] = "weight"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("patient", "patient_id"),)

    patient_id: Mapped[UUID]
    weight_kg: Mapped[Kg]
    measured_at: Mapped[datetime]
    measured_by: Mapped[Name | None]
