"""Which watches an actor may see."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select

from app.kernel.actor import Actor
from app.kernel.tables import Base
from app.monitoring.watches.models import Watch

watch: Final = Base.metadata.tables[Watch.__tablename__]


def visible_watches(actor: Actor) -> Select[Any]:
    """The clinic's watches."""
    return select(watch).where(watch.c.clinic_id == actor.clinic_id)


def current_watch(actor: Actor, session_id: UUID | ColumnElement[UUID]) -> Select[Any]:
    """The watch that lasts: the one that began last, of two that began at once the one recorded last."""
    return (
        visible_watches(actor)
        .where(watch.c.session_id == session_id, watch.c.entered_in_error_at.is_(None))
        .order_by(watch.c.watched_from.desc(), watch.c.id.desc())
        .limit(1)
    )
