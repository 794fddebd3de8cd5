"""What the answers of a form come to.

Results are stored with two places, rounded half up; bands are found before that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final, assert_never

from app.assessments.rules.instrument import (
    ClusterRule,
    Combine,
    CutOff,
    Encoding,
    Entry,
    GapMethod,
    Instrument,
    Item,
    JointRule,
    Method,
    Recall,
    RiskRule,
    Subscale,
    SyndromeRule,
    TotalRange,
)
from app.kernel.errors import Fault, Invalid

SCORE_PLACES: Final = Decimal("0.01")
CARRIED_FORWARD: Final = "carried_forward_items"

Answered = Mapping[int, Decimal | None]
"""Answers by the number of their item; None is unanswered."""


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
    advice = "Send `total`; GET /v1/instruments/{instrument_code} says how an instrument is entered."


class TotalNotAccepted(Invalid):
    """The instrument comes to no total and is entered by its items."""

    code = "total-not-accepted"
    title = "This instrument is entered by its items"
    advice = "Send `items`, in the order of the form; GET /v1/instruments/{instrument_code} describes them."


@dataclass(frozen=True, slots=True)
class Score:
    """What an answered instrument comes to.

    Attributes:
        total: 2 places. None if too many items are unanswered, or where the instrument comes to no number.
        severity: The band of the total, rounded half up to a step first, or a screener's tier. None without either.
        incomplete: Too many items are unanswered for a result that can be relied on.
        prorated: The total stands in for unanswered items.
        safety_item: The answer to the safety item; None if unanswered, not asked, or only a total was entered.
        safety_item_missing: The safety item was left out by somebody who answered others. Never means "no risk".
        subscores: The parts that could be reckoned, by their codes, 2 places.
        findings: What else follows, by name, such as `syndrome` or `screen`. With gaps, a present symptom counts and an
            unanswered one does not, so a syndrome is a lower bound; without a total there is none.
        scoring_version: The rules it was scored by.
    """

    total: Decimal | None
    severity: str | None
    incomplete: bool
    prorated: bool
    safety_item: Decimal | None
    safety_item_missing: bool
    subscores: Mapping[str, Decimal]
    findings: Mapping[str, str]
    scoring_version: str


def scores_of(
    instrument: Instrument, items: Sequence[Decimal | int | None], encoding: Encoding, *, pointer: str = "#/encoding"
) -> list[Decimal | int | None]:
    """Turn answers as they were sent into scores.

    Args:
        instrument: What was answered.
        items: The answers in the order of the form.
        encoding: What they are. Scores stay as they are, also those of items that run from good to bad on the form.
        pointer: Where the encoding stands in the request.

    Raises:
        InvalidItems: The form's options have no places we know.
    """
    if encoding is Encoding.SCORE:
        return list(items)
    rule = instrument.positions
    if rule is None:
        fault = Fault("encoding_not_accepted", "Answers to this instrument are sent as scores.", pointer=pointer)
        raise InvalidItems(detail="1 member needs attention.", faults=[fault])
    turned = {index for index, item in enumerate(instrument.items) if item.number in rule.reversed_items}
    return [
        rule.top - answer if answer is not None and index in turned else answer for index, answer in enumerate(items)
    ]


def score_items(
    instrument: Instrument,
    items: Sequence[Decimal | int | None],
    *,
    recall: Recall | None = None,
    pointer: str = "#/items",
) -> Score:
    """Score the answers of a questionnaire.

    Args:
        instrument: What was answered.
        items: The answers as scores, in the order of the form; None means unanswered. As many as there are items.
        recall: Which edition was answered; None for the usual one.
        pointer: Where the list stands in the request.

    Returns:
        The score. Up to `gaps.max_missing` unanswered items take the mean of the others; with more there is no total,
        which is a result and not an error.

    Raises:
        ItemsNotAccepted: The instrument is entered by its total.
        InvalidItems: Too few or too many answers, answers that an item does not have, or answers to what was not to be
            asked; all of them at once.
    """
    if instrument.entry is Entry.TOTAL_ONLY:
        raise ItemsNotAccepted(
            detail="Send the total instead.",
            faults=(Fault(code="items_not_accepted", detail="Only a total is accepted.", pointer=pointer),),
        )
    _require_answers(instrument, items, pointer)
    answers: dict[int, Decimal | None] = {
        item.number: None if answer is None else Decimal(answer)
        for item, answer in zip(instrument.items, items, strict=True)
    }
    parts = _subscores(instrument.subscales, answers)
    safety = None if instrument.safety_item is None else answers[instrument.safety_item.number]
    anything = any(answer is not None for answer in answers.values())
    missing = sum(1 for answer in answers.values() if answer is None)
    exact: Decimal | None = None
    severity: str | None = None
    findings: dict[str, str] = {}
    match instrument.scoring.method:
        case Method.SUM:
            exact = _filled_sum(instrument, answers)
            incomplete, prorated = exact is None, exact is not None and missing > 0
        case Method.SUBSCALES:
            # Items that share a subscale are alternatives: who answers one of them has answered.
            incomplete, prorated = len(parts) < len(instrument.subscales), False
            exact = None if incomplete else sum(parts.values(), Decimal(0))
        case Method.RISK_TIER:
            assert instrument.risk is not None
            severity, incomplete = _tier(instrument.risk, answers)
            prorated = False
        case Method.CHECKLIST:
            incomplete, prorated = missing > 0, False
            findings = {
                item.finding: "yes" if answers[item.number] else "no"
                for item in instrument.items
                if item.finding is not None and answers[item.number] is not None
            }
        case _:  # pragma: no cover  (the type checker proves that nothing gets here)
            assert_never(instrument.scoring.method)
    if exact is not None:
        severity = _severity(instrument, exact)
        findings |= _findings(instrument, exact, answers)
    if recall is not None and recall.carried_forward_items:
        findings[CARRIED_FORWARD] = ",".join(str(number) for number in recall.carried_forward_items)
    return Score(
        total=None if exact is None else exact.quantize(SCORE_PLACES, ROUND_HALF_UP),
        severity=severity,
        incomplete=incomplete,
        prorated=prorated,
        safety_item=safety,
        safety_item_missing=instrument.safety_item is not None and safety is None and anything,
        subscores={code: part.quantize(SCORE_PLACES, ROUND_HALF_UP) for code, part in parts.items()},
        findings=findings,
        scoring_version=instrument.scoring_version,
    )


def score_total(instrument: Instrument, total: Decimal, *, pointer: str = "#/total") -> Score:
    """Score a total that was entered without its items.

    Returns:
        The score. Nothing is known about the safety item, so it raises no alert.

    Raises:
        TotalNotAccepted: The instrument comes to no total.
        InvalidTotal: The instrument cannot have this total.
    """
    possible = instrument.total
    if possible is None:
        raise TotalNotAccepted(
            detail="Send the items instead.",
            faults=(Fault(code="total_not_accepted", detail="Only items are accepted.", pointer=pointer),),
        )
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
        subscores={},
        findings=_cut(instrument, total),
        scoring_version=instrument.scoring_version,
    )


def dissociation_finding(instrument: Instrument, total: Decimal | None, before: Decimal | None) -> str | None:
    """Say whether a rating after a dose shows dissociation.

    Args:
        instrument: What was rated.
        total: What came of it; None where too much is unanswered.
        before: The total of the same session's rating before the dose; None where there is none.

    Returns:
        `yes` above the threshold and above the rating before; `no` otherwise; `unclassified` where it is above the
        threshold and nobody rated before the dose. None without a rule or a total.
    """
    rule = instrument.dissociation
    if rule is None or total is None:
        return None
    if total <= rule.above:
        return "no"
    if before is None:
        return "unclassified"
    return "yes" if total > before else "no"


def _require_answers(instrument: Instrument, items: Sequence[Decimal | int | None], pointer: str) -> None:
    if len(items) != len(instrument.items):
        detail = f"Must hold {len(instrument.items)} answers, null where there is none."
        faults = [Fault(code="wrong_length", detail=detail, pointer=pointer)]
    else:
        faults = [
            Fault(code="out_of_range", detail=_possible(item), pointer=f"{pointer}/{index}")
            for index, (item, answer) in enumerate(zip(instrument.items, items, strict=True))
            if answer is not None
            and (not item.minimum <= answer <= item.maximum or (Decimal(answer) - item.minimum) % item.step)
        ]
        if not faults and instrument.risk is not None:
            faults = list(_branching_faults(instrument.risk, instrument.items, items, pointer))
    if faults:
        raise InvalidItems(
            detail="1 member needs attention." if len(faults) == 1 else f"{len(faults)} members need attention.",
            faults=faults,
        )


def _possible(item: Item) -> str:
    steps = "" if item.step == 1 else f" in steps of {item.step}"
    return f"Must be between {item.minimum} and {item.maximum}{steps}, or null."


def _branching_faults(
    rule: RiskRule, form: Sequence[Item], items: Sequence[Decimal | int | None], pointer: str
) -> Iterable[Fault]:
    """What a screener that branches cannot hold: answers behind a no, and a yes without when."""
    places = {item.number: index for index, item in enumerate(form)}
    if items[places[rule.gate_item]] == 0:
        for number in rule.gated_items:
            if items[places[number]] is not None:
                detail = f"Not asked after a no to item {rule.gate_item}; must be null."
                yield Fault("not_asked", detail, pointer=f"{pointer}/{places[number]}")
    if items[places[rule.lifetime_item]] == 1 and items[places[rule.recent_item]] is None:
        detail = f"Needed after a yes to item {rule.lifetime_item}."
        yield Fault("answer_needed", detail, pointer=f"{pointer}/{places[rule.recent_item]}")


def _filled_sum(instrument: Instrument, answers: Answered) -> Decimal | None:
    """The sum of the items that count, with gaps filled as far as the rule allows; None beyond it."""
    missing = sum(1 for answer in answers.values() if answer is None)
    given = [answer for number in instrument.scoring.items if (answer := answers[number]) is not None]
    if missing > instrument.gaps.max_missing or not given:
        return None
    match instrument.gaps.method:
        case GapMethod.NONE:
            return sum(given, Decimal(0))
        case GapMethod.MEAN_SUBSTITUTION:
            return sum(given, Decimal(0)) * len(instrument.scoring.items) / len(given)
        case _:  # pragma: no cover  (the type checker proves that nothing gets here)
            assert_never(instrument.gaps.method)


def _subscores(subscales: Iterable[Subscale], answers: Answered) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for subscale in subscales:
        given = [answer for number in subscale.items if (answer := answers[number]) is not None]
        match subscale.combine:
            case Combine.SUM if len(given) == len(subscale.items):
                found[subscale.code] = sum(given, Decimal(0))
            case Combine.HIGHEST if given:
                found[subscale.code] = max(given)
            case _:  # not enough is answered
                pass
    return found


def _tier(rule: RiskRule, answers: Answered) -> tuple[str | None, bool]:
    """The tier, and whether answers are missing. What is answered already leads at least to this tier."""
    yes = {number for number, answer in answers.items() if answer}
    needed = {*answers} - {*rule.gated_items, rule.recent_item}
    if rule.gate_item in yes:
        needed |= {*rule.gated_items}
    incomplete = any(answers[number] is None for number in needed)
    reached = next((tier.label for tier in rule.tiers if yes & {*tier.items}), None)
    return (reached or (None if incomplete else rule.otherwise)), incomplete


def _findings(instrument: Instrument, exact: Decimal, answers: Answered) -> dict[str, str]:
    findings = _cut(instrument, exact)
    if (syndrome := instrument.syndrome) is not None:
        findings["syndrome"] = _syndrome(syndrome, answers)
    if (clusters := instrument.clusters) is not None:
        findings[clusters.finding] = _clusters(clusters, instrument.subscales, answers)
    if (joint := instrument.joint) is not None:
        findings[joint.finding] = _joint(joint, exact, answers)
    return findings


def _cut(instrument: Instrument, exact: Decimal) -> dict[str, str]:
    if instrument.total is None:
        return {}
    total = _to_step(instrument.total, exact)
    return {cut.finding: _said(cut, total) for cut in instrument.cut_offs}


def _said(cut: CutOff, total: Decimal) -> str:
    return cut.reached if total >= cut.at_least else cut.missed


def _severity(instrument: Instrument, exact: Decimal) -> str | None:
    if instrument.total is None:
        return None
    total = _to_step(instrument.total, exact)
    return next((band.label for band in instrument.severity.bands if band.minimum <= total <= band.maximum), None)


def _to_step(possible: TotalRange, exact: Decimal) -> Decimal:
    """The nearest total there is, halves upwards."""
    return (exact / possible.step).quantize(Decimal(1), ROUND_HALF_UP) * possible.step


def _syndrome(rule: SyndromeRule, answers: Answered) -> Syndrome:
    thresholds = dict.fromkeys(answers, rule.present_from)
    thresholds |= {special.number: special.present_from for special in rule.present_from_by_item}
    present = {number for number, answer in answers.items() if answer is not None and answer >= thresholds[number]}
    if not any((answers[number] or 0) >= rule.present_from for number in rule.core_items):
        return Syndrome.NONE
    if len(present) >= rule.major_from:
        return Syndrome.MAJOR
    return Syndrome.OTHER if len(present) >= rule.other_from else Syndrome.NONE


def _clusters(rule: ClusterRule, subscales: Iterable[Subscale], answers: Answered) -> str:
    inside = {subscale.code: subscale.items for subscale in subscales}
    met = all(
        sum(1 for number in inside[one.subscale] if (answers[number] or 0) >= rule.present_from) >= one.count
        for one in rule.needed
    )
    return "yes" if met else "no"


def _joint(rule: JointRule, total: Decimal, answers: Answered) -> str:
    also = all((answers[one.number] or 0) >= one.value for one in rule.also)
    return "positive" if also and total >= rule.total_at_least else "negative"
