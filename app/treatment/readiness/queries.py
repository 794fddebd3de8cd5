"""Everything the gates before a dose look at, in one statement."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from types import SimpleNamespace
from typing import Any, Final

import orjson
from sqlalchemy import Date, Select, Uuid, bindparam, or_, select

from app.alerts.queries import alert, visible_alerts
from app.alerts.rules import AlertSeverity, AlertStatus
from app.assessments.catalogue import mania_rating_rule, outcome_instruments
from app.assessments.queries import assessment, visible_assessments
from app.courses.external.queries import external, given_elsewhere
from app.courses.queries import course, visible_courses
from app.courses.rules import When, moment
from app.dosing.queries import dose_order, visible_dose_orders
from app.dosing.rules import OrderStatus
from app.identity.rules import Role
from app.kernel import clock
from app.kernel.actor import Actor, whoever_asks
from app.kernel.database import ReadSession
from app.kernel.json_rows import as_object, as_pieces, as_text, values_of
from app.kernel.tables import Base, UtcDateTime
from app.monitoring.queries import visible_vital_signs, vital_signs
from app.patients.medications.catalogue import shipped_interactions
from app.patients.medications.queries import taken_on
from app.patients.medications.rules import Taken
from app.patients.queries import patient, visible_weights, weight
from app.patients.reproduction.catalogue import reproductive_limits
from app.patients.reproduction.queries import as_fact
from app.patients.reproduction.queries import facts_of as reproductive_facts_of
from app.policies.catalogue import clock_tolerance
from app.policies.queries import values_for
from app.policies.rules import InForce
from app.protocols.rules import Drug
from app.screening.catalogue import latest_checklist
from app.screening.consents.queries import as_signed, signed_by
from app.screening.enrolments.catalogue import shipped_programmes
from app.screening.enrolments.queries import enrolled
from app.screening.enrolments.rules import Enrolled
from app.screening.queries import as_screened, screening, visible_screenings
from app.screening.rules import Finding, ItemAnswer, ItemClass, Screened
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

# Stand for what differs from request to request: a statement this long is built once for all.
_CLINIC: Final[Any] = bindparam("facts_clinic_id", type_=Uuid())
_PATIENT: Final[Any] = bindparam("facts_patient_id", type_=Uuid())
_COURSE: Final[Any] = bindparam("facts_course_id", type_=Uuid())
_SESSION: Final[Any] = bindparam("facts_session_id", type_=Uuid())
_AT: Final[Any] = bindparam("facts_at", type_=UtcDateTime())
_SINCE: Final[Any] = bindparam("facts_since", type_=UtcDateTime())
_UNTIL: Final[Any] = bindparam("facts_until", type_=UtcDateTime())
_TODAY: Final[Any] = bindparam("facts_today", type_=Date())
_ANYBODY: Final = whoever_asks(_CLINIC)

_WHO: Final = ("id", "sex", "birth_on", "birth_year")
_SCREENED: Final = (*Screened.__dataclass_fields__, "answers", "findings", "overrides", "decided_by")
_OVERRIDDEN: Final = ("id", "gate", "role", "reason", "recorded_by", "recorded_at", "badness")
_HELD: Final = frozenset(
    {"consents", "screenings", "enrolments", "readings", "scores", "urgent_alerts", "orders", "overrides"}
)
"""What a clearance keeps from changing."""


def visible_gate_overrides(actor: Actor) -> Select[Any]:
    """Overrides in the clinic's sessions."""
    return select(gate_override).where(gate_override.c.clinic_id == actor.clinic_id)


async def asked_of(
    db: ReadSession, actor: Actor, treatment: TreatmentSession, *, held: bool = False
) -> tuple[Facts, Mapping[str, InForce]]:
    """What the gates of a session look at, and the policies they go by: two statements.

    Args:
        db: A session.
        actor: Who asks.
        treatment: The session.
        held: Keep the consents, screenings, enrolments, readings, scores, alerts, orders and overrides that are looked
            at as they are until the transaction ends. What somebody is changing is waited for, and then seen changed.
    """
    now = clock.now()
    at = treatment.started_at or now
    policies = await values_for(db, actor, ASKED, treatment.patient_id, at=treatment.started_at)
    wanted = {
        _CLINIC.key: actor.clinic_id,
        _PATIENT.key: treatment.patient_id,
        _COURSE.key: treatment.course_id,
        _SESSION.key: treatment.id,
        _AT.key: at,
        _SINCE.key: at - _ELSEWHERE,
        # The clock of the device that measured may be ahead of ours.
        _UNTIL.key: treatment.started_at or now + clock_tolerance(),
        _TODAY.key: moment(at, actor.time_zone).on,
    }
    statement = _told(held=held)
    if held:
        # Once to wait for whoever is changing any of it, so that the second time shows all they have changed.
        await db.execute(statement, wanted)
    told = orjson.loads((await db.execute(statement, wanted)).scalar_one())
    return _facts(actor, treatment, at, told), policies


