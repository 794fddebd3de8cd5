"""When a new fact about a person looks wrong enough to ask."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.patients.rules import WeighedBefore, folded, weight_is_surprising

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
TENTH = Decimal("0.1")
RECENT = timedelta(days=90)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Müller", "muller"),
        ("  Zoë   Ann ", "zoe ann"),
        ("STRAẞE", "strasse"),
        ("Ｒｉｖｅｒａ", "rivera"),
        ("Nguyễn", "nguyen"),
        ("O'Brien", "o'brien"),
        ("İpek", "ipek"),
        ("", ""),
    ],
)
def test_names_as_search_compares_them(name: str, plain: str) -> None:
    assert folded(name) == plain


@given(st.text(max_size=50))
def test_folding_twice_changes_nothing(name: str) -> None:
    assert folded(folded(name)) == folded(name)


@pytest.mark.parametrize(
    ("weight", "days", "surprising"),
    [
        ("80", 1, False),
        ("87.99", 1, False),
        ("88", 1, True),
        ("72", 1, True),
        ("72.01", 1, False),
        ("176.37", 1, True),  # pounds taken for kilograms
        ("8", 1, True),
        ("40", 90, True),
        ("40", 91, False),
        ("40", -90, True),
        ("40", -91, False),
    ],
)
def test_weights_that_surprise(weight: str, days: int, surprising: bool) -> None:
    before = WeighedBefore(Decimal(80), NOW)
    measured = NOW + timedelta(days=days)
    assert weight_is_surprising(Decimal(weight), measured, before, fraction=TENTH, recent=RECENT) is surprising


def test_the_first_weight_surprises_nobody() -> None:
    assert not weight_is_surprising(Decimal(300), NOW, None, fraction=TENTH, recent=RECENT)
