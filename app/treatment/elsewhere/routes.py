"""Treatments given elsewhere over HTTP: what is told of them reaches the sessions here that they lie close to."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.courses.external.routes import EXTERNAL_TREATMENT
from app.courses.external.schemas import ExternalTreatmentCreate, ExternalTreatmentRead, ExternalTreatmentUpdate
from app.courses.rules import SeriesOutOfOrder
from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, IfMatch, WriteDb, require
from app.kernel.errors import NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.problems import documented
from app.kernel.record_routes import add_void
from app.kernel.records import ChangeReason, ChangeReasonRequired, changed, created
from app.treatment.elsewhere import actions

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["patients"])

MayWriteClinical = Annotated[Actor, Depends(require("clinical:write"))]


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


add_void(
    router,
    EXTERNAL_TREATMENT,
    actions.void_external_treatment,
    path="/external-treatments",
    singular="external_treatment",
    title="a treatment given elsewhere",
    permission="clinical:write",
)
