"""Enrolments in risk programmes."""

from collections.abc import Sequence
from datetime import date
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped

from app.kernel.tables import Base, ClinicRecord, Code, LongText, Name, belongs_to


class ProgrammeEnrolment(ClinicRecord, Base):
    """A patient in a programme; or a place, where `patient_id` is null: a location, or the whole clinic."""

    __tablename__ = "programme_enrolment"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id"], ["clinic.id"]),
        belongs_to("patient", "patient_id"),
        belongs_to("location", "location_id"),
        CheckConstraint("patient_id IS NULL OR location_id IS NULL", name="patient_or_place"),
        CheckConstraint("ended_on IS NULL OR ended_on >= enrolled_on", name="ends_after_start"),
        Index(None, "clinic_id", "enrolled_on", "id"),
        Index(None, "clinic_id", "patient_id", "enrolled_on"),
        Index(None, "clinic_id", "location_id"),
        Index(None, "clinic_id", "ended_on", "id"),
    )
    __resource__: ClassVar[str] = "programme_enrolment"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("patient", "patient_id"),)

    patient_id: Mapped[UUID | None]
    location_id: Mapped[UUID | None]
    programme: Mapped[Code]
    reference: Mapped[Name | None]
    enrolled_on: Mapped[date]
    ended_on: Mapped[date | None]
    ended_reason: Mapped[LongText | None]
    signed_by_patient: Mapped[bool | None]
    signed_by_prescriber: Mapped[bool | None]
    note: Mapped[LongText | None]
