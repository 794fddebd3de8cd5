"""Sending again never does twice: a key, its effect and its answer commit in one transaction.

The key's row is inserted first. A second request with the same key waits at that row until the first is decided:
after a commit it replays the stored answer, after a rollback it goes on as if it were the first. A client's own id on
a create is claimed in the same way, so two creates with one id meet here and not in an integrity error.
"""

import hashlib
import re
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Index, LargeBinary, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column
from starlette.requests import Request
from starlette.responses import Response

from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import WriteSession, is_busy
from app.kernel.errors import BadRequest, Conflict, Invalid
from app.kernel.guard import ACROSS
from app.kernel.schemas import CreateSchema
from app.kernel.tables import Base, Json, Name

KEPT: Final = timedelta(hours=48)
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")


class IdempotencyKeyRequired(BadRequest):
    """This request must be safe to send again."""

    code = "idempotency-key-required"
    title = "Send an Idempotency-Key header or your own id"
    advice = (
        "Send an Idempotency-Key header that is new for each thing you record and the same when you send it "
        "again, or your own UUIDv7 as `id`."
    )


class IdempotencyKeyReused(Invalid):
    """The key was used for another request."""

    code = "idempotency-key-reused"
    title = "This Idempotency-Key was used with another body"
    advice = "Take a new key for another request. To send the first one again, send exactly its body."


class IdempotencyInProgress(Conflict):
    """The first request with this key is still running."""

    code = "idempotency-in-progress"
    title = "The first request with this Idempotency-Key is still running"
    advice = (
        "Wait the seconds of Retry-After and send the same request with the same key: it answers what the first "
        "one answered."
    )


class IdempotencyKey(Base):
    """A key that was used, and the answer it got."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index(None, "created_at"),)

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    principal_id: Mapped[UUID] = mapped_column(primary_key=True)
    scope_digest: Mapped[str] = mapped_column(primary_key=True)
    request_digest: Mapped[Name]
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None] = mapped_column(Json)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


_table: Final = Base.metadata.tables["idempotency_key"]


def key_of(request: Request) -> str | None:
    """The request's key, if it carries one.

    Raises:
        BadRequest: when the key is not of the documented form.
    """
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise BadRequest("Idempotency-Key: 1 to 255 of A-Z a-z 0-9 _ and -.")
    return key


def _digest(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


async def claim(db: WriteSession, actor: Actor, scope: str, request_digest: str) -> Response | None:
    """Take a key for this transaction, waiting for whoever holds it.

    Returns:
        The stored answer when the key was used before with the same request, else None: go on.

    Raises:
        IdempotencyKeyReused: used before with another request.
        IdempotencyInProgress: the first request takes longer than the database lets us wait.
    """
    row = {
        "clinic_id": actor.clinic_id,
        "principal_id": actor.principal_id,
        "scope_digest": scope,
        "request_digest": request_digest,
        "created_at": clock.now(),
    }
    try:
        taken = await _insert(db, row)
    except DBAPIError as error:
        if is_busy(error):
            raise IdempotencyInProgress(headers={"Retry-After": "1"}) from None
        raise
    if taken:
        return None
    stored = (await db.execute(select(_table).where(*_is(actor, scope)))).mappings().one()
    if stored["request_digest"] != request_digest:
        raise IdempotencyKeyReused
    return Response(
        stored["body"], stored["status"] or 200, {**(stored["headers"] or {}), "Idempotency-Replayed": "true"}
    )


async def _insert(db: WriteSession, row: dict[str, Any]) -> bool:
    """Insert a key's row; waits for whoever is inserting the same, and tells whether ours is the one."""
    dialect = postgresql if db.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(_table).values(row).on_conflict_do_nothing().returning(_table.c.scope_digest)
    return (await (await db.connection()).execute(statement)).first() is not None


def _is(actor: Actor, scope: str) -> tuple[Any, ...]:
    return (
        _table.c.clinic_id == actor.clinic_id,
        _table.c.principal_id == actor.principal_id,
        _table.c.scope_digest == scope,
    )


async def claim_request(db: WriteSession, actor: Actor, request: Request, key: str) -> Response | None:
    """Take the key of an HTTP request; its scope is caller, clinic, method and concrete path."""
    db.info["idempotency_scope"] = scope = _digest("request", request.method, request.url.path, key)
    return await claim(db, actor, scope, _digest(await request.body()))


async def claim_id(db: WriteSession, actor: Actor, resource: str, record_id: UUID) -> None:
    """Wait until nobody else is creating a record with this id."""
    scope = _digest("id", resource, str(record_id))
    row = {
        "clinic_id": actor.clinic_id,
        "principal_id": actor.clinic_id,  # ids are claimed clinic-wide, whoever sends them
        "scope_digest": scope,
        "request_digest": "",
        "created_at": clock.now(),
    }
    await _insert(db, row)


async def store(db: WriteSession, actor: Actor, response: Response) -> None:
    """Keep the answer under the key that this transaction claimed; `kept_body` is the answer without its secrets."""
    scope: str | None = db.info.get("idempotency_scope")
    if scope is None:
        return
    kept = {name: value for name, value in response.headers.items() if name in {"location", "etag", "content-type"}}
    await (await db.connection()).execute(
        update(_table)
        .where(*_is(actor, scope))
        .values(status=response.status_code, headers=kept, body=db.info.get("kept_body", response.body))
    )


async def forget_old(db: WriteSession) -> None:
    """Drop keys older than they are promised to be kept, in every clinic."""
    old = delete(_table).where(_table.c.created_at < clock.now() - KEPT)
    across = {ACROSS: "housekeeping serves every clinic"}
    await (await db.connection()).execute(old, execution_options=across)


def digest_of_create(body: CreateSchema) -> str:
    """What a create asked for, as a digest: the same id with another content is a conflict.

    What `varies` from one sending to the next is no part of it.
    """
    return hashlib.sha256(
        orjson.dumps(body.model_dump(mode="json", exclude=set(body.varies)), option=orjson.OPT_SORT_KEYS)
    ).hexdigest()
