"""A second scorer, written from the published rules alone.

It shares neither code nor data with the application: its ranges, maxima, bands, gap rules and subscales were
transcribed anew, so that a slip of the hand in one of the two shows as a disagreement. It is kept as plain as the
score sheets are: one function for each instrument, no options, no files.

Sources, by instrument: PHQ-9 and PHQ-2 (Kroenke 2001, 2003; the instruction manual's syndrome with its exception for
item 9; mean substitution up to two gaps), GAD-7 (Spitzer 2006), QIDS-SR16 (Rush 2003: nine domains), MADRS (bands of
Snaith 1986), HAM-D (item maxima 0-2 and 0-4, Bech's six items), BDI-II, EPDS (Cox 1987), PCL-5 (National Center for
PTSD), the Columbia screener's triage, YMRS (half points; four items to 8), CADSS (subscales; six-item form), MOAA/S,
the four positive items of the BPRS at 0-6, MDQ (Hirschfeld 2000).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final

Given = Decimal | int | None
Points = Sequence[Fraction | None]


class NotAnAnswer(ValueError):
    """Not a form of this instrument: a number nobody can tick, or an answer to a question that was not asked."""


@dataclass(frozen=True)
class Second:
    """What the second scorer says; totals and subscores to two places, rounded half up at the very end."""

    total: Decimal | None = None
    severity: str | None = None
    incomplete: bool = False
    prorated: bool = False
    safety_item: Decimal | None = None
    safety_item_missing: bool = False
    subscores: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    findings: Mapping[str, str] = field(default_factory=dict[str, str])


# ── the forms ────────────────────────────────────────────────────────────────────────────────────────────────────────

HIGHEST: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {
        "PHQ9": (3, 3, 3, 3, 3, 3, 3, 3, 3),
        "PHQ2": (3, 3),
        "GAD7": (3, 3, 3, 3, 3, 3, 3),
        "QIDSSR16": (3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3),
        "MADRS": (6, 6, 6, 6, 6, 6, 6, 6, 6, 6),
        "HAMD17": (4, 4, 4, 2, 2, 2, 4, 4, 4, 4, 4, 2, 2, 2, 4, 2, 2),
        "HAMD6": (4, 4, 4, 4, 4, 2),
        "BDI2": (3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3),
        "EPDS": (3, 3, 3, 3, 3, 3, 3, 3, 3, 3),
        "PCL5": (4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4),
        "CSSRS_SCR": (1, 1, 1, 1, 1, 1, 1),
        "YMRS": (4, 4, 4, 4, 8, 8, 4, 8, 8, 4, 4),
        "CADSS23": (4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4),
        "CADSS6": (4, 4, 4, 4, 4, 4),
        "MOAAS": (5,),
        "BPRS4": (6, 6, 6, 6),
        "MDQ": (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3),
    }
)
"""The highest answer to each question, in the order of the form; the lowest is 0 everywhere."""


def _read(code: str, items: Sequence[Given]) -> list[Fraction | None]:
    if len(items) != len(HIGHEST[code]):
        raise NotAnAnswer
    step = Fraction(1, 2) if code == "YMRS" else Fraction(1)
    points = [None if item is None else Fraction(item) for item in items]
    for point, highest in zip(points, HIGHEST[code], strict=True):
        if point is not None and (point < 0 or point > highest or point % step):
            raise NotAnAnswer
    return points


def _two_places(value: Fraction) -> Decimal:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _sum(points: Iterable[Fraction | None]) -> Fraction | None:
    """The sum, or nothing where a part of it is missing."""
    total = Fraction(0)
    for point in points:
        if point is None:
            return None
        total += point
    return total


def _mean_substituted(points: Points, most_missing: int) -> Fraction | None:
    there = [point for point in points if point is not None]
    if len(points) - len(there) > most_missing:
        return None
    return sum(there, Fraction(0)) * len(points) / len(there)


def _whole(value: Fraction) -> int:
    """The nearest whole number, halves upwards: what a band is read from."""
    return int(value + Fraction(1, 2))


def _pick(points: Points, *numbers: int) -> list[Fraction | None]:
    """Questions by their number on the form, which begins at 1."""
    return [points[number - 1] for number in numbers]


def _subscores(**sums: Fraction | None) -> dict[str, Decimal]:
    return {name: _two_places(value) for name, value in sums.items() if value is not None}


def _safety(points: Points, number: int) -> tuple[Decimal | None, bool]:
    """The answer about suicide, and whether it is missing on a form somebody did fill in."""
    answer = points[number - 1]
    if answer is not None:
        return _two_places(answer), False
    return None, any(point is not None for point in points)


def _at_least(value: Fraction | int, edge: int, yes: str, no: str) -> str:
    return yes if value >= edge else no


# ── self-report ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _phq9(points: Points) -> Second:
    suicide, unsaid = _safety(points, 9)
    part = _subscores(PHQ2=_sum(points[:2]))
    total = _mean_substituted(points, 2)
    if total is None:
        return Second(incomplete=True, safety_item=suicide, safety_item_missing=unsaid, subscores=part)
    band = _whole(total)
    severity = (
        "none_minimal"
        if band < 5
        else "mild"
        if band < 10
        else "moderate"
        if band < 15
        else "moderately_severe"
        if band < 20
        else "severe"
    )
    present = sum(1 for point in points[:8] if point is not None and point >= 2)
    present += 1 if points[8] is not None and points[8] >= 1 else 0
    core = any(point is not None and point >= 2 for point in points[:2])
    syndrome = "none" if not core or present < 2 else "major" if present >= 5 else "other"
    return Second(
        total=_two_places(total),
        severity=severity,
        prorated=None in points,
        safety_item=suicide,
        safety_item_missing=unsaid,
        subscores=part,
        findings={"syndrome": syndrome, "screen": _at_least(band, 10, "positive", "negative")},
    )


def _phq2(points: Points) -> Second:
    total = _sum(points)
    if total is None:
        return Second(incomplete=True)
    return Second(total=_two_places(total), findings={"screen": _at_least(total, 3, "positive", "negative")})


def _gad7(points: Points) -> Second:
    total = _mean_substituted(points, 2)
    if total is None:
        return Second(incomplete=True)
    band = _whole(total)
    severity = "severe" if band > 14 else "moderate" if band > 9 else "mild" if band > 4 else "minimal"
    return Second(total=_two_places(total), severity=severity, prorated=None in points)


def _qids(points: Points) -> Second:
    def worst(*numbers: int) -> Fraction | None:
        return max((point for point in _pick(points, *numbers) if point is not None), default=None)

    domains = {
        "sleep": worst(1, 2, 3, 4),
        "sad_mood": worst(5),
        "appetite_weight": worst(6, 7, 8, 9),
        "concentration": worst(10),
        "self_view": worst(11),
        "suicide": worst(12),
        "interest": worst(13),
        "energy": worst(14),
        "psychomotor": worst(15, 16),
    }
    suicide, unsaid = _safety(points, 12)
    total = _sum(domains.values())
    severity = None
    if total is not None:
        for lowest, name in ((21, "very_severe"), (16, "severe"), (11, "moderate"), (6, "mild"), (0, "none")):
            if total >= lowest:
                severity = name
                break
    return Second(
        total=None if total is None else _two_places(total),
        severity=severity,
        incomplete=total is None,
        safety_item=suicide,
        safety_item_missing=unsaid,
        subscores=_subscores(**domains),
    )


def _bdi(points: Points) -> Second:
    suicide, unsaid = _safety(points, 9)
    total = _sum(points)
    if total is None:
        return Second(incomplete=True, safety_item=suicide, safety_item_missing=unsaid)
    severity = "severe" if total >= 29 else "moderate" if total >= 20 else "mild" if total >= 14 else "minimal"
    return Second(
        total=_two_places(total),
        severity=severity,
        safety_item=suicide,
        safety_item_missing=unsaid,
        findings={"screen": _at_least(total, 20, "positive", "negative")},
    )


def _epds(points: Points) -> Second:
    harm, unsaid = _safety(points, 10)
    total = _sum(points)
    if total is None:
        return Second(incomplete=True, safety_item=harm, safety_item_missing=unsaid)
    severity = "probable" if total >= 13 else "possible" if total >= 10 else "unlikely"
    return Second(
        total=_two_places(total),
        severity=severity,
        safety_item=harm,
        safety_item_missing=unsaid,
        findings={"screen": _at_least(total, 10, "positive", "negative")},
    )


def epds_from_positions(positions: Sequence[int | None]) -> list[int | None]:
    """Scores from the place of the ticked option, 0 being the top one: three questions run from good to bad."""
    from_good_to_bad = {1, 2, 4}
    return [
        place if place is None or number in from_good_to_bad else 3 - place
        for number, place in enumerate(positions, start=1)
    ]


def _pcl5(points: Points) -> Second:
    clusters = {"B": points[0:5], "C": points[5:7], "D": points[7:14], "E": points[14:20]}
    sums = _subscores(**{name: _sum(cluster) for name, cluster in clusters.items()})
    total = _sum(points)
    if total is None:
        return Second(incomplete=True, subscores=sums)
    needed = {"B": 1, "C": 1, "D": 2, "E": 2}
    meets = all(
        len([point for point in clusters[name] if point is not None and point >= 2]) >= count
        for name, count in needed.items()
    )
    return Second(
        total=_two_places(total),
        subscores=sums,
        findings={
            "provisional_dsm5": "yes" if meets else "no",
            "provisional_cut": _at_least(total, 33, "yes", "no"),
        },
    )


def _mdq(points: Points) -> Second:
    total = _sum(points[:13])
    together, trouble = points[13], points[14]
    if total is None or together is None or trouble is None:
        return Second(total=None, incomplete=True)
    positive = total >= 7 and together == 1 and trouble >= 2
    return Second(total=_two_places(total), findings={"screen": "positive" if positive else "negative"})


# ── clinicians' ratings ──────────────────────────────────────────────────────────────────────────────────────────────


def _madrs(points: Points) -> Second:
    suicide, unsaid = _safety(points, 10)
    total = _sum(points)
    if total is None:
        return Second(incomplete=True, safety_item=suicide, safety_item_missing=unsaid)
    severity = "normal" if total <= 6 else "mild" if total <= 19 else "moderate" if total <= 34 else "severe"
    return Second(total=_two_places(total), severity=severity, safety_item=suicide, safety_item_missing=unsaid)


def _hamd17(points: Points) -> Second:
    suicide, unsaid = _safety(points, 3)
    part = _subscores(HAMD6=_sum(_pick(points, 1, 2, 7, 8, 10, 13)))
    total = _sum(points)
    if total is None:
        return Second(incomplete=True, safety_item=suicide, safety_item_missing=unsaid, subscores=part)
    severity = "none" if total <= 7 else "mild" if total <= 16 else "moderate" if total <= 23 else "severe"
    return Second(
        total=_two_places(total),
        severity=severity,
        safety_item=suicide,
        safety_item_missing=unsaid,
        subscores=part,
    )


def _without_bands(points: Points) -> Second:
    total = _sum(points)
    return Second(incomplete=True) if total is None else Second(total=_two_places(total))


def _ymrs(points: Points) -> Second:
    total = _sum(points)
    if total is None:
        return Second(incomplete=True)
    severity = "manic" if total >= 21 else "hypomanic" if total >= 12 else "non_manic"
    return Second(total=_two_places(total), severity=severity)


def _cadss23(points: Points) -> Second:
    parts = _subscores(
        depersonalisation=_sum(_pick(points, 3, 4, 5, 6, 7, 20, 21, 23)),
        derealisation=_sum(_pick(points, 1, 2, 8, 9, 10, 11, 12, 13, 16, 17, 18, 19)),
        amnesia=_sum(_pick(points, 14, 15, 22)),
        CADSS6=_sum(_pick(points, 1, 2, 6, 7, 15, 22)),
    )
    total = _sum(points)
    if total is None:
        return Second(incomplete=True, subscores=parts)
    return Second(total=_two_places(total), subscores=parts)


def _moaas(points: Points) -> Second:
    # 5 is awake: here, and only here, less is worse.
    (level,) = points
    if level is None:
        return Second(incomplete=True)
    severity = {5: "none", 4: "mild", 0: "loss_of_consciousness"}.get(int(level), "moderate_or_greater")
    return Second(total=_two_places(level), severity=severity)


def _columbia(points: Points) -> Second:
    dead, thoughts, method, intent, plan, ever, lately = (None if p is None else p == 1 for p in points)
    followed_up = (method, intent, plan)
    if thoughts is False and any(answer is not None for answer in followed_up):
        raise NotAnAnswer
    if ever is True and lately is None:
        raise NotAnAnswer
    if intent or plan or lately:
        tier = "high"
    elif method or ever:
        tier = "moderate"
    elif dead or thoughts:
        tier = "low"
    else:
        tier = "none"
    # What is answered already puts somebody at least in this tier; that nothing was found takes every answer.
    incomplete = None in (dead, thoughts, ever, *(followed_up if thoughts else ()))
    return Second(severity=None if incomplete and tier == "none" else tier, incomplete=incomplete)


_SCORERS: Final[Mapping[str, Callable[[Points], Second]]] = MappingProxyType(
    {
        "PHQ9": _phq9,
        "PHQ2": _phq2,
        "GAD7": _gad7,
        "QIDSSR16": _qids,
        "MADRS": _madrs,
        "HAMD17": _hamd17,
        "HAMD6": _without_bands,
        "BDI2": _bdi,
        "EPDS": _epds,
        "PCL5": _pcl5,
        "CSSRS_SCR": _columbia,
        "YMRS": _ymrs,
        "CADSS23": _cadss23,
        "CADSS6": _without_bands,
        "MOAAS": _moaas,
        "BPRS4": _without_bands,
        "MDQ": _mdq,
    }
)


def score(code: str, items: Sequence[Given]) -> Second:
    """Score one form.

    Args:
        code: The instrument.
        items: The answers in the order of the form, None where there is none. The Columbia screener's seventh is
            "within the past three months"; the MDQ's fourteenth is "at the same time" and its fifteenth the
            trouble it caused, 0-3. The EPDS is scored from scores; see `epds_from_positions`.

    Raises:
        NotAnAnswer: Not a form of this instrument.
    """
    return _SCORERS[code](_read(code, items))
