"""A trajectory in words: the headline of its picture, and what somebody hears who does not see it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

Json = Mapping[str, Any]

ROUTES: Final[Mapping[str, str]] = {
    "intravenous": "IV",
    "intramuscular": "IM",
    "subcutaneous": "SC",
    "sublingual": "SL",
    "oral": "PO",
    "intranasal": "IN",
}
"""Routes as clinicians write them."""

_RESPONSES: Final = {"response": "response", "partial_response": "partial response", "non_response": "no response"}
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_COUNTED: Final = "follow_up"
_TENTH: Final = Decimal("0.1")


def number(value: float | Decimal) -> str:
    """A number without trailing noughts."""
    return f"{Decimal(str(value)).normalize():f}"


def band(label: str) -> str:
    """A band's name in words."""
    return {"none_minimal": "none or minimal"}.get(label, label.replace("_", " "))


def local_day(row: Json, zone: ZoneInfo) -> date:
    """The day of a score on the clinic's calendar."""
    return datetime.fromisoformat(row["assessed_at"]).astimezone(zone).date()


def day(on: date, *, year: bool = True) -> str:
    """A day in words."""
    return f"{on.day} {_MONTHS[on.month - 1]}" + (f" {on.year}" if year else "")


def reduction(percent: Decimal) -> str:
    """A reduction in words; cut and not rounded, so that nothing short of half reads as 50 %."""
    cut = abs(percent).quantize(_TENTH, ROUND_DOWN)
    return f"{number(cut)} % {'lower' if percent >= 0 else 'higher'}"


def headline(shown: Json) -> str:
    """What the scores came to, in one line."""
    counted = [point for point in shown["points"] if point["counts_as"] == _COUNTED]
    baseline = shown["baseline"]
    if not shown["points"]:
        return "No score yet"
    if not counted:
        start = f"Baseline {number(baseline['total'])}, no" if baseline is not None else "No"
        return f"{start} follow-up score that counts"
    latest = counted[-1]
    said = f"latest {number(latest['total'])}"
    if baseline is not None:
        said = f"{number(baseline['total'])} to {number(latest['total'])}"
    return ", ".join([said, *_meaning(latest)])


def _meaning(point: Json) -> Iterator[str]:
    """What a score means: how much lower, response, remission; nothing of what is not known."""
    if point["reduction_percent"] is not None:
        yield reduction(point["reduction_percent"])
    if point["response"] in _RESPONSES:
        yield _RESPONSES[point["response"]]
    if point["remission"] == "yes":
        yield "remission"


def title(shown: Json) -> str:
    """What the picture shows."""
    name = "Scores" if shown["scale"] is None else shown["scale"]["name"]
    return f"{name} over a course of treatment"


def description(shown: Json) -> str:
    """The picture in words."""
    zone = ZoneInfo(shown["time_zone"])
    return " ".join([*_scores(shown, zone), *_sessions(shown["sessions"], zone)])


def _scores(shown: Json, zone: ZoneInfo) -> list[str]:
    points, baseline = shown["points"], shown["baseline"]
    if not points:
        return ["There is no score yet."]
    counted = [point for point in points if point["counts_as"] == _COUNTED]
    said = ["There is no baseline."]
    if baseline is not None:
        said = [f"Baseline {_total(baseline)} on {day(local_day(baseline, zone))}."]
    said += [f"{len(counted)} follow-up {'score counts' if len(counted) == 1 else 'scores count'}."]
    if counted:
        lowest = min(counted, key=lambda point: point["total"])
        said += [f"Lowest {_total(lowest)} on {day(local_day(lowest, zone))}."]
        latest = counted[-1]
        said += [", ".join([f"Latest {_total(latest)} on {day(local_day(latest, zone))}", *_meaning(latest)]) + "."]
    reasons = Counter(point["not_counted_because"] for point in points if point["not_counted_because"])
    said += [f"{count} not counted: {reason.replace('_', ' ')}." for reason, count in sorted(reasons.items())]
    remission = None if shown["scale"] is None else shown["scale"]["cut_offs"]["remission"]
    if remission is not None:
        said += [f"Remission is {cut_off(remission)}."]
    return said


def cut_off(remission: Json) -> str:
    """A cut-off in words."""
    return f"{'below' if remission['operator'] == '<' else 'at most'} {number(remission['value'])}"


def _total(row: Json) -> str:
    return number(row["total"]) + (f" ({band(row['severity'])})" if row["severity"] else "")


def _sessions(sessions: Sequence[Json], zone: ZoneInfo) -> list[str]:
    if not sessions:
        return ["No session with a dose."]
    days = [datetime.fromisoformat(one["started_at"]).astimezone(zone).date() for one in sessions]
    many = len(sessions) > 1
    said = f"{len(sessions)} {'sessions' if many else 'session'} with a dose, "
    said += f"from {day(days[0])} to {day(days[-1])}: " if many else f"on {day(days[0])}: "
    kinds: dict[str, list[Json]] = {}
    for one in sessions:
        kinds.setdefault(kind(one), []).append(one)
    return [said + "; ".join(f"{name} {_doses(those)}".strip() for name, those in kinds.items()) + "."]


def kind(session: Json) -> str:
    """A session's drug and route."""
    return f"{session['route']} {'placebo' if session['placebo'] else session['drug']}"


def _doses(sessions: Sequence[Json]) -> str:
    known = [one["delivered_mg"] for one in sessions if one["delivered_mg"] is not None]
    if not known:
        return f"{len(sessions)} times" if len(sessions) > 1 else ""
    low, high = min(known), max(known)
    return f"{number(low)} mg" if low == high else f"{number(low)} to {number(high)} mg"
