"""Whether a session may start, over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, IfMatch, ReadDb, WriteDb, require
from app.kernel.errors import NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.problems import documented
from app.kernel.record_routes import add_reads, add_void
from app.kernel.records import Needs, Resource, created, register, respond
from app.sessions.rules import AlreadySigned, IllegalTransition
from app.sessions.schemas import ClearSession
from app.treatment.chairside.schemas import SessionNextRead
from app.treatment.readiness import actions
from app.treatment.readiness.models import GateOverride
from app.treatment.readiness.queries import visible_gate_overrides
from app.treatment.readiness.rules import GateIsHard, NotReady, OverrideNotNeeded, OverrideRoleMissing
from app.treatment.readiness.schemas import GateOverrideCreate, GateOverrideRead, ReadinessRead
from app.treatment.visits.answers import acted

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["sessions"])

MayReadSessions = Annotated[Actor, Depends(require("session:read"))]
MayWriteSessions = Annotated[Actor, Depends(require("session:write"))]
# Programs have no role in which they could go on in spite of a gate.
MayOverride = Annotated[Actor, Depends(require("gate:write"))]

# Found is what records say that need `clinical:read`, and the reason is about it.
GATE_OVERRIDE: Final = register(
    Resource(
        GateOverride,
        GateOverrideRead,
        "session:read",
        visible_gate_overrides,
        needs=(Needs("clinical:read", ("reason", "found")),),
    )
)


@router.get("/sessions/{session_id}/readiness", response_model=ReadinessRead, responses=documented(NotFound))
async def get_session_readiness(db: ReadDb, actor: MayReadSessions, session_id: UUID) -> Response:
    """May this session start? Every gate, with what it found and what to do; nothing is changed by asking.

    After the first dose, and for sessions recorded afterwards, it says how the gates stood for that dose. What a gate
    found is null where you may not read the records it looked at.
    """
    return respond(db, await actions.judge_session(db, actor, session_id))


@router.post(
    "/sessions/{session_id}/clear",
    response_model=SessionNextRead,
    responses=documented(NotFound, IllegalTransition, NotReady, PreconditionFailed, PreconditionRequired),
)
async def clear_session(
    db: WriteDb, actor: MayWriteSessions, session_id: UUID, if_match: IfMatch, body: ClearSession = ClearSession()
) -> Response:
    """Say that the session may start; refused with the list of gates while anything stands in the way.

    How the gates stood is kept in `gates`. A dose given without it is recorded all the same, as a deviation.
    """
    return await acted(db, actor, await actions.clear_session(db, actor, session_id, if_match))


@router.post(
    "/sessions/{session_id}/gate-overrides",
    status_code=201,
    response_model=GateOverrideRead,
    responses=documented(NotFound, IllegalTransition, OverrideNotNeeded, GateIsHard, OverrideRoleMissing),
)
async def create_gate_override(db: WriteDb, actor: MayOverride, session_id: UUID, body: GateOverrideCreate) -> Response:
    """Go on in spite of a gate, with a reason, in one of the roles its policy names.

    It covers what the gate finds now. When something worse is found before clearance, the gate stands in the way again.
    """
    override = await actions.override_gate(db, actor, session_id, body)
    return await created(db, GATE_OVERRIDE, actor, override, "/v1/gate-overrides")


add_reads(router, GATE_OVERRIDE, path="/gate-overrides", singular="gate_override", title="an override of a gate")
add_void(
    router,
    GATE_OVERRIDE,
    actions.void_override,
    AlreadySigned,
    path="/gate-overrides",
    singular="gate_override",
    title="an override of a gate",
    permission="gate:write",
)
