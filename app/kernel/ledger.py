"""The ledger of changes: history, point-in-time reading, the feed and tamper evidence are views of it.

Every write of a versioned record appends one `change` in the same transaction. Two hooks of the database session see
to it, so that no action can forget: before a flush the version is raised (once per record and transaction), before
the commit the changes are written, each with the name its action gave it. A commit with an unnamed change raises.

Rows get their gapless number per clinic later, from the sealer: numbering inside the business transaction would make
writers queue on a counter, and an identity column loses rows for readers when commits finish out of order.
"""

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Protocol
from uuid import UUID

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Index,
    Select,
    Table,
    UniqueConstraint,
    bindparam,
    event,
    func,
    insert,
    inspect,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column
from sqlalchemy.sql.dml import UpdateBase

from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.guard import ACROSS
from app.kernel.ids import new_id
from app.kernel.tables import Base, ClinicRecord, Code, LongText, Scaled, UtcDateTime, Versioned

CONTENT_SCHEMA: Final = 1
_log: Final = logging.getLogger("seriatim.ledger")
_TOUCHED: Final = "touched"
_NAMED: Final = "named"
_TO_APPEND: Final = "to_append"
_RECORDED_AT: Final = "recorded_at"
_FLUSHING: Final = "unit_of_work_is_flushing"


class UnnamedChange(RuntimeError):
    """An action changed a record and did not say what happened; nothing was committed."""


class ForbiddenWrite(RuntimeError):
    """A versioned record was deleted, written around the unit of work, or written for another clinic."""


class Change(Base):
    """One version of one record: who, why, when it happened, when it was recorded, the content after it."""

    __tablename__ = "change"
    __table_args__ = (
        UniqueConstraint("clinic_id", "sequence"),
        UniqueConstraint("clinic_id", "resource_type", "resource_id", "version"),
        Index(None, "clinic_id", "root_type", "root_id", "recorded_at"),
        Index(
            "ix_change__unsealed",
            "clinic_id",
            "recorded_at",
            postgresql_where=text("sequence IS NULL"),
            sqlite_where=text("sequence IS NULL"),
        ),
    )

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    root_type: Mapped[Code]
    root_id: Mapped[UUID]
    resource_type: Mapped[Code]
    resource_id: Mapped[UUID]
    version: Mapped[int]
    ordinal: Mapped[int]
    event: Mapped[Code]
    kind: Mapped[Code]
    principal_id: Mapped[UUID]
    source: Mapped[str]
    reason: Mapped[LongText | None]
    request_id: Mapped[Code]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    sensitivity: Mapped[Code]
    content_schema: Mapped[int]
    content: Mapped[LongText | None]
    content_digest: Mapped[Code]
    sequence: Mapped[int | None] = mapped_column(BigInteger)


class LedgerHead(Base):
    """The last number the sealer gave in a clinic; its row is the sealer's lock."""

    __tablename__ = "ledger_head"

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    last_sequence: Mapped[int] = mapped_column(BigInteger)


change: Final = Base.metadata.tables["change"]
ledger_head: Final = Base.metadata.tables["ledger_head"]


@dataclass(frozen=True, slots=True)
class NamedChange:
    """What an action says about a change it makes."""

    event: str
    reason: str | None = None
    occurred_at: datetime | None = None


class HasInfo(Protocol):
    """What Session and AsyncSession share."""

    @property
    def info(self) -> dict[Any, Any]:
        """Facts that travel with the session."""
        ...


class LedgerSession(Session):
    """A database session whose commits append to the ledger. `info["actor"]` says who is at work."""


def name_change(
    db: HasInfo, record: Versioned, event_name: str, *, reason: str | None = None, occurred_at: datetime | None = None
) -> None:
    """Say what is happening to a record in this transaction, such as `session.held`.

    Naming a record again in one transaction replaces the name: one version, one change.

    Args:
        db: The write session.
        record: The record that was created or changed.
        event_name: `noun.past_verb`, as integrators will read it.
        reason: Why, where somebody had to say.
        occurred_at: When it happened, if that differs from when it was recorded.
    """
    db.info.setdefault(_NAMED, {})[record] = NamedChange(event_name, reason, occurred_at)


def transaction_time(session: Session) -> datetime:
    """The one instant at which everything in this transaction is recorded."""
    return session.info.setdefault(_RECORDED_AT, clock.now())


