"""Readings that are due."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.tables import Base, ClinicRecord, Code, Json, LongText, belongs_to, closed_set
from app.monitoring.slots.rules import Due, Slot, SlotKind


class VitalSlot(ClinicRecord, Base):
    """A reading that is due in a session.

    `cause_id` is the reading a repeat follows, and `findings` what was found in it.
    """

    __tablename__ = "vital_slot"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        belongs_to("treatment_session", "session_id"),
        belongs_to("vital_signs", "reading_id"),
        belongs_to("vital_signs", "cause_id"),
        closed_set("kind", SlotKind),
        CheckConstraint("reading_id IS NULL OR missed_at IS NULL", name="done_or_missed"),
        CheckConstraint("(kind = 'repeat') = (cause_id IS NOT NULL)", name="repeat_has_cause"),
        CheckConstraint("(kind = 'planned') = (minutes_from_t0 IS NOT NULL)", name="planned_has_minutes"),
        Index(None, "clinic_id", "session_id", "due_at", "id"),
        Index(None, "clinic_id", "patient_id", "due_at"),
        Index(None, "clinic_id", "reading_id", "due_at", "id"),
        Index(None, "clinic_id", "cause_id"),
        # What nobody has seen to yet, for the list of what is overdue.
        Index(
            "ix_vital_slot__open",
            "clinic_id",
            "due_at",
            "id",
            postgresql_where=text("reading_id IS NULL AND missed_at IS NULL AND entered_in_error_at IS NULL"),
            sqlite_where=text("reading_id IS NULL AND missed_at IS NULL AND entered_in_error_at IS NULL"),
        ),
    )
    __resource__: ClassVar[str] = "vital_slot"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("session", "session_id"),)

    patient_id: Mapped[UUID]
    session_id: Mapped[UUID]
    kind: Mapped[Code]
    asks: Mapped[list[str]] = mapped_column(Json)
    minutes_from_t0: Mapped[int | None]
    cause_id: Mapped[UUID | None]
    findings: Mapped[list[str]] = mapped_column(Json)
    due_at: Mapped[datetime]
    late_from: Mapped[datetime]
    window_from: Mapped[datetime]
    window_until: Mapped[datetime | None]
    reading_id: Mapped[UUID | None]
    measured_late: Mapped[bool]
    missed_at: Mapped[datetime | None]
    missed_by: Mapped[UUID | None]
    missed_reason: Mapped[LongText | None]

    @property
    def plain(self) -> Slot:
        """What the rules need of it."""
        return Slot(
            self.id,
            SlotKind(self.kind),
            Due(self.due_at, self.late_from, self.window_from, self.window_until, self.minutes_from_t0),
            frozenset(self.asks),
            self.reading_id,
            self.measured_late,
            self.missed_at,
        )
