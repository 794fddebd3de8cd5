"""Which assessments an actor may see."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, select

from app.assessments.models import Assessment
from app.kernel.actor import Actor
from app.kernel.tables import Base
from app.protocols.queries import clinic_protocol

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


_COURSE: Final = (
    "id", "episode_id", "starts_on", "time_zone", "status", "protocol_code", "protocol_version", "phase",
)  # fmt: skip


def courses_in_time(actor: Actor, courses: Any) -> Select[*tuple[Any, ...]]:
    """Courses that stand, in the order of their beginning, for `as_course`.

    Of one under a plan of the clinic's own it is told how the first phase of that begins.

    Args:
        actor: Who asks.
        courses: The table of courses, or an alias of it.
    """
    first = clinic_protocol.c.definition["phases"][0]
    under = and_(
        clinic_protocol.c.clinic_id == courses.c.clinic_id,
        clinic_protocol.c.code == courses.c.protocol_code,
        clinic_protocol.c.protocol_version == courses.c.protocol_version,
    )
    return (
        select(
            *(courses.c[name] for name in _COURSE),
            first["name"].as_string().label("own_first"),
            first["day_offsets"][0].as_integer().label("own_day"),
            first["interval_days"][0].as_integer().label("own_interval"),
        )
        .select_from(courses.outerjoin(clinic_protocol, under))
        .where(courses.c.clinic_id == actor.clinic_id, courses.c.entered_in_error_at.is_(None))
        .order_by(courses.c.starts_on, courses.c.id)
    )
