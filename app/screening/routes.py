"""Checklists, screenings and decisions over HTTP; recording one stands in `treatment`, which knows sessions."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
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
    register,
    respond,
)
from app.kernel.schemas import Day, Id, Page
from app.protocols.rules import Drug
from app.screening import actions, queries
from app.screening.catalogue import latest_checklist
from app.screening.models import Screening
from app.screening.rules import (
    AnsweredTwice,
    Checklist,
    DecisionNeedsMore,
    EligibilityDecision,
    NotAFinding,
    NotOfEligibility,
    Outcome,
    Purpose,
)
from app.screening.schemas import ChecklistRead, DecideScreening, ScreeningRead, ScreeningUpdate

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["eligibility"])

MayReadClinic = Annotated[Actor, Depends(require("clinic:read"))]
MayReadClinical = Annotated[Actor, Depends(require("clinical:read"))]
MayWriteClinical = Annotated[Actor, Depends(require("clinical:write"))]
MayDecide = Annotated[Actor, Depends(require("eligibility:write"))]
ChecklistCode = Annotated[str, Path(max_length=64, description="The checklist's code.", examples=["ELIGIBILITY"])]

SCREENING: Final = register(Resource(Screening, ScreeningRead, "clinical:read", queries.visible_screenings))


def _shown(checklist: Checklist) -> Mapping[str, Any]:
    items = [
        asdict(item) | {"classes": {drug.value: one for drug, one in item.classes.items()}} for item in checklist.items
    ]
    return {"object": "screening_checklist", **asdict(checklist), "items": items}


@router.get("/screening-checklists/{checklist_code}", response_model=ChecklistRead, responses=documented(NotFound))
async def get_screening_checklist(db: ReadDb, actor: MayReadClinic, checklist_code: ChecklistCode) -> Response:
    """What to ask before treatment, in its newest version: enough to draw the form."""
    checklist = latest_checklist()
    if checklist_code != checklist.code:
        raise NotFound
    return respond(db, _shown(checklist))


@router.get("/screenings", response_model=Page[ScreeningRead])
async def list_screenings(  # noqa: PLR0913  # one parameter a filter
    db: ReadDb,
    actor: MayReadClinical,
    page: Paging,
    with_errors: WithEnteredInError,
    patient_id: Annotated[list[Id], Query(max_length=100, description="Only of these patients.")] = [],  # noqa: B006
    session_id: Annotated[list[Id], Query(max_length=100, description="Only of these sessions.")] = [],  # noqa: B006
    drug: Annotated[list[Drug], Query(max_length=100, description="Only for these drugs.")] = [],  # noqa: B006
    purpose: Annotated[list[Purpose], Query(max_length=100, description="Only of these purposes.")] = [],  # noqa: B006
    outcome: Annotated[list[Outcome], Query(max_length=100, description="Only with these outcomes.")] = [],  # noqa: B006
    decision: Annotated[list[EligibilityDecision], Query(max_length=100, description="Only decided so.")] = [],  # noqa: B006
    expires_before: Annotated[
        Day | None, Query(description="Only decisions whose last day is before this one, the earliest first.")
    ] = None,
) -> Response:
    """Screenings, the latest first; with `expires_before` by the last day their decision holds."""
    columns = queries.screening.c
    statement = queries.visible_screenings(actor)
    wanted = (
        (columns.patient_id, patient_id),
        (columns.session_id, session_id),
        (columns.drug, drug),
        (columns.purpose, purpose),
        (columns.outcome, outcome),
        (columns.decision, decision),
    )
    for column, values in wanted:
        if values:
            statement = statement.where(column.in_(values))
    order = Order(columns.screened_at, columns.id, descending=True)
    if expires_before is not None:
        statement = statement.where(columns.expires_on < expires_before)
        order = Order(columns.expires_on, columns.id)
    return await answer_page(db, SCREENING, actor, statement, page, order=order, with_errors=with_errors)


add_reads(router, SCREENING, path="/screenings", singular="screening", title="one screening")


@router.patch(
    "/screenings/{screening_id}",
    response_model=ScreeningRead,
    responses=documented(
        NotFound, AnsweredTwice, EndsBeforeStart, ChangeReasonRequired, PreconditionFailed, PreconditionRequired
    ),
)
async def update_screening(
    db: WriteDb,
    actor: MayWriteClinical,
    screening_id: UUID,
    body: ScreeningUpdate,
    if_match: IfMatch,
    reason: ChangeReason,
) -> Response:
    """Correct what was asked. The outcome follows, and a decision made before it no longer counts."""
    screening = await actions.correct_screening(db, actor, screening_id, body, if_match, reason)
    return await changed(db, SCREENING, actor, screening)


@router.post(
    "/screenings/{screening_id}/decide",
    response_model=ScreeningRead,
    responses=documented(
        NotFound,
        NotOfEligibility,
        NotAFinding,
        DecisionNeedsMore,
        EndsBeforeStart,
        PreconditionFailed,
        PreconditionRequired,
    ),
)
async def decide_screening(
    db: WriteDb, actor: MayDecide, screening_id: UUID, body: DecideScreening, if_match: IfMatch
) -> Response:
    """Decide whether the patient may be treated, on the answers as they are now. Deciding again replaces it."""
    screening = await actions.decide_screening(db, actor, screening_id, body, if_match)
    return await changed(db, SCREENING, actor, screening)


add_void(
    router,
    SCREENING,
    actions.void_screening,
    path="/screenings",
    singular="screening",
    title="a screening",
    permission="clinical:write",
)
