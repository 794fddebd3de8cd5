"""What dated facts say of a day."""

from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.patients.reproduction.catalogue import reproductive_limits
from app.patients.reproduction.rules import (
    VALUES,
    FactKind,
    FactValue,
    ReproductiveFact,
    ReproductiveState,
    ValueNotOfKind,
    reproductive_state_at,
    require_value,
)

LIMITS = reproductive_limits()
ON = date(2026, 3, 2)


def fact(kind: str, value: str | None, days_ago: int) -> ReproductiveFact:
    return ReproductiveFact(FactKind(kind), None if value is None else FactValue(value), ON - timedelta(days=days_ago))


POSITIVE, NEGATIVE = ("pregnancy_test", "positive"), ("pregnancy_test", "negative")
PREGNANT, NOT_PREGNANT = ("pregnancy", "yes"), ("pregnancy", "no")
DELIVERED = ("delivery", None)
FEEDS, WEANED = ("breast_feeding", "yes"), ("breast_feeding", "no")
SAFE = ("contraception", "yes")


@pytest.mark.parametrize(
    ("facts", "state", "days_since_delivery"),
    [
        ([], "unknown", None),
        ([(SAFE, 3)], "unknown", None),  # contraception promises nothing
        ([(("pregnancy_test", "unclear"), 1)], "unknown", None),
        # Tests: the latest decides; on one day the careful reading wins.
        ([(POSITIVE, 10)], "pregnant", None),
        ([(POSITIVE, 10), (NEGATIVE, 5)], "neither", None),
        ([(NEGATIVE, 10), (POSITIVE, 5)], "pregnant", None),
        ([(POSITIVE, 5), (NEGATIVE, 5)], "pregnant", None),
        ([(POSITIVE, 10), (("pregnancy_test", "unclear"), 5)], "pregnant", None),
        ([(POSITIVE, -1)], "unknown", None),  # not yet
        # A confirmed pregnancy ends by a delivery or by being told so, not by a test.
        ([(PREGNANT, 10), (NEGATIVE, 5)], "pregnant", None),
        ([(POSITIVE, 20), (PREGNANT, 10), (NEGATIVE, 5)], "pregnant", None),
        ([(PREGNANT, 10), (NOT_PREGNANT, 5)], "neither", None),
        ([(PREGNANT, 100), (DELIVERED, 5)], "postpartum", 5),
        ([(PREGNANT, 301)], "pregnant", None),
        ([(PREGNANT, 302)], "unknown", None),
        ([(POSITIVE, 302), (PREGNANT, 10)], "unknown", None),  # one of these days is wrong
        # A denial or a negative test holds for thirty days.
        ([(NEGATIVE, 30)], "neither", None),
        ([(NEGATIVE, 31)], "unknown", None),
        ([(NOT_PREGNANT, 0)], "neither", None),
        # After a delivery.
        ([(DELIVERED, 0)], "postpartum", 0),
        ([(DELIVERED, 365)], "postpartum", 365),
        ([(DELIVERED, 366)], "unknown", 366),
        ([(DELIVERED, 366), (NEGATIVE, 3)], "neither", 366),
        ([(DELIVERED, 900), (DELIVERED, 40)], "postpartum", 40),
        # Breast-feeding goes on until it is told to have ended, and comes before the days since a delivery.
        ([(DELIVERED, 40), (FEEDS, 39)], "breast_feeding", 40),
        ([(DELIVERED, 40), (FEEDS, 39), (WEANED, 2)], "postpartum", 40),
        ([(FEEDS, 900)], "breast_feeding", None),
        ([(FEEDS, 5), (WEANED, 5)], "breast_feeding", None),
        ([(FEEDS, 400), (POSITIVE, 5)], "pregnant", None),  # what matters most is answered
    ],
)
def test_the_state_of_a_day(facts: Any, state: str, days_since_delivery: int | None) -> None:
    told = [fact(kind, value, days_ago) for (kind, value), days_ago in facts]
    for order in permutations(told):
        found = reproductive_state_at(order, ON, LIMITS)
        assert (found.state, found.days_since_delivery) == (state, days_since_delivery)


@pytest.mark.parametrize(
    ("facts", "days_ago"),
    [
        ([(POSITIVE, 20), (PREGNANT, 10)], 20),
        ([(POSITIVE, 30), (NEGATIVE, 25), (POSITIVE, 20)], 20),
        ([(DELIVERED, 40), (FEEDS, 39), (FEEDS, 3)], 39),
        ([(DELIVERED, 40)], 40),
        ([(NEGATIVE, 20), (NEGATIVE, 3)], 3),
        ([], None),
    ],
)
def test_a_state_says_since_when(facts: Any, days_ago: int | None) -> None:
    told = [fact(kind, value, days) for (kind, value), days in facts]
    since = reproductive_state_at(told, ON, LIMITS).since
    assert since == (None if days_ago is None else ON - timedelta(days=days_ago))


def test_each_kind_takes_its_own_values() -> None:
    for kind in FactKind:
        for value in (None, *FactValue):
            if value in VALUES[kind]:
                require_value(kind, value)
            else:
                with pytest.raises(ValueNotOfKind) as refused:
                    require_value(kind, value)
                assert refused.value.faults[0].pointer == "#/value"
    assert VALUES[FactKind.DELIVERY] == (None,)
    assert all(None not in VALUES[kind] for kind in FactKind if kind is not FactKind.DELIVERY)


FACTS = st.builds(
    lambda kind_value, days_ago: fact(*kind_value, days_ago),
    st.sampled_from([POSITIVE, NEGATIVE, PREGNANT, NOT_PREGNANT, DELIVERED, FEEDS, WEANED, SAFE]),
    st.integers(-50, 500),
)


@given(st.lists(FACTS, max_size=8))
def test_a_positive_test_today_is_never_overlooked(facts: list[ReproductiveFact]) -> None:
    found = reproductive_state_at([*facts, fact(*POSITIVE, 0)], ON, LIMITS)
    assert found.state in {ReproductiveState.PREGNANT, ReproductiveState.UNKNOWN}
    later = [*facts, fact(*POSITIVE, -1), fact(*DELIVERED, -2)]
    assert reproductive_state_at(later, ON, LIMITS) == reproductive_state_at(facts, ON, LIMITS)
