"""Alerts: raised, acknowledged, resolved, never deleted."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from app.alerts.rules import AlertStatus
from app.kernel.tables import Base, ClinicRecord, Code, LongText, belongs_to, closed_set


class Alert(ClinicRecord, Base):
    """Something a person must acknowledge."""

    __tablename__ = "alert"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        closed_set("status", AlertStatus),
        Index(None, "clinic_id", "raised_at", "id"),
        Index(None, "clinic_id", "status", "raised_at"),
        Index(None, "clinic_id", "patient_id", "raised_at"),
        Index(None, "clinic_id", "session_id", "raised_at", "id"),
        Index(None, "clinic_id", "cause_id"),
        # What the worker asks for every few seconds, of all clinics: only alerts whose clock runs stand in it.
        Index(
            "ix_alert__clock",
            "escalates_at",
            "clinic_id",
            sqlite_where=text("escalates_at IS NOT NULL"),
            postgresql_where=text("escalates_at IS NOT NULL"),
        ),
    )
    __resource__: ClassVar[str] = "alert"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("session", "session_id"), ("patient", "patient_id"))

    patient_id: Mapped[UUID]
    # No foreign key: alerts lie below sessions, and what raises one has just proved that the session is there.
    session_id: Mapped[UUID | None]
    code: Mapped[Code]
    severity: Mapped[Code]
    status: Mapped[Code]
    cause_type: Mapped[Code]
    cause_id: Mapped[UUID]
    rule: Mapped[LongText]
    policy_version: Mapped[Code | None]
    raised_at: Mapped[datetime]
    # When its clock runs out, unless somebody answers before; null where no clock runs.
    escalates_at: Mapped[datetime | None]
    escalation_policy_version: Mapped[Code | None]
    escalation_level: Mapped[int]
    escalated_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None]
    acknowledge_note: Mapped[LongText | None]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[UUID | None]
    closed_by: Mapped[Code | None]
    disposition: Mapped[LongText | None]
