"""Protocols over HTTP."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.database import ReadSession
from app.kernel.endpoint import Endpoint, IfMatch, ReadDb, WriteDb, require
from app.kernel.errors import NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.pagination import Paging
from app.kernel.problems import documented
from app.kernel.record_routes import add_reads
from app.kernel.records import Resource, WithEnteredInError, answer_page, changed, created, register, respond
from app.kernel.schemas import CodeText, Page
from app.protocols import actions, queries
from app.protocols.actions import ProtocolCodeTaken, ProtocolRetired
from app.protocols.catalogue import shipped_protocols
from app.protocols.models import ClinicProtocol
from app.protocols.rules import Drug, Protocol, Route, latest
from app.protocols.schemas import ClinicProtocolCreate, ClinicProtocolRead, ProtocolRead, RetireClinicProtocol

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["protocols"])

MayReadClinic = Annotated[Actor, Depends(require("clinic:read"))]
MayWriteProtocols = Annotated[Actor, Depends(require("protocol:write", step_up=True))]
ProtocolVersion = Annotated[int, Path(ge=1, le=10_000, description="Its version.", examples=[1])]
ProtocolCode = Annotated[str, Path(max_length=64, description="The protocol's code.", examples=["KET_IV_6x3W"])]


CLINIC_PROTOCOL: Final = register(
    Resource(ClinicProtocol, ClinicProtocolRead, "clinic:read", queries.visible_clinic_protocols)
)


def _shown(protocol: Protocol) -> Mapping[str, Any]:
    facts = asdict(protocol) | {name: getattr(protocol, name) for name in ("sessions", "day_offsets", "dose_mg_per_kg")}
    facts["clinics_own"] = (protocol.code, protocol.version) not in shipped_protocols()
    return {"object": "protocol", **{name: facts[name] for name in ProtocolRead.model_fields if name != "object"}}


async def _offered(db: ReadSession, actor: Actor) -> Mapping[tuple[str, int], Protocol]:
    """Every plan a course may be opened under: those that ship and the clinic's own."""
    return {**shipped_protocols(), **await queries.own_protocols(db, actor)}


@router.get("/protocols", response_model=Page[ProtocolRead])
async def list_protocols(
    db: ReadDb,
    actor: MayReadClinic,
    drug: Annotated[list[Drug], Query(max_length=100, description="Only for these drugs.")] = [],  # noqa: B006
    route: Annotated[list[Route], Query(max_length=100, description="Only by these routes.")] = [],  # noqa: B006
) -> Response:
    """The newest version of each plan that is offered, by code: those that ship and the clinic's own."""
    offered = await _offered(db, actor)
    plans = [plan for code in sorted({code for code, _ in offered}) if (plan := latest(offered, code)) is not None]
    items = [_shown(p) for p in plans if (not drug or p.drug in drug) and (not route or p.route in route)]
    return respond(db, {"items": items, "next_cursor": None})


@router.get("/protocols/{protocol_code}", response_model=ProtocolRead, responses=documented(NotFound))
async def get_protocol(db: ReadDb, actor: MayReadClinic, protocol_code: ProtocolCode) -> Response:
    """The newest version of one plan that is offered."""
    if (protocol := latest(await _offered(db, actor), protocol_code)) is None:
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
    """One version of one plan; old versions stay for ever, also retired ones."""
    protocol = await queries.find_version(db, actor, protocol_code, protocol_version)
    if protocol is None:
        raise NotFound
    return respond(db, _shown(protocol))


# ── a clinic's own ───────────────────────────────────────────────────────────────────────────────────────────────────


@router.post(
    "/clinic-protocols",
    status_code=201,
    response_model=ClinicProtocolRead,
    responses=documented(ProtocolCodeTaken),
)
async def create_clinic_protocol(db: WriteDb, actor: MayWriteProtocols, body: ClinicProtocolCreate) -> Response:
    """Add a plan of the clinic's own, or a further version of one. Courses keep the version they were opened under."""
    protocol = await actions.add_clinic_protocol(db, actor, body)
    return await created(db, CLINIC_PROTOCOL, actor, protocol, "/v1/clinic-protocols")


@router.get("/clinic-protocols", response_model=Page[ClinicProtocolRead])
async def list_clinic_protocols(
    db: ReadDb,
    actor: MayReadClinic,
    page: Paging,
    with_errors: WithEnteredInError,
    code: Annotated[
        list[CodeText], Query(max_length=100, description="Only with these codes.", examples=[["HARBOUR_IV_4x4W"]])
    ] = [],  # noqa: B006
) -> Response:
    """The clinic's own plans, every version, also retired ones; the latest first."""
    statement = queries.visible_clinic_protocols(actor)
    if code:
        statement = statement.where(queries.clinic_protocol.c.code.in_(code))
    return await answer_page(db, CLINIC_PROTOCOL, actor, statement, page, with_errors=with_errors)


@router.post(
    "/clinic-protocols/{clinic_protocol_id}/retire",
    response_model=ClinicProtocolRead,
    responses=documented(NotFound, ProtocolRetired, PreconditionFailed, PreconditionRequired),
)
async def retire_clinic_protocol(
    db: WriteDb, actor: MayWriteProtocols, clinic_protocol_id: UUID, body: RetireClinicProtocol, if_match: IfMatch
) -> Response:
    """Offer a version no longer. Courses that follow it go on."""
    protocol = await actions.retire_clinic_protocol(db, actor, clinic_protocol_id, body, if_match)
    return await changed(db, CLINIC_PROTOCOL, actor, protocol)


add_reads(
    router,
    CLINIC_PROTOCOL,
    path="/clinic-protocols",
    singular="clinic_protocol",
    title="one version of a plan of the clinic's own",
)
