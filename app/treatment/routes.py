"""Views and acts that span areas, over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.alerts.routes import ALERT
from app.assessments.routes import ASSESSMENT
from app.assessments.rules.files import UnknownInstrument
from app.assessments.rules.scoring import ItemsNotAccepted, TotalNotAccepted
from app.courses.routes import COURSE
from app.dosing.routes import ADMINISTRATION, DOSE_ORDER
from app.dosing.rules import DoseEventIncomplete, ImpossibleAmount, NotWholeDevices
from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, ReadDb, WriteDb, require
from app.kernel.errors import EndsBeforeStart, NotFound
from app.kernel.idempotency import IdempotencyKeyRequired
from app.kernel.problems import documented
from app.kernel.record_routes import add_void
from app.kernel.records import AsOf, Children, IdAlreadyUsed, Resource, answer_whole, created
from app.monitoring.routes import DISSOCIATION_NOTE, VITAL_SIGNS
from app.monitoring.rules import ImpossiblePressure
from app.monitoring.slots.routes import VITAL_SLOT
from app.monitoring.watches.routes import WATCH
from app.patients.episodes.routes import EPISODE
from app.patients.routes import PATIENT
from app.safety.routes import ADVERSE_EVENT
from app.safety.rules import ImpossibleAdverseEvent
from app.sessions import queries as session_queries
from app.sessions.actions import PlanItemFilled
from app.sessions.models import TreatmentSession
from app.sessions.routes import SESSION
from app.sessions.rules import NotGivenThisWay
from app.treatment import actions
from app.treatment.actions import HasRecords, NotOver
from app.treatment.addenda.routes import ADDENDUM
from app.treatment.readiness.routes import GATE_OVERRIDE
from app.treatment.schemas import PastSession, SessionRecordRead
from app.treatment.signatures.routes import SIGNATURE

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["sessions"])

MayReadSessions = Annotated[Actor, Depends(require("session:read"))]
MayWriteSessions = Annotated[Actor, Depends(require("session:write"))]

# What a session told afterwards cannot be, by the parts it is told in.
_IMPOSSIBLE: Final = (
    EndsBeforeStart,
    NotOver,
    IdAlreadyUsed,
    DoseEventIncomplete,
    ImpossibleAmount,
    NotWholeDevices,
    NotGivenThisWay,
    ImpossiblePressure,
    ImpossibleAdverseEvent,
    UnknownInstrument,
    ItemsNotAccepted,
    TotalNotAccepted,
)

SESSION_RECORD: Final = Resource(
    TreatmentSession,
    SessionRecordRead,
    "session:read",
    session_queries.visible_sessions,
    children=(
        Children("dose_orders", DOSE_ORDER, "session_id", ("ordered_at", "id")),
        Children("administrations", ADMINISTRATION, "session_id", ("recorded_at", "id")),
        Children("vital_slots", VITAL_SLOT, "session_id", ("due_at", "id")),
        Children("vital_signs", VITAL_SIGNS, "session_id", ("measured_at", "id")),
        Children("dissociation_notes", DISSOCIATION_NOTE, "session_id", ("observed_at", "id")),
        Children("watches", WATCH, "session_id", ("watched_from", "id")),
        Children("adverse_events", ADVERSE_EVENT, "session_id", ("onset_at", "id")),
        Children("assessments", ASSESSMENT, "session_id", ("assessed_at", "id")),
        Children("gate_overrides", GATE_OVERRIDE, "session_id", ("recorded_at", "id")),
        Children("addenda", ADDENDUM, "session_id", ("recorded_at", "id")),
        Children("signatures", SIGNATURE, "session_id", ("signed_at", "id")),
        Children("alerts", ALERT, "session_id", ("raised_at", "id")),
    ),
    needs=SESSION.needs,
)


@router.get("/sessions/{session_id}/record", response_model=SessionRecordRead, responses=documented(NotFound))
async def get_session_record(db: ReadDb, actor: MayReadSessions, session_id: UUID, as_of: AsOf = None) -> Response:
    """The session with everything that was recorded in it, now or as it was recorded at an instant."""
    return await answer_whole(db, SESSION_RECORD, actor, session_id, as_of)


@router.post(
    "/patients/{patient_id}/sessions",
    status_code=201,
    response_model=SessionRecordRead,
    responses=documented(NotFound, IdempotencyKeyRequired, PlanItemFilled, *_IMPOSSIBLE),
)
async def record_session(db: WriteDb, actor: MayWriteSessions, patient_id: UUID, body: PastSession) -> Response:
    """Record a session that is over, with everything that is known of it, in one call.

    Route and dose, dissociation, readings and scores: all of it is recorded or none. The session ends `discharged`
    and is marked `recorded_afterwards`. Nothing is refused for what was not asked before it: `gates` keeps how each
    gate stood for the first dose. What is older than the clinic's limit raises no live alarm. Where the patient has no
    running course that fits, a course without a plan is opened. To plan a visit, use
    `POST /v1/courses/{course_id}/sessions`.
    """
    treatment = await actions.record_past_session(db, actor, patient_id, body)
    return await created(db, SESSION_RECORD, actor, treatment, "/v1/sessions")


add_void(
    router,
    COURSE,
    actions.void_course,
    HasRecords,
    path="/courses",
    singular="course",
    title="a course",
    permission="course:write",
)
add_void(
    router,
    PATIENT,
    actions.void_patient,
    HasRecords,
    path="/patients",
    singular="patient",
    title="a patient",
    permission="patient:write",
)
add_void(
    router,
    EPISODE,
    actions.void_episode,
    HasRecords,
    path="/episodes",
    singular="episode",
    title="an illness episode",
    permission="clinical:write",
)
