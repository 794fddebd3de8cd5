"""Who watches a session."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from app.kernel.tables import Base, ClinicRecord, LongText, belongs_to
from app.sessions.models import InSession


class Watch(InSession, ClinicRecord, Base):
    """Somebody watches a session from a moment on, until the next one does."""

    __tablename__ = "watch"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        belongs_to("treatment_session", "session_id"),
        belongs_to("principal", "staff_id"),
        Index(None, "clinic_id", "session_id", "watched_from", "id"),
        Index(None, "clinic_id", "patient_id"),
        Index(None, "clinic_id", "staff_id"),
    )
    __resource__: ClassVar[str] = "watch"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("session", "session_id"),)

    patient_id: Mapped[UUID]
    session_id: Mapped[UUID]
    staff_id: Mapped[UUID]
    watched_from: Mapped[datetime]
    note: Mapped[LongText | None]
