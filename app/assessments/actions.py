"""Recording a filled form: scored, placed on the clock, checked for what must not be missed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.alerts import queries as alert_queries
from app.alerts.actions import Cause, end_alerts_of, end_alerts_of_voided, raise_alert
from app.assessments import queries
from app.assessments.catalogue import shipped_instruments
from app.assessments.models import Assessment
from app.assessments.rules.files import require_latest
from app.assessments.rules.instrument import Encoding, Instrument, Recall, When
from app.assessments.rules.safety import SafetyAlert, safety_alerts
from app.assessments.rules.scoring import Score, dissociation_finding, score_items, score_total, scores_of
from app.assessments.rules.windows import (
    Dosed,
    hours_since,
    is_before,
    is_too_soon,
    nearest_before,
    precedes_doses_of_its_day,
)
from app.assessments.schemas import AssessmentCreate, AssessmentUpdate, TotalSource
from app.courses.models import Course
from app.courses.rules import instant_of
from app.kernel import clock
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
from app.sessions.actions import is_frozen, require_unsigned
from app.sessions.models import TreatmentSession

_NOON = time(12)
_DISSOCIATION = "dissociation"
# As for the baseline of an outcome: a score older than this says little about the state treatment began in.
_BASELINE_DAYS = 14


@dataclass(frozen=True, slots=True)
class _Place:
    """What an assessment belongs to."""

    course_id: UUID | None
    session_id: UUID | None
    after_signature: bool


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
    recall = _wanted_recall(instrument, body.recall_period)
    answers = _answers(instrument, recall, body)
    _require_unscored(instrument, body.unscored_items)
    assessed_at = _assessed_at(actor, body.answered_at, body.answered_on)
    clock_columns = await _clock_columns(db, actor, patient.id, recall, body.answered_at, assessed_at)
    assessment = Assessment(
        **identity_of(actor, body),
        patient_id=patient.id,
        course_id=place.course_id,
        session_id=place.session_id,
        after_signature=place.after_signature,
        instrument=instrument.code,
        instrument_version=instrument.version,
        answered_at=body.answered_at,
        answered_on=body.answered_on,
        assessed_at=assessed_at,
        unscored_items=body.unscored_items,
        recall_period=recall.period,
        rated_by=body.rated_by,
        language=body.language,
        note=body.note,
        **clock_columns,
        **answers.columns,
    )
    db.add(assessment)
    name_change(db, assessment, "assessment.recorded", occurred_at=assessed_at)
    baseline = await _baseline(db, actor, assessment, instrument)
    for alert in safety_alerts(instrument, answers.score, baseline=baseline):
        await _raise(db, actor, assessment, alert)
    await _classify_again(db, actor, assessment, instrument, "A rating of the session was recorded.")
    return assessment


async def _place(db: WriteSession, actor: Actor, patient_id: UUID, body: AssessmentCreate) -> _Place:
    session_course: UUID | None = None
    treatment: TreatmentSession | None = None
    if body.session_id is not None:
        treatment = await find(db, actor, TreatmentSession, body.session_id, held=True)
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
    return _Place(body.course_id or session_course, body.session_id, is_frozen(treatment))


@dataclass(frozen=True, slots=True)
class _Answers:
    """What was answered, as columns, and what it comes to."""

    score: Score
    columns: Mapping[str, Any]


def _answers(instrument: Instrument, recall: Recall, body: AssessmentCreate | AssessmentUpdate) -> _Answers:
    """Score what was sent: items, whatever they are encoded as, or a total."""
    items: list[Decimal | int | None] | None = None
    if "items" in body.model_fields_set and body.items is not None:
        items = scores_of(instrument, body.items, body.encoding)
        score = score_items(instrument, items, recall=recall)
    else:
        assert body.total is not None
        score = score_total(instrument, body.total)
    columns = {
        "sent_as": body.encoding if items is not None else Encoding.SCORE,
        "items": None if items is None else [None if one is None else _number(one) for one in items],
        "total_source": TotalSource.COMPUTED if items is not None else TotalSource.ENTERED,
        **_score_columns(score),
    }
    return _Answers(score, columns)


def _number(value: Decimal | int) -> int | float:
    """A number as JSON holds it: whole ones without a point."""
    return int(value) if value == int(value) else float(value)


def _wanted_recall(instrument: Instrument, period: str | None) -> Recall:
    if period is None:
        return instrument.recalls[0]
    found = next((recall for recall in instrument.recalls if recall.period == period), None)
    if found is None:
        detail = "The instrument has no such edition; its `recalls` name them."
        raise Invalid(faults=[Fault("unknown_recall_period", detail, pointer="#/recall_period")])
    return found


def _require_unscored(instrument: Instrument, answers: list[int | None] | None) -> None:
    if answers is None:
        return
    asked = instrument.unscored_items
    if len(answers) != len(asked):
        detail = f"Must hold {len(asked)} answers, null where there is none."
        raise Invalid(faults=[Fault("wrong_length", detail, pointer="#/unscored_items")])
    faults = [
        Fault("out_of_range", f"Must be between {one.minimum} and {one.maximum}.", pointer=f"#/unscored_items/{index}")
        for index, (one, answer) in enumerate(zip(asked, answers, strict=True))
        if answer is not None and not one.minimum <= answer <= one.maximum
    ]
    if faults:
        raise Invalid(faults=faults)


def _score_columns(score: Score) -> dict[str, Any]:
    return {
        "total": score.total,
        "severity": score.severity,
        "incomplete": score.incomplete,
        "prorated": score.prorated,
        "safety_item": None if score.safety_item is None else int(score.safety_item),
        "safety_item_missing": score.safety_item_missing,
        "subscores": {code: _number(part) for code, part in score.subscores.items()},
        "findings": dict(score.findings),
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
    day = clock.day_of(assessed_at, actor.time_zone)
    return instant_of(day, time(0), actor.time_zone) - timedelta(microseconds=1)


def _on_the_clock(
    actor: Actor,
    recall: Recall,
    dose: Any,  # a row of `latest_dose_before` or `doses_of`, or None
    answered_at: datetime | None,
    assessed_at: datetime,
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
    standing = (await db.execute(queries.standing_assessments(actor, patient_id))).scalars().all()
    first_doses = {dose.id: dose.started_at for dose in doses}
    for assessment in standing:
        recall = _recall_of(assessment)
        until = _doses_until(actor, recall, assessment.answered_at, assessment.assessed_at)
        before = [dose for dose in doses if dose.started_at <= until]
        last_dose = before[-1] if before else None
        columns = _on_the_clock(actor, recall, last_dose, assessment.answered_at, assessment.assessed_at)
        in_session = [one for one in standing if one.session_id == assessment.session_id]
        columns["findings"] = _with_dissociation(assessment, in_session, first_doses.get(assessment.session_id))
        if _set(assessment, columns):
            name_change(db, assessment, "assessment.placed_again", reason=cause, occurred_at=assessment.assessed_at)


async def _classify_again(
    db: WriteSession, actor: Actor, changed: Assessment, instrument: Instrument, cause: str
) -> None:
    """Say again what a session's ratings show, because one of them is new, another or no longer there."""
    if instrument.dissociation is None or changed.session_id is None:
        return
    await db.flush()
    treatment = await find(db, actor, TreatmentSession, changed.session_id)
    first_dose = None if treatment is None else treatment.started_at
    of_session = queries.standing_assessments(actor, changed.patient_id).where(
        Assessment.session_id == changed.session_id, Assessment.instrument == changed.instrument
    )
    standing = (await db.execute(of_session)).scalars().all()
    for assessment in standing:
        if not _set(assessment, {"findings": _with_dissociation(assessment, standing, first_dose)}):
            continue
        if assessment is not changed:
            name_change(db, assessment, "assessment.classified_again", reason=cause, occurred_at=assessment.assessed_at)


