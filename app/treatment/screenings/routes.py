"""Recording a screening over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, WriteDb, require
from app.kernel.errors import NotFound
from app.kernel.problems import documented
from app.kernel.records import created
from app.screening.routes import SCREENING
from app.screening.rules import AnsweredTwice
from app.screening.schemas import ScreeningCreate, ScreeningRead
from app.treatment.screenings import actions
from app.treatment.screenings.actions import UnknownSession

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["eligibility"])

MayWriteClinical = Annotated[Actor, Depends(require("clinical:write"))]


@router.post(
    "/patients/{patient_id}/screenings",
    status_code=201,
    response_model=ScreeningRead,
    responses=documented(NotFound, UnknownSession, AnsweredTwice),
)
async def create_screening(db: WriteDb, actor: MayWriteClinical, patient_id: UUID, body: ScreeningCreate) -> Response:
    """Record the answers to the checklist. What they come to is said at once; a prescriber decides on it.

    With `session_id` it is what is asked on the day of that session.
    """
    screening = await actions.record_screening(db, actor, patient_id, body)
    return await created(db, SCREENING, actor, screening, "/v1/screenings")
