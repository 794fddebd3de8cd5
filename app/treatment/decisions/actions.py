"""Recording what was decided in a course."""

from uuid import UUID

from app.assessments.models import Assessment
from app.courses.decisions.models import DoseDecision
from app.courses.decisions.schemas import DoseDecisionCreate
from app.courses.models import Course
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.errors import Fault, Invalid
from app.kernel.ledger import name_change
from app.kernel.records import already_created, find, identity_of, mark_entered_in_error, one, one_for_update


class UnknownScore(Invalid):
    """A decision rests on a score of the same patient."""

    title = "The patient has no such score"


async def record_decision(db: WriteSession, actor: Actor, course_id: UUID, body: DoseDecisionCreate) -> DoseDecision:
    """Record what was decided, in the course's present phase.

    Raises:
        UnknownScore: the patient has no such assessment.
    """
    if (before := await already_created(db, actor, DoseDecision, body, course_id=course_id)) is not None:
        return before
    course = await one(db, actor, Course, course_id)
    if body.assessment_id is not None:
        score = await find(db, actor, Assessment, body.assessment_id)
        if score is None or score.patient_id != course.patient_id or score.entered_in_error_at is not None:
            fault = Fault("unknown_score", "The patient has no such assessment.", pointer="#/assessment_id")
            raise UnknownScore(faults=[fault])
    facts = body.model_dump(exclude={"id"}) | {"decided_at": body.decided_at or clock.now()}
    decision = DoseDecision(
        **identity_of(actor, body), patient_id=course.patient_id, course_id=course.id, phase=course.phase, **facts
    )
    db.add(decision)
    name_change(db, decision, "dose_decision.recorded", reason=body.reason, occurred_at=decision.decided_at)
    return decision


async def void_decision(
    db: WriteSession, actor: Actor, decision_id: UUID, reason: str, if_match: int | None
) -> DoseDecision:
    """Mark a decision as entered in error."""
    decision = await one_for_update(db, actor, DoseDecision, decision_id, if_match)
    mark_entered_in_error(db, actor, decision, reason)
    return decision
