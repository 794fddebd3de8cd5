"""Courses.

course = await clinic.make(make_course)                       # with a patient of its own
course = await clinic.make(make_course, patient, protocol_code="KET_IV_6x3W")
"""

from typing import Any

from app.courses import actions
from app.courses.models import Course
from app.courses.schemas import CourseCreate
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.patients.models import Patient
from tests.factories.patients import make_patient


async def make_course(db: WriteSession, actor: Actor, patient: Patient | None = None, **members: Any) -> Course:
    """A course under OPEN, which has no plan."""
    patient = patient or await make_patient(db, actor)
    await db.flush()
    body = {"protocol_code": "OPEN"} | members
    return await actions.open_course(db, actor, patient.id, CourseCreate.model_validate(body))
