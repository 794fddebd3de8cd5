"""Assessments and instruments over HTTP."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from app.assessments import actions, queries
from app.assessments.catalogue import shipped_instruments
from app.assessments.models import Assessment
from app.assessments.rules.files import UnknownInstrument, latest
from app.assessments.rules.instrument import Instrument
from app.assessments.rules.scoring import ItemsNotAccepted, TotalNotAccepted
from app.assessments.schemas import AssessmentCreate, AssessmentRead, AssessmentUpdate, InstrumentRead
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
    respond,
)
from app.kernel.schemas import CodeText, Id, Page
from app.sessions.rules import AlreadySigned

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["assessments"])

MayReadClinic = Annotated[Actor, Depends(require("clinic:read"))]
MayReadScores = Annotated[Actor, Depends(require("score:read"))]
MayWriteScores = Annotated[Actor, Depends(require("score:write"))]
InstrumentCode = Annotated[str, Path(max_length=64, description="The instrument's code.", examples=["PHQ9"])]

ASSESSMENT: Final = register(Resource(Assessment, AssessmentRead, "score:read", queries.visible_assessments))


def _shown(instrument: Instrument) -> Mapping[str, Any]:
    facts = asdict(instrument)
    return {"object": "instrument", **{name: facts[name] for name in InstrumentRead.model_fields if name != "object"}}


@router.get("/instruments", response_model=Page[InstrumentRead])
async def list_instruments(db: ReadDb, actor: MayReadClinic) -> Response:
    """The newest version of each instrument, by code: enough to draw its form."""
    codes = sorted({code for code, _ in shipped_instruments()})
    found = [latest(shipped_instruments(), code) for code in codes]
    return respond(db, {"items": [_shown(one) for one in found if one is not None], "next_cursor": None})


@router.get("/instruments/{instrument_code}", response_model=InstrumentRead, responses=documented(NotFound))
async def get_instrument(db: ReadDb, actor: MayReadClinic, instrument_code: InstrumentCode) -> Response:
    """The newest version of one instrument."""
    if (instrument := latest(shipped_instruments(), instrument_code)) is None:
        raise NotFound
    return respond(db, _shown(instrument))


@router.post(
    "/patients/{patient_id}/assessments",
    status_code=201,
    response_model=AssessmentRead,
    responses=documented(NotFound, UnknownInstrument, ItemsNotAccepted, TotalNotAccepted),
)
async def create_assessment(db: WriteDb, actor: MayWriteScores, patient_id: UUID, body: AssessmentCreate) -> Response:
    """Record a filled form. It is scored at once; an answer about suicide raises an alert in the same transaction.

    Too many unanswered items are a result, not an error: `total` is null and `incomplete` is true.
    """
    return await created(
        db, ASSESSMENT, actor, await actions.record_assessment(db, actor, patient_id, body), "/v1/assessments"
    )


@router.get("/assessments", response_model=Page[AssessmentRead])
async def list_assessments(  # noqa: PLR0913  # one parameter a filter
    db: ReadDb,
    actor: MayReadScores,
    page: Paging,
    with_errors: WithEnteredInError,
    patient_id: Annotated[list[Id], Query(max_length=100, description="Only of these patients.")] = [],  # noqa: B006
    course_id: Annotated[list[Id], Query(max_length=100, description="Only of these courses.")] = [],  # noqa: B006
    session_id: Annotated[list[Id], Query(max_length=100, description="Only of these sessions.")] = [],  # noqa: B006
    instrument: Annotated[
        list[CodeText], Query(max_length=100, description="Only with these instruments.", examples=[["PHQ9"]])
    ] = [],  # noqa: B006
) -> Response:
    """Filled forms, the latest first."""
    columns = queries.assessment.c
    statement = queries.visible_assessments(actor)
    wanted = (
        (columns.patient_id, patient_id),
        (columns.course_id, course_id),
        (columns.session_id, session_id),
        (columns.instrument, instrument),
    )
    for column, values in wanted:
        if values:
            statement = statement.where(column.in_(values))
    order = Order(columns.assessed_at, columns.id, descending=True)
    return await answer_page(db, ASSESSMENT, actor, statement, page, order=order, with_errors=with_errors)


add_reads(router, ASSESSMENT, path="/assessments", singular="assessment", title="one assessment")


@router.patch(
    "/assessments/{assessment_id}",
    response_model=AssessmentRead,
    responses=documented(
        NotFound,
        PreconditionFailed,
        PreconditionRequired,
        ChangeReasonRequired,
        AlreadySigned,
        ItemsNotAccepted,
        TotalNotAccepted,
    ),
)
async def update_assessment(  # a correction carries version and reason
    db: WriteDb,
    actor: MayWriteScores,
    assessment_id: UUID,
    body: AssessmentUpdate,
    if_match: IfMatch,
    reason: ChangeReason,
) -> Response:
    """Correct a form. It is scored again, and its alerts follow."""
    assessment = await actions.correct_assessment(db, actor, assessment_id, body, if_match, reason)
    return await changed(db, ASSESSMENT, actor, assessment)


add_void(
    router,
    ASSESSMENT,
    actions.void_assessment,
    AlreadySigned,
    path="/assessments",
    singular="assessment",
    title="an assessment",
    permission="score:write",
)
