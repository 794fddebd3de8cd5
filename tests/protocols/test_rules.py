"""Plans as data: what ships, and what a wrong file says."""

import json
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

import app
from app.kernel.data_files import DataFile, DataFileError
from app.protocols.rules import (
    ClockStart,
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
ONE_PHASE = tuple(json.loads((SHIPPED_FILES / "KET_IV_6x3W@1.json").read_text(encoding="utf-8")))
SEVERAL = ("phases", "step_mg", "max_mg_per_session", "decision_points", "alternative_start")


def shipped_file(code: str) -> dict[str, object]:
    """A shipped plan as it is written."""
    return cast("dict[str, object]", json.loads((SHIPPED_FILES / f"{code}@1.json").read_text(encoding="utf-8")))


def write(directory: Path, file_name: str = "X@1.json", /, like: str = "KET_IV_6x3W", **changes: object) -> Path:
    """Write a shipped plan under another name, with some fields changed; `...` leaves one out."""
    content = shipped_file(like)
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


# Code: drug, route, and of each phase its name, its days (of an endless one the first four), doses and their unit.
# Publications: those that each file names as its source.
PLANS = {
    "KET_IV_6x3W": ("ketamine", "intravenous", [("induction", "0 3 7 10 14 17", "0.5 mg/kg")]),
    "KET_IV_6x2W": (
        "ketamine",
        "intravenous",
        [("induction", "0 2 4 7 9 11", "0.5 mg/kg"), ("maintenance", "0 7 14 21", "0.5 mg/kg")],
    ),
    "KET_IV_4x2W": ("ketamine", "intravenous", [("induction", "0 3 7 10", "0.5 0.75 mg/kg")]),
    "KET_IV_3xW_MAX12": (
        "ketamine",
        "intravenous",
        [("induction", "0 2 4 7 9 11 14 16 18 21 23 25", "0.5 mg/kg")],
    ),
    "KET_IV_PTSD_8x4W": ("ketamine", "intravenous", [("induction", "0 3 7 10 14 17 21 24", "0.5 mg/kg")]),
    "KET_IV_MAINT_CAN": (
        "ketamine",
        "intravenous",
        [
            ("maintenance_1", "0 7 14 21", "0.5 mg/kg"),
            ("maintenance_2", "0 14 28 42", "0.5 mg/kg"),
            ("maintenance_3", "0 28 56", "0.5 mg/kg"),
        ],
    ),
    "KET_IV_BOOSTER_PRN": ("ketamine", "intravenous", [("maintenance", "", "mg/kg")]),
    "KET_SC_KADS": ("ketamine", "subcutaneous", [("induction", "0 3 7 10 14 17 21 24", "0.5 0.6 0.75 0.9 mg/kg")]),
    "KET_IM_SERIES": ("ketamine", "intramuscular", [("induction", "0 3 7 10 14 17", "0.5 0.75 1.0 mg/kg")]),
    "KET_IM_TEST_PO_12W": ("ketamine", "intramuscular", [("induction", "0", "mg/kg"), ("maintenance", "", "mg/kg")]),
    "KET_SL_6x": ("ketamine", "sublingual", [("induction", "0 5 10 15 20 25", "50 100 150 200 250 300 mg")]),
    "KET_PO_TITR": (
        "ketamine",
        "oral",
        [("induction", "0 3 6 9", "50 75 100 125 150 175 200 225 250 275 300 mg")],
    ),
    "KET_PO_2xW_6W": ("ketamine", "oral", [("induction", "0 3 7 10 14 17 21 24 28 31 35 38", "1.0 2.0 mg/kg")]),
    "ESK_TRD": (
        "esketamine",
        "intranasal",
        [
            ("induction", "0 3 7 10 14 17 21 24", "56 84 mg"),
            ("maintenance_1", "0 7 14 21", "56 84 mg"),
            ("maintenance_2", "0 7 14 21", "56 84 mg"),
        ],
    ),
    "ESK_MDSI": ("esketamine", "intranasal", [("induction", "0 3 7 10 14 17 21 24", "56 84 mg")]),
}


def test_these_plans_ship() -> None:
    assert {code for code, _ in SHIPPED} == {*PLANS, "OPEN"}
    assert {code for (code, _), plan in SHIPPED.items() if not plan.verified} == {
        "KET_IV_4x2W",
        "KET_IM_SERIES",
        "KET_SL_6x",
    }


@pytest.mark.parametrize("code", PLANS)
def test_a_plan_has_the_phases_days_and_doses_of_its_publication(code: str) -> None:
    drug, route, phases = PLANS[code]
    plan = SHIPPED[code, 1]
    assert (plan.drug, plan.route) == (drug, route)
    shown = [
        (
            phase.name,
            " ".join(str(day) for day in phase.days(ahead=4)),
            " ".join([*map(str, phase.dose_mg), "mg"])
            if phase.dose_mg
            else " ".join([*map(str, phase.dose_mg_per_kg), "mg/kg"]),
        )
        for phase in plan.phases
    ]
    assert shown == phases
    for phase in plan.phases:
        days = phase.days(ahead=60)
        most = phase.sessions_per_week
        assert most is None or all(sum(day // 7 == week for day in days) <= most for week in range(60))
        assert phase.weeks is None or all(day < 7 * phase.weeks for day in days)
        limit = plan.limits.max_mg_per_kg
        assert limit is None or all(dose <= limit for dose in phase.dose_mg_per_kg)
        most_mg = plan.max_mg_per_session or plan.limits.max_mg
        assert most_mg is None or all(dose <= most_mg for dose in phase.dose_mg)


def test_esketamine_as_the_label_has_it() -> None:
    # Spravato prescribing information: twice a week for four weeks, weekly for four, then weekly or every two weeks;
    # 56 mg first; devices of 28 mg, at most three; at least two hours of watching from the first device.
    plan = SHIPPED["ESK_TRD", 1]
    induction, weekly, after = plan.phases
    assert [phase.sessions_per_week for phase in plan.phases] == [2, 1, 1]
    assert [(phase.sessions, phase.weeks) for phase in plan.phases] == [(8, 4), (4, 4), (None, None)]
    assert (induction.first_dose_mg, after.interval_days, weekly.rolls, after.rolls) == ((56,), (7, 14), False, True)
    assert (plan.step_mg, plan.max_mg_per_session) == (28, 84)
    assert (plan.observation.counts_from, plan.observation.minimum_minutes) == (ClockStart.START, 120)
    assert 40 in plan.vital_slots_minutes
    alternative = plan.alternative_start
    assert alternative is not None
    assert (alternative.age_at_least, alternative.first_dose_mg, alternative.dose_mg) == (65, (28,), (28, 56, 84))


@pytest.mark.parametrize(
    ("current", "target", "asked"),
    [
        ("induction", "maintenance_1", True),
        ("induction", "maintenance_2", True),
        ("maintenance_1", "maintenance_2", False),
        ("maintenance_2", "induction", False),
        ("induction", "induction", False),
        ("nowhere", "maintenance_1", False),
    ],
)
def test_benefit_is_decided_on_the_way_out_of_induction(current: str, target: str, *, asked: bool) -> None:
    assert (SHIPPED["ESK_TRD", 1].decision_between(current, target) is not None) == asked


def test_an_endless_phase_is_planned_some_sessions_at_a_time_and_at_the_interval_chosen() -> None:
    after = SHIPPED["ESK_TRD", 1].phases[2]
    assert after.days(ahead=3) == (0, 7, 14)
    assert after.days(ahead=3, interval_days=14) == (0, 14, 28)
    assert SHIPPED["ESK_TRD", 1].phases[1].days(ahead=99) == (0, 7, 14, 21)
    assert SHIPPED["OPEN", 1].phases[0].days(ahead=4) == ()
    assert SHIPPED["OPEN", 1].phases[0].days(ahead=2, interval_days=10) == (0, 10)


def test_a_plan_written_without_phases_is_one_phase() -> None:
    plan = SHIPPED["KET_IV_6x3W", 1]
    assert len(plan.phases) == 1
    assert (plan.phases[0].name, plan.phases[0].dose_mg_per_kg) == ("induction", (Decimal("0.5"),))
    assert (plan.decision_points, plan.alternative_start, plan.step_mg) == ((), None, None)


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


@pytest.mark.parametrize("field", [field for field in ONE_PHASE if field != "code"])
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
        ("step_mg", 28, "step_mg: unknown field"),
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
        ("observation", {"counts_from": "middle"}, "observation.counts_from: must be one of start, last_start, end"),
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


def phase_like(**changes: object) -> list[dict[str, object]]:
    """The phases of the esketamine plan, the first with some members changed; `...` leaves one out."""
    first, *rest = cast("list[dict[str, object]]", shipped_file("ESK_TRD")["phases"])
    changed = {name: value for name, value in (first | changes).items() if value is not ...}
    return [changed, *rest]


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("phases", [], "phases: must have at least one"),
        ("phases", phase_like(name="maintenance_1"), "phases: must have at least one, each with a name of its own"),
        ("phases", phase_like(name=...), "phases[0].name: missing"),
        ("phases", phase_like(sesions=3), "phases[0].sesions: unknown field"),
        ("phases", phase_like(route="rectal"), "phases[0].route: must be one of"),
        ("phases", phase_like(sessions=7), "phases[0].day_offsets: must have one day for each session"),
        ("phases", phase_like(day_offsets=[]), "phases[0].day_offsets: must have one day for each session"),
        ("phases", phase_like(day_offsets=[1, *range(2, 9)]), "phases[0].day_offsets: must begin with day 0"),
        ("phases", phase_like(interval_days=[7]), "phases[0].interval_days: must be empty where days are stated"),
        ("phases", phase_like(interval_days=[14, 7]), "phases[0].interval_days: must ascend"),
        ("phases", phase_like(dose_mg=[56, 0]), "phases[0].dose_mg: must be a number above zero"),
        ("phases", phase_like(dose_mg=[84, 56]), "phases[0].dose_mg: must ascend"),
        ("phases", phase_like(dose_mg_per_kg=[1]), "phases[0].dose_mg_per_kg: must be empty where doses are stated"),
        ("phases", phase_like(rules=["", "x"]), "phases[0].rules: must be a list of texts"),
        ("phases", phase_like(climbed=1), "phases[0].climbed: must be true or false"),
        ("sessions", 8, "sessions: unknown field"),
        ("step_mg", 0, "step_mg: must be a number above zero"),
        ("decision_points", [{"after": "induction"}], "decision_points[0].action: missing"),
        (
            "decision_points",
            [{"after": "maintenance_2", "action": "evidence_of_benefit_required", "source": "x"}],
            "decision_points: must follow a phase that another phase follows",
        ),
        ("alternative_start", {"age_at_least": -1}, "alternative_start.age_at_least: must be a whole number"),
        *((field, ..., f"{field}: missing") for field in SEVERAL if field != "phases"),
    ],
)
def test_a_wrong_field_of_a_plan_in_phases_is_named(tmp_path: Path, field: str, value: object, complaint: str) -> None:
    with pytest.raises(DataFileError) as refused:
        load_protocols(write(tmp_path, like="ESK_TRD", **{field: value}))
    assert str(refused.value).startswith(f"X@1.json: {complaint}")
    assert refused.value.field == complaint.split(": ", maxsplit=1)[0]
    assert refused.value.fault.startswith(complaint.split(": ")[1])


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
