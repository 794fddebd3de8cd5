"""Which orders, administrations and dose events an actor may see."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select

from app.dosing.models import Administration, DoseEventRecord, DoseOrder
from app.dosing.rules import OrderStatus
from app.kernel.actor import Actor
from app.kernel.tables import Base

dose_order: Final = Base.metadata.tables["dose_order"]
administration: Final = Base.metadata.tables["administration"]
dose_event: Final = Base.metadata.tables["dose_event"]


def visible_dose_orders(actor: Actor) -> Select[Any]:
    """The clinic's dose orders."""
    return select(dose_order).where(dose_order.c.clinic_id == actor.clinic_id)


def visible_administrations(actor: Actor) -> Select[Any]:
    """The clinic's administrations."""
    return select(administration).where(administration.c.clinic_id == actor.clinic_id)


def visible_dose_events(actor: Actor) -> Select[Any]:
    """The clinic's dose events."""
    return select(dose_event).where(dose_event.c.clinic_id == actor.clinic_id)


def active_orders(actor: Actor, session_id: UUID) -> Select[DoseOrder]:
    """A session's orders that count; there is at most one."""
    return select(DoseOrder).where(
        DoseOrder.clinic_id == actor.clinic_id,
        DoseOrder.session_id == session_id,
        DoseOrder.status == OrderStatus.ACTIVE,
        DoseOrder.entered_in_error_at.is_(None),
    )


def superseded_orders(actor: Actor, session_id: UUID) -> Select[DoseOrder]:
    """A session's orders that a later one took the place of, the latest first."""
    return (
        select(DoseOrder)
        .where(
            DoseOrder.clinic_id == actor.clinic_id,
            DoseOrder.session_id == session_id,
            DoseOrder.status == OrderStatus.SUPERSEDED,
            DoseOrder.entered_in_error_at.is_(None),
        )
        .order_by(DoseOrder.ordered_at.desc(), DoseOrder.id.desc())
    )


def events_of(actor: Actor, administration_id: UUID) -> Select[DoseEventRecord]:
    """An administration's events that stand, in time."""
    return (
        select(DoseEventRecord)
        .where(
            DoseEventRecord.clinic_id == actor.clinic_id,
            DoseEventRecord.administration_id == administration_id,
            DoseEventRecord.entered_in_error_at.is_(None),
        )
        .order_by(DoseEventRecord.occurred_at, DoseEventRecord.ordinal)
    )


def administrations_of(actor: Actor, session_id: UUID) -> Select[Administration]:
    """A session's administrations that stand."""
    return select(Administration).where(
        Administration.clinic_id == actor.clinic_id,
        Administration.session_id == session_id,
        Administration.entered_in_error_at.is_(None),
    )


def previous_dose(actor: Actor, patient_id: UUID, drug: str, route: str) -> Select[Any]:
    """What the patient got last of this drug by this route."""
    return (
        select(administration.c.delivered_mg)
        .where(
            administration.c.clinic_id == actor.clinic_id,
            administration.c.patient_id == patient_id,
            administration.c.drug == drug,
            administration.c.route == route,
            administration.c.placebo.is_(False),
            administration.c.delivered_mg.is_not(None),
            administration.c.entered_in_error_at.is_(None),
        )
        .order_by(administration.c.started_at.desc(), administration.c.id.desc())
        .limit(1)
    )
