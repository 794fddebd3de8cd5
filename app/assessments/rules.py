"""Questionnaires and ratings as data, and what their answers come to.

An instrument is a data file that names its source, its licence and each of its thresholds; scoring reads the file. A
result names the version it was scored with, so a later edition never changes what a score meant. Texts of items ship
only where their licence allows it.

Three rules protect patients: an unanswered safety item is never "no risk"; too many gaps make no total; and a safety
item raises an alert whether or not there is a total.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Final, assert_never

from app.alerts.rules import AlertSeverity
from app.kernel.errors import Fault, Invalid
from app.protocols.rules import DataFile

SCORE_PLACES: Final = Decimal("0.01")
HOURS_PLACES: Final = Decimal("0.01")
"""Results are stored with two places, rounded half up; bands are found before that."""

_MICROSECOND: Final = timedelta(microseconds=1)
_MICROSECONDS_PER_HOUR: Final = 3_600_000_000


class Respondent(StrEnum):
    """Who answers."""

    SELF = "self"
    CLINICIAN = "clinician"


class Entry(StrEnum):
    """What may be entered. Where the text of the items is not free, only the total is taken."""

    ITEMS_OR_TOTAL = "items_or_total"
    TOTAL_ONLY = "total_only"


class Clock(StrEnum):
    """What an answer speaks of: a window of days before it, or the present moment.

    A windowed answer given hours after a dose speaks mostly of the days before the dose.
    """

    WINDOWED = "windowed"
    ACUTE = "acute"


class GapMethod(StrEnum):
    """What is done about unanswered items."""

    NONE = "none"
    MEAN_SUBSTITUTION = "mean_substitution"


class Comparison(StrEnum):
    """How a score is compared with a threshold."""

    BELOW = "<"
    AT_MOST = "<="


class Syndrome(StrEnum):
    """What the answers suggest, for a screen only: a diagnosis needs an interview."""

    MAJOR = "major"
    OTHER = "other"
    NONE = "none"


class UnknownInstrument(Invalid):
    """No shipped instrument has this code."""

    code = "unknown-instrument"
    title = "There is no such instrument"


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
class Answer:
    """A choice that all items share, with its text and LOINC answer code."""

    value: int
    text: str
    loinc: str | None


@dataclass(frozen=True, slots=True)
class Item:
    """One item. `number` is the one printed on the form; a subscale keeps its parent's numbers."""

    number: int
    minimum: int
    maximum: int
    text: str | None
    loinc: str | None


@dataclass(frozen=True, slots=True)
class TotalRange:
    """What totals there are: from `minimum` to `maximum`, both included, in steps of `step`."""

    minimum: Decimal
    maximum: Decimal
    step: Decimal


@dataclass(frozen=True, slots=True)
class Band:
    """A range of totals with a name, both ends included."""

    minimum: Decimal
    maximum: Decimal
    label: str


@dataclass(frozen=True, slots=True)
class SeverityBands:
    """Bands that cover every total without gap or overlap, or none where none are published."""

    bands: tuple[Band, ...]
    source: str


@dataclass(frozen=True, slots=True)
class ResponseRule:
    """How much of the baseline has to be gone, in percent; exactly that much is enough."""

    reduction_percent: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class RemissionRule:
    """When a total counts as remission."""

    operator: Comparison
    value: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class SafetyItem:
    """The item that asks about suicide: from which answer on somebody looks, and from which on at once."""

    number: int
    review_from: int
    urgent_from: int
    source: str


@dataclass(frozen=True, slots=True)
class GapRule:
    """How many items may be unanswered, and what is done about them. More than that make no total."""

    max_missing: int
    method: GapMethod
    source: str


@dataclass(frozen=True, slots=True)
class PresentFrom:
    """From which answer on the symptom of one item counts as present."""

    number: int
    present_from: int


@dataclass(frozen=True, slots=True)
class SyndromeRule:
    """Counts present symptoms.

    A symptom is present from `present_from` on, unless `present_from_by_item` says otherwise. At least one of
    `core_items` has to reach `present_from`; then `major_from` symptoms are a major syndrome and `other_from` another.
    """

    present_from: int
    present_from_by_item: tuple[PresentFrom, ...]
    core_items: tuple[int, ...]
    major_from: int
    other_from: int
    source: str


@dataclass(frozen=True, slots=True)
class Instrument:
    """One version of a questionnaire or rating.

    `recall` is the time it asks about, in words. `instruction` and `answers` are there only where the text ships.
    None: `remission`, `safety_item` and `syndrome` where the instrument has none; LOINC codes where none exist.
    """

    code: str
    version: int
    name: str
    respondent: Respondent
    entry: Entry
    recall: str
    clock: Clock
    instruction: str | None
    answers: tuple[Answer, ...]
    items: tuple[Item, ...]
    total: TotalRange
    severity: SeverityBands
    response: ResponseRule
    remission: RemissionRule | None
    safety_item: SafetyItem | None
    gaps: GapRule
    syndrome: SyndromeRule | None
    loinc_panel: str | None
    loinc_total: str | None
    licence: str
    source: str
    verified: bool

    @property
    def scoring_version(self) -> str:
        """Name the rules a score was made by, such as `PHQ9@1`."""
        return f"{self.code}@{self.version}"


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


