"""What administrators and operators do: clinics, locations, staff, clients."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.identity import queries
from app.identity.models import Account, Client, ClientSecret, Clinic, Location, Staff, SystemPrincipal
from app.identity.rules import (
    SCOPE_PERMISSIONS,
    LastAdministrator,
    OwnRoles,
    Role,
    UsernameTaken,
    permissions_of_roles,
    require_roles_fit,
)
from app.identity.schemas import (
    ClientCreate,
    ClientUpdate,
    ClinicCreate,
    ClinicUpdate,
    LocationCreate,
    LocationUpdate,
    StaffCreate,
    StaffUpdate,
)
from app.identity.tokens.actions import Issued, digest_of, invite
from app.kernel import clock
from app.kernel.actor import Actor, PrincipalKind
from app.kernel.database import Database, WriteSession
from app.kernel.errors import Fault, Invalid, NotFound
from app.kernel.ids import new_id
from app.kernel.ledger import LedgerHead, name_change
from app.kernel.records import already_created, identity_of, one_for_update, require_version

_SECRET_DAYS: Final = 365
_LIVE_SECRETS: Final = 2
_EVERYTHING: Final = permissions_of_roles(Role) | frozenset[str]().union(*SCOPE_PERMISSIONS.values())


@dataclass(frozen=True, slots=True)
class NewClinic:
    """A clinic that was just made."""

    clinic: Clinic
    administrator: Staff
    invitation: Issued


@dataclass(frozen=True, slots=True)
class ShownSecret:
    """A client secret, the one time it can be seen."""

    text: str
    expires_at: datetime


async def system_actor(database: Database, clinic_id: UUID, *, source: str) -> Actor:
    """The clinic's own hand, for imports, workers and the command line.

    Raises:
        NotFound: there is no such clinic.
    """
    async with database.reading() as db:
        row = (await db.execute(queries.system_principal(clinic_id))).one_or_none()
    if row is None:
        raise NotFound
    return Actor(clinic_id, row.id, PrincipalKind.SYSTEM, _EVERYTHING, row.time_zone, source=source)


async def every_clinic(database: Database) -> list[UUID]:
    """The ids of all clinics of this installation, for the command line."""
    async with database.reading() as db:
        return [*(await db.execute(queries.clinic_ids())).scalars()]


async def create_clinic(
    db: WriteSession, body: ClinicCreate, *, source: str = "api", request_id: str = ""
) -> NewClinic:
    """Make a clinic, its own hand and its first administrator, who is invited to choose a password."""
    clinic_id, system_id = new_id(), new_id()
    # The clinic's own hand records the clinic's beginning: nobody else is there yet.
    actor = Actor(
        clinic_id, system_id, PrincipalKind.SYSTEM, _EVERYTHING, body.time_zone, source=source, request_id=request_id
    )
    db.info["actor"] = actor
    clinic = Clinic(id=clinic_id, name=body.name, time_zone=body.time_zone, phone=None, email=None)
    db.add(clinic)
    name_change(db, clinic, "clinic.created")
    db.add(LedgerHead(clinic_id=clinic_id, last_sequence=0))
    await db.flush()
    system = SystemPrincipal(
        clinic_id=clinic_id, id=system_id, name="Seriatim", roles=[], scopes=[], account_id=None, disabled_at=None
    )
    db.add(system)
    name_change(db, system, "system.created")
    await db.flush()
    administrator = StaffCreate(username=body.administrator.username, name=body.administrator.name, roles=[Role.ADMIN])
    staff, invitation = await create_staff(db, actor, administrator)
    assert invitation is not None
    return NewClinic(clinic, staff, invitation)


async def update_clinic(
    db: WriteSession, actor: Actor, clinic_id: UUID, body: ClinicUpdate, if_match: int | None
) -> Clinic:
    """Change the clinic's name, zone or contact."""
    if clinic_id != actor.clinic_id:
        raise NotFound
    clinic = (await db.execute(queries.clinic_for_update(actor))).scalar_one()
    await require_version(db, actor, clinic, if_match)
    for member, value in body.model_dump(exclude_unset=True).items():
        setattr(clinic, member, value)
    name_change(db, clinic, "clinic.updated")
    return clinic


async def create_location(db: WriteSession, actor: Actor, body: LocationCreate) -> Location:
    """Add a site or room."""
    if (before := await already_created(db, actor, Location, body)) is not None:
        return before
    location = Location(**identity_of(actor, body), name=body.name, disabled_at=None)
    db.add(location)
    name_change(db, location, "location.created")
    return location


async def update_location(
    db: WriteSession, actor: Actor, location_id: UUID, body: LocationUpdate, if_match: int | None
) -> Location:
    """Rename a site or room."""
    location = await one_for_update(db, actor, Location, location_id, if_match)
    for member, value in body.model_dump(exclude_unset=True).items():
        setattr(location, member, value)
    name_change(db, location, "location.updated")
    return location


async def disable_location(db: WriteSession, actor: Actor, location_id: UUID, if_match: int | None) -> Location:
    """Take a site or room out of use."""
    location = await one_for_update(db, actor, Location, location_id, if_match)
    location.disabled_at = location.disabled_at or clock.now()
    name_change(db, location, "location.disabled")
    return location


async def create_account(db: WriteSession, username: str, *, is_operator: bool = False) -> Account:
    """Make a person who can sign in once they have chosen a password.

    Raises:
        UsernameTaken: the login name is in use.
    """
    if (await db.execute(queries.account_by_username(username))).first() is not None:
        raise UsernameTaken
    account = Account(
        id=new_id(), username=username, password_hash=None, is_operator=is_operator, created_at=clock.now()
    )
    db.add(account)
    await db.flush()
    return account


