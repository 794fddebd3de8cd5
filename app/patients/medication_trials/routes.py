"""Trials of medicines over HTTP, and how resistant the illness has been."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
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
from app.patients.episodes.queries import current_episode
from app.patients.episodes.rules import EpisodeSeverity, UnknownEpisode
from app.patients.medication_trials import actions, queries
from app.patients.medication_trials.answers import treatment_resistance
from app.patients.medication_trials.catalogue import shipped_scales
from app.patients.medication_trials.models import MedicationTrial
from app.patients.medication_trials.rules import CurrentEpisode, trial_of
from app.patients.medication_trials.schemas import (
    MedicationTrialCreate,
    MedicationTrialRead,
    MedicationTrialUpdate,
    TreatmentResistance,
)
from app.patients.queries import require_patient
from app.patients.rules import UnknownClass

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["patients"])

MayReadClinical = Annotated[Actor, Depends(require("clinical:read"))]
MayWriteClinical = Annotated[Actor, Depends(require("clinical:write"))]

MEDICATION_TRIAL: Final = register(
    Resource(MedicationTrial, MedicationTrialRead, "clinical:read", queries.visible_medication_trials)
)


@router.post(
    "/patients/{patient_id}/medication-trials",
    status_code=201,
    response_model=MedicationTrialRead,
    responses=documented(NotFound, UnknownClass, UnknownEpisode, EndsBeforeStart),
)
async def create_medication_trial(
    db: WriteDb, actor: MayWriteClinical, patient_id: UUID, body: MedicationTrialCreate
) -> Response:
    """Record what was tried. Whether it was adequate and whether it failed come back with it."""
    trial = await actions.record_medication_trial(db, actor, patient_id, body)
    return await created(db, MEDICATION_TRIAL, actor, trial, "/v1/medication-trials")


@router.get("/medication-trials", response_model=Page[MedicationTrialRead])
async def list_medication_trials(
    db: ReadDb,
    actor: MayReadClinical,
    page: Paging,
    with_errors: WithEnteredInError,
    patient_id: Annotated[list[Id], Query(max_length=100, description="Only of these patients.")] = [],  # noqa: B006
) -> Response:
    """What was tried, the latest recorded first."""
    statement = queries.visible_medication_trials(actor)
    if patient_id:
        statement = statement.where(queries.medication_trial.c.patient_id.in_(patient_id))
    return await answer_page(db, MEDICATION_TRIAL, actor, statement, page, with_errors=with_errors)


@router.get(
    "/patients/{patient_id}/treatment-resistance", response_model=TreatmentResistance, responses=documented(NotFound)
)
async def get_treatment_resistance(db: ReadDb, actor: MayReadClinical, patient_id: UUID) -> Response:
    """How resistant a patient's present illness has been, by published scales, with what each is made of.

    Reckoned anew with every request. What is not known makes a score null, with the reason; `trials` shows which answer
    is missing.
    """
    await require_patient(db, actor, patient_id)
    found = (await db.execute(current_episode(actor, patient_id))).one_or_none()
    episode = None
    if found is not None:
        severity = None if found.severity is None else EpisodeSeverity(found.severity)
        episode = CurrentEpisode(found.id, found.began_on, severity)
    trials = (await db.execute(queries.standing_trials(actor, patient_id))).mappings().all()
    shown = treatment_resistance(
        shipped_scales(),
        patient_id,
        episode,
        [(trial_of(row), row["drug"]) for row in trials],
        clock.today(actor.time_zone),
    )
    return respond(db, shown)


@router.patch(
    "/medication-trials/{medication_trial_id}",
    response_model=MedicationTrialRead,
    responses=documented(
        NotFound,
        UnknownClass,
        UnknownEpisode,
        EndsBeforeStart,
        ChangeReasonRequired,
        PreconditionFailed,
        PreconditionRequired,
    ),
)
async def update_medication_trial(  # a correction carries version and reason
    db: WriteDb,
    actor: MayWriteClinical,
    medication_trial_id: UUID,
    body: MedicationTrialUpdate,
    if_match: IfMatch,
    reason: ChangeReason,
) -> Response:
    """Correct a trial, or end it with its last day."""
    trial = await actions.update_medication_trial(db, actor, medication_trial_id, body, if_match, reason)
    return await changed(db, MEDICATION_TRIAL, actor, trial)


add_reads(router, MEDICATION_TRIAL, path="/medication-trials", singular="medication_trial", title="one trial")
add_void(
    router,
    MEDICATION_TRIAL,
    actions.void_medication_trial,
    path="/medication-trials",
    singular="medication_trial",
    title="a trial",
    permission="clinical:write",
)
