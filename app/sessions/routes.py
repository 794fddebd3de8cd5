"""Sessions over HTTP: the header and its moves."""

from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.courses.rules import CourseEnded
from app.kernel.actor import Actor
from app.kernel.confirmations import ConfirmationRequired
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
)
from app.kernel.schemas import Id, Page, UtcTime
from app.protocols.rules import Route
from app.sessions import actions, queries
from app.sessions.actions import EndsBeforeStart, PlanItemFilled
from app.sessions.models import TreatmentSession
from app.sessions.rules import AlreadySigned, IllegalTransition, NotGivenThisWay, SessionStatus
from app.sessions.schemas import (
    AbortSession,
    CheckInSession,
    ClearSession,
    DischargeSession,
    EndWithoutDose,
    HoldSession,
    ReleaseSession,
    RescheduleSession,
    SessionCreate,
    SessionRead,
    SessionUpdate,
)

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["sessions"])

MayReadSchedule = Annotated[Actor, Depends(require("schedule:read"))]
MayWriteSchedule = Annotated[Actor, Depends(require("schedule:write"))]
MayWriteSessions = Annotated[Actor, Depends(require("session:write"))]

SESSION: Final = register(Resource(TreatmentSession, SessionRead, "schedule:read", queries.visible_sessions))

_VERB: Final = documented(NotFound, IllegalTransition, PreconditionFailed, PreconditionRequired)
_END: Final = documented(NotFound, IllegalTransition, PreconditionFailed, PreconditionRequired, EndsBeforeStart)


class SessionSort(StrEnum):
    """Orders of a list of sessions; a minus means latest first."""

    LATEST = "-session_at"
    EARLIEST = "session_at"
    LAST_UPDATED = "-updated_at"
    FIRST_UPDATED = "updated_at"


@router.post(
    "/courses/{course_id}/sessions",
    status_code=201,
    response_model=SessionRead,
    responses=documented(NotFound, PlanItemFilled, CourseEnded, NotGivenThisWay, ConfirmationRequired),
)
async def create_session(db: WriteDb, actor: MayWriteSchedule, course_id: UUID, body: SessionCreate) -> Response:
    """Schedule a visit. Where the course has a plan, it fills the next open planned session unless one is named."""
    return await created(db, SESSION, actor, await actions.schedule_session(db, actor, course_id, body), "/v1/sessions")


@router.get("/sessions", response_model=Page[SessionRead])
async def list_sessions(  # noqa: PLR0913  # one parameter a filter
    db: ReadDb,
    actor: MayReadSchedule,
    page: Paging,
    with_errors: WithEnteredInError,
    course_id: Annotated[list[Id], Query(max_length=100, description="Only of these courses.")] = [],  # noqa: B006
    patient_id: Annotated[list[Id], Query(max_length=100, description="Only of these patients.")] = [],  # noqa: B006
    status: Annotated[list[SessionStatus], Query(max_length=100, description="Only in these states.")] = [],  # noqa: B006
    route: Annotated[list[Route], Query(max_length=100, description="Only by these routes.")] = [],  # noqa: B006
    location_id: Annotated[list[Id], Query(max_length=100, description="Only at these locations.")] = [],  # noqa: B006
    started_from: Annotated[UtcTime | None, Query(description="First dose at or after.")] = None,
    started_until: Annotated[UtcTime | None, Query(description="First dose before.")] = None,
    updated_from: Annotated[
        UtcTime | None, Query(description="Updated at or after; to miss nothing use the feed.")
    ] = None,
    sort: Annotated[SessionSort, Query(description="The order.")] = SessionSort.LATEST,
) -> Response:
    """The clinic's sessions, the latest first."""
    columns = queries.session.c
    statement = queries.visible_sessions(actor)
    wanted = (
        (columns.course_id, course_id),
        (columns.patient_id, patient_id),
        (columns.status, status),
        (columns.route, route),
        (columns.location_id, location_id),
    )
    for column, values in wanted:
        if values:
            statement = statement.where(column.in_(values))
    if started_from is not None:
        statement = statement.where(columns.started_at >= started_from)
    if started_until is not None:
        statement = statement.where(columns.started_at < started_until)
    if updated_from is not None:
        statement = statement.where(columns.updated_at >= updated_from)
    order = Order(columns[sort.value.removeprefix("-")], columns.id, descending=sort.value.startswith("-"))
    return await answer_page(db, SESSION, actor, statement, page, order=order, with_errors=with_errors)


