"""Consents over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, IfMatch, ReadDb, WriteDb, require
from app.kernel.errors import EndsBeforeStart, NotFound, PreconditionFailed, PreconditionRequired
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
from app.kernel.schemas import CodeText, Day, Id, Page
from app.screening.consents import actions, queries
from app.screening.consents.models import Consent
from app.screening.consents.rules import ConsentWithdrawn
from app.screening.consents.schemas import ConsentCreate, ConsentRead, ConsentUpdate, WithdrawConsent

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["eligibility"])

MayReadClinical = Annotated[Actor, Depends(require("clinical:read"))]
MayWriteClinical = Annotated[Actor, Depends(require("clinical:write"))]

CONSENT: Final = register(Resource(Consent, ConsentRead, "clinical:read", queries.visible_consents))


@router.post(
    "/patients/{patient_id}/consents",
    status_code=201,
    response_model=ConsentRead,
    responses=documented(NotFound, EndsBeforeStart),
)
async def create_consent(db: WriteDb, actor: MayWriteClinical, patient_id: UUID, body: ConsentCreate) -> Response:
    """Record a document that was signed. Signed anew, it is a further record; the one signed last counts."""
    return await created(db, CONSENT, actor, await actions.record_consent(db, actor, patient_id, body), "/v1/consents")


@router.get("/consents", response_model=Page[ConsentRead])
async def list_consents(
    db: ReadDb,
    actor: MayReadClinical,
    page: Paging,
    with_errors: WithEnteredInError,
    patient_id: Annotated[list[Id], Query(max_length=100, description="Only of these patients.")] = [],  # noqa: B006
    kind: Annotated[
        list[CodeText], Query(max_length=100, description="Only of these kinds.", examples=[["treatment"]])
    ] = [],  # noqa: B006
    expires_before: Annotated[
        Day | None, Query(description="Only those whose last day is before this one, the earliest first.")
    ] = None,
) -> Response:
    """Signed documents, the latest first; with `expires_before` by their last day. Withdrawn ones are among them."""
    columns = queries.consent.c
    statement = queries.visible_consents(actor)
    for column, values in ((columns.patient_id, patient_id), (columns.kind, kind)):
        if values:
            statement = statement.where(column.in_(values))
    order = Order(columns.signed_on, columns.id, descending=True)
    if expires_before is not None:
        statement = statement.where(columns.expires_on < expires_before)
        order = Order(columns.expires_on, columns.id)
    return await answer_page(db, CONSENT, actor, statement, page, order=order, with_errors=with_errors)


add_reads(router, CONSENT, path="/consents", singular="consent", title="one consent")


@router.patch(
    "/consents/{consent_id}",
    response_model=ConsentRead,
    responses=documented(NotFound, EndsBeforeStart, ChangeReasonRequired, PreconditionFailed, PreconditionRequired),
)
async def update_consent(
    db: WriteDb, actor: MayWriteClinical, consent_id: UUID, body: ConsentUpdate, if_match: IfMatch, reason: ChangeReason
) -> Response:
    """Correct what is known of a signed document; your own slip of the last 30 minutes needs no reason."""
    return await changed(
        db, CONSENT, actor, await actions.correct_consent(db, actor, consent_id, body, if_match, reason)
    )


@router.post(
    "/consents/{consent_id}/withdraw",
    response_model=ConsentRead,
    responses=documented(NotFound, ConsentWithdrawn, EndsBeforeStart, PreconditionFailed, PreconditionRequired),
)
async def withdraw_consent(
    db: WriteDb, actor: MayWriteClinical, consent_id: UUID, body: WithdrawConsent, if_match: IfMatch
) -> Response:
    """Record that the patient no longer agrees. It reaches what is still to come; the past stays as it was."""
    return await changed(db, CONSENT, actor, await actions.withdraw_consent(db, actor, consent_id, body, if_match))


add_void(
    router,
    CONSENT,
    actions.void_consent,
    path="/consents",
    singular="consent",
    title="a consent",
    permission="clinical:write",
)
