"""Scores, bands, response and remission.

Rows of items with their totals are worked by hand from the published scoring rules, which the data files name.
"""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

import app
from app.alerts.rules import AlertSeverity
from app.assessments.rules.change import is_remission, is_response, is_within
from app.assessments.rules.files import UnknownInstrument, latest, load_instruments, require_latest
from app.assessments.rules.instrument import ChangeRules, Clock, Encoding, Entry, Instrument, Method, Respondent
from app.assessments.rules.safety import safety_alerts
from app.assessments.rules.scoring import (
    InvalidItems,
    InvalidTotal,
    ItemsNotAccepted,
    Score,
    TotalNotAccepted,
    dissociation_finding,
    score_items,
    score_total,
    scores_of,
)
from app.kernel.data_files import DataFileError
from tests.assessments.second_scorer import epds_from_positions

SHIPPED_FILES = Path(next(iter(app.__path__))) / "assessments" / "instruments"
SHIPPED = load_instruments(SHIPPED_FILES)
PHQ9 = SHIPPED["PHQ9", 1]
MADRS = SHIPPED["MADRS", 1]
HAMD17 = SHIPPED["HAMD17", 1]
HAMD6 = SHIPPED["HAMD6", 1]
Raised = tuple[AlertSeverity, str]
REVIEW: Raised = (AlertSeverity.REVIEW, "safety_item_positive")
URGENT: Raised = (AlertSeverity.URGENT, "safety_item_positive")
MISSING: Raised = (AlertSeverity.REVIEW, "safety_item_missing")

answers = st.lists(st.none() | st.integers(0, 3), min_size=9, max_size=9)
full_answers = st.lists(st.integers(0, 3), min_size=9, max_size=9)


def raised(instrument: Instrument, score: Score, baseline: Decimal | None = None) -> Raised | None:
    """The one alert of a score, as how soon and why; None where nobody has to look."""
    found = [(one.severity, one.code) for one in safety_alerts(instrument, score, baseline=baseline)]
    assert len(found) <= 1
    return found[0] if found else None


def row(text: str) -> list[int | None]:
    """Read a row of answers; `-` is unanswered."""
    return [None if answer == "-" else int(answer) for answer in text.split(",")]


# Kroenke 2001 (bands); NHS Data Dictionary (gaps); PHQ manual (syndromes, item 9 from 1).
@pytest.mark.parametrize(
    ("items", "total", "severity", "syndrome", "alert"),
    [
        ("0,0,0,0,0,0,0,0,0", "0", "none_minimal", "none", None),
        ("1,1,1,1,0,0,0,0,1", "5", "mild", "none", REVIEW),
        ("2,1,2,2,0,1,0,0,1", "9", "mild", "other", REVIEW),
        ("2,3,2,2,1,2,1,0,0", "13", "moderate", "major", None),
        ("1,1,3,3,3,1,1,1,0", "14", "moderate", "none", None),
        ("3,3,2,3,2,3,2,1,1", "20", "severe", "major", REVIEW),
        ("2,2,2,2,-,2,1,1,1", "14.63", "moderately_severe", "major", REVIEW),
        ("2,2,-,-,2,2,1,1,0", "12.86", "moderate", "other", None),
        ("2,2,-,-,-,2,1,1,0", None, None, None, None),
        ("3,3,3,3,3,3,3,3,3", "27", "severe", "major", URGENT),
        # Item 9 counts from 1, where it makes the difference; no other item does.
        ("2,2,2,2,0,0,0,0,1", "9", "mild", "major", REVIEW),
        ("2,2,2,2,1,1,1,1,0", "12", "moderate", "other", None),
        ("2,0,0,0,0,0,0,0,1", "3", "none_minimal", "other", REVIEW),
        ("2,1,1,1,1,1,1,1,0", "9", "mild", "none", None),
    ],
)
def test_phq9(items: str, total: str | None, severity: str | None, syndrome: str | None, alert: Raised | None) -> None:
    score = score_items(PHQ9, row(items))
    assert score.total == (None if total is None else Decimal(total))
    assert (score.severity, score.findings.get("syndrome")) == (severity, syndrome)
    assert score.incomplete == (total is None)
    assert score.prorated == (total is not None and "-" in items)
    assert score.safety_item == int(items[-1])
    assert not score.safety_item_missing
    assert score.scoring_version == "PHQ9@1"
    assert raised(PHQ9, score) == alert


