"""Addenda to signed sessions."""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from app.kernel.tables import Base, ClinicRecord, LongText, belongs_to
from app.sessions.models import InSession


class Addendum(InSession, ClinicRecord, Base):
    """What was said about a session after it had been signed. It is signed with its recording and never changed."""

    __tablename__ = "addendum"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        belongs_to("treatment_session", "session_id"),
        Index(None, "clinic_id", "session_id", "id"),
        Index(None, "clinic_id", "patient_id"),
    )
    __resource__: ClassVar[str] = "addendum"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("session", "session_id"),)

    patient_id: Mapped[UUID]
    session_id: Mapped[UUID]
    text: Mapped[LongText]
