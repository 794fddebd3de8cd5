"""Courses over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.courses import actions, queries
from app.courses.actions import NotAPrescriber
from app.courses.models import Course, PlanItem
from app.courses.rules import (
    CourseEnded,
    CourseStatus,
    DecisionRequired,
    IllegalCourseMove,
    NothingToPlan,
    UnknownPhase,
)
from app.courses.schemas import (
    ChangePhase,
    CourseCreate,
    CourseRead,
    CourseUpdate,
    EndCourse,
    PauseCourse,
    PlanItemRead,
    RePlan,
    ResumeCourse,
)
from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, IfMatch, ReadDb, WriteDb, require
from app.kernel.errors import NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.pagination import Order, Paging
from app.kernel.problems import documented
from app.kernel.record_routes import add_reads
from app.kernel.records import (
    ChangeReason,
    ChangeReasonRequired,
    Resource,
    WithEnteredInError,
    answer_page,
    changed,
    created,
    register,
    show_one,
)
from app.kernel.schemas import CodeText, Id, Page
from app.patients.episodes.rules import UnknownEpisode
from app.protocols.rules import UnknownProtocol

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["courses"])

MayReadCourses = Annotated[Actor, Depends(require("course:read"))]
MayWriteCourses = Annotated[Actor, Depends(require("course:write"))]
MayReadSchedule = Annotated[Actor, Depends(require("schedule:read"))]

COURSE: Final = register(Resource(Course, CourseRead, "course:read", queries.visible_courses))
PLAN_ITEM: Final = register(Resource(PlanItem, PlanItemRead, "schedule:read", queries.visible_plan_items))

_VERB: Final = documented(NotFound, IllegalCourseMove, PreconditionFailed, PreconditionRequired)


@router.post(
    "/patients/{patient_id}/courses",
    status_code=201,
    response_model=CourseRead,
    responses=documented(NotFound, UnknownProtocol, NotAPrescriber, UnknownEpisode),
)
async def create_course(db: WriteDb, actor: MayWriteCourses, patient_id: UUID, body: CourseCreate) -> Response:
    """Open a series under a protocol. Its sessions are planned by the clock on the clinic's wall."""
    return await created(db, COURSE, actor, await actions.open_course(db, actor, patient_id, body), "/v1/courses")


@router.get("/courses", response_model=Page[CourseRead])
async def list_courses(  # one parameter a filter
    db: ReadDb,
    actor: MayReadCourses,
    page: Paging,
    with_errors: WithEnteredInError,
    patient_id: Annotated[list[Id], Query(max_length=100, description="Only of these patients.")] = [],  # noqa: B006
    status: Annotated[list[CourseStatus], Query(max_length=100, description="Only in these states.")] = [],  # noqa: B006
    indication_code: Annotated[
        list[CodeText], Query(max_length=100, description="Only for these indications.", examples=[["F33.2"]])
    ] = [],  # noqa: B006
) -> Response:
    """The clinic's courses, newest first."""
    statement = queries.visible_courses(actor)
    columns = queries.course.c
    wanted = ((columns.patient_id, patient_id), (columns.status, status), (columns.indication_code, indication_code))
    for column, values in wanted:
        if values:
            statement = statement.where(column.in_(values))
    return await answer_page(db, COURSE, actor, statement, page, with_errors=with_errors)


add_reads(router, COURSE, path="/courses", singular="course", title="one course")


@router.patch(
    "/courses/{course_id}",
    response_model=CourseRead,
    responses=documented(
        NotFound, NotAPrescriber, UnknownEpisode, ChangeReasonRequired, PreconditionFailed, PreconditionRequired
    ),
)
async def update_course(
    db: WriteDb, actor: MayWriteCourses, course_id: UUID, body: CourseUpdate, if_match: IfMatch, reason: ChangeReason
) -> Response:
    """Change a course's episode, indication, prescriber or note."""
    return await changed(db, COURSE, actor, await actions.update_course(db, actor, course_id, body, if_match, reason))


@router.post("/courses/{course_id}/pause", response_model=CourseRead, responses=_VERB)
async def pause_course(
    db: WriteDb, actor: MayWriteCourses, course_id: UUID, body: PauseCourse, if_match: IfMatch
) -> Response:
    """Let a series rest."""
    return await changed(db, COURSE, actor, await actions.pause_course(db, actor, course_id, body.reason, if_match))


@router.post("/courses/{course_id}/resume", response_model=CourseRead, responses=_VERB)
async def resume_course(
    db: WriteDb, actor: MayWriteCourses, course_id: UUID, body: ResumeCourse, if_match: IfMatch
) -> Response:
    """Let a series go on."""
    return await changed(db, COURSE, actor, await actions.resume_course(db, actor, course_id, if_match))


@router.post("/courses/{course_id}/complete", response_model=CourseRead, responses=_VERB)
async def complete_course(
    db: WriteDb, actor: MayWriteCourses, course_id: UUID, body: EndCourse, if_match: IfMatch
) -> Response:
    """End a series as planned."""
    return await changed(db, COURSE, actor, await actions.complete_course(db, actor, course_id, body, if_match))


@router.post("/courses/{course_id}/discontinue", response_model=CourseRead, responses=_VERB)
async def discontinue_course(
    db: WriteDb, actor: MayWriteCourses, course_id: UUID, body: EndCourse, if_match: IfMatch
) -> Response:
    """End a series before its plan."""
    return await changed(db, COURSE, actor, await actions.discontinue_course(db, actor, course_id, body, if_match))


@router.post(
    "/courses/{course_id}/change-phase",
    response_model=CourseRead,
    responses=documented(
        NotFound,
        CourseEnded,
        UnknownPhase,
        IllegalCourseMove,
        DecisionRequired,
        PreconditionFailed,
        PreconditionRequired,
    ),
)
async def change_course_phase(
    db: WriteDb, actor: MayWriteCourses, course_id: UUID, body: ChangePhase, if_match: IfMatch
) -> Response:
    """Go on to another phase of the protocol, or back to a more frequent one.

    Open sessions of the phase before are left out and the new phase is planned. Where the protocol asks that benefit
    is shown first, a dose decision to continue, with a score, has to be on record.
    """
    return await changed(db, COURSE, actor, await actions.change_phase(db, actor, course_id, body, if_match))


@router.post(
    "/courses/{course_id}/re-plan",
    response_model=CourseRead,
    responses=documented(NotFound, CourseEnded, NothingToPlan, PreconditionFailed, PreconditionRequired),
)
async def re_plan_course(
    db: WriteDb, actor: MayWriteCourses, course_id: UUID, body: RePlan, if_match: IfMatch
) -> Response:
    """Plan the open sessions again: another day, time or interval. Sessions that are filled stay where they are.

    Under a protocol without a plan, a day and an interval begin one.
    """
    return await changed(db, COURSE, actor, await actions.re_plan(db, actor, course_id, body, if_match))


@router.get("/courses/{course_id}/plan", response_model=Page[PlanItemRead], responses=documented(NotFound))
async def list_plan(
    db: ReadDb, actor: MayReadSchedule, course_id: UUID, page: Paging, with_errors: WithEnteredInError
) -> Response:
    """The course's planned sessions in order, each with the session that fills it."""
    await show_one(db, COURSE, actor, course_id)
    item = queries.plan_item.c
    statement = queries.visible_plan_items(actor).where(item.course_id == course_id)
    order = Order(item.number, item.id)
    return await answer_page(db, PLAN_ITEM, actor, statement, page, order=order, with_errors=with_errors)
