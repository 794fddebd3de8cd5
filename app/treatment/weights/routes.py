"""Weights over HTTP: what is done to them reaches the orders and doses that rest on them."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.confirmations import ConfirmationRequired
from app.kernel.endpoint import Endpoint, IfMatch, WriteDb, require
from app.kernel.errors import NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.problems import documented
from app.kernel.record_routes import add_void
from app.kernel.records import ChangeReason, changed, created
from app.patients.routes import WEIGHT
from app.patients.schemas import WeightCreate, WeightRead, WeightUpdate
from app.treatment.weights import actions

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["patients"])

MayWriteClinical = Annotated[Actor, Depends(require("clinical:write"))]


@router.post(
    "/patients/{patient_id}/weights",
    status_code=201,
    response_model=WeightRead,
    responses=documented(NotFound, ConfirmationRequired),
)
async def create_weight(db: WriteDb, actor: MayWriteClinical, patient_id: UUID, body: WeightCreate) -> Response:
    """Record what a person weighed. 10 % or more off a recent weight has to be confirmed.

    An order that stands for another weight says so from then on.
    """
    return await created(db, WEIGHT, actor, await actions.record_weight(db, actor, patient_id, body), "/v1/weights")


@router.patch(
    "/weights/{weight_id}",
    response_model=WeightRead,
    responses=documented(NotFound, PreconditionFailed, PreconditionRequired),
)
async def update_weight(
    db: WriteDb, actor: MayWriteClinical, weight_id: UUID, body: WeightUpdate, if_match: IfMatch, reason: ChangeReason
) -> Response:
    """Correct a weight; your own slip of the last 30 minutes needs no reason. Doses by it are reckoned again."""
    return await changed(db, WEIGHT, actor, await actions.correct_weight(db, actor, weight_id, body, if_match, reason))


add_void(
    router,
    WEIGHT,
    actions.void_weight,
    path="/weights",
    singular="weight",
    title="a weight",
    permission="clinical:write",
)
