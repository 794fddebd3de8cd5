"""Which treatments given elsewhere an actor may see, and how many there were."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, select

from app.courses.external.models import ExternalTreatment
from app.kernel.actor import Actor
from app.kernel.tables import Base

external: Final = Base.metadata.tables[ExternalTreatment.__tablename__]


def visible_external_treatments(actor: Actor) -> Select[Any]:
    """Treatments of the clinic's patients that were given elsewhere."""
    return select(external).where(external.c.clinic_id == actor.clinic_id)


def sessions_elsewhere(
    actor: Actor, patient_id: UUID | ColumnElement[UUID], until: datetime | ColumnElement[Any]
) -> ScalarSelect[int]:
    """How many sessions a patient had elsewhere up to an instant; with those here they make the lifetime number.

    Args:
        actor: Who asks.
        patient_id: The patient, or a column that holds them.
        until: The instant, or a column such as a session's `started_at`. What is known by the day only has happened by
            the beginning of that day, so that on the same day it counts.
    """
    return (
        select(func.coalesce(func.sum(external.c.sessions), 0))
        .where(
            external.c.clinic_id == actor.clinic_id,
            external.c.patient_id == patient_id,
            external.c.counted_from <= until,
            external.c.entered_in_error_at.is_(None),
        )
        .scalar_subquery()
    )


def given_elsewhere(actor: Actor, patient_id: UUID, start: datetime, end: datetime) -> Select[Any, Any, Any]:
    """When, on which day and by which route the patient was treated elsewhere between two instants."""
    return select(external.c.given_at, external.c.given_on, external.c.route).where(
        external.c.clinic_id == actor.clinic_id,
        external.c.patient_id == patient_id,
        external.c.counted_from.between(start, end),
        external.c.entered_in_error_at.is_(None),
    )
