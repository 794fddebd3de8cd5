"""Conditions over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, IfMatch, ReadDb, WriteDb, require
from app.kernel.errors import EndsBeforeStart, NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.pagination import Paging
from app.kernel.problems import documented
from app.kernel.record_routes import add_reads, add_void
from app.kernel.records import (
    ChangeReason,
    ChangeReasonRequired,
    Resource,
    WithEnteredInError,
    answer_page,
    changed,
    created,
    register,
)
from app.kernel.schemas import Id, Page
from app.patients.conditions import actions, queries
from app.patients.conditions.models import Condition
from app.patients.conditions.schemas import ConditionCreate, ConditionRead, ConditionUpdate

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["patients"])

MayReadClinical = Annotated[Actor, Depends(require("clinical:read"))]
MayWriteClinical = Annotated[Actor, Depends(require("clinical:write"))]

CONDITION: Final = register(Resource(Condition, ConditionRead, "clinical:read", queries.visible_conditions))


@router.post(
    "/patients/{patient_id}/conditions",
    status_code=201,
    response_model=ConditionRead,
    responses=documented(NotFound, EndsBeforeStart),
)
async def create_condition(db: WriteDb, actor: MayWriteClinical, patient_id: UUID, body: ConditionCreate) -> Response:
    """Record a diagnosis beside the illness that is treated, present or past."""
    condition = await actions.record_condition(db, actor, patient_id, body)
    return await created(db, CONDITION, actor, condition, "/v1/conditions")


@router.get("/conditions", response_model=Page[ConditionRead])
async def list_conditions(
    db: ReadDb,
    actor: MayReadClinical,
    page: Paging,
    with_errors: WithEnteredInError,
    patient_id: Annotated[list[Id], Query(max_length=100, description="Only of these patients.")] = [],  # noqa: B006
) -> Response:
    """Diagnoses, the latest recorded first."""
    statement = queries.visible_conditions(actor)
    if patient_id:
        statement = statement.where(queries.condition.c.patient_id.in_(patient_id))
    return await answer_page(db, CONDITION, actor, statement, page, with_errors=with_errors)


@router.patch(
    "/conditions/{condition_id}",
    response_model=ConditionRead,
    responses=documented(NotFound, EndsBeforeStart, ChangeReasonRequired, PreconditionFailed, PreconditionRequired),
)
async def update_condition(  # a correction carries version and reason
    db: WriteDb,
    actor: MayWriteClinical,
    condition_id: UUID,
    body: ConditionUpdate,
    if_match: IfMatch,
    reason: ChangeReason,
) -> Response:
    """Correct a diagnosis, or end it with its last day."""
    condition = await actions.update_condition(db, actor, condition_id, body, if_match, reason)
    return await changed(db, CONDITION, actor, condition)


add_reads(router, CONDITION, path="/conditions", singular="condition", title="one condition")
add_void(
    router,
    CONDITION,
    actions.void_condition,
    path="/conditions",
    singular="condition",
    title="a condition",
    permission="clinical:write",
)
