"""The least that does the same work: a bare ASGI function, one statement per request, JSON made by the database.

No framework, no sign-in, no ledger, no validation beyond what the statement needs. It commits as durably as Seriatim.
SQLite is called where it stands, without a thread; PostgreSQL through asyncpg and as many connections.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
from app.dosing.routes import ADMINISTRATION
from app.kernel.ids import new_id
from app.monitoring.routes import DISSOCIATION_NOTE
from app.sessions.routes import SESSION
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
    "late",
    "slot_conflict",
    "after_signature",
)
_LATE: Final = timedelta(minutes=5)
_ASSESSMENT: Final = (
    *_MARKS,
    "instrument",
    "instrument_version",
    "answered_at",
    "assessed_at",
    "sent_as",
    "items",
    "total",
    "total_source",
    "severity",
    "incomplete",
    "prorated",
    "safety_item",
    "safety_item_missing",
    "subscores",
    "findings",
    "scoring_version",
    "recall_period",
    "after_signature",
)
_SESSION: Final = (
    *_MARKS,
    "status",
    "drug",
    "route",
    "setting",
    "session_at",
    "started_at",
    "last_started_at",
    "last_dose_at",
    "discharged_at",
    "deviations",
    "policy_versions",
    "recorded_afterwards",
    "recorded_after_minutes",
    "gates",
    "amended",
)
_DOSE: Final = (
    *_MARKS,
    "drug",
    "route",
    "state",
    "placebo",
    "started_at",
    "delivered_mg",
    "delivered_source",
    "reconciled",
    "deviations",
    "policy_versions",
    "rule_version",
    "after_signature",
)
_NOTE: Final = (*_MARKS, "observed_at", "intensity", "phenomena", "after_signature")
_PARTS: Final = {"session": _SESSION, "administration": _DOSE, "note": _NOTE, "assessment": _ASSESSMENT}
_ALERT: Final = (
    *_MARKS,
    "code",
    "severity",
    "status",
    "cause_type",
    "rule",
    "raised_at",
    "escalates_at",
    "escalation_policy_version",
    "escalation_level",
)
_BANDS: Final = ((4, "none_minimal"), (9, "mild"), (14, "moderate"), (19, "moderately_severe"), (27, "severe"))
_FEW, _MANY, _OFTEN = 2, 5, 2
_URGENT_FROM: Final = 3
_MINUTES_TO_ACKNOWLEDGE: Final = {"review": 1440, "urgent": 10}
_POSITIVE_FROM: Final = 10
_TENTH: Final = 10
_THOUSANDTH: Final = 1000

Row = Mapping[str, Any]


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

    async def trajectory(self, course_id: str, instrument: str) -> str | None:
        """R3."""
        ...

    async def new_session(self, patient_id: str, parts: Mapping[str, Row], alert: Row | None) -> str | None:
        """W1."""
        ...

    async def new_reading(self, session_id: str, row: Sequence[Any]) -> str | None:
        """W2."""
        ...

    async def new_assessment(self, patient_id: str, row: Row, alert: Row | None) -> str | None:
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
        self._trajectory = statements.trajectory(dialect)
        self._session = statements.past_session(dialect, _PARTS, _ALERT)
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
                max_cacheable_statement_size=0,  # no limit: one of over 15 kB would be prepared at every request
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

    async def new_assessment(self, patient_id: str, row: Row, alert: Row | None) -> str | None:
        """W3, in one statement."""
        tenant = self._tenant
        return await self._one(
            self._assessment, tenant.clinic_id, patient_id, tenant.time_zone, *_plain(row), *_raised(alert)
        )

    async def trajectory(self, course_id: str, instrument: str) -> str | None:
        """R3."""
        return await self._one(self._trajectory, self._tenant.clinic_id, course_id, instrument)

    async def new_session(self, patient_id: str, parts: Mapping[str, Row], alert: Row | None) -> str | None:
        """W1, in one statement; where another took the number of the session first, once more."""
        tenant = self._tenant
        rows = [value for row in parts.values() for value in _plain(row)]
        while True:
            with suppress(asyncpg.UniqueViolationError):
                return await self._one(
                    self._session, tenant.clinic_id, patient_id, tenant.time_zone, *rows, *_raised(alert)
                )


def _plain(row: Row) -> list[Any]:
    """Values as asyncpg takes them: JSON as text."""
    return [orjson.dumps(value).decode() if isinstance(value, list | dict) else value for value in row.values()]


def _raised(alert: Row | None) -> tuple[Any, ...]:
    return (False, *(None,) * len(_ALERT)) if alert is None else (True, *alert.values())


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
        self._trajectory = statements.trajectory(dialect)
        self._course = statements.course_of(dialect)
        self._last_dose = statements.last_dose(dialect)
        self._session = statements.plain_insert(
            dialect, SESSION, ("clinic_id", "patient_id", "course_id", "number_in_course", *_SESSION)
        )
        inside = ("clinic_id", "patient_id", "session_id")
        self._dose = statements.plain_insert(dialect, ADMINISTRATION, (*inside, *_DOSE))
        self._note = statements.plain_insert(dialect, DISSOCIATION_NOTE, (*inside, *_NOTE))
        placed = ("hours_since_last_dose", "days_since_last_dose", "too_soon_after_dose")
        self._assessment = statements.plain_insert(dialect, ASSESSMENT, (*inside, "course_id", *placed, *_ASSESSMENT))
        self._alert = statements.plain_insert(dialect, ALERT, (*inside, "cause_id", *_ALERT))

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

    async def trajectory(self, course_id: str, instrument: str) -> str | None:
        """R3."""
        return self._one(self._trajectory, self._tenant.clinic_id, UUID(course_id), instrument)

    async def new_session(self, patient_id: str, parts: Mapping[str, Row], alert: Row | None) -> str | None:
        """W1: a statement for each record, and one text of their answers."""
        inside = (self._tenant.clinic_id, UUID(patient_id))
        treatment, dose, note, form = parts.values()
        self._connection.execute("BEGIN IMMEDIATE")
        course = self._row(self._course, *inside)
        placed = self._place(inside[1], form["assessed_at"])
        if course is None or placed is None:
            self._connection.execute("ROLLBACK")
            return None
        shown: str = self._one(self._session, *inside, *course, *treatment.values())
        below = (*inside, treatment["id"])
        given: str = self._one(self._dose, *below, *dose.values())
        noted: str = self._one(self._note, *below, *note.values())
        scored: str = self._one(self._assessment, *below, course[0], *placed, *form.values())
        raised = "" if alert is None else self._one(self._alert, *below, form["id"], *alert.values())
        self._connection.execute("COMMIT")
        return (
            f'{shown[:-1]},"dose_orders":[],"administrations":[{given}],"vital_slots":[],"vital_signs":[],'
            f'"dissociation_notes":[{noted}],"watches":[],"adverse_events":[],"assessments":[{scored}],'
            f'"gate_overrides":[],"addenda":[],"signatures":[],"alerts":[{raised}],"omitted":[]}}'
        )

    async def new_assessment(self, patient_id: str, row: Row, alert: Row | None) -> str | None:
        """W3: SQLite knows no time zones, so the time since the last dose is reckoned here."""
        below = (self._tenant.clinic_id, UUID(patient_id), None)
        placed = self._place(below[1], row["assessed_at"])
        if placed is None:
            return None
        self._connection.execute("BEGIN IMMEDIATE")
        answer: str = self._one(self._assessment, *below, None, *placed, *row.values())
        if alert is not None:
            self._one(self._alert, *below, row["id"], *alert.values())
        self._connection.execute("COMMIT")
        return answer

    def _row(self, statement: str, *parameters: object) -> tuple[Any, ...] | None:
        return self._connection.execute(statement, [_in_sqlite(value) for value in parameters]).fetchone()

    def _place(self, patient: UUID, at: datetime) -> tuple[int | None, int | None, bool] | None:
        known = self._row(self._last_dose, self._tenant.clinic_id, patient, at)
        if known is None:
            return None
        if known[0] is None:
            return None, None, False
        dose_at = min(datetime.fromisoformat(known[0]).replace(tzinfo=UTC), at)
        days = (at.astimezone(self._zone).date() - dose_at.astimezone(self._zone).date()).days
        hours = int((at - dose_at).total_seconds() / 36 + 0.5)
        return hours, days, hours < statements.TOO_SOON_BELOW


def _in_sqlite(value: object) -> object:
    match value:
        case UUID():
            return value.hex
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        case list() | dict():
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
            case "GET", ["courses", course_id, "trajectory"]:
                instrument = parse_qs(scope["query_string"].decode())["instrument"][0]
                answer, status = await self._store.trajectory(course_id, instrument), 200
            case "POST", ["patients", patient_id, "sessions"]:
                answer, status = await self._new_session(patient_id, await _body(receive)), 201
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

    def _marks(self, now: datetime, origin: str = "live") -> tuple[Any, ...]:
        return new_id(), 1, now, self._tenant.principal_id, now, origin

    async def _new_session(self, patient_id: str, body: Mapping[str, Any]) -> str | None:
        now, told = datetime.now(UTC), "afterwards"
        begun, over = datetime.fromisoformat(body["started_at"]), datetime.fromisoformat(body["discharged_at"])
        visit = ("discharged", "ketamine", body["route"], "clinic", begun, begun, begun, begun, over, [], {})
        late = int((now - begun).total_seconds() // 60)
        amount = round(body["delivered_mg"] * _THOUSANDTH)
        given = ("ketamine", body["route"], "stopped", False, begun, amount, "entered", False)
        judged = (["no_order"], {}, 1, False)
        (note,), (form,) = body["dissociation_notes"], body["assessments"]
        noted = (datetime.fromisoformat(note["observed_at"]), note["intensity"], note["phenomena"], False)
        scored, alert = self._scored(form, now, told)
        parts = {
            "session": _named(_SESSION, (*self._marks(now, told), *visit, True, late, [], False)),
            "administration": _named(_DOSE, (*self._marks(now, told), *given, *judged)),
            "note": _named(_NOTE, (*self._marks(now, told), *noted)),
            "assessment": scored,
        }
        return await self._store.new_session(patient_id, parts, alert)

    async def _new_reading(self, session_id: str, body: Mapping[str, Any]) -> str | None:
        now, measured_at = datetime.now(UTC), datetime.fromisoformat(body["measured_at"])
        row = [
            *self._marks(now),
            measured_at,
            body.get("measured_by"),
            body.get("source", "manual"),
            *(body.get(name) for name in _READING[9:14]),
            *(None if (value := body.get(name)) is None else round(value * _TENTH) for name in _READING[14:16]),
            *(body.get(name) for name in _READING[16:18]),
            now - measured_at > _LATE,
            False,
            False,
        ]
        return await self._store.new_reading(session_id, row)

    async def _new_assessment(self, patient_id: str, body: Mapping[str, Any]) -> str | None:
        return await self._store.new_assessment(patient_id, *self._scored(body, datetime.now(UTC), "live"))

    def _scored(self, body: Mapping[str, Any], now: datetime, origin: str) -> tuple[Row, Row | None]:
        """The rows of a PHQ-9 and of the alert it raises, if any."""
        at = datetime.fromisoformat(body["answered_at"])
        items: list[int] = body["items"]
        total, safety = sum(items), items[8]
        severity = next(name for highest, name in _BANDS if total <= highest)
        findings = {"screen": "positive" if total >= _POSITIVE_FROM else "negative", "syndrome": _syndrome(items)}
        parts = {"PHQ2": items[0] + items[1]}
        scored = ("score", items, total * 100, "computed", severity, False, False, safety, False, parts, findings)
        facts = ("PHQ9", 1, at, at, *scored, "PHQ9@1", "2 weeks", False)
        row = _named(_ASSESSMENT, (*self._marks(now, origin), *facts))
        if not safety:
            return row, None
        urgency = "urgent" if safety >= _URGENT_FROM else "review"
        due_at = now + timedelta(minutes=_MINUTES_TO_ACKNOWLEDGE[urgency])
        raised = ("safety_item_positive", urgency, "open", "assessment", "PHQ9 item 9", now, due_at, "POLICIES@1", 0)
        return row, _named(_ALERT, (*self._marks(now, origin), *raised))


def _named(columns: Sequence[str], values: Sequence[Any]) -> Row:
    return dict(zip(columns, values, strict=True))


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
