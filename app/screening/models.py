"""What was asked before treatment, and what was decided on it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from app.kernel.tables import Base, ClinicRecord, Code, LongText, Name, belongs_to


class Screening(ClinicRecord, Base):
    """A checklist answered for one patient and drug, what it comes to, and the latest decision on it.

    `decided_version` is the version that was decided on; a change of the answers after it leaves
    `decision_is_current` false. Earlier decisions are earlier versions.
    """

    __tablename__ = "screening"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        belongs_to("treatment_session", "session_id"),
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided_sometime"),
        Index(None, "clinic_id", "screened_at", "id"),
        Index(None, "clinic_id", "patient_id", "screened_at"),
        Index(None, "clinic_id", "session_id", "screened_at"),
        Index(None, "clinic_id", "expires_on", "id"),
    )
    __resource__: ClassVar[str] = "screening"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("patient", "patient_id"),)

    patient_id: Mapped[UUID]
    session_id: Mapped[UUID | None]
    purpose: Mapped[Code]
    drug: Mapped[Code]
    checklist_code: Mapped[Code]
    checklist_version: Mapped[int]
    answers: Mapped[list[dict[str, Any]]]
    outcome: Mapped[Code]
    findings: Mapped[list[dict[str, Any]]]
    screened_at: Mapped[datetime]
    screened_by: Mapped[Name | None]
    note: Mapped[LongText | None]
    decision: Mapped[Code | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    decision_reason: Mapped[LongText | None]
    conditions: Mapped[LongText | None]
    overrides: Mapped[list[str]]
    decided_version: Mapped[int | None]
    decision_is_current: Mapped[bool | None]
    expires_on: Mapped[date | None]
