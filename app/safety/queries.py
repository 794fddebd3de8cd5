"""Which adverse events an actor may see."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select

from app.kernel.actor import Actor
from app.kernel.tables import Base
from app.safety.models import AdverseEvent

adverse_event: Final = Base.metadata.tables[AdverseEvent.__tablename__]


def visible_adverse_events(actor: Actor) -> Select[Any]:
    """The clinic's adverse events."""
    return select(adverse_event).where(adverse_event.c.clinic_id == actor.clinic_id)


def standing_events_of(actor: Actor, session_id: UUID) -> Select[AdverseEvent]:
    """A session's adverse events, locked."""
    return (
        select(AdverseEvent)
        .where(
            AdverseEvent.clinic_id == actor.clinic_id,
            AdverseEvent.session_id == session_id,
            AdverseEvent.entered_in_error_at.is_(None),
        )
        .order_by(AdverseEvent.id)
        .with_for_update()
    )
