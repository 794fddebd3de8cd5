"""Treatments given elsewhere, over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.courses.external import actions, queries
from app.courses.external.models import ExternalTreatment
from app.courses.external.schemas import ExternalTreatmentCreate, ExternalTreatmentRead, ExternalTreatmentUpdate
from app.courses.rules import SeriesOutOfOrder
from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, IfMatch, ReadDb, WriteDb, require
from app.kernel.errors import NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.pagination import Order, Paging
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
from app.kernel.schemas import Page
from app.patients.queries import require_patient

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["patients"])

MayReadClinical = Annotated[Actor, Depends(require("clinical:read"))]
MayWriteClinical = Annotated[Actor, Depends(require("clinical:write"))]

EXTERNAL_TREATMENT: Final = register(
    Resource(ExternalTreatment, ExternalTreatmentRead, "clinical:read", queries.visible_external_treatments)
)


@router.post(
    "/patients/{patient_id}/external-treatments",
    status_code=201,
    response_model=ExternalTreatmentRead,
    responses=documented(NotFound, SeriesOutOfOrder),
)
async def create_external_treatment(
    db: WriteDb, actor: MayWriteClinical, patient_id: UUID, body: ExternalTreatmentCreate
) -> Response:
    """Record sessions that somebody else gave. They count in intervals and in the patient's lifetime."""
    treatment = await actions.record_external_treatment(db, actor, patient_id, body)
    return await created(db, EXTERNAL_TREATMENT, actor, treatment, "/v1/external-treatments")


@router.get(
    "/patients/{patient_id}/external-treatments",
    response_model=Page[ExternalTreatmentRead],
    responses=documented(NotFound),
)
async def list_external_treatments(
    db: ReadDb, actor: MayReadClinical, patient_id: UUID, page: Paging, with_errors: WithEnteredInError
) -> Response:
    """What a patient was given elsewhere, latest first."""
    await require_patient(db, actor, patient_id)
    external = queries.external
    statement = queries.visible_external_treatments(actor).where(external.c.patient_id == patient_id)
    order = Order(external.c.counted_from, external.c.id, descending=True)
    return await answer_page(db, EXTERNAL_TREATMENT, actor, statement, page, order=order, with_errors=with_errors)


@router.patch(
    "/external-treatments/{external_treatment_id}",
    response_model=ExternalTreatmentRead,
    responses=documented(NotFound, SeriesOutOfOrder, ChangeReasonRequired, PreconditionFailed, PreconditionRequired),
)
async def update_external_treatment(  # a correction carries version and reason
    db: WriteDb,
    actor: MayWriteClinical,
    external_treatment_id: UUID,
    body: ExternalTreatmentUpdate,
    if_match: IfMatch,
    reason: ChangeReason,
) -> Response:
    """Correct what is known of a treatment given elsewhere."""
    treatment = await actions.correct_external_treatment(db, actor, external_treatment_id, body, if_match, reason)
    return await changed(db, EXTERNAL_TREATMENT, actor, treatment)


add_reads(
    router,
    EXTERNAL_TREATMENT,
    path="/external-treatments",
    singular="external_treatment",
    title="one treatment given elsewhere",
)
add_void(
    router,
    EXTERNAL_TREATMENT,
    actions.void_external_treatment,
    path="/external-treatments",
    singular="external_treatment",
    title="a treatment given elsewhere",
    permission="clinical:write",
)
