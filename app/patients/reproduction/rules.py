"""What dated facts say of a day: pregnant, breast-feeding, after a delivery, neither, or nobody knows.

Where facts disagree the careful reading wins: on one day a positive test outweighs a negative one, and a pregnancy that
was confirmed does not end by a test. What is old says nothing: "neither" needs a fact of the last weeks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from app.kernel.errors import Fault, Invalid


class FactKind(StrEnum):
    """A kind of fact about reproduction."""

    PREGNANCY_TEST = "pregnancy_test"
    PREGNANCY = "pregnancy"
    DELIVERY = "delivery"
    BREAST_FEEDING = "breast_feeding"
    CONTRACEPTION = "contraception"


class FactValue(StrEnum):
    """How it was."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    UNCLEAR = "unclear"
    YES = "yes"
    NO = "no"


VALUES: Final[Mapping[FactKind, tuple[FactValue | None, ...]]] = {
    FactKind.PREGNANCY_TEST: (FactValue.POSITIVE, FactValue.NEGATIVE, FactValue.UNCLEAR),
    FactKind.PREGNANCY: (FactValue.YES, FactValue.NO),
    FactKind.DELIVERY: (None,),
    FactKind.BREAST_FEEDING: (FactValue.YES, FactValue.NO),
    FactKind.CONTRACEPTION: (FactValue.YES, FactValue.NO),
}


class ValueNotOfKind(Invalid):
    """Each kind of fact has its own values."""

    code = "value-not-of-kind"
    title = "This kind of fact has other values"
    advice = (
        "A pregnancy test is positive, negative or unclear; a delivery has no value; the other kinds are yes or no."
    )


class ReproductiveState(StrEnum):
    """What a day is like."""

    PREGNANT = "pregnant"
    BREAST_FEEDING = "breast_feeding"
    POSTPARTUM = "postpartum"
    NEITHER = "neither"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ReproductiveLimits:
    """How long a fact holds, in days."""

    pregnancy_days: int
    negative_test_days: int
    postpartum_days: int
    source: str


@dataclass(frozen=True, slots=True)
class ReproductiveFact:
    """A fact of a day; a delivery has no value."""

    kind: FactKind
    value: FactValue | None
    on: date


@dataclass(frozen=True, slots=True)
class StateOfDay:
    """The state, the day of the fact it rests on, and the days since the last delivery; None where there is none."""

    state: ReproductiveState
    since: date | None
    days_since_delivery: int | None


def require_value(kind: FactKind, value: FactValue | None) -> None:
    """Refuse a value that another kind has.

    Raises:
        ValueNotOfKind: with the values it has.
    """
    if value not in VALUES[kind]:
        allowed = " or ".join("null" if one is None else one for one in VALUES[kind])
        raise ValueNotOfKind(faults=[Fault("value_not_of_kind", f"Must be {allowed}.", pointer="#/value")])


def reproductive_state_at(facts: Iterable[ReproductiveFact], on: date, limits: ReproductiveLimits) -> StateOfDay:
    """Say what is known of a day. Of several states the one that matters most is answered, in the order of the enum.

    Args:
        facts: All facts of one person that stand; later ones than the day are left out.
        on: The day.
        limits: How long a fact holds.
    """
    known = sorted((fact for fact in facts if fact.on <= on), key=lambda fact: fact.on)
    delivered_on = max((fact.on for fact in known if fact.kind is FactKind.DELIVERY), default=None)
    days_since = None if delivered_on is None else (on - delivered_on).days
    pregnant_since = _pregnant_since(known)
    feeding_since = _feeding_since(known)
    if pregnant_since is not None:
        is_over = on - pregnant_since > timedelta(days=limits.pregnancy_days)
        state, since = (ReproductiveState.UNKNOWN if is_over else ReproductiveState.PREGNANT), pregnant_since
    elif feeding_since is not None:
        state, since = ReproductiveState.BREAST_FEEDING, feeding_since
    elif days_since is not None and days_since <= limits.postpartum_days:
        state, since = ReproductiveState.POSTPARTUM, delivered_on
    else:
        denied_on = max((fact.on for fact in known if _denies(fact)), default=None)
        holds = denied_on is not None and on - denied_on <= timedelta(days=limits.negative_test_days)
        state, since = (ReproductiveState.NEITHER, denied_on) if holds else (ReproductiveState.UNKNOWN, None)
    return StateOfDay(state, since, days_since)


def _denies(fact: ReproductiveFact) -> bool:
    return (fact.kind, fact.value) in {
        (FactKind.PREGNANCY_TEST, FactValue.NEGATIVE),
        (FactKind.PREGNANCY, FactValue.NO),
    }


def _pregnant_since(known: Sequence[ReproductiveFact]) -> date | None:
    """The first day of a pregnancy that nothing ended. Facts come by day; on one day what affirms it comes last."""
    since: date | None = None
    is_confirmed = False
    for fact in sorted(known, key=lambda fact: (fact.on, _affirms(fact))):
        if _affirms(fact):
            since = since or fact.on
            is_confirmed = is_confirmed or fact.kind is FactKind.PREGNANCY
        elif fact.kind is FactKind.DELIVERY or (fact.kind, fact.value) == (FactKind.PREGNANCY, FactValue.NO):
            since, is_confirmed = None, False
        elif _denies(fact) and not is_confirmed:
            since = None
    return since


def _affirms(fact: ReproductiveFact) -> bool:
    return (fact.kind, fact.value) in {
        (FactKind.PREGNANCY_TEST, FactValue.POSITIVE),
        (FactKind.PREGNANCY, FactValue.YES),
    }


def _feeding_since(known: Sequence[ReproductiveFact]) -> date | None:
    """The first day of breast-feeding that nothing ended; on one day yes outweighs no."""
    since: date | None = None
    told = [fact for fact in known if fact.kind is FactKind.BREAST_FEEDING]
    for fact in sorted(told, key=lambda fact: (fact.on, fact.value is FactValue.YES)):
        since = (since or fact.on) if fact.value is FactValue.YES else None
    return since