async def begin_act(db: AsyncSession, actor: Actor) -> None:
    """Close the act so far for the ledger: what follows is an act of its own, by another hand, at another time.

    A request is one act, and needs this never. It is for whoever tells many acts in one transaction, such as a demo:
    each keeps its author, its time, and a version of every record it changes.

    Args:
        db: The write session, outside any savepoint.
        actor: Who acts from here on.

    Raises:
        UnnamedChange: something was changed and nobody said what happened.
    """
    assert not db.in_nested_transaction()
    await db.flush()
    db.info.setdefault(_TO_APPEND, []).extend(_changes_of(db.info))
    for key in (_TOUCHED, _NAMED, _RECORDED_AT):
        db.info.pop(key, None)
    db.info["actor"] = actor


@event.listens_for(LedgerSession, "before_flush")
def _raise_versions(session: Session, _context: object, _instances: object) -> None:
    for record in session.deleted:
        if isinstance(record, Versioned):
            message = f"{record!r} cannot be deleted; mark it entered in error."
            raise ForbiddenWrite(message)
    touched: dict[Versioned, str] = session.info.setdefault(_TOUCHED, {})
    for record in session.new:
        if isinstance(record, Versioned) and record not in touched:
            _stamp_new(session, record)
            touched[record] = "created"
    for record in session.dirty:
        if isinstance(record, Versioned) and record not in touched and session.is_modified(record):
            # Strictly later than the version before, whatever this machine's clock says, so that a reader who
            # orders by time sees versions in order.
            later = record.updated_at + timedelta(microseconds=1)
            record.version += 1
            record.updated_at = max(transaction_time(session), later)
            touched[record] = "updated"
    session.connection().info[_FLUSHING] = True


def _stamp_new(session: Session, record: Versioned) -> None:
    actor: Actor | None = session.info.get("actor")
    if actor is None:
        message = f"{record!r} is written by nobody: the session has no actor."
        raise ForbiddenWrite(message)
    record.version = 1
    record.updated_at = transaction_time(session)
    if getattr(record, "recorded_by", None) is None:  # a copy has both from what it is a copy of
        record.recorded_at, record.recorded_by = record.updated_at, actor.principal_id
    if isinstance(record, ClinicRecord) and getattr(record, "origin", None) is None:
        record.origin = "import" if actor.source.startswith("import:") else session.info.get("origin", "live")


@event.listens_for(LedgerSession, "after_flush")
def _flushed(session: Session, _context: object) -> None:
    session.connection().info[_FLUSHING] = False


@event.listens_for(LedgerSession, "after_begin")
def _begun(_session: Session, _transaction: object, connection: Any) -> None:
    # Row level security hooks in here: the clinic of `info["actor"]` becomes a setting of the transaction.
    connection.info[_FLUSHING] = False


@event.listens_for(LedgerSession, "before_commit")
def _append_changes(session: Session) -> None:
    if not session.in_nested_transaction():
        session.flush()
        if rows := [*session.info.pop(_TO_APPEND, ()), *_changes_of(session.info)]:
            session.connection().execute(insert(change), rows)


