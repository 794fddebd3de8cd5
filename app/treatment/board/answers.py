"""From rows of the day to the board."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

from app.alerts.rules import AlertSeverity, worst
from app.kernel import clock
from app.kernel.records import Columns, to_json
from app.treatment.board.queries import OF_SLOT
from app.treatment.board.rules import Pressure, pressures_of

Json = dict[str, Any]
Grouped = Mapping[Any, Sequence[Columns]]

_PATIENT: Final = ("given_name", "family_name", "preferred_name", "birth_on", "birth_year")
_ONLY_FOR_ORDER: Final = frozenset({*_PATIENT, "location_id", "session_at", "given_on"})


@dataclass(frozen=True, slots=True)
class Around:
    """What lies around the sessions of a day, by session or by patient; empty where the reader may not know.

    Attributes:
        readings: Pressures in time, by session.
        slots: Open slots as they come due, by session.
        watches: Who has watched, in time, by session.
        alerts: Open alerts by severity, by patient.
    """

    readings: Grouped
    slots: Grouped
    watches: Grouped
    alerts: Grouped


def shown_session(row: Columns, time_zone: str, around: Around, withheld: Mapping[str, Any]) -> Json:
    """A session as the board shows it.

    Args:
        row: The session with its patient and course.
        time_zone: The clinic's.
        around: What lies around the sessions of the day.
        withheld: What stands in place of members the reader may not read.
    """
    started_at = None if row["given_on"] is not None else row["started_at"]
    pressures = (
        Pressure(one["measured_at"], one["systolic_mmhg"], one["diastolic_mmhg"])
        for one in around.readings.get(row["id"], ())
    )
    slots, watches = around.slots.get(row["id"], ()), around.watches.get(row["id"], ())
    alerts = around.alerts.get(row["patient_id"], ())
    return {
        "object": "session",
        **{name: value for name, value in row.items() if name not in _ONLY_FOR_ORDER},
        "session_on": row["given_on"] or clock.day_of(row["session_at"], time_zone),
        "patient": {name: row[name] for name in _PATIENT},
        "pressure": asdict(pressures_of(pressures, started_at)),
        "next_slot": {name: slots[0][name] for name in OF_SLOT} if slots else None,
        "watcher": {name: watches[-1][name] for name in ("staff_id", "name")} if watches else None,
        "open_alert_count": sum(one["found"] for one in alerts),
        "worst_open_alert": worst(AlertSeverity(one["severity"]) for one in alerts),
        "withheld": [],
        **withheld,
    }


def by_location(sessions: Sequence[tuple[UUID | None, Json]], locations: Sequence[Columns]) -> list[Json]:
    """The sessions below their locations, those in use first and the sessions without one at the end."""
    placed: dict[UUID | None, list[Json]] = {}
    for place, one in sessions:
        placed.setdefault(place, []).append(one)
    listed = [
        {"id": row["id"], "name": row["name"], "sessions": placed.get(row["id"], [])}
        for row in locations
        if row["disabled_at"] is None or row["id"] in placed
    ]
    if None in placed:
        listed.append({"id": None, "name": None, "sessions": placed[None]})
    return listed


def tag_of(board: Json) -> str:
    """The board's ETag: another one whenever anything on it is. It is weak, because the feed's position is left out."""
    content = to_json({name: value for name, value in board.items() if name != "feed_position"})
    return f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
