"""What was measured and what was observed during a session."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.tables import (
    Base,
    Celsius,
    ClinicRecord,
    Code,
    Json,
    LitresPerMin,
    LongText,
    Name,
    belongs_to,
    in_range,
)
from app.monitoring.rules import Measured
from app.sessions.models import InSession


class VitalSigns(InSession, ClinicRecord, Base):
    """One timed set of readings."""

    __tablename__ = "vital_signs"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        belongs_to("treatment_session", "session_id"),
        CheckConstraint(
            "diastolic_mmhg IS NULL OR systolic_mmhg IS NULL OR diastolic_mmhg < systolic_mmhg",
            name="pressure_possible",
        ),
        in_range("systolic_mmhg", 20, 350),
        in_range("diastolic_mmhg", 10, 250),
        in_range("heart_rate_bpm", 0, 350),
        in_range("respiratory_rate_per_min", 0, 100),
        in_range("spo2_percent", 0, 100),
        in_range("sedation_moaas", 0, 5),
        Index(None, "clinic_id", "session_id", "measured_at", "id"),
        Index(None, "clinic_id", "patient_id", "measured_at"),
        Index(None, "clinic_id", "measured_at", "id"),
    )
    __resource__: ClassVar[str] = "vital_signs"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("session", "session_id"),)

    patient_id: Mapped[UUID]
    session_id: Mapped[UUID]
    measured_at: Mapped[datetime]
    measured_by: Mapped[Name | None]
    source: Mapped[Code]
    systolic_mmhg: Mapped[int | None]
    diastolic_mmhg: Mapped[int | None]
    heart_rate_bpm: Mapped[int | None]
    respiratory_rate_per_min: Mapped[int | None]
    spo2_percent: Mapped[int | None]
    oxygen_l_per_min: Mapped[LitresPerMin | None]
    temperature_c: Mapped[Celsius | None]
    sedation_moaas: Mapped[int | None]
    note: Mapped[LongText | None]
    late: Mapped[bool]
    slot_conflict: Mapped[bool]
    device_sent_at: Mapped[datetime | None]
    clock_skew_seconds: Mapped[int | None]

    @property
    def measured(self) -> Measured:
        """What is held against limits."""
        return Measured(
            self.systolic_mmhg,
            self.diastolic_mmhg,
            self.respiratory_rate_per_min,
            self.spo2_percent,
            self.sedation_moaas,
        )


class DissociationNote(InSession, ClinicRecord, Base):
    """What somebody saw or heard of the experience, and what was done."""

    __tablename__ = "dissociation_note"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        belongs_to("treatment_session", "session_id"),
        in_range("intensity", 0, 10),
        Index(None, "clinic_id", "session_id", "observed_at", "id"),
        Index(None, "clinic_id", "patient_id", "observed_at"),
        Index(None, "clinic_id", "observed_at", "id"),
    )
    __resource__: ClassVar[str] = "dissociation_note"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("session", "session_id"),)

    patient_id: Mapped[UUID]
    session_id: Mapped[UUID]
    observed_at: Mapped[datetime]
    observed_by: Mapped[Name | None]
    intensity: Mapped[int | None]
    phenomena: Mapped[list[str]] = mapped_column(Json)
    note: Mapped[LongText | None]
    action_taken: Mapped[LongText | None]
