"""Which assessments an actor may see."""

from typing import Any, Final

from sqlalchemy import Select, select

from app.assessments.models import Assessment
from app.kernel.actor import Actor
from app.kernel.tables import Base

assessment: Final = Base.metadata.tables[Assessment.__tablename__]


def visible_assessments(actor: Actor) -> Select[Any]:
    """The clinic's assessments."""
    return select(assessment).where(assessment.c.clinic_id == actor.clinic_id)