def _changes_of(info: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the present act changed, as rows of the ledger."""
    touched: Mapping[Versioned, str] = info.get(_TOUCHED, {})
    named: Mapping[Versioned, NamedChange] = info.get(_NAMED, {})
    return [
        _change_of(record, kind, named.get(record), info["actor"], ordinal)
        for ordinal, (record, kind) in enumerate(touched.items())
    ]


def _change_of(record: Versioned, kind: str, named: NamedChange | None, actor: Actor, ordinal: int) -> dict[str, Any]:
    if named is None:
        message = f"{record!r} was {kind} and nobody named the change."
        raise UnnamedChange(message)
    mapper = inspect(type(record))
    resource_id: UUID = getattr(record, "id")  # noqa: B009  # every versioned table has one; the mixin need not
    clinic_id: UUID = getattr(record, "clinic_id", resource_id)
    if clinic_id != actor.clinic_id:
        message = f"{record!r} belongs to another clinic than the actor."
        raise ForbiddenWrite(message)
    root_type, root_id = root_of(type(record), columns := columns_of(record))
    content = encode(Base.metadata.tables[mapper.local_table.description], columns)
    voided = getattr(record, "entered_in_error_at", None) is not None
    return {
        "clinic_id": clinic_id,
        "id": new_id(),
        "root_type": root_type,
        "root_id": root_id,
        "resource_type": record.__resource__,
        "resource_id": resource_id,
        "version": record.version,
        "ordinal": ordinal,
        "event": named.event,
        "kind": "voided" if voided else kind,
        "principal_id": actor.principal_id,
        "source": actor.source,
        "reason": named.reason,
        "request_id": actor.request_id,
        "occurred_at": named.occurred_at or record.updated_at,
        "recorded_at": record.updated_at,
        "sensitivity": record.__sensitivity__,
        "content_schema": CONTENT_SCHEMA,
        "content": content,
        "content_digest": hashlib.sha256(content.encode()).hexdigest(),
        "sequence": None,
    }


@event.listens_for(LedgerSession, "after_commit")
def _committed(session: Session) -> None:
    touched = session.info.pop(_TOUCHED, None)
    session.info.pop(_NAMED, None)
    session.info.pop(_RECORDED_AT, None)
    if touched and (wake := session.info.get("wake_sealer")) is not None:
        wake()


@event.listens_for(LedgerSession, "after_soft_rollback")
def _rolled_back(session: Session, _previous: object) -> None:
    if not session.in_nested_transaction():
        for key in (_TOUCHED, _NAMED, _RECORDED_AT, _TO_APPEND):
            session.info.pop(key, None)


@event.listens_for(LedgerSession, "do_orm_execute")
def _refuse_bulk_writes(state: ORMExecuteState) -> None:
    if isinstance(state.statement, UpdateBase):
        refuse_direct_write(state.statement)


def refuse_direct_write(statement: UpdateBase) -> None:
    """Refuse an INSERT, UPDATE or DELETE that would write a versioned table around the ledger."""
    table = getattr(statement, "table", None)
    if isinstance(table, Table) and table.name in versioned_tables():
        message = f"{table.name} is versioned; write it through the session, so that the ledger sees it."
        raise ForbiddenWrite(message)


def refuse_writes_around_the_unit_of_work(
    conn: Any,
    _cursor: object,
    _statement: str,
    _parameters: object,
    context: Any,
    _many: bool,  # noqa: FBT001
) -> None:
    """The same wall in front of the cursor, for statements that never met a session."""
    compiled = getattr(context, "compiled", None)
    element = getattr(compiled, "statement", None)
    if isinstance(element, UpdateBase) and not conn.info.get(_FLUSHING):
        refuse_direct_write(element)


def versioned_tables() -> frozenset[str]:
    """Names of the tables the ledger follows."""
    return frozenset(
        mapper.local_table.description for mapper in Base.registry.mappers if issubclass(mapper.class_, Versioned)
    )


def root_of(model: type[Versioned], columns: Mapping[Any, Any]) -> tuple[str, UUID]:
    """The record a mirror follows this one under, as its kind and id; most often a session or a patient."""
    for kind, column in model.__roots__:
        if columns[column] is not None:
            return kind, columns[column]
    return model.__resource__, columns["id"]


def columns_of(record: object) -> dict[str, Any]:
    """A mapped record's own columns, by name."""
    return {attribute.key: getattr(record, attribute.key) for attribute in inspect(type(record)).column_attrs}


def encode(table: Table, columns: Mapping[str, Any]) -> str:
    """The row's own columns as canonical JSON: sorted keys, decimals as text with their column's places, UTC times."""
    plain = {column.name: _plain(column.type, columns[column.name]) for column in table.columns}
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z).decode()


def _plain(kind: object, value: object) -> object:
    if isinstance(kind, Scaled) and isinstance(value, Decimal):
        return str(kind.exact(value))
    return value


def decode(table: Table, content: str) -> dict[str, Any]:
    """The columns again, as the values a select on the table would give."""
    plain: dict[str, Any] = orjson.loads(content)
    return {column.name: _value(column.type, plain[column.name]) for column in table.columns}


def _value(kind: object, value: Any) -> object:
    if value is None:
        return None
    match kind:
        case Scaled():
            return Decimal(value)
        case UtcDateTime():
            return datetime.fromisoformat(value)
        case _:
            python_type = getattr(kind, "python_type", None)
            if python_type is UUID:
                return UUID(value)
            return date.fromisoformat(value) if python_type is date else value


