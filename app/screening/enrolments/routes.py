"""Enrolments in risk programmes over HTTP."""

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
from app.screening.enrolments import actions, queries
from app.screening.enrolments.actions import NotOfPlaces
from app.screening.enrolments.models import ProgrammeEnrolment
from app.screening.enrolments.schemas import (
    PatientEnrolmentCreate,
    PlaceEnrolmentCreate,
    ProgrammeEnrolmentRead,
    ProgrammeEnrolmentUpdate,
)

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["eligibility"])

MayReadClinical = Annotated[Actor, Depends(require("clinical:read"))]
MayWriteClinical = Annotated[Actor, Depends(require("clinical:write"))]
PATH: Final = "/v1/programme-enrolments"

PROGRAMME_ENROLMENT: Final = register(
    Resource(ProgrammeEnrolment, ProgrammeEnrolmentRead, "clinical:read", queries.visible_programme_enrolments)
)


@router.post(
    "/patients/{patient_id}/programme-enrolments",
    status_code=201,
    response_model=ProgrammeEnrolmentRead,
    responses=documented(NotFound, EndsBeforeStart),
)
async def create_programme_enrolment(
    db: WriteDb, actor: MayWriteClinical, patient_id: UUID, body: PatientEnrolmentCreate
) -> Response:
    """Record that a risk programme enrolled a patient."""
    enrolment = await actions.enrol_patient(db, actor, patient_id, body)
    return await created(db, PROGRAMME_ENROLMENT, actor, enrolment, PATH)


@router.post(
    "/programme-enrolments",
    status_code=201,
    response_model=ProgrammeEnrolmentRead,
    responses=documented(EndsBeforeStart),
)
async def create_place_enrolment(db: WriteDb, actor: MayWriteClinical, body: PlaceEnrolmentCreate) -> Response:
    """Record that a risk programme enrolled the clinic, or one of its locations."""
    enrolment = await actions.enrol_place(db, actor, body)
    return await created(db, PROGRAMME_ENROLMENT, actor, enrolment, PATH)


@router.get("/programme-enrolments", response_model=Page[ProgrammeEnrolmentRead])
async def list_programme_enrolments(  # noqa: PLR0913  # one parameter a filter
    db: ReadDb,
    actor: MayReadClinical,
    page: Paging,
    with_errors: WithEnteredInError,
    patient_id: Annotated[list[Id], Query(max_length=100, description="Only of these patients.")] = [],  # noqa: B006
    location_id: Annotated[list[Id], Query(max_length=100, description="Only of these locations.")] = [],  # noqa: B006
    programme: Annotated[
        list[CodeText], Query(max_length=100, description="Only in these programmes.", examples=[["SPRAVATO_REMS"]])
    ] = [],  # noqa: B006
    expires_before: Annotated[
        Day | None, Query(description="Only those whose last day is before this one, the earliest first.")
    ] = None,
) -> Response:
    """Enrolments of patients and places, the latest first; with `expires_before` by their last day."""
    columns = queries.enrolment.c
    statement = queries.visible_programme_enrolments(actor)
    wanted = ((columns.patient_id, patient_id), (columns.location_id, location_id), (columns.programme, programme))
    for column, values in wanted:
        if values:
            statement = statement.where(column.in_(values))
    order = Order(columns.enrolled_on, columns.id, descending=True)
    if expires_before is not None:
        statement = statement.where(columns.ended_on < expires_before)
        order = Order(columns.ended_on, columns.id)
    return await answer_page(db, PROGRAMME_ENROLMENT, actor, statement, page, order=order, with_errors=with_errors)


add_reads(
    router,
    PROGRAMME_ENROLMENT,
    path="/programme-enrolments",
    singular="programme_enrolment",
    title="one enrolment in a risk programme",
)


@router.patch(
    "/programme-enrolments/{programme_enrolment_id}",
    response_model=ProgrammeEnrolmentRead,
    responses=documented(
        NotFound, EndsBeforeStart, NotOfPlaces, ChangeReasonRequired, PreconditionFailed, PreconditionRequired
    ),
)
async def update_programme_enrolment(  # a correction carries version and reason
    db: WriteDb,
    actor: MayWriteClinical,
    programme_enrolment_id: UUID,
    body: ProgrammeEnrolmentUpdate,
    if_match: IfMatch,
    reason: ChangeReason,
) -> Response:
    """Correct an enrolment, or end it with its last day."""
    enrolment = await actions.correct_enrolment(db, actor, programme_enrolment_id, body, if_match, reason)
    return await changed(db, PROGRAMME_ENROLMENT, actor, enrolment)


add_void(
    router,
    PROGRAMME_ENROLMENT,
    actions.void_enrolment,
    path="/programme-enrolments",
    singular="programme_enrolment",
    title="an enrolment",
    permission="clinical:write",
)
