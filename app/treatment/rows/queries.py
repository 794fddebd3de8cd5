"""A page's sessions with everything their rows tell, as one text each: two statements, however many rows there are."""

from dataclasses import replace
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, Uuid, and_, bindparam, func, literal, or_

from app.alerts.queries import alert, visible_alerts
from app.alerts.rules import AlertStatus
from app.assessments.catalogue import outcome_instruments
from app.assessments.queries import assessment, visible_assessments
from app.courses.external.queries import sessions_elsewhere
from app.courses.queries import course, plan_item, visible_courses, visible_plan_items
from app.dosing.queries import administration, dose_order, visible_administrations, visible_dose_orders
from app.dosing.rules import OrderStatus
from app.identity.queries import location, principal, visible_locations
from app.kernel.actor import Actor
from app.kernel.json_rows import as_object, as_pieces, as_text
from app.monitoring.queries import dissociation_note, visible_dissociation_notes, visible_vital_signs, vital_signs
from app.patients.queries import patient, visible_patients, visible_weights, weight
from app.protocols.queries import clinic_protocol
from app.safety.queries import adverse_event, visible_adverse_events
from app.sessions.queries import session, visible_sessions

_COURSE: Final = (
    "id", "protocol_code", "protocol_version", "phase", "indication_code", "time_zone", "counts_from", "prescriber_id",
    "prescriber_name",
)  # fmt: skip
_ORDER: Final = ("id", "ordered_mg", "ordered_mg_per_kg", "weight_kg", "prescriber_id", "name")
_GIVEN: Final = (
    "id", "drug", "route", "placebo", "delivered_mg", "wasted_mg", "administered_by", "recorded_by", "name",
)  # fmt: skip
_READING: Final = ("id", "measured_at", "systolic_mmhg", "diastolic_mmhg")
_SCORE: Final = (
    "id", "instrument", "answered_at", "answered_on", "assessed_at", "total", "severity", "scoring_version",
    "hours_since_last_dose", "days_since_last_dose", "too_soon_after_dose",
)  # fmt: skip

# Stand for what differs from request to request: statements this long are built once for all who may see the same.
_CLINIC: Final[Any] = bindparam("rows_clinic_id", type_=Uuid())
_WANTED: Final[Any] = bindparam("rows_ids", type_=Uuid(), expanding=True)
_NOBODY: Final = UUID(int=0)


def _anybody(actor: Actor) -> Actor:
    """Somebody with the same permissions in whatever clinic."""
    return replace(actor, clinic_id=_CLINIC, principal_id=_NOBODY, source="", request_id="", time_zone="", roles=())


def sessions_of_staff(actor: Actor, staff: list[UUID]) -> ColumnElement[bool]:
    """Whether one of these principals ordered what a session's dose was to be, or gave it.

    Who typed an administration and named nobody gave it.
    """
    ordered = _standing(visible_dose_orders(actor)).where(
        _in_session(dose_order), dose_order.c.status == OrderStatus.ACTIVE, dose_order.c.prescriber_id.in_(staff)
    )
    given = _standing(visible_administrations(actor)).where(
        _in_session(administration),
        administration.c.administered_by.is_(None),
        administration.c.recorded_by.in_(staff),
    )
    # With a limit, each session is looked up by itself; without, PostgreSQL reads all of a clinic's orders first.
    asked = (one.with_only_columns(literal(1)).limit(1).correlate(session) for one in (ordered, given))
    return or_(*(one.scalar_subquery().is_not(None) for one in asked))


def told_sessions(actor: Actor, members: tuple[str, ...], ids: list[UUID]) -> tuple[Select[Any, Any], dict[str, Any]]:
    """Sessions as JSON with what lies below and beside them, as far as the actor may read it.

    Args:
        actor: Who asks.
        members: The session's own members.
        ids: Which sessions.
    """
    return _told_sessions(_anybody(actor), members), {_CLINIC.key: actor.clinic_id, _WANTED.key: ids}


