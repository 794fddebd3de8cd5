"""`GET /v1/changes`: an ordered feed that loses nothing."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from sqlalchemy import RowMapping
from starlette.responses import Response

from app.integrations.changes.schemas import ChangeFeed
from app.kernel.actor import Actor
from app.kernel.database import ReadSession
from app.kernel.endpoint import Endpoint, ReadDb, require
from app.kernel.ledger import change, latest_sequence, visible_changes
from app.kernel.records import RESOURCES, TELLING, current_states, respond
from app.kernel.schemas import CodeText

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["ledger"])

MayReadChanges = Annotated[Actor, Depends(require("change:read"))]


class Include(StrEnum):
    """What may be added to each change."""

    RESOURCE = "resource"


@router.get("/changes", response_model=ChangeFeed)
async def list_changes(  # one parameter a filter
    db: ReadDb,
    actor: MayReadChanges,
    after: Annotated[
        int, Query(ge=0, le=2**62, description="The number to go on from; 0 is the beginning.", examples=[10452])
    ] = 0,
    limit: Annotated[
        int, Query(ge=1, le=1000, description="At most so many changes are looked at.", examples=[500])
    ] = 500,
    resource_type: Annotated[
        list[CodeText], Query(max_length=100, description="Only these kinds of record.", examples=[["session"]])
    ] = [],  # noqa: B006
    include: Annotated[
        list[Include], Query(max_length=100, description="`resource` adds each record as it is now.")
    ] = [],  # noqa: B006
) -> Response:
    """Every change you may see with a number above `after` and up to `next_after`, in order.

    Continue from `next_after`; it also moves past changes you filtered out or may not see. Delivery is at least
    once: apply by `(resource_id, version)`. Numbers are given shortly after the commit, gapless per clinic.
    """
    readable = [name for name, resource in RESOURCES.items() if actor.may(resource.read)]
    wanted = [name for name in readable if not resource_type or name in resource_type]
    latest = (await db.execute(latest_sequence(actor))).scalar_one()
    end = min(latest, after + limit)
    statement = visible_changes(actor, wanted).where(change.c.sequence > after, change.c.sequence <= end)
    rows = (await db.execute(statement.order_by(change.c.sequence))).mappings().all()
    states = await _states(db, actor, rows) if Include.RESOURCE in include else {}
    feed: dict[str, Any] = {
        "items": [_shown(row, states, actor) for row in rows],
        "next_after": max(end, after),
        "latest_sequence": latest,
        "oldest_sequence": 1,
        "has_more": end < latest,
    }
    return respond(db, feed)


def _shown(row: RowMapping, states: dict[UUID, dict[str, Any]], actor: Actor) -> dict[str, Any]:
    same = ("sequence", "resource_type", "resource_id", "version", "root_type", "root_id", "recorded_at")
    hidden = bool(RESOURCES[row["resource_type"]].withheld(actor))
    return {
        "object": "change",
        "event_id": row["id"],
        "event_type": row["event"],
        "change": row["kind"],
        **{name: row[name] for name in same},
        **{name: None if hidden else row[name] for name in TELLING},
        "resource": states.get(row["resource_id"]),
    }


async def _states(db: ReadSession, actor: Actor, rows: Sequence[RowMapping]) -> dict[UUID, dict[str, Any]]:
    by_type: dict[str, set[UUID]] = {}
    for row in rows:
        by_type.setdefault(row["resource_type"], set()).add(row["resource_id"])
    states: dict[UUID, dict[str, Any]] = {}
    for name, ids in by_type.items():
        states |= await current_states(db, actor, RESOURCES[name], sorted(ids))
    return states
