"""When a new fact about a person looks wrong enough to ask: are you sure?"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from app.kernel.errors import Conflict


class DuplicateIdentifier(Conflict):
    """Another patient of the clinic has this identifier."""

    code = "duplicate-identifier"
    title = "Another patient has this identifier"
    advice = (
        "Look the identifier up with POST /v1/patients/search: it may be the same person. Otherwise correct the "
        "identifier."
    )


def folded(name: str) -> str:
    """A name as search compares it: no case, no accents, single spaces."""
    plain = unicodedata.normalize("NFKD", name)
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).casefold().split())


@dataclass(frozen=True, slots=True)
class WeighedBefore:
    """An earlier weight to compare with."""

    weight_kg: Decimal
    measured_at: datetime


def weight_is_surprising(
    weight_kg: Decimal, measured_at: datetime, before: WeighedBefore | None, *, fraction: Decimal, recent: timedelta
) -> bool:
    """Whether a weight differs from a recent one so much that it is more likely a slip (pounds, a digit).

    Args:
        weight_kg: The new weight.
        measured_at: When it was measured.
        before: The weight to compare with, if there is one.
        fraction: The least difference that surprises, as a fraction of the earlier weight; exactly that surprises.
        recent: How far apart two weights may be measured and still be compared.
    """
    if before is None or abs(measured_at - before.measured_at) > recent:
        return False
    return abs(weight_kg - before.weight_kg) >= before.weight_kg * fraction
