"""Which conditions an actor may see."""

from typing import Any, Final

from sqlalchemy import Select, select

from app.kernel.actor import Actor
from app.kernel.tables import Base
from app.patients.conditions.models import Condition

condition: Final = Base.metadata.tables[Condition.__tablename__]


def visible_conditions(actor: Actor) -> Select[Any]:
    """Conditions of the clinic's patients."""
    return select(condition).where(condition.c.clinic_id == actor.clinic_id)
