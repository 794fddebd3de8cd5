"""Trials of medicines."""

from collections.abc import Sequence
from datetime import date
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.tables import Base, ClinicRecord, Code, Json, LongText, Mg, Name, belongs_to, in_range, not_negative


class MedicationTrial(ClinicRecord, Base):
    """One trial of one drug. Whether it was adequate and failed is stored as it stood when the trial was written."""

    __tablename__ = "medication_trial"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        belongs_to("episode", "episode_id"),
        CheckConstraint("ended_on IS NULL OR started_on IS NULL OR ended_on >= started_on", name="ends_after_start"),
        *not_negative(["max_dose_mg_per_day", "weeks", "optimisations"]),
        in_range("response_percent", -100, 100),
        Index(None, "clinic_id", "patient_id", "id"),
        Index(None, "clinic_id", "episode_id"),
    )
    __resource__: ClassVar[str] = "medication_trial"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("patient", "patient_id"),)

    patient_id: Mapped[UUID]
    episode_id: Mapped[UUID | None]
    drug: Mapped[Name]
    class_code: Mapped[Code | None]
    max_dose_mg_per_day: Mapped[Mg | None]
    adequate_dose: Mapped[bool | None]
    started_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    weeks: Mapped[int | None]
    adherence: Mapped[Code | None]
    response_percent: Mapped[int | None]
    stop_reason: Mapped[Code | None]
    augmentations: Mapped[list[str]] = mapped_column(Json)
    optimisations: Mapped[int]
    adequate: Mapped[bool | None]
    adequate_athf: Mapped[bool | None]
    failed: Mapped[bool | None]
    rule_version: Mapped[Code]
    source_of_information: Mapped[Code]
    note: Mapped[LongText | None]
