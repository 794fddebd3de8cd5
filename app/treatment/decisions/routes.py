"""Decisions in a course, over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.courses.decisions import queries
from app.courses.decisions.models import DoseDecision
from app.courses.decisions.schemas import DoseDecisionCreate, DoseDecisionRead
from app.courses.routes import COURSE
from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, ReadDb, WriteDb, require
from app.kernel.errors import NotFound
from app.kernel.pagination import Order, Paging
from app.kernel.problems import documented
from app.kernel.record_routes import add_reads, add_void
from app.kernel.records import Resource, WithEnteredInError, answer_page, created, register, show_one
from app.kernel.schemas import Page
from app.treatment.decisions import actions
from app.treatment.decisions.actions import UnknownScore

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["courses"])

MayReadCourses = Annotated[Actor, Depends(require("course:read"))]
MayWriteCourses = Annotated[Actor, Depends(require("course:write"))]

DOSE_DECISION: Final = register(Resource(DoseDecision, DoseDecisionRead, "course:read", queries.visible_dose_decisions))


@router.post(
    "/courses/{course_id}/dose-decisions",
    status_code=201,
    response_model=DoseDecisionRead,
    responses=documented(NotFound, UnknownScore),
)
async def create_dose_decision(
    db: WriteDb, actor: MayWriteCourses, course_id: UUID, body: DoseDecisionCreate
) -> Response:
    """Record what was decided in the course's present phase, with the score it rests on."""
    decision = await actions.record_decision(db, actor, course_id, body)
    return await created(db, DOSE_DECISION, actor, decision, "/v1/dose-decisions")


@router.get(
    "/courses/{course_id}/dose-decisions", response_model=Page[DoseDecisionRead], responses=documented(NotFound)
)
async def list_dose_decisions(
    db: ReadDb, actor: MayReadCourses, course_id: UUID, page: Paging, with_errors: WithEnteredInError
) -> Response:
    """What was decided in a course, in time."""
    await show_one(db, COURSE, actor, course_id)
    decision = queries.dose_decision.c
    statement = queries.visible_dose_decisions(actor).where(decision.course_id == course_id)
    order = Order(decision.decided_at, decision.id)
    return await answer_page(db, DOSE_DECISION, actor, statement, page, order=order, with_errors=with_errors)


add_reads(router, DOSE_DECISION, path="/dose-decisions", singular="dose_decision", title="one decision")
add_void(
    router,
    DOSE_DECISION,
    actions.void_decision,
    path="/dose-decisions",
    singular="dose_decision",
    title="a decision",
    permission="course:write",
)
