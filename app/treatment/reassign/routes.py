"""Reassignments over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, IfMatch, ReadDb, WriteDb, require
from app.kernel.errors import NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.pagination import Paging
from app.kernel.problems import documented
from app.kernel.record_routes import add_reads
from app.kernel.records import RecordEnteredInError, Resource, answer_page, changed, created, register
from app.kernel.schemas import Id, Page
from app.treatment.reassign import actions, queries
from app.treatment.reassign.models import Reassignment
from app.treatment.reassign.rules import (
    IllegalReassignmentMove,
    ReassignmentPending,
    ReassignmentStatus,
    SecondPersonRequired,
    UnknownTarget,
)
from app.treatment.reassign.schemas import (
    ConfirmReassignment,
    ReassignmentRead,
    ReassignSession,
    WithdrawReassignment,
)

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["sessions"])

MayReadSessions = Annotated[Actor, Depends(require("session:read"))]
# People only: no scope grants it, so a program can be neither of the two.
MayReassign = Annotated[Actor, Depends(require("reassignment:write"))]
MayConfirm = Annotated[Actor, Depends(require("reassignment:write", step_up=True))]

REASSIGNMENT: Final = register(Resource(Reassignment, ReassignmentRead, "session:read", queries.visible_reassignments))

_VERB: Final = (NotFound, IllegalReassignmentMove, PreconditionFailed, PreconditionRequired, RecordEnteredInError)


@router.post(
    "/sessions/{session_id}/reassign",
    status_code=201,
    response_model=ReassignmentRead,
    responses=documented(
        NotFound,
        UnknownTarget,
        ReassignmentPending,
        PreconditionFailed,
        PreconditionRequired,
        RecordEnteredInError,
    ),
)
async def reassign_session(
    db: WriteDb, actor: MayReassign, session_id: UUID, body: ReassignSession, if_match: IfMatch
) -> Response:
    """Propose that a session, documented for the wrong patient, goes to the right one.

    Nothing moves until another member of staff confirms it.
    """
    proposed = await actions.propose_reassignment(db, actor, session_id, body, if_match)
    return await created(db, REASSIGNMENT, actor, proposed, "/v1/reassignments")


@router.get("/reassignments", response_model=Page[ReassignmentRead])
async def list_reassignments(
    db: ReadDb,
    actor: MayReadSessions,
    page: Paging,
    patient_id: Annotated[list[Id], Query(max_length=100, description="Only from or to these patients.")] = [],  # noqa: B006
    session_id: Annotated[list[Id], Query(max_length=100, description="Only of these sessions or copies.")] = [],  # noqa: B006
    status: Annotated[list[ReassignmentStatus], Query(max_length=100, description="Only in these states.")] = [],  # noqa: B006
) -> Response:
    """Sessions that were moved from one patient to another, or are to be; latest first."""
    columns = queries.reassignment.c
    statement = queries.visible_reassignments(actor)
    if patient_id:
        statement = statement.where(columns.id.in_(queries.from_or_to(actor, patient_id)))
    if session_id:
        statement = statement.where(columns.id.in_(queries.of_or_into(actor, session_id)))
    if status:
        statement = statement.where(columns.status.in_(status))
    return await answer_page(db, REASSIGNMENT, actor, statement, page)


add_reads(router, REASSIGNMENT, path="/reassignments", singular="reassignment", title="one reassignment")


@router.post(
    "/reassignments/{reassignment_id}/confirm",
    response_model=ReassignmentRead,
    responses=documented(*_VERB, SecondPersonRequired),
)
async def confirm_reassignment(
    db: WriteDb, actor: MayConfirm, reassignment_id: UUID, body: ConfirmReassignment, if_match: IfMatch
) -> Response:
    """Agree, as another person than who proposed it: the session goes over, with everything in it.

    It gets the next number of the right patient's course and the next open place of its plan; its old place is open
    again. Doses per kilogram, intervals, times since the last dose and alerts are reckoned anew for both patients.

    A session that was ever signed stays where it was signed, marked as entered in error with everything in it, its
    signatures untouched; a copy of it goes over, `discharged`, for somebody to sign. `copied_session_id` names it.
    """
    done = await actions.confirm_reassignment(db, actor, reassignment_id, if_match)
    return await changed(db, REASSIGNMENT, actor, done)


@router.post("/reassignments/{reassignment_id}/withdraw", response_model=ReassignmentRead, responses=documented(*_VERB))
async def withdraw_reassignment(
    db: WriteDb, actor: MayReassign, reassignment_id: UUID, body: WithdrawReassignment, if_match: IfMatch
) -> Response:
    """Let the session stay where it is."""
    withdrawn = await actions.withdraw_reassignment(db, actor, reassignment_id, body.reason, if_match)
    return await changed(db, REASSIGNMENT, actor, withdrawn)