@lru_cache(maxsize=200)
def _told_sessions(actor: Actor, members: tuple[str, ...]) -> Select[Any, Any]:
    inside: dict[str, ColumnElement[Any]] = {
        "location": _array(visible_locations(actor), location, location.c.id == session.c.location_id, ("id", "name")),
        "course": _course(actor),
        "planned": _array(
            visible_plan_items(actor), plan_item, plan_item.c.id == session.c.plan_item_id, ("id", "phase")
        ),
    }
    if actor.may("session:read"):
        inside |= _clinical(actor)
    if actor.may("score:read"):
        inside["assessment_count"] = _count(visible_assessments(actor), assessment)
    if actor.may("alert:read"):
        inside["open_alert_count"] = _count(visible_alerts(actor), alert, alert.c.status == AlertStatus.OPEN)
    shown = as_text(as_object("session", (*members, *inside), session, inside)).label("shown")
    return visible_sessions(actor).where(session.c.id.in_(_WANTED)).with_only_columns(session.c.id, shown)


def _course(actor: Actor) -> ColumnElement[Any]:
    """A session's course; `counts_from` tells from where a plan of the clinic's own counts the observation."""
    joined = {
        "counts_from": clinic_protocol.c.definition["observation"]["counts_from"].as_string(),
        "prescriber_name": principal.c.name,
    }
    prescriber = and_(principal.c.clinic_id == course.c.clinic_id, principal.c.id == course.c.prescriber_id)
    own = and_(
        clinic_protocol.c.clinic_id == course.c.clinic_id,
        clinic_protocol.c.code == course.c.protocol_code,
        clinic_protocol.c.protocol_version == course.c.protocol_version,
    )
    found = (
        visible_courses(actor)
        .where(course.c.clinic_id == session.c.clinic_id, course.c.id == session.c.course_id)
        .with_only_columns(*(joined[name].label(name) if name in joined else course.c[name] for name in _COURSE))
        .select_from(course.outerjoin(clinic_protocol, own).outerjoin(principal, prescriber))
    )
    return as_pieces(found, session)


def _clinical(actor: Actor) -> dict[str, ColumnElement[Any]]:
    """What was ordered, given, measured and observed in a session."""
    notes = _standing(visible_dissociation_notes(actor)).where(_in_session(dissociation_note))
    pressures = _standing(visible_vital_signs(actor)).where(
        _in_session(vital_signs), vital_signs.c.systolic_mmhg.is_not(None)
    )
    at, started_at = vital_signs.c.measured_at, session.c.started_at
    # Where only the day of the dose is known, its times are none that a reading could be before or after.
    timed = session.c.given_on.is_(None)
    before = pressures.where(at <= started_at, timed).order_by(at.desc(), vital_signs.c.id.desc()).limit(1)
    after = (
        pressures.where(or_(at > started_at, and_(started_at.is_not(None), session.c.given_on.is_not(None))))
        .order_by(vital_signs.c.systolic_mmhg.desc(), at, vital_signs.c.id)
        .limit(1)
    )
    weighed = (
        _standing(visible_weights(actor))
        .where(
            weight.c.clinic_id == session.c.clinic_id,
            weight.c.patient_id == session.c.patient_id,
            weight.c.measured_at <= started_at,
        )
        .order_by(weight.c.measured_at.desc(), weight.c.id.desc())
        .limit(1)
    )
    return {
        "orders": _by_whom(
            visible_dose_orders(actor),
            dose_order,
            dose_order.c.prescriber_id,
            dose_order.c.status == OrderStatus.ACTIVE,
            members=_ORDER,
            order=("ordered_at", "id"),
        ),
        "given": _by_whom(
            visible_administrations(actor),
            administration,
            administration.c.recorded_by,
            members=_GIVEN,
            order=("recorded_at", "id"),
        ),
        "weights": _pieces(weighed, weight, ("id", "weight_kg")),
        "baseline": _pieces(before, vital_signs, _READING),
        "peak": _pieces(after, vital_signs, _READING),
        "vital_signs_count": _count(visible_vital_signs(actor), vital_signs),
        "dissociation_note_count": _count(visible_dissociation_notes(actor), dissociation_note),
        "adverse_event_count": _count(visible_adverse_events(actor), adverse_event),
        "serious_adverse_event_count": _count(visible_adverse_events(actor), adverse_event, adverse_event.c.serious),
        "dissociation_max": notes.with_only_columns(func.max(dissociation_note.c.intensity))
        .correlate(session)
        .scalar_subquery(),
        "elsewhere": sessions_elsewhere(actor, session.c.patient_id, started_at),
    }