@pytest.mark.parametrize(
    ("instrument", "edges"),
    [
        # Kroenke 2001.
        (PHQ9, "none_minimal 0-4, mild 5-9, moderate 10-14, moderately_severe 15-19, severe 20-27"),
        # Snaith 1986.
        (MADRS, "normal 0-6, mild 7-19, moderate 20-34, severe 35-60"),
        # Zimmerman 2013.
        (HAMD17, "none 0-7, mild 8-16, moderate 17-23, severe 24-52"),
    ],
)
def test_bands_include_both_ends(instrument: Instrument, edges: str) -> None:
    seen: set[int] = set()
    for band in edges.split(", "):
        label, ends = band.split()
        first, last = (int(end) for end in ends.split("-"))
        for total in range(first, last + 1):
            assert score_total(instrument, Decimal(total)).severity == label
            seen.add(total)
    assert seen == set(range(int(instrument.total.maximum) + 1))


@pytest.mark.parametrize(
    ("items", "total", "severity"),
    [
        ("1,1,1,1,1,1,0,0,0,0", 6, "normal"),
        ("1,1,1,1,1,1,1,0,0,0", 7, "mild"),
        ("2,2,2,2,2,2,2,2,2,1", 19, "mild"),
        ("4,4,3,4,3,4,4,3,3,2", 34, "moderate"),
        ("4,4,4,4,3,3,4,4,3,2", 35, "severe"),
        ("5,5,4,4,3,4,5,5,4,3", 42, "severe"),
    ],
)
def test_madrs(items: str, total: int, severity: str) -> None:
    scored = score_items(MADRS, row(items))
    assert (scored.total, scored.severity) == (total, severity)
    assert score_total(MADRS, Decimal(total)).severity == severity


@pytest.mark.parametrize(
    ("items", "total", "severity", "hamd6"),
    [
        ("1,1,0,1,0,1,1,0,0,1,0,0,1,0,0,0,0", 7, "none", 5),
        ("2,1,1,1,1,1,2,1,0,1,1,0,1,1,0,0,0", 14, "mild", 8),
        ("3,2,2,2,1,1,3,1,1,2,1,1,2,1,0,0,0", 23, "moderate", 13),
        ("3,3,2,2,2,2,3,2,1,3,2,1,2,2,1,1,0", 32, "severe", 16),
    ],
)
def test_hamd17_and_its_subscale(items: str, total: int, severity: str, hamd6: int) -> None:
    scored = score_items(HAMD17, row(items))
    assert (scored.total, scored.severity) == (total, severity)
    assert score_total(HAMD17, Decimal(total)).severity == severity
    part = [row(items)[item.number - 1] for item in HAMD6.items]
    assert score_items(HAMD6, part).total == hamd6
    assert score_total(HAMD6, Decimal(hamd6)).severity is None


def test_hamd17_items_have_mixed_ranges() -> None:
    assert [item.maximum for item in HAMD17.items] == [4, 4, 4, 2, 2, 2, 4, 4, 4, 4, 4, 2, 2, 2, 4, 2, 2]
    with pytest.raises(InvalidItems) as refused:
        score_items(HAMD17, [0, 0, 0, 3, *[0] * 13])
    assert refused.value.faults[0].pointer == "#/items/3"
    with pytest.raises(InvalidItems):
        score_items(HAMD17, [0] * 16)


@pytest.mark.parametrize("instrument", SHIPPED.values(), ids=lambda instrument: instrument.code)
def test_the_items_add_up_to_the_highest_total(instrument: Instrument) -> None:
    if instrument.total is None or instrument.code == "PROMISD8A":  # a T-score is no sum
        return
    counted = [item for item in instrument.items if item.number in instrument.scoring.items]
    if instrument.scoring.method is Method.SUBSCALES:
        counted = [max(instrument.items, key=lambda item: item.maximum)] * len(instrument.subscales)
    assert sum(item.maximum for item in counted) == instrument.total.maximum
    assert sum(item.minimum for item in counted) == instrument.total.minimum


