"""Sessions over HTTP: the header. What is done with a visit lies with the areas that see all of it."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.courses.rules import CourseEnded
from app.kernel.actor import Actor
from app.kernel.confirmations import ConfirmationRequired
from app.kernel.endpoint import Endpoint, IfMatch, WriteDb, require
from app.kernel.errors import NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.problems import documented
from app.kernel.record_routes import add_reads
from app.kernel.records import ChangeReason, ChangeReasonRequired, Needs, Resource, changed, created, register
from app.sessions import actions, queries
from app.sessions.actions import PlanItemFilled
from app.sessions.models import TreatmentSession
from app.sessions.rules import AlreadySigned, NotGivenThisWay
from app.sessions.schemas import SessionCreate, SessionRead, SessionUpdate

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["sessions"])

MayWriteSchedule = Annotated[Actor, Depends(require("schedule:write"))]

# Who keeps the schedule sees that a visit is, not what happened in it.
CLINICAL: Final = Needs(
    "session:read",
    (
        "session_at",
        "check_in",
        "cleared_at",
        "started_at",
        "given_on",
        "last_started_at",
        "last_dose_at",
        "dosing_ended_at",
        "discharged_at",
        "condition_at_discharge",
        "escort_name",
        "escort_relation",
        "escort_phone",
        "escort_left_at",
        "instructions_version",
        "would_have_been_ready_at",
        "discharge_criteria",
        "discharge_override_reason",
        "left_against_advice",
        "leaving_told_to",
        "signed_at",
        "amendment_opened_at",
        "amendment_reason",
        "cosigner_due",
        "ended_reason",
        "aborted_at",
        "abort_reason",
        "deviations",
        "policy_versions",
        "recorded_after_minutes",
        "gates",
        "note",
    ),
)
SESSION: Final = register(
    Resource(TreatmentSession, SessionRead, "schedule:read", queries.visible_sessions, needs=(CLINICAL,))
)


@router.post(
    "/courses/{course_id}/sessions",
    status_code=201,
    response_model=SessionRead,
    responses=documented(NotFound, PlanItemFilled, CourseEnded, NotGivenThisWay, ConfirmationRequired),
)
async def create_session(db: WriteDb, actor: MayWriteSchedule, course_id: UUID, body: SessionCreate) -> Response:
    """Schedule a visit. Where the course has a plan, it fills the next open planned session unless one is named."""
    return await created(db, SESSION, actor, await actions.schedule_session(db, actor, course_id, body), "/v1/sessions")


add_reads(router, SESSION, path="/sessions", singular="session", title="one session")


@router.patch(
    "/sessions/{session_id}",
    response_model=SessionRead,
    responses=documented(NotFound, AlreadySigned, ChangeReasonRequired, PreconditionFailed, PreconditionRequired),
)
async def update_session(  # a correction carries version and reason
    db: WriteDb,
    actor: MayWriteSchedule,
    session_id: UUID,
    body: SessionUpdate,
    if_match: IfMatch,
    reason: ChangeReason,
) -> Response:
    """Change place, note, or what was asked at check-in; everything else is a move."""
    treatment = await actions.update_session(db, actor, session_id, body, if_match, reason)
    return await changed(db, SESSION, actor, treatment)
