"""Clinics, locations, staff and clients over HTTP."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.identity import actions, queries
from app.identity.actions import ShownSecret
from app.identity.models import Client, Clinic, Location, Staff
from app.identity.rules import LastAdministrator, OwnRoles, UsernameTaken
from app.identity.schemas import (
    ClientCreate,
    ClientRead,
    ClientSecretShown,
    ClientUpdate,
    ClinicCreate,
    ClinicCreated,
    ClinicRead,
    ClinicUpdate,
    LocationCreate,
    LocationRead,
    LocationUpdate,
    MeRead,
    StaffCreate,
    StaffInvited,
    StaffRead,
    StaffUpdate,
)
from app.identity.tokens.actions import Issued
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.endpoint import Endpoint, IfMatch, Operator, OperatorStepUp, ReadDb, SignedIn, WriteDb, require
from app.kernel.errors import Conflict, NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.guard import ACROSS
from app.kernel.ledger import columns_of
from app.kernel.pagination import Paging
from app.kernel.problems import documented
from app.kernel.records import (
    Resource,
    answer_history,
    answer_one,
    answer_page,
    changed,
    created,
    register,
    respond,
    to_json,
)
from app.kernel.schemas import Page, VersionRead
from app.kernel.settings import Settings
from app.kernel.step_up import step_up_until
from app.kernel.tables import Versioned

router: Final = APIRouter(prefix="/v1", route_class=Endpoint)

MayReadClinic = Annotated[Actor, Depends(require("clinic:read"))]
MayWriteClinic = Annotated[Actor, Depends(require("clinic:write", step_up=True))]
MayReadStaff = Annotated[Actor, Depends(require("staff:read"))]
MayWriteStaff = Annotated[Actor, Depends(require("staff:write", step_up=True))]

CLINIC: Final = register(Resource(Clinic, ClinicRead, "clinic:read", queries.visible_clinics))
LOCATION: Final = register(Resource(Location, LocationRead, "clinic:read", queries.visible_locations))
STAFF: Final = register(Resource(Staff, StaffRead, "staff:read", queries.visible_staff))
CLIENT: Final = register(Resource(Client, ClientRead, "staff:read", queries.visible_clients))

_CHANGES: Final = documented(NotFound, PreconditionFailed, PreconditionRequired)


@router.get(
    "/me",
    summary="Whose token this is, and what it permits",
    response_model=MeRead,
    tags=["sign-in"],
    responses=documented(),
)
async def get_me(db: ReadDb, caller: SignedIn) -> Response:
    """Who the token belongs to, the clinics it opens and what it may do there."""
    memberships = [
        {
            "clinic_id": one.clinic_id,
            "clinic_name": one.clinic_name,
            "time_zone": one.clinic_time_zone,
            "principal_id": one.principal_id,
            "kind": one.kind,
            "name": one.name,
            "roles": list(one.roles),
            "permissions": sorted(one.permissions),
        }
        for one in caller.memberships
    ]
    settings: Settings = db.info["request"].app.state.settings
    me = {
        "object": "me",
        "username": caller.username,
        "is_operator": caller.is_operator,
        "authenticated_at": caller.authenticated_at,
        "step_up_until": step_up_until(caller.authenticated_at, settings.step_up_seconds),
        "memberships": memberships,
    }
    return respond(db, me)


# ── clinics ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@router.post(
    "/clinics", status_code=201, response_model=ClinicCreated, tags=["clinics"], responses=documented(UsernameTaken)
)
async def create_clinic(db: WriteDb, operator: OperatorStepUp, body: ClinicCreate) -> Response:
    """Make a clinic and invite its first administrator. Only the installation's operator may.

    Sent again under its Idempotency-Key it answers as before, without the invitation, which is shown once.
    """
    request_id = db.info["request"].scope["state"]["request_id"]
    new = await actions.create_clinic(db, body, request_id=request_id)
    await db.flush()
    clinic = CLINIC.present(columns_of(new.clinic))
    shown = clinic | {"administrator_invitation": _invitation(new.invitation)}
    db.info["kept_body"] = to_json(clinic | {"administrator_invitation": None})
    headers = {"ETag": f'"{new.clinic.version}"', "Location": f"/v1/clinics/{new.clinic.id}"}
    return respond(db, shown, status=201, headers=headers)


@router.get("/clinics", response_model=Page[ClinicRead], tags=["clinics"])
async def list_clinics(db: ReadDb, operator: Operator) -> Response:
    """Every clinic of this installation, for its operator; few enough for one page."""
    across = {ACROSS: "the operator runs every clinic"}
    rows = (await db.execute(queries.all_clinics(), execution_options=across)).mappings().all()
    return respond(db, {"items": [CLINIC.present(row) for row in rows], "next_cursor": None})


@router.get("/clinics/{clinic_id}", response_model=ClinicRead, tags=["clinics"], responses=documented(NotFound))
async def get_clinic(db: ReadDb, actor: MayReadClinic, clinic_id: UUID) -> Response:
    """The clinic you act in."""
    return await answer_one(db, CLINIC, actor, clinic_id)


@router.patch("/clinics/{clinic_id}", response_model=ClinicRead, tags=["clinics"], responses=_CHANGES)
async def update_clinic(
    db: WriteDb, actor: MayWriteClinic, clinic_id: UUID, body: ClinicUpdate, if_match: IfMatch
) -> Response:
    """Change the clinic's name, zone or contact."""
    return await changed(db, CLINIC, actor, await actions.update_clinic(db, actor, clinic_id, body, if_match))