@pytest.mark.parametrize("instrument", SHIPPED.values(), ids=lambda instrument: instrument.code)
def test_every_threshold_names_its_source(instrument: Instrument) -> None:
    rules = (instrument.severity, instrument.response, instrument.gaps, instrument.remission, instrument.safety_item)
    changes = [getattr(instrument.change, name) for name in ChangeRules.__dataclass_fields__]
    others = (instrument.scoring, instrument.positions, instrument.clusters, instrument.joint, instrument.risk)
    more = (*instrument.subscales, *instrument.cut_offs, *instrument.alerts, *instrument.recalls, instrument.syndrome)
    sources = [rule.source for rule in (*rules, *changes, *others, *more, instrument.dissociation) if rule is not None]
    published = [rule for rule in (instrument.remission, *changes) if rule is not None]
    sources += [other.source for rule in published for other in rule.alternatives]
    assert all(len(source) >= len("None needed.") for source in (instrument.source, *sources))
    assert instrument.licence


SHIP_THEIR_TEXT = {"PHQ9", "PHQ2", "GAD7", "PCL5"}


@pytest.mark.parametrize("instrument", SHIPPED.values(), ids=lambda instrument: instrument.code)
def test_texts_ship_only_where_they_may(instrument: Instrument) -> None:
    texts = [item.text for item in instrument.items]
    if instrument.code in SHIP_THEIR_TEXT:
        assert all(texts)
        assert instrument.instruction
    else:
        assert not any(texts)
        assert instrument.instruction is None
    assert all(item.topic for item in instrument.items)


@pytest.mark.parametrize("code", ["VASMOOD", "PROMISD8A", "BPRS4_7PT"])
def test_what_is_entered_by_its_total_takes_no_items(code: str) -> None:
    instrument = SHIPPED[code, 1]
    assert instrument.entry is Entry.TOTAL_ONLY
    with pytest.raises(ItemsNotAccepted) as refused:
        score_items(instrument, [1] * len(instrument.items))
    assert refused.value.faults[0].pointer == "#/items"


@pytest.mark.parametrize("code", ["CSSRS_SCR", "KSET"])
def test_what_comes_to_no_number_takes_no_total(code: str) -> None:
    with pytest.raises(TotalNotAccepted) as refused:
        score_total(SHIPPED[code, 1], Decimal(1))
    assert refused.value.faults[0].pointer == "#/total"


def test_phq9_ships_its_text_and_names_its_makers() -> None:
    assert all(item.text for item in PHQ9.items)
    assert "Spitzer" in PHQ9.licence
    assert "No permission required" in PHQ9.licence
    assert [answer.value for answer in PHQ9.answers] == [0, 1, 2, 3]
    assert (PHQ9.clock, PHQ9.recall, PHQ9.respondent) == (Clock.WINDOWED, "2 weeks", Respondent.SELF)


def test_phq9_codes_are_loincs_and_not_in_numeric_order() -> None:
    codes = [item.loinc for item in PHQ9.items]
    assert codes == [
        "44250-9",
        "44255-8",
        "44259-0",
        "44254-1",
        "44251-7",
        "44258-2",
        "44252-5",
        "44253-3",
        "44260-8",
    ]
    assert (PHQ9.loinc_panel, PHQ9.loinc_total) == ("44249-1", "44261-6")
    assert "44261-6" not in codes
    assert [answer.loinc for answer in PHQ9.answers] == ["LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9"]


@pytest.mark.parametrize(
    ("items", "missing", "alert"),
    [
        ("1,1,1,1,1,1,1,1,-", True, MISSING),  # prorated to a total, and still not "no risk"
        ("-,-,-,-,-,-,-,1,-", True, MISSING),
        ("-,-,-,-,-,-,-,-,3", False, URGENT),  # no total, and the alert all the same
        ("-,-,-,-,-,-,-,-,1", False, REVIEW),
        ("0,0,0,0,0,0,0,0,2", False, REVIEW),
        ("-,-,-,-,-,-,-,-,-", False, None),  # an empty form: nobody answered anything
    ],
)
def test_an_unanswered_safety_item_is_never_no_risk(items: str, missing: bool, alert: Raised | None) -> None:
    score = score_items(PHQ9, row(items))
    assert score.safety_item_missing is missing
    assert raised(PHQ9, score) == alert


def test_an_empty_form_is_incomplete() -> None:
    assert score_items(PHQ9, [None] * 9) == Score(
        total=None,
        severity=None,
        incomplete=True,
        prorated=False,
        safety_item=None,
        safety_item_missing=False,
        subscores={},
        findings={},
        scoring_version="PHQ9@1",
    )


def test_an_entered_total_says_nothing_about_safety() -> None:
    score = score_total(PHQ9, Decimal(27))
    assert (score.total, score.severity, score.safety_item, score.safety_item_missing) == (27, "severe", None, False)
    assert score.findings == {"screen": "positive"}
    assert raised(PHQ9, score) is None


