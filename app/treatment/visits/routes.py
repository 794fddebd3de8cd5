"""Arriving and not taking place, over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, IfMatch, WriteDb, require
from app.kernel.errors import NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.problems import documented
from app.kernel.records import changed
from app.sessions.routes import SESSION
from app.sessions.rules import IllegalTransition
from app.sessions.schemas import CheckInSession, EndWithoutDose, SessionRead
from app.treatment.visits import actions

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["sessions"])

MayWriteSchedule = Annotated[Actor, Depends(require("schedule:write"))]

_VERB: Final = documented(NotFound, IllegalTransition, PreconditionFailed, PreconditionRequired)


@router.post("/sessions/{session_id}/check-in", response_model=SessionRead, responses=_VERB)
async def check_in_session(
    db: WriteDb, actor: MayWriteSchedule, session_id: UUID, body: CheckInSession, if_match: IfMatch
) -> Response:
    """The patient is here, with what was asked at the door; a reading before the dose is due from now on.

    What is left out can be told later.
    """
    return await changed(db, SESSION, actor, await actions.check_in_session(db, actor, session_id, body, if_match))


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