@dataclass(frozen=True, slots=True)
class SafetyAlert:
    """Why somebody has to look, and how soon: `safety_item_positive` or `safety_item_missing`."""

    severity: AlertSeverity
    code: str


def load_instruments(directory: Path) -> Mapping[tuple[str, int], Instrument]:
    """Read every `CODE@VERSION.json` of a directory.

    Returns:
        The instruments by code and version, in that order. Read-only.

    Raises:
        DataFileError: A file is wrong; names the file and the field.
    """
    instruments = [_instrument(DataFile.read(path)) for path in directory.glob("*.json")]
    instruments.sort(key=lambda instrument: (instrument.code, instrument.version))
    return MappingProxyType({(instrument.code, instrument.version): instrument for instrument in instruments})


def latest(instruments: Mapping[tuple[str, int], Instrument], code: str) -> Instrument | None:
    """Find the highest version of an instrument, or None where none has this code."""
    versions = [instrument for instrument in instruments.values() if instrument.code == code]
    return max(versions, key=lambda instrument: instrument.version, default=None)


def require_latest(
    instruments: Mapping[tuple[str, int], Instrument], code: str, *, pointer: str = "#/instrument"
) -> Instrument:
    """Find the highest version of an instrument that somebody asked for.

    Args:
        instruments: As `load_instruments` gives them.
        code: The code that was asked for.
        pointer: Where in the request it stands.

    Raises:
        UnknownInstrument: No instrument has this code.
    """
    instrument = latest(instruments, code)
    if instrument is None:
        raise UnknownInstrument(
            detail="Choose one of the instruments that this installation lists.",
            faults=(Fault(code="unknown_instrument", detail="There is no such instrument.", pointer=pointer),),
        )
    return instrument


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


def safety_alert(instrument: Instrument, score: Score) -> SafetyAlert | None:
    """Say whether somebody has to look at the safety item, and how soon.

    Looks at the item alone, so an incomplete questionnaire raises the alert too.
    """
    rule = instrument.safety_item
    if rule is None:
        return None
    if score.safety_item is None:
        return SafetyAlert(AlertSeverity.REVIEW, "safety_item_missing") if score.safety_item_missing else None
    if score.safety_item >= rule.urgent_from:
        return SafetyAlert(AlertSeverity.URGENT, "safety_item_positive")
    if score.safety_item >= rule.review_from:
        return SafetyAlert(AlertSeverity.REVIEW, "safety_item_positive")
    return None


def is_response(instrument: Instrument, baseline: Decimal | None, followup: Decimal | None) -> bool | None:
    """Say whether enough of the baseline is gone; exactly enough counts. Nothing is rounded before comparing.

    Returns:
        None where it is undefined: a total is missing, or the baseline is 0 and cannot fall.
    """
    if baseline is None or followup is None or baseline == 0:
        return None
    return followup * 100 <= baseline * (100 - instrument.response.reduction_percent)


def is_remission(instrument: Instrument, total: Decimal | None) -> bool | None:
    """Say whether a total counts as remission; not rounded before comparing.

    Returns:
        None where it is undefined: no total, or no rule for this instrument.
    """
    rule = instrument.remission
    if rule is None or total is None:
        return None
    match rule.operator:
        case Comparison.BELOW:
            return total < rule.value
        case Comparison.AT_MOST:
            return total <= rule.value
        case _:  # pragma: no cover  (the type checker proves that nothing gets here)
            assert_never(rule.operator)


def hours_since(last_dose_at: datetime | None, answered_at: datetime | None) -> Decimal | None:
    """Say how many hours after the last dose an answer was given, 2 places.

    Args:
        last_dose_at: The last moment of the last dose before the answer; None if there was none.
        answered_at: The moment of the answer; None if only the day is known.

    Returns:
        None where one of them is not known, and where the dose came after the answer, so was not the last before it.
    """
    if last_dose_at is None or answered_at is None or answered_at < last_dose_at:
        return None
    microseconds = (answered_at - last_dose_at) // _MICROSECOND
    return (Decimal(microseconds) / _MICROSECONDS_PER_HOUR).quantize(HOURS_PLACES, ROUND_HALF_UP)


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


