"""Treatment sessions.

treatment = await clinic.make(make_session)                        # with a course and patient of its own
treatment = await clinic.make(make_session, course, route="intramuscular")
"""

from typing import Any

from app.courses.models import Course
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.sessions import actions
from app.sessions.models import TreatmentSession
from app.sessions.schemas import SessionCreate
from tests.factories.courses import make_course


async def make_session(
    db: WriteSession, actor: Actor, course: Course | None = None, **members: Any
) -> TreatmentSession:
    """A scheduled visit, intravenous ketamine unless the course's protocol says otherwise."""
    dull = {}
    if course is None or course.protocol_code == "OPEN":
        dull = {"drug": "ketamine", "route": "intravenous"}
    course = course or await make_course(db, actor)
    await db.flush()
    return await actions.schedule_session(db, actor, course.id, SessionCreate.model_validate(dull | members))
