"""Reading the files that instruments are. A file that cannot be trusted stops the program at start."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from app.assessments.rules.instrument import (
    Answer,
    Band,
    ChangeRules,
    Clock,
    Comparison,
    Entry,
    GapMethod,
    GapRule,
    Instrument,
    Item,
    OtherValue,
    PresentFrom,
    Recall,
    RemissionCut,
    RemissionRule,
    Respondent,
    ResponseRule,
    SafetyItem,
    SeverityBands,
    SyndromeRule,
    Threshold,
    TotalRange,
)
from app.kernel.errors import Fault, Invalid
from app.protocols.rules import DataFile


class UnknownInstrument(Invalid):
    """No shipped instrument has this code."""

    code = "unknown-instrument"
    title = "There is no such instrument"


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
        recalls=_recalls(file),
        instruction=file.optional_text("instruction"),
        answers=tuple(_answer(answer) for answer in file.sections("answers")),
        items=items,
        total=total,
        severity=_severity_bands(file.section("severity"), total),
        response=_response(file.section("response")),
        remission=None if file.is_null("remission") else _remission(file.section("remission")),
        change=_change(file.section("change")),
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
        operator=file.choice("operator", Comparison),
        value=file.decimal("value"),
        source=file.text("source"),
        alternatives=tuple(_remission_cut(cut) for cut in file.sections("alternatives")),
    )


def _remission_cut(file: DataFile) -> RemissionCut:
    file.only(*RemissionCut.__dataclass_fields__)
    return RemissionCut(
        operator=file.choice("operator", Comparison), value=file.decimal("value"), source=file.text("source")
    )


def _change(file: DataFile) -> ChangeRules:
    fields = tuple(ChangeRules.__dataclass_fields__)
    file.only(*fields)
    return ChangeRules(**{field: None if file.is_null(field) else _threshold(file.section(field)) for field in fields})


def _threshold(file: DataFile) -> Threshold:
    file.only(*Threshold.__dataclass_fields__)
    return Threshold(
        value=file.decimal("value"),
        source=file.text("source"),
        alternatives=tuple(_other_value(other) for other in file.sections("alternatives")),
    )


def _other_value(file: DataFile) -> OtherValue:
    file.only(*OtherValue.__dataclass_fields__)
    return OtherValue(value=file.decimal("value"), source=file.text("source"))


def _recalls(file: DataFile) -> tuple[Recall, ...]:
    recalls = tuple(_recall(recall) for recall in file.sections("recalls"))
    if not recalls or len({recall.period for recall in recalls}) != len(recalls):
        file.refuse("recalls", "must name at least one period, each once")
    return recalls


def _recall(file: DataFile) -> Recall:
    file.only(*Recall.__dataclass_fields__)
    return Recall(
        period=file.text("period"),
        clock=file.choice("clock", Clock),
        hours_after_dose=file.optional_integer("hours_after_dose", minimum=1),
        source=file.text("source"),
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
