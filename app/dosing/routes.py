"""Orders, administrations and dose events over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.dosing import actions, queries
from app.dosing.actions import WeightMissing
from app.dosing.models import Administration, DoseEventRecord, DoseOrder
from app.dosing.rules import DoseLimitExceeded, NotOfThisKind, NotWholeDevices
from app.dosing.schemas import (
    AdministrationRead,
    DoseEventRead,
    DoseOrderCreate,
    DoseOrderRead,
    ReconcileAdministration,
    ReconfirmDoseOrder,
)
from app.kernel.actor import Actor
from app.kernel.confirmations import ConfirmationRequired
from app.kernel.endpoint import Endpoint, IfMatch, WriteDb, require
from app.kernel.errors import NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.problems import documented
from app.kernel.record_routes import add_list, add_reads, add_void
from app.kernel.records import Children, Resource, changed, created, register
from app.sessions.rules import AlreadySigned, IllegalTransition

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["dosing"])

MayOrder = Annotated[Actor, Depends(require("order:write"))]
MayWriteSessions = Annotated[Actor, Depends(require("session:write"))]

DOSE_ORDER: Final = register(Resource(DoseOrder, DoseOrderRead, "session:read", queries.visible_dose_orders))
DOSE_EVENT: Final = register(Resource(DoseEventRecord, DoseEventRead, "session:read", queries.visible_dose_events))
ADMINISTRATION: Final = register(
    Resource(
        Administration,
        AdministrationRead,
        "session:read",
        queries.visible_administrations,
        children=(Children("events", DOSE_EVENT, "administration_id", ("occurred_at", "ordinal")),),
    )
)


@router.post(
    "/sessions/{session_id}/dose-orders",
    status_code=201,
    response_model=DoseOrderRead,
    responses=documented(
        NotFound,
        IllegalTransition,
        WeightMissing,
        ConfirmationRequired,
        DoseLimitExceeded,
        NotOfThisKind,
        NotWholeDevices,
    ),
)
async def create_dose_order(db: WriteDb, actor: MayOrder, session_id: UUID, body: DoseOrderCreate) -> Response:
    """Order a dose. Per kilogram it is reckoned from the patient's latest weight, which the order keeps.

    A dose beyond a soft limit of the protocol, or of the drug by this route, has to be confirmed; one beyond a hard
    limit is refused. A newer order supersedes this one.
    """
    return await created(
        db, DOSE_ORDER, actor, await actions.order_dose(db, actor, session_id, body), "/v1/dose-orders"
    )


@router.post(
    "/dose-orders/{dose_order_id}/reconfirm",
    response_model=DoseOrderRead,
    responses=documented(
        NotFound, IllegalTransition, WeightMissing, ConfirmationRequired, PreconditionFailed, PreconditionRequired
    ),
)
async def reconfirm_dose_order(
    db: WriteDb, actor: MayOrder, dose_order_id: UUID, body: ReconfirmDoseOrder, if_match: IfMatch
) -> Response:
    """Let an order stand for the weight the patient has now, after it changed; or order anew.

    The weight the order was reckoned from, and its milligrams, stay what they were.
    """
    return await changed(db, DOSE_ORDER, actor, await actions.reconfirm_order(db, actor, dose_order_id, body, if_match))


add_list(router, DOSE_ORDER, path="/dose-orders", plural="dose_orders", title="dose orders")
add_reads(router, DOSE_ORDER, path="/dose-orders", singular="dose_order", title="one dose order")
add_void(
    router,
    DOSE_ORDER,
    actions.void_order,
    AlreadySigned,
    path="/dose-orders",
    singular="dose_order",
    title="a dose order",
    permission="order:write",
)


add_list(router, ADMINISTRATION, path="/administrations", plural="administrations", title="administrations")
add_reads(router, ADMINISTRATION, path="/administrations", singular="administration", title="one administration")


@router.post(
    "/administrations/{administration_id}/reconcile",
    response_model=AdministrationRead,
    responses=documented(NotFound, AlreadySigned, PreconditionFailed, PreconditionRequired, NotWholeDevices),
)
async def reconcile_administration(
    db: WriteDb, actor: MayWriteSessions, administration_id: UUID, body: ReconcileAdministration, if_match: IfMatch
) -> Response:
    """Say where the rest of the drawn drug went. A remainder is recorded and shown, not refused."""
    administration = await actions.reconcile_administration(db, actor, administration_id, body, if_match)
    return await changed(db, ADMINISTRATION, actor, administration)


add_list(router, DOSE_EVENT, path="/dose-events", plural="dose_events", title="dose events", order_by="occurred_at")
add_reads(router, DOSE_EVENT, path="/dose-events", singular="dose_event", title="one dose event")
