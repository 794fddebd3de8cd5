"""What a cell of a spreadsheet says, read by declared rules and never by a guess.

The order of day and month and the sign before the decimals are declared, because no file tells them: 03/04/2025 and
1,234 mean two things each. A cell that does not follow the declaration is refused, also where its meaning seems plain.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class DayOrder(StrEnum):
    """How days are written: 2025-03-04, 4.3.2025 (or 04/03/2025), 3/4/2025."""

    ISO = "iso"
    DMY = "dmy"
    MDY = "mdy"


class DecimalSign(StrEnum):
    """What stands before the decimals. Thousands are not set apart."""

    POINT = "point"
    COMMA = "comma"


@dataclass(frozen=True, slots=True)
class Writing:
    """How the file writes days and numbers, as whoever imports it declared."""

    days: DayOrder = DayOrder.ISO
    decimals: DecimalSign = DecimalSign.POINT


class BadCell(Exception):
    """A cell that cannot be read: the rule it breaks, and a sentence for people. Never what it holds."""

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(rule)
        self.rule = rule
        self.detail = detail


_MISSING: Final = frozenset({"", "n/a", "N/A", "-", "–", "—"})  # a family name may be Na, so NA is one
_FORMULA: Final = re.compile(r"[=@]")
_SPREADSHEET_ERRORS: Final = re.compile(r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|#+)")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ISO: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_DAY_FIRST: Final = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{2}|\d{4})\.?")
_TIME: Final = re.compile(r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:\.0+)?)?\s*([AaPp]\.?[Mm]\.?)?")
_DAY_AND_TIME: Final = re.compile(r"(\S+?)(?:[T]|\s+)(\d{1,2}:.*)")
_WHOLE: Final = re.compile(r"\d{1,9}")
_NUMBERS: Final[Mapping[DecimalSign, re.Pattern[str]]] = MappingProxyType(
    {
        DecimalSign.POINT: re.compile(r"\d{1,9}(?:\.\d{1,9})?"),
        DecimalSign.COMMA: re.compile(r"\d{1,9}(?:,\d{1,9})?"),
    }
)
_PRESSURE: Final = re.compile(r"(\d{2,3})\s*/\s*(\d{2,3})")
_DAMAGED: Final = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+")
_LAST_HOUR: Final = 23
_NOON_HOUR: Final = 12


def content(raw: str) -> str | None:
    """A cell's text, or None where it is missing.

    Raises:
        BadCell: a spreadsheet left its own marks in place of a value.
    """
    text = raw.strip().strip("\ufeff")
    if text in _MISSING:
        return None
    if _CONTROL.search(text):
        raise BadCell("control_characters", "The cell holds characters that are no text.")
    if _FORMULA.match(text):
        raise BadCell("formula", "The cell holds a formula and not its result; paste it as a value.")
    if _SPREADSHEET_ERRORS.fullmatch(text):
        raise BadCell("spreadsheet_error", "The spreadsheet put an error here in place of a value.")
    return text


def key(text: str) -> str:
    """A number or code by which the clinic knows something."""
    if _DAMAGED.fullmatch(text):
        raise BadCell("damaged_number", "The spreadsheet shortened this number; format the column as text.")
    if len(text) > 100:  # noqa: PLR2004  # a key is short
        raise BadCell("too_long", "A key has at most 100 characters.")
    return text


def day(text: str, order: DayOrder) -> date:
    """A day in the declared order; years have four digits.

    Raises:
        BadCell: it is another order, another form, or no day of the calendar.
    """
    if order is DayOrder.ISO:
        found = _ISO.fullmatch(text)
        parts = (found[1], found[2], found[3]) if found else None
    else:
        found = _DAY_FIRST.fullmatch(text)
        if found and len(found[4]) == 2:  # noqa: PLR2004
            raise BadCell("year_of_two_digits", "A year has four digits.")
        first_two = found and ((found[3], found[1]) if order is DayOrder.DMY else (found[1], found[3]))
        parts = (found[4], *first_two) if found and first_two else None
    if parts is not None:
        try:
            return date(*map(int, parts))
        except ValueError:
            pass
    raise BadCell("not_a_day", f"Is not a day as --dates {order} writes it.")


def reads_in_another_order(text: str, order: DayOrder) -> bool:
    """Whether a cell is no day as declared, but would be one with day and month the other way round."""
    try:
        day(text, order)
    except BadCell:
        other = {DayOrder.DMY: DayOrder.MDY, DayOrder.MDY: DayOrder.DMY}.get(order)
        if other is None:
            return False
        try:
            day(text, other)
        except BadCell:
            return False
        return True
    return False


def clock_time(text: str) -> time:
    """A time of day on the clinic's wall: 14:05, 14:05:30, 2:05 PM.

    Raises:
        BadCell: it is none.
    """
    found = _TIME.fullmatch(text)
    if found is not None:
        hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
        if found[4]:
            half = found[4][0].lower()
            hour = -1 if not 1 <= hour <= _NOON_HOUR else hour % _NOON_HOUR + (_NOON_HOUR if half == "p" else 0)
        if 0 <= hour <= _LAST_HOUR:
            try:
                return time(hour, minute, second)
            except ValueError:
                pass
    raise BadCell("not_a_time", "Is not a time of day such as 14:05 or 2:05 PM.")


def day_and_time(text: str, order: DayOrder) -> tuple[date, time | None]:
    """A day, with the time where the cell tells it too."""
    both = _DAY_AND_TIME.fullmatch(text)
    if both is None:
        return day(text, order), None
    return day(both[1], order), clock_time(both[2])


def number(text: str, sign: DecimalSign) -> Decimal:
    """A number without thousands, with the declared sign before its decimals.

    Raises:
        BadCell: it is none.
    """
    if _NUMBERS[sign].fullmatch(text) is None:
        raise BadCell("not_a_number", f"Is not a number as --decimals {sign} writes it, without a unit or thousands.")
    return Decimal(text.replace(",", "."))


def whole(text: str) -> int:
    """A whole number.

    Raises:
        BadCell: it is none.
    """
    if _WHOLE.fullmatch(text) is None:
        raise BadCell("not_a_whole_number", "Is not a whole number.")
    return int(text)


def pressure(text: str) -> tuple[int, int]:
    """Systolic and diastolic pressure, written 124/78.

    Raises:
        BadCell: it is written otherwise.
    """
    found = _PRESSURE.fullmatch(text)
    if found is None:
        raise BadCell("not_a_pressure", "Is not a pressure such as 124/78.")
    return int(found[1]), int(found[2])


def choice(words: Mapping[str, str]) -> Callable[[str], str]:
    """A reader of one of some words; case, points and spaces at the ends do not matter."""

    def read(text: str) -> str:
        found = words.get(text.casefold().strip(". ").replace(".", ""))
        if found is None:
            raise BadCell("unknown_word", f"Is none of {', '.join(dict.fromkeys(words.values()))}.")
        return found

    return read
