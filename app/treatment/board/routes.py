"""The day at a glance over HTTP, and the stream of what happens on it."""

import functools
from collections.abc import Sequence
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from sqlalchemy import Select
from starlette.responses import Response

from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import ReadSession
from app.kernel.endpoint import Endpoint, ReadDb, media_type_for, require, still_permitted
from app.kernel.ledger import latest_sequence
from app.kernel.problems import documented
from app.kernel.records import RESOURCES, Columns, Needs, Resource, respond, touch
from app.kernel.schemas import Day, Id
from app.sessions.models import TreatmentSession
from app.sessions.queries import visible_sessions
from app.sessions.routes import CLINICAL
from app.treatment.board import queries
from app.treatment.board.answers import Around, Grouped, by_location, shown_session, tag_of
from app.treatment.board.rules import day_of
from app.treatment.board.schemas import BoardChanges, BoardRead, BoardSessionRead
from app.treatment.board.streams import LOOKED_AT, UNBUFFERED, EventStream, Listener, TooManyStreams

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["board"])

MayReadSchedule = Annotated[Actor, Depends(require("schedule:read"))]

BOARD_SESSION: Final = Resource(
    TreatmentSession,
    BoardSessionRead,
    "schedule:read",
    visible_sessions,
    needs=(
        Needs(
            CLINICAL.permission,
            ("started_at", "last_dose_at", "dosing_ended_at", "discharged_at", "pressure", "next_slot", "watcher"),
        ),
        Needs("course:read", ("protocol_code", "protocol_version")),
        Needs("alert:read", ("open_alert_count", "worst_open_alert")),
        Needs("patient:read", ("patient",)),
    ),
)

# What happens on a board. A kind that is not there is not waited for, and each is told only to those who may read it.
ON_THE_BOARD: Final = (
    "session",
    "dose_order",
    "administration",
    "dose_event",
    "vital_signs",
    "vital_slot",
    "watch",
    "dissociation_note",
    "adverse_event",
    "alert",
)
_EVENTS: Final = "text/event-stream"
_EVENTS_SCHEMA: Final = {
    "type": "string",
    "maxLength": 1_000_000_000,
    "description": "Server-sent events: `id` is the change's number, `data` a BoardChangeRead. An event without data "
    "only moves the last id. Comments say that the stream is still there.",
    "examples": [
        ": listening\nid: 10452\nretry: 2000\n\n"  # noqa: ISC004  # one text
        'data: {"object":"change","sequence":10453,"event_type":"vital_signs.recorded","resource_type":"vital_signs",'
        '"root_type":"session","root_id":"0199c1f0-7d3e-7a51-9c1e-3f0a5b7e2d10"}\nid: 10453\n\n'
        ": still here\nid: 10453\n\n"
    ],
}
_TAG: Final[dict[str, Any]] = {
    "ETag": {
        "description": "Another one whenever anything on the board is, for `If-None-Match`.",
        "schema": {
            "type": "string",
            "pattern": '^W/"[0-9a-f]{32}"$',
            "maxLength": 36,
            "examples": ['W/"5f0c1a525f0c1a525f0c1a525f0c1a52"'],
        },
    }
}
_NUMBER: Final = r"^[0-9]{1,18}$"


async def _rows(db: ReadSession, statement: Select[*tuple[Any, ...]]) -> Sequence[Columns]:
    return (await db.execute(statement)).mappings().all()


async def _grouped(db: ReadSession, statement: Select[*tuple[Any, ...]], name: str) -> Grouped:
    grouped: dict[Any, list[Columns]] = {}
    for row in await _rows(db, statement):
        grouped.setdefault(row[name], []).append(row)
    return grouped


async def _board(db: ReadSession, actor: Actor, on: date, locations: Sequence[UUID]) -> dict[str, Any]:
    starts_at, ends_at = day_of(on, actor.time_zone)
    rows = await _rows(db, queries.sessions_on(actor, starts_at, ends_at, locations, clock.now()))
    ids, patients = [row["id"] for row in rows], [row["patient_id"] for row in rows]
    clinical, alarmed = actor.may(CLINICAL.permission), actor.may("alert:read")
    around = Around(
        readings=await _grouped(db, queries.pressures_in(actor, ids), "session_id") if clinical else {},
        slots=await _grouped(db, queries.open_slots_in(actor, ids), "session_id") if clinical else {},
        watches=await _grouped(db, queries.watches_of(actor, ids), "session_id") if clinical else {},
        alerts=await _grouped(db, queries.open_alerts_about(actor, patients), "patient_id") if alarmed else {},
    )
    withheld = BOARD_SESSION.withheld(actor)
    sessions = [(row["location_id"], shown_session(row, actor.time_zone, around, withheld)) for row in rows]
    return {
        "object": "board",
        "on": on,
        "time_zone": actor.time_zone,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "feed_position": (await db.execute(latest_sequence(actor))).scalar_one(),
        "locations": by_location(sessions, await _rows(db, queries.locations_of(actor, locations))),
    }