def test_an_instrument_without_a_safety_item_raises_no_alert() -> None:
    score = score_items(HAMD6, [4, 4, 4, 4, 4, 2])
    assert (score.safety_item, score.safety_item_missing) == (None, False)
    assert raised(HAMD6, score) is None


@pytest.mark.parametrize(
    ("instrument", "number", "answer", "alert"),
    [
        (MADRS, 10, 1, None),
        (MADRS, 10, 2, REVIEW),
        (MADRS, 10, 3, REVIEW),
        (MADRS, 10, 4, URGENT),
        (HAMD17, 3, 0, None),
        (HAMD17, 3, 1, REVIEW),
        (HAMD17, 3, 2, REVIEW),
        (HAMD17, 3, 3, URGENT),
        (PHQ9, 9, 0, None),
        (PHQ9, 9, 2, REVIEW),
        (PHQ9, 9, 3, URGENT),
    ],
)
def test_safety_items_have_their_own_thresholds(
    instrument: Instrument, number: int, answer: int, alert: Raised | None
) -> None:
    items = [answer if item.number == number else 0 for item in instrument.items]
    assert raised(instrument, score_items(instrument, items)) == alert


def test_faults_point_at_every_item_and_repeat_no_answer() -> None:
    with pytest.raises(InvalidItems) as refused:
        score_items(PHQ9, [0, 77, None, -55, 0, 0, 0, 0, 0])
    assert refused.value.status == 422
    assert [fault.pointer for fault in refused.value.faults] == ["#/items/1", "#/items/3"]
    told = f"{refused.value} {refused.value.faults}"
    assert "77" not in told
    assert "55" not in told
    with pytest.raises(InvalidItems) as refused:
        score_items(PHQ9, [4, *[0] * 8], pointer="#/answers")
    assert [fault.pointer for fault in refused.value.faults] == ["#/answers/0"]


@pytest.mark.parametrize("length", [0, 8, 10])
def test_the_number_of_answers_is_fixed(length: int) -> None:
    with pytest.raises(InvalidItems) as refused:
        score_items(PHQ9, [0] * length)
    assert [fault.pointer for fault in refused.value.faults] == ["#/items"]


@pytest.mark.parametrize("total", ["-1", "28", "13.5", "NaN", "Infinity"])
def test_an_impossible_total_is_refused(total: str) -> None:
    with pytest.raises(InvalidTotal) as refused:
        score_total(PHQ9, Decimal(total))
    assert refused.value.faults[0].pointer == "#/total"
    assert total not in f"{refused.value} {refused.value.faults}"


# At least 50 % is inclusive, and the PHQ-9 is in remission below 5 (HEDIS).
@pytest.mark.parametrize(
    ("baseline", "followup", "response", "remission"),
    [
        ("18", "9", True, False),
        ("19", "10", False, False),  # 47.4 %
        ("19", "9", True, False),
        ("8", "4", True, True),
        ("9", "4.5", True, True),
        ("9", "4.51", False, True),  # 49.9 %, which rounds to 50
        ("14.63", "7.32", False, False),
        ("5", "5", False, False),
        ("0", "0", None, True),
        ("0", "5", None, False),
        (None, "5", None, False),
        ("5", None, None, None),
    ],
)
def test_response_and_remission(
    baseline: str | None, followup: str | None, response: bool | None, remission: bool | None
) -> None:
    first = None if baseline is None else Decimal(baseline)
    second = None if followup is None else Decimal(followup)
    assert is_response(PHQ9, first, second) is response
    assert is_remission(PHQ9, second) is remission


@pytest.mark.parametrize(
    ("instrument", "total", "remission"),
    [
        (MADRS, "10", True),  # KADS: at most 10
        (MADRS, "11", False),
        (HAMD17, "7", True),
        (HAMD17, "8", False),
        (HAMD6, "0", None),  # no published threshold
    ],
)
def test_remission_differs_by_instrument(instrument: Instrument, total: str, remission: bool | None) -> None:
    assert is_remission(instrument, Decimal(total)) is remission


def test_the_other_published_cut_offs_stand_beside_the_default() -> None:
    # KADS (default), esketamine programme, Hawley 2002, Riedel 2010.
    assert MADRS.remission is not None
    cuts = [MADRS.remission, *MADRS.remission.alternatives]
    assert [[total for total in range(14) if is_within(cut, Decimal(total))][-1] for cut in cuts] == [10, 12, 9, 7]


