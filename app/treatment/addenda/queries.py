"""Which addenda an actor may see."""

from typing import Any, Final

from sqlalchemy import Select, select

from app.kernel.actor import Actor
from app.kernel.tables import Base
from app.treatment.addenda.models import Addendum

addendum: Final = Base.metadata.tables[Addendum.__tablename__]


def visible_addenda(actor: Actor) -> Select[Any]:
    """The clinic's addenda."""
    return select(addendum).where(addendum.c.clinic_id == actor.clinic_id)
