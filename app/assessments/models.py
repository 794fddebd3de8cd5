"""Filled questionnaires and ratings."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.tables import Base, ClinicRecord, Code, Hours, Json, LongText, Name, Points, belongs_to
from app.sessions.models import InSession


class Assessment(InSession, ClinicRecord, Base):
    """One filled questionnaire or rating, with its clock and its score. What is derived keeps the rule's version."""

    __tablename__ = "assessment"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        belongs_to("course", "course_id"),
        belongs_to("treatment_session", "session_id"),
        CheckConstraint("(answered_at IS NULL) <> (answered_on IS NULL)", name="one_time"),
        Index(None, "clinic_id", "patient_id", "assessed_at", "id"),
        Index(None, "clinic_id", "course_id", "instrument", "assessed_at", "id"),
        Index(None, "clinic_id", "session_id", "assessed_at", "id"),
        Index(None, "clinic_id", "instrument", "assessed_at", "id"),
        Index(None, "clinic_id", "assessed_at", "id"),
    )
    __resource__: ClassVar[str] = "assessment"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("session", "session_id"), ("patient", "patient_id"))

    patient_id: Mapped[UUID]
    course_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    instrument: Mapped[Code]
    instrument_version: Mapped[int]
    answered_at: Mapped[datetime | None]
    answered_on: Mapped[date | None]
    # The instant lists are ordered by: answered_at, or noon of answered_on on the clinic's clock.
    assessed_at: Mapped[datetime]
    # How the items came: the items are scores in either case. Not called `encoding`, as in a request, so that a record
    # that is sent back as it was read is never turned a second time.
    sent_as: Mapped[Code]
    items: Mapped[list[float | None] | None] = mapped_column(Json)
    unscored_items: Mapped[list[int | None] | None] = mapped_column(Json)
    total: Mapped[Points | None]
    total_source: Mapped[Code]
    severity: Mapped[Code | None]
    incomplete: Mapped[bool]
    prorated: Mapped[bool]
    safety_item: Mapped[int | None]
    safety_item_missing: Mapped[bool]
    subscores: Mapped[dict[str, float]] = mapped_column(Json)
    findings: Mapped[dict[str, str]] = mapped_column(Json)
    scoring_version: Mapped[Code]
    recall_period: Mapped[Name]
    hours_since_last_dose: Mapped[Hours | None]
    days_since_last_dose: Mapped[int | None]
    # It looks back, and was answered so soon after a dose that it still speaks of the time before.
    too_soon_after_dose: Mapped[bool]
    rated_by: Mapped[Name | None]
    language: Mapped[Code | None]
    note: Mapped[LongText | None]
