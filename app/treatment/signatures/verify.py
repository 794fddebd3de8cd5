"""Proving that nothing was touched: the ledger against itself, rows against the ledger, signatures against both.

Only ids are told, never what a record holds. Whoever can write the database can also make digests fit again; against
that the ledger would have to be sealed by a key outside it, which is not built.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, Table, func, inspect, select

from app.kernel.actor import Actor
from app.kernel.database import Database, ReadSession
from app.kernel.ledger import change, encode
from app.kernel.tables import Base, Versioned
from app.treatment.signatures.queries import signature, visible_signatures
from app.treatment.signatures.rules import digest_of

_BATCH: Final = 500

Columns = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not fit: which record, and what is wrong with it."""

    resource: str
    id: UUID
    what: str


@dataclass(frozen=True, slots=True)
class Checked:
    """So many records of a kind were looked at."""

    resource: str
    count: int
    findings: Sequence[Finding]


def versioned_models() -> dict[str, type[Versioned]]:
    """Every kind of record the ledger follows, by name."""
    found = [mapper.class_ for mapper in Base.registry.mappers if hasattr(mapper.class_, "__resource__")]
    return {model.__resource__: model for model in sorted(found, key=lambda model: model.__resource__)}


async def verify_clinic(database: Database, actor: Actor) -> AsyncIterator[Checked]:
    """Look at everything a clinic's ledger follows, kind by kind, and at its signatures last."""
    async with database.reading() as db:
        sealed, last = (await db.execute(_sealed(actor))).one()
    gaps = [] if sealed == (last or 0) else [Finding("ledger", actor.clinic_id, "its numbers have gaps")]
    yield Checked("ledger", sealed, gaps)
    for resource, model in versioned_models().items():
        mapper = inspect(model)
        table, kind = Base.metadata.tables[mapper.local_table.description], mapper.polymorphic_identity
        async with database.reading() as db:
            count, findings = 0, list[Finding]()
            async for batch in _batches(db, lambda after, r=resource: _changes(actor, r, after), change.c.id):
                findings += _broken_contents(batch)
            async for batch in _batches(db, lambda after, t=table, k=kind: _rows(actor, t, k, after), table.c.id):
                count += len(batch)
                findings += await _strange_rows(db, actor, resource, table, batch)
            findings += [
                Finding(resource, one, "is gone")
                for one in (await db.execute(_without_row(actor, resource, table))).scalars()
            ]
        yield Checked(resource, count, findings)
    async with database.reading() as db:
        count, findings = 0, list[Finding]()
        async for batch in _batches(db, lambda after: _signatures(actor, after), signature.c.id):
            count += len(batch)
            for row in batch:
                findings += await _false_signature(db, actor, row)
    yield Checked("what was signed", count, findings)


async def _batches(
    db: ReadSession, select_after: Callable[[UUID | None], Select[Any]], key: Any
) -> AsyncIterator[Sequence[Columns]]:
    last: UUID | None = None
    while rows := (await db.execute(select_after(last).order_by(key).limit(_BATCH))).mappings().all():
        last = rows[-1]["id"]
        yield [dict(row) for row in rows]


def _sealed(actor: Actor) -> Select[Any, Any]:
    return select(func.count(change.c.sequence), func.max(change.c.sequence)).where(
        change.c.clinic_id == actor.clinic_id
    )


def _changes(actor: Actor, resource: str, after: UUID | None) -> Select[Any]:
    statement = select(change).where(change.c.clinic_id == actor.clinic_id, change.c.resource_type == resource)
    return statement if after is None else statement.where(change.c.id > after)


def _of_clinic(actor: Actor, table: Table) -> Any:
    """The clinic itself is a record too, and its id is what others carry."""
    return (table.c.clinic_id if "clinic_id" in table.c else table.c.id) == actor.clinic_id


def _rows(actor: Actor, table: Table, kind: str | None, after: UUID | None) -> Select[Any]:
    """A kind's rows; where several kinds share a table, `kind` tells them apart."""
    statement = select(table).where(_of_clinic(actor, table))
    if kind is not None:
        statement = statement.where(table.c.kind == kind)
    return statement if after is None else statement.where(table.c.id > after)


def _signatures(actor: Actor, after: UUID | None) -> Select[Any]:
    statement = visible_signatures(actor)
    return statement if after is None else statement.where(signature.c.id > after)


def _without_row(actor: Actor, resource: str, table: Table) -> Select[Any]:
    there = select(table.c.id).where(_of_clinic(actor, table))
    return (
        select(change.c.resource_id)
        .where(
            change.c.clinic_id == actor.clinic_id,
            change.c.resource_type == resource,
            change.c.resource_id.not_in(there),
        )
        .distinct()
    )


def _broken_contents(changes: Sequence[Columns]) -> Iterator[Finding]:
    for one in changes:
        content = one["content"]  # erasure takes the content and leaves the digest
        if content is not None and hashlib.sha256(content.encode()).hexdigest() != one["content_digest"]:
            yield Finding(
                one["resource_type"], one["resource_id"], f"version {one['version']} in the ledger was changed"
            )


async def _strange_rows(
    db: ReadSession, actor: Actor, resource: str, table: Table, rows: Sequence[Columns]
) -> list[Finding]:
    wanted = [row["id"] for row in rows]
    kept = (
        await db.execute(
            select(change.c.resource_id, change.c.version, change.c.content_digest, change.c.content).where(
                change.c.clinic_id == actor.clinic_id,
                change.c.resource_type == resource,
                change.c.resource_id.in_(wanted),
            )
        )
    ).all()
    versions: dict[UUID, dict[int, tuple[str, bool]]] = {}
    for record_id, version, digest, content in kept:
        versions.setdefault(record_id, {})[version] = (digest, content is None)
    findings: list[Finding] = []
    for row in rows:
        known = versions.get(row["id"], {})
        if sorted(known) != list(range(1, row["version"] + 1)):
            findings.append(Finding(resource, row["id"], "its versions are not those the ledger has"))
            continue
        digest, erased = known[row["version"]]
        if not erased and hashlib.sha256(encode(table, row).encode()).hexdigest() != digest:
            findings.append(Finding(resource, row["id"], "is not what the ledger says it is"))
    return findings


async def _false_signature(db: ReadSession, actor: Actor, row: Columns) -> list[Finding]:
    """A signature fits its own digest, its session, its addendum if any, and the versions the ledger keeps."""
    if digest_of(row) != row["digest"]:
        return [Finding("signature", row["id"], "was changed, moved or copied")]
    covers: Sequence[Mapping[str, Any]] = row["covers"]
    ids = [UUID(one["id"]) for one in covers]
    kept = (
        await db.execute(
            select(change.c.resource_type, change.c.resource_id, change.c.version, change.c.content_digest).where(
                change.c.clinic_id == actor.clinic_id, change.c.resource_id.in_(ids)
            )
        )
    ).all()
    known = {(resource, str(record_id), version): digest for resource, record_id, version, digest in kept}
    signed = {(one["resource"], one["id"]) for one in covers}
    for resource in ("session", "addendum"):
        named = row[f"{resource}_id"]
        if named is not None and (resource, str(named)) not in signed:
            return [Finding("signature", row["id"], f"covers another {resource}")]
    return [
        Finding("signature", row["id"], f"covers another {one['resource']} {one['id']} than the ledger has")
        for one in covers
        if known.get((one["resource"], one["id"], one["version"])) != one["content_digest"]
    ]
