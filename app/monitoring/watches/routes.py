"""Handing over, over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, WriteDb, require
from app.kernel.errors import NotFound
from app.kernel.problems import documented
from app.kernel.record_routes import add_reads, add_void
from app.kernel.records import Resource, created, register
from app.monitoring.watches import actions, queries
from app.monitoring.watches.models import Watch
from app.monitoring.watches.rules import NotOnStaff
from app.monitoring.watches.schemas import WatchCreate, WatchRead
from app.sessions.rules import AlreadySigned

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["monitoring"])

MayObserve = Annotated[Actor, Depends(require("observation:write"))]

WATCH: Final = register(Resource(Watch, WatchRead, "session:read", queries.visible_watches))


@router.post(
    "/sessions/{session_id}/watch",
    status_code=201,
    response_model=WatchRead,
    responses=documented(NotFound, NotOnStaff),
)
async def create_watch(db: WriteDb, actor: MayObserve, session_id: UUID, body: WatchCreate) -> Response:
    """Record who watches the patient from now on. All who did stay in the session's record, in time.

    It leaves the session's version alone, so it disturbs nobody.
    """
    return await created(db, WATCH, actor, await actions.hand_over(db, actor, session_id, body), "/v1/watches")


add_reads(router, WATCH, path="/watches", singular="watch", title="one hand-over")
add_void(
    router,
    WATCH,
    actions.void_watch,
    AlreadySigned,
    path="/watches",
    singular="watch",
    title="a hand-over",
    permission="observation:write",
)
