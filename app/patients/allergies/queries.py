"""Which allergies an actor may see."""

from typing import Any, Final

from sqlalchemy import Select, select

from app.kernel.actor import Actor
from app.kernel.tables import Base
from app.patients.allergies.models import Allergy

allergy: Final = Base.metadata.tables[Allergy.__tablename__]


def visible_allergies(actor: Actor) -> Select[Any]:
    """Allergies of the clinic's patients."""
    return select(allergy).where(allergy.c.clinic_id == actor.clinic_id)
