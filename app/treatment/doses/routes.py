"""Doses over HTTP: what is done to them reaches the session's clock and the scores placed on it."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.dosing.routes import ADMINISTRATION, DOSE_EVENT
from app.dosing.rules import DoseEventIncomplete, ImpossibleAmount, NotOfThisKind, NotWholeDevices
from app.dosing.schemas import (
    AdministrationRead,
    AdministrationUpdate,
    AnyAdministration,
    AnyDoseEvent,
    DoseEventRead,
    DoseEventUpdate,
)
from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, IfMatch, WriteDb, require
from app.kernel.errors import EndsBeforeStart, NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.idempotency import IdempotencyKeyRequired
from app.kernel.problems import documented
from app.kernel.record_routes import add_void
from app.kernel.records import ChangeReason, ChangeReasonRequired, changed, created
from app.sessions.rules import AlreadySigned
from app.treatment.doses import actions

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["dosing"])

MayWriteSessions = Annotated[Actor, Depends(require("session:write"))]

_IMPOSSIBLE: Final = (DoseEventIncomplete, EndsBeforeStart, ImpossibleAmount, NotOfThisKind, NotWholeDevices)
_CORRECTION: Final = documented(
    NotFound, PreconditionFailed, PreconditionRequired, ChangeReasonRequired, AlreadySigned, *_IMPOSSIBLE
)


@router.post(
    "/sessions/{session_id}/administrations",
    status_code=201,
    response_model=AdministrationRead,
    responses=documented(NotFound, IdempotencyKeyRequired, *_IMPOSSIBLE),
)
async def create_administration(
    db: WriteDb, actor: MayWriteSessions, session_id: UUID, body: AnyAdministration
) -> Response:
    """Record what was given, in whatever state the session is; what is out of order is named and raises an alert.

    Drug and route decide which members there are; what is beyond a limit is recorded all the same.

    Send an Idempotency-Key or an own id: a dose must not be recorded twice.
    """
    administration = await actions.record_administration(db, actor, session_id, body)
    return await created(db, ADMINISTRATION, actor, administration, "/v1/administrations")


@router.patch("/administrations/{administration_id}", response_model=AdministrationRead, responses=_CORRECTION)
async def update_administration(  # a correction carries version and reason
    db: WriteDb,
    actor: MayWriteSessions,
    administration_id: UUID,
    body: AdministrationUpdate,
    if_match: IfMatch,
    reason: ChangeReason,
) -> Response:
    """Correct an administration, and the session follows; its timeline is corrected event by event."""
    administration = await actions.correct_administration(db, actor, administration_id, body, if_match, reason)
    return await changed(db, ADMINISTRATION, actor, administration)


add_void(
    router,
    ADMINISTRATION,
    actions.void_administration,
    AlreadySigned,
    EndsBeforeStart,
    path="/administrations",
    singular="administration",
    title="an administration",
    permission="session:write",
)


@router.post(
    "/administrations/{administration_id}/events",
    status_code=201,
    response_model=DoseEventRead,
    responses=documented(NotFound, IdempotencyKeyRequired, *_IMPOSSIBLE),
    name="create_dose_event",
)
async def create_dose_event(
    db: WriteDb, actor: MayWriteSessions, administration_id: UUID, body: AnyDoseEvent
) -> Response:
    """Record one thing that happened to a dose. What was delivered is reckoned again, and the session follows.

    Send an Idempotency-Key or an own id: a dose must not be recorded twice. Events may come in any order.
    """
    event = await actions.record_dose_event(db, actor, administration_id, body)
    return await created(db, DOSE_EVENT, actor, event, "/v1/dose-events")


@router.patch("/dose-events/{dose_event_id}", response_model=DoseEventRead, responses=_CORRECTION)
async def update_dose_event(  # a correction carries version and reason
    db: WriteDb,
    actor: MayWriteSessions,
    dose_event_id: UUID,
    body: DoseEventUpdate,
    if_match: IfMatch,
    reason: ChangeReason,
) -> Response:
    """Correct a dose event; the dose is reckoned again as its own change."""
    event = await actions.correct_dose_event(db, actor, dose_event_id, body, if_match, reason)
    return await changed(db, DOSE_EVENT, actor, event)


add_void(
    router,
    DOSE_EVENT,
    actions.void_dose_event,
    AlreadySigned,
    EndsBeforeStart,
    path="/dose-events",
    singular="dose_event",
    title="a dose event",
    permission="session:write",
)
