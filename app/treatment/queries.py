"""Everything of a session, to change it together."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from app.kernel.actor import Actor
from app.kernel.tables import ClinicRecord


def standing_children(actor: Actor, model: type[ClinicRecord], session_id: UUID) -> Select[Any]:
    """A session's records of one kind that stand, locked."""
    columns: Any = model
    return (
        select(model)
        .where(
            model.clinic_id == actor.clinic_id,
            columns.session_id == session_id,
            model.entered_in_error_at.is_(None),
        )
        .with_for_update()
    )
