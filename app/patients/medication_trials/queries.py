"""Which trials an actor may see."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select

from app.kernel.actor import Actor
from app.kernel.tables import Base
from app.patients.medication_trials.models import MedicationTrial

medication_trial: Final = Base.metadata.tables[MedicationTrial.__tablename__]


def visible_medication_trials(actor: Actor) -> Select[Any]:
    """Trials of the clinic's patients."""
    return select(medication_trial).where(medication_trial.c.clinic_id == actor.clinic_id)


def standing_trials(actor: Actor, patient_id: UUID) -> Select[Any]:
    """A patient's trials that stand, in the order they were recorded."""
    return (
        visible_medication_trials(actor)
        .where(medication_trial.c.patient_id == patient_id, medication_trial.c.entered_in_error_at.is_(None))
        .order_by(medication_trial.c.id)
    )
