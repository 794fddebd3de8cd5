"""What a medicine does to a treatment with ketamine, by its class.

A class may have no interaction that is known (`none`), which is a finding; a medicine whose classes nobody told has no
flags either, and that is none. So the two are kept apart: no classes told, no statement made.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

BENZODIAZEPINE: Final = "benzodiazepine"


class TakenAs(StrEnum):
    """How a medicine is taken."""

    REGULAR = "regular"
    AS_NEEDED = "as_needed"


class Level(StrEnum):
    """What a class calls for: a person who looks, a person who knows, or nothing."""

    FLAG = "flag"
    INFO = "info"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Interaction:
    """What one class of medicines does, and what the source asks for."""

    code: str
    level: Level
    effect: str | None
    asks: tuple[str, ...]
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class EquivalentLimit:
    """From which daily amount of benzodiazepines, as diazepam, the effect is in doubt; exactly that much is not."""

    above_mg_per_day: Decimal
    flag: Interaction


@dataclass(frozen=True, slots=True)
class Interactions:
    """One version of the shipped classes."""

    code: str
    version: int
    classes: Mapping[str, Interaction]
    limit: EquivalentLimit

    @property
    def rule_version(self) -> str:
        """Name the classes a flag came from, such as `INTERACTIONS@1`."""
        return f"{self.code}@{self.version}"


@dataclass(frozen=True, slots=True)
class Taken:
    """A medicine as far as its interactions go; `class_codes` None where nobody told."""

    id: UUID
    class_codes: Sequence[str] | None
    diazepam_equivalent_mg_per_day: Decimal | None


@dataclass(frozen=True, slots=True)
class Flagged:
    """An interaction, and the medicines it comes from."""

    interaction: Interaction
    medication_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class EquivalentSum:
    """Benzodiazepines a day as diazepam.

    `mg_per_day` sums what is known; `missing` are benzodiazepines without an amount. `is_above` is None where what is
    known is not above the limit and something is missing.
    """

    mg_per_day: Decimal
    missing: tuple[UUID, ...]
    is_above: bool | None


def interactions_of(shipped: Interactions, class_codes: Iterable[str] | None) -> tuple[Interaction, ...] | None:
    """The flags of one medicine: those of its classes that call for something, each once.

    Returns:
        None where nobody told the classes; nothing where they are told and call for nothing.
    """
    if class_codes is None:
        return None
    found = [shipped.classes[code] for code in dict.fromkeys(class_codes)]
    return tuple(one for one in found if one.level is not Level.NONE)


def sum_of_equivalents(limit: EquivalentLimit, taken: Sequence[Taken]) -> EquivalentSum:
    """Sum what is taken a day as diazepam, and compare it with the limit; nothing is rounded.

    Args:
        limit: More than this is above.
        taken: The medicines of one patient that are taken now.
    """
    amounts = [one.diazepam_equivalent_mg_per_day for one in taken]
    total = sum((amount for amount in amounts if amount is not None), Decimal(0))
    missing = tuple(
        one.id
        for one in taken
        if BENZODIAZEPINE in (one.class_codes or ()) and one.diazepam_equivalent_mg_per_day is None
    )
    is_above = True if total > limit.above_mg_per_day else None if missing else False
    return EquivalentSum(total, missing, is_above)


def flags_of(shipped: Interactions, taken: Sequence[Taken]) -> tuple[Flagged, ...]:
    """All flags of one patient, each class once with every medicine it comes from, the sum of benzodiazepines last."""
    by_class: dict[Interaction, list[UUID]] = {}
    for one in taken:
        for interaction in interactions_of(shipped, one.class_codes) or ():
            by_class.setdefault(interaction, []).append(one.id)
    flags = [Flagged(interaction, tuple(ids)) for interaction, ids in by_class.items()]
    if sum_of_equivalents(shipped.limit, taken).is_above:
        counted = tuple(one.id for one in taken if one.diazepam_equivalent_mg_per_day)
        flags.append(Flagged(shipped.limit.flag, counted))
    return tuple(flags)
