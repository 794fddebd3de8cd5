"""Going home, over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, IfMatch, ReadDb, WriteDb, require
from app.kernel.errors import EndsBeforeStart, Forbidden, NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.problems import documented
from app.kernel.records import respond
from app.sessions.rules import AlreadySigned, IllegalTransition
from app.treatment.chairside.schemas import SessionNextRead
from app.treatment.discharge import actions
from app.treatment.discharge.actions import LiesAhead
from app.treatment.discharge.rules import NotDischargeable
from app.treatment.discharge.schemas import DischargeReadinessRead, DischargeSession
from app.treatment.visits.answers import acted

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["sessions"])

MayReadSessions = Annotated[Actor, Depends(require("session:read"))]
MayWriteSessions = Annotated[Actor, Depends(require("session:write"))]


@router.get(
    "/sessions/{session_id}/discharge-readiness",
    response_model=DischargeReadinessRead,
    responses=documented(NotFound),
)
async def get_discharge_readiness(db: ReadDb, actor: MayReadSessions, session_id: UUID) -> Response:
    """Whether the patient may go home now: every criterion with what was found, its limit and where that comes from.

    What somebody answers at the door is missing here until it is told with the discharge; `to_ask` lists it.
    """
    return respond(db, await actions.discharge_readiness(db, actor, session_id))


@router.post(
    "/sessions/{session_id}/discharge",
    response_model=SessionNextRead,
    responses=documented(
        NotFound,
        Forbidden,
        AlreadySigned,
        IllegalTransition,
        NotDischargeable,
        PreconditionFailed,
        PreconditionRequired,
        EndsBeforeStart,
        LiesAhead,
    ),
)
async def discharge_session(
    db: WriteDb, actor: MayWriteSessions, session_id: UUID, body: DischargeSession, if_match: IfMatch
) -> Response:
    """The patient goes home, with what was asked at the door.

    Refused with the list of what is missing, unless the patient leaves against advice or a prescriber gives a reason;
    what was missing stays readable in `discharge_criteria`. Told late, it counts by `discharged_at`. Drug that is not
    accounted for does not keep anybody.
    """
    return await acted(db, actor, await actions.discharge_session(db, actor, session_id, body, if_match))
