"""Staff, clients and locations. A clinic of one's own is the fixture `clinic`; see `tests/world.py`.

nurse = await clinic.make(make_staff, roles=["nurse"])
"""

from typing import Any

from app.identity import actions
from app.identity.models import Client, Location, Staff
from app.identity.schemas import ClientCreate, LocationCreate, StaffCreate
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.ids import new_id


async def make_staff(db: WriteSession, actor: Actor, **members: Any) -> Staff:
    """A nurse who has not chosen a password."""
    body = {"username": f"sam.{new_id().hex}", "name": "Sam Levy", "roles": ["nurse"]} | members
    staff, _ = await actions.create_staff(db, actor, StaffCreate.model_validate(body))
    return staff


async def make_client(db: WriteSession, actor: Actor, **members: Any) -> tuple[Client, str]:
    """An integrator's client and its secret."""
    body = {"name": f"Registry {new_id().hex}", "scopes": ["patient:read"]} | members
    client, secret = await actions.create_client(db, actor, ClientCreate.model_validate(body))
    assert secret is not None
    return client, secret.text


async def make_location(db: WriteSession, actor: Actor, **members: Any) -> Location:
    """A room."""
    body = {"name": f"Room {new_id().hex}"} | members
    return await actions.create_location(db, actor, LocationCreate.model_validate(body))
