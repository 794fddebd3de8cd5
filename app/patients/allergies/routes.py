"""Allergies over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, IfMatch, ReadDb, WriteDb, require
from app.kernel.errors import NotFound, PreconditionFailed, PreconditionRequired
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
from app.patients.allergies import actions, queries
from app.patients.allergies.models import Allergy
from app.patients.allergies.schemas import AllergyCreate, AllergyRead, AllergyUpdate

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["patients"])

MayReadClinical = Annotated[Actor, Depends(require("clinical:read"))]
MayWriteClinical = Annotated[Actor, Depends(require("clinical:write"))]

ALLERGY: Final = register(Resource(Allergy, AllergyRead, "clinical:read", queries.visible_allergies))


@router.post(
    "/patients/{patient_id}/allergies",
    status_code=201,
    response_model=AllergyRead,
    responses=documented(NotFound),
)
async def create_allergy(db: WriteDb, actor: MayWriteClinical, patient_id: UUID, body: AllergyCreate) -> Response:
    """Record what a patient reacts to."""
    allergy = await actions.record_allergy(db, actor, patient_id, body)
    return await created(db, ALLERGY, actor, allergy, "/v1/allergies")


@router.get("/allergies", response_model=Page[AllergyRead])
async def list_allergies(
    db: ReadDb,
    actor: MayReadClinical,
    page: Paging,
    with_errors: WithEnteredInError,
    patient_id: Annotated[list[Id], Query(max_length=100, description="Only of these patients.")] = [],  # noqa: B006
) -> Response:
    """What patients react to, the latest recorded first."""
    statement = queries.visible_allergies(actor)
    if patient_id:
        statement = statement.where(queries.allergy.c.patient_id.in_(patient_id))
    return await answer_page(db, ALLERGY, actor, statement, page, with_errors=with_errors)


@router.patch(
    "/allergies/{allergy_id}",
    response_model=AllergyRead,
    responses=documented(NotFound, ChangeReasonRequired, PreconditionFailed, PreconditionRequired),
)
async def update_allergy(  # a correction carries version and reason
    db: WriteDb,
    actor: MayWriteClinical,
    allergy_id: UUID,
    body: AllergyUpdate,
    if_match: IfMatch,
    reason: ChangeReason,
) -> Response:
    """Correct an allergy."""
    allergy = await actions.update_allergy(db, actor, allergy_id, body, if_match, reason)
    return await changed(db, ALLERGY, actor, allergy)


add_reads(router, ALLERGY, path="/allergies", singular="allergy", title="one allergy")
add_void(
    router,
    ALLERGY,
    actions.void_allergy,
    path="/allergies",
    singular="allergy",
    title="an allergy",
    permission="clinical:write",
)
