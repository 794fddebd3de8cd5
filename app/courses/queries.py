"""Which courses and plans an actor may see."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select

from app.courses.models import Course, PlanItem
from app.courses.rules import CourseStatus
from app.kernel.actor import Actor
from app.kernel.tables import Base

course: Final = Base.metadata.tables["course"]
plan_item: Final = Base.metadata.tables["plan_item"]


def visible_courses(actor: Actor) -> Select[Any]:
    """The clinic's courses."""
    return select(course).where(course.c.clinic_id == actor.clinic_id)


def running_courses(actor: Actor, patient_id: UUID) -> Select[Course]:
    """A patient's courses that are not over, the newest first."""
    return (
        select(Course)
        .where(
            Course.clinic_id == actor.clinic_id,
            Course.patient_id == patient_id,
            Course.status.in_([CourseStatus.PLANNED, CourseStatus.ACTIVE, CourseStatus.PAUSED]),
            Course.entered_in_error_at.is_(None),
        )
        .order_by(Course.id.desc())
    )


def visible_plan_items(actor: Actor) -> Select[Any]:
    """Planned sessions of the clinic."""
    return select(plan_item).where(plan_item.c.clinic_id == actor.clinic_id)


def courses_of_episode(actor: Actor, episode_id: UUID) -> Select[Any]:
    """All courses that treat one illness episode, in order: the first has the baseline, the rest carry it on."""
    return (
        visible_courses(actor)
        .where(course.c.episode_id == episode_id, course.c.entered_in_error_at.is_(None))
        .order_by(course.c.starts_on, course.c.id)
    )


def open_plan_items(actor: Actor, course_id: UUID) -> Select[PlanItem]:
    """A course's planned sessions that nothing fills yet and that were not left out, in order."""
    return plan_items_of(actor, course_id).where(PlanItem.session_id.is_(None), PlanItem.left_out_at.is_(None))


def plan_items_of(actor: Actor, course_id: UUID) -> Select[PlanItem]:
    """A course's planned sessions, also those that are filled or left out, in order."""
    return (
        select(PlanItem)
        .where(
            PlanItem.clinic_id == actor.clinic_id,
            PlanItem.course_id == course_id,
            PlanItem.entered_in_error_at.is_(None),
        )
        .order_by(PlanItem.number)
    )
