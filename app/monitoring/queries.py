"""Which readings and notes an actor may see."""

from typing import Any, Final

from sqlalchemy import Select, select

from app.kernel.actor import Actor
from app.kernel.tables import Base
from app.monitoring.models import DissociationNote, VitalSigns

vital_signs: Final = Base.metadata.tables[VitalSigns.__tablename__]
dissociation_note: Final = Base.metadata.tables[DissociationNote.__tablename__]


def visible_vital_signs(actor: Actor) -> Select[Any]:
    """The clinic's readings."""
    return select(vital_signs).where(vital_signs.c.clinic_id == actor.clinic_id)


def visible_dissociation_notes(actor: Actor) -> Select[Any]:
    """The clinic's dissociation notes."""
    return select(dissociation_note).where(dissociation_note.c.clinic_id == actor.clinic_id)