def told_patients(actor: Actor, ids: list[UUID]) -> tuple[Select[Any], dict[str, Any]]:
    """The patients of sessions as JSON: who they are elsewhere, and all doses and scores their sessions lie among."""
    return _told_patients(_anybody(actor)), {_CLINIC.key: actor.clinic_id, _WANTED.key: ids}


@lru_cache(maxsize=200)
def _told_patients(actor: Actor) -> Select[Any]:
    doses = (
        _standing(visible_sessions(actor))
        .where(_of_patient(session), session.c.started_at.is_not(None))
        .order_by(session.c.started_at, session.c.id)
    )
    inside = {"doses": _pieces(doses, session, ("id", "started_at"), above=patient)}
    if actor.may("score:read"):
        scores = (
            _standing(visible_assessments(actor))
            .where(
                _of_patient(assessment),
                assessment.c.total.is_not(None),
                assessment.c.instrument.in_(outcome_instruments()),
            )
            .order_by(assessment.c.assessed_at, assessment.c.id)
        )
        inside["scores"] = _pieces(scores, assessment, _SCORE, above=patient)
    members = ("id", *(("identifiers",) if actor.may("patient:read") else ()), *inside)
    shown = as_text(as_object("patient", members, patient, inside)).label("shown")
    return visible_patients(actor).where(patient.c.id.in_(_WANTED)).with_only_columns(shown)


def _standing(statement: Select[Any]) -> Select[Any]:
    (table,) = statement.get_final_froms()
    return statement.where(table.c.entered_in_error_at.is_(None))


def _in_session(table: FromClause) -> ColumnElement[bool]:
    return and_(table.c.clinic_id == session.c.clinic_id, table.c.session_id == session.c.id)


def _of_patient(table: FromClause) -> ColumnElement[bool]:
    return and_(table.c.clinic_id == patient.c.clinic_id, table.c.patient_id == patient.c.id)


def _count(statement: Select[Any], table: FromClause, *conditions: ColumnElement[bool]) -> ColumnElement[Any]:
    found = _standing(statement).where(_in_session(table), *conditions)
    return found.with_only_columns(func.count()).correlate(session).scalar_subquery()


def _by_whom(  # one parameter a part of the statement
    statement: Select[Any],
    table: FromClause,
    whom: ColumnElement[UUID],
    *conditions: ColumnElement[bool],
    members: tuple[str, ...],
    order: tuple[str, ...],
) -> ColumnElement[Any]:
    """Records of a session with the name of a principal."""
    named = table.outerjoin(principal, and_(principal.c.clinic_id == table.c.clinic_id, principal.c.id == whom))
    found = (
        _standing(statement)
        .where(_in_session(table), *conditions)
        .order_by(*(table.c[name] for name in order))
        .with_only_columns(*(table.c[name] for name in members if name != "name"), principal.c.name)
        .select_from(named)
    )
    return as_pieces(found, session)


def _array(
    statement: Select[Any], table: FromClause, condition: ColumnElement[bool], members: tuple[str, ...]
) -> ColumnElement[Any]:
    found = statement.where(table.c.clinic_id == session.c.clinic_id, condition)
    return _pieces(found, table, members)


def _pieces(
    statement: Select[Any], table: FromClause, members: tuple[str, ...], *, above: FromClause = session
) -> ColumnElement[Any]:
    return as_pieces(statement.with_only_columns(*(table.c[name] for name in members)), above)
