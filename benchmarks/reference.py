"""The least that does the same work: a bare ASGI function, one statement per request, JSON made by the database.

No framework, no sign-in, no ledger, no validation beyond what the statement needs. It commits as durably as Seriatim.
SQLite is called where it stands, without a thread; PostgreSQL through asyncpg and as many connections.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from urllib.parse import parse_qs
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import orjson
from sqlalchemy import make_url
from starlette.types import ASGIApp, Receive, Scope, Send

from app.alerts.routes import ALERT
from app.assessments.routes import ASSESSMENT
from app.kernel.ids import new_id
from benchmarks import statements
from benchmarks.statements import Dialect

_JSON: Final = [(b"content-type", b"application/json")]
_MARKS: Final = ("id", "version", "recorded_at", "recorded_by", "updated_at", "origin")
_READING: Final = (
    *_MARKS,
    "measured_at",
    "measured_by",
    "source",
    "systolic_mmhg",
    "diastolic_mmhg",
    "heart_rate_bpm",
    "respiratory_rate_per_min",
    "spo2_percent",
    "oxygen_l_per_min",
    "temperature_c",
    "sedation_moaas",
    "note",
)
_ASSESSMENT: Final = (
    *_MARKS,
    "instrument",
    "instrument_version",
    "answered_at",
    "assessed_at",
    "items",
    "total",
    "total_source",
    "severity",
    "incomplete",
    "prorated",
    "safety_item",
    "safety_item_missing",
    "syndrome",
    "scoring_version",
    "recall_period",
)
_ALERT: Final = (*_MARKS, "code", "severity", "status", "cause_type", "rule", "raised_at")
_BANDS: Final = ((4, "none_minimal"), (9, "mild"), (14, "moderate"), (19, "moderately_severe"), (27, "severe"))
_FEW, _MANY, _OFTEN = 2, 5, 2
_URGENT_FROM: Final = 3
_TENTH: Final = 10


@dataclass(frozen=True, slots=True)
class Tenant:
    """Whose rows are served; Seriatim learns it from the token."""

    clinic_id: UUID
    principal_id: UUID
    time_zone: str


class Store(Protocol):
    """One database, asked by hand-written statements; answers are JSON texts, or None where there is no row."""

    async def open(self) -> None:
        """Connect."""
        ...

    async def close(self) -> None:
        """Disconnect."""
        ...

    async def whole_session(self, session_id: str) -> str | None:
        """R1."""
        ...

    async def page_of_sessions(self, status: str, route: str, limit: int) -> str | None:
        """R2."""
        ...

    async def new_reading(self, session_id: str, row: Sequence[Any]) -> str | None:
        """W2."""
        ...

    async def new_assessment(self, patient_id: str, row: Mapping[str, Any], alert: Sequence[Any] | None) -> str | None:
        """W3."""
        ...


class PostgresqlStore:
    """PostgreSQL through asyncpg: prepared statements, no transaction around a single one."""

    def __init__(self, url: str, tenant: Tenant, connections: int) -> None:
        self._url = make_url(url)
        self._tenant = tenant
        self._count = connections
        self._free: asyncio.LifoQueue[Any] = asyncio.LifoQueue()
        dialect = Dialect("postgresql")
        self._whole_session = statements.whole_session(dialect)
        self._page = statements.page_of_sessions(dialect)
        self._reading = statements.new_reading(dialect, _READING)
        self._assessment = statements.new_assessment(dialect, _ASSESSMENT, _ALERT)

    async def open(self) -> None:
        """Connect as often as Seriatim does."""
        url = self._url
        host = url.host or str(url.query["host"])
        for _ in range(self._count):
            connection = await asyncpg.connect(
                host=host,
                port=url.port or 5432,
                user=url.username,
                password=url.password,
                database=url.database,
                server_settings={"timezone": "UTC"},
            )
            self._free.put_nowait(connection)

    async def close(self) -> None:
        """Disconnect."""
        while not self._free.empty():
            await self._free.get_nowait().close()

    async def _one(self, statement: str, *parameters: object) -> str | None:
        connection = await self._free.get()
        try:
            return await connection.fetchval(statement, *parameters)
        finally:
            self._free.put_nowait(connection)

    async def whole_session(self, session_id: str) -> str | None:
        """R1."""
        return await self._one(self._whole_session, self._tenant.clinic_id, session_id)

    async def page_of_sessions(self, status: str, route: str, limit: int) -> str | None:
        """R2."""
        return await self._one(self._page, self._tenant.clinic_id, status, route, limit)

    async def new_reading(self, session_id: str, row: Sequence[Any]) -> str | None:
        """W2."""
        return await self._one(self._reading, self._tenant.clinic_id, session_id, *row)

    async def new_assessment(self, patient_id: str, row: Mapping[str, Any], alert: Sequence[Any] | None) -> str | None:
        """W3, in one statement."""
        tenant = self._tenant
        raised = alert or (None,) * len(_ALERT)
        values = {**row, "items": orjson.dumps(row["items"]).decode()}.values()
        return await self._one(
            self._assessment, tenant.clinic_id, patient_id, tenant.time_zone, *values, alert is not None, *raised
        )


class SqliteStore:
    """SQLite in the event loop's own thread: every call is over before the next begins."""

    def __init__(self, file: str, tenant: Tenant) -> None:
        self._file = file
        self._tenant = tenant
        self._zone = ZoneInfo(tenant.time_zone)
        dialect = Dialect("sqlite")
        placed = ("clinic_id", "patient_id", "hours_since_last_dose", "days_since_last_dose")
        self._whole_session = statements.whole_session(dialect)
        self._page = statements.page_of_sessions(dialect)
        self._reading = statements.new_reading(dialect, _READING)
        self._last_dose = statements.last_dose(dialect)
        self._assessment = statements.plain_insert(dialect, ASSESSMENT, (*placed, *_ASSESSMENT))
        self._alert = statements.plain_insert(dialect, ALERT, ("clinic_id", "patient_id", "cause_id", *_ALERT))

    async def open(self) -> None:
        """Connect, as safely as Seriatim does."""
        self._connection = sqlite3.connect(self._file, isolation_level=None, cached_statements=100)
        for pragma in ("journal_mode = wal", "foreign_keys = 1", "synchronous = 2", "busy_timeout = 5000"):
            self._connection.execute(f"PRAGMA {pragma}")

    async def close(self) -> None:
        """Disconnect."""
        self._connection.close()

    def _one(self, statement: str, *parameters: object) -> Any:
        row = self._connection.execute(statement, [_in_sqlite(value) for value in parameters]).fetchall()
        return row[0][0] if row else None

    async def whole_session(self, session_id: str) -> str | None:
        """R1."""
        return self._one(self._whole_session, self._tenant.clinic_id, UUID(session_id))

    async def page_of_sessions(self, status: str, route: str, limit: int) -> str | None:
        """R2."""
        return self._one(self._page, self._tenant.clinic_id, status, route, limit)

    async def new_reading(self, session_id: str, row: Sequence[Any]) -> str | None:
        """W2."""
        return self._one(self._reading, self._tenant.clinic_id, UUID(session_id), *row)

    async def new_assessment(self, patient_id: str, row: Mapping[str, Any], alert: Sequence[Any] | None) -> str | None:
        """W3: SQLite knows no time zones, so the time since the last dose is reckoned here."""
        clinic_id, patient, at = self._tenant.clinic_id, UUID(patient_id), row["assessed_at"]
        found = self._connection.execute(self._last_dose, [_in_sqlite(value) for value in (clinic_id, patient, at)])
        known = found.fetchall()
        if not known:
            return None
        hours, days = self._since(known[0][0], at)
        self._connection.execute("BEGIN IMMEDIATE")
        answer: str = self._one(self._assessment, clinic_id, patient, hours, days, *row.values())
        if alert is not None:
            self._one(self._alert, clinic_id, patient, row["id"], *alert)
        self._connection.execute("COMMIT")
        return answer

    def _since(self, dosed: str | None, at: datetime) -> tuple[int | None, int | None]:
        if dosed is None:
            return None, None
        dose_at = min(datetime.fromisoformat(dosed).replace(tzinfo=UTC), at)
        days = (at.astimezone(self._zone).date() - dose_at.astimezone(self._zone).date()).days
        return int((at - dose_at).total_seconds() / 36 + 0.5), days


