"""The proposed dose over HTTP."""

from decimal import Decimal
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field, WithJsonSchema
from starlette.responses import Response

from app.dosing.actions import WeightMissing
from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, ReadDb, require
from app.kernel.errors import NotFound
from app.kernel.problems import documented
from app.kernel.records import respond
from app.treatment.proposal.answers import dose_proposal
from app.treatment.proposal.rules import Means, WeightTooOld
from app.treatment.proposal.schemas import DoseProposalRead

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["dosing"])

MayReadSessions = Annotated[Actor, Depends(require("session:read"))]
_Amount = Annotated[
    Decimal, Field(ge=0.5, le=10_000), WithJsonSchema({"type": "number", "minimum": 0.5, "maximum": 10_000})
]


@router.get(
    "/sessions/{session_id}/dose-proposal",
    response_model=DoseProposalRead,
    responses=documented(NotFound, WeightMissing, WeightTooOld),
)
async def get_dose_proposal(
    db: ReadDb,
    actor: MayReadSessions,
    session_id: UUID,
    concentration_mg_per_ml: Annotated[
        _Amount | None, Query(description="Of the stock at hand.", examples=[10])
    ] = None,
    bag_total_ml: Annotated[_Amount | None, Query(description="Of the bag, drug included.", examples=[100])] = None,
    infusion_minutes: Annotated[
        int | None, Query(ge=1, le=1440, description="Over how many minutes; left out: as planned.", examples=[40])
    ] = None,
    unit_strength_mg: Annotated[
        _Amount | None, Query(description="What one lozenge at hand holds; left out: the plan's step.", examples=[50])
    ] = None,
) -> Response:
    """The dose the session's plan leads to now, from the patient's weight, held to every limit.

    It stays at the step of the dose before: going up or down is a prescriber's decision, and an order. `cap` says what
    held it down, `warnings` what an order of it would be asked about. A dose by weight needs a weight that is no older
    than `weight_valid_days`.
    """
    asked = Means(infusion_minutes, concentration_mg_per_ml, bag_total_ml, unit_strength_mg)
    return respond(db, await dose_proposal(db, actor, session_id, asked))
