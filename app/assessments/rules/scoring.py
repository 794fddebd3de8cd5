"""What the answers of a form come to.

Results are stored with two places, rounded half up; bands are found before that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final, assert_never

from app.assessments.rules.instrument import Entry, GapMethod, Instrument, SyndromeRule
from app.kernel.errors import Fault, Invalid

SCORE_PLACES: Final = Decimal("0.01")


class Syndrome(StrEnum):
    """What the answers suggest, for a screen only: a diagnosis needs an interview."""

    MAJOR = "major"
    OTHER = "other"
    NONE = "none"


class InvalidItems(Invalid):
    """The answers do not fit the instrument; each fault points at one item, none repeats an answer."""

    code = "validation-failed"
    title = "The request body is not valid"


class InvalidTotal(Invalid):
    """The total is not one this instrument can have."""

    code = "validation-failed"
    title = "The request body is not valid"


class ItemsNotAccepted(Invalid):
    """The instrument is entered by its total."""

    code = "items-not-accepted"
    title = "This instrument is entered by its total"


@dataclass(frozen=True, slots=True)
class Score:
    """What an answered instrument comes to.

    Attributes:
        total: 2 places if prorated. None if too many items are unanswered.
        severity: The band of the total, rounded half up to a step first. None without a total or without bands.
        incomplete: Too many items are unanswered for a total.
        prorated: The total stands in for unanswered items.
        safety_item: The answer to the safety item; None if unanswered, not asked, or only a total was entered.
        safety_item_missing: The safety item was left out by somebody who answered others. Never means "no risk".
        syndrome: What present symptoms suggest. Unanswered items count as absent, so with gaps it is a lower bound.
            None without a total, without items, or where the instrument has no such rule.
        scoring_version: The rules it was scored by.
    """

    total: Decimal | None
    severity: str | None
    incomplete: bool
    prorated: bool
    safety_item: int | None
    safety_item_missing: bool
    syndrome: Syndrome | None
    scoring_version: str


def score_items(instrument: Instrument, items: Sequence[int | None], *, pointer: str = "#/items") -> Score:
    """Score the answers of a questionnaire.

    Args:
        instrument: What was answered.
        items: The answers as scores, in the order of the form; None means unanswered. As many as there are items.
        pointer: Where the list stands in the request.

    Returns:
        The score. Up to `gaps.max_missing` unanswered items take the mean of the others; with more there is no total,
        which is a result and not an error.

    Raises:
        ItemsNotAccepted: The instrument is entered by its total.
        InvalidItems: Too few or too many answers, or answers that an item does not have, all of them at once.
    """
    if instrument.entry is Entry.TOTAL_ONLY:
        raise ItemsNotAccepted(
            detail="Send the total instead.",
            faults=(Fault(code="items_not_accepted", detail="Only a total is accepted.", pointer=pointer),),
        )
    _require_answers(instrument, items, pointer)
    answered = [item for item in items if item is not None]
    missing = len(items) - len(answered)
    incomplete = missing > instrument.gaps.max_missing or not answered
    exact = None if incomplete else _filled_sum(instrument.gaps.method, answered, len(items))
    safety_item = _safety_answer(instrument, items)
    rule = instrument.syndrome
    return Score(
        total=exact if exact is None or missing == 0 else exact.quantize(SCORE_PLACES, ROUND_HALF_UP),
        severity=None if exact is None else _severity(instrument, exact),
        incomplete=incomplete,
        prorated=missing > 0 and not incomplete,
        safety_item=safety_item,
        safety_item_missing=instrument.safety_item is not None and safety_item is None and bool(answered),
        syndrome=None if incomplete or rule is None else _syndrome(rule, instrument, items),
        scoring_version=instrument.scoring_version,
    )


def score_total(instrument: Instrument, total: Decimal, *, pointer: str = "#/total") -> Score:
    """Score a total that was entered without its items.

    Returns:
        The score. Nothing is known about the safety item, so it raises no alert.

    Raises:
        InvalidTotal: The instrument cannot have this total.
    """
    possible = instrument.total
    if (
        not total.is_finite()
        or not possible.minimum <= total <= possible.maximum
        or (total - possible.minimum) % possible.step
    ):
        detail = f"Must be between {possible.minimum} and {possible.maximum}, in steps of {possible.step}."
        raise InvalidTotal(
            detail="1 member needs attention.",
            faults=(Fault(code="out_of_range", detail=detail, pointer=pointer),),
        )
    return Score(
        total=total,
        severity=_severity(instrument, total),
        incomplete=False,
        prorated=False,
        safety_item=None,
        safety_item_missing=False,
        syndrome=None,
        scoring_version=instrument.scoring_version,
    )


def _require_answers(instrument: Instrument, items: Sequence[int | None], pointer: str) -> None:
    if len(items) != len(instrument.items):
        detail = f"Must hold {len(instrument.items)} answers, null where there is none."
        faults = [Fault(code="wrong_length", detail=detail, pointer=pointer)]
    else:
        faults = [
            Fault(
                code="out_of_range",
                detail=f"Must be between {item.minimum} and {item.maximum}, or null.",
                pointer=f"{pointer}/{index}",
            )
            for index, (item, answer) in enumerate(zip(instrument.items, items, strict=True))
            if answer is not None and not item.minimum <= answer <= item.maximum
        ]
    if faults:
        raise InvalidItems(
            detail="1 member needs attention." if len(faults) == 1 else f"{len(faults)} members need attention.",
            faults=faults,
        )


def _filled_sum(method: GapMethod, answered: Sequence[int], length: int) -> Decimal:
    match method:
        case GapMethod.NONE:
            return Decimal(sum(answered))
        case GapMethod.MEAN_SUBSTITUTION:
            return Decimal(sum(answered) * length) / len(answered)
        case _:  # pragma: no cover  (the type checker proves that nothing gets here)
            assert_never(method)


def _severity(instrument: Instrument, exact: Decimal) -> str | None:
    step = instrument.total.step
    total = (exact / step).quantize(Decimal(1), ROUND_HALF_UP) * step
    return next((band.label for band in instrument.severity.bands if band.minimum <= total <= band.maximum), None)


def _safety_answer(instrument: Instrument, items: Sequence[int | None]) -> int | None:
    rule = instrument.safety_item
    if rule is None:
        return None
    return _by_number(instrument, items)[rule.number]


def _syndrome(rule: SyndromeRule, instrument: Instrument, items: Sequence[int | None]) -> Syndrome:
    answers = _by_number(instrument, items)
    thresholds = {item.number: rule.present_from for item in instrument.items}
    thresholds |= {special.number: special.present_from for special in rule.present_from_by_item}
    present = {number for number, answer in answers.items() if answer is not None and answer >= thresholds[number]}
    if not any((answers[number] or 0) >= rule.present_from for number in rule.core_items):
        return Syndrome.NONE
    if len(present) >= rule.major_from:
        return Syndrome.MAJOR
    return Syndrome.OTHER if len(present) >= rule.other_from else Syndrome.NONE


def _by_number(instrument: Instrument, items: Sequence[int | None]) -> dict[int, int | None]:
    return {item.number: answer for item, answer in zip(instrument.items, items, strict=True)}
