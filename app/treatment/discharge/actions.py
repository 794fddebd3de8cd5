"""Letting a patient go home, and saying beforehand whether they may."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.courses.models import Course
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import ReadSession, WriteSession
from app.kernel.endpoint import require_permission
from app.kernel.errors import Fault, Invalid, NotFound
from app.kernel.ledger import name_change
from app.kernel.records import find, one_for_update
from app.policies.catalogue import clock_tolerance
from app.policies.queries import values_for
from app.protocols.queries import resolve
from app.sessions.actions import is_frozen, require_after_start
from app.sessions.models import TreatmentSession
from app.sessions.rules import AlreadySigned, SessionStatus, require_move
from app.treatment.discharge import queries, rules
from app.treatment.discharge.catalogue import shipped_checklist
from app.treatment.discharge.rules import Criterion, Facts, Limits, NotDischargeable, Rated, Reading
from app.treatment.discharge.schemas import DischargeSession

# Whoever may order a dose may answer for letting somebody go.
OVERRIDES: Final = "order:write"

_ANSWERS: Final = {
    "orientation": "oriented",
    "gait": "walks_unaided",
    "nausea": "nausea_controlled",
    "suicidal_intent": "no_suicidal_intent",
    "iv_removed": "iv_removed",
    "instructions": "instructions_given",
}


class LiesAhead(Invalid):
    """Nobody has gone home yet who goes later."""

    code = "lies-ahead"
    title = "The moment lies ahead"
    advice = "Record it when it has happened, or correct the time."


async def criteria_at(
    db: ReadSession, actor: Actor, treatment: TreatmentSession, at: datetime, answers: Mapping[str, bool]
) -> list[Criterion]:
    """How each criterion stands for a session at a moment."""
    course = await find(db, actor, Course, treatment.course_id)
    assert course is not None
    protocol = await resolve(db, actor, course.protocol_code, course.protocol_version)
    limits = Limits(
        shipped_checklist(),
        protocol.observation,
        f"{protocol.code}@{protocol.version}",
        await values_for(db, actor, rules.LIMITS, treatment.patient_id),
    )
    readings = (await db.execute(queries.readings_of(actor, treatment.id))).all()
    noted = (await db.execute(queries.intensities_of(actor, treatment.id))).all()
    rated = (await db.execute(queries.cadss_of(actor, treatment.id))).all()
    alerts = (await db.execute(queries.open_urgent_alerts(actor, treatment.patient_id))).scalar_one()
    facts = Facts(
        at=at,
        drug=treatment.drug,
        route=treatment.route,
        setting=treatment.setting,
        started_at=treatment.started_at,
        last_dose_at=treatment.last_dose_at,
        last_started_at=treatment.last_started_at,
        dosing_ended=treatment.dosing_ended_at is not None,
        readings=[
            Reading(
                one_of.measured_at,
                one_of.systolic_mmhg,
                one_of.diastolic_mmhg,
                one_of.spo2_percent,
                bool(one_of.oxygen_l_per_min),
                one_of.sedation_moaas,
            )
            for one_of in readings
        ],
        cadss=[Rated(answered_at, total) for answered_at, total in rated],
        intensities=[Rated(observed_at, intensity) for observed_at, intensity in noted],
        answers=answers,
        open_urgent_alerts=alerts,
    )
    return rules.discharge_criteria(facts, limits)


async def discharge_readiness(db: ReadSession, actor: Actor, session_id: UUID) -> dict[str, Any]:
    """Whether a patient may go home now, with everything that is asked."""
    treatment = await find(db, actor, TreatmentSession, session_id)
    if treatment is None or treatment.entered_in_error_at is not None:
        raise NotFound
    now = clock.now()
    known = {"escort": True} if treatment.escort_name else {}
    criteria = await criteria_at(db, actor, treatment, now, known)
    lacking = [one_of.code for one_of in rules.missing(criteria)]
    to_ask = [code for code in lacking if code in rules.ANSWERED]
    return {
        "object": "discharge_readiness",
        "session_id": treatment.id,
        "patient_id": treatment.patient_id,
        "at": now,
        "ready": lacking == to_ask and treatment.status == SessionStatus.OBSERVING,
        "to_ask": to_ask,
        "criteria": [one_of.told() for one_of in criteria],
    }


async def discharge_session(
    db: WriteSession, actor: Actor, session_id: UUID, body: DischargeSession, if_match: int | None
) -> TreatmentSession:
    """Let the patient go home. What was missing stays with the session, whoever answers for it.

    Raises:
        AlreadySigned: it is over and signed.
        IllegalTransition: nobody is being watched in this session.
        EndsBeforeStart, LiesAhead: the moment cannot be.
        NotDischargeable: something is missing, and nobody answers for it.
        Forbidden: a reason to let them go all the same, from somebody who may not give one.
    """
    treatment = await one_for_update(db, actor, TreatmentSession, session_id, if_match)
    if is_frozen(treatment):
        raise AlreadySigned
    require_move(SessionStatus(treatment.status), SessionStatus.DISCHARGED)
    at = body.discharged_at or clock.now()
    require_after_start(treatment, at, "#/discharged_at")
    _require_past(at)
    escort_name = body.escort_name or treatment.escort_name
    told = {code: getattr(body, member) for code, member in _ANSWERS.items()} | {
        "escort": True if escort_name else None
    }
    answers = {code: answer for code, answer in told.items() if answer is not None}
    criteria = await criteria_at(db, actor, treatment, at, answers)
    overridden = _require_dischargeable(actor, criteria, body)
    treatment.status = SessionStatus.DISCHARGED
    treatment.discharged_at = at
    treatment.condition_at_discharge = body.condition
    treatment.escort_name = escort_name
    treatment.left_against_advice = body.left_against_advice
    treatment.leaving_told_to = body.told_to
    treatment.discharge_override_reason = body.override_reason if overridden else None
    treatment.discharge_criteria = [one_of.told() for one_of in criteria]
    for member in (
        "escort_relation",
        "escort_phone",
        "escort_left_at",
        "instructions_version",
        "would_have_been_ready_at",
    ):
        setattr(treatment, member, getattr(body, member))
    if body.note is not None:
        treatment.note = body.note
    name_change(db, treatment, "session.discharged", reason=treatment.discharge_override_reason, occurred_at=at)
    return treatment


def _require_dischargeable(actor: Actor, criteria: list[Criterion], body: DischargeSession) -> bool:
    """Whether a prescriber's reason is what lets the patient go."""
    lacking = rules.missing(criteria)
    if not lacking or body.left_against_advice:
        return False
    if body.override_reason is None:
        listed = [one_of.told() for one_of in lacking]
        raise NotDischargeable("Something is missing; `criteria` says what.", members={"criteria": listed})
    require_permission(actor, OVERRIDES)
    return True


def _require_past(at: datetime) -> None:
    if at > clock.now() + clock_tolerance():
        raise LiesAhead(faults=[Fault("in_future", "Must not lie ahead.", pointer="#/discharged_at")])
