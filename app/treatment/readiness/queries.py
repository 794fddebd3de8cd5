"""Everything the gates before a dose look at, in a constant number of statements."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import Select, select

from app.alerts.queries import alert, visible_alerts
from app.alerts.rules import AlertSeverity, AlertStatus
from app.assessments.catalogue import mania_rating_rule, outcome_instruments
from app.assessments.queries import assessment, visible_assessments
from app.courses.external.queries import given_elsewhere
from app.courses.queries import course
from app.courses.rules import When, moment
from app.dosing.queries import active_orders
from app.identity.rules import Role
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import ReadSession
from app.kernel.tables import Base
from app.monitoring.queries import visible_vital_signs, vital_signs
from app.patients.medications.catalogue import shipped_interactions
from app.patients.medications.queries import taken_on
from app.patients.medications.rules import Taken
from app.patients.queries import latest_weight, patient, visible_patients, weight
from app.patients.reproduction.catalogue import reproductive_limits
from app.patients.reproduction.queries import facts_of as reproductive_facts_of
from app.policies.catalogue import clock_tolerance
from app.policies.queries import values_for
from app.policies.rules import InForce
from app.protocols.rules import Drug
from app.screening.catalogue import latest_checklist
from app.screening.consents.queries import signed
from app.screening.enrolments.catalogue import shipped_programmes
from app.screening.enrolments.queries import enrolled
from app.screening.queries import as_screened, screening, visible_screenings
from app.screening.rules import Finding, ItemAnswer, ItemClass
from app.sessions.models import TreatmentSession
from app.sessions.queries import session, visible_sessions
from app.sessions.rules import MedicinesChanged
from app.sessions.schemas import Setting
from app.treatment.readiness.models import GateOverride
from app.treatment.readiness.rules import (
    ASKED,
    Asked,
    Badness,
    Book,
    CheckIn,
    Facts,
    GateCode,
    Measured,
    OpenAlert,
    Ordered,
    Overridden,
    Scored,
)

gate_override: Final = Base.metadata.tables[GateOverride.__tablename__]

_SCORES_LOOKED_AT: Final = 50
_ELSEWHERE: Final = timedelta(days=9)
"""Longer than any interval a clinic may ask for."""


def visible_gate_overrides(actor: Actor) -> Select[Any]:
    """Overrides in the clinic's sessions."""
    return select(gate_override).where(gate_override.c.clinic_id == actor.clinic_id)


async def asked_of(
    db: ReadSession, actor: Actor, treatment: TreatmentSession, *, held: bool = False
) -> tuple[Facts, Mapping[str, InForce]]:
    """What the gates of a session look at, and the policies they go by.

    Args:
        db: A session.
        actor: Who asks.
        treatment: The session.
        held: Keep the consents, screenings, enrolments, readings, scores, alerts, orders and overrides that are looked
            at as they are until the transaction ends. What somebody is changing is waited for, and then seen changed.
    """
    now = clock.now()
    at = treatment.started_at or now
    # The clock of the device that measured may be ahead of ours.
    until = treatment.started_at or now + clock_tolerance()
    patient_id, today = treatment.patient_id, moment(at, actor.time_zone).on
    policies = await values_for(db, actor, ASKED, patient_id, at=treatment.started_at)
    who = (await db.execute(_patient_of(actor, treatment))).one()
    asked = _hold(_screenings_of(actor, treatment), held=held)
    readings = _hold(_readings_of(actor, treatment, until), held=held)
    scores = _hold(_scores_of(actor, patient_id, until), held=held)
    alerts = _hold(_urgent_alerts_of(actor, patient_id), held=held)
    overrides = _hold(_overrides_of(actor, treatment), held=held)
    order = _hold(active_orders(actor, treatment.id), held=held)
    ordered = (await db.execute(order)).scalar_one_or_none()
    weighed = latest_weight(actor, patient_id).where(weight.c.measured_at <= until)
    facts = Facts(
        at=at,
        time_zone=actor.time_zone,
        drug=Drug(treatment.drug),
        book=_book(Drug(treatment.drug)),
        at_home=treatment.setting == Setting.HOME,
        location_id=treatment.location_id,
        sex=who.sex,
        born_on=who.birth_on,
        birth_year=who.birth_year,
        indication_code=who.indication_code,
        check_in=_check_in(treatment.check_in or {}),
        consents=await signed(db, actor, patient_id, held=held),
        screenings=[_asked(row) for row in (await db.execute(asked)).all()],
        enrolments=await enrolled(db, actor, patient_id, held=held),
        readings=[Measured(**row) for row in (await db.execute(readings)).mappings()],
        reproduction=await reproductive_facts_of(db, actor, patient_id),
        scores=[Scored(**row) for row in (await db.execute(scores)).mappings()],
        urgent_alerts=[OpenAlert(**row) for row in (await db.execute(alerts)).mappings()],
        doses=await _doses_before(db, actor, treatment, at),
        weighed_at=(await db.execute(weighed.with_only_columns(weight.c.measured_at))).scalar_one_or_none(),
        order=None if ordered is None else Ordered(ordered.id, ordered.current_weight_kg),
        medicines=[Taken(*row) for row in (await db.execute(taken_on(actor, patient_id, today))).all()],
        overrides=[_overridden(row) for row in (await db.execute(overrides)).all()],
    )
    return facts, policies


_Statement = TypeVar("_Statement", bound=Select[Any] | Select[Any, Any])


def _hold(statement: _Statement, *, held: bool) -> _Statement:
    return statement.with_for_update(read=True) if held else statement


