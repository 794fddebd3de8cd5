"""From what the database tells of a page's sessions to their rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.assessments.rules.windows import AFTER_RULE, BEFORE_RULE, Dosed, nearest_of_each
from app.dosing.rules import actual_mg_per_kg, summed_mg
from app.protocols.catalogue import shipped_protocols
from app.protocols.rules import ClockStart

Json = dict[str, Any]

_PLACED: Final = (
    "answered_at",
    "answered_on",
    "total",
    "severity",
    "scoring_version",
    "hours_since_last_dose",
    "days_since_last_dose",
)
_OF_COURSE: Final = ("id", "counts_from", "prescriber_id", "prescriber_name")
"""What is read with a course and told in another way."""
_CLOCKS: Final = {
    ClockStart.START: "started_at",
    ClockStart.LAST_START: "last_started_at",
    ClockStart.END: "last_dose_at",
}
_PRESSURE: Final = ("measured_at", "systolic_mmhg", "diastolic_mmhg")
_SECONDS_PER_MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class _Score:
    """A score on the clock, with its row."""

    row: Json
    answered_at: datetime | None
    answered_on: date | None
    assessed_at: datetime
    too_soon_after_dose: bool
    total: float


class Patient:
    """A patient's doses and scores, placed among each other once for all rows of a page."""

    def __init__(self, row: Json, time_zone: str) -> None:
        self.row = row
        self._zone = ZoneInfo(time_zone)

    @cached_property
    def place(self) -> Mapping[str, int]:
        """Where each session with a dose stands among the patient's, from 0."""
        return {dose["id"]: index for index, dose in enumerate(self.row["doses"])}

    @cached_property
    def nearest(self) -> Sequence[Sequence[Json]]:
        """For each session with a dose, the nearest scores with each instrument."""
        doses = [_dosed(dose, self._zone) for dose in self.row["doses"]]
        found: list[list[Json]] = [[] for _ in doses]
        for instrument, scores in sorted(self._scores().items()):
            for index, sides in enumerate(nearest_of_each(doses, scores)):
                if sides.before is not None or sides.after is not None:
                    before, after = _placed(sides.before), _placed(sides.after)
                    found[index].append({"instrument": instrument, "before": before, "after": after})
        return found

    def _scores(self) -> dict[str, list[_Score]]:
        scores: dict[str, list[_Score]] = {}
        for row in self.row["scores"]:
            scores.setdefault(row["instrument"], []).append(_score(row))
        return scores


def _dosed(dose: Json, zone: ZoneInfo) -> Dosed:
    started_at = datetime.fromisoformat(dose["started_at"])
    return Dosed(started_at, started_at.astimezone(zone).date())


def _score(row: Json) -> _Score:
    on = row["answered_on"]
    return _Score(
        row=row,
        answered_at=_instant(row["answered_at"]),
        answered_on=None if on is None else date.fromisoformat(on),
        assessed_at=datetime.fromisoformat(row["assessed_at"]),
        too_soon_after_dose=row["too_soon_after_dose"],
        total=row["total"],
    )


def _placed(score: _Score | None) -> Json | None:
    return None if score is None else {"assessment_id": score.row["id"], **{name: score.row[name] for name in _PLACED}}


def told(row: Json, patient: Patient) -> Json:
    """Everything a row may tell of a session; what its reader may not read is not in it or is taken out afterwards."""
    course = row["course"][0]
    shown = row | {
        "session_on": row["given_on"] or _day(row["session_at"], course["time_zone"]),
        "location": row["location"][0] if row["location"] else None,
        "patient_identifiers": patient.row.get("identifiers"),
        **{name: value for name, value in course.items() if name not in _OF_COURSE},
        "phase": row["planned"][0]["phase"] if row["planned"] else course["phase"],
    }
    if "given" in row:
        shown |= _clinical(row, course, patient)
    if "scores" in patient.row:
        place = patient.place.get(row["id"])
        shown["scores"] = [] if place is None else patient.nearest[place]
        shown["score_rules"] = {"before": BEFORE_RULE, "after": AFTER_RULE}
    return shown


def _clinical(row: Json, course: Json, patient: Patient) -> Json:
    order: Json = row["orders"][-1] if row["orders"] else {}
    given, place = row["given"], patient.place.get(row["id"])
    drug = [one for one in given if not one["placebo"]]
    delivered = summed_mg([_exact(one["delivered_mg"]) for one in drug])
    weight_kg = _exact(order.get("weight_kg") or (row["weights"][0]["weight_kg"] if row["weights"] else None))
    per_kg = None if delivered is None or weight_kg is None else actual_mg_per_kg(delivered, weight_kg)
    return {
        "lifetime_number": None if place is None else place + 1 + row["elsewhere"],
        "ordered_mg": order.get("ordered_mg"),
        "ordered_mg_per_kg": order.get("ordered_mg_per_kg"),
        "given_drug": given[0]["drug"] if given else None,
        "given_route": given[0]["route"] if given else None,
        "placebo": bool(given) and not drug,
        "delivered_mg": delivered,
        "delivered_mg_per_kg": per_kg,
        "wasted_mg": summed_mg([_exact(one["wasted_mg"]) for one in drug]),
        "weight_kg": weight_kg,
        "administration_count": len(given),
        "observation_minutes": _watched(row, course),
        "prescriber": _prescriber(order, course),
        "given_by": _giver(given[0]) if given else None,
        "pressure_baseline": _pressure(row["baseline"]),
        "pressure_peak": _pressure(row["peak"]),
    }


def _prescriber(order: Json, course: Json) -> Json | None:
    """Who ordered the dose; before there is an order, who answers for the course."""
    if order:
        return {"principal_id": order["prescriber_id"], "name": order["name"]}
    if course["prescriber_id"] is None:
        return None
    return {"principal_id": course["prescriber_id"], "name": course["prescriber_name"]}


def _giver(one: Json) -> Json:
    """Who was named as giving it, or else the principal who recorded it."""
    if one["administered_by"] is not None:
        return {"principal_id": None, "name": one["administered_by"]}
    return {"principal_id": one["recorded_by"], "name": one["name"]}


def _pressure(readings: Sequence[Json]) -> Json | None:
    return {name: readings[0][name] for name in _PRESSURE} if readings else None


def _watched(row: Json, course: Json) -> int | None:
    """Whole minutes from where the plan counts to the discharge; None where only the day of the dose is known."""
    shipped = shipped_protocols().get((course["protocol_code"], course["protocol_version"]))
    counts_from = ClockStart(course["counts_from"] if shipped is None else shipped.observation.counts_from)
    begin, end = _instant(row[_CLOCKS[counts_from]]), _instant(row["discharged_at"])
    if begin is None or end is None or row["given_on"] is not None:
        return None
    return int((end - begin).total_seconds() // _SECONDS_PER_MINUTE)


def _day(at: str, time_zone: str) -> str:
    return datetime.fromisoformat(at).astimezone(ZoneInfo(time_zone)).date().isoformat()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _exact(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(str(number))
