"""Making and retiring plans of a clinic's own."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.data_files import DataFile, DataFileError
from app.kernel.database import WriteSession
from app.kernel.errors import Conflict, Fault, Invalid
from app.kernel.ledger import name_change
from app.kernel.records import already_created, identity_of, one_for_update
from app.protocols.catalogue import shipped_protocols
from app.protocols.models import ClinicProtocol
from app.protocols.queries import highest_version
from app.protocols.rules import protocol_in
from app.protocols.schemas import ClinicProtocolCreate, RetireClinicProtocol


class InvalidProtocol(Invalid):
    """The plan is not one that could be followed; the fault points at the member."""

    code = "validation-failed"
    title = "The request body is not valid"


class ProtocolCodeTaken(Conflict):
    """Plans that ship keep their codes: whoever reads one of them reads the published plan."""

    code = "protocol-code-taken"
    title = "A shipped protocol has this code"
    advice = "Choose a code of your own, and say in `source` which plan yours follows."


class ProtocolRetired(Conflict):
    """The version is retired already."""

    code = "protocol-retired"
    title = "This version is retired already"
    advice = "Nothing is to be done; `GET /v1/clinic-protocols` says since when and why."


async def add_clinic_protocol(db: WriteSession, actor: Actor, body: ClinicProtocolCreate) -> ClinicProtocol:
    """Add a plan of the clinic's own, or a further version of one; courses keep the version they were opened under.

    Raises:
        ProtocolCodeTaken: a shipped plan has this code.
        InvalidProtocol: it breaks a rule that shipped plans keep, too.
    """
    if (before := await already_created(db, actor, ClinicProtocol, body)) is not None:
        return before
    if any(code == body.code for code, _ in shipped_protocols()):
        raise ProtocolCodeTaken
    version = ((await db.execute(highest_version(actor, body.code))).scalar_one() or 0) + 1
    told = body.model_dump(exclude={"id", "reason"})
    definition = {"code": body.code, "version": version, **told}
    try:
        plan = protocol_in(DataFile(body.code, cast("Mapping[str, object]", _lists(definition))))
    except DataFileError as refused:
        pointer = "#/" + re.sub(r"\[(\d+)\]", r"/\1", refused.field).replace(".", "/")
        raise InvalidProtocol(faults=[Fault("protocol_rule", f"It {refused.fault}.", pointer=pointer)]) from None
    protocol = ClinicProtocol(
        **identity_of(actor, body),
        code=plan.code,
        protocol_version=version,
        name=plan.name,
        definition=_plain(definition),
        reason=body.reason,
    )
    db.add(protocol)
    name_change(db, protocol, "clinic_protocol.added", reason=body.reason)
    return protocol


async def retire_clinic_protocol(
    db: WriteSession, actor: Actor, protocol_id: UUID, body: RetireClinicProtocol, if_match: int | None
) -> ClinicProtocol:
    """Offer a version no longer. Courses that follow it go on.

    Raises:
        ProtocolRetired: it is retired already.
    """
    protocol = await one_for_update(db, actor, ClinicProtocol, protocol_id, if_match)
    if protocol.retired_at is not None:
        raise ProtocolRetired
    protocol.retired_at = clock.now()
    protocol.retired_by = actor.principal_id
    protocol.retired_reason = body.reason
    name_change(db, protocol, "clinic_protocol.retired", reason=body.reason)
    return protocol


def _lists(value: object) -> object:
    """What a schema dumps, with texts where it holds members of closed sets."""
    match value:
        case dict():
            return {name: _lists(one) for name, one in cast("dict[str, object]", value).items()}
        case list():
            return [_lists(one) for one in cast("list[object]", value)]
        case str():
            return str(value)
        case _:
            return value


def _plain(value: Any) -> Any:
    """The same as JSON keeps it: whole numbers without a point."""
    match value:
        case dict():
            return {name: _plain(one) for name, one in cast("dict[str, Any]", value).items()}
        case list():
            return [_plain(one) for one in cast("list[Any]", value)]
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case str():
            return str(value)
        case _:
            return value
