"""A patient's doses and the scores they lie among, as one text out of one statement."""

from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, select

from app.assessments.catalogue import outcome_instruments
from app.assessments.queries import assessment, courses_in_time, visible_assessments
from app.courses.queries import course
from app.dosing.queries import administration, visible_administrations
from app.kernel.actor import Actor, whoever_asks
from app.kernel.json_rows import as_object, as_pieces, as_text
from app.patients.queries import patient
from app.sessions.queries import session, visible_sessions

_DOSE: Final = ("id", "course_id", "number_in_course", "started_at", "last_dose_at", "given_on")
_GIVEN: Final = ("id", "session_id", "drug", "route", "delivered_mg", "weight_kg")
_SCORE: Final = (
    "id", "course_id", "instrument", "instrument_version", "answered_on", "assessed_at", "total",
    "too_soon_after_dose", "scoring_version",
)  # fmt: skip

# Stand for what differs from request to request: a statement this long is built once for all.
_CLINIC: Final[Any] = bindparam("effects_clinic_id", type_=Uuid())
_PATIENT: Final[Any] = bindparam("effects_patient_id", type_=Uuid())
_ANYBODY: Final = whoever_asks(_CLINIC)


def doses_among_scores(actor: Actor, patient_id: UUID) -> tuple[Select[Any], dict[str, Any]]:
    """A patient as JSON, with `doses` (sessions with a dose), what was `given` in them, `scores` and `courses`.

    What was entered in error is left out, and so is placebo.
    """
    return _doses_among_scores(), {_CLINIC.key: actor.clinic_id, _PATIENT.key: patient_id}


@cache
def _doses_among_scores() -> Select[Any]:
    given = visible_administrations(_ANYBODY).where(administration.c.placebo.is_(False))
    scores = visible_assessments(_ANYBODY).where(assessment.c.instrument.in_(outcome_instruments()))
    inside = {
        "doses": _of_patient(
            visible_sessions(_ANYBODY).where(session.c.started_at.is_not(None)), session, _DOSE
        ).order_by(session.c.started_at, session.c.id),
        "given": _of_patient(given, administration, _GIVEN).order_by(administration.c.started_at, administration.c.id),
        "scores": _of_patient(scores, assessment, _SCORE).order_by(assessment.c.assessed_at, assessment.c.id),
        "courses": courses_in_time(_ANYBODY, course).where(course.c.patient_id == _PATIENT),
    }
    pieces = {name: as_pieces(statement, patient) for name, statement in inside.items()}
    shown = as_text(as_object("patient", ("id", *pieces), patient, pieces)).label("shown")
    return select(shown).where(patient.c.clinic_id == _CLINIC, patient.c.id == _PATIENT)


def _of_patient(statement: Select[Any], table: Any, members: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    return statement.where(table.c.patient_id == _PATIENT, table.c.entered_in_error_at.is_(None)).with_only_columns(
        *(table.c[name] for name in members)
    )
