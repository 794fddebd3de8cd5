"""Both databases behind one door: the only file that knows a driver.

SQLite is opened twice: a writer whose transactions begin IMMEDIATE (a read that turns into a write fails at once
with SQLITE_BUSY_SNAPSHOT, which no timeout helps) and readers that cannot write. On PostgreSQL the reader's
transactions are REPEATABLE READ and READ ONLY, so an answer of several statements shows one moment.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NewType

from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from app.kernel.actor import Actor
from app.kernel.guard import require_scoped
from app.kernel.ledger import LedgerSession, Sealer, refuse_writes_around_the_unit_of_work
from app.kernel.settings import Settings

ReadSession = NewType("ReadSession", AsyncSession)
WriteSession = NewType("WriteSession", ReadSession)

BUSY_TIMEOUT_MS: Final = 5000
_SQLITE_PRAGMAS: Final[Mapping[str, object]] = {
    "journal_mode": "wal",
    "foreign_keys": 1,
    "busy_timeout": BUSY_TIMEOUT_MS,
    "synchronous": 2,  # FULL: with NORMAL a power cut loses acknowledged commits
}
_POSTGRESQL_OPTIONS: Final = (
    "-c timezone=UTC -c statement_timeout=10s -c idle_in_transaction_session_timeout=15s -c lock_timeout=5s"
)
_BUSY: Final = ("database is locked", "database table is locked", "busy")
_BUSY_STATES: Final = frozenset({"40001", "40P01", "55P03", "57014", "53300"})


class UnsafeConnection(RuntimeError):
    """A connection came up without a setting that durability or integrity rests on."""


@dataclass(slots=True)
class Database:
    """Engines, transactions and the sealer of one database."""

    reader: AsyncEngine
    writer: AsyncEngine
    lookup: AsyncEngine
    sealer: Sealer = field(init=False)

    def __post_init__(self) -> None:
        self._read = async_sessionmaker(self.reader, expire_on_commit=False, autoflush=False)
        self._write = async_sessionmaker(self.writer, sync_session_class=LedgerSession, expire_on_commit=False)
        self.sealer = Sealer(self)

    _read: async_sessionmaker[AsyncSession] = field(init=False)
    _write: async_sessionmaker[AsyncSession] = field(init=False)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.writer.dialect.name

    @asynccontextmanager
    async def reading(self, actor: Actor | None = None) -> AsyncGenerator[ReadSession]:
        """A read-only transaction that shows one moment."""
        async with self._read() as db:
            db.info["actor"] = actor
            yield ReadSession(db)
            # There is nothing to keep, but at a ROLLBACK psycopg drops every statement the connection has prepared,
            # and planning a read again costs PostgreSQL more than answering it.
            await db.commit()

    @asynccontextmanager
    async def writing(self, actor: Actor | None = None) -> AsyncGenerator[WriteSession]:
        """A transaction that commits at the end of the block and rolls back on any error."""
        async with self._write() as db:
            db.info["actor"] = actor
            db.info["wake_sealer"] = self.sealer.wake
            async with db.begin():
                yield WriteSession(ReadSession(db))

    @asynccontextmanager
    async def looking_up(self) -> AsyncGenerator[AsyncConnection]:
        """One statement on its own, without a transaction around it, for recognising callers."""
        async with self.lookup.connect() as connection:
            yield connection

    async def close(self) -> None:
        """Give all connections back."""
        await self.reader.dispose()
        await self.writer.dispose()


def open_database(settings: Settings) -> Database:
    """Engines for the configured database; no connection is made yet."""
    if (file := settings.sqlite_file) is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        reader = create_async_engine(settings.database_url, hide_parameters=True, pool_size=settings.pool_size)
        writer = create_async_engine(
            settings.database_url, hide_parameters=True, pool_size=1, max_overflow=0, pool_timeout=20
        )
        lookup = reader
        _keep_sqlite_safe(reader.sync_engine, begin="BEGIN", query_only=True)
        _keep_sqlite_safe(writer.sync_engine, begin="BEGIN IMMEDIATE", query_only=False)
    else:
        options: dict[str, Any] = {
            "hide_parameters": True,
            "pool_size": settings.pool_size,
            # A connection above the pool's size would be closed after each use, and opening one costs more than
            # the request: whoever finds none free waits for one.
            "max_overflow": 0,
            "pool_timeout": 2,
            "connect_args": {"options": _POSTGRESQL_OPTIONS},
        }
        engine = create_async_engine(settings.database_url, **options)
        writer = engine
        reader = _with_options(engine, isolation_level="REPEATABLE READ", postgresql_readonly=True)
        lookup = _with_options(engine, isolation_level="AUTOCOMMIT")
        event.listen(engine.sync_engine, "connect", _require_synchronous_commit)
    # On PostgreSQL the reader is the writer's engine with other options, and shares its listeners.
    for guarded in (writer,) if settings.sqlite_file is None else (reader, writer):
        event.listen(guarded.sync_engine, "before_cursor_execute", require_scoped)
        event.listen(guarded.sync_engine, "before_cursor_execute", refuse_writes_around_the_unit_of_work)
    return Database(reader=reader, writer=writer, lookup=lookup)


def open_for_migrations(settings: Settings) -> Engine:
    """An engine for schema changes: not asynchronous, without the guard, and without foreign keys on SQLite.

    SQLite rewrites a table by copying and dropping it, and a drop would cascade into the children. On PostgreSQL a
    change that cannot get its lock within seconds gives up, because everybody else would queue behind it.
    """
    if settings.sqlite_file is None:
        options = {"options": "-c timezone=UTC -c lock_timeout=5s"}
        return create_engine(settings.database_url, hide_parameters=True, connect_args=options)
    settings.sqlite_file.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(settings.database_url.replace("+aiosqlite", "", 1), hide_parameters=True)
    _keep_sqlite_safe(engine, begin="BEGIN IMMEDIATE", query_only=False, foreign_keys=False)
    return engine


def _keep_sqlite_safe(engine: Engine, *, begin: str, query_only: bool, foreign_keys: bool = True) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy begins transactions, not the driver
        cursor = connection.cursor()
        for name, value in {**_SQLITE_PRAGMAS, "foreign_keys": int(foreign_keys)}.items():
            cursor.execute(f"PRAGMA {name} = {value}")
            cursor.execute(f"PRAGMA {name}")
            found = cursor.fetchone()
            if found is None or found[0] != value:
                message = f"SQLite opened a connection without {name} = {value}."
                raise UnsafeConnection(message)
        cursor.execute(f"PRAGMA query_only = {int(query_only)}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)


def _with_options(engine: AsyncEngine, **options: Any) -> AsyncEngine:
    """The same engine and pool, with options that hold while a connection is lent.

    Setting them waits, if only a turn of the event loop. Whoever gives up in that moment has no connection yet that
    they could give back, and half of the options may be set: it is closed, and not left to the garbage collector.
    """
    optioned = engine.execution_options()

    @event.listens_for(optioned.sync_engine, "engine_connect")
    def _lent(connection: Connection) -> None:
        try:
            connection.execution_options(**options)
        except BaseException:
            connection.invalidate()
            raise

    return optioned


def _require_synchronous_commit(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("SHOW synchronous_commit")
    value = cursor.fetchone()[0]
    cursor.close()
    connection.rollback()
    if value == "off":
        message = "PostgreSQL runs with synchronous_commit = off; an acknowledged write could be lost."
        raise UnsafeConnection(message)


async def insert_unless_there(db: WriteSession, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless one with its key is there; waits for whoever is inserting the same.

    Returns:
        Whether ours is the one that was inserted.
    """
    dialect = postgresql if db.get_bind().dialect.name == "postgresql" else sqlite
    keys = tuple(table.primary_key.columns)
    statement = dialect.insert(table).values(row).on_conflict_do_nothing().returning(*keys)
    return (await (await db.connection()).execute(statement)).first() is not None


def is_busy(error: DBAPIError) -> bool:
    """Whether sending the request again may work: busy, deadlock, serialization failure, lock or pool wait."""
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in _BUSY_STATES
    return any(word in str(error.orig) for word in _BUSY)


async def is_ready(database: Database) -> bool:
    """Whether the database answers."""
    async with database.reading() as db:
        return (await db.execute(text("SELECT 1"))).scalar_one() == 1
