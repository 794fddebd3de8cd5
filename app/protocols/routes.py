"""Protocols over HTTP."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, ReadDb, require
from app.kernel.errors import NotFound
from app.kernel.problems import documented
from app.kernel.records import respond
from app.kernel.schemas import Page
from app.protocols.catalogue import shipped_protocols
from app.protocols.rules import Drug, Protocol, Route, latest
from app.protocols.schemas import ProtocolRead

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["protocols"])

MayReadClinic = Annotated[Actor, Depends(require("clinic:read"))]
ProtocolVersion = Annotated[int, Path(ge=1, le=10_000, description="Its version.", examples=[1])]
ProtocolCode = Annotated[str, Path(max_length=64, description="The protocol's code.", examples=["KET_IV_6x3W"])]


def _shown(protocol: Protocol) -> Mapping[str, Any]:
    facts = asdict(protocol) | {name: getattr(protocol, name) for name in ("sessions", "day_offsets", "dose_mg_per_kg")}
    return {"object": "protocol", **{name: facts[name] for name in ProtocolRead.model_fields if name != "object"}}


@router.get("/protocols", response_model=Page[ProtocolRead])
async def list_protocols(
    db: ReadDb,
    actor: MayReadClinic,
    drug: Annotated[list[Drug], Query(max_length=100, description="Only for these drugs.")] = [],  # noqa: B006
    route: Annotated[list[Route], Query(max_length=100, description="Only by these routes.")] = [],  # noqa: B006
) -> Response:
    """The newest version of each plan, by code."""
    codes = sorted({code for code, _ in shipped_protocols()})
    plans = [plan for code in codes if (plan := latest(shipped_protocols(), code)) is not None]
    items = [_shown(p) for p in plans if (not drug or p.drug in drug) and (not route or p.route in route)]
    return respond(db, {"items": items, "next_cursor": None})


@router.get("/protocols/{protocol_code}", response_model=ProtocolRead, responses=documented(NotFound))
async def get_protocol(db: ReadDb, actor: MayReadClinic, protocol_code: ProtocolCode) -> Response:
    """The newest version of one plan."""
    if (protocol := latest(shipped_protocols(), protocol_code)) is None:
        raise NotFound
    return respond(db, _shown(protocol))


@router.get(
    "/protocols/{protocol_code}/versions/{protocol_version}",
    response_model=ProtocolRead,
    responses=documented(NotFound),
)
async def get_protocol_version(
    db: ReadDb, actor: MayReadClinic, protocol_code: ProtocolCode, protocol_version: ProtocolVersion
) -> Response:
    """One version of one plan; old versions stay for ever."""
    if (protocol := shipped_protocols().get((protocol_code, protocol_version))) is None:
        raise NotFound
    return respond(db, _shown(protocol))