def test_sizes_of_change_are_published_ones() -> None:
    def values(instrument: Instrument) -> dict[str, list[float]]:
        sizes = {name: getattr(instrument.change, name) for name in ChangeRules.__dataclass_fields__}
        return {name: [float(one.value) for one in (size, *size.alternatives)] for name, size in sizes.items() if size}

    assert values(PHQ9) == {
        "partial_response_percent": [25, 20],
        "mcid_points": [5, 3.7, 1.7],  # Löwe 2004, Bauer-Staeb 2021, Kounali 2020
        "mcid_percent": [20, 23],  # Kounali 2020, Bauer-Staeb 2021
        "reliable_points": [4.6],  # 1.96 * 5.0 * sqrt(2 * (1 - 0.89)) = 4.597
        "deterioration_points": [5],
        "relapse_from": [10],
    }
    assert values(MADRS)["mcid_points"] == [1.9, 3, 6]  # Duru 2008; Hengartner 2021
    assert values(HAMD17)["mcid_points"] == [3, 5]
    assert values(HAMD6) == {"partial_response_percent": [25, 20], "mcid_points": [2, 4]}


@given(items=answers)
def test_a_score_stays_in_range_and_never_invents_safety(items: list[int | None]) -> None:
    score = score_items(PHQ9, items)
    gaps = items.count(None)
    assert score.incomplete == (gaps > 2)
    assert score.prorated == (gaps in (1, 2))
    assert score.safety_item == items[8]
    assert score.safety_item_missing == (items[8] is None and gaps < 9)
    assert (score.total is None) == (score.severity is None) == (score.findings == {}) == score.incomplete
    if score.total is not None:
        known = sum(item for item in items if item is not None)
        assert known <= score.total <= min(27, known + 3 * gaps)


@given(items=full_answers, position=st.integers(0, 8))
def test_a_higher_answer_never_lowers_the_score(items: list[int], position: int) -> None:
    higher = [*items]
    higher[position] = min(3, items[position] + 1)
    one, two = score_items(PHQ9, items), score_items(PHQ9, higher)
    assert one.total is not None
    assert two.total is not None
    assert one.total <= two.total == sum(higher)
    labels = [band.label for band in PHQ9.severity.bands]
    assert labels.index(one.severity or "") <= labels.index(two.severity or "")


@given(items=full_answers)
def test_items_and_their_total_give_the_same_band(items: list[int]) -> None:
    assert score_total(PHQ9, Decimal(sum(items))).severity == score_items(PHQ9, items).severity


def test_half_points_are_data() -> None:
    # YMRS: 11.5 is not manic, 12 is; no answer lies between two half points.
    ymrs = SHIPPED["YMRS", 1]
    assert score_total(ymrs, Decimal("11.5")).severity == "non_manic"
    assert score_total(ymrs, Decimal(12)).severity == "hypomanic"
    assert score_items(ymrs, [Decimal("1.5"), *[Decimal("0.5")] * 10]).total == Decimal("6.5")
    with pytest.raises(InvalidTotal):
        score_total(ymrs, Decimal("3.25"))
    with pytest.raises(InvalidItems):
        score_items(ymrs, [Decimal("0.25"), *[0] * 10])
    with pytest.raises(InvalidItems):
        score_items(PHQ9, [Decimal("0.5"), *[0] * 8])


def test_the_latest_version_is_found() -> None:
    later = {**SHIPPED, ("PHQ9", 10): replace(PHQ9, version=10), ("PHQ9", 9): replace(PHQ9, version=9)}
    newest = latest(later, "PHQ9")
    assert newest is not None
    assert newest.scoring_version == "PHQ9@10"
    assert latest(SHIPPED, "GAD99") is None
    assert require_latest(SHIPPED, "PHQ9") is PHQ9
    with pytest.raises(UnknownInstrument) as refused:
        require_latest(SHIPPED, "GAD99")
    assert refused.value.faults[0].pointer == "#/instrument"
    assert "GAD99" not in f"{refused.value} {refused.value.faults}"


def write(directory: Path, **changes: object) -> Path:
    """Write PHQ-9 as X, with some fields changed; `...` leaves one out, a dict changes members of an object."""
    content = cast("dict[str, object]", json.loads((SHIPPED_FILES / "PHQ9@1.json").read_text(encoding="utf-8")))
    content["code"] = "X"
    for field, change in changes.items():
        old = content[field]
        if isinstance(change, dict) and isinstance(old, dict):
            content[field] = cast("dict[str, object]", old) | cast("dict[str, object]", change)
        else:
            content[field] = change
    kept = {field: value for field, value in content.items() if value is not ...}
    (directory / "X@1.json").write_text(json.dumps(kept), encoding="utf-8")
    return directory