def _instrument(file: DataFile) -> Instrument:
    file.only(*Instrument.__dataclass_fields__)
    items = tuple(_item(item) for item in file.sections("items"))
    if not items or any(one.number >= two.number for one, two in pairwise(items)):
        file.refuse("items", "must be numbered in ascending order")
    numbers = {item.number for item in items}
    total = _total(file.section("total"))
    return Instrument(
        code=file.text("code"),
        version=file.integer("version", minimum=1),
        name=file.text("name"),
        respondent=file.choice("respondent", Respondent),
        entry=file.choice("entry", Entry),
        recall=file.text("recall"),
        clock=file.choice("clock", Clock),
        instruction=file.optional_text("instruction"),
        answers=tuple(_answer(answer) for answer in file.sections("answers")),
        items=items,
        total=total,
        severity=_severity_bands(file.section("severity"), total),
        response=_response(file.section("response")),
        remission=None if file.is_null("remission") else _remission(file.section("remission")),
        safety_item=None if file.is_null("safety_item") else _safety_item(file.section("safety_item"), numbers),
        gaps=_gaps(file.section("gaps")),
        syndrome=None if file.is_null("syndrome") else _syndrome_rule(file.section("syndrome"), numbers),
        loinc_panel=file.optional_text("loinc_panel"),
        loinc_total=file.optional_text("loinc_total"),
        licence=file.text("licence"),
        source=file.text("source"),
        verified=file.flag("verified"),
    )


def _answer(file: DataFile) -> Answer:
    file.only(*Answer.__dataclass_fields__)
    return Answer(value=file.integer("value"), text=file.text("text"), loinc=file.optional_text("loinc"))


def _item(file: DataFile) -> Item:
    file.only(*Item.__dataclass_fields__)
    minimum = file.integer("minimum")
    return Item(
        number=file.integer("number", minimum=1),
        minimum=minimum,
        maximum=file.integer("maximum", minimum=minimum + 1),
        text=file.optional_text("text"),
        loinc=file.optional_text("loinc"),
    )


def _total(file: DataFile) -> TotalRange:
    file.only(*TotalRange.__dataclass_fields__)
    return TotalRange(
        minimum=file.decimal("minimum", or_zero=True), maximum=file.decimal("maximum"), step=file.decimal("step")
    )


def _severity_bands(file: DataFile, total: TotalRange) -> SeverityBands:
    file.only(*SeverityBands.__dataclass_fields__)
    bands = tuple(_band(band) for band in file.sections("bands"))
    if bands:
        starts = [band.minimum for band in bands]
        ends = [band.maximum for band in bands]
        follow = [total.minimum, *(end + total.step for end in ends)]
        if follow != [*starts, total.maximum + total.step] or any(
            one > two for one, two in zip(starts, ends, strict=True)
        ):
            file.refuse("bands", "must cover every total once")
    return SeverityBands(bands=bands, source=file.text("source"))


def _band(file: DataFile) -> Band:
    file.only(*Band.__dataclass_fields__)
    return Band(
        minimum=file.decimal("minimum", or_zero=True),
        maximum=file.decimal("maximum", or_zero=True),
        label=file.text("label"),
    )


def _response(file: DataFile) -> ResponseRule:
    file.only(*ResponseRule.__dataclass_fields__)
    return ResponseRule(reduction_percent=file.decimal("reduction_percent"), source=file.text("source"))


def _remission(file: DataFile) -> RemissionRule:
    file.only(*RemissionRule.__dataclass_fields__)
    return RemissionRule(
        operator=file.choice("operator", Comparison), value=file.decimal("value"), source=file.text("source")
    )


def _safety_item(file: DataFile, numbers: set[int]) -> SafetyItem:
    file.only(*SafetyItem.__dataclass_fields__)
    review_from = file.integer("review_from", minimum=1)
    return SafetyItem(
        number=_known(file, "number", numbers),
        review_from=review_from,
        urgent_from=file.integer("urgent_from", minimum=review_from),
        source=file.text("source"),
    )


def _gaps(file: DataFile) -> GapRule:
    file.only(*GapRule.__dataclass_fields__)
    method = file.choice("method", GapMethod)
    max_missing = file.integer("max_missing")
    if method is GapMethod.NONE and max_missing:
        file.refuse("max_missing", "must be 0 where gaps are not filled")
    return GapRule(max_missing=max_missing, method=method, source=file.text("source"))


def _syndrome_rule(file: DataFile, numbers: set[int]) -> SyndromeRule:
    file.only(*SyndromeRule.__dataclass_fields__)
    core_items = file.integers("core_items", minimum=1)
    if not core_items or not numbers.issuperset(core_items):
        file.refuse("core_items", "must be numbers of items")
    other_from = file.integer("other_from", minimum=1)
    return SyndromeRule(
        present_from=file.integer("present_from", minimum=1),
        present_from_by_item=tuple(
            _present_from(special, numbers) for special in file.sections("present_from_by_item")
        ),
        core_items=core_items,
        major_from=file.integer("major_from", minimum=other_from),
        other_from=other_from,
        source=file.text("source"),
    )


def _present_from(file: DataFile, numbers: set[int]) -> PresentFrom:
    file.only(*PresentFrom.__dataclass_fields__)
    return PresentFrom(number=_known(file, "number", numbers), present_from=file.integer("present_from", minimum=1))


def _known(file: DataFile, field: str, numbers: set[int]) -> int:
    number = file.integer(field, minimum=1)
    if number not in numbers:
        file.refuse(field, "must be the number of an item")
    return number
