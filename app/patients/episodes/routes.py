"""Episodes over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, IfMatch, ReadDb, WriteDb, require
from app.kernel.errors import EndsBeforeStart, NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.pagination import Paging
from app.kernel.problems import documented
from app.kernel.record_routes import add_reads
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
from app.kernel.schemas import Page
from app.patients.episodes import actions, queries
from app.patients.episodes.models import Episode
from app.patients.episodes.schemas import EpisodeCreate, EpisodeRead, EpisodeUpdate
from app.patients.queries import require_patient

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["patients"])

MayReadClinical = Annotated[Actor, Depends(require("clinical:read"))]
MayWriteClinical = Annotated[Actor, Depends(require("clinical:write"))]

EPISODE: Final = register(Resource(Episode, EpisodeRead, "clinical:read", queries.visible_episodes))


@router.post(
    "/patients/{patient_id}/episodes",
    status_code=201,
    response_model=EpisodeRead,
    responses=documented(NotFound, EndsBeforeStart),
)
async def create_episode(db: WriteDb, actor: MayWriteClinical, patient_id: UUID, body: EpisodeCreate) -> Response:
    """Record an illness episode, present or past. Courses opened while it is open belong to it."""
    return await created(db, EPISODE, actor, await actions.open_episode(db, actor, patient_id, body), "/v1/episodes")


@router.get("/patients/{patient_id}/episodes", response_model=Page[EpisodeRead], responses=documented(NotFound))
async def list_episodes(
    db: ReadDb, actor: MayReadClinical, patient_id: UUID, page: Paging, with_errors: WithEnteredInError
) -> Response:
    """A patient's illness episodes, the latest recorded first."""
    await require_patient(db, actor, patient_id)
    statement = queries.visible_episodes(actor).where(queries.episode.c.patient_id == patient_id)
    return await answer_page(db, EPISODE, actor, statement, page, with_errors=with_errors)


@router.patch(
    "/episodes/{episode_id}",
    response_model=EpisodeRead,
    responses=documented(NotFound, EndsBeforeStart, ChangeReasonRequired, PreconditionFailed, PreconditionRequired),
)
async def update_episode(
    db: WriteDb, actor: MayWriteClinical, episode_id: UUID, body: EpisodeUpdate, if_match: IfMatch, reason: ChangeReason
) -> Response:
    """Correct an episode, end it with its last day, or open it again."""
    return await changed(
        db, EPISODE, actor, await actions.update_episode(db, actor, episode_id, body, if_match, reason)
    )


add_reads(router, EPISODE, path="/episodes", singular="episode", title="one episode")