@router.get(
    "/clinics/{clinic_id}/history", response_model=Page[VersionRead], tags=["clinics"], responses=documented(NotFound)
)
async def list_clinic_history(db: ReadDb, actor: MayReadClinic, clinic_id: UUID, page: Paging) -> Response:
    """Every version of the clinic."""
    return await answer_history(db, CLINIC, actor, clinic_id, page)


# ── locations ────────────────────────────────────────────────────────────────────────────────────────────────────────


@router.post(
    "/locations", status_code=201, response_model=LocationRead, tags=["clinics"], responses=documented(Conflict)
)
async def create_location(db: WriteDb, actor: MayWriteClinic, body: LocationCreate) -> Response:
    """Add a site or room."""
    return await created(db, LOCATION, actor, await actions.create_location(db, actor, body), "/v1/locations")


@router.get("/locations", response_model=Page[LocationRead], tags=["clinics"])
async def list_locations(db: ReadDb, actor: MayReadClinic, page: Paging) -> Response:
    """Sites and rooms of the clinic, newest first."""
    return await answer_page(db, LOCATION, actor, queries.visible_locations(actor), page)


@router.get("/locations/{location_id}", response_model=LocationRead, tags=["clinics"], responses=documented(NotFound))
async def get_location(db: ReadDb, actor: MayReadClinic, location_id: UUID) -> Response:
    """One site or room."""
    return await answer_one(db, LOCATION, actor, location_id)


@router.patch("/locations/{location_id}", response_model=LocationRead, tags=["clinics"], responses=_CHANGES)
async def update_location(
    db: WriteDb, actor: MayWriteClinic, location_id: UUID, body: LocationUpdate, if_match: IfMatch
) -> Response:
    """Rename a site or room."""
    return await changed(db, LOCATION, actor, await actions.update_location(db, actor, location_id, body, if_match))


@router.post("/locations/{location_id}/disable", response_model=LocationRead, tags=["clinics"], responses=_CHANGES)
async def disable_location(db: WriteDb, actor: MayWriteClinic, location_id: UUID, if_match: IfMatch) -> Response:
    """Take a site or room out of use."""
    return await changed(db, LOCATION, actor, await actions.disable_location(db, actor, location_id, if_match))


# ── staff ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@router.post(
    "/staff", status_code=201, response_model=StaffInvited, tags=["staff"], responses=documented(UsernameTaken)
)
async def create_staff(db: WriteDb, actor: MayWriteStaff, body: StaffCreate) -> Response:
    """Add a member of staff. The invitation in the answer is shown once; with it the person chooses a password."""
    staff, invitation = await actions.create_staff(db, actor, body)
    return await _answer_with(
        db, STAFF, actor, staff, {"invitation": invitation and _invitation(invitation)}, created="/v1/staff"
    )


@router.get("/staff", response_model=Page[StaffRead], tags=["staff"])
async def list_staff(db: ReadDb, actor: MayReadStaff, page: Paging) -> Response:
    """The clinic's staff, newest first."""
    return await answer_page(db, STAFF, actor, queries.visible_staff(actor), page)


@router.get("/staff/{staff_id}", response_model=StaffRead, tags=["staff"], responses=documented(NotFound))
async def get_staff(db: ReadDb, actor: MayReadStaff, staff_id: UUID) -> Response:
    """One member of staff."""
    return await answer_one(db, STAFF, actor, staff_id)


@router.patch(
    "/staff/{staff_id}",
    response_model=StaffRead,
    tags=["staff"],
    responses=documented(NotFound, OwnRoles, LastAdministrator),
)
async def update_staff(
    db: WriteDb, actor: MayWriteStaff, staff_id: UUID, body: StaffUpdate, if_match: IfMatch
) -> Response:
    """Change a person's name or roles; it counts from their next request. Nobody changes their own roles."""
    return await changed(db, STAFF, actor, await actions.update_staff(db, actor, staff_id, body, if_match))


