"""The clinic of the benchmark's work set, to act in."""

from sqlalchemy import select

from app.identity.actions import system_actor
from app.identity.queries import principal
from benchmarks.workset import WorkSet
from tests.world import Installation, World


async def world_of(installation: Installation, work: WorkSet) -> World:
    """The crowded clinic, to act in."""
    system = await system_actor(installation.database, work.clinic.id, source="test")
    administrators = select(principal.c.account_id, principal.c.id).where(
        principal.c.clinic_id == work.clinic.id, principal.c.kind == "staff", principal.c.name == "Dana Okafor"
    )
    async with installation.database.reading() as db:
        account_id, principal_id = (await db.execute(administrators)).one()
    return World(installation, work.clinic.id, system, "Crowded", account_id, principal_id)
