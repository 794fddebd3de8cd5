"""`python -m benchmarks.day`: a day on which many are watched at once, and nothing is lost on the way to the boards.

In each session somebody records a reading every few seconds; boards follow the stream, and each breaks its connection
off once and goes on from the last event it had. In the end every reading that was acknowledged is read back, every
board has had every change once and in order, as `GET /v1/changes` lists them, and it is told how long a change took
from the answer to the one who wrote it until it stood on a board.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx2

from app.identity import actions
from app.identity.rules import SCOPE_PERMISSIONS
from app.identity.schemas import ClientCreate
from app.identity.tokens.actions import TokenKind, issue_token
from app.kernel.database import open_database
from app.kernel.settings import Settings
from app.treatment.board.routes import ON_THE_BOARD
from benchmarks.databases import SIDES, Place, place_of
from benchmarks.servers import Side, start
from benchmarks.workset import Clinic, build

_OUT: Final = Path(__file__).parent / "out"
_PATIENCE_SECONDS: Final = 20
_PAGE: Final = 1000
_LOOK_EVERY_SECONDS: Final = 0.1
_CONNECTIONS: Final = 2
_POOL: Final = 10


class Lost(AssertionError):
    """Something did not arrive, or came twice."""


@dataclass(frozen=True, slots=True)
class Day:
    """How much happens."""

    sessions: int
    boards: int
    seconds: float
    every_seconds: float


@dataclass(slots=True)
class Board:
    """What one board has had: numbers of changes, and when each stood there."""

    last: int
    seen: list[int] = field(default_factory=list[int])
    arrived: dict[str, float] = field(default_factory=dict[str, float])
    connections: int = 0


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.day", description=__doc__)
    parser.add_argument("--database", action="append", choices=("sqlite", "postgresql"), help="default both")
    parser.add_argument("--sessions", type=int, default=60)
    parser.add_argument("--boards", type=int, default=4, help="at most eight: one person has no more streams")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--every", type=float, default=10, help="seconds between two readings of a session")
    asked = parser.parse_args()
    day = Day(asked.sessions, asked.boards, asked.seconds, asked.every)
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {day}")
    told: dict[str, Any] = {}
    for database in asked.database or ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory(prefix="seriatim-day-", ignore_cleanup_errors=True) as folder:
            # A PostgreSQL started by root runs as another user, who has to reach its files.
            Path(folder).chmod(0o755)
            with place_of(database, Path(folder)) as place:
                told[database] = measure(place, Path(folder), day)
    _OUT.mkdir(parents=True, exist_ok=True)
    (_OUT / "day.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    show(told)


def show(told: dict[str, Any]) -> None:
    """Print the table."""
    print(f"{'':12}{'readings':>10}{'events':>10}{'lost':>6}{'twice':>6}{'p50 ms':>9}{'p95 ms':>9}{'max ms':>9}")
    for database, one in told.items():
        counts = f"{one['readings']:>10}{one['events']:>10}{one['lost']:>6}{one['twice']:>6}"
        print(f"{database:12}{counts}{one['p50_ms']:>9.0f}{one['p95_ms']:>9.0f}{one['max_ms']:>9.0f}")


def measure(place: Place, folder: Path, day: Day) -> dict[str, Any]:
    """One day on one database."""
    settings = Settings(database_url=place.empty())
    clinic = build(settings, patients=1, seed=1, clinics=1).clinic
    follower = asyncio.run(_program(settings, clinic))
    server = start(Side(settings.database_url, _POOL, folder / f"{SIDES[0]}.log"))
    try:
        return asyncio.run(_live(f"http://127.0.0.1:{server.port}", clinic.token, follower, day))
    finally:
        server.stop()


async def _program(settings: Settings, clinic: Clinic) -> str:
    """The token of an integrator that reads the feed."""
    database, scopes = open_database(settings), tuple(sorted(SCOPE_PERMISSIONS))
    system = await actions.system_actor(database, clinic.id, source="cli")
    async with database.writing(system) as db:
        program, _ = await actions.create_client(db, system, ClientCreate(name="Registry", scopes=list(scopes)))
        lives = timedelta(hours=1)
        token = issue_token(db, TokenKind.CLIENT, lives=lives, client=(clinic.id, program.id), scopes=scopes)
    await database.close()
    return token.text


async def _live(address: str, token: str, follower: str, day: Day) -> dict[str, Any]:
    unlimited = httpx2.Limits(max_connections=None)
    async with (
        httpx2.AsyncClient(base_url=address, headers=_bearer(token), limits=unlimited, timeout=30) as staff,
        httpx2.AsyncClient(base_url=address, headers=_bearer(follower), timeout=30) as program,
    ):
        sessions = [await _session(staff) for _ in range(day.sessions)]
        begins = await _position(program)
        boards = [Board(begins) for _ in range(day.boards)]
        streams = [asyncio.create_task(_follow(staff, board, day.seconds / 2)) for board in boards]
        acknowledged: dict[str, float] = {}
        expected: list[int] = []
        await asyncio.gather(
            *(_watch(staff, one, day, number, acknowledged) for number, one in enumerate(sessions)),
        )
        with suppress(TimeoutError):  # what is lost by then is told below
            async with asyncio.timeout(_PATIENCE_SECONDS):
                changes = await _changes(program, begins, set(acknowledged))
                expected = [one["sequence"] for one in changes if one["resource_type"] in ON_THE_BOARD]
                await _arrived(boards, expected[-1])
        for stream in streams:
            stream.cancel()
        await asyncio.gather(*streams, return_exceptions=True)
        kept = {reading for one in sessions for reading in await _readings(staff, one)}
    return _told(boards, expected, acknowledged, kept)


def _told(
    boards: Sequence[Board], expected: list[int], acknowledged: dict[str, float], kept: set[str]
) -> dict[str, Any]:
    """What it came to.

    Raises:
        Lost: a reading is not in the database, or a board missed a change or had one twice.
    """
    lost = sum(len(set(expected) - set(board.seen)) for board in boards)
    twice = sum(len(board.seen) - len(set(board.seen)) for board in boards)
    if missing := acknowledged.keys() - kept:
        message = f"{len(missing)} acknowledged readings are not there."
        raise Lost(message)
    if any(board.seen != expected for board in boards) or any(board.connections != _CONNECTIONS for board in boards):
        message = f"{lost} changes lost, {twice} twice, {[board.connections for board in boards]} connections."
        raise Lost(message)
    # An event may be read before the answer is.
    delays = sorted(
        1000 * max(0.0, board.arrived[reading] - at) for board in boards for reading, at in acknowledged.items()
    )
    return {
        "readings": len(acknowledged),
        "changes": len(expected),
        "events": sum(len(board.seen) for board in boards),
        "lost": lost,
        "twice": twice,
        "p50_ms": statistics.median(delays),
        "p95_ms": delays[int(0.95 * (len(delays) - 1))],
        "max_ms": delays[-1],
        "load": os.getloadavg()[0],
    }


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def _new(http: httpx2.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await http.post(path, json=body, headers={"Idempotency-Key": uuid4().hex})
    if not answer.is_success:
        message = f"{path} answered {answer.status_code}: {answer.text}"
        raise Lost(message)
    return answer.json()


async def _session(http: httpx2.AsyncClient) -> str:
    """Somebody whose infusion flows."""
    person = {"given_name": "Robin", "family_name": f"Ito-{uuid4().hex[:8]}", "birth_on": "1984-02-03", "sex": "female"}
    patient = await _new(http, "/v1/patients", person | {"confirm": ["probable_duplicate"]})
    course = await _new(http, f"/v1/patients/{patient['id']}/courses", {"protocol_code": "OPEN"})
    visit = await _new(http, f"/v1/courses/{course['id']}/sessions", {"drug": "ketamine", "route": "intravenous"})
    flows = {"kind": "start", "occurred_at": datetime.now(UTC).isoformat(), "rate_mg_per_min": 1.03}
    dose = {"drug": "ketamine", "route": "intravenous", "events": [flows]}
    await _new(http, f"/v1/sessions/{visit['id']}/administrations", dose)
    return visit["id"]


async def _watch(http: httpx2.AsyncClient, session: str, day: Day, number: int, acknowledged: dict[str, float]) -> None:
    """A reading every few seconds; the sessions do not all measure at once."""
    begins = time.monotonic() + day.every_seconds * number / day.sessions
    for reading in range(max(1, int(day.seconds / day.every_seconds))):
        await asyncio.sleep(max(0.0, begins + reading * day.every_seconds - time.monotonic()))
        measured = {"systolic_mmhg": 128, "diastolic_mmhg": 78, "spo2_percent": 98, "heart_rate_bpm": 72}
        body = {"measured_at": datetime.now(UTC).isoformat()} | measured
        made = await _new(http, f"/v1/sessions/{session}/vital-signs", body)
        acknowledged[made["id"]] = time.monotonic()


async def _follow(http: httpx2.AsyncClient, board: Board, breaks_after_seconds: float) -> None:
    """A board: it breaks off once in the middle and goes on from its last event."""
    try:
        async with asyncio.timeout(breaks_after_seconds):
            await _listen(http, board)
    except TimeoutError:
        await _listen(http, board)


async def _listen(http: httpx2.AsyncClient, board: Board) -> None:
    headers = {"Accept": "text/event-stream", "Last-Event-ID": str(board.last)}
    async with http.stream("GET", "/v1/board/stream", headers=headers, timeout=None) as answer:
        board.connections += 1
        event: dict[str, Any] | None = None
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            if name == "data":
                event = json.loads(value)
            elif name == "id":
                board.last = int(value)
                if event is not None:
                    board.seen.append(event["sequence"])
                    board.arrived.setdefault(event["resource_id"], time.monotonic())
                    event = None


async def _position(http: httpx2.AsyncClient) -> int:
    answer = await http.get("/v1/changes", params={"after": 0, "limit": 1})
    return int(answer.json()["latest_sequence"])


async def _changes(http: httpx2.AsyncClient, after: int, awaited: set[str]) -> list[dict[str, Any]]:
    """Every change since a number, once those of some records are among them."""
    found: list[dict[str, Any]] = []
    while awaited:
        page = (await http.get("/v1/changes", params={"after": after, "limit": _PAGE})).json()
        found += page["items"]
        awaited = awaited - {one["resource_id"] for one in page["items"]}
        after = page["next_after"]
        if not page["has_more"]:
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
    return found


async def _arrived(boards: Sequence[Board], last: int) -> None:
    """Until every board has come as far as a change."""
    while any(board.last < last for board in boards):  # noqa: ASYNC110  # nobody tells
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


async def _readings(http: httpx2.AsyncClient, session: str) -> list[str]:
    answer = await http.get(f"/v1/sessions/{session}/record")
    return [one["id"] for one in answer.json()["vital_signs"]]


if __name__ == "__main__":
    main()
