"""How invented bodies answer to the drug: pressure, heart, breathing, wakefulness and dissociation.

Figures marked "published" come from the literature named beside them; the rest is chosen so that the whole looks like
a clinic. Everything is drawn from the generator that is handed in, so the same seed gives the same people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Final

# Rise of pressure at its peak, mean and SD over all infusions: published, Yale, Gen Hosp Psychiatry 2024 (138 patients,
# 2342 infusions). Part of the spread is the person's own, part the day's, part the cuff's.
SYSTOLIC_RISE: Final = (16.0, 11.2)
DIASTOLIC_RISE: Final = (11.0, 8.45)
_HEART_RISE: Final = (8.0, 8.0)
_OWN_SHARE: Final = 0.54
_CUFF_SD: Final = 2.0
# Which share of the peak is reached at a minute after the start, where the peak is at 40 minutes.
_CURVE: Final[Mapping[float, float]] = {
    0: 0.0, 10: 0.45, 20: 0.70, 30: 0.90, 40: 1.0, 60: 0.55, 80: 0.30, 100: 0.15, 120: 0.05, 240: 0.0,
}  # fmt: skip
_PEAK_MINUTE: Final = 40

# The peak of the CADSS in a first session, and what is left of it in later ones. Its gamma distribution is fitted to
# 61 to 84 % above 4 points in the esketamine trials; it falls over infusions in McIntyre et al. 2020.
CADSS_SHAPE_AND_SCALE: Final = (1.36, 10.3)
_MOST_CADSS: Final = 92
_FADES_BY, _FADES_TO = 0.85, 0.5
_CADSS_PER_INTENSITY: Final = 4
# The deepest sedation of a session by MOAA/S: published per session of the nasal spray; the split below 4 is chosen.
SEDATION: Final[Mapping[int, float]] = {5: 0.45, 4: 0.487, 3: 0.04, 2: 0.015, 1: 0.005, 0: 0.003}
_SEDATED_MINUTES: Final = (25, 50)

_PHENOMENA: Final = (
    "time_distortion", "detachment_from_self", "detachment_from_surroundings", "body_distortion", "floating",
    "visual_changes", "auditory_changes", "numbness", "emotional_release", "mystical_experience", "gaps_in_memory",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """Vital signs at a minute after the start of the dose."""

    minute: int
    systolic_mmhg: int
    diastolic_mmhg: int
    heart_rate_bpm: int
    respiratory_rate_per_min: int
    spo2_percent: int
    sedation_moaas: int


@dataclass(frozen=True, slots=True)
class Reaction:
    """How a body is and answers in one session: before the dose, and by how much at the peak."""

    systolic: float
    diastolic: float
    heart_rate: float
    systolic_rise: float
    diastolic_rise: float
    heart_rise: float
    deepest_moaas: int
    cadss: int

    @property
    def intensity(self) -> int:
        """Dissociation from 0, none, to 10."""
        return min(10, round(self.cadss / _CADSS_PER_INTENSITY))

    def reading(self, minute: int, random: Random, *, peak_minute: int = _PEAK_MINUTE) -> Reading:
        """What is measured at a minute after the start; the curve is stretched to have its peak at `peak_minute`."""
        share = share_of_peak(minute * _PEAK_MINUTE / peak_minute)
        upper = between(self.systolic + share * self.systolic_rise + random.gauss(0, _CUFF_SD), 85, 215)
        lower = between(self.diastolic + share * self.diastolic_rise + random.gauss(0, _CUFF_SD), 45, upper - 15)
        first, last = (edge * peak_minute / _PEAK_MINUTE for edge in _SEDATED_MINUTES)
        return Reading(
            minute,
            upper,
            lower,
            between(self.heart_rate + share * self.heart_rise + random.gauss(0, _CUFF_SD), 45, 150),
            between(random.gauss(14.5, 1.6), 9, 24),
            between(random.gauss(97.5 - share / 2, 1.2), 89, 100),
            self.deepest_moaas if first <= minute <= last else max(self.deepest_moaas, 5 if share < 0.6 else 4),  # noqa: PLR2004
        )

    def phenomena(self, random: Random) -> list[str]:
        """What the experience is made of, in the record's words."""
        return sorted(random.sample(_PHENOMENA, k=min(4, 1 + self.intensity // 3))) if self.intensity else []


@dataclass(frozen=True, slots=True)
class Body:
    """What stays the same about a person from session to session; rises in SDs of the person's own part."""

    weight_kg: float
    systolic: float
    diastolic: float
    heart_rate: float
    systolic_surge: float
    diastolic_surge: float
    cadss: float

    def reaction(self, session: int, random: Random) -> Reaction:
        """How it answers in the person's so-manieth session, counted from 1."""
        fading = max(_FADES_TO, _FADES_BY ** (session - 1))
        # The first session has the person's own peak; later ones vary around what is left of it.
        varying = 1.0 if session == 1 else random.lognormvariate(-0.03, 0.25)
        return Reaction(
            clipped(self.systolic + random.gauss(0, 6), 90, 178),
            clipped(self.diastolic + random.gauss(0, 4), 52, 108),
            clipped(self.heart_rate + random.gauss(0, 5), 48, 115),
            _rise(SYSTOLIC_RISE, self.systolic_surge, random),
            _rise(DIASTOLIC_RISE, self.diastolic_surge, random),
            random.gauss(*_HEART_RISE),
            random.choices(list(SEDATION), list(SEDATION.values()))[0],
            between(self.cadss * fading * varying, 0, _MOST_CADSS),
        )


def _rise(mean_and_sd: tuple[float, float], surge: float, random: Random) -> float:
    """A session's rise: the person's own part and the day's, so that both and the cuff add up to the published SD."""
    mean, sd = mean_and_sd
    own = _OWN_SHARE * sd
    day = (sd**2 - own**2 - 2 * _CUFF_SD**2) ** 0.5
    return mean + own * surge + random.gauss(0, day)


def share_of_peak(minute: float) -> float:
    """Which share of the peak is reached at a minute after the start, on straight lines between what is known."""
    for (earlier, low), (later, high) in pairwise(_CURVE.items()):
        if earlier <= minute <= later:
            return low + (high - low) * (minute - earlier) / (later - earlier)
    return 0.0


def draw_body(random: Random) -> Body:
    """A person's body."""
    return Body(
        weight_kg=round(clipped(random.gauss(78, 16), 46, 135), 1),
        systolic=clipped(random.gauss(125, 12.6), 98, 165),
        diastolic=clipped(random.gauss(78, 8), 58, 102),
        heart_rate=clipped(random.gauss(74, 9.8), 52, 106),
        systolic_surge=random.gauss(0, 1),
        diastolic_surge=random.gauss(0, 1),
        cadss=random.gammavariate(*CADSS_SHAPE_AND_SCALE),
    )


def thinned(minutes: Sequence[int], random: Random, *, missed: float = 0.05) -> list[int]:
    """At which minutes somebody really measures, of those a protocol asks for: a little late, and now and then not.

    The reading at the peak is not left out, nor the last one, after which the patient goes.
    """
    kept = [one for one in minutes if one in {_PEAK_MINUTE, minutes[-1]} or random.random() >= missed]
    return [one + random.choice((0, 0, 0, 0, 1, 1, 2)) for one in kept]


def clipped(value: float, low: float, high: float) -> float:
    """A value, or the nearer edge of its range."""
    return min(high, max(low, value))


def between(value: float, low: int, high: int) -> int:
    """A value rounded into its range."""
    return round(clipped(value, low, high))
