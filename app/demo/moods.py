"""How invented people fare: their scores before, during and after a series, as published series describe them.

A large practice registry (McInnes et al. 2022, 537 courses of intravenous ketamine) has 53.6 % of response, 28.9 % of
remission and 8.4 % who got worse on the PHQ-9; of the responders some 80 % still were after four weeks, and 60 % after
eight. What is drawn here comes to that; `tests/demo/test_figures.py` reckons it from thousands of people.
"""

from dataclasses import dataclass
from random import Random
from typing import Final

from app.demo.bodies import between, clipped

# Which share of the final change is reached after so many of six infusions.
REACHED: Final = (0.0, 0.40, 0.58, 0.72, 0.84, 0.93, 1.0)
GAINED: Final = (0.52, 0.40)
_LEAST_GAINED: Final = -0.6
NOISE: Final = 1.5
PHQ9_BEFORE: Final = (18.0, 5.0, 8, 27)
_MADRS_BEFORE: Final = (31.0, 5.0, 20, 50)
_GAD7_BEFORE: Final = (12.0, 5.0, 0, 21)
_PCL5_BEFORE: Final = (45.0, 14.0, 12, 80)
_GAD7_BY_PHQ9: Final = 0.6
_PCL5_BY_GAINED: Final = 0.6
RESPONSE: Final = 0.5
# A response is lost with this chance a week, and less than half as often under maintenance (SUSTAIN-1, Daly et al.
# 2019: hazard ratio 0.49 among remitters); then half of what was gained is gone.
LOSS_A_WEEK: Final = 0.06
_LOSS_UNDER_MAINTENANCE: Final = 0.49
_KEPT_AFTER_LOSS: Final = 0.5
_PHQ9_ITEMS, _MOST_PER_ITEM = 9, 3
_HAS_THOUGHTS: Final = 0.45


@dataclass(frozen=True, slots=True)
class Mood:
    """A person's scores before a series, and what becomes of them. `gained` is the final change, as a share."""

    phq9_before: int
    madrs_before: int
    gad7_before: int
    pcl5_before: int
    gained: float
    loses_after_weeks: int | None
    has_thoughts: bool

    def change(self, given: int, planned: int, weeks_after: float = 0.0) -> float:
        """Which share of the score before is gone, after so many of the planned sessions, and weeks after the last."""
        reached = reached_after(given, planned)
        kept = 1.0
        if self.loses_after_weeks is not None and weeks_after >= self.loses_after_weeks:
            kept = _KEPT_AFTER_LOSS
        return self.gained * reached * kept

    def phq9(self, change: float, random: Random) -> int:
        """A PHQ-9 total at a change."""
        return _after(self.phq9_before, change, NOISE, 27, random)

    def madrs(self, change: float, random: Random) -> int:
        """A MADRS total at a change."""
        return _after(self.madrs_before, change, 2 * NOISE, 60, random)

    def gad7(self, change: float, random: Random) -> int:
        """A GAD-7 total: it moves by six tenths of what the PHQ-9 moves by."""
        moved = _GAD7_BY_PHQ9 * self.phq9_before * change
        return between(self.gad7_before - moved + (random.gauss(0, 1) if change else 0), 0, 21)

    def pcl5(self, change: float, random: Random) -> int:
        """A PCL-5 total."""
        return _after(self.pcl5_before, _PCL5_BY_GAINED * change, 3 * NOISE, 80, random)

    def thoughts(self, phq9: int, random: Random) -> int:
        """The answer about suicide: for those who have such thoughts it goes with the total."""
        if not self.has_thoughts or phq9 < 5 or random.random() < 0.25:  # noqa: PLR2004
            return 0
        return 1 + (phq9 >= 20 and random.random() < 0.5) + (phq9 >= 24 and random.random() < 0.3)  # noqa: PLR2004


def reached_after(given: int, planned: int) -> float:
    """Which share of the final change is reached after so many of the planned sessions."""
    place = min(6.0, 6 * given / planned)
    below = min(int(place), 5)
    return REACHED[below] + (REACHED[below + 1] - REACHED[below]) * (place - below)


def draw_mood(random: Random, *, maintained: bool = False) -> Mood:
    """How somebody fares. Who does not respond has no response to lose."""
    phq9 = _truncated(PHQ9_BEFORE, random)
    gained = clipped(random.gauss(*GAINED), _LEAST_GAINED, 1.0)
    hazard = LOSS_A_WEEK * (_LOSS_UNDER_MAINTENANCE if maintained else 1.0)
    weeks = next((week for week in range(1, 200) if random.random() < hazard), None)
    return Mood(
        phq9,
        _truncated(_MADRS_BEFORE, random),
        _truncated(_GAD7_BEFORE, random),
        _truncated(_PCL5_BEFORE, random),
        gained,
        weeks if gained >= RESPONSE else None,
        random.random() < _HAS_THOUGHTS,
    )


def _truncated(shape: tuple[float, float, int, int], random: Random) -> int:
    """A whole number of a normal distribution between two bounds; draws beyond them are thrown away."""
    mean, sd, low, high = shape
    while True:
        if low <= (drawn := random.gauss(mean, sd)) <= high:
            return round(drawn)


def _after(before: int, change: float, noise: float, most: int, random: Random) -> int:
    return between(before * (1 - change) + (random.gauss(0, noise) if change else 0), 0, most)


def phq9_items(total: int, thoughts: int, random: Random) -> list[int | None]:
    """Nine answers with this total, the last of them the answer about suicide."""
    items = [0] * (_PHQ9_ITEMS - 1)
    rest = min(max(0, total - thoughts), _MOST_PER_ITEM * len(items))
    while rest:
        place = random.randrange(len(items))
        if items[place] < _MOST_PER_ITEM:
            items[place] += 1
            rest -= 1
    return [*items, max(thoughts, total - _MOST_PER_ITEM * len(items))]