def visible_changes(actor: Actor, resource_types: Sequence[str]) -> Select[Any]:
    """Changes of this clinic in the resource types the actor may read."""
    return select(change).where(change.c.clinic_id == actor.clinic_id, change.c.resource_type.in_(resource_types))


def latest_sequence(actor: Actor) -> Select[int]:
    """The newest number in the actor's clinic; 0 before the first."""
    return select(ledger_head.c.last_sequence).where(ledger_head.c.clinic_id == actor.clinic_id)


def latest_as_of(actor: Actor, instant: datetime, *conditions: ColumnElement[bool]) -> Select[Any]:
    """For each record of which the conditions select a version: its last one recorded at or before an instant.

    A record that has left its root since is shown as it last was, so that nobody finds it where it no longer is.
    """
    named = select(change.c.resource_type, change.c.resource_id).where(
        change.c.clinic_id == actor.clinic_id, change.c.recorded_at <= instant, *conditions
    )
    last = (
        select(change.c.resource_type, change.c.resource_id, func.max(change.c.version).label("version"))
        .where(
            change.c.clinic_id == actor.clinic_id,
            change.c.recorded_at <= instant,
            tuple_(change.c.resource_type, change.c.resource_id).in_(named),
        )
        .group_by(change.c.resource_type, change.c.resource_id)
        .subquery()
    )
    return (
        select(change)
        .join(
            last,
            (change.c.resource_type == last.c.resource_type)
            & (change.c.resource_id == last.c.resource_id)
            & (change.c.version == last.c.version),
        )
        .where(change.c.clinic_id == actor.clinic_id)
    )


class Transactions(Protocol):
    """What the sealer needs of a database."""

    def reading(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A read-only transaction."""
        ...

    def writing(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A transaction that commits at its end."""
        ...


class Sealer:
    """Gives committed changes their gapless number, one clinic at a time, one sealer at a time.

    The head row of a clinic is locked while its new changes are numbered, so two sealers never give a number twice
    and a reader who follows numbers never misses a row. It is woken after each commit and looks again every second,
    for changes that other processes committed.
    """

    def __init__(self, database: "Transactions", *, batch: int = 1000) -> None:
        self._database = database
        self._batch = batch
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look for unsealed changes soon."""
        self._wake.set()

    async def run(self) -> None:
        """Seal until cancelled."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), timeout=1)
            self._wake.clear()
            sealing = asyncio.create_task(self.seal())
            try:
                await asyncio.shield(sealing)
            except asyncio.CancelledError:
                # A transaction that is cut off in the middle may keep its lock for a while; it is let come to its end.
                await asyncio.wait([sealing])
                raise
            except Exception:  # noqa: BLE001  # it is logged, and the work goes on
                # A database that is away must not end the sealer; what is waiting is numbered when it is back.
                _log.exception("sealing failed")
                await asyncio.sleep(1)

    async def seal(self) -> int:
        """Number everything that is committed now.

        Returns:
            How many changes were numbered.
        """
        sealed = 0
        while True:
            async with self._database.reading() as db:
                across = {ACROSS: "the sealer serves every clinic"}
                unsealed = select(change.c.clinic_id).where(change.c.sequence.is_(None)).distinct()
                clinics = (await db.execute(unsealed, execution_options=across)).scalars().all()
            if not clinics:
                return sealed
            for clinic_id in clinics:
                sealed += await self._seal_clinic(clinic_id)

    async def _seal_clinic(self, clinic_id: UUID) -> int:
        async with self._database.writing() as db:
            head = select(ledger_head.c.last_sequence).where(ledger_head.c.clinic_id == clinic_id).with_for_update()
            last = (await db.execute(head)).scalar_one()
            waiting = (
                select(change.c.id)
                .where(change.c.clinic_id == clinic_id, change.c.sequence.is_(None))
                .order_by(change.c.recorded_at, change.c.ordinal, change.c.version, change.c.id)
                .limit(self._batch)
            )
            ids = (await db.execute(waiting)).scalars().all()
            if ids:
                one = update(change).where(change.c.clinic_id == clinic_id, change.c.id == bindparam("change_id"))
                numbered = [{"change_id": each, "number": number} for number, each in enumerate(ids, start=last + 1)]
                await (await db.connection()).execute(one.values(sequence=bindparam("number")), numbered)
            await db.execute(
                update(ledger_head).where(ledger_head.c.clinic_id == clinic_id).values(last_sequence=last + len(ids))
            )
            return len(ids)
