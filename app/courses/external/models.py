"""Treatments given elsewhere."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from app.kernel.tables import Base, ClinicRecord, Code, LongText, Mg, Name, belongs_to, not_negative


class ExternalTreatment(ClinicRecord, Base):
    """Sessions that another provider gave: one, or a whole series in one row.

    `counted_from` is the instant after which they count as given: `given_at`, or the beginning of `given_on` in the
    clinic's zone, so that on the same day they come before a session here.
    """

    __tablename__ = "external_treatment"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        CheckConstraint("sessions >= 1", name="sessions_counted"),
        CheckConstraint("first_given_on IS NULL OR first_given_on <= given_on", name="last_after_first"),
        *not_negative(["dose_mg"]),
        Index(None, "clinic_id", "patient_id", "counted_from"),
    )
    __resource__: ClassVar[str] = "external_treatment"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("patient", "patient_id"),)

    patient_id: Mapped[UUID]
    drug: Mapped[Code]
    route: Mapped[Code]
    given_at: Mapped[datetime | None]
    given_on: Mapped[date]
    counted_from: Mapped[datetime]
    first_given_on: Mapped[date | None]
    sessions: Mapped[int]
    dose_mg: Mapped[Mg | None]
    provider: Mapped[Name | None]
    source: Mapped[Code]
    note: Mapped[LongText | None]
