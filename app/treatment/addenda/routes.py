"""Addenda over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, WriteDb, require
from app.kernel.errors import NotFound
from app.kernel.problems import documented
from app.kernel.record_routes import add_list, add_reads, add_void
from app.kernel.records import Resource, created, register
from app.treatment.addenda import actions, queries
from app.treatment.addenda.models import Addendum
from app.treatment.addenda.rules import SessionNotSigned
from app.treatment.addenda.schemas import AddendumCreate, AddendumRead

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["sessions"])

# Whoever may sign may also sign beside another.
MayAdd = Annotated[Actor, Depends(require("session:cosign", step_up=True))]

ADDENDUM: Final = register(Resource(Addendum, AddendumRead, "session:read", queries.visible_addenda))


@router.post(
    "/sessions/{session_id}/addenda",
    status_code=201,
    response_model=AddendumRead,
    responses=documented(NotFound, SessionNotSigned),
)
async def create_addendum(db: WriteDb, actor: MayAdd, session_id: UUID, body: AddendumCreate) -> Response:
    """Say something about a signed session: a record of its own, signed by you as you send it.

    Nothing is opened for it, and the session's own signatures stay as they are. It is not changed; its author marks it
    as entered in error, or anybody writes another.
    """
    return await created(db, ADDENDUM, actor, await actions.add_addendum(db, actor, session_id, body), "/v1/addenda")


add_list(router, ADDENDUM, path="/addenda", plural="addenda", title="addenda")
add_reads(router, ADDENDUM, path="/addenda", singular="addendum", title="an addendum")
add_void(
    router,
    ADDENDUM,
    actions.void_addendum,
    path="/addenda",
    singular="addendum",
    title="an addendum",
    permission="session:cosign",
    step_up=True,
)
