"""The treatment visit. Here *session* is a visit; logins are tokens and the database's are called `db`."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.tables import Base, ClinicRecord, Code, Json, LongText, Name, belongs_to, closed_set
from app.sessions.rules import SessionStatus


class InSession:
    """A record inside a session that may still come when the session has been signed, and then says so."""

    after_signature: Mapped[bool] = mapped_column(default=False)


class TreatmentSession(ClinicRecord, Base):
    """One treatment visit."""

    __tablename__ = "treatment_session"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        belongs_to("course", "course_id"),
        belongs_to("plan_item", "plan_item_id"),
        belongs_to("location", "location_id"),
        belongs_to("treatment_session", "copied_from_id"),
        belongs_to("treatment_session", "copied_to_id"),
        closed_set("status", SessionStatus),
        CheckConstraint(
            "discharged_at IS NULL OR started_at IS NULL OR discharged_at >= started_at", name="ends_after_start"
        ),
        UniqueConstraint("clinic_id", "course_id", "number_in_course"),
        Index(None, "clinic_id", "session_at", "id"),
        Index(None, "clinic_id", "status", "route", "session_at", "id"),
        Index(None, "clinic_id", "status", "session_at", "id"),
        Index(None, "clinic_id", "patient_id", "session_at"),
        Index(None, "clinic_id", "updated_at", "id"),
        Index(None, "clinic_id", "plan_item_id"),
        Index(None, "clinic_id", "location_id"),
        Index(
            "ix_treatment_session__amendment_open",
            "clinic_id",
            "amendment_opened_at",
            "id",
            sqlite_where=text("amendment_opened_at IS NOT NULL"),
            postgresql_where=text("amendment_opened_at IS NOT NULL"),
        ),
        Index(None, "clinic_id", "copied_from_id"),
        Index(None, "clinic_id", "copied_to_id"),
        Index(
            "ix_treatment_session__cosigner_due",
            "clinic_id",
            "signed_at",
            "id",
            sqlite_where=text("cosigner_due IS NOT NULL"),
            postgresql_where=text("cosigner_due IS NOT NULL"),
        ),
    )
    __resource__: ClassVar[str] = "session"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = ()

    patient_id: Mapped[UUID]
    course_id: Mapped[UUID]
    plan_item_id: Mapped[UUID | None]
    location_id: Mapped[UUID | None]
    number_in_course: Mapped[int]
    status: Mapped[Code]
    held_from: Mapped[Code | None]
    drug: Mapped[Code]
    route: Mapped[Code]
    setting: Mapped[Code]
    scheduled_start_at: Mapped[datetime | None]
    session_at: Mapped[datetime]
    checked_in_at: Mapped[datetime | None]
    # What was asked when the patient came, as it was told.
    check_in: Mapped[dict[str, Any] | None] = mapped_column(Json)
    cleared_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    # Set where only the day of the dose is known; the times of doses are then noon of it.
    given_on: Mapped[date | None]
    last_started_at: Mapped[datetime | None]
    last_dose_at: Mapped[datetime | None]
    dosing_ended_at: Mapped[datetime | None]
    discharged_at: Mapped[datetime | None]
    condition_at_discharge: Mapped[Name | None]
    escort_name: Mapped[Name | None]
    escort_relation: Mapped[Name | None]
    escort_phone: Mapped[Name | None]
    escort_left_at: Mapped[datetime | None]
    instructions_version: Mapped[Name | None]
    would_have_been_ready_at: Mapped[datetime | None]
    # How each criterion stood when the patient left, with the version of its limit; None until then, and for what was
    # recorded afterwards.
    discharge_criteria: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    discharge_override_reason: Mapped[LongText | None]
    left_against_advice: Mapped[bool | None]
    leaving_told_to: Mapped[Name | None]
    ended_reason: Mapped[LongText | None]
    aborted_at: Mapped[datetime | None]
    abort_reason: Mapped[LongText | None]
    deviations: Mapped[list[str]] = mapped_column(Json)
    policy_versions: Mapped[dict[str, str]] = mapped_column(Json)
    recorded_afterwards: Mapped[bool]
    recorded_after_minutes: Mapped[int | None]
    gates: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    note: Mapped[LongText | None]
    # When the signature that stands was given; a session that was amended keeps the mark.
    signed_at: Mapped[datetime | None]
    amended: Mapped[bool] = mapped_column(default=False)
    # While an amendment is open; the signature that closes it supersedes those before it, with this reason.
    amendment_opened_at: Mapped[datetime | None]
    amendment_reason: Mapped[LongText | None]
    # A session that was signed for the wrong patient, entered in error, and its copy for the right one.
    copied_from_id: Mapped[UUID | None]
    copied_to_id: Mapped[UUID | None]
    # Who still has to sign beside somebody: `any` or `prescriber`; None where nobody has to.
    cosigner_due: Mapped[Code | None]
