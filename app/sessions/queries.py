"""Which sessions an actor may see."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select

from app.kernel.actor import Actor
from app.kernel.tables import Base
from app.sessions.models import TreatmentSession
from app.sessions.rules import SessionStatus

session: Final = Base.metadata.tables[TreatmentSession.__tablename__]


def visible_sessions(actor: Actor) -> Select[Any]:
    """The clinic's sessions."""
    return select(session).where(session.c.clinic_id == actor.clinic_id)


def signed_until(actor: Actor, session_id: UUID) -> Select[Any]:
    """When a session was signed, if its signature stands and no amendment is open."""
    return select(session.c.signed_at).where(
        session.c.clinic_id == actor.clinic_id,
        session.c.id == session_id,
        session.c.status == SessionStatus.SIGNED,
        session.c.amendment_opened_at.is_(None),
    )


def highest_number(actor: Actor, course_id: UUID) -> Select[Any]:
    """The number of a course's latest session; those entered in error keep theirs."""
    return select(func.max(session.c.number_in_course)).where(
        session.c.clinic_id == actor.clinic_id, session.c.course_id == course_id
    )


def sessions_given_between(actor: Actor, patient_id: UUID, start: datetime, end: datetime) -> Select[TreatmentSession]:
    """A patient's sessions whose first dose lies between two instants, in time, locked."""
    return (
        select(TreatmentSession)
        .where(
            TreatmentSession.clinic_id == actor.clinic_id,
            TreatmentSession.patient_id == patient_id,
            TreatmentSession.started_at.between(start, end),
            TreatmentSession.entered_in_error_at.is_(None),
        )
        .order_by(TreatmentSession.started_at, TreatmentSession.id)
        .with_for_update(key_share=True)
    )


def sessions_near(actor: Actor, patient_id: UUID, start: datetime, end: datetime) -> Select[Any]:
    """The patient's sessions between two instants that were given or are still to come."""
    coming = session.c.status.in_(
        [SessionStatus.SCHEDULED, SessionStatus.CHECKED_IN, SessionStatus.CLEARED, SessionStatus.HELD]
    )
    return visible_sessions(actor).where(
        session.c.patient_id == patient_id,
        session.c.session_at.between(start, end),
        or_(session.c.started_at.is_not(None), and_(session.c.scheduled_start_at.is_not(None), coming)),
        session.c.entered_in_error_at.is_(None),
    )


def latest_dose_before(actor: Actor, patient_id: UUID, instant: datetime) -> Select[Any, Any, Any]:
    """First and last dose of the patient's latest session that had begun by an instant."""
    return (
        select(session.c.started_at, session.c.last_dose_at, session.c.given_on)
        .where(
            session.c.clinic_id == actor.clinic_id,
            session.c.patient_id == patient_id,
            session.c.started_at <= instant,
            session.c.entered_in_error_at.is_(None),
        )
        .order_by(session.c.started_at.desc())
        .limit(1)
    )


def doses_of(actor: Actor, patient_id: UUID) -> Select[Any, Any, Any, Any, Any]:
    """First and last dose of each of a patient's sessions in which anything was given, in time."""
    return (
        select(session.c.id, session.c.course_id, session.c.started_at, session.c.last_dose_at, session.c.given_on)
        .where(
            session.c.clinic_id == actor.clinic_id,
            session.c.patient_id == patient_id,
            session.c.started_at.is_not(None),
            session.c.entered_in_error_at.is_(None),
        )
        .order_by(session.c.started_at)
    )
