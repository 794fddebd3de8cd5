"""Plans as data: what ships, and what a wrong file says."""

import json
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

import app
from app.protocols.rules import (
    ClockStart,
    DataFile,
    DataFileError,
    Drug,
    Protocol,
    Route,
    UnknownProtocol,
    latest,
    load_protocols,
    require_latest,
)

SHIPPED_FILES = Path(next(iter(app.__path__))) / "protocols" / "data"
SHIPPED = load_protocols(SHIPPED_FILES)
FIELDS = tuple(Protocol.__dataclass_fields__)


def write(directory: Path, file_name: str = "X@1.json", /, **changes: object) -> Path:
    """Write the shipped infusion plan under another name, with some fields changed; `...` leaves one out."""
    content = cast("dict[str, object]", json.loads((SHIPPED_FILES / "KET_IV_6x3W@1.json").read_text(encoding="utf-8")))
    content |= {"code": "X", **changes}
    kept = {field: value for field, value in content.items() if value is not ...}
    (directory / file_name).write_text(json.dumps(kept), encoding="utf-8")
    return directory


def test_six_infusions_in_three_weeks() -> None:
    # Anand 2023 (ELEKT-D) and Oliver 2022: 0.5 mg/kg over 40 minutes, six infusions within 21 days.
    plan = SHIPPED["KET_IV_6x3W", 1]
    assert (plan.drug, plan.route, plan.sessions) == (Drug.KETAMINE, Route.INTRAVENOUS, 6)
    assert plan.day_offsets == (0, 3, 7, 10, 14, 17)
    assert all(sum(offset // 7 == week for offset in plan.day_offsets) == 2 for week in range(3))
    assert (plan.dose_mg_per_kg, plan.infusion_minutes) == (Decimal("0.5"), 40)
    assert plan.limits.max_mg_per_kg == 1
    assert plan.limits.minimum_minutes == 30
    assert plan.limits.times_previous_dose == Decimal("1.5")
    assert plan.observation.counts_from is ClockStart.END
    assert plan.vital_slots_minutes == (10, 20, 30, 40, 60, 80, 100, 120)


def test_an_open_course_plans_nothing_but_is_watched() -> None:
    plan = SHIPPED["OPEN", 1]
    assert (plan.drug, plan.route, plan.sessions, plan.dose_mg_per_kg) == (None, None, None, None)
    assert plan.day_offsets == plan.vital_slots_minutes == ()
    assert plan.observation.minimum_minutes == max(one.observation.minimum_minutes for one in SHIPPED.values())


@pytest.mark.parametrize("plan", SHIPPED.values(), ids=lambda plan: plan.code)
def test_every_shipped_plan_names_its_sources(plan: Protocol) -> None:
    for source in (plan.source, plan.observation.source, plan.limits.source, plan.vital_slots_source):
        assert len(source) > 20
    own = plan.source.startswith("Seriatim default")
    assert own or any(f" {year}" in plan.source for year in range(2000, 2030))


def test_numbers_are_exact(tmp_path: Path) -> None:
    assert isinstance(SHIPPED["KET_IV_6x3W", 1].dose_mg_per_kg, Decimal)
    text = (SHIPPED_FILES / "KET_IV_6x3W@1.json").read_text(encoding="utf-8")
    text = text.replace('"code": "KET_IV_6x3W"', '"code": "X"').replace(": 0.5,", ": 0.1234567890123456789,")
    (tmp_path / "X@1.json").write_text(text, encoding="utf-8")
    assert load_protocols(tmp_path)["X", 1].dose_mg_per_kg == Decimal("0.1234567890123456789")


def test_the_plans_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        SHIPPED["OPEN", 2] = SHIPPED["OPEN", 1]  # type: ignore[index]  # pyright: ignore[reportIndexIssue]


def test_the_latest_version_is_the_highest_not_the_longest_name(tmp_path: Path) -> None:
    for version in (2, 10, 9):
        write(tmp_path, f"X@{version}.json", version=version)
    plans = load_protocols(tmp_path)
    assert list(plans) == [("X", 2), ("X", 9), ("X", 10)]
    newest = latest(plans, "X")
    assert newest is not None
    assert newest.version == 10
    assert latest(plans, "Y") is None
    assert require_latest(plans, "X") is newest


def test_asking_for_an_unknown_plan_is_invalid() -> None:
    with pytest.raises(UnknownProtocol) as refused:
        require_latest(SHIPPED, "KET_IV_9x9W")
    assert refused.value.status == 422
    assert refused.value.faults[0].pointer == "#/protocol_code"
    assert "9x9W" not in f"{refused.value} {refused.value.faults}"


@pytest.mark.parametrize("field", [field for field in FIELDS if field != "code"])
def test_a_missing_field_is_named(tmp_path: Path, field: str) -> None:
    with pytest.raises(DataFileError, match=rf"^X@1\.json: {field}: missing$"):
        load_protocols(write(tmp_path, **{field: ...}))


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("code", "Y", "code: does not match the name of the file"),
        ("code", 5, "code: must be a text"),
        ("version", 2, "code: does not match the name of the file"),
        ("version", 0, "version: must be a whole number, at least 1"),
        ("version", True, "version: must be a whole number, at least 1"),
        ("name", " ", "name: must be a text"),
        ("drug", "caffeine", "drug: must be one of ketamine, esketamine"),
        ("route", "rectal", "route: must be one of intravenous, "),
        ("sessions", 5, "day_offsets: must have one day for each session"),
        ("sessions", None, "day_offsets: must have one day for each session"),
        ("day_offsets", [1, 3, 7, 10, 14, 17], "day_offsets: must begin with day 0"),
        ("day_offsets", [0, 3, 3, 10, 14, 17], "day_offsets: must ascend"),
        ("day_offsets", [-1, 3, 7, 10, 14, 17], "day_offsets: must be a whole number, at least 0"),
        ("day_offsets", "daily", "day_offsets: must be a list"),
        ("dose_mg_per_kg", 0, "dose_mg_per_kg: must be a number above zero"),
        ("dose_mg_per_kg", -0.5, "dose_mg_per_kg: must be a number above zero"),
        ("dose_mg_per_kg", True, "dose_mg_per_kg: must be a number above zero"),
        ("dose_mg_per_kg", "0.5", "dose_mg_per_kg: must be a number above zero"),
        ("infusion_minutes", 0, "infusion_minutes: must be a whole number, at least 1"),
        ("observation", None, "observation: must be an object"),
        ("observation", {"counts_from": "middle"}, "observation.counts_from: must be one of start, end"),
        ("observation", {"counts_from": "end"}, "observation.minimum_minutes: missing"),
        ("limits", {"max_mg_pr_kg": 1}, "limits.max_mg_pr_kg: unknown field"),
        ("vital_slots_minutes", [0, 10], "vital_slots_minutes: must be a whole number, at least 1"),
        ("source", "", "source: must be a text"),
        ("verified", "yes", "verified: must be true or false"),
        ("notes", "", "notes: unknown field"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, field: str, value: object, complaint: str) -> None:
    with pytest.raises(DataFileError) as refused:
        load_protocols(write(tmp_path, **{field: value}))
    assert str(refused.value).startswith(f"X@1.json: {complaint}")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "X@1.json: not JSON"),
        ("[]", "X@1.json: not a JSON object"),
        ('{"code": "X", "code": "X"}', "X@1.json: a member appears twice"),
        ('{"code": "X", "version": NaN}', "X@1.json: NaN and Infinity are not numbers"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "X@1.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataFileError, match=complaint.replace("[", r"\[")):
        load_protocols(tmp_path)


def test_a_list_of_objects_names_its_place() -> None:
    file = DataFile("X@1.json", {"items": [{"number": 1}, 2]})
    with pytest.raises(DataFileError, match=r"^X@1\.json: items\[1\]: must be an object$"):
        file.sections("items")
    (item,) = DataFile("X@1.json", {"items": [{"number": 0}]}).sections("items")
    with pytest.raises(DataFileError, match=r"^X@1\.json: items\[0\]\.number: must be"):
        item.integer("number", minimum=1)
    assert DataFile("X@1.json", {"text": None}).optional_text("text") is None
