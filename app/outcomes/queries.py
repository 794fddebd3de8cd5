"""A course with what its outcome is reckoned from, as one text out of one statement."""

from dataclasses import replace
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, Uuid, bindparam, func, or_

from app.assessments.queries import assessment, courses_in_time, visible_assessments
from app.courses.queries import course, visible_courses
from app.dosing.queries import dose_order, visible_administrations, visible_dose_orders
from app.dosing.rules import OrderStatus
from app.kernel.actor import Actor
from app.kernel.json_rows import as_object, as_pieces, as_text
from app.patients.queries import visible_weights
from app.sessions.queries import session, visible_sessions

_COURSE: Final = ("id", "patient_id", "starts_on", "time_zone", "status")
_SIBLING: Final = course.alias("sibling")
_DOSE: Final = ("id", "course_id", "number_in_course", "started_at", "last_dose_at", "drug", "route")
_GIVEN: Final = ("id", "session_id", "drug", "route", "placebo", "delivered_mg")
_SCORE: Final = (
    "id", "course_id", "session_id", "instrument", "instrument_version", "answered_on", "assessed_at", "total",
    "severity", "incomplete", "prorated", "scoring_version", "hours_since_last_dose", "days_since_last_dose",
    "too_soon_after_dose",
)  # fmt: skip


# Stand for what differs from request to request: a statement this long is built once for all.
_CLINIC: Final[Any] = bindparam("outcome_clinic_id", type_=Uuid())
_WANTED: Final[Any] = bindparam("wanted_course_id", type_=Uuid())
_INSTRUMENT: Final[Any] = bindparam("wanted_instrument", type_=String())
_NOBODY: Final = UUID(int=0)


def course_with_scores(actor: Actor, course_id: UUID, instrument: str | None) -> tuple[Select[Any], dict[str, Any]]:
    """A course as JSON, with what its outcome is reckoned from: the statement and its parameters.

    Args:
        actor: Who asks.
        course_id: The course.
        instrument: Only scores of this instrument; None for all.
    """
    anybody = replace(actor, clinic_id=_CLINIC, principal_id=_NOBODY, source="", request_id="", roles=())
    wanted: dict[str, Any] = {_CLINIC.key: actor.clinic_id, _WANTED.key: course_id}
    if instrument is not None:
        wanted[_INSTRUMENT.key] = instrument
    return _course_with_scores(anybody, of_one_instrument=instrument is not None), wanted


@lru_cache(maxsize=200)
def _course_with_scores(actor: Actor, *, of_one_instrument: bool) -> Select[Any]:
    """A course as JSON, with what its outcome is reckoned from.

    `doses` are the sessions of the patient in which anything was given, also in other courses; `given`, `orders` and
    `weights` tell the doses of this one; `scores` are the patient's, of one instrument or of all, and `instruments`
    counts those recorded for the course or for no course; `episode` are the courses of its episode, in order.
    """
    scores = _standing(visible_assessments(actor))
    of_course = or_(assessment.c.course_id == course.c.id, assessment.c.course_id.is_(None))
    wanted = scores.where(assessment.c.instrument == _INSTRUMENT) if of_one_instrument else scores
    inside = {
        "doses": _of_patient(
            _standing(visible_sessions(actor)).where(session.c.started_at.is_not(None)), _DOSE, "started_at", "id"
        ),
        "given": _of_course(_standing(visible_administrations(actor)), _GIVEN, "started_at", "id"),
        "orders": _of_course(
            _standing(visible_dose_orders(actor)).where(dose_order.c.status == OrderStatus.ACTIVE),
            ("id", "session_id", "weight_kg"),
            "ordered_at",
            "id",
        ),
        "weights": _of_patient(
            _standing(visible_weights(actor)), ("id", "measured_at", "weight_kg"), "measured_at", "id"
        ),
        "episode": _episode(actor),
        "scores": _of_patient(wanted, _SCORE, "assessed_at", "id"),
        "instruments": as_pieces(
            scores.with_only_columns(assessment.c.instrument.label("id"), func.count().label("scores"))
            .where(_same_patient(assessment), of_course)
            .group_by(assessment.c.instrument)
            .order_by(assessment.c.instrument),
            course,
        ),
    }
    shown = as_text(as_object("course", (*_COURSE, *inside), course, inside)).label("shown")
    return visible_courses(actor).where(course.c.id == _WANTED).with_only_columns(shown)


def _episode(actor: Actor) -> ColumnElement[Any]:
    """The courses of the episode."""
    same = (_SIBLING.c.clinic_id == course.c.clinic_id) & (_SIBLING.c.episode_id == course.c.episode_id)
    return as_pieces(courses_in_time(actor, _SIBLING).where(same), course)


def _standing(statement: Select[Any]) -> Select[Any]:
    (table,) = statement.get_final_froms()
    return statement.where(table.c.entered_in_error_at.is_(None))


def _same_patient(table: Any) -> ColumnElement[bool]:
    return (table.c.clinic_id == course.c.clinic_id) & (table.c.patient_id == course.c.patient_id)


def _of_patient(statement: Select[Any], members: tuple[str, ...], *order: str) -> ColumnElement[Any]:
    (table,) = statement.get_final_froms()
    found = statement.where(_same_patient(table)).order_by(*(table.c[name] for name in order))
    return as_pieces(found.with_only_columns(*(table.c[name] for name in members)), course)


def _of_course(statement: Select[Any], members: tuple[str, ...], *order: str) -> ColumnElement[Any]:
    (table,) = statement.get_final_froms()
    inside = statement.join(
        session, (session.c.clinic_id == table.c.clinic_id) & (session.c.id == table.c.session_id)
    ).where(session.c.course_id == course.c.id)
    found = inside.where(_same_patient(table)).order_by(*(table.c[name] for name in order))
    return as_pieces(found.with_only_columns(*(table.c[name] for name in members)), course)
