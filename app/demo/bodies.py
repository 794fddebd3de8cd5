"""How invented bodies and moods behave: pressure, heart, dissociation and scores as published series describe them.

Figures marked "published" come from the literature named beside them; the rest is chosen so that the whole looks like
a clinic. Everything is drawn from one seeded generator, so the same seed gives the same people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Final

# The rise of pressure at its peak, 40 minutes after the start: published, Yale, Gen Hosp Psychiatry 2024.
_SYSTOLIC_RISE: Final = (16.0, 11.2)
_DIASTOLIC_RISE: Final = (11.0, 8.45)
_HEART_RISE: Final = (8.0, 8.0)
# Which share of the peak is reached at a minute after the start.
_CURVE: Final[Mapping[int, float]] = {
    -10: 0.0, 10: 0.45, 20: 0.70, 30: 0.90, 40: 1.0, 60: 0.55, 80: 0.30, 100: 0.15, 120: 0.05,
}  # fmt: skip
READING_MINUTES: Final = tuple(_CURVE)

# The share of the final change that is reached after each infusion.
_REACHED: Final = (0.0, 0.40, 0.58, 0.72, 0.84, 0.93, 1.0)
_PHQ9_ITEMS: Final = 9
_MOST_PER_ITEM: Final = 3

_PHENOMENA: Final = (
    "time_distortion", "detachment_from_self", "detachment_from_surroundings", "body_distortion", "floating",
    "visual_changes", "auditory_changes", "numbness", "emotional_release",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """Vital signs at a minute after the start of the infusion."""

    minute: int
    systolic_mmhg: int
    diastolic_mmhg: int
    heart_rate_bpm: int
    spo2_percent: int
    sedation_moaas: int


@dataclass(frozen=True, slots=True)
class Body:
    """What stays the same about a person from session to session."""

    weight_kg: float
    systolic: float
    diastolic: float
    heart_rate: float
    intensity: float
    first_score: int
    last_score: int

    def readings(self, random: Random) -> Sequence[Reading]:
        """A session's series of vital signs, with the pressure rising to its peak at 40 minutes."""
        systolic, diastolic = random.gauss(*_SYSTOLIC_RISE), random.gauss(*_DIASTOLIC_RISE)
        heart = random.gauss(*_HEART_RISE)
        series: list[Reading] = []
        for minute, share in _CURVE.items():
            upper = _between(self.systolic + share * systolic + random.gauss(0, 2), 85, 210)
            lower = _between(self.diastolic + share * diastolic + random.gauss(0, 2), 45, upper - 20)
            series.append(
                Reading(
                    minute,
                    upper,
                    lower,
                    _between(self.heart_rate + share * heart + random.gauss(0, 2), 45, 140),
                    _between(random.gauss(97.5, 1.2), 91, 100),
                    4 if 20 <= minute <= 40 and random.random() < 0.5 else 5,  # noqa: PLR2004
                )
            )
        return series

    def dissociation(self, number: int, random: Random) -> tuple[int, list[str]]:
        """How strong the experience is, 0 to 10, and what it is made of; it weakens from session to session."""
        fading = max(0.5, 0.85 ** (number - 1))
        intensity = _between(self.intensity * fading + random.gauss(0, 1), 0, 10)
        return intensity, sorted(random.sample(_PHENOMENA, k=min(3, 1 + intensity // 3))) if intensity else []

    def phq9(self, infusions: int, random: Random) -> int:
        """The PHQ-9 total after so many infusions."""
        reached = _REACHED[min(infusions, len(_REACHED) - 1)]
        noise = random.gauss(0, 1.5) if infusions else 0
        return _between(self.first_score + reached * (self.last_score - self.first_score) + noise, 0, 27)


def draw_body(random: Random) -> Body:
    """A person. Scores follow a large practice registry: half respond, a third remit, few get worse."""
    first = _between(random.gauss(18, 5), 8, 27)
    gained = min(1.0, max(-0.6, random.gauss(0.52, 0.40)))
    return Body(
        weight_kg=round(_clipped(random.gauss(78, 16), 48, 130), 1),
        systolic=_clipped(random.gauss(125, 11), 100, 152),
        diastolic=_clipped(random.gauss(78, 8), 60, 95),
        heart_rate=_clipped(random.gauss(74, 10), 52, 100),
        intensity=_clipped(random.gammavariate(1.36, 10.3) / 4, 0, 10),
        first_score=first,
        last_score=_between(first * (1 - gained), 0, 27),
    )


def phq9_items(total: int, safety_item: int, random: Random) -> list[Decimal | None]:
    """Nine answers with this total, the last of them the answer about suicide."""
    items = [0] * (_PHQ9_ITEMS - 1)
    rest = min(max(0, total - safety_item), _MOST_PER_ITEM * len(items))
    while rest:
        place = random.randrange(len(items))
        if items[place] < _MOST_PER_ITEM:
            items[place] += 1
            rest -= 1
    return [Decimal(answer) for answer in (*items, safety_item)]


def _clipped(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))


def _between(value: float, low: int, high: int) -> int:
    return round(_clipped(value, low, high))
