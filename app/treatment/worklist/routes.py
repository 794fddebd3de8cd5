"""What waits for somebody, over HTTP."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, ReadDb, require
from app.kernel.records import Columns, respond
from app.treatment.worklist.queries import KINDS, MOST_COUNTED, Kind, horizon_of, waiting
from app.treatment.worklist.rules import WorkKind
from app.treatment.worklist.schemas import WorklistRead

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["board"])

MayReadSchedule = Annotated[Actor, Depends(require("schedule:read"))]


@router.get("/worklist", response_model=WorklistRead)
async def get_worklist(
    db: ReadDb,
    actor: MayReadSchedule,
    kind: Annotated[list[WorkKind], Query(max_length=100, description="Only what waits for these reasons.")] = [],  # noqa: B006
    within_days: Annotated[
        int, Query(ge=0, le=90, description="How many days ahead to look for what expires or is planned.", examples=[7])
    ] = 7,
    limit: Annotated[int, Query(ge=1, le=200, description="At most so many of each kind.", examples=[20])] = 20,
) -> Response:
    """What waits for somebody: alerts, overdue readings, sessions to sign or confirm, what does not add up or expires.

    One short list a kind, the longest waiting first. Kinds you may not read are left out, and `withheld` says why.
    """
    now, today = clock.now(), clock.today(actor.time_zone)
    horizon = horizon_of(now, today, within_days)
    asked = {name: KINDS[name] for name in WorkKind if not kind or name in kind}
    lists: list[dict[str, Any]] = []
    for name, one in asked.items():
        if actor.may(one.permission):
            rows = (await db.execute(waiting(one, actor, horizon, limit))).mappings().all()
            lists.append(_listed(name, one, rows, today, ZoneInfo(actor.time_zone)))
    withheld = sorted({one.permission for one in asked.values() if not actor.may(one.permission)})
    shown = {
        "object": "worklist",
        "on": today,
        "within_days": within_days,
        "lists": lists,
        "withheld": withheld,
    }
    return respond(db, shown)


def _listed(name: WorkKind, kind: Kind, rows: Sequence[Columns], today: date, zone: ZoneInfo) -> dict[str, Any]:
    count = rows[0]["count"] if rows else 0
    return {
        "kind": name,
        "count": min(count, MOST_COUNTED),
        "count_is_exact": count <= MOST_COUNTED,
        "items": [_work(name, kind, row, today, zone) for row in rows],
    }


def _work(name: WorkKind, kind: Kind, row: Columns, today: date, zone: ZoneInfo) -> dict[str, Any]:
    due: datetime | date = row["due"]
    on = due.astimezone(zone).date() if isinstance(due, datetime) else due
    return {
        "object": "work",
        "kind": name,
        "due_at": due if isinstance(due, datetime) else None,
        "due_on": None if isinstance(due, datetime) else due,
        "age_days": (today - on).days,
        "patient_id": row["patient_id"],
        "session_id": row["session_id"],
        "resource_type": kind.resource,
        "resource_id": row["id"],
        "code": row["code"],
        "severity": row["severity"],
        "to_patient_id": row["to_patient_id"],
    }
