"""Limits of one patient over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, ReadDb, WriteDb, require
from app.kernel.errors import NotFound
from app.kernel.pagination import Order, Paging
from app.kernel.problems import documented
from app.kernel.record_routes import add_reads, add_void
from app.kernel.records import Resource, WithEnteredInError, answer_page, created, register
from app.kernel.schemas import Page
from app.patients.limits import actions
from app.patients.queries import require_patient
from app.policies import queries
from app.policies.models import PatientLimit
from app.policies.routes import WithCodes, answer_policies
from app.policies.rules import PolicyNotSettable, PolicyValueUnfit, UnknownPolicy
from app.policies.schemas import PatientLimitCreate, PatientLimitRead, PolicyRead

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["policies"])

MayReadClinical = Annotated[Actor, Depends(require("clinical:read"))]
MaySetLimits = Annotated[Actor, Depends(require("order:write", step_up=True))]

PATIENT_LIMIT: Final = register(
    Resource(PatientLimit, PatientLimitRead, "clinical:read", queries.visible_patient_limits)
)


@router.get("/patients/{patient_id}/policies", response_model=Page[PolicyRead], responses=documented(NotFound))
async def list_patient_policies(
    db: ReadDb,
    actor: MayReadClinical,
    patient_id: UUID,
    codes: WithCodes = [],  # noqa: B006
) -> Response:
    """Every policy as it is in force for one patient now: their own limits, else what holds in the clinic."""
    await require_patient(db, actor, patient_id)
    return await answer_policies(db, actor, codes, patient_id)


@router.post(
    "/patients/{patient_id}/limits",
    status_code=201,
    response_model=PatientLimitRead,
    responses=documented(NotFound, UnknownPolicy, PolicyNotSettable, PolicyValueUnfit),
)
async def set_patient_limit(db: WriteDb, actor: MaySetLimits, patient_id: UUID, body: PatientLimitCreate) -> Response:
    """Set a limit for one patient from an instant on, where the clinic's does not fit: altitude, known hypertension."""
    limit = await actions.set_patient_limit(db, actor, patient_id, body)
    return await created(db, PATIENT_LIMIT, actor, limit, "/v1/patient-limits")


@router.get("/patients/{patient_id}/limits", response_model=Page[PatientLimitRead], responses=documented(NotFound))
async def list_patient_limits(
    db: ReadDb, actor: MayReadClinical, patient_id: UUID, page: Paging, with_errors: WithEnteredInError
) -> Response:
    """Everything that was set for a patient, what came into force last first."""
    await require_patient(db, actor, patient_id)
    limit = queries.limit
    statement = queries.visible_patient_limits(actor).where(limit.c.patient_id == patient_id)
    order = Order(limit.c.effective_at, limit.c.id, descending=True)
    return await answer_page(db, PATIENT_LIMIT, actor, statement, page, order=order, with_errors=with_errors)


add_reads(router, PATIENT_LIMIT, path="/patient-limits", singular="patient_limit", title="one limit of a patient's own")
add_void(
    router,
    PATIENT_LIMIT,
    actions.void_patient_limit,
    path="/patient-limits",
    singular="patient_limit",
    title="a limit of a patient's own",
    permission="order:write",
    step_up=True,
)
