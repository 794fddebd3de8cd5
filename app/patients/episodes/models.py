"""Illness episodes of a patient."""

from collections.abc import Sequence
from datetime import date
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from app.kernel.tables import Base, ClinicRecord, Code, LongText, belongs_to, closed_set
from app.patients.episodes.rules import EpisodeStatus


class Episode(ClinicRecord, Base):
    """One illness of a patient from its beginning to its end; the courses that treat it belong to it."""

    __tablename__ = "episode"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        closed_set("status", EpisodeStatus),
        CheckConstraint("ended_on IS NULL OR began_on IS NULL OR ended_on >= began_on", name="ends_after_start"),
        Index(None, "clinic_id", "patient_id", "id"),
    )
    __resource__: ClassVar[str] = "episode"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("patient", "patient_id"),)

    patient_id: Mapped[UUID]
    indication_code: Mapped[Code | None]
    began_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    status: Mapped[Code]
    severity: Mapped[Code | None]
    note: Mapped[LongText | None]
