"""Plans for whoever asks: the one way from a code to a plan, shipped or the clinic's own."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, cast

from sqlalchemy import Select, func, select

from app.kernel.actor import Actor
from app.kernel.data_files import DataFile
from app.kernel.database import ReadSession
from app.kernel.tables import Base
from app.protocols.catalogue import shipped_protocols
from app.protocols.models import ClinicProtocol
from app.protocols.rules import Protocol, protocol_in, require_latest

clinic_protocol: Final = Base.metadata.tables[ClinicProtocol.__tablename__]
_KEY: Final = (clinic_protocol.c.code, clinic_protocol.c.protocol_version)


def visible_clinic_protocols(actor: Actor) -> Select[Any]:
    """The clinic's own plans, every version."""
    return select(clinic_protocol).where(clinic_protocol.c.clinic_id == actor.clinic_id)


def highest_version(actor: Actor, code: str) -> Select[Any]:
    """The number of a plan's newest version."""
    return select(func.max(clinic_protocol.c.protocol_version)).where(
        clinic_protocol.c.clinic_id == actor.clinic_id, clinic_protocol.c.code == code
    )


def plan_of(definition: Mapping[str, Any]) -> Protocol:
    """A plan of a clinic's own, from what is kept of it."""
    return protocol_in(DataFile(str(definition["code"]), cast("Mapping[str, object]", exact(definition))))


def exact(value: object) -> object:
    """JSON as data files hold it: numbers with a point exactly as they are written."""
    match value:
        case dict():
            return {name: exact(one) for name, one in cast("dict[str, object]", value).items()}
        case list():
            return [exact(one) for one in cast("list[object]", value)]
        case float():
            return Decimal(str(value))
        case _:
            return value


async def own_protocols(db: ReadSession, actor: Actor, code: str | None = None) -> dict[tuple[str, int], Protocol]:
    """The clinic's own plans that are offered, by code and version."""
    statement = visible_clinic_protocols(actor).where(
        clinic_protocol.c.retired_at.is_(None), clinic_protocol.c.entered_in_error_at.is_(None)
    )
    if code is not None:
        statement = statement.where(clinic_protocol.c.code == code)
    rows = (await db.execute(statement.order_by(*_KEY).with_only_columns(*_KEY, clinic_protocol.c.definition))).all()
    return {(row.code, row.protocol_version): plan_of(row.definition) for row in rows}


async def find_version(db: ReadSession, actor: Actor, code: str, version: int) -> Protocol | None:
    """One version of a plan, shipped or the clinic's own, offered or not."""
    if (shipped := shipped_protocols().get((code, version))) is not None:
        return shipped
    statement = visible_clinic_protocols(actor).where(
        clinic_protocol.c.code == code, clinic_protocol.c.protocol_version == version
    )
    kept = (await db.execute(statement.with_only_columns(clinic_protocol.c.definition))).scalar_one_or_none()
    return None if kept is None else plan_of(kept)


async def resolve(db: ReadSession, actor: Actor, code: str, version: int) -> Protocol:
    """The plan a course was opened under; its version never changes and never goes away, also when it is retired."""
    plan = await find_version(db, actor, code, version)
    assert plan is not None
    return plan


async def latest_for(db: ReadSession, actor: Actor, code: str) -> Protocol:
    """The newest version of a plan that somebody asked for.

    Raises:
        UnknownProtocol: no plan that is offered has this code.
    """
    shipped = shipped_protocols()
    if any(known == code for known, _ in shipped):
        return require_latest(shipped, code)
    return require_latest(await own_protocols(db, actor, code), code)