add_reads(router, SESSION, path="/sessions", singular="session", title="one session")


@router.patch(
    "/sessions/{session_id}",
    response_model=SessionRead,
    responses=documented(NotFound, AlreadySigned, ChangeReasonRequired, PreconditionFailed, PreconditionRequired),
)
async def update_session(  # a correction carries version and reason
    db: WriteDb,
    actor: MayWriteSchedule,
    session_id: UUID,
    body: SessionUpdate,
    if_match: IfMatch,
    reason: ChangeReason,
) -> Response:
    """Change place or note; everything else is a move."""
    treatment = await actions.update_session(db, actor, session_id, body, if_match, reason)
    return await changed(db, SESSION, actor, treatment)


@router.post(
    "/sessions/{session_id}/reschedule",
    response_model=SessionRead,
    responses=documented(NotFound, IllegalTransition, PreconditionFailed, PreconditionRequired, ConfirmationRequired),
)
async def reschedule_session(
    db: WriteDb, actor: MayWriteSchedule, session_id: UUID, body: RescheduleSession, if_match: IfMatch
) -> Response:
    """Give a scheduled visit another time."""
    return await changed(db, SESSION, actor, await actions.reschedule_session(db, actor, session_id, body, if_match))


@router.post("/sessions/{session_id}/check-in", response_model=SessionRead, responses=_VERB)
async def check_in_session(
    db: WriteDb, actor: MayWriteSchedule, session_id: UUID, body: CheckInSession, if_match: IfMatch
) -> Response:
    """The patient is here."""
    return await changed(db, SESSION, actor, await actions.check_in_session(db, actor, session_id, body, if_match))


@router.post("/sessions/{session_id}/clear", response_model=SessionRead, responses=_VERB)
async def clear_session(
    db: WriteDb, actor: MayWriteSessions, session_id: UUID, body: ClearSession, if_match: IfMatch
) -> Response:
    """Say that the session may start."""
    return await changed(db, SESSION, actor, await actions.clear_session(db, actor, session_id, if_match))


@router.post("/sessions/{session_id}/hold", response_model=SessionRead, responses=_VERB)
async def hold_session(
    db: WriteDb, actor: MayWriteSessions, session_id: UUID, body: HoldSession, if_match: IfMatch
) -> Response:
    """Let the session wait."""
    return await changed(db, SESSION, actor, await actions.hold_session(db, actor, session_id, body, if_match))


@router.post("/sessions/{session_id}/release", response_model=SessionRead, responses=_VERB)
async def release_session(
    db: WriteDb, actor: MayWriteSessions, session_id: UUID, body: ReleaseSession, if_match: IfMatch
) -> Response:
    """Bring a held session back to where it was."""
    return await changed(db, SESSION, actor, await actions.release_session(db, actor, session_id, if_match))


@router.post("/sessions/{session_id}/cancel", response_model=SessionRead, responses=_VERB)
async def cancel_session(
    db: WriteDb, actor: MayWriteSchedule, session_id: UUID, body: EndWithoutDose, if_match: IfMatch
) -> Response:
    """Call a visit off before any dose; its place in the plan is open again."""
    return await changed(db, SESSION, actor, await actions.cancel_session(db, actor, session_id, body, if_match))


@router.post("/sessions/{session_id}/mark-no-show", response_model=SessionRead, responses=_VERB)
async def mark_session_no_show(
    db: WriteDb, actor: MayWriteSchedule, session_id: UUID, body: EndWithoutDose, if_match: IfMatch
) -> Response:
    """The patient did not come; the place in the plan is open again."""
    return await changed(db, SESSION, actor, await actions.mark_no_show(db, actor, session_id, body, if_match))


@router.post("/sessions/{session_id}/abort", response_model=SessionRead, responses=_END)
async def abort_session(
    db: WriteDb, actor: MayWriteSessions, session_id: UUID, body: AbortSession, if_match: IfMatch
) -> Response:
    """End dosing before its plan, with the reason. Watching goes on."""
    return await changed(db, SESSION, actor, await actions.abort_session(db, actor, session_id, body, if_match))


@router.post("/sessions/{session_id}/discharge", response_model=SessionRead, responses=_END)
async def discharge_session(
    db: WriteDb, actor: MayWriteSessions, session_id: UUID, body: DischargeSession, if_match: IfMatch
) -> Response:
    """The patient goes home."""
    return await changed(db, SESSION, actor, await actions.discharge_session(db, actor, session_id, body, if_match))
