"""When mania has to be rated before a session."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.assessments.catalogue import mania_rating_rule, shipped_instruments
from app.assessments.rules.mania import mania_rating_due
from app.assessments.rules.windows import Dosed
from tests.assessments.test_windows import Filled

RULE = mania_rating_rule()
AT = Dosed(datetime(2026, 3, 5, 15, 0, tzinfo=UTC), date(2026, 3, 5))


def rated(hours_before: float, total: Decimal | None = Decimal(4)) -> Filled:
    moment = AT.started_at - timedelta(hours=hours_before)
    return Filled(moment, moment, None, total=total)


def rated_on(day: date) -> Filled:
    return Filled(datetime(day.year, day.month, day.day, 17, tzinfo=UTC), None, day)


def test_the_shipped_rule_names_a_shipped_instrument() -> None:
    assert (RULE.instrument, RULE.hours, RULE.indications) == ("YMRS", 72, ("F31",))
    assert RULE.instrument in {code for code, _ in shipped_instruments()}
    assert RULE.source.startswith("Seriatim default")


@pytest.mark.parametrize(
    ("indication_code", "due"),
    [("F31.81", True), ("F31", True), ("F33.2", False), ("F30.1", False), ("F53.0", False), (None, False)],
)
def test_only_bipolar_illness_asks_for_it(indication_code: str | None, due: bool) -> None:
    assert mania_rating_due(indication_code, [], AT, rule=RULE) is due


@pytest.mark.parametrize(
    ("rating", "due"),
    [
        (rated(0), False),
        (rated(1), False),
        (rated(72), False),
        (rated(72.001), True),
        (rated(-0.001), True),  # after the session has begun
        (rated(1, None), True),  # too many gaps for a total
        (rated_on(date(2026, 3, 5)), False),
        (rated_on(date(2026, 3, 3)), False),
        (rated_on(date(2026, 3, 2)), True),  # its morning is more than three days before
        (rated_on(date(2026, 3, 6)), True),
    ],
)
def test_a_rating_stands_for_three_days(rating: Filled, due: bool) -> None:
    assert mania_rating_due("F31.9", [rating], AT, rule=RULE) is due
    assert mania_rating_due("F31.9", [rated(200), rating, rated(300)], AT, rule=RULE) is due
