"""Recording and correcting what was asked before treatment, and deciding on it."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.errors import require_in_order
from app.kernel.ledger import name_change
from app.kernel.records import (
    already_created,
    identity_of,
    mark_entered_in_error,
    one,
    one_for_update,
    reason_of_change,
)
from app.patients.models import Patient
from app.policies.queries import number_for
from app.protocols.rules import Drug
from app.screening import rules
from app.screening.catalogue import latest_checklist, shipped_checklists
from app.screening.models import Screening
from app.screening.rules import EligibilityDecision, ItemAnswer, Judgement, Purpose
from app.screening.schemas import DecideScreening, ScreeningCreate, ScreeningUpdate

# What a decision rests on: another answer, or another drug, may come to something else.
_JUDGED = ("answers", "drug")


async def record_screening(db: WriteSession, actor: Actor, patient_id: UUID, body: ScreeningCreate) -> Screening:
    """Record answers and what they come to; whoever calls has seen to it that the session is the patient's.

    Raises:
        AnsweredTwice: an item has two answers.
    """
    if (before := await already_created(db, actor, Screening, body, patient_id=patient_id)) is not None:
        return before
    patient = await one(db, actor, Patient, patient_id)
    checklist = latest_checklist()
    screening = Screening(
        **identity_of(actor, body),
        **body.model_dump(exclude={"id"}),
        patient_id=patient.id,
        purpose=Purpose.ELIGIBILITY if body.session_id is None else Purpose.SESSION,
        checklist_code=checklist.code,
        checklist_version=checklist.version,
        overrides=[],
    )
    _judge(screening)
    db.add(screening)
    name_change(db, screening, "screening.recorded", occurred_at=screening.screened_at)
    return screening


def _judge(screening: Screening) -> None:
    """Say what the answers come to, by the version of the checklist that was asked."""
    rules.require_answered_once([one["code"] for one in screening.answers])
    judgement = _judgement(screening)
    screening.outcome = judgement.outcome
    screening.findings = [asdict(finding) for finding in judgement.findings]


def _judgement(screening: Screening) -> Judgement:
    checklist = shipped_checklists()[screening.checklist_code, screening.checklist_version]
    answers = {one["code"]: ItemAnswer(one["answer"]) for one in screening.answers}
    return rules.judge(checklist, Drug(screening.drug), Purpose(screening.purpose), answers)


async def correct_screening(  # a correction carries version and reason
    db: WriteSession, actor: Actor, screening_id: UUID, body: ScreeningUpdate, if_match: int | None, reason: str | None
) -> Screening:
    """Correct what was asked. The outcome follows, and a decision made before it no longer counts.

    Raises:
        AnsweredTwice: an item has two answers.
        EndsBeforeStart: the decision would come before the answers.
    """
    screening = await one_for_update(db, actor, Screening, screening_id, if_match)
    why = reason_of_change(actor, screening, reason)
    facts: dict[str, Any] = body.model_dump(exclude_unset=True)
    rests_on_others = any(name in facts and facts[name] != getattr(screening, name) for name in _JUDGED)
    for member, value in facts.items():
        setattr(screening, member, value)
    require_in_order(screening.screened_at, screening.decided_at, pointer="#/screened_at")
    if rests_on_others:
        _judge(screening)
        if screening.decision is not None:
            screening.decision_is_current = False
    name_change(db, screening, "screening.corrected", reason=why, occurred_at=screening.screened_at)
    return screening


async def decide_screening(
    db: WriteSession, actor: Actor, screening_id: UUID, body: DecideScreening, if_match: int | None
) -> Screening:
    """Decide on the answers as they are now; an earlier decision stays in the history.

    Raises:
        NotOfEligibility: it was asked for one session.
        NotAFinding: an override names no finding.
        DecisionNeedsMore: a reason, an answer or an override is missing.
        EndsBeforeStart: decided before it was asked, or expiring before it was decided.
    """
    screening = await one_for_update(db, actor, Screening, screening_id, if_match)
    if Purpose(screening.purpose) is Purpose.SESSION:
        raise rules.NotOfEligibility
    rules.require_decidable(_judgement(screening), body.decision, reason=body.reason, overrides=body.overrides)
    decided_at = body.decided_at or clock.now()
    require_in_order(screening.screened_at, decided_at, pointer="#/decided_at")
    decided_on = clock.day_of(decided_at, actor.time_zone)
    require_in_order(decided_on, body.expires_on, pointer="#/expires_on")
    expires_on = body.expires_on
    if expires_on is None and body.decision is not EligibilityDecision.NOT_ELIGIBLE:
        expires_on = rules.months_after(decided_on, int(await number_for(db, actor, "screening_valid_months")))
    screening.decision = body.decision
    screening.decided_at = decided_at
    screening.decided_by = actor.principal_id
    screening.decision_reason = body.reason
    screening.conditions = body.conditions
    screening.overrides = list(body.overrides)
    screening.decided_version = screening.version
    screening.decision_is_current = True
    screening.expires_on = expires_on
    name_change(db, screening, "screening.decided", reason=body.reason, occurred_at=decided_at)
    return screening


async def void_screening(
    db: WriteSession, actor: Actor, screening_id: UUID, reason: str, if_match: int | None
) -> Screening:
    """Mark a screening, and what was decided on it, as entered in error."""
    screening = await one_for_update(db, actor, Screening, screening_id, if_match)
    mark_entered_in_error(db, actor, screening, reason)
    return screening
