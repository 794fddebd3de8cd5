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
from app.kernel.ids import new_id
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
    keyed: bool = False  # each time it is sent it needs a key of its own


@dataclass(frozen=True, slots=True)
class Operation:
    """A kind of request that is measured."""

    code: str
    title: str
    expected: bytes
    make: Callable[[WorkSet, random.Random], Call]
    left_out: frozenset[str] = frozenset()  # members that are not compared, wherever they stand

    @property
    def writes(self) -> bool:
        """Whether it records something."""
        return self.code.startswith("W")

    def requests(self, work: WorkSet, seed: int) -> list[bytes]:
        """Requests to send round and round, the same for both sides."""
        calls = self.calls(work, seed, _VARIANTS)
        token = work.clinic.token
        return [
            as_bytes(call.method, call.target, token, orjson.dumps(call.body) if call.body else b"", keyed=call.keyed)
            for call in calls
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


def _curve(work: WorkSet, chance: random.Random) -> Call:
    return Call("GET", f"/v1/courses/{chance.choice(work.courses)}/trajectory?instrument=PHQ9")


def _told(work: WorkSet, chance: random.Random) -> Call:
    begun = clock.now().replace(microsecond=0) - timedelta(minutes=150, seconds=chance.randrange(3600))
    body = {
        "route": "intramuscular",
        "started_at": _text(begun),
        "delivered_mg": chance.randrange(30, 60),
        "dissociation_notes": [
            {
                "observed_at": _text(begun + timedelta(minutes=20)),
                "intensity": chance.randrange(11),
                "phenomena": ["floating", "time_distortion"],
            }
        ],
        "assessments": [
            {"instrument": "PHQ9", "answered_at": _text(begun - timedelta(minutes=25)), "items": _items(chance)}
        ],
        "discharged_at": _text(begun + timedelta(minutes=120)),
    }
    return Call("POST", f"/v1/patients/{chance.choice(work.patients)}/sessions", body, keyed=True)


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
    body = {"instrument": "PHQ9", "answered_at": _recent(chance), "items": _items(chance)}
    return Call("POST", f"/v1/patients/{chance.choice(work.patients)}/assessments", body)


def _items(chance: random.Random) -> list[int]:
    """A form of somebody who is better: the reference has no baselines, and a rise would raise an alert here only."""
    answers = [0] * 8
    for place in chance.sample(range(8), chance.randint(0, 3)):
        answers[place] = 1
    return [*answers, chance.choices((0, 1), (18, 2))[0]]


def _recent(chance: random.Random) -> str:
    return _text(clock.now().replace(microsecond=0) - timedelta(seconds=chance.randrange(3600)))


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


# Of a row: the day on the course's clock, since SQLite knows no time zones, and the words of the rules.
_OF_ROW: Final = frozenset({"session_on", "score_rules"})
# Of a curve: what is published and the same for all, and what each point is called beside it; courses that carry on
# the baseline of another; weights.
_OF_CURVE: Final = frozenset(
    {
        "rule_version",
        "instruments",
        "scale",
        "baseline_rule",
        "rule",
        "days_before_first_dose",
        "carried_from_course_id",
        "response",
        "remission",
        "worse",
        "reliable_change",
        "important_change",
        "not_counted_because",
        "placebo",
        "weight_kg",
        "delivered_mg_per_kg",
    }
)
# Of a session told afterwards: ids that are new on each side, the clock at the moment of telling, the words of the
# alert's rule, whether the dose before was too near, and how the gates stood.
_OF_TOLD: Final = frozenset(
    {
        "session_id",
        "cause_id",
        "recorded_after_minutes",
        "gates",
        "raised_at",
        "escalates_at",
        "rule",
        "deviations",
        "policy_versions",
    }
)


OPERATIONS: Final = (
    Operation("R1", "a session with everything in it", b"200", _record),
    Operation("R2", "a page of 50 sessions by status and route", b"200", _page, _OF_ROW),
    Operation("R3", "the curve of a course", b"200", _curve, _OF_CURVE),
    Operation("W1", "a session told afterwards, with dose, note and form", b"201", _told, _OF_TOLD),
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
                key = {"idempotency-key": new_id().hex} if call.keyed else {}
                mine, other = (
                    side.request(call.method, call.target, json=call.body, headers=key) for side in (ours, theirs)
                )
                if mine.status_code != other.status_code:
                    message = f"{call}: {mine.status_code} {mine.text} and {other.status_code} {other.text}"
                    raise DifferentAnswers(message)
                ignored = _DIFFERENT | operation.left_out | ({"id"} if operation.writes else frozenset())
                _require_equal(str(call), mine.json(), other.json(), ignored)
                sizes[operation.code] = len(mine.content)
    kept = [_alerts(work, url) for url in urls]
    _require_equal("alerts", kept[0], kept[1], frozenset())
    return sizes


def _require_equal(where: str, mine: Any, other: Any, ignored: frozenset[str]) -> None:
    match mine, other:
        case dict(), dict():
            if only := (mine.keys() ^ other.keys()) - ignored:
                raise DifferentAnswers(f"{where}: members differ: {sorted(only)}")
            for member in mine.keys() - ignored:
                _require_equal(f"{where} {member}", mine[member], other[member], ignored)
        case list(), list():
            if len(mine) != len(other):
                raise DifferentAnswers(f"{where}: {len(mine)} and {len(other)} items")
            for number, (one, another) in enumerate(zip(mine, other, strict=True)):
                _require_equal(f"{where}/{number}", one, another, ignored)
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
