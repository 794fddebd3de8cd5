"""Which orders, administrations and dose events an actor may see."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select

from app.dosing.models import Administration, DoseEventRecord, DoseOrder
from app.dosing.rules import ORDERABLE, OrderStatus
from app.kernel.actor import Actor
from app.kernel.tables import Base
from app.sessions.queries import session
from app.sessions.rules import SessionStatus

dose_order: Final = Base.metadata.tables["dose_order"]
administration: Final = Base.metadata.tables["administration"]
dose_event: Final = Base.metadata.tables["dose_event"]

_PLACE_OF_ORDER: Final = tuple(dose_order.c[name] for name in ("id", "session_id"))
_PLACE_OF_DOSE: Final = tuple(administration.c[name] for name in ("id", "session_id"))
_TOLD_OF_DOSE: Final = (
    *(
        administration.c[name]
        for name in ("id", "session_id", "delivered_mg", "delivered_mg_per_kg", "started_at", "stopped_at")
    ),
    *(dose_order.c[name] for name in ("ordered_mg", "ordered_mg_per_kg")),
    *(session.c[name] for name in ("course_id", "given_on")),
)


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
            DoseOrder.ordered_for_another_patient.is_(False),
            DoseOrder.entered_in_error_at.is_(None),
        )
        .order_by(DoseOrder.ordered_at.desc(), DoseOrder.id.desc())
    )


def orders_of(actor: Actor, session_id: UUID) -> Select[DoseOrder]:
    """A session's orders that stand, whether they count or not."""
    return select(DoseOrder).where(
        DoseOrder.clinic_id == actor.clinic_id,
        DoseOrder.session_id == session_id,
        DoseOrder.entered_in_error_at.is_(None),
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


def orders_to_come(actor: Actor, patient_id: UUID) -> Select[Any]:
    """The patient's orders by weight that count and are not given yet: their ids and sessions."""
    return (
        visible_dose_orders(actor)
        .with_only_columns(*_PLACE_OF_ORDER)
        .join(session, (session.c.clinic_id == dose_order.c.clinic_id) & (session.c.id == dose_order.c.session_id))
        .where(
            session.c.clinic_id == actor.clinic_id,
            dose_order.c.patient_id == patient_id,
            dose_order.c.status == OrderStatus.ACTIVE,
            dose_order.c.ordered_devices.is_(None),
            dose_order.c.weight_kg.is_not(None),
            dose_order.c.entered_in_error_at.is_(None),
            session.c.status.in_(ORDERABLE - {SessionStatus.OBSERVING}),
            session.c.entered_in_error_at.is_(None),
        )
        .order_by(dose_order.c.session_id)
    )


def doses_since(actor: Actor, patient_id: UUID, instant: datetime) -> Select[Any]:
    """The patient's administrations that stand and began at an instant or later: their ids and sessions."""
    return (
        visible_administrations(actor)
        .with_only_columns(*_PLACE_OF_DOSE)
        .where(
            administration.c.patient_id == patient_id,
            administration.c.started_at >= instant,
            administration.c.entered_in_error_at.is_(None),
        )
        .order_by(administration.c.session_id, administration.c.id)
    )


def previous_dose(actor: Actor, patient_id: UUID, drug: str, route: str) -> Select[Any]:
    """What the patient got last of this drug by this route, with its session and what was ordered."""
    of_order = (dose_order.c.clinic_id == administration.c.clinic_id) & (
        dose_order.c.id == administration.c.dose_order_id
    )
    of_session = (session.c.clinic_id == administration.c.clinic_id) & (session.c.id == administration.c.session_id)
    return (
        visible_administrations(actor)
        .with_only_columns(*_TOLD_OF_DOSE)
        .join(session, of_session)
        .outerjoin(dose_order, of_order)
        .where(
            session.c.clinic_id == actor.clinic_id,
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
