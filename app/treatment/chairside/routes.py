"""The live screen over HTTP."""

from dataclasses import replace
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.alerts.routes import ALERT
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, ReadDb, require
from app.kernel.errors import NotFound
from app.kernel.ledger import latest_sequence
from app.kernel.problems import documented
from app.kernel.records import Children, Resource, respond, show_whole
from app.patients.allergies.routes import ALLERGY
from app.patients.conditions.routes import CONDITION
from app.patients.medications.routes import MEDICATION
from app.patients.models import Patient
from app.patients.queries import visible_patients
from app.patients.routes import WEIGHT
from app.sessions.rules import SessionStatus
from app.treatment.chairside import queries
from app.treatment.chairside.answers import at_chair, chairside
from app.treatment.chairside.next_steps import next_actions
from app.treatment.chairside.schemas import ChairsideRead, PatientAtChairRead
from app.treatment.routes import SESSION_RECORD

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["sessions"])

MayReadSessions = Annotated[Actor, Depends(require("session:read"))]

PATIENT_AT_CHAIR: Final = Resource(
    Patient,
    PatientAtChairRead,
    "patient:read",
    visible_patients,
    children=(
        Children("weight", replace(WEIGHT, visible=queries.last_weight), "patient_id", ("id",)),
        Children("allergies", ALLERGY, "patient_id", ("id",)),
        Children("conditions", CONDITION, "patient_id", ("id",)),
        Children("medications", MEDICATION, "patient_id", ("id",)),
        Children("open_alerts", replace(ALERT, visible=queries.open_alerts), "patient_id", ("raised_at", "id")),
    ),
)


@router.get("/sessions/{session_id}/chairside", response_model=ChairsideRead, responses=documented(NotFound))
async def get_session_chairside(db: ReadDb, actor: MayReadSessions, session_id: UUID) -> Response:
    """The live screen in one call: the record, who sits there, the order that counts, and what may be done next.

    Everything in it was read at one moment. Go on from `feed_position` and no change after that moment is missed.
    """
    session = await show_whole(db, SESSION_RECORD, actor, session_id)
    patient: dict[str, Any] | None = None
    if actor.may(PATIENT_AT_CHAIR.read):
        found = await show_whole(db, PATIENT_AT_CHAIR, actor, UUID(session["patient_id"]))
        patient = at_chair(found, clock.today(actor.time_zone))
    position = (await db.execute(latest_sequence(actor))).scalar_one()
    actions = await next_actions(
        db,
        actor,
        session_id,
        SessionStatus(session["status"]),
        amendment_open=session["amendment_opened_at"] is not None,
        entered_in_error=session["entered_in_error"] is not None,
    )
    shown = chairside(session, patient, read_at=clock.now(), feed_position=position, actions=actions)
    return respond(db, shown)
