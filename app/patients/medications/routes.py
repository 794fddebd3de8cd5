"""Medicines over HTTP."""

from dataclasses import asdict
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from sqlalchemy import not_
from starlette.responses import Response

from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, IfMatch, ReadDb, WriteDb, require
from app.kernel.errors import EndsBeforeStart, NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.pagination import Paging
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
from app.kernel.schemas import Id, Page
from app.patients.medications import actions, queries
from app.patients.medications.catalogue import shipped_interactions
from app.patients.medications.models import Medication
from app.patients.medications.rules import Taken, flags_of, sum_of_equivalents
from app.patients.medications.schemas import MedicationCreate, MedicationRead, MedicationUpdate, PatientInteractions
from app.patients.queries import require_patient
from app.patients.rules import UnknownClass

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["patients"])

MayReadClinical = Annotated[Actor, Depends(require("clinical:read"))]
MayWriteClinical = Annotated[Actor, Depends(require("clinical:write"))]

MEDICATION: Final = register(Resource(Medication, MedicationRead, "clinical:read", queries.visible_medications))


@router.post(
    "/patients/{patient_id}/medications",
    status_code=201,
    response_model=MedicationRead,
    responses=documented(NotFound, UnknownClass, EndsBeforeStart),
)
async def create_medication(db: WriteDb, actor: MayWriteClinical, patient_id: UUID, body: MedicationCreate) -> Response:
    """Record a medicine a patient takes or took. What its classes do beside ketamine comes back with it."""
    medication = await actions.record_medication(db, actor, patient_id, body)
    return await created(db, MEDICATION, actor, medication, "/v1/medications")


@router.get("/medications", response_model=Page[MedicationRead])
async def list_medications(  # one parameter a filter
    db: ReadDb,
    actor: MayReadClinical,
    page: Paging,
    with_errors: WithEnteredInError,
    patient_id: Annotated[list[Id], Query(max_length=100, description="Only of these patients.")] = [],  # noqa: B006
    current: Annotated[  # a query parameter
        bool | None, Query(description="Only what is taken today, or with `false` only what is not.", examples=[True])
    ] = None,
) -> Response:
    """Medicines, the latest recorded first."""
    statement = queries.visible_medications(actor)
    if patient_id:
        statement = statement.where(queries.medication.c.patient_id.in_(patient_id))
    if current is not None:
        is_current = queries.is_current(clock.today(actor.time_zone))
        statement = statement.where(is_current if current else not_(is_current))
    return await answer_page(db, MEDICATION, actor, statement, page, with_errors=with_errors)


@router.get("/patients/{patient_id}/interactions", response_model=PatientInteractions, responses=documented(NotFound))
async def get_patient_interactions(db: ReadDb, actor: MayReadClinical, patient_id: UUID) -> Response:
    """What of a patient's present medicines matters beside ketamine, and what is asked for because of it.

    Reckoned anew with every request. A medicine whose classes nobody told is listed as such: that it has no flag says
    nothing.
    """
    await require_patient(db, actor, patient_id)
    shipped, on = shipped_interactions(), clock.today(actor.time_zone)
    taken = [Taken(*row) for row in await db.execute(queries.taken_on(actor, patient_id, on))]
    equivalents = sum_of_equivalents(shipped.limit, taken)
    return respond(
        db,
        {
            "object": "interactions",
            "patient_id": patient_id,
            "on": on,
            "version": shipped.rule_version,
            "items": [
                asdict(flag.interaction) | {"medication_ids": flag.medication_ids} for flag in flags_of(shipped, taken)
            ],
            "diazepam_equivalent": {
                "mg_per_day": equivalents.mg_per_day,
                "above_mg_per_day": shipped.limit.above_mg_per_day,
                "is_above": equivalents.is_above,
                "missing_medication_ids": equivalents.missing,
            },
            "unclassified_medication_ids": [one.id for one in taken if one.class_codes is None],
        },
    )


@router.patch(
    "/medications/{medication_id}",
    response_model=MedicationRead,
    responses=documented(
        NotFound, UnknownClass, EndsBeforeStart, ChangeReasonRequired, PreconditionFailed, PreconditionRequired
    ),
)
async def update_medication(  # a correction carries version and reason
    db: WriteDb,
    actor: MayWriteClinical,
    medication_id: UUID,
    body: MedicationUpdate,
    if_match: IfMatch,
    reason: ChangeReason,
) -> Response:
    """Correct a medicine, or end it with its last day."""
    medication = await actions.update_medication(db, actor, medication_id, body, if_match, reason)
    return await changed(db, MEDICATION, actor, medication)


add_reads(router, MEDICATION, path="/medications", singular="medication", title="one medicine")
add_void(
    router,
    MEDICATION,
    actions.void_medication,
    path="/medications",
    singular="medication",
    title="a medicine",
    permission="clinical:write",
)