def _book(drug: Drug) -> Book:
    items = latest_checklist().items
    return Book(
        programmes=tuple(shipped_programmes().values()),
        classes={item.code: item.classes[drug] for item in items if drug in item.classes},
        reproduction=reproductive_limits(),
        mania=mania_rating_rule(),
        mood_instruments=outcome_instruments(),
        interactions=shipped_interactions(),
    )


def _patient_of(actor: Actor, treatment: TreatmentSession) -> Select[Any, Any, Any, Any]:
    same = (course.c.clinic_id == patient.c.clinic_id) & (course.c.id == treatment.course_id)
    return (
        visible_patients(actor)
        .with_only_columns(patient.c.sex, patient.c.birth_on, patient.c.birth_year, course.c.indication_code)
        .join(course, same)
        .where(patient.c.id == treatment.patient_id)
    )


def _screenings_of(actor: Actor, treatment: TreatmentSession) -> Select[Any]:
    """The patient's screenings about eligibility, and those of the session's day."""
    columns = screening.c
    return visible_screenings(actor).where(
        columns.patient_id == treatment.patient_id,
        columns.session_id.is_(None) | (columns.session_id == treatment.id),
        columns.entered_in_error_at.is_(None),
    )


def _asked(row: Any) -> Asked:
    return Asked(
        screened=as_screened(row),
        answers={one["code"]: ItemAnswer(one["answer"]) for one in row.answers},
        findings=[
            Finding(one["code"], ItemClass(one["item_class"]), one["answer"] and ItemAnswer(one["answer"]))
            for one in row.findings
        ],
        overrides=frozenset(row.overrides),
        decided_by=row.decided_by,
    )


def _readings_of(actor: Actor, treatment: TreatmentSession, until: datetime) -> Select[Any]:
    return (
        visible_vital_signs(actor)
        .where(
            vital_signs.c.session_id == treatment.id,
            vital_signs.c.measured_at <= until,
            vital_signs.c.entered_in_error_at.is_(None),
        )
        .with_only_columns(*(vital_signs.c[one.name] for one in fields(Measured)))
    )


def _scores_of(actor: Actor, patient_id: UUID, until: datetime) -> Select[Any]:
    return (
        visible_assessments(actor)
        .where(
            assessment.c.patient_id == patient_id,
            assessment.c.instrument.in_([*outcome_instruments(), mania_rating_rule().instrument]),
            assessment.c.assessed_at <= until,
            assessment.c.entered_in_error_at.is_(None),
        )
        .with_only_columns(*(assessment.c[one.name] for one in fields(Scored)))
        .order_by(assessment.c.assessed_at.desc(), assessment.c.id.desc())
        .limit(_SCORES_LOOKED_AT)
    )


def _urgent_alerts_of(actor: Actor, patient_id: UUID) -> Select[Any, Any]:
    return (
        visible_alerts(actor)
        .where(
            alert.c.patient_id == patient_id,
            alert.c.status == AlertStatus.OPEN,
            alert.c.severity.in_([AlertSeverity.URGENT, AlertSeverity.EMERGENCY]),
            alert.c.entered_in_error_at.is_(None),
        )
        .with_only_columns(alert.c.id, alert.c.code)
    )


async def _doses_before(db: ReadSession, actor: Actor, treatment: TreatmentSession, at: datetime) -> list[When]:
    """The patient's latest dose here before this session's, and those of the last days elsewhere."""
    here = (
        visible_sessions(actor)
        .where(
            session.c.patient_id == treatment.patient_id,
            session.c.id != treatment.id,
            session.c.started_at <= at,
            session.c.entered_in_error_at.is_(None),
        )
        .with_only_columns(session.c.started_at, session.c.last_dose_at, session.c.given_on)
        .order_by(session.c.started_at.desc())
        .limit(1)
    )
    elsewhere = given_elsewhere(actor, treatment.patient_id, at - _ELSEWHERE, at)
    told = [(row.last_dose_at or row.started_at, row.given_on) for row in (await db.execute(here)).all()]
    doses = [When(on, None) if on is not None else moment(given, actor.time_zone) for given, on in told]
    for given, on, _ in (await db.execute(elsewhere)).all():
        doses += [moment(given, actor.time_zone) if given else When(on, None)]
    return doses


def _check_in(told: Mapping[str, Any]) -> CheckIn:
    def time(member: str) -> datetime | None:
        return datetime.fromisoformat(told[member]) if told.get(member) else None

    changed = told.get("medicines_changed")
    return CheckIn(
        identifiers_checked=told.get("identifiers_checked"),
        last_ate_at=time("last_ate_at"),
        last_drank_at=time("last_drank_at"),
        last_nasal_drug_at=time("last_nasal_drug_at"),
        escort_name=told.get("escort_name"),
        medicines_changed=None if changed is None else MedicinesChanged(changed),
    )


def _overrides_of(actor: Actor, treatment: TreatmentSession) -> Select[Any]:
    return visible_gate_overrides(actor).where(
        gate_override.c.session_id == treatment.id, gate_override.c.entered_in_error_at.is_(None)
    )


def _overridden(row: Any) -> Overridden:
    amounts = {name: Decimal(amount) for name, amount in row.badness["amounts"].items()}
    return Overridden(
        id=row.id,
        gate=GateCode(row.gate),
        role=Role(row.role),
        reason=row.reason,
        given_by=row.recorded_by,
        given_at=row.recorded_at,
        known=Badness(frozenset(row.badness["codes"]), amounts),
    )