@cache
def _parts() -> Mapping[str, Select[*tuple[Any, ...]]]:
    """The rows the gates look at, by what they are called here."""
    actor = _ANYBODY
    return {
        "indications": visible_courses(actor)
        .where(course.c.id == _COURSE)
        .with_only_columns(course.c.id, course.c.indication_code),
        "consents": signed_by(actor, _PATIENT),
        "screenings": _screenings(actor),
        "enrolments": enrolled(actor, _PATIENT),
        "readings": _readings(actor),
        "reproduction": reproductive_facts_of(actor, _PATIENT),
        "scores": _scores(actor),
        "urgent_alerts": _urgent_alerts(actor),
        "doses": _dose_before(actor),
        "elsewhere": given_elsewhere(actor, _PATIENT, _SINCE, _AT).with_only_columns(
            external.c.id, external.c.given_at, external.c.given_on
        ),
        "weights": visible_weights(actor)
        .where(weight.c.patient_id == _PATIENT, weight.c.measured_at <= _UNTIL, weight.c.entered_in_error_at.is_(None))
        .with_only_columns(weight.c.id, weight.c.measured_at)
        .order_by(weight.c.measured_at.desc(), weight.c.id.desc())
        .limit(1),
        "orders": visible_dose_orders(actor)
        .where(
            dose_order.c.session_id == _SESSION,
            dose_order.c.status == OrderStatus.ACTIVE,
            dose_order.c.entered_in_error_at.is_(None),
        )
        .with_only_columns(dose_order.c.id, dose_order.c.current_weight_kg),
        "medicines": taken_on(actor, _PATIENT, _TODAY),
        "overrides": visible_gate_overrides(actor)
        .where(gate_override.c.session_id == _SESSION, gate_override.c.entered_in_error_at.is_(None))
        .with_only_columns(*(gate_override.c[name] for name in _OVERRIDDEN)),
    }


@cache
def _told(*, held: bool) -> Select[Any]:
    """The patient as JSON, with everything that is looked at."""
    inside = {
        name: as_pieces(part.with_for_update(read=True) if held and name in _HELD else part, patient)
        for name, part in _parts().items()
    }
    shown = as_text(as_object("patient", (*_WHO, *inside), patient, inside)).label("shown")
    return select(shown).where(patient.c.clinic_id == _CLINIC, patient.c.id == _PATIENT)


def _screenings(actor: Actor) -> Select[Any]:
    """The patient's screenings about eligibility, and those of the session's day."""
    columns = screening.c
    return (
        visible_screenings(actor)
        .where(
            columns.patient_id == _PATIENT,
            or_(columns.session_id.is_(None), columns.session_id == _SESSION),
            columns.entered_in_error_at.is_(None),
        )
        .with_only_columns(*(columns[name] for name in _SCREENED))
    )


def _readings(actor: Actor) -> Select[Any]:
    columns = vital_signs.c
    return (
        visible_vital_signs(actor)
        .where(columns.session_id == _SESSION, columns.measured_at <= _UNTIL, columns.entered_in_error_at.is_(None))
        .with_only_columns(*(columns[name] for name in Measured.__dataclass_fields__))
    )


def _scores(actor: Actor) -> Select[Any]:
    columns = assessment.c
    return (
        visible_assessments(actor)
        .where(
            columns.patient_id == _PATIENT,
            columns.instrument.in_([*outcome_instruments(), mania_rating_rule().instrument]),
            columns.assessed_at <= _UNTIL,
            columns.entered_in_error_at.is_(None),
        )
        .with_only_columns(*(columns[name] for name in Scored.__dataclass_fields__))
        .order_by(columns.assessed_at.desc(), columns.id.desc())
        .limit(_SCORES_LOOKED_AT)
    )


