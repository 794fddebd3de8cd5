"""What waits: one statement a kind. Each answers `due`, whom and which record it is about, and how many there are.

A kind is added by writing its statement and naming it in `KINDS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Table, Text, and_, cast, false, func, literal, null, or_, select

from app.alerts.queries import alert, visible_alerts
from app.alerts.rules import AlertStatus
from app.courses.queries import course, plan_item, visible_plan_items
from app.courses.rules import CourseStatus
from app.dosing.queries import administration, visible_administrations
from app.dosing.rules import AdministrationState
from app.kernel.actor import Actor
from app.monitoring.slots.queries import visible_vital_slots, vital_slot
from app.safety.queries import adverse_event, visible_adverse_events
from app.screening.consents.queries import consent, visible_consents
from app.screening.enrolments.queries import enrolment, visible_programme_enrolments
from app.screening.queries import screening, visible_screenings
from app.sessions.queries import session, visible_sessions
from app.sessions.rules import SessionStatus
from app.treatment.reassign.queries import reassignment, visible_reassignments
from app.treatment.reassign.rules import ReassignmentStatus
from app.treatment.worklist.rules import WorkKind

MOST_COUNTED: Final = 1000
Statement = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Horizon:
    """Now, its day in the clinic, and the last day that is looked at."""

    now: datetime
    today: date
    until: date


@dataclass(frozen=True, slots=True)
class Kind:
    """A reason to wait: who may know, the kind of record, and the statement that finds them."""

    permission: str
    resource: str
    found: Callable[[Actor, Horizon], Statement]


def _work(
    statement: Select[Any],
    table: Table,
    due: ColumnElement[Any],
    *,
    session_id: ColumnElement[Any] | None = None,
    code: ColumnElement[Any] | None = None,
    severity: ColumnElement[Any] | None = None,
    to_patient_id: ColumnElement[Any] | None = None,
) -> Statement:
    nothing = null()
    return statement.where(table.c.entered_in_error_at.is_(None)).with_only_columns(
        table.c.id,
        due.label("due"),
        table.c.patient_id,
        (nothing if session_id is None else session_id).label("session_id"),
        (nothing if code is None else code).label("code"),
        (nothing if severity is None else severity).label("severity"),
        (nothing if to_patient_id is None else to_patient_id).label("to_patient_id"),
    )


def _open_alerts(actor: Actor, _: Horizon) -> Statement:
    found = visible_alerts(actor).where(alert.c.status == AlertStatus.OPEN)
    columns = alert.c
    return _work(
        found, alert, columns.raised_at, session_id=columns.session_id, code=columns.code, severity=columns.severity
    )


def _overdue_readings(actor: Actor, horizon: Horizon) -> Statement:
    """Readings that were due of whoever is being watched, that nobody made and nobody said were missed."""
    columns = vital_slot.c
    in_session = and_(session.c.clinic_id == columns.clinic_id, session.c.id == columns.session_id)
    found = (
        visible_vital_slots(actor)
        .join(session, in_session)
        .where(
            session.c.status.in_([SessionStatus.DOSING, SessionStatus.OBSERVING]),
            session.c.entered_in_error_at.is_(None),
            columns.late_from < horizon.now,
            columns.reading_id.is_(None),
            columns.missed_at.is_(None),
        )
    )
    return _work(found, vital_slot, columns.due_at, session_id=columns.session_id, code=columns.kind)


def _reports_due(actor: Actor, horizon: Horizon) -> Statement:
    """Serious events that have to be reported by a day and have been to nobody."""
    columns = adverse_event.c
    found = visible_adverse_events(actor).where(
        columns.report_due_on <= horizon.until, cast(columns.reported_to, Text) == literal("[]", Text())
    )
    return _work(found, adverse_event, columns.report_due_on, session_id=columns.session_id, code=columns.term)


def _unsigned_sessions(actor: Actor, _: Horizon) -> Statement:
    found = visible_sessions(actor).where(session.c.status == SessionStatus.DISCHARGED)
    return _work(found, session, session.c.session_at, session_id=session.c.id, code=session.c.drug)


def _open_amendments(actor: Actor, _: Horizon) -> Statement:
    """Signed sessions that wait to be signed anew."""
    opened_at = session.c.amendment_opened_at
    found = visible_sessions(actor).where(opened_at.is_not(None))
    return _work(found, session, opened_at, session_id=session.c.id, code=session.c.drug)


def _unconfirmed_reassignments(actor: Actor, _: Horizon) -> Statement:
    """Sessions of the wrong patient that wait for a second person."""
    columns = reassignment.c
    found = visible_reassignments(actor).where(columns.status == ReassignmentStatus.PROPOSED)
    return _work(
        found, reassignment, columns.recorded_at, session_id=columns.session_id, to_patient_id=columns.to_patient_id
    )


def _due_cosignatures(actor: Actor, _: Horizon) -> Statement:
    """Signed sessions that wait for a second person; `code` says which."""
    found = visible_sessions(actor).where(session.c.cosigner_due.is_not(None))
    return _work(found, session, session.c.signed_at, session_id=session.c.id, code=session.c.cosigner_due)


def _unreconciled_doses(actor: Actor, _: Horizon) -> Statement:
    """Of sessions that are still to be signed: what was drawn and does not add up. What was never counted cannot."""
    columns = administration.c
    in_session = and_(session.c.clinic_id == columns.clinic_id, session.c.id == columns.session_id)
    found = (
        visible_administrations(actor)
        .join(session, in_session)
        .where(
            or_(
                session.c.status.in_([SessionStatus.OBSERVING, SessionStatus.DISCHARGED]),
                session.c.amendment_opened_at.is_not(None),
            ),
            session.c.entered_in_error_at.is_(None),
            columns.state == AdministrationState.STOPPED,
            columns.reconciled == false(),
            columns.stopped_at.is_not(None),
            columns.drawn_mg.is_not(None),
        )
    )
    return _work(found, administration, columns.stopped_at, session_id=columns.session_id, code=columns.drug)


def _unscheduled(actor: Actor, horizon: Horizon) -> Statement:
    """Planned sessions of running courses that no session fills."""
    columns = plan_item.c
    of_course = and_(course.c.clinic_id == columns.clinic_id, course.c.id == columns.course_id)
    found = (
        visible_plan_items(actor)
        .join(course, of_course)
        .where(
            course.c.status.in_([CourseStatus.PLANNED, CourseStatus.ACTIVE]),
            course.c.entered_in_error_at.is_(None),
            columns.session_id.is_(None),
            columns.left_out_at.is_(None),
            columns.planned_on <= horizon.until,
        )
    )
    return _work(found, plan_item, columns.starts_at)


def _expiring_consents(actor: Actor, horizon: Horizon) -> Statement:
    """Consents that end soon and that no later one of the same kind takes the place of."""
    columns, later = consent.c, consent.alias("later")
    follows = visible_later(actor, later).where(
        later.c.patient_id == columns.patient_id,
        later.c.kind == columns.kind,
        later.c.withdrawn_at.is_(None),
        later.c.expires_on > columns.expires_on,
    )
    found = visible_consents(actor).where(
        columns.expires_on.between(horizon.today, horizon.until),
        columns.withdrawn_at.is_(None),
        ~follows.correlate(consent).exists(),
    )
    return _work(found, consent, columns.expires_on, code=columns.kind)


def _expiring_screenings(actor: Actor, horizon: Horizon) -> Statement:
    """Decisions that end soon and that no later one on the same drug takes the place of."""
    columns, later = screening.c, screening.alias("later")
    follows = visible_later(actor, later).where(
        later.c.patient_id == columns.patient_id,
        later.c.drug == columns.drug,
        later.c.purpose == columns.purpose,
        later.c.expires_on > columns.expires_on,
    )
    found = visible_screenings(actor).where(
        columns.expires_on.between(horizon.today, horizon.until), ~follows.correlate(screening).exists()
    )
    return _work(found, screening, columns.expires_on, session_id=columns.session_id, code=columns.drug)


def visible_later(actor: Actor, later: Any) -> Select[Any]:
    """Records of a kind that stand, for a look beside others of the same kind."""
    return select(literal(1)).where(later.c.clinic_id == actor.clinic_id, later.c.entered_in_error_at.is_(None))


def _ending_enrolments(actor: Actor, horizon: Horizon) -> Statement:
    found = visible_programme_enrolments(actor).where(enrolment.c.ended_on.between(horizon.today, horizon.until))
    return _work(found, enrolment, enrolment.c.ended_on, code=enrolment.c.programme)


KINDS: Final[Mapping[WorkKind, Kind]] = {
    WorkKind.ALERT_OPEN: Kind("alert:read", "alert", _open_alerts),
    WorkKind.READING_OVERDUE: Kind("session:read", "vital_slot", _overdue_readings),
    WorkKind.EVENT_REPORT_DUE: Kind("session:read", "adverse_event", _reports_due),
    WorkKind.SESSION_UNSIGNED: Kind("session:read", "session", _unsigned_sessions),
    WorkKind.AMENDMENT_OPEN: Kind("session:read", "session", _open_amendments),
    WorkKind.REASSIGNMENT_UNCONFIRMED: Kind("session:read", "reassignment", _unconfirmed_reassignments),
    WorkKind.COSIGNATURE_DUE: Kind("session:read", "session", _due_cosignatures),
    WorkKind.DOSE_UNRECONCILED: Kind("session:read", "administration", _unreconciled_doses),
    WorkKind.PLANNED_SESSION_UNSCHEDULED: Kind("schedule:read", "plan_item", _unscheduled),
    WorkKind.CONSENT_EXPIRING: Kind("clinical:read", "consent", _expiring_consents),
    WorkKind.SCREENING_EXPIRING: Kind("clinical:read", "screening", _expiring_screenings),
    WorkKind.ENROLMENT_ENDING: Kind("clinical:read", "programme_enrolment", _ending_enrolments),
}


def waiting(kind: Kind, actor: Actor, horizon: Horizon, limit: int) -> Statement:
    """What waits for one reason, the longest waiting first, each row with how many there are."""
    statement = kind.found(actor, horizon)
    due, identity, *_ = statement.selected_columns["due"], statement.selected_columns["id"]
    counted = statement.order_by(due, identity).limit(MOST_COUNTED + 1).subquery()
    return select(counted, func.count().over().label("count")).order_by(counted.c.due, counted.c.id).limit(limit)


def horizon_of(now: datetime, today: date, within_days: int) -> Horizon:
    """Now and so many days ahead."""
    return Horizon(now, today, today + timedelta(days=within_days))
