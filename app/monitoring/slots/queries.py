"""Which slots an actor may see, and the readings that may answer them."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, select

from app.kernel.actor import Actor
from app.kernel.tables import Base
from app.monitoring.models import VitalSigns
from app.monitoring.slots.models import VitalSlot
from app.sessions.queries import session, visible_sessions

vital_slot: Final = Base.metadata.tables[VitalSlot.__tablename__]


def visible_vital_slots(actor: Actor) -> Select[Any]:
    """The clinic's slots."""
    return select(vital_slot).where(vital_slot.c.clinic_id == actor.clinic_id)


def slots_in(actor: Actor, session_id: UUID) -> Select[Any]:
    """The standing slots of a session as they come due; one row of nulls where it has none, no row without session."""
    standing = and_(
        vital_slot.c.clinic_id == actor.clinic_id,
        vital_slot.c.session_id == session.c.id,
        vital_slot.c.entered_in_error_at.is_(None),
    )
    return (
        visible_sessions(actor)
        .where(session.c.id == session_id)
        .with_only_columns(*vital_slot.c)
        .select_from(session.outerjoin(vital_slot, standing))
        .order_by(vital_slot.c.due_at, vital_slot.c.id)
    )


def standing_slots(actor: Actor, session_id: UUID) -> Select[VitalSlot]:
    """The slots of a session that stand, as they come due. Whoever changes one holds the session's lock."""
    return (
        select(VitalSlot)
        .where(
            VitalSlot.clinic_id == actor.clinic_id,
            VitalSlot.session_id == session_id,
            VitalSlot.entered_in_error_at.is_(None),
        )
        .order_by(VitalSlot.due_at, VitalSlot.id)
    )


def standing_readings(actor: Actor, session_id: UUID) -> Select[VitalSigns]:
    """The readings of a session that stand, in the order they were recorded."""
    return (
        select(VitalSigns)
        .where(
            VitalSigns.clinic_id == actor.clinic_id,
            VitalSigns.session_id == session_id,
            VitalSigns.entered_in_error_at.is_(None),
        )
        .order_by(VitalSigns.recorded_at, VitalSigns.id)
    )


def last_pressure_before(actor: Actor, session_id: UUID, t0: datetime) -> Select[Any, Any]:
    """The last pressure that was measured in a session before its dose."""
    return (
        select(VitalSigns.systolic_mmhg, VitalSigns.diastolic_mmhg)
        .where(
            VitalSigns.clinic_id == actor.clinic_id,
            VitalSigns.session_id == session_id,
            VitalSigns.measured_at <= t0,
            VitalSigns.systolic_mmhg.is_not(None),
            VitalSigns.entered_in_error_at.is_(None),
        )
        .order_by(VitalSigns.measured_at.desc(), VitalSigns.id.desc())
        .limit(1)
    )
