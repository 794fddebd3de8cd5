"""Which alerts an actor may see."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select

from app.alerts.models import Alert
from app.alerts.rules import AlertStatus
from app.kernel.actor import Actor
from app.kernel.tables import Base

alert: Final = Base.metadata.tables["alert"]


def visible_alerts(actor: Actor) -> Select[Any]:
    """The clinic's alerts."""
    return select(alert).where(alert.c.clinic_id == actor.clinic_id)


def unresolved_alerts_of(actor: Actor, cause_id: UUID) -> Select[Alert]:
    """Alerts that a record caused and that nobody has ended, locked."""
    return (
        select(Alert)
        .where(
            Alert.clinic_id == actor.clinic_id,
            Alert.cause_id == cause_id,
            Alert.status.in_([AlertStatus.OPEN, AlertStatus.ACKNOWLEDGED]),
        )
        .with_for_update()
    )
