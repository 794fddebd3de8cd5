"""From what the database tells of a session and its patient to the live screen."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from app.monitoring.slots.rules import Due, Slot, SlotKind, next_due
from app.treatment.board.rules import Pressure, pressures_of

Json = dict[str, Any]

_SECONDS_PER_MINUTE: Final = 60
_ACTIVE: Final = "active"


def chairside(
    session: Json,
    patient: Json | None,
    *,
    read_at: datetime,
    feed_position: int,
    actions: Sequence[Json],
) -> Json:
    """The live screen.

    Args:
        session: The whole record of the session.
        patient: Who sits there, or None where the actor may not know.
        read_at: Now.
        feed_position: Where the ledger stands.
        actions: What may be done next.
    """
    started_at = None if session["given_on"] is not None else _instant(session["started_at"])
    readings: Sequence[Json] = session["vital_signs"]
    orders = [one for one in session["dose_orders"] if one["status"] == _ACTIVE]
    following = next_due(map(_slot, session["vital_slots"]), read_at)
    return {
        "object": "chairside",
        "read_at": read_at,
        "feed_position": feed_position,
        "session": session,
        "patient": patient,
        "order": orders[-1] if orders else None,
        "minutes_since_start": None if started_at is None else _minutes(started_at, read_at),
        "last_reading": readings[-1] if readings else None,
        "next_slot": following and following.told(),
        "pressure": asdict(pressures_of(_pressures(readings), started_at)),
        "allowed_actions": actions,
    }


def at_chair(patient: Json, today: date) -> Json:
    """The patient's own part: of the weights the last, of what begins and ends what is so today."""
    weights: Sequence[Json] = patient["weight"]
    return patient | {
        "weight": weights[0] if weights else None,
        "conditions": [one for one in patient["conditions"] if _lasts(one, today)],
        "medications": [one for one in patient["medications"] if _lasts(one, today)],
    }


def _lasts(one: Json, today: date) -> bool:
    # Days as texts compare as days do; the first and the last day count, and an unknown one is no bound.
    day = today.isoformat()
    return (one["started_on"] or day) <= day <= (one["ended_on"] or day)


def _pressures(readings: Sequence[Json]) -> list[Pressure]:
    return [
        Pressure(datetime.fromisoformat(one["measured_at"]), one["systolic_mmhg"], one["diastolic_mmhg"])
        for one in readings
        if one["systolic_mmhg"] is not None
    ]


def _slot(row: Json) -> Slot:
    at = datetime.fromisoformat
    due = Due(at(row["due_at"]), at(row["late_from"]), at(row["window_from"]), _instant(row["window_until"]))
    answered = None if row["reading_id"] is None else UUID(row["reading_id"])
    missed_at = _instant(row["missed_at"])
    return Slot(UUID(row["id"]), SlotKind(row["kind"]), due, frozenset(row["asks"]), answered, missed_at=missed_at)


def _minutes(since: datetime, now: datetime) -> int:
    return int((now - since).total_seconds() // _SECONDS_PER_MINUTE)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
