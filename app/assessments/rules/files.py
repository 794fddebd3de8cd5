"""Reading the files that instruments are. A file that cannot be trusted stops the program at start."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from app.alerts.rules import AlertSeverity
from app.assessments.rules.instrument import (
    AlertRule,
    Answer,
    AtLeast,
    Band,
    ChangeRules,
    Clock,
    ClusterRule,
    Combine,
    Comparison,
    CutOff,
    DissociationRule,
    Entry,
    GapMethod,
    GapRule,
    Instrument,
    Item,
    JointRule,
    Method,
    Needed,
    OtherValue,
    Positions,
    PresentFrom,
    Recall,
    RemissionCut,
    RemissionRule,
    Respondent,
    ResponseRule,
    RiskRule,
    SafetyItem,
    ScoringRule,
    SeverityBands,
    Subscale,
    SyndromeRule,
    Threshold,
    Tier,
    TotalRange,
    UnscoredItem,
    When,
    Worse,
)
from app.kernel.data_files import DataFile
from app.kernel.errors import Fault, Invalid


class UnknownInstrument(Invalid):
    """No shipped instrument has this code."""

    code = "unknown-instrument"
    title = "There is no such instrument"
    advice = "Take a code from GET /v1/instruments."


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
    entry = file.choice("entry", Entry)
    total = None if file.is_null("total") else _total(file.section("total"))
    if (total is None) != (entry is Entry.ITEMS_ONLY):
        file.refuse("total", "must be there, but where only items are entered")
    subscales = tuple(_subscale(subscale, numbers) for subscale in file.sections("subscales"))
    risk = None if file.is_null("risk") else _risk(file.section("risk"), numbers)
    scoring = _scoring(file.section("scoring"), numbers)
    if (scoring.method is Method.RISK_TIER) != (risk is not None):
        file.refuse("risk", "must be there where, and only where, it is scored as a tier")
    return Instrument(
        code=file.text("code"),
        version=file.integer("version", minimum=1),
        name=file.text("name"),
        respondent=file.choice("respondent", Respondent),
        entry=entry,
        worse=file.choice("worse", Worse),
        recalls=_recalls(file, numbers),
        instruction=file.optional_text("instruction"),
        answers=tuple(_answer(answer) for answer in file.sections("answers")),
        items=items,
        unscored_items=tuple(_unscored_item(item) for item in file.sections("unscored_items")),
        positions=None if file.is_null("positions") else _positions(file.section("positions"), numbers),
        scoring=scoring,
        total=total,
        severity=_severity_bands(file.section("severity"), total),
        subscales=subscales,
        cut_offs=tuple(_cut_off(cut) for cut in file.sections("cut_offs")),
        syndrome=None if file.is_null("syndrome") else _syndrome_rule(file.section("syndrome"), numbers),
        clusters=None if file.is_null("clusters") else _clusters(file.section("clusters"), subscales),
        joint=None if file.is_null("joint") else _joint(file.section("joint"), numbers),
        risk=risk,
        dissociation=None if file.is_null("dissociation") else _dissociation(file.section("dissociation")),
        response=None if file.is_null("response") else _response(file.section("response")),
        remission=None if file.is_null("remission") else _remission(file.section("remission")),
        change=_change(file.section("change")),
        safety_item=None if file.is_null("safety_item") else _safety_item(file.section("safety_item"), numbers),
        alerts=tuple(_alert(alert) for alert in file.sections("alerts")),
        gaps=_gaps(file.section("gaps")),
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
        step=file.decimal("step"),
        topic=file.text("topic"),
        text=file.optional_text("text"),
        loinc=file.optional_text("loinc"),
        finding=file.optional_text("finding"),
    )


def _unscored_item(file: DataFile) -> UnscoredItem:
    file.only(*UnscoredItem.__dataclass_fields__)
    minimum = file.integer("minimum")
    return UnscoredItem(
        topic=file.text("topic"),
        text=file.optional_text("text"),
        minimum=minimum,
        maximum=file.integer("maximum", minimum=minimum + 1),
        answers=tuple(_answer(answer) for answer in file.sections("answers")),
        loinc=file.optional_text("loinc"),
    )


def _positions(file: DataFile, numbers: set[int]) -> Positions:
    file.only(*Positions.__dataclass_fields__)
    return Positions(
        top=file.integer("top", minimum=1),
        reversed_items=_known_all(file, "reversed_items", numbers),
        source=file.text("source"),
    )


def _scoring(file: DataFile, numbers: set[int]) -> ScoringRule:
    file.only(*ScoringRule.__dataclass_fields__)
    method = file.choice("method", Method)
    items = _known_all(file, "items", numbers)
    if bool(items) != (method is Method.SUM):
        file.refuse("items", "must name the items that are added, and none where nothing is added")
    return ScoringRule(method=method, items=items, source=file.text("source"))


def _subscale(file: DataFile, numbers: set[int]) -> Subscale:
    file.only(*Subscale.__dataclass_fields__)
    return Subscale(
        code=file.text("code"),
        name=file.text("name"),
        items=_known_all(file, "items", numbers),
        combine=file.choice("combine", Combine),
        source=file.text("source"),
    )


def _cut_off(file: DataFile) -> CutOff:
    file.only(*CutOff.__dataclass_fields__)
    return CutOff(
        finding=file.text("finding"),
        at_least=file.decimal("at_least"),
        reached=file.text("reached"),
        missed=file.text("missed"),
        source=file.text("source"),
    )


def _clusters(file: DataFile, subscales: Iterable[Subscale]) -> ClusterRule:
    file.only(*ClusterRule.__dataclass_fields__)
    needed = tuple(_needed(one) for one in file.sections("needed"))
    if not needed or not {one.subscale for one in needed} <= {subscale.code for subscale in subscales}:
        file.refuse("needed", "must name subscales")
    return ClusterRule(
        finding=file.text("finding"),
        present_from=file.integer("present_from", minimum=1),
        needed=needed,
        source=file.text("source"),
    )


def _needed(file: DataFile) -> Needed:
    file.only(*Needed.__dataclass_fields__)
    return Needed(subscale=file.text("subscale"), count=file.integer("count", minimum=1))


def _joint(file: DataFile, numbers: set[int]) -> JointRule:
    file.only(*JointRule.__dataclass_fields__)
    return JointRule(
        finding=file.text("finding"),
        total_at_least=file.decimal("total_at_least"),
        also=tuple(_at_least(one, numbers) for one in file.sections("also")),
        source=file.text("source"),
    )


def _at_least(file: DataFile, numbers: set[int]) -> AtLeast:
    file.only(*AtLeast.__dataclass_fields__)
    return AtLeast(number=_known(file, "number", numbers), value=file.integer("value", minimum=1))


def _risk(file: DataFile, numbers: set[int]) -> RiskRule:
    file.only(*RiskRule.__dataclass_fields__)
    tiers = tuple(_tier(tier, numbers) for tier in file.sections("tiers"))
    if not tiers:
        file.refuse("tiers", "must name at least one tier")
    return RiskRule(
        gate_item=_known(file, "gate_item", numbers),
        gated_items=_known_all(file, "gated_items", numbers),
        lifetime_item=_known(file, "lifetime_item", numbers),
        recent_item=_known(file, "recent_item", numbers),
        tiers=tiers,
        otherwise=file.text("otherwise"),
        source=file.text("source"),
    )


def _tier(file: DataFile, numbers: set[int]) -> Tier:
    file.only(*Tier.__dataclass_fields__)
    return Tier(label=file.text("label"), items=_known_all(file, "items", numbers))


def _dissociation(file: DataFile) -> DissociationRule:
    file.only(*DissociationRule.__dataclass_fields__)
    return DissociationRule(above=file.decimal("above"), source=file.text("source"))


def _alert(file: DataFile) -> AlertRule:
    file.only(*AlertRule.__dataclass_fields__)
    when = file.choice("when", When)
    value = None if file.is_null("value") else file.decimal("value", or_zero=True)
    finding, labels = file.optional_text("finding"), file.texts("labels")
    asks_label = when in {When.SEVERITY_IS, When.FINDING_IS}
    if (value is None) != asks_label or bool(labels) != asks_label or (finding is None) == (when is When.FINDING_IS):
        file.refuse("when", "must come with a value, or with labels, and with a finding where it looks at one")
    return AlertRule(
        code=file.text("code"),
        level=file.choice("level", AlertSeverity),
        when=when,
        value=value,
        finding=finding,
        labels=labels,
        source=file.text("source"),
    )


def _total(file: DataFile) -> TotalRange:
    file.only(*TotalRange.__dataclass_fields__)
    return TotalRange(
        minimum=file.decimal("minimum", or_zero=True), maximum=file.decimal("maximum"), step=file.decimal("step")
    )


def _severity_bands(file: DataFile, total: TotalRange | None) -> SeverityBands:
    file.only(*SeverityBands.__dataclass_fields__)
    bands = tuple(_band(band) for band in file.sections("bands"))
    if bands and total is None:
        file.refuse("bands", "must be empty without a total")
    if bands and total is not None:
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


def _recalls(file: DataFile, numbers: set[int]) -> tuple[Recall, ...]:
    recalls = tuple(_recall(recall, numbers) for recall in file.sections("recalls"))
    if not recalls or len({recall.period for recall in recalls}) != len(recalls):
        file.refuse("recalls", "must name at least one period, each once")
    return recalls


def _recall(file: DataFile, numbers: set[int]) -> Recall:
    file.only(*Recall.__dataclass_fields__)
    return Recall(
        period=file.text("period"),
        clock=file.choice("clock", Clock),
        hours_after_dose=file.optional_integer("hours_after_dose", minimum=1),
        carried_forward_items=_known_all(file, "carried_forward_items", numbers),
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
    core_items = _known_all(file, "core_items", numbers)
    if not core_items:
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


def _known_all(file: DataFile, field: str, numbers: set[int]) -> tuple[int, ...]:
    found = file.integers(field, minimum=1)
    if not numbers.issuperset(found):
        file.refuse(field, "must be numbers of items")
    return found
