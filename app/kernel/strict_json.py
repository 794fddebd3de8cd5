"""JSON as I-JSON (RFC 7493): what the default parser lets through is refused before any model sees it.

Duplicate members, NaN and Infinity, NUL, lone surrogates, numbers no database holds and bottomless nesting are all
"cannot be understood": 400. Decimals stay decimals, so a dose keeps its digits.
"""

import json
from decimal import Decimal
from typing import Any, Final, NoReturn, cast

from app.kernel.errors import BadRequest

MOST_DEPTH: Final = 32
MOST_ITEMS: Final = 500
_MOST_DIGITS: Final = 30
_INT64: Final = 2**63


class MalformedJson(BadRequest):
    """The body is not JSON as RFC 7493 restricts it."""

    code = "malformed-json"
    title = "The request body is not valid JSON"
    advice = "Send UTF-8 JSON: each name once, no NaN or Infinity, nothing after the end. `detail` says what is wrong."


def parse(body: bytes) -> object:
    """The value a body stands for.

    Raises:
        MalformedJson: with a sentence that names the rule and nothing of the body.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedJson("The body is not UTF-8.") from None
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        raise MalformedJson(f"Not JSON at line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise MalformedJson(f"Nested deeper than {MOST_DEPTH} levels.") from None
    _require_plain(value, 1)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedJson("An object has the same member twice.")
    return members


def _decimal(text: str) -> Decimal | int:
    value = Decimal(text)
    if len(text) > _MOST_DIGITS or not -_MOST_DIGITS < value.adjusted() < _MOST_DIGITS:
        raise MalformedJson("A number has more digits than any quantity here.")
    # 17.0 is a whole number (JSON Schema 2020-12, 6.1.1), and some languages write whole numbers like that.
    return int(value) if value == value.to_integral_value() and abs(value) < _INT64 else value


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS or not -_INT64 <= (value := int(text)) < _INT64:
        raise MalformedJson("A whole number does not fit 64 bits.")
    return value


def _constant(_text: str) -> NoReturn:
    raise MalformedJson("NaN and Infinity are not JSON.")


def _require_plain(value: object, depth: int) -> None:
    if depth > MOST_DEPTH:
        raise MalformedJson(f"Nested deeper than {MOST_DEPTH} levels.")
    match value:
        case str():
            _require_text(value)
        case dict():
            for name, member in cast("dict[str, object]", value).items():
                _require_text(name)
                _require_plain(member, depth + 1)
        case list():
            items = cast("list[object]", value)
            if len(items) > MOST_ITEMS:
                raise MalformedJson(f"A list has more than {MOST_ITEMS} items.")
            for item in items:
                _require_plain(item, depth + 1)
        case _:
            pass


def _require_text(text: str) -> None:
    if "\x00" in text:
        raise MalformedJson("Text contains NUL.")
    if any("\ud800" <= letter <= "\udfff" for letter in text) if not text.isascii() else False:
        raise MalformedJson("Text contains half of a surrogate pair.")