def _urgent_alerts(actor: Actor) -> Select[Any, Any]:
    """Those nobody had answered by then: what is raised or acknowledged after the dose says nothing of its start."""
    columns = alert.c
    return (
        visible_alerts(actor)
        .where(
            columns.patient_id == _PATIENT,
            columns.status != AlertStatus.HISTORIC,
            columns.severity.in_([AlertSeverity.URGENT, AlertSeverity.EMERGENCY]),
            columns.raised_at <= _UNTIL,
            or_(columns.acknowledged_at.is_(None), columns.acknowledged_at > _UNTIL),
            or_(columns.resolved_at.is_(None), columns.resolved_at > _UNTIL),
            columns.entered_in_error_at.is_(None),
        )
        .with_only_columns(columns.id, columns.code)
    )


def _dose_before(actor: Actor) -> Select[Any, Any, Any, Any]:
    """The patient's latest dose here before this session's."""
    columns = session.c
    return (
        visible_sessions(actor)
        .where(
            columns.patient_id == _PATIENT,
            columns.id != _SESSION,
            columns.started_at <= _AT,
            columns.entered_in_error_at.is_(None),
        )
        .with_only_columns(columns.id, columns.started_at, columns.last_dose_at, columns.given_on)
        .order_by(columns.started_at.desc())
        .limit(1)
    )


# ── as the rules want it ─────────────────────────────────────────────────────────────────────────────────────────────


def _facts(actor: Actor, treatment: TreatmentSession, at: datetime, told: Mapping[str, Any]) -> Facts:
    drug = Drug(treatment.drug)
    who = values_of((patient.c[name] for name in _WHO), told)
    rows = {name: [values_of(part.selected_columns, row) for row in told[name]] for name, part in _parts().items()}
    (indicated,) = rows["indications"]
    weighed, ordered = rows["weights"], rows["orders"]
    return Facts(
        at=at,
        day_only=treatment.given_on is not None,
        time_zone=actor.time_zone,
        drug=drug,
        book=_book(drug),
        at_home=treatment.setting == Setting.HOME,
        location_id=treatment.location_id,
        sex=who["sex"],
        born_on=who["birth_on"],
        birth_year=who["birth_year"],
        indication_code=indicated["indication_code"],
        check_in=_check_in(treatment),
        consents=[as_signed(SimpleNamespace(**row)) for row in rows["consents"]],
        screenings=[_asked(SimpleNamespace(**row)) for row in rows["screenings"]],
        enrolments=[Enrolled(**row) for row in rows["enrolments"]],
        # Where only the day of the dose is known, no reading is known to have come before it.
        readings=[Measured(**row) for row in rows["readings"]] if treatment.given_on is None else [],
        reproduction=[as_fact(SimpleNamespace(**row)) for row in rows["reproduction"]],
        scores=[Scored(**row) for row in rows["scores"]],
        urgent_alerts=[OpenAlert(**row) for row in rows["urgent_alerts"]],
        doses=[_when(actor, row["last_dose_at"] or row["started_at"], row["given_on"]) for row in rows["doses"]]
        + [_when(actor, row["given_at"], row["given_on"]) for row in rows["elsewhere"]],
        weighed_at=weighed[0]["measured_at"] if weighed else None,
        order=Ordered(**ordered[0]) if ordered else None,
        medicines=[Taken(**row) for row in rows["medicines"]],
        overrides=[_overridden(SimpleNamespace(**row)) for row in rows["overrides"]],
    )


@cache
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


def _when(actor: Actor, at: datetime | None, on: date | None) -> When:
    """When a dose was given: the day where only that is known, or else its last moment."""
    if on is not None:
        return When(on, None)
    assert at is not None
    return moment(at, actor.time_zone)


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


def _check_in(treatment: TreatmentSession) -> CheckIn:
    told = treatment.check_in or {}
    # Nobody checked in where it is recorded afterwards; who took the patient home is then known from the end.
    taken_home_by = treatment.escort_name if treatment.recorded_afterwards else None

    def time(member: str) -> datetime | None:
        return datetime.fromisoformat(told[member]) if told.get(member) else None

    changed = told.get("medicines_changed")
    return CheckIn(
        identifiers_checked=told.get("identifiers_checked"),
        last_ate_at=time("last_ate_at"),
        last_drank_at=time("last_drank_at"),
        last_nasal_drug_at=time("last_nasal_drug_at"),
        escort_name=told.get("escort_name") or taken_home_by,
        medicines_changed=None if changed is None else MedicinesChanged(changed),
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
