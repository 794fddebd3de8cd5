"""Which medicines an actor may see."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select

from app.kernel.actor import Actor
from app.kernel.tables import Base
from app.patients.medications.models import Medication

medication: Final = Base.metadata.tables[Medication.__tablename__]


def visible_medications(actor: Actor) -> Select[Any]:
    """Medicines of the clinic's patients."""
    return select(medication).where(medication.c.clinic_id == actor.clinic_id)


def is_current(on: date) -> ColumnElement[bool]:
    """The condition for what is taken on a day; the first and the last day count, and an unknown one is no bound."""
    started, ended = medication.c.started_on, medication.c.ended_on
    return and_(or_(started.is_(None), started <= on), or_(ended.is_(None), ended >= on))


def taken_on(actor: Actor, patient_id: UUID, on: date) -> Select[Any, Any, Any]:
    """What a patient takes on a day, as far as its interactions go."""
    return (
        select(medication.c.id, medication.c.class_codes, medication.c.diazepam_equivalent_mg_per_day)
        .where(
            medication.c.clinic_id == actor.clinic_id,
            medication.c.patient_id == patient_id,
            is_current(on),
            medication.c.entered_in_error_at.is_(None),
        )
        .order_by(medication.c.id)
    )