@pytest.mark.parametrize("field", [field for field in Instrument.__dataclass_fields__ if field != "code"])
def test_a_missing_field_is_named(tmp_path: Path, field: str) -> None:
    with pytest.raises(DataFileError, match=rf"^X@1\.json: {field}: missing$"):
        load_instruments(write(tmp_path, **{field: ...}))


ITEM = {"number": 1, "minimum": 0, "maximum": 3, "step": 1, "topic": "a", "text": None, "loinc": None, "finding": None}
BAND = {"minimum": 0, "maximum": 27, "label": "all"}


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("entry", "guess", "entry: must be one of items_or_total, items_only, total_only"),
        ("items", [], "items: must be numbered in ascending order"),
        ("items", [ITEM, ITEM], "items: must be numbered in ascending order"),
        ("items", [ITEM | {"maximum": 0}], "items[0].maximum: must be a whole number, at least 1"),
        ("items", [ITEM | {"weight": 2}], "items[0].weight: unknown field"),
        ("total", {"step": 0}, "total.step: must be a number above zero"),
        ("total", {"minimum": -1}, "total.minimum: must be a number, not below zero"),
        ("severity", {"bands": [BAND | {"maximum": 26}]}, "severity.bands: must cover every total once"),
        ("severity", {"bands": [BAND | {"minimum": 1}]}, "severity.bands: must cover every total once"),
        ("severity", {"bands": [BAND, BAND | {"minimum": 5}]}, "severity.bands: must cover every total once"),
        (
            "severity",
            {"bands": [BAND | {"maximum": 4}, BAND | {"minimum": 6}]},
            "severity.bands: must cover every total once",
        ),
        (
            "severity",
            {"bands": [BAND | {"maximum": 9}, BAND | {"minimum": 10, "maximum": 5}, BAND | {"minimum": 6}]},
            "severity.bands: must cover every total once",
        ),
        ("severity", {"source": ""}, "severity.source: must be a text"),
        ("response", {"reduction_percent": 0}, "response.reduction_percent: must be a number above zero"),
        ("recalls", [], "recalls: must name at least one period, each once"),
        ("change", {"mcid_points": {"value": 0}}, "change.mcid_points.value: must be a number above zero"),
        ("change", {"mcid": None}, "change.mcid: unknown field"),
        ("remission", {"operator": ">"}, "remission.operator: must be one of <, <="),
        ("safety_item", {"number": 10}, "safety_item.number: must be the number of an item"),
        ("safety_item", {"urgent_from": 0}, "safety_item.urgent_from: must be a whole number, at least 1"),
        ("gaps", {"method": "none"}, "gaps.max_missing: must be 0 where gaps are not filled"),
        ("syndrome", {"core_items": []}, "syndrome.core_items: must be numbers of items"),
        ("scoring", {"items": []}, "scoring.items: must name the items that are added"),
        ("scoring", {"method": "risk_tier", "items": []}, "risk: must be there where, and only where"),
        ("total", None, "total: must be there, but where only items are entered"),
        ("syndrome", {"core_items": [1, 10]}, "syndrome.core_items: must be numbers of items"),
        ("syndrome", {"major_from": 1}, "syndrome.major_from: must be a whole number, at least 2"),
        (
            "syndrome",
            {"present_from_by_item": [{"number": 12, "present_from": 1}]},
            "syndrome.present_from_by_item[0].number: must be the number of an item",
        ),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, field: str, value: object, complaint: str) -> None:
    with pytest.raises(DataFileError) as refused:
        load_instruments(write(tmp_path, **{field: value}))
    assert str(refused.value).startswith(f"X@1.json: {complaint}")


def test_what_an_instrument_does_not_have_is_null(tmp_path: Path) -> None:
    bare = load_instruments(write(tmp_path, remission=None, safety_item=None, syndrome=None, response=None))["X", 1]
    score = score_items(bare, [3] * 9)
    assert (score.findings, score.safety_item) == ({"screen": "positive"}, None)
    assert (is_remission(bare, Decimal(0)), is_response(bare, Decimal(9), Decimal(1))) == (None, None)
    assert not bare.is_outcome