@router.post(
    "/staff/{staff_id}/disable",
    response_model=StaffRead,
    tags=["staff"],
    responses=documented(NotFound, OwnRoles, LastAdministrator),
)
async def disable_staff(db: WriteDb, actor: MayWriteStaff, staff_id: UUID, if_match: IfMatch) -> Response:
    """End a person's work in this clinic, from their next request on."""
    return await changed(db, STAFF, actor, await actions.disable_staff(db, actor, staff_id, if_match))


@router.post("/staff/{staff_id}/invite", response_model=StaffInvited, tags=["staff"], responses=_CHANGES)
async def invite_staff(db: WriteDb, actor: MayWriteStaff, staff_id: UUID, if_match: IfMatch) -> Response:
    """Let a person choose a new password; nobody chooses it for them."""
    staff, invitation = await actions.invite_staff(db, actor, staff_id, if_match)
    return await _answer_with(db, STAFF, actor, staff, {"invitation": _invitation(invitation)})


@router.get(
    "/staff/{staff_id}/history", response_model=Page[VersionRead], tags=["staff"], responses=documented(NotFound)
)
async def list_staff_history(db: ReadDb, actor: MayReadStaff, staff_id: UUID, page: Paging) -> Response:
    """Who changed this person's roles, and when."""
    return await answer_history(db, STAFF, actor, staff_id, page)


# ── clients ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@router.post(
    "/clients", status_code=201, response_model=ClientSecretShown, tags=["clients"], responses=documented(Conflict)
)
async def create_client(db: WriteDb, actor: MayWriteStaff, body: ClientCreate) -> Response:
    """Register an integrator's client. Its secret is in this answer and nowhere else."""
    client, secret = await actions.create_client(db, actor, body)
    return await _answer_with(db, CLIENT, actor, client, _secret(client, secret), created="/v1/clients")


@router.get("/clients", response_model=Page[ClientRead], tags=["clients"])
async def list_clients(db: ReadDb, actor: MayReadStaff, page: Paging) -> Response:
    """The clinic's integrators, newest first."""
    return await answer_page(db, CLIENT, actor, queries.visible_clients(actor), page)


@router.get("/clients/{client_id}", response_model=ClientRead, tags=["clients"], responses=documented(NotFound))
async def get_client(db: ReadDb, actor: MayReadStaff, client_id: UUID) -> Response:
    """One integrator's client."""
    return await answer_one(db, CLIENT, actor, client_id)


@router.patch("/clients/{client_id}", response_model=ClientRead, tags=["clients"], responses=_CHANGES)
async def update_client(
    db: WriteDb, actor: MayWriteStaff, client_id: UUID, body: ClientUpdate, if_match: IfMatch
) -> Response:
    """Change a client's name or scopes; a scope taken away ends at its next request."""
    return await changed(db, CLIENT, actor, await actions.update_client(db, actor, client_id, body, if_match))


@router.post(
    "/clients/{client_id}/rotate-secret", response_model=ClientSecretShown, tags=["clients"], responses=_CHANGES
)
async def rotate_client_secret(db: WriteDb, actor: MayWriteStaff, client_id: UUID, if_match: IfMatch) -> Response:
    """Make a further secret; the one before it stays good until the next rotation."""
    client, secret = await actions.rotate_client_secret(db, actor, client_id, if_match)
    return await _answer_with(db, CLIENT, actor, client, _secret(client, secret))


@router.post("/clients/{client_id}/disable", response_model=ClientRead, tags=["clients"], responses=_CHANGES)
async def disable_client(db: WriteDb, actor: MayWriteStaff, client_id: UUID, if_match: IfMatch) -> Response:
    """End a client's access from its next request on."""
    return await changed(db, CLIENT, actor, await actions.disable_client(db, actor, client_id, if_match))


def _invitation(issued: Issued) -> dict[str, Any]:
    return {"token": issued.text, "expires_at": issued.expires_at}


def _secret(client: Client, secret: ShownSecret | None) -> dict[str, Any]:
    return {
        "client_id": client.id,
        "client_secret": secret and secret.text,
        "client_secret_expires_at": secret and secret.expires_at,
    }


async def _answer_with(
    db: WriteSession,
    resource: Resource,
    actor: Actor,
    record: Versioned,
    more: dict[str, Any],
    *,
    created: str | None = None,
) -> Response:
    """A record with what is shown this one time; under an idempotency key it is kept without that."""
    await db.flush()
    shown = resource.present(columns_of(record)) | more
    headers = {"ETag": f'"{record.version}"'}
    if created is not None:
        headers["Location"] = f"{created}/{shown['id']}"
    db.info["kept_body"] = to_json(shown | dict.fromkeys(more))
    replayed = created is None or bool(db.info.get("already_created"))
    return respond(db, shown, status=200 if replayed else 201, headers=headers)
