"""Adverse events over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, IfMatch, ReadDb, WriteDb, require
from app.kernel.errors import NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.pagination import Order, Paging
from app.kernel.problems import documented
from app.kernel.record_routes import add_reads, add_void
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
from app.kernel.schemas import CodeText, Id, Page
from app.safety import actions, queries
from app.safety.models import AdverseEvent
from app.safety.rules import ImpossibleAdverseEvent
from app.safety.schemas import AdverseEventCreate, AdverseEventRead, AdverseEventUpdate

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["safety"])

MayReadSessions = Annotated[Actor, Depends(require("session:read"))]
MayWriteObservations = Annotated[Actor, Depends(require("observation:write"))]

ADVERSE_EVENT: Final = register(
    Resource(AdverseEvent, AdverseEventRead, "session:read", queries.visible_adverse_events)
)


@router.post(
    "/sessions/{session_id}/adverse-events",
    status_code=201,
    response_model=AdverseEventRead,
    responses=documented(NotFound, ImpossibleAdverseEvent),
)
async def create_adverse_event(
    db: WriteDb, actor: MayWriteObservations, session_id: UUID, body: AdverseEventCreate
) -> Response:
    """Record something untoward that belongs to a session, also long after it; a serious event raises an alert."""
    event = await actions.record_session_event(db, actor, session_id, body)
    return await created(db, ADVERSE_EVENT, actor, event, "/v1/adverse-events")


@router.post(
    "/patients/{patient_id}/adverse-events",
    status_code=201,
    response_model=AdverseEventRead,
    responses=documented(NotFound, ImpossibleAdverseEvent),
)
async def create_patient_adverse_event(
    db: WriteDb, actor: MayWriteObservations, patient_id: UUID, body: AdverseEventCreate
) -> Response:
    """Record something untoward that belongs to no session; a serious event raises an alert."""
    event = await actions.record_patient_event(db, actor, patient_id, body)
    return await created(db, ADVERSE_EVENT, actor, event, "/v1/adverse-events")


@router.get("/adverse-events", response_model=Page[AdverseEventRead])
async def list_adverse_events(  # noqa: PLR0913  # one parameter a filter
    db: ReadDb,
    actor: MayReadSessions,
    page: Paging,
    with_errors: WithEnteredInError,
    patient_id: Annotated[list[Id], Query(max_length=100, description="Only of these patients.")] = [],  # noqa: B006
    course_id: Annotated[list[Id], Query(max_length=100, description="Only of these courses.")] = [],  # noqa: B006
    session_id: Annotated[list[Id], Query(max_length=100, description="Only of these sessions.")] = [],  # noqa: B006
    term: Annotated[list[CodeText], Query(max_length=100, description="Only these terms.", examples=[["NAUSEA"]])] = [],  # noqa: B006
    serious: Annotated[bool | None, Query(description="Only serious ones, or only the others.")] = None,
    ongoing: Annotated[bool | None, Query(description="Only those that go on, or only the others.")] = None,
) -> Response:
    """Adverse events, the one that began last first."""
    statement = queries.visible_adverse_events(actor)
    columns = queries.adverse_event.c
    filters = (
        (columns.patient_id, patient_id),
        (columns.course_id, course_id),
        (columns.session_id, session_id),
        (columns.term, term),
    )
    for column, wanted in filters:
        if wanted:
            statement = statement.where(column.in_(wanted))
    for column, flag in ((columns.serious, serious), (columns.ongoing, ongoing)):
        if flag is not None:
            statement = statement.where(column.is_(flag))
    order = Order(columns.onset_at, columns.id, descending=True)
    return await answer_page(db, ADVERSE_EVENT, actor, statement, page, order=order, with_errors=with_errors)


add_reads(router, ADVERSE_EVENT, path="/adverse-events", singular="adverse_event", title="one adverse event")


@router.patch(
    "/adverse-events/{adverse_event_id}",
    response_model=AdverseEventRead,
    responses=documented(
        NotFound, ImpossibleAdverseEvent, ChangeReasonRequired, PreconditionFailed, PreconditionRequired
    ),
)
async def update_adverse_event(  # a correction carries version and reason
    db: WriteDb,
    actor: MayWriteObservations,
    adverse_event_id: UUID,
    body: AdverseEventUpdate,
    if_match: IfMatch,
    reason: ChangeReason,
) -> Response:
    """Correct an adverse event, or add what became known since; your own recent slip needs no reason."""
    event = await actions.correct_adverse_event(db, actor, adverse_event_id, body, if_match, reason)
    return await changed(db, ADVERSE_EVENT, actor, event)


add_void(
    router,
    ADVERSE_EVENT,
    actions.void_adverse_event,
    path="/adverse-events",
    singular="adverse_event",
    title="an adverse event",
    permission="observation:write",
)
