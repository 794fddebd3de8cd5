"""Reproductive facts over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

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
from app.kernel.schemas import Id, Page
from app.patients.reproduction import actions, queries
from app.patients.reproduction.models import ReproductiveFactRecord
from app.patients.reproduction.rules import ValueNotOfKind
from app.patients.reproduction.schemas import ReproductiveFactCreate, ReproductiveFactRead, ReproductiveFactUpdate

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["patients"])

MayReadClinical = Annotated[Actor, Depends(require("clinical:read"))]
MayWriteClinical = Annotated[Actor, Depends(require("clinical:write"))]

REPRODUCTIVE_FACT: Final = register(
    Resource(ReproductiveFactRecord, ReproductiveFactRead, "clinical:read", queries.visible_reproductive_facts)
)


@router.post(
    "/patients/{patient_id}/reproductive-facts",
    status_code=201,
    response_model=ReproductiveFactRead,
    responses=documented(NotFound, ValueNotOfKind),
)
async def create_reproductive_fact(
    db: WriteDb, actor: MayWriteClinical, patient_id: UUID, body: ReproductiveFactCreate
) -> Response:
    """Record a pregnancy test, a pregnancy, a delivery, breast-feeding or contraception, as of a day."""
    fact = await actions.record_reproductive_fact(db, actor, patient_id, body)
    return await created(db, REPRODUCTIVE_FACT, actor, fact, "/v1/reproductive-facts")


@router.get("/reproductive-facts", response_model=Page[ReproductiveFactRead])
async def list_reproductive_facts(
    db: ReadDb,
    actor: MayReadClinical,
    page: Paging,
    with_errors: WithEnteredInError,
    patient_id: Annotated[list[Id], Query(max_length=100, description="Only of these patients.")] = [],  # noqa: B006
) -> Response:
    """Reproductive facts, the latest day first."""
    fact = queries.reproductive_fact
    statement = queries.visible_reproductive_facts(actor)
    if patient_id:
        statement = statement.where(fact.c.patient_id.in_(patient_id))
    order = Order(fact.c.observed_on, fact.c.id, descending=True)
    return await answer_page(db, REPRODUCTIVE_FACT, actor, statement, page, order=order, with_errors=with_errors)


@router.patch(
    "/reproductive-facts/{reproductive_fact_id}",
    response_model=ReproductiveFactRead,
    responses=documented(NotFound, ValueNotOfKind, ChangeReasonRequired, PreconditionFailed, PreconditionRequired),
)
async def update_reproductive_fact(  # a correction carries version and reason
    db: WriteDb,
    actor: MayWriteClinical,
    reproductive_fact_id: UUID,
    body: ReproductiveFactUpdate,
    if_match: IfMatch,
    reason: ChangeReason,
) -> Response:
    """Correct a fact. What changed since is another fact of its day."""
    fact = await actions.update_reproductive_fact(db, actor, reproductive_fact_id, body, if_match, reason)
    return await changed(db, REPRODUCTIVE_FACT, actor, fact)


add_reads(
    router,
    REPRODUCTIVE_FACT,
    path="/reproductive-facts",
    singular="reproductive_fact",
    title="one reproductive fact",
)
add_void(
    router,
    REPRODUCTIVE_FACT,
    actions.void_reproductive_fact,
    path="/reproductive-facts",
    singular="reproductive_fact",
    title="a reproductive fact",
    permission="clinical:write",
)
