"""When a new fact about a person looks wrong enough to ask: are you sure?"""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from app.kernel.errors import Conflict, Fault, Invalid


class DuplicateIdentifier(Conflict):
    """Another patient of the clinic has this identifier."""

    code = "duplicate-identifier"
    title = "Another patient has this identifier"
    advice = (
        "Look the identifier up with POST /v1/patients/search: it may be the same person. Otherwise correct the "
        "identifier."
    )


class UnknownClass(Invalid):
    """No shipped class of medicines has this code."""

    code = "unknown-class"
    title = "There is no such class of medicines"
    advice = "Take a code the description of the member lists; leave it out where none fits."


def require_class(shipped: Collection[str], code: str, pointer: str) -> None:
    """Refuse a class that is not shipped.

    Raises:
        UnknownClass: with the pointer.
    """
    if code not in shipped:
        raise UnknownClass(faults=[Fault("unknown_class", "Is not one of the coded classes.", pointer=pointer)])


def folded(name: str) -> str:
    """A name as search compares it: no case, no accents, single spaces."""
    plain = unicodedata.normalize("NFKD", name)
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).casefold().split())


def weight_is_old(measured_at: datetime, now: datetime, valid_days: int) -> bool:
    """Whether a weight is too old to reckon a dose from; exactly so many days old it is not."""
    return now - measured_at > timedelta(days=valid_days)


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


def age_on(day: date, *, birth_on: date | None, birth_year: int | None = None) -> int | None:
    """Years lived by a day: as many as are certain where only the year of birth is known; None where neither is."""
    if birth_on is not None:
        return day.year - birth_on.year - ((day.month, day.day) < (birth_on.month, birth_on.day))
    return None if birth_year is None else day.year - birth_year - 1
