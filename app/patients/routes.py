"""Patients and weights over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.confirmations import ConfirmationRequired
from app.kernel.endpoint import Endpoint, IfMatch, ReadDb, WriteDb, require
from app.kernel.errors import NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.pagination import Order, Paging
from app.kernel.problems import documented
from app.kernel.record_routes import add_reads
from app.kernel.records import ChangeReason, Resource, WithEnteredInError, answer_page, changed, created, register
from app.kernel.schemas import Page
from app.patients import actions, queries
from app.patients.models import Patient, Weight
from app.patients.rules import DuplicateIdentifier
from app.patients.schemas import (
    PatientCreate,
    PatientRead,
    PatientSearch,
    PatientUpdate,
    WeightRead,
)

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["patients"])

MayReadPatients = Annotated[Actor, Depends(require("patient:read"))]
MayWritePatients = Annotated[Actor, Depends(require("patient:write"))]
MayReadClinical = Annotated[Actor, Depends(require("clinical:read"))]

PATIENT: Final = register(Resource(Patient, PatientRead, "patient:read", queries.visible_patients))
WEIGHT: Final = register(Resource(Weight, WeightRead, "clinical:read", queries.visible_weights))


@router.post(
    "/patients",
    status_code=201,
    response_model=PatientRead,
    responses=documented(DuplicateIdentifier, ConfirmationRequired),
)
async def create_patient(db: WriteDb, actor: MayWritePatients, body: PatientCreate) -> Response:
    """Register a person. Somebody with the same names and birth has to be confirmed as another person."""
    return await created(db, PATIENT, actor, await actions.register_patient(db, actor, body), "/v1/patients")


@router.get("/patients", response_model=Page[PatientRead])
async def list_patients(db: ReadDb, actor: MayReadPatients, page: Paging, with_errors: WithEnteredInError) -> Response:
    """The clinic's patients, newest first."""
    return await answer_page(db, PATIENT, actor, queries.visible_patients(actor), page, with_errors=with_errors)


@router.post("/patients/search", response_model=Page[PatientRead])
async def search_patients(db: ReadDb, actor: MayReadPatients, body: PatientSearch, page: Paging) -> Response:
    """Find people by name, birth or identifier. A POST, so that no name reaches an address; it changes nothing."""
    identified_as = (body.identifier.system, body.identifier.value) if body.identifier else None
    statement = queries.found_patients(
        actor,
        family_name=body.family_name,
        given_name=body.given_name,
        birth_on=body.birth_on,
        identified_as=identified_as,
    )
    order = Order(queries.patient.c.family_name_folded, queries.patient.c.id)
    return await answer_page(db, PATIENT, actor, statement, page, order=order, with_errors=False)


@router.patch(
    "/patients/{patient_id}",
    response_model=PatientRead,
    responses=documented(NotFound, PreconditionFailed, PreconditionRequired, DuplicateIdentifier),
)
async def update_patient(
    db: WriteDb, actor: MayWritePatients, patient_id: UUID, body: PatientUpdate, if_match: IfMatch, reason: ChangeReason
) -> Response:
    """Change a person's particulars; your own slip of the last 30 minutes needs no reason."""
    return await changed(
        db, PATIENT, actor, await actions.update_patient(db, actor, patient_id, body, if_match, reason)
    )


add_reads(router, PATIENT, path="/patients", singular="patient", title="one patient")


@router.get("/patients/{patient_id}/weights", response_model=Page[WeightRead], responses=documented(NotFound))
async def list_weights(
    db: ReadDb, actor: MayReadClinical, patient_id: UUID, page: Paging, with_errors: WithEnteredInError
) -> Response:
    """A patient's weights, latest first."""
    await queries.require_patient(db, actor, patient_id)
    weight = queries.weight
    statement = queries.visible_weights(actor).where(weight.c.patient_id == patient_id)
    order = Order(weight.c.measured_at, weight.c.id, descending=True)
    return await answer_page(db, WEIGHT, actor, statement, page, order=order, with_errors=with_errors)


add_reads(router, WEIGHT, path="/weights", singular="weight", title="one weight")
