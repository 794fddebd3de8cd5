"""Vital signs and dissociation notes over HTTP."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, IfMatch, WriteDb, require
from app.kernel.errors import Failure, NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.ledger import columns_of
from app.kernel.problems import documented, failure_of_validation, problem_of
from app.kernel.record_routes import add_list, add_reads, add_void
from app.kernel.records import ChangeReason, ChangeReasonRequired, Resource, changed, created, register, respond
from app.monitoring import actions, queries
from app.monitoring.models import DissociationNote, VitalSigns
from app.monitoring.rules import ImpossiblePressure, NothingLeft
from app.monitoring.schemas import (
    BatchMode,
    DissociationNoteCreate,
    DissociationNoteRead,
    DissociationNoteUpdate,
    Unfit,
    VitalSignsBatch,
    VitalSignsCreate,
    VitalSignsOutcomes,
    VitalSignsRead,
    VitalSignsRecorded,
    VitalSignsUpdate,
)
from app.sessions.rules import AlreadySigned

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["monitoring"])

MayWriteSessions = Annotated[Actor, Depends(require("session:write"))]
MayWriteObservations = Annotated[Actor, Depends(require("observation:write"))]

VITAL_SIGNS: Final = register(Resource(VitalSigns, VitalSignsRead, "session:read", queries.visible_vital_signs))
DISSOCIATION_NOTE: Final = register(
    Resource(DissociationNote, DissociationNoteRead, "session:read", queries.visible_dissociation_notes)
)

_CORRECTION: Final = documented(
    NotFound, NothingLeft, AlreadySigned, ChangeReasonRequired, PreconditionFailed, PreconditionRequired
)


@router.post(
    "/sessions/{session_id}/vital-signs",
    status_code=201,
    response_model=VitalSignsRead,
    responses=documented(NotFound, ImpossiblePressure),
)
async def create_vital_signs(
    db: WriteDb, actor: MayWriteSessions, session_id: UUID, body: VitalSignsCreate
) -> Response:
    """Record one set of readings. It leaves the session's version alone, so it disturbs nobody."""
    reading = await actions.record_vital_signs(db, actor, session_id, body)
    return await created(db, VITAL_SIGNS, actor, reading, "/v1/vital-signs")


@router.post(
    "/sessions/{session_id}/vital-signs/batch",
    status_code=201,
    response_model=VitalSignsRecorded,
    responses=documented(NotFound, ImpossiblePressure)
    | {207: {"model": VitalSignsOutcomes, "description": "With `independent`: what became of each reading."}},
)
async def create_vital_signs_batch(
    db: WriteDb, actor: MayWriteSessions, session_id: UUID, body: VitalSignsBatch
) -> Response:
    """Record up to 500 sets of readings, all or none; a fault names its place, such as `#/items/3/systolic_mmhg`.

    With `"mode": "independent"` each is recorded by itself, in the order sent, and 207 answers one result for each:
    201 with the reading, 200 where its `id` says that it is there already, or a problem.
    """
    if body.mode is BatchMode.INDEPENDENT:
        outcomes = await actions.record_vital_signs_each(db, actor, session_id, [_item(one) for one in body.items])
        await db.flush()
        return respond(db, {"items": [_outcome(actor, one) for one in outcomes]}, status=207)
    readings = await actions.record_vital_signs_batch(db, actor, session_id, body.items)
    await db.flush()
    return respond(db, {"items": [VITAL_SIGNS.present(columns_of(reading)) for reading in readings]}, status=201)


def _item(item: VitalSignsCreate | Unfit) -> VitalSignsCreate | Failure:
    if isinstance(item, Unfit):
        return failure_of_validation([{**one, "loc": ("body", *one["loc"])} for one in item.errors], None)
    return item


def _outcome(actor: Actor, outcome: actions.Outcome) -> dict[str, Any]:
    return {
        "status": outcome.status,
        "resource": None if outcome.reading is None else VITAL_SIGNS.present(columns_of(outcome.reading), actor),
        "problem": None if outcome.failure is None else problem_of(outcome.failure, actor.request_id),
    }


add_list(router, VITAL_SIGNS, path="/vital-signs", plural="vital_signs", title="vital signs", order_by="measured_at")
add_reads(router, VITAL_SIGNS, path="/vital-signs", singular="vital_signs", title="one set of readings")


@router.patch(
    "/vital-signs/{vital_signs_id}",
    response_model=VitalSignsRead,
    responses=documented(
        NotFound,
        ImpossiblePressure,
        NothingLeft,
        AlreadySigned,
        ChangeReasonRequired,
        PreconditionFailed,
        PreconditionRequired,
    ),
)
async def update_vital_signs(  # a correction carries version and reason
    db: WriteDb,
    actor: MayWriteSessions,
    vital_signs_id: UUID,
    body: VitalSignsUpdate,
    if_match: IfMatch,
    reason: ChangeReason,
) -> Response:
    """Correct a set of readings; your own slip of the last 30 minutes needs no reason."""
    reading = await actions.correct_vital_signs(db, actor, vital_signs_id, body, if_match, reason)
    return await changed(db, VITAL_SIGNS, actor, reading)


add_void(
    router,
    VITAL_SIGNS,
    actions.void_vital_signs,
    AlreadySigned,
    path="/vital-signs",
    singular="vital_signs",
    title="a set of readings",
    permission="session:write",
)


@router.post(
    "/sessions/{session_id}/dissociation-notes",
    status_code=201,
    response_model=DissociationNoteRead,
    responses=documented(NotFound),
)
async def create_dissociation_note(
    db: WriteDb, actor: MayWriteObservations, session_id: UUID, body: DissociationNoteCreate
) -> Response:
    """Record what somebody saw or heard of the experience, and what was done."""
    note = await actions.record_dissociation_note(db, actor, session_id, body)
    return await created(db, DISSOCIATION_NOTE, actor, note, "/v1/dissociation-notes")


add_list(
    router,
    DISSOCIATION_NOTE,
    path="/dissociation-notes",
    plural="dissociation_notes",
    title="dissociation notes",
    order_by="observed_at",
)
add_reads(
    router, DISSOCIATION_NOTE, path="/dissociation-notes", singular="dissociation_note", title="one dissociation note"
)


@router.patch("/dissociation-notes/{dissociation_note_id}", response_model=DissociationNoteRead, responses=_CORRECTION)
async def update_dissociation_note(  # a correction carries version and reason
    db: WriteDb,
    actor: MayWriteObservations,
    dissociation_note_id: UUID,
    body: DissociationNoteUpdate,
    if_match: IfMatch,
    reason: ChangeReason,
) -> Response:
    """Correct a dissociation note; your own slip of the last 30 minutes needs no reason."""
    note = await actions.correct_dissociation_note(db, actor, dissociation_note_id, body, if_match, reason)
    return await changed(db, DISSOCIATION_NOTE, actor, note)


add_void(
    router,
    DISSOCIATION_NOTE,
    actions.void_dissociation_note,
    AlreadySigned,
    path="/dissociation-notes",
    singular="dissociation_note",
    title="a dissociation note",
    permission="observation:write",
)