def _with_dissociation(
    assessment: Assessment, in_session: Sequence[Assessment], first_dose: datetime | None
) -> dict[str, str]:
    """The findings, with what the rating shows beside the same session's before the dose."""
    findings = {name: said for name, said in assessment.findings.items() if name != _DISSOCIATION}
    if assessment.session_id is None or first_dose is None or assessment.assessed_at <= first_dose:
        return findings
    before = [
        one
        for one in in_session
        if one.instrument == assessment.instrument and one.total is not None and one.assessed_at <= first_dose
    ]
    latest = max(before, key=lambda one: one.assessed_at, default=None)
    said = dissociation_finding(_instrument_of(assessment), assessment.total, None if latest is None else latest.total)
    return findings if said is None else {**findings, _DISSOCIATION: said}


async def _baseline(db: WriteSession, actor: Actor, assessment: Assessment, instrument: Instrument) -> Decimal | None:
    """The total a rise is measured from: the last one before the first dose of the course, not older than two weeks.

    Asked for only where the instrument has a rule about a rise. None before the first dose.
    """
    if assessment.days_since_last_dose is None or not any(
        rule.when is When.RISE_AT_LEAST for rule in instrument.alerts
    ):
        return None
    rows = (await db.execute(session_queries.doses_of(actor, assessment.patient_id))).all()
    zone = ZoneInfo(actor.time_zone)
    doses = [Dosed(row.started_at, row.given_on or row.started_at.astimezone(zone).date()) for row in rows]
    begun = [row.course_id for row, dose in zip(rows, doses, strict=True) if not is_before(assessment, dose)]
    course_id = assessment.course_id or (begun[-1] if begun else None)
    first = next((index for index, row in enumerate(rows) if row.course_id == course_id), None)
    if first is None or is_before(assessment, doses[first]):
        return None
    scores: Sequence[Any] = (await db.execute(queries.scores_of(actor, assessment.patient_id, instrument.code))).all()
    found = nearest_before(doses, first, scores, within_days=_BASELINE_DAYS)
    return None if found is None else found.total


