"""Treatments given elsewhere, over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.courses.external import queries
from app.courses.external.models import ExternalTreatment
from app.courses.external.schemas import ExternalTreatmentRead
from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, ReadDb, require
from app.kernel.errors import NotFound
from app.kernel.pagination import Order, Paging
from app.kernel.problems import documented
from app.kernel.record_routes import add_reads
from app.kernel.records import Resource, WithEnteredInError, answer_page, register
from app.kernel.schemas import Page
from app.patients.queries import require_patient

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["patients"])

MayReadClinical = Annotated[Actor, Depends(require("clinical:read"))]

EXTERNAL_TREATMENT: Final = register(
    Resource(ExternalTreatment, ExternalTreatmentRead, "clinical:read", queries.visible_external_treatments)
)


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


add_reads(
    router,
    EXTERNAL_TREATMENT,
    path="/external-treatments",
    singular="external_treatment",
    title="one treatment given elsewhere",
)