async def create_staff(db: WriteSession, actor: Actor, body: StaffCreate) -> tuple[Staff, Issued | None]:
    """Add a member of staff and invite them. Sending the same create again shows the person, not a new invitation."""
    if (before := await already_created(db, actor, Staff, body)) is not None:
        return before, None
    require_roles_fit(body.roles)
    account = await create_account(db, body.username)
    return add_to_staff(db, actor, body, account), invite(db, account.id)


def add_to_staff(db: WriteSession, actor: Actor, body: StaffCreate, account: Account) -> Staff:
    """Put a person on a clinic's staff; the person may work in other clinics too."""
    staff = Staff(
        **identity_of(actor, body),
        name=body.name,
        account_id=account.id,
        username=account.username,
        roles=[role.value for role in body.roles],
        scopes=[],
        disabled_at=None,
    )
    db.add(staff)
    name_change(db, staff, "staff.created")
    return staff


async def update_staff(
    db: WriteSession, actor: Actor, staff_id: UUID, body: StaffUpdate, if_match: int | None
) -> Staff:
    """Change a person's name or roles; it counts from their next request."""
    staff = await one_for_update(db, actor, Staff, staff_id, if_match)
    if "roles" in body.model_fields_set:
        await _require_may_change_rights(db, actor, staff, body.roles)
        require_roles_fit(body.roles)
        staff.roles = [role.value for role in body.roles]
    if "name" in body.model_fields_set:
        staff.name = body.name
    name_change(db, staff, "staff.updated")
    return staff


async def disable_staff(db: WriteSession, actor: Actor, staff_id: UUID, if_match: int | None) -> Staff:
    """End a person's work in this clinic, from their next request on; what they recorded stays theirs."""
    staff = await one_for_update(db, actor, Staff, staff_id, if_match)
    await _require_may_change_rights(db, actor, staff, ())
    staff.disabled_at = staff.disabled_at or clock.now()
    name_change(db, staff, "staff.disabled")
    return staff


async def invite_staff(db: WriteSession, actor: Actor, staff_id: UUID, if_match: int | None) -> tuple[Staff, Issued]:
    """Let a person choose a new password; nobody chooses it for them."""
    staff = await one_for_update(db, actor, Staff, staff_id, if_match)
    if staff.account_id is None:
        raise NotFound
    return staff, invite(db, staff.account_id)


async def _require_may_change_rights(db: WriteSession, actor: Actor, staff: Staff, roles: Sequence[Role]) -> None:
    if staff.id == actor.principal_id:
        raise OwnRoles
    if Role.ADMIN.value in staff.roles and Role.ADMIN not in roles:
        others = (await db.execute(queries.administrators(actor))).scalars()
        if not any(Role.ADMIN.value in one.roles and one.id != staff.id for one in others):
            raise LastAdministrator


async def create_client(db: WriteSession, actor: Actor, body: ClientCreate) -> tuple[Client, ShownSecret | None]:
    """Register an integrator's client with its first secret."""
    if (before := await already_created(db, actor, Client, body)) is not None:
        return before, None
    _require_scopes(body.scopes)
    client = Client(
        **identity_of(actor, body),
        name=body.name,
        account_id=None,
        username=None,
        roles=[],
        scopes=list(body.scopes),
        secret_rotated_at=clock.now(),
        disabled_at=None,
    )
    db.add(client)
    name_change(db, client, "client.created")
    await db.flush()
    return client, _new_secret(db, client)


def _require_scopes(scopes: Sequence[str]) -> None:
    faults = [
        Fault("not_in_set", f"Known scopes: {', '.join(SCOPE_PERMISSIONS)}.", pointer=f"#/scopes/{number}")
        for number, scope in enumerate(scopes)
        if scope not in SCOPE_PERMISSIONS
    ]
    if faults:
        raise Invalid(faults=faults)


def _new_secret(db: WriteSession, client: Client) -> ShownSecret:
    text = f"kcs_{secrets.token_hex(32)}"
    expires_at = clock.now() + timedelta(days=_SECRET_DAYS)
    db.add(
        ClientSecret(
            clinic_id=client.clinic_id,
            id=new_id(),
            client_id=client.id,
            digest=digest_of(text),
            created_at=clock.now(),
            expires_at=expires_at,
        )
    )
    return ShownSecret(text, expires_at)


async def update_client(
    db: WriteSession, actor: Actor, client_id: UUID, body: ClientUpdate, if_match: int | None
) -> Client:
    """Change a client's name or scopes; a scope taken away ends at its next request."""
    client = await one_for_update(db, actor, Client, client_id, if_match)
    if "scopes" in body.model_fields_set:
        _require_scopes(body.scopes)
        client.scopes = list(body.scopes)
    if "name" in body.model_fields_set:
        client.name = body.name
    name_change(db, client, "client.updated")
    return client


async def rotate_client_secret(
    db: WriteSession, actor: Actor, client_id: UUID, if_match: int | None
) -> tuple[Client, ShownSecret]:
    """Make a further secret; the one before it stays good until the next rotation."""
    client = await one_for_update(db, actor, Client, client_id, if_match)
    kept = list((await db.execute(queries.secrets_of(actor, client_id))).scalars())
    for old in kept[: len(kept) - _LIVE_SECRETS + 1]:
        await db.delete(old)
    client.secret_rotated_at = clock.now()
    name_change(db, client, "client.secret_rotated")
    return client, _new_secret(db, client)


async def disable_client(db: WriteSession, actor: Actor, client_id: UUID, if_match: int | None) -> Client:
    """End a client's access from its next request on."""
    client = await one_for_update(db, actor, Client, client_id, if_match)
    client.disabled_at = client.disabled_at or clock.now()
    name_change(db, client, "client.disabled")
    return client