# ── what differs from instrument to instrument ───────────────────────────────────────────────────────────────────────


def test_positions_are_turned_once_and_scores_never() -> None:
    # Cox 1987: items 1, 2 and 4 run from good to bad on the form, the others from bad to good.
    epds = SHIPPED["EPDS", 1]
    positions = [1, 1, 1, 2, 1, 1, 1, 1, 2, 3]
    scores = scores_of(epds, positions, Encoding.POSITION)
    assert scores == [1, 1, 2, 2, 2, 2, 2, 2, 1, 0]
    assert score_items(epds, scores).total == 15
    assert scores_of(epds, scores, Encoding.SCORE) == scores
    assert scores_of(epds, [None] * 10, Encoding.POSITION) == [None] * 10
    with pytest.raises(InvalidItems) as refused:
        scores_of(PHQ9, [0] * 9, Encoding.POSITION)
    assert refused.value.faults[0].pointer == "#/encoding"


def test_the_columbia_screener_refuses_what_was_not_to_be_asked() -> None:
    columbia = SHIPPED["CSSRS_SCR", 1]
    with pytest.raises(InvalidItems) as refused:
        score_items(columbia, [0, 0, 1, None, 0, 1, None])
    assert [(fault.code, fault.pointer) for fault in refused.value.faults] == [
        ("not_asked", "#/items/2"),
        ("not_asked", "#/items/4"),
        ("answer_needed", "#/items/6"),
    ]


@pytest.mark.parametrize(
    ("items", "tier", "alert"),
    [
        ("0,0,-,-,-,0,-", "none", None),
        ("1,0,-,-,-,0,-", "low", None),
        ("1,1,1,0,0,0,-", "moderate", (AlertSeverity.URGENT, "suicide_risk")),
        ("1,1,0,1,0,0,-", "high", (AlertSeverity.EMERGENCY, "suicide_risk")),
        ("0,1,0,0,1,0,-", "high", (AlertSeverity.EMERGENCY, "suicide_risk")),
        ("0,0,-,-,-,1,0", "moderate", (AlertSeverity.URGENT, "suicide_risk")),
        ("0,0,-,-,-,1,1", "high", (AlertSeverity.EMERGENCY, "suicide_risk")),
        ("0,0,-,-,-,-,-", None, MISSING),  # nobody asked about behaviour
    ],
)
def test_the_columbia_screener_raises_the_alarm_its_tier_asks_for(
    items: str, tier: str | None, alert: Raised | None
) -> None:
    score = score_items(SHIPPED["CSSRS_SCR", 1], row(items))
    assert (score.total, score.severity) == (None, tier)
    assert raised(SHIPPED["CSSRS_SCR", 1], score) == alert


@pytest.mark.parametrize(
    ("level", "severity", "alert"),
    [
        (5, "none", None),
        (4, "mild", None),
        (3, "moderate_or_greater", (AlertSeverity.URGENT, "sedation")),
        (2, "moderate_or_greater", (AlertSeverity.URGENT, "sedation")),
        (1, "moderate_or_greater", (AlertSeverity.EMERGENCY, "sedation")),
        (0, "loss_of_consciousness", (AlertSeverity.EMERGENCY, "sedation")),
    ],
)
def test_sedation_runs_the_other_way(level: int, severity: str, alert: Raised | None) -> None:
    moaas = SHIPPED["MOAAS", 1]
    for score in (score_items(moaas, [level]), score_total(moaas, Decimal(level))):
        assert (score.severity, raised(moaas, score)) == (severity, alert)
    assert moaas.worse == "lower"


def test_a_switch_of_mood_is_looked_at_from_twelve() -> None:
    ymrs = SHIPPED["YMRS", 1]
    assert raised(ymrs, score_total(ymrs, Decimal("11.5"))) is None
    assert raised(ymrs, score_total(ymrs, Decimal(12))) == (AlertSeverity.REVIEW, "mood_switch")


def test_five_points_above_the_baseline_are_looked_at() -> None:
    higher = score_total(PHQ9, Decimal(15))
    assert raised(PHQ9, higher) is None
    assert raised(PHQ9, higher, Decimal(11)) is None
    assert raised(PHQ9, higher, Decimal(10)) == (AlertSeverity.REVIEW, "worsening")


