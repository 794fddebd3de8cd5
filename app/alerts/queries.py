"""Which alerts an actor may see."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select

from app.alerts.models import Alert
from app.alerts.rules import STANDING
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
            Alert.status.in_(STANDING),
        )
        .with_for_update()
    )


def alerts_of_session(actor: Actor, session_id: UUID, patient_id: UUID) -> Select[Alert]:
    """What a session alarmed about a patient, whatever became of it, locked."""
    return (
        select(Alert)
        .where(Alert.clinic_id == actor.clinic_id, Alert.session_id == session_id, Alert.patient_id == patient_id)
        .order_by(Alert.raised_at, Alert.id)
        .with_for_update()
    )


def clinics_with_due_alerts(now: datetime) -> Select[UUID]:
    """Clinics in which the clock of an alert has run out; asked across all of them."""
    return select(Alert.clinic_id).where(Alert.escalates_at <= now).distinct()


def due_alerts(actor: Actor, now: datetime, limit: int) -> Select[Alert]:
    """The clinic's alerts whose clock has run out, the longest overdue first, locked.

    One that somebody else holds is left out: either it is being answered, or another worker escalates it.
    """
    return (
        select(Alert)
        .where(Alert.clinic_id == actor.clinic_id, Alert.escalates_at <= now)
        .order_by(Alert.escalates_at, Alert.id)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    )