def _in_sqlite(value: object) -> object:
    match value:
        case UUID():
            return value.hex
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        case list():
            return orjson.dumps(value).decode()  # pyright: ignore[reportUnknownArgumentType]
        case _:
            return value


class Reference:
    """The ASGI application."""

    def __init__(self, store: Store, tenant: Tenant) -> None:
        self._store = store
        self._tenant = tenant

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        parts: list[str] = scope["path"].split("/")
        match scope["method"], parts[2:]:
            case "GET", ["sessions", session_id, "record"]:
                answer, status = await self._store.whole_session(session_id), 200
            case "GET", ["sessions"]:
                asked = parse_qs(scope["query_string"].decode())
                limit = int(asked["limit"][0])
                answer = await self._store.page_of_sessions(asked["status"][0], asked["route"][0], limit)
                status = 200
            case "POST", ["sessions", session_id, "vital-signs"]:
                answer, status = await self._new_reading(session_id, await _body(receive)), 201
            case "POST", ["patients", patient_id, "assessments"]:
                answer, status = await self._new_assessment(patient_id, await _body(receive)), 201
            case _:
                answer, status = None, 404
        body = (answer or "").encode()
        headers = [*_JSON, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status if answer else 404, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._store.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._store.close()
        await send({"type": "lifespan.shutdown.complete"})

    def _marks(self, now: datetime) -> tuple[Any, ...]:
        return new_id(), 1, now, self._tenant.principal_id, now, "live"

    async def _new_reading(self, session_id: str, body: Mapping[str, Any]) -> str | None:
        row = [
            *self._marks(datetime.now(UTC)),
            datetime.fromisoformat(body["measured_at"]),
            body.get("measured_by"),
            body.get("source", "manual"),
            *(body.get(name) for name in _READING[9:14]),
            *(None if (value := body.get(name)) is None else round(value * _TENTH) for name in _READING[14:16]),
            *(body.get(name) for name in _READING[16:]),
        ]
        return await self._store.new_reading(session_id, row)

    async def _new_assessment(self, patient_id: str, body: Mapping[str, Any]) -> str | None:
        now = datetime.now(UTC)
        at = datetime.fromisoformat(body["answered_at"])
        items: list[int] = body["items"]
        total, safety = sum(items), items[8]
        severity = next(name for highest, name in _BANDS if total <= highest)
        scored = (items, total * 100, "computed", severity, False, False, safety, False, _syndrome(items))
        facts = ("PHQ9", 1, at, at, *scored, "PHQ9@1", "2 weeks")
        row = dict(zip(_ASSESSMENT, (*self._marks(now), *facts), strict=True))
        alert: tuple[Any, ...] | None = None
        if safety:
            urgency = "urgent" if safety >= _URGENT_FROM else "review"
            raised = ("safety_item_positive", urgency, "open", "assessment", "PHQ9 item 9", now)
            alert = (*self._marks(now), *raised)
        return await self._store.new_assessment(patient_id, row, alert)


def _syndrome(items: Sequence[int]) -> str:
    present = sum(answer >= _OFTEN for answer in items[:8]) + (items[8] >= 1)
    if max(items[0], items[1]) < _OFTEN or present < _FEW:
        return "none"
    return "major" if present >= _MANY else "other"


async def _body(receive: Receive) -> Any:
    message = await receive()
    body: bytes = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    return orjson.loads(body)


def create_reference(url: str, tenant: Tenant, connections: int) -> ASGIApp:
    """The reference on one database."""
    prefix = "sqlite+aiosqlite:///"
    make: Callable[[], Store] = (
        (lambda: SqliteStore(url.removeprefix(prefix), tenant))
        if url.startswith(prefix)
        else (lambda: PostgresqlStore(url, tenant, connections))
    )
    return Reference(make(), tenant)