@pytest.mark.parametrize(
    ("total", "before", "found"),
    [
        (4, None, "no"),  # not above 4, whatever was before
        (4, 0, "no"),
        (5, None, "unclassified"),  # alone after a dose
        (5, 5, "no"),
        (5, 4, "yes"),
        (20, 25, "no"),
        (None, 0, None),
    ],
)
def test_dissociation_needs_the_rating_before_the_dose(
    total: int | None, before: int | None, found: str | None
) -> None:
    exact = None if total is None else Decimal(total)
    earlier = None if before is None else Decimal(before)
    assert dissociation_finding(SHIPPED["CADSS23", 1], exact, earlier) == found
    assert dissociation_finding(PHQ9, exact, earlier) is None


def test_a_day_is_too_short_to_judge_sleep_and_appetite() -> None:
    usual, day = MADRS.recalls
    assert "carried_forward_items" not in score_items(MADRS, [0] * 10, recall=usual).findings
    assert score_items(MADRS, [0] * 10, recall=day).findings["carried_forward_items"] == "4,5"


def test_the_side_effect_checklist_has_findings_and_no_total() -> None:
    kset = SHIPPED["KSET", 1]
    urinary = [item.number for item in kset.items if item.finding == "urinary"]
    score = score_items(kset, [int(item.number in urinary) for item in kset.items])
    assert (score.total, score.severity, score.incomplete) == (None, None, False)
    assert score.findings["urinary"] == "yes"
    assert score.findings["nausea"] == "no"
    assert raised(kset, score) == (AlertSeverity.REVIEW, "urinary_symptoms")


def test_only_what_follows_an_illness_is_an_outcome() -> None:
    outcomes = {code for (code, _), one in SHIPPED.items() if one.is_outcome}
    assert outcomes == {
        "PHQ9", "PHQ2", "GAD7", "QIDSSR16", "MADRS", "HAMD17", "HAMD6", "BDI2", "EPDS", "PCL5", "PROMISD8A",
    }  # fmt: skip
    acute = {code for (code, _), one in SHIPPED.items() if one.clock is Clock.ACUTE}
    assert acute == {"CADSS23", "CADSS6", "MOAAS", "BPRS4", "BPRS4_7PT", "VASMOOD", "KSET"}
    for one in SHIPPED.values():
        assert all(recall.hours_after_dose is None for recall in one.recalls if recall.clock is Clock.ACUTE)


def test_loincs_are_those_of_the_right_forms() -> None:
    codes = {code: (one.loinc_panel, one.loinc_total) for (code, _), one in SHIPPED.items()}
    assert codes["GAD7"] == ("69737-5", "70274-6")
    assert codes["PCL5"] == ("101697-1", "101698-9")  # not 70221-7, the older checklist
    assert codes["EPDS"] == ("71354-5", "99046-5")
    assert codes["CSSRS_SCR"] == ("93373-9", None)
    assert [item.loinc for item in SHIPPED["CSSRS_SCR", 1].items][5:] == ["93267-3", "93269-9"]


BY_ITEMS = [one for one in SHIPPED.values() if one.entry is not Entry.TOTAL_ONLY]


@pytest.mark.parametrize("instrument", BY_ITEMS, ids=lambda instrument: instrument.code)
@given(data=st.data())
def test_scores_stay_in_range_whatever_is_answered(data: st.DataObject, instrument: Instrument) -> None:
    steps = [st.integers(0, int((item.maximum - item.minimum) / item.step)) for item in instrument.items]
    taken = [data.draw(st.none() | step) for step in steps]
    items = [
        None if step is None else item.minimum + step * item.step
        for item, step in zip(instrument.items, taken, strict=True)
    ]
    try:
        score = score_items(instrument, items)
    except InvalidItems:
        assert instrument.risk is not None, "only a form that branches refuses answers that are in range"
        return
    if score.total is not None:
        assert instrument.total is not None
        assert instrument.total.minimum <= score.total <= instrument.total.maximum
    assert (score.total is None) >= score.incomplete
    labels = {band.label for band in instrument.severity.bands} | (
        {tier.label for tier in instrument.risk.tiers} | {instrument.risk.otherwise} if instrument.risk else set()
    )
    assert score.severity is None or score.severity in labels
    inside = {subscale.code for subscale in instrument.subscales}
    assert score.subscores.keys() <= inside


@given(positions=st.lists(st.none() | st.integers(0, 3), min_size=10, max_size=10))
def test_places_of_options_become_the_scores_the_second_scorer_finds(positions: list[int | None]) -> None:
    assert scores_of(SHIPPED["EPDS", 1], positions, Encoding.POSITION) == epds_from_positions(positions)