@router.get(
    "/board",
    response_model=BoardRead,
    responses={200: {"headers": _TAG}, 304: {"description": "Nothing on the board has changed.", "headers": _TAG}},
)
async def get_board(
    db: ReadDb,
    actor: MayReadSchedule,
    on: Annotated[Day | None, Query(description="The day; left out: today, on the clinic's clock.")] = None,
    location_id: Annotated[list[Id], Query(max_length=100, description="Only at these locations.")] = [],  # noqa: B006
    if_none_match: Annotated[
        str | None,
        Header(
            alias="If-None-Match",
            description="The ETag you have; the answer is 304 without a body while nothing on the board has changed.",
            max_length=1000,
            examples=['W/"5f0c1a525f0c1a525f0c1a525f0c1a52"'],
        ),
    ] = None,
) -> Response:
    """A day of the clinic at a glance: who is where, how far along, with which pressure, and what needs an answer.

    A session belongs to the day it began on; one whose patient is still there is also on the board of the days after.
    Members that need a permission you lack are null, and `withheld` names the permission. Ask as often as you like
    with `If-None-Match`, or follow `GET /v1/board/stream` from `feed_position`.
    """
    board = await _board(db, actor, on or clock.today(actor.time_zone), location_id)
    headers = {"ETag": tag_of(board)}
    known = {tag.strip() for tag in (if_none_match or "").split(",")}
    if headers["ETag"] in known:
        touch(db, board)
        return Response(None, HTTPStatus.NOT_MODIFIED, headers)
    return respond(db, board, headers=headers)


def _kinds(actor: Actor) -> list[str]:
    return [name for name in ON_THE_BOARD if name in RESOURCES and actor.may(RESOURCES[name].read)]


def _shown(row: Columns) -> dict[str, Any]:
    same = ("sequence", "resource_type", "resource_id", "version", "root_type", "root_id", "recorded_at")
    return {
        "object": "change",
        "event_id": row["id"],
        "event_type": row["event"],
        "change": row["kind"],
        **{name: row[name] for name in same},
    }


async def _last_event_id(
    last_event_id: Annotated[
        str | None,
        Header(
            alias="Last-Event-ID",
            description="The id of the last event you got; stands before `after`. Browsers send it by themselves.",
            pattern=_NUMBER,
            max_length=18,
            examples=["10452"],
        ),
    ] = None,
) -> int | None:
    return None if last_event_id is None else int(last_event_id)


@router.get(
    "/board/stream",
    response_model=BoardChanges,
    responses={**documented(TooManyStreams), 200: {"content": {_EVENTS: {"schema": _EVENTS_SCHEMA}}}},
)
async def follow_board(
    db: ReadDb,
    actor: MayReadSchedule,
    last_event_id: Annotated[int | None, Depends(_last_event_id)],
    after: Annotated[
        int | None,
        Query(
            ge=0,
            lt=10**18,
            description="The number to go on from, such as a board's `feed_position`; left out: from now on.",
            examples=[10452],
        ),
    ] = None,
) -> Response:
    """What happens on the board, as it happens: ask with `Accept: text/event-stream`, and the answer does not end.

    Each event is a change you may read, in order, none left out and none twice; it names the record and holds nothing
    of it. Reconnect with `Last-Event-ID`. The stream ends when its token does, which it does not keep alive, and when
    the server stops. Asked for JSON, it answers at once what has happened since `after`.
    """
    latest = (await db.execute(latest_sequence(actor))).scalar_one()
    asked = after if last_event_id is None else last_event_id
    position = latest if asked is None else asked
    if media_type_for(db, _EVENTS) == _EVENTS:
        request: Request = db.info["request"]
        if request.scope["state"]["method"] == "HEAD":
            return Response(None, headers=UNBUFFERED, media_type=_EVENTS)
        again = functools.partial(still_permitted, request, actor, "schedule:read")
        return EventStream(request.app.state.streams, Listener(actor, again, _kinds, _shown), position)
    end = min(latest, position + LOOKED_AT)
    rows = await _rows(db, queries.changes_between(actor, _kinds(actor), position, end))
    shown = {
        "items": [_shown(row) for row in rows],
        "next_after": max(end, position),
        "latest_sequence": latest,
    }
    return respond(db, shown, headers={"Vary": "Accept"})
