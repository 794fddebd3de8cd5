"""Whether mania has to be rated before a session: in bipolar illness a rating stands for some days only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from app.assessments.rules.windows import Dosed, Placed

_HOURS_A_DAY: Final = 24


@dataclass(frozen=True, slots=True)
class ManiaRatingRule:
    """Which rating, for which indications (the beginnings of their codes), and how many hours it stands."""

    instrument: str
    indications: tuple[str, ...]
    hours: int
    source: str
    verified: bool


def mania_rating_due(
    indication_code: str | None, ratings: Iterable[Placed], at: Dosed, *, rule: ManiaRatingRule
) -> bool:
    """Say whether a rating of mania is missing before a session.

    Args:
        indication_code: What the course treats, in ICD-10; None where nobody told, which asks for no rating.
        ratings: The patient's scores with the rule's instrument, in any order. One without a total does not count.
        at: The beginning of the session, and its day on the clinic's clock.
        rule: Which rating, and how long it stands.

    Returns:
        False for other indications. A rating of exactly `rule.hours` before still stands; of one whose day alone is
        known, the whole day has to lie within them.
    """
    if indication_code is None or not indication_code.startswith(rule.indications):
        return False
    return not any(rating.total is not None and _stands(rating, at, rule.hours) for rating in ratings)


def _stands(rating: Placed, at: Dosed, hours: int) -> bool:
    if rating.answered_at is not None:
        return timedelta(0) <= at.started_at - rating.answered_at <= timedelta(hours=hours)
    return 0 <= (at.on - rating.answered_on).days * _HOURS_A_DAY < hours