def _set(assessment: Assessment, columns: Mapping[str, Any]) -> bool:
    """Set columns and say whether any of them is another than before."""
    changed = {name: value for name, value in columns.items() if getattr(assessment, name) != value}
    for name, value in changed.items():
        setattr(assessment, name, value)
    return bool(changed)


async def _raise(db: WriteSession, actor: Actor, assessment: Assessment, alert: SafetyAlert) -> None:
    cause = Cause(
        assessment.__resource__, assessment.id, assessment.patient_id, assessment.session_id, assessment.assessed_at
    )
    await raise_alert(db, actor, cause, code=alert.code, severity=alert.severity, rule=alert.rule)


async def alarm_of_assessments(db: WriteSession, actor: Actor, assessments: Sequence[Assessment]) -> None:
    """Raise what forms say of the patient they turned out to be of."""
    for assessment in assessments:
        if assessment.entered_in_error_at is not None:
            continue
        instrument = _instrument_of(assessment)
        if assessment.items is not None:
            items = [None if one is None else Decimal(str(one)) for one in assessment.items]
            score = score_items(instrument, items, recall=_recall_of(assessment))
        else:
            assert assessment.total is not None
            score = score_total(instrument, assessment.total)
        for alert in safety_alerts(instrument, score, baseline=await _baseline(db, actor, assessment, instrument)):
            await _raise(db, actor, assessment, alert)


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
    await require_unsigned(db, actor, assessment)
    why = reason_of_change(actor, assessment, reason)
    told = body.model_fields_set
    if {"items", "total"} <= told:
        raise Invalid(faults=[Fault("items_or_total", "Send items or a total, not both.", pointer="#/total")])
    if "encoding" in told and "items" not in told:
        raise Invalid(faults=[Fault("items_needed", "An encoding is said of items.", pointer="#/encoding")])
    if "answered_at" in told:
        assessment.answered_at, assessment.answered_on = body.answered_at, None
        assessment.assessed_at = body.answered_at
        recall = _recall_of(assessment)
        _set(
            assessment,
            await _clock_columns(db, actor, assessment.patient_id, recall, body.answered_at, body.answered_at),
        )
    instrument = _instrument_of(assessment)
    if "unscored_items" in told:
        _require_unscored(instrument, body.unscored_items)
    for member in ("rated_by", "note", "unscored_items"):
        if member in told:
            setattr(assessment, member, getattr(body, member))
    name_change(db, assessment, "assessment.corrected", reason=why, occurred_at=assessment.assessed_at)
    if told & {"items", "total"}:
        await _score_again(db, actor, assessment, body)
    await _classify_again(db, actor, assessment, instrument, "A rating of the session was corrected.")
    return assessment


async def _score_again(db: WriteSession, actor: Actor, assessment: Assessment, body: AssessmentUpdate) -> None:
    instrument = _instrument_of(assessment)
    answers = _answers(instrument, _recall_of(assessment), body)
    _set(assessment, answers.columns)
    await db.flush()
    wanted = {
        (alert.code, alert.severity): alert
        for alert in safety_alerts(
            instrument, answers.score, baseline=await _baseline(db, actor, assessment, instrument)
        )
    }
    standing = (await db.execute(alert_queries.unresolved_alerts_of(actor, assessment.id))).scalars().all()
    kept = {(alert.code, alert.severity) for alert in standing} & set(wanted)
    for code in {alert.code for alert in standing if (alert.code, alert.severity) not in kept}:
        await end_alerts_of(db, actor, assessment.id, "The answers were corrected.", code=code)
    for key, alert in wanted.items():
        if key not in kept:
            await _raise(db, actor, assessment, alert)


async def void_assessment(
    db: WriteSession, actor: Actor, assessment_id: UUID, reason: str, if_match: int | None
) -> Assessment:
    """Mark a form as entered in error; the alerts it caused end with that reason."""
    assessment = await one_for_update(db, actor, Assessment, assessment_id, if_match)
    await require_unsigned(db, actor, assessment)
    mark_entered_in_error(db, actor, assessment, reason)
    await end_alerts_of_voided(db, actor, assessment.id, reason)
    await _classify_again(db, actor, assessment, _instrument_of(assessment), "A rating of the session was in error.")
    return assessment
