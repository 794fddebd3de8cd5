"""The moves of a visit over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.confirmations import ConfirmationRequired
from app.kernel.endpoint import Endpoint, IfMatch, WriteDb, require
from app.kernel.errors import EndsBeforeStart, NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.problems import documented
from app.kernel.records import EnterInError, RecordEnteredInError
from app.sessions import actions as sessions
from app.sessions.rules import AlreadySigned, IllegalTransition
from app.sessions.schemas import (
    AbortSession,
    CheckInSession,
    EndWithoutDose,
    HoldSession,
    ReleaseSession,
    RescheduleSession,
)
from app.treatment.actions import void_session
from app.treatment.chairside.schemas import SessionNextRead
from app.treatment.visits import actions
from app.treatment.visits.answers import acted

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["sessions"])

MayWriteSchedule = Annotated[Actor, Depends(require("schedule:write"))]
MayWriteSessions = Annotated[Actor, Depends(require("session:write"))]

_REFUSALS: Final = (NotFound, IllegalTransition, PreconditionFailed, PreconditionRequired)
_VERB: Final = documented(*_REFUSALS)


@router.post(
    "/sessions/{session_id}/reschedule",
    response_model=SessionNextRead,
    responses=documented(*_REFUSALS, ConfirmationRequired),
)
async def reschedule_session(
    db: WriteDb, actor: MayWriteSchedule, session_id: UUID, body: RescheduleSession, if_match: IfMatch
) -> Response:
    """Give a scheduled visit another time."""
    return await acted(db, actor, await sessions.reschedule_session(db, actor, session_id, body, if_match))


@router.post("/sessions/{session_id}/check-in", response_model=SessionNextRead, responses=_VERB)
async def check_in_session(
    db: WriteDb, actor: MayWriteSchedule, session_id: UUID, body: CheckInSession, if_match: IfMatch
) -> Response:
    """The patient is here, with what was asked at the door; a reading before the dose is due from now on.

    What is left out can be told later.
    """
    return await acted(db, actor, await actions.check_in_session(db, actor, session_id, body, if_match))


@router.post("/sessions/{session_id}/hold", response_model=SessionNextRead, responses=_VERB)
async def hold_session(
    db: WriteDb, actor: MayWriteSessions, session_id: UUID, body: HoldSession, if_match: IfMatch
) -> Response:
    """Let the session wait."""
    return await acted(db, actor, await sessions.hold_session(db, actor, session_id, body, if_match))


@router.post("/sessions/{session_id}/release", response_model=SessionNextRead, responses=_VERB)
async def release_session(
    db: WriteDb, actor: MayWriteSessions, session_id: UUID, if_match: IfMatch, body: ReleaseSession = ReleaseSession()
) -> Response:
    """Bring a held session back to where it was."""
    return await acted(db, actor, await sessions.release_session(db, actor, session_id, if_match))


@router.post("/sessions/{session_id}/cancel", response_model=SessionNextRead, responses=_VERB)
async def cancel_session(
    db: WriteDb, actor: MayWriteSchedule, session_id: UUID, body: EndWithoutDose, if_match: IfMatch
) -> Response:
    """Call a visit off before any dose; its place in the plan is open again."""
    return await acted(db, actor, await actions.cancel_session(db, actor, session_id, body, if_match))


@router.post("/sessions/{session_id}/mark-no-show", response_model=SessionNextRead, responses=_VERB)
async def mark_session_no_show(
    db: WriteDb, actor: MayWriteSchedule, session_id: UUID, body: EndWithoutDose, if_match: IfMatch
) -> Response:
    """The patient did not come; the place in the plan is open again."""
    return await acted(db, actor, await actions.mark_no_show(db, actor, session_id, body, if_match))


@router.post(
    "/sessions/{session_id}/abort",
    response_model=SessionNextRead,
    responses=documented(*_REFUSALS, EndsBeforeStart),
)
async def abort_session(
    db: WriteDb, actor: MayWriteSessions, session_id: UUID, body: AbortSession, if_match: IfMatch
) -> Response:
    """End dosing before its plan, with the reason. Watching goes on."""
    return await acted(db, actor, await sessions.abort_session(db, actor, session_id, body, if_match))


@router.post(
    "/sessions/{session_id}/mark-entered-in-error",
    response_model=SessionNextRead,
    responses=documented(NotFound, PreconditionFailed, PreconditionRequired, RecordEnteredInError, AlreadySigned),
    summary="Mark a session as entered in error",
)
async def mark_session_entered_in_error(
    db: WriteDb, actor: MayWriteSessions, session_id: UUID, body: EnterInError, if_match: IfMatch
) -> Response:
    """It stays readable under its id and leaves every list, sum and view; its alerts close with it."""
    return await acted(db, actor, await void_session(db, actor, session_id, body.reason, if_match))
