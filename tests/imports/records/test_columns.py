from collections import Counter
from pathlib import Path

import pytest

from app.imports.findings import Weight
from app.imports.records.columns import (
    MEMBERS,
    InstrumentForm,
    Layout,
    Moment,
    Part,
    ScoreColumn,
    folded,
    lay_out,
    meaning_of,
)

FORMS = {
    "PHQ9": InstrumentForm(9, Moment.BEFORE),
    "MADRS": InstrumentForm(0, Moment.BEFORE),
    "HAMD6": InstrumentForm(0, Moment.BEFORE),
    "HAMD17": InstrumentForm(17, Moment.BEFORE),
    "CADSS": InstrumentForm(0, Moment.AFTER),
}
NEEDED = ["patient_key", "given_name", "family_name", "birth_on", "session_on", "drug", "route"]


def laid_out(header: list[str], *, named: dict[str, str] | None = None, given: dict[str, str] | None = None) -> Layout:
    return lay_out("a.csv", 1, header, FORMS, named=named or {}, given=given or {})


def refused(layout: Layout) -> list[tuple[str | None, str]]:
    return [(one.column, one.rule) for one in layout.findings if one.weight is Weight.REFUSED]


@pytest.mark.parametrize(
    ("header", "member"),
    [
        ("MRN", "patient_key"),
        ("Date of Birth", "birth_on"),
        ("Weight (kg)", "weight_kg"),
        ("WEIGHT [lbs]", "weight_lb"),
        ("Dose (mg)", "dose_mg"),
        ("Dose mg/kg", "dose_mg_per_kg"),
        ("BP pre", "pressure_before"),
        ("Pulse max", "heart_rate_bpm_peak"),
        ("SpO2 % before", "spo2_percent_before"),
        ("Dissociation (0–10)", "dissociation"),
        ("Dürchsicht", None),
        ("Weight", None),
    ],
)
def test_people_name_columns_in_many_ways(header: str, member: str | None) -> None:
    found = meaning_of(header, FORMS)
    assert (found.name if found else None) == member


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("PHQ-9", ScoreColumn("PHQ9", Moment.BEFORE, Part.TOTAL)),
        ("PHQ9 total (after)", ScoreColumn("PHQ9", Moment.AFTER, Part.TOTAL)),
        ("phq9_before_item_3", ScoreColumn("PHQ9", Moment.BEFORE, Part.ITEM, 3)),
        ("PHQ9 Q9", ScoreColumn("PHQ9", Moment.BEFORE, Part.ITEM, 9)),
        ("PHQ9 item 10", None),
        ("HAM-D 17", ScoreColumn("HAMD17", Moment.BEFORE, Part.TOTAL)),
        ("HAMD6 after", ScoreColumn("HAMD6", Moment.AFTER, Part.TOTAL)),
        ("CADSS", ScoreColumn("CADSS", Moment.AFTER, Part.TOTAL)),
        ("madrs after date", ScoreColumn("MADRS", Moment.AFTER, Part.DAY)),
        ("MADRS item 1", None),
        ("PHQ9 before after", None),
        ("PHQ99999", None),
    ],
)
def test_a_score_is_told_by_instrument_moment_and_part(header: str, expected: ScoreColumn | None) -> None:
    assert meaning_of(header, FORMS) == expected


def test_no_name_means_two_things() -> None:
    names = Counter(folded(word) for member in MEMBERS for word in {folded(w) for w in (member.name, *member.synonyms)})
    assert [name for name, count in names.items() if count > 1] == []


def test_what_has_a_unit_needs_it_in_its_header() -> None:
    layout = laid_out([*NEEDED, "Weight", "Dose"])
    assert refused(layout) == [("column 8", "unit_missing"), ("column 9", "unit_missing")]
    assert laid_out([*NEEDED, "Weight", "Dose"], named={"weight": "weight_lb", "Dose": "dose_mg"}).is_usable


def test_two_columns_for_the_same_are_refused() -> None:
    assert refused(laid_out([*NEEDED, "Dose (mg)", "mg given"])) == [("dose_mg", "column_twice")]
    assert refused(laid_out([*NEEDED, "PHQ9", "phq9 before total"])) == [("phq9_before_total", "column_twice")]
    assert refused(laid_out([*NEEDED, "drug"])) == [("drug", "column_twice")]


def test_a_missing_column_is_named_unless_it_is_given() -> None:
    assert laid_out(["MRN"]).missing == [
        "given_name",
        "family_name",
        "session_on",
        "drug",
        "route",
        "birth_on or birth_year",
    ]
    header = [name for name in NEEDED if name != "route"]
    assert refused(laid_out(header)) == [("route", "column_missing")]
    assert laid_out(header, given={"route": "iv"}).is_usable
    assert refused(laid_out(NEEDED, given={"route": "iv"})) == [("route", "column_there")]


def test_an_unknown_column_is_told_by_its_place_only() -> None:
    layout = laid_out([*NEEDED, "Passport", ""])
    assert [(one.column, one.rule, one.weight) for one in layout.findings] == [
        ("column 8", "column_unknown", Weight.NOTED)
    ]
    assert layout.ignored == [(7, "Passport"), (8, "")]


def test_a_form_with_columns_for_some_answers_is_told() -> None:
    layout = laid_out([*NEEDED, "PHQ9", "PHQ9 item 9"])
    assert [(one.column, one.rule) for one in layout.findings] == [("phq9_before", "items_incomplete")]


def test_the_documentation_and_the_template_know_every_column() -> None:
    described = Path("docs/importing-records.md").read_text(encoding="utf-8")
    assert [member.name for member in MEMBERS if f"`{member.name}`" not in described] == []
