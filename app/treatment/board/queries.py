"""What the board shows of a day, and what happens on it: a constant number of statements, however many sessions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from app.alerts.queries import alert, visible_alerts
from app.alerts.rules import AlertStatus
from app.courses.queries import course
from app.identity.queries import location, principal, visible_locations
from app.kernel.actor import Actor
from app.kernel.ledger import change, ledger_head, visible_changes
from app.monitoring.queries import visible_vital_signs, vital_signs
from app.monitoring.slots.queries import visible_vital_slots, vital_slot
from app.monitoring.watches.queries import visible_watches, watch
from app.patients.queries import patient
from app.sessions.queries import session, visible_sessions
from app.sessions.rules import SessionStatus

_HERE: Final = (
    SessionStatus.CHECKED_IN,
    SessionStatus.CLEARED,
    SessionStatus.HELD,
    SessionStatus.DOSING,
    SessionStatus.OBSERVING,
)
"""The patient has come and has not gone home."""

_OF_SESSION: Final = (
    "id", "version", "recorded_at", "recorded_by", "updated_at", "patient_id", "course_id", "location_id",
    "number_in_course", "status", "held_from", "drug", "route", "setting", "recorded_afterwards",
    "scheduled_start_at", "session_at", "given_on", "checked_in_at", "started_at", "last_dose_at", "dosing_ended_at",
    "discharged_at",
)  # fmt: skip
_OF_PATIENT: Final = ("given_name", "family_name", "preferred_name", "birth_on", "birth_year")
OF_SLOT: Final = ("id", "kind", "minutes_from_t0", "due_at", "late_from")
_OF_COURSE: Final = ("protocol_code", "protocol_version")


def sessions_on(
    actor: Actor, starts_at: datetime, ends_at: datetime, locations: Sequence[UUID], now: datetime
) -> Select[Any]:
    """The sessions of a day with their patient and course, and those of days before whose patient is still there.

    A day that is to come has none of the latter.
    """
    on_the_day = and_(session.c.session_at >= starts_at, session.c.session_at < ends_at)
    carried_over = and_(session.c.session_at < starts_at, session.c.status.in_(_HERE))
    found = visible_sessions(actor).where(
        or_(on_the_day, carried_over) if starts_at <= now else on_the_day, session.c.entered_in_error_at.is_(None)
    )
    if locations:
        found = found.where(session.c.location_id.in_(locations))
    with_patient = and_(patient.c.clinic_id == session.c.clinic_id, patient.c.id == session.c.patient_id)
    with_course = and_(course.c.clinic_id == session.c.clinic_id, course.c.id == session.c.course_id)
    return (
        found.with_only_columns(
            *(session.c[name] for name in _OF_SESSION),
            *(patient.c[name] for name in _OF_PATIENT),
            *(course.c[name] for name in _OF_COURSE),
        )
        .select_from(session.join(patient, with_patient).join(course, with_course))
        .order_by(func.coalesce(session.c.scheduled_start_at, session.c.session_at), session.c.id)
    )


def locations_of(actor: Actor, only: Sequence[UUID]) -> Select[Any, Any, Any]:
    """The clinic's sites and rooms by name, also those no longer in use."""
    found = visible_locations(actor)
    if only:
        found = found.where(location.c.id.in_(only))
    return found.with_only_columns(location.c.id, location.c.name, location.c.disabled_at).order_by(
        location.c.name, location.c.id
    )


def pressures_in(actor: Actor, sessions: Sequence[UUID]) -> Select[Any, Any, Any, Any]:
    """Every pressure measured in these sessions, in time."""
    columns = vital_signs.c
    return (
        visible_vital_signs(actor)
        .where(
            columns.session_id.in_(sessions), columns.systolic_mmhg.is_not(None), columns.entered_in_error_at.is_(None)
        )
        .with_only_columns(columns.session_id, columns.measured_at, columns.systolic_mmhg, columns.diastolic_mmhg)
        .order_by(columns.measured_at, columns.id)
    )


def open_slots_in(actor: Actor, sessions: Sequence[UUID]) -> Select[*tuple[Any, ...]]:
    """Readings that are or will be due in these sessions and that nothing answers, as they come due."""
    columns = vital_slot.c
    return (
        visible_vital_slots(actor)
        .where(
            columns.session_id.in_(sessions),
            columns.reading_id.is_(None),
            columns.missed_at.is_(None),
            columns.entered_in_error_at.is_(None),
        )
        .with_only_columns(columns.session_id, *(columns[name] for name in OF_SLOT))
        .order_by(columns.due_at, columns.id)
    )


def watches_of(actor: Actor, sessions: Sequence[UUID]) -> Select[Any, Any, Any]:
    """Who has watched these sessions, in time: the last one does."""
    columns = watch.c
    named = and_(principal.c.clinic_id == columns.clinic_id, principal.c.id == columns.staff_id)
    return (
        visible_watches(actor)
        .join(principal, named)
        .where(columns.session_id.in_(sessions), columns.entered_in_error_at.is_(None))
        .with_only_columns(columns.session_id, columns.staff_id, principal.c.name)
        .order_by(columns.watched_from, columns.id)
    )


def open_alerts_about(actor: Actor, patients: Sequence[UUID]) -> Select[Any, Any, int]:
    """How many alerts of each severity nobody has acknowledged, by patient."""
    columns = alert.c
    return (
        visible_alerts(actor)
        .where(
            columns.patient_id.in_(patients),
            columns.status == AlertStatus.OPEN,
            columns.entered_in_error_at.is_(None),
        )
        .with_only_columns(columns.patient_id, columns.severity, func.count().label("found"))
        .group_by(columns.patient_id, columns.severity)
    )


def changes_between(actor: Actor, kinds: Sequence[str], after: int, end: int) -> Select[Any]:
    """Changes of these kinds with a number above one and up to another, in order."""
    return (
        visible_changes(actor, kinds)
        .where(change.c.sequence > after, change.c.sequence <= end)
        .order_by(change.c.sequence)
    )


def heads_of(clinics: Sequence[UUID]) -> Select[Any, Any]:
    """The newest number in each of these clinics; read across clinics, for all who listen in this process."""
    wanted: ColumnElement[bool] = ledger_head.c.clinic_id.in_(clinics)
    return select(ledger_head.c.clinic_id, ledger_head.c.last_sequence).where(wanted)
