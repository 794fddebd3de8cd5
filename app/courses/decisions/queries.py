"""Which decisions an actor may see."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select

from app.courses.decisions.models import DoseDecision
from app.kernel.actor import Actor
from app.kernel.tables import Base

dose_decision: Final = Base.metadata.tables[DoseDecision.__tablename__]


def visible_dose_decisions(actor: Actor) -> Select[Any]:
    """Decisions in the clinic's courses."""
    return select(dose_decision).where(dose_decision.c.clinic_id == actor.clinic_id)


def decided_to_continue(actor: Actor, course_id: UUID, phase: str) -> Select[Any]:
    """Decisions made in a phase of a course to go on, that rest on a score."""
    return visible_dose_decisions(actor).where(
        dose_decision.c.course_id == course_id,
        dose_decision.c.phase == phase,
        dose_decision.c.decision == "continue",
        dose_decision.c.assessment_id.is_not(None),
        dose_decision.c.entered_in_error_at.is_(None),
    )
