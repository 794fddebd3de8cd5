"""Which of the forms an address has a caller would rather have (RFC 9110, 12.5.1)."""

import re
from collections.abc import Sequence
from typing import Final

_QVALUE: Final = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")
_ANY, _ANY_SUBTYPE, _EXACT = 1, 2, 3


def preferred(accept: str | None, offered: Sequence[str]) -> str | None:
    """The offered media type a caller likes best; the first of those it likes alike.

    Args:
        accept: The `Accept` header; None accepts everything.
        offered: Media types, the usual one first.

    Returns:
        None where the caller accepts none of them.
    """
    ranges = [_range(part) for part in (accept or "*/*").split(",") if part.strip()]
    liked = [(_quality(ranges, media_type), media_type) for media_type in offered]
    best = max((quality for quality, _ in liked), default=0.0)
    return next((media_type for quality, media_type in liked if quality == best), None) if best > 0 else None


def _range(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            return name, float(value) if _QVALUE.fullmatch(value.strip()) else 0.0
    return name, 1.0


def _quality(ranges: Sequence[tuple[str, float]], media_type: str) -> float:
    """The quality of the most specific range that takes it in."""
    forms = {"*/*": _ANY, f"{media_type.split('/', maxsplit=1)[0]}/*": _ANY_SUBTYPE, media_type: _EXACT}
    fitting = [(forms[name], quality) for name, quality in ranges if name in forms]
    return max(fitting, default=(0, 0.0))[1]
