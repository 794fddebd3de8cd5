"""Which enrolments an actor may see, and which of them say whether a patient is covered."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, or_, select

from app.kernel.actor import Actor
from app.kernel.tables import Base
from app.screening.enrolments.models import ProgrammeEnrolment
from app.screening.enrolments.rules import Enrolled

enrolment: Final = Base.metadata.tables[ProgrammeEnrolment.__tablename__]


def visible_programme_enrolments(actor: Actor) -> Select[Any]:
    """Enrolments of the clinic's patients, and its own."""
    return select(enrolment).where(enrolment.c.clinic_id == actor.clinic_id)


def enrolled(actor: Actor, patient_id: UUID) -> Select[Any]:
    """A patient's enrolments and the clinic's own, as far as they stand: what an `Enrolled` is made of."""
    return (
        visible_programme_enrolments(actor)
        .where(
            or_(enrolment.c.patient_id == patient_id, enrolment.c.patient_id.is_(None)),
            enrolment.c.entered_in_error_at.is_(None),
        )
        .with_only_columns(*(enrolment.c[name] for name in Enrolled.__dataclass_fields__))
    )
