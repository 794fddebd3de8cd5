"""Sessions on their way from the wrong patient to the right one."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from app.kernel.tables import Base, ClinicRecord, Code, LongText, belongs_to, closed_set
from app.treatment.reassign.rules import ReassignmentStatus


class Reassignment(ClinicRecord, Base):
    """One session that was documented for the wrong patient: who said so, who confirmed it, where it went.

    `patient_id` and `course_id` are where it was when that was said.
    """

    __tablename__ = "reassignment"
    __table_args__ = (
        belongs_to("treatment_session", "session_id"),
        belongs_to("patient", "patient_id"),
        belongs_to("course", "course_id"),
        belongs_to("patient", "to_patient_id"),
        belongs_to("course", "to_course_id"),
        belongs_to("treatment_session", "copied_session_id"),
        closed_set("status", ReassignmentStatus),
        CheckConstraint("patient_id <> to_patient_id", name="between_two"),
        CheckConstraint("(status = 'done') = (confirmed_by IS NOT NULL)", name="confirmed_when_done"),
        Index(None, "clinic_id", "session_id", "id"),
        Index(None, "clinic_id", "patient_id", "id"),
        Index(None, "clinic_id", "to_patient_id", "id"),
        Index(None, "clinic_id", "course_id"),
        Index(None, "clinic_id", "to_course_id"),
        Index(None, "clinic_id", "copied_session_id", "id"),
        Index(None, "clinic_id", "status", "recorded_at", "id"),
    )
    __resource__: ClassVar[str] = "reassignment"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("session", "session_id"),)

    session_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    course_id: Mapped[UUID]
    to_patient_id: Mapped[UUID]
    to_course_id: Mapped[UUID | None]
    # The copy that was made for the right patient, where the session was signed and stays.
    copied_session_id: Mapped[UUID | None]
    status: Mapped[Code]
    reason: Mapped[LongText]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[UUID | None]
    withdrawn_reason: Mapped[LongText | None]
