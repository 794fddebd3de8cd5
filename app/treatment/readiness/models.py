"""Who went on in spite of a gate."""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.tables import Base, ClinicRecord, Code, Json, LongText, belongs_to


class GateOverride(ClinicRecord, Base):
    """One gate of one session that somebody overrode, with what was found and by which rule.

    `badness` is how bad that was, so that what is found later can be compared with it.
    """

    __tablename__ = "gate_override"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        belongs_to("treatment_session", "session_id"),
        Index(None, "clinic_id", "session_id", "id"),
        Index(None, "clinic_id", "patient_id"),
    )
    __resource__: ClassVar[str] = "gate_override"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("session", "session_id"),)

    patient_id: Mapped[UUID]
    session_id: Mapped[UUID]
    gate: Mapped[Code]
    mode: Mapped[Code]
    policy_version: Mapped[Code]
    role: Mapped[Code]
    reason: Mapped[LongText]
    found: Mapped[dict[str, Any]] = mapped_column(Json)
    badness: Mapped[dict[str, Any]] = mapped_column(Json)
