"""What is measured, and the proof that both sides answer the same before it is."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import httpx2
import orjson
from sqlalchemy import func, select

from app.alerts.queries import alert
from app.kernel import clock
from app.kernel.database import open_for_migrations
from app.kernel.settings import Settings
from benchmarks.load import as_bytes
from benchmarks.workset import WorkSet

_VARIANTS: Final = 400
_COMPARED: Final = 20
# What a write makes anew, and the reference's cursor, which is not sealed.
_DIFFERENT: Final = frozenset({"recorded_at", "updated_at", "next_cursor"})


class DifferentAnswers(AssertionError):
    """The two sides do not do the same work, so there is nothing to compare."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request."""

    method: str
    target: str
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """A kind of request that is measured."""

    code: str
    title: str
    expected: bytes
    make: Callable[[WorkSet, random.Random], Call]

    @property
    def writes(self) -> bool:
        """Whether it records something."""
        return self.code.startswith("W")

    def requests(self, work: WorkSet, seed: int) -> list[bytes]:
        """Requests to send round and round, the same for both sides."""
        calls = self.calls(work, seed, _VARIANTS)
        token = work.clinic.token
        return [
            as_bytes(call.method, call.target, token, orjson.dumps(call.body) if call.body else b"") for call in calls
        ]

    def calls(self, work: WorkSet, seed: int, count: int) -> list[Call]:
        """So many requests."""
        chance = random.Random(f"{self.code}{seed}")
        return [self.make(work, chance) for _ in range(count)]


def _record(work: WorkSet, chance: random.Random) -> Call:
    return Call("GET", f"/v1/sessions/{chance.choice(work.records)}/record")


def _page(_work: WorkSet, chance: random.Random) -> Call:
    status = chance.choice(("discharged", "signed"))
    route = chance.choice(("intravenous", "intramuscular", "sublingual"))
    return Call("GET", f"/v1/sessions?status={status}&route={route}&limit=50")


def _reading(work: WorkSet, chance: random.Random) -> Call:
    body = {
        "measured_at": _recent(chance),
        "systolic_mmhg": chance.randrange(110, 160),
        "diastolic_mmhg": chance.randrange(60, 100),
        "heart_rate_bpm": chance.randrange(55, 110),
        "spo2_percent": chance.randrange(94, 100),
        "temperature_c": 36.8,
    }
    return Call("POST", f"/v1/sessions/{chance.choice(work.running)}/vital-signs", body)


def _questionnaire(work: WorkSet, chance: random.Random) -> Call:
    items = [chance.randrange(4) for _ in range(8)] + [chance.choices((0, 1, 3), (18, 1, 1))[0]]
    body = {"instrument": "PHQ9", "answered_at": _recent(chance), "items": items}
    return Call("POST", f"/v1/patients/{chance.choice(work.patients)}/assessments", body)


def _recent(chance: random.Random) -> str:
    at = clock.now().replace(microsecond=0) - timedelta(seconds=chance.randrange(3600))
    return at.isoformat().replace("+00:00", "Z")


OPERATIONS: Final = (
    Operation("R1", "a session with everything in it", b"200", _record),
    Operation("R2", "a page of 50 sessions by status and route", b"200", _page),
    Operation("W2", "one set of vital signs", b"201", _reading),
    Operation("W3", "a PHQ-9: scored, stored, alert checked", b"201", _questionnaire),
)


def require_equal_answers(work: WorkSet, seed: int, ports: Sequence[int], urls: Sequence[str]) -> dict[str, int]:
    """Send the same requests to both sides and compare what they answer and what they keep.

    Returns:
        Bytes of one of Seriatim's answers, by operation.

    Raises:
        DifferentAnswers: naming the request and the two answers.
    """
    sizes: dict[str, int] = {}
    headers = {"authorization": f"Bearer {work.clinic.token}"}
    ours, theirs = (httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=headers) for port in ports)
    with ours, theirs:
        for operation in OPERATIONS:
            for call in operation.calls(work, seed, _COMPARED):
                mine, other = (side.request(call.method, call.target, json=call.body) for side in (ours, theirs))
                if mine.status_code != other.status_code:
                    message = f"{call}: {mine.status_code} {mine.text} and {other.status_code} {other.text}"
                    raise DifferentAnswers(message)
                _require_equal(str(call), mine.json(), other.json(), new=operation.writes)
                sizes[operation.code] = len(mine.content)
    kept = [_alerts(work, url) for url in urls]
    _require_equal("alerts", kept[0], kept[1], new=False)
    return sizes


def _require_equal(where: str, mine: Any, other: Any, *, new: bool) -> None:
    match mine, other:
        case dict(), dict():
            if mine.keys() != other.keys():
                raise DifferentAnswers(f"{where}: members differ: {sorted(mine.keys() ^ other.keys())}")
            for member, value in mine.items():
                if member not in _DIFFERENT and not (new and member == "id"):
                    _require_equal(f"{where} {member}", value, other[member], new=new)
        case list(), list():
            if len(mine) != len(other):
                raise DifferentAnswers(f"{where}: {len(mine)} and {len(other)} items")
            for number, (one, another) in enumerate(zip(mine, other, strict=True)):
                _require_equal(f"{where}/{number}", one, another, new=new)
        case _:
            if _plain(mine) != _plain(other):
                raise DifferentAnswers(f"{where}: {mine!r} and {other!r}")


def _plain(value: Any) -> Any:
    """A value without its spelling: 2026-03-02T14:05:00Z and 2026-03-02T14:05:00+00:00 are the same instant."""
    if isinstance(value, str) and value[10:11] == "T":
        return datetime.fromisoformat(value)
    return (type(value) is bool, value)


def _alerts(work: WorkSet, url: str) -> list[tuple[UUID, str, int]]:
    engine = open_for_migrations(Settings(database_url=url))
    counted = (
        select(alert.c.patient_id, alert.c.severity, func.count())
        .where(alert.c.clinic_id == work.clinic.id)
        .group_by(alert.c.patient_id, alert.c.severity)
        .order_by(alert.c.patient_id, alert.c.severity)
    )
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(counted)]
    engine.dispose()
    return rows  # pyright: ignore[reportReturnType]
