from collections.abc import Callable
from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imports.records import cells
from app.imports.records.cells import BadCell, DayOrder, DecimalSign


def broken(act: Callable[[], object]) -> str:
    with pytest.raises(BadCell) as refused:
        act()
    return refused.value.rule


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("2025-03-04", DayOrder.ISO, date(2025, 3, 4)),
        ("04.03.2025", DayOrder.DMY, date(2025, 3, 4)),
        ("4/3/2025", DayOrder.DMY, date(2025, 3, 4)),
        ("3/4/2025", DayOrder.MDY, date(2025, 3, 4)),
        ("03-04-2025", DayOrder.MDY, date(2025, 3, 4)),
        ("29.02.2024", DayOrder.DMY, date(2024, 2, 29)),
    ],
)
def test_a_day_is_read_as_declared(text: str, order: DayOrder, expected: date) -> None:
    assert cells.day(text, order) == expected


@pytest.mark.parametrize(
    ("text", "order", "rule"),
    [
        ("04.03.2025", DayOrder.ISO, "not_a_day"),
        ("2025-03-04", DayOrder.DMY, "not_a_day"),
        ("2025-02-29", DayOrder.ISO, "not_a_day"),
        ("13/31/2025", DayOrder.MDY, "not_a_day"),
        ("4.3/2025", DayOrder.DMY, "not_a_day"),
        ("4.3.25", DayOrder.DMY, "year_of_two_digits"),
        ("45720", DayOrder.ISO, "not_a_day"),  # a spreadsheet's own number for a day
        ("4 March 2025", DayOrder.DMY, "not_a_day"),
    ],
)
def test_a_day_written_otherwise_is_refused_and_never_guessed(text: str, order: DayOrder, rule: str) -> None:
    assert broken(lambda: cells.day(text, order)) == rule


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31)))
def test_every_day_comes_back_in_each_order(on: date) -> None:
    assert cells.day(f"{on:%d.%m.%Y}", DayOrder.DMY) == on
    assert cells.day(f"{on:%m/%d/%Y}", DayOrder.MDY) == on
    assert cells.reads_in_another_order(f"{on:%m/%d/%Y}", DayOrder.DMY) == (on.day > 12)


def test_a_time_is_read_with_and_without_seconds_and_halves_of_the_day() -> None:
    told = {
        "9:05": time(9, 5),
        "09:05:30": time(9, 5, 30),
        "2:05 PM": time(14, 5),
        "12:00 am": time(0),
        "12:30 p.m.": time(12, 30),
    }
    assert {text: cells.clock_time(text) for text in told} == told
    for text in ("25:00", "9:60", "13:00 PM", "0:30 am", "9", "soon", "2025"):
        assert broken(lambda text=text: cells.clock_time(text)) == "not_a_time"


def test_a_day_may_carry_its_time() -> None:
    assert cells.day_and_time("2025-03-04T09:05", DayOrder.ISO) == (date(2025, 3, 4), time(9, 5))
    assert cells.day_and_time("04.03.2025 9:05", DayOrder.DMY) == (date(2025, 3, 4), time(9, 5))
    assert cells.day_and_time("3/4/2025 2:05 PM", DayOrder.MDY) == (date(2025, 3, 4), time(14, 5))
    assert cells.day_and_time("2025-03-04", DayOrder.ISO) == (date(2025, 3, 4), None)


def test_decimals_follow_the_declared_sign_and_thousands_are_refused() -> None:
    assert cells.number("41.2", DecimalSign.POINT) == Decimal("41.2")
    assert cells.number("41,2", DecimalSign.COMMA) == Decimal("41.2")
    for text, sign in (
        ("41,2", DecimalSign.POINT),
        ("41.2", DecimalSign.COMMA),
        ("1,234.5", DecimalSign.POINT),
        ("1.234,5", DecimalSign.COMMA),
        ("41.2 mg", DecimalSign.POINT),
        ("-1", DecimalSign.POINT),
        ("1e3", DecimalSign.POINT),
    ):
        assert broken(lambda text=text, sign=sign: cells.number(text, sign)) == "not_a_number"


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        ("=SUM(A1:A9)", "formula"),
        ('=HYPERLINK("http://x")', "formula"),
        ("@cmd", "formula"),
        ("#REF!", "spreadsheet_error"),
        ("#####", "spreadsheet_error"),
        ("a\x00b", "control_characters"),
        ("a\x1bb", "control_characters"),
    ],
)
def test_what_a_spreadsheet_leaves_in_place_of_a_value_is_refused(raw: str, rule: str) -> None:
    assert broken(lambda: cells.content(raw)) == rule


def test_missing_is_missing_and_never_nought() -> None:
    assert [cells.content(raw) for raw in ("", "  ", "n/a", "N/A", "-", "\u00a0")] == [None] * 6
    assert cells.content(" 0 ") == "0"
    assert cells.content("Na") == "Na"


def test_a_key_that_a_spreadsheet_shortened_is_refused() -> None:
    assert cells.key("00412") == "00412"
    assert broken(lambda: cells.key("1.23457E+11")) == "damaged_number"
    assert broken(lambda: cells.key("x" * 101)) == "too_long"


def test_a_pressure_is_two_numbers() -> None:
    assert cells.pressure("124 / 78") == (124, 78)
    for text in ("124", "124-78", "124/78/60", "12/8/2025"):
        assert broken(lambda text=text: cells.pressure(text)) == "not_a_pressure"
