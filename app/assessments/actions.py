"""Recording a filled form: scored, placed on the clock, checked for what must not be missed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from app.alerts import queries as alert_queries
from app.alerts.actions import Cause, end_alerts_of, raise_alert
from app.assessments import queries
from app.assessments.catalogue import shipped_instruments
from app.assessments.models import Assessment
from app.assessments.rules.files import require_latest
from app.assessments.rules.instrument import Instrument, Recall
from app.assessments.rules.safety import safety_alert
from app.assessments.rules.scoring import Score, score_items, score_total
from app.assessments.rules.windows import hours_since, is_too_soon, precedes_doses_of_its_day
from app.assessments.schemas import AssessmentCreate, AssessmentUpdate, TotalSource
from app.courses.models import Course
from app.courses.rules import instant_of
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.errors import Fault, Invalid
from app.kernel.ledger import name_change
from app.kernel.records import (
    already_created,
    find,
    identity_of,
    mark_entered_in_error,
    one,
    one_for_update,
    reason_of_change,
)
from app.patients.models import Patient
from app.sessions import queries as session_queries
from app.sessions.models import TreatmentSession

_NOON = time(12)


@dataclass(frozen=True, slots=True)
class _Place:
    """What an assessment belongs to."""

    course_id: UUID | None
    session_id: UUID | None


async def record_assessment(db: WriteSession, actor: Actor, patient_id: UUID, body: AssessmentCreate) -> Assessment:
    """Record a filled form.

    Raises:
        UnknownInstrument, InvalidItems, InvalidTotal, ItemsNotAccepted: it is not an answer to that form.
    """
    if (before := await already_created(db, actor, Assessment, body, patient_id=patient_id)) is not None:
        return before
    patient = await one(db, actor, Patient, patient_id)
    place = await _place(db, actor, patient.id, body)
    instrument = require_latest(shipped_instruments(), body.instrument)
    score = _scored(instrument, body.items, body.total)
    assessed_at = _assessed_at(actor, body.answered_at, body.answered_on)
    recall = instrument.recalls[0]
    clock_columns = await _clock_columns(db, actor, patient.id, recall, body.answered_at, assessed_at)
    assessment = Assessment(
        **identity_of(actor, body),
        patient_id=patient.id,
        course_id=place.course_id,
        session_id=place.session_id,
        instrument=instrument.code,
        instrument_version=instrument.version,
        answered_at=body.answered_at,
        answered_on=body.answered_on,
        assessed_at=assessed_at,
        items=body.items,
        total_source=TotalSource.COMPUTED if body.items is not None else TotalSource.ENTERED,
        recall_period=recall.period,
        rated_by=body.rated_by,
        language=body.language,
        note=body.note,
        **clock_columns,
        **_score_columns(score),
    )
    db.add(assessment)
    name_change(db, assessment, "assessment.recorded", occurred_at=assessed_at)
    _raise_if_needed(db, actor, assessment, instrument, score)
    return assessment


async def _place(db: WriteSession, actor: Actor, patient_id: UUID, body: AssessmentCreate) -> _Place:
    session_course: UUID | None = None
    if body.session_id is not None:
        treatment = await find(db, actor, TreatmentSession, body.session_id)
        if treatment is None or treatment.patient_id != patient_id:
            raise Invalid(faults=[Fault("unknown_session", "The patient has no such session.", pointer="#/session_id")])
        session_course = treatment.course_id
    if body.course_id is not None:
        course = await find(db, actor, Course, body.course_id)
        if course is None or course.patient_id != patient_id or (session_course not in {None, course.id}):
            fault = Fault(
                "unknown_course", "The patient has no such course, or the session is of another.", pointer="#/course_id"
            )
            raise Invalid(faults=[fault])
    return _Place(body.course_id or session_course, body.session_id)


def _scored(instrument: Instrument, items: list[int | None] | None, total: Decimal | None) -> Score:  # a Decimal
    if items is not None:
        return score_items(instrument, items)
    assert total is not None
    return score_total(instrument, total)


def _score_columns(score: Score) -> dict[str, Any]:
    return {
        "total": score.total,
        "severity": score.severity,
        "incomplete": score.incomplete,
        "prorated": score.prorated,
        "safety_item": score.safety_item,
        "safety_item_missing": score.safety_item_missing,
        "syndrome": score.syndrome,
        "scoring_version": score.scoring_version,
    }


def _assessed_at(actor: Actor, answered_at: datetime | None, answered_on: date | None) -> datetime:
    if answered_at is not None:
        return answered_at
    assert answered_on is not None
    return instant_of(answered_on, _NOON, actor.time_zone)


def _instrument_of(assessment: Assessment) -> Instrument:
    return shipped_instruments()[assessment.instrument, assessment.instrument_version]


def _recall_of(assessment: Assessment) -> Recall:
    recalls = _instrument_of(assessment).recalls
    return next(recall for recall in recalls if recall.period == assessment.recall_period)


async def _clock_columns(
    db: WriteSession,
    actor: Actor,
    patient_id: UUID,
    recall: Recall,
    answered_at: datetime | None,
    assessed_at: datetime,
) -> dict[str, Any]:
    until = _doses_until(actor, recall, answered_at, assessed_at)
    dose = (await db.execute(session_queries.latest_dose_before(actor, patient_id, until))).one_or_none()
    return _on_the_clock(actor, recall, dose, answered_at, assessed_at)


def _doses_until(actor: Actor, recall: Recall, answered_at: datetime | None, assessed_at: datetime) -> datetime:
    """Up to when a dose comes before an answer."""
    if not precedes_doses_of_its_day(recall.clock, answered_at):
        return assessed_at
    day = assessed_at.astimezone(ZoneInfo(actor.time_zone)).date()
    return instant_of(day, time(0), actor.time_zone) - timedelta(microseconds=1)


def _on_the_clock(
    actor: Actor, recall: Recall, dose: Row[Any, Any, Any] | None, answered_at: datetime | None, assessed_at: datetime
) -> dict[str, Any]:
    """Hours (where both times are known) and calendar days since the last dose; 0 while drug flows."""
    hours: Decimal | None = None
    days: int | None = None
    if dose is not None:
        reached = min(dose.last_dose_at or dose.started_at, assessed_at)
        zone = ZoneInfo(actor.time_zone)
        hours = None if dose.given_on is not None else hours_since(reached, answered_at)
        days = (assessed_at.astimezone(zone).date() - reached.astimezone(zone).date()).days
    return {
        "hours_since_last_dose": hours,
        "days_since_last_dose": days,
        "too_soon_after_dose": is_too_soon(recall, hours, days),
    }


async def place_again(db: WriteSession, actor: Actor, patient_id: UUID, cause: str) -> None:
    """Reckon the time since the last dose again, because a dose was recorded or corrected.

    Each assessment that moves gets a change of its own, which names the cause.
    """
    await db.flush()
    doses = (await db.execute(session_queries.doses_of(actor, patient_id))).all()
    for assessment in (await db.execute(queries.standing_assessments(actor, patient_id))).scalars().all():
        recall = _recall_of(assessment)
        until = _doses_until(actor, recall, assessment.answered_at, assessment.assessed_at)
        before = [dose for dose in doses if dose.started_at <= until]
        last_dose = before[-1] if before else None
        columns = _on_the_clock(actor, recall, last_dose, assessment.answered_at, assessment.assessed_at)
        if _set(assessment, columns):
            name_change(db, assessment, "assessment.placed_again", reason=cause, occurred_at=assessment.assessed_at)


def _set(assessment: Assessment, columns: Mapping[str, Any]) -> bool:
    """Set columns and say whether any of them is another than before."""
    changed = {name: value for name, value in columns.items() if getattr(assessment, name) != value}
    for name, value in changed.items():
        setattr(assessment, name, value)
    return bool(changed)


def _raise_if_needed(
    db: WriteSession, actor: Actor, assessment: Assessment, instrument: Instrument, score: Score
) -> None:
    alert = safety_alert(instrument, score)
    if alert is None or instrument.safety_item is None:
        return
    cause = Cause(
        assessment.__resource__, assessment.id, assessment.patient_id, assessment.session_id, assessment.assessed_at
    )
    item = instrument.safety_item
    rule = (
        f"{instrument.code} item {item.number}: review from {item.review_from}, urgent from {item.urgent_from}, "
        f"review when unanswered. {item.source}"
    )
    raise_alert(db, actor, cause, code=alert.code, severity=alert.severity, rule=rule)


async def correct_assessment(  # a correction carries version and reason
    db: WriteSession,
    actor: Actor,
    assessment_id: UUID,
    body: AssessmentUpdate,
    if_match: int | None,
    reason: str | None,
) -> Assessment:
    """Correct a form: it is scored again, and its alerts are ended or raised as the new answers need."""
    assessment = await one_for_update(db, actor, Assessment, assessment_id, if_match)
    why = reason_of_change(actor, assessment, reason)
    told = body.model_fields_set
    if {"items", "total"} <= told:
        raise Invalid(faults=[Fault("items_or_total", "Send items or a total, not both.", pointer="#/total")])
    if "answered_at" in told:
        assessment.answered_at, assessment.answered_on = body.answered_at, None
        assessment.assessed_at = body.answered_at
        recall = _recall_of(assessment)
        _set(
            assessment,
            await _clock_columns(db, actor, assessment.patient_id, recall, body.answered_at, body.answered_at),
        )
    for member in ("rated_by", "note"):
        if member in told:
            setattr(assessment, member, getattr(body, member))
    if told & {"items", "total"}:
        await _score_again(db, actor, assessment, body)
    name_change(db, assessment, "assessment.corrected", reason=why, occurred_at=assessment.assessed_at)
    return assessment


async def _score_again(db: WriteSession, actor: Actor, assessment: Assessment, body: AssessmentUpdate) -> None:
    instrument = _instrument_of(assessment)
    items = body.items if "items" in body.model_fields_set else None
    score = _scored(instrument, items, body.total)
    assessment.items = items
    assessment.total_source = TotalSource.COMPUTED if items is not None else TotalSource.ENTERED
    _set(assessment, _score_columns(score))
    wanted = safety_alert(instrument, score)
    standing = (await db.execute(alert_queries.unresolved_alerts_of(actor, assessment.id))).scalars().all()
    if wanted is not None and any(
        (one_of.code, one_of.severity) == (wanted.code, wanted.severity) for one_of in standing
    ):
        return
    await end_alerts_of(db, actor, assessment.id, "The answers were corrected.")
    _raise_if_needed(db, actor, assessment, instrument, score)


async def void_assessment(
    db: WriteSession, actor: Actor, assessment_id: UUID, reason: str, if_match: int | None
) -> Assessment:
    """Mark a form as entered in error; the alerts it caused end with that reason."""
    assessment = await one_for_update(db, actor, Assessment, assessment_id, if_match)
    mark_entered_in_error(db, actor, assessment, reason)
    await end_alerts_of(db, actor, assessment.id, f"Entered in error: {reason}")
    return assessment
