"""Which assessments an actor may see."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select

from app.assessments.models import Assessment
from app.kernel.actor import Actor
from app.kernel.tables import Base

assessment: Final = Base.metadata.tables[Assessment.__tablename__]


def visible_assessments(actor: Actor) -> Select[Any]:
    """The clinic's assessments."""
    return select(assessment).where(assessment.c.clinic_id == actor.clinic_id)


def standing_assessments(actor: Actor, patient_id: UUID) -> Select[Assessment]:
    """A patient's assessments that stand, locked, to place them on the clock again."""
    return (
        select(Assessment)
        .where(
            Assessment.clinic_id == actor.clinic_id,
            Assessment.patient_id == patient_id,
            Assessment.entered_in_error_at.is_(None),
        )
        .order_by(Assessment.id)
        .with_for_update(key_share=True)
    )


def scores_of(actor: Actor, patient_id: UUID, instrument: str) -> Select[Any, Any, Any, Any, Any]:
    """A patient's totals with one instrument that stand, in time, each with its place on the clock."""
    columns = assessment.c
    return (
        select(
            columns.answered_at, columns.answered_on, columns.assessed_at, columns.too_soon_after_dose, columns.total
        )
        .where(
            columns.clinic_id == actor.clinic_id,
            columns.patient_id == patient_id,
            columns.instrument == instrument,
            columns.entered_in_error_at.is_(None),
        )
        .order_by(columns.assessed_at, columns.id)
    )
