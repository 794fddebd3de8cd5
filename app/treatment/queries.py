"""Everything of a session, to change it together."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from app.kernel.actor import Actor
from app.kernel.tables import ClinicRecord


def standing_children(actor: Actor, model: type[ClinicRecord], column: str, parent_id: UUID) -> Select[Any]:
    """Records of one kind that stand below a parent, locked."""
    return (
        select(model)
        .where(
            model.clinic_id == actor.clinic_id,
            getattr(model, column) == parent_id,
            model.entered_in_error_at.is_(None),
        )
        .with_for_update()
    )


def standing_below(actor: Actor, model: type[ClinicRecord], column: str, parent_id: UUID) -> Select[Any]:
    """One record of a kind that stands below a parent, if there is any."""
    return (
        select(model.id)
        .where(
            model.clinic_id == actor.clinic_id,
            getattr(model, column) == parent_id,
            model.entered_in_error_at.is_(None),
        )
        .limit(1)
    )
