"""From what the database tells as JSON to what the rules about curves take."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.assessments.catalogue import shipped_instruments
from app.assessments.rules.curve import Course, Dose, InEpisode, Score, carried_from
from app.assessments.rules.files import latest
from app.assessments.rules.instrument import Instrument
from app.courses.rules import CourseStatus
from app.protocols.catalogue import shipped_protocols

Json = dict[str, Any]

_OVER = frozenset({CourseStatus.COMPLETED, CourseStatus.DISCONTINUED})


def as_course(row: Json, episode: Iterable[Json]) -> Course:
    """A course among those of its episode, in the order of their beginning."""
    return Course(
        id=UUID(row["id"]),
        starts_on=date.fromisoformat(row["starts_on"]),
        time_zone=row["time_zone"],
        is_over=row["status"] in _OVER,
        carried_from=carried_from(UUID(row["id"]), [_in_episode(one) for one in episode]),
    )


def _in_episode(row: Json) -> InEpisode:
    protocol = shipped_protocols().get((row["protocol_code"], row["protocol_version"]))
    first = protocol.phases[0] if protocol is not None and protocol.phases else None
    if first is not None:
        name, has_plan = first.name, bool(first.day_offsets or first.interval_days)
    else:
        name, has_plan = row["own_first"], row["own_day"] is not None or row["own_interval"] is not None
    # Where the plan is open, the phase the course is in says what it is.
    return InEpisode(UUID(row["id"]), name or row["phase"], row["phase"], has_plan)


def as_doses(rows: Iterable[Json]) -> list[Dose]:
    """Every session of a patient with a dose, in time."""
    return [
        Dose(
            session_id=UUID(one["id"]),
            course_id=UUID(one["course_id"]),
            number=one["number_in_course"],
            started_at=datetime.fromisoformat(one["started_at"]),
            ended_at=None if one["last_dose_at"] is None else datetime.fromisoformat(one["last_dose_at"]),
        )
        for one in rows
    ]


def as_score(row: Json) -> Score:
    """A score on the clock."""
    return Score(
        id=UUID(row["id"]),
        course_id=None if row["course_id"] is None else UUID(row["course_id"]),
        assessed_at=datetime.fromisoformat(row["assessed_at"]),
        answered_on=None if row["answered_on"] is None else date.fromisoformat(row["answered_on"]),
        total=None if row["total"] is None else Decimal(str(row["total"])),
        too_soon_after_dose=row["too_soon_after_dose"],
    )


def instrument_of(code: str, rows: Sequence[Json]) -> Instrument:
    """The newest version a score was made with, so that a later edition changes nothing; else the newest."""
    version = max((row["instrument_version"] for row in rows), default=None)
    found = shipped_instruments().get((code, version)) if version is not None else latest(shipped_instruments(), code)
    assert found is not None
    return found
