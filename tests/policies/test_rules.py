"""Which value is in force: at instants, under profiles, with rows in error, for a patient; and what may be set."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.identity.rules import Role
from app.kernel.data_files import DataFile, DataFileError
from app.kernel.ids import new_id
from app.policies import catalogue
from app.policies.catalogue import shipped_policies
from app.policies.rules import (
    GATE_PROFILE,
    Gate,
    GateMode,
    InForce,
    Kind,
    Policy,
    PolicyNotSettable,
    PolicyValueUnfit,
    Pressure,
    Profile,
    Setting,
    UnknownPolicy,
    as_json,
    gates_in,
    in_force,
    policies_in,
    require_fits,
    require_settable,
    resolve,
    value_in,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SHIPPED = shipped_policies()
GATES = [code for code, policy in SHIPPED.items() if policy.kind is Kind.GATE]
ALWAYS_HARD = {"gate.programme_enrolment", "gate.setting_enrolment", "gate.order_maximum"}


def row(code: str, value: object, days: float = 0, **facts: Any) -> Setting:
    """Something that was set to count from so many days after noon on."""
    return Setting(new_id(), code, value, NOON + timedelta(days=days), **facts)


def found(code: str, *rows: Setting, days: float = 0) -> InForce:
    """What is in force so many days after noon."""
    return resolve(SHIPPED, [code], rows, NOON + timedelta(days=days))[code]


def gate(mode: str, *roles: str) -> dict[str, object]:
    return {"mode": mode, "override_roles": list(roles)}


# ── in force ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_row_the_shipped_value_counts() -> None:
    one = found("weight_recent_days")
    assert (one.number, one.version, one.setting) == (Decimal(90), "POLICIES@1", None)
    assert one.source == SHIPPED["weight_recent_days"].source


def test_a_row_counts_from_its_instant_on() -> None:
    first, second = row("weight_recent_days", 60, days=1), row("weight_recent_days", 30, days=2)
    rows = [second, first]
    assert in_force(rows, NOON) is None
    assert in_force(rows, first.effective_at - timedelta(microseconds=1)) is None
    assert in_force(rows, first.effective_at) is first
    assert in_force(rows, second.effective_at - timedelta(microseconds=1)) is first
    assert in_force(rows, second.effective_at) is second
    assert [found("weight_recent_days", *rows, days=day).number for day in (0, 1, 2, 9)] == [90, 60, 30, 30]
    assert found("weight_recent_days", *rows, days=1).version == f"policy_setting:{first.id}"


def test_of_two_rows_of_one_instant_the_later_recorded_counts() -> None:
    first = row("weight_recent_days", 60)
    second = row("weight_recent_days", 30)
    assert in_force([first, second], NOON) is second
    assert in_force([second, first], NOON) is second


def test_a_row_in_error_counts_at_no_instant_and_the_one_before_it_counts_again() -> None:
    first, second = row("weight_recent_days", 60), row("weight_recent_days", 30, days=1)
    wrong = replace(second, entered_in_error=True)
    assert found("weight_recent_days", first, second, days=2).number == 30
    assert found("weight_recent_days", first, wrong, days=2).number == 60
    assert found("weight_recent_days", replace(first, entered_in_error=True), wrong, days=2).number == 90


def test_a_row_without_a_value_puts_the_default_back() -> None:
    rows = [row("weight_recent_days", 60), row("weight_recent_days", None, days=1)]
    assert found("weight_recent_days", *rows).number == 60
    back = found("weight_recent_days", *rows, days=1)
    assert (back.number, back.version) == (90, "POLICIES@1")


def test_a_patients_own_limit_stands_before_the_clinics() -> None:
    clinics = row("spo2_alert_below", 92)
    patients = row("spo2_alert_below", 88, days=1, is_patients=True)
    ended = row("spo2_alert_below", None, days=2, is_patients=True)
    later = row("spo2_alert_below", 91, days=1.5)
    rows = [clinics, patients, later, ended]
    assert [found("spo2_alert_below", *rows, days=day).number for day in (0, 1, 1.6, 2)] == [92, 88, 88, 91]
    assert found("spo2_alert_below", *rows, days=1).version == f"patient_limit:{patients.id}"
    assert found("spo2_alert_below", patients).number == 94


def test_what_an_alert_says_of_a_source_is_never_a_reason() -> None:
    own = row("spo2_alert_below", 88, reason="Lives at 2 500 m.", is_patients=True)
    assert found("spo2_alert_below", own).source == "The patient's own limit."
    assert found("spo2_alert_below", row("spo2_alert_below", 88, reason="x")).source == "The clinic's own."
    assert found("spo2_alert_below", row("spo2_alert_below", 88, source="Manual 3")).source == "Manual 3"


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=8), st.integers(-1, 6))
def test_what_counts_is_the_latest_that_began_and_stands(told: list[tuple[int, bool]], day: int) -> None:
    rows = [
        row("weight_recent_days", number, day, entered_in_error=wrong) for number, (day, wrong) in enumerate(told, 1)
    ]
    expected = None
    for number, (began, wrong) in sorted(enumerate(told, 1), key=lambda one: one[1][0]):
        if began <= day and not wrong:
            expected = number
    counts = in_force(rows, NOON + timedelta(days=day))
    assert (counts and counts.value) == expected


# ── gates and profiles ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_standard_profile_is_the_one_that_ships() -> None:
    one = found("gate.consent")
    assert (one.gate, one.version) == (Gate(GateMode.REASON, (Role.PRESCRIBER,)), "GATES@1:standard")
    hard = {code for code in GATES if found(code).gate.mode is GateMode.HARD}
    warn = {code for code in GATES if found(code).gate.mode is GateMode.WARN}
    assert hard == ALWAYS_HARD
    warns = ("identity", "fasting", "weight_age", "pre_dose_score", "medicines", "escort")
    assert warn == {f"gate.{name}" for name in warns}
    assert all(found(code).gate.override_roles == (Role.PRESCRIBER,) for code in GATES if code not in hard | warn)


def test_recording_only_warns_of_everything() -> None:
    chosen = row(GATE_PROFILE, "record_only")
    assert {found(code, chosen).gate for code in GATES} == {Gate(GateMode.WARN)}
    assert found("gate.escort", chosen).version == "GATES@1:record_only"


def test_a_stricter_profile_is_nowhere_weaker() -> None:
    by_profile = {name: [found(code, row(GATE_PROFILE, name)).gate.mode for code in GATES] for name in Profile}
    strength = list(GateMode).index
    for weaker, stronger in (("record_only", "standard"), ("standard", "strict")):
        pairs = zip(by_profile[Profile(weaker)], by_profile[Profile(stronger)], strict=True)
        assert all(strength(one) <= strength(other) for one, other in pairs)
    assert by_profile[Profile.STANDARD] != by_profile[Profile.STRICT]


def test_a_profile_is_switched_at_its_instant() -> None:
    rows = [row(GATE_PROFILE, "strict", days=1), row(GATE_PROFILE, "record_only", days=2)]
    modes = [found("gate.consent", *rows, days=day).gate.mode for day in (0, 1, 2)]
    assert modes == ["reason", "hard", "warn"]
    assert found("gate.consent", replace(rows[0], entered_in_error=True), days=1).gate.mode == "reason"


def test_one_gate_may_differ_from_the_profile() -> None:
    rows = [row(GATE_PROFILE, "strict"), row("gate.escort", gate("off"))]
    one, other = found("gate.escort", *rows), found("gate.consent", *rows)
    assert (one.gate.mode, one.version) == ("off", f"policy_setting:{rows[1].id}")
    assert (other.gate.mode, other.version) == ("hard", "GATES@1:strict")
    assert one.default == Gate(GateMode.REASON, (Role.PRESCRIBER, Role.NURSE))


@pytest.mark.parametrize("code", sorted(ALWAYS_HARD))
def test_what_is_always_hard_becomes_so_again_with_the_profile(code: str) -> None:
    """Set while only recording, it is kept and does not count once the clinic treats from the record."""
    rows = [row(GATE_PROFILE, "record_only"), row(code, gate("off")), row(GATE_PROFILE, "standard", days=1)]
    assert found(code, *rows).gate.mode == "off"
    later = found(code, *rows, days=1)
    assert (later.gate, later.version) == (Gate(GateMode.HARD), "GATES@1:standard")


@pytest.mark.parametrize("code", sorted(ALWAYS_HARD))
@pytest.mark.parametrize("profile", ["standard", "strict"])
@pytest.mark.parametrize("weaker", [gate("off"), gate("warn"), gate("reason", "prescriber")])
def test_weaker_than_hard_is_refused(code: str, profile: str, weaker: dict[str, object]) -> None:
    with pytest.raises(PolicyValueUnfit) as refused:
        require_fits(SHIPPED[code], weaker, Profile(profile))
    assert [(one.code, one.pointer) for one in refused.value.faults] == [("gate_too_weak", "#/value/mode")]
    assert require_fits(SHIPPED[code], weaker, Profile.RECORD_ONLY)
    assert require_fits(SHIPPED[code], gate("hard"), Profile(profile)) == Gate(GateMode.HARD)


def test_what_a_gate_may_be_is_told() -> None:
    order, consent = SHIPPED["gate.order_maximum"], SHIPPED["gate.consent"]
    assert order.choices_under(Profile.STANDARD) == ("hard",)
    assert order.choices_under(Profile.RECORD_ONLY) == consent.choices_under(Profile.STRICT) == tuple(GateMode)
    assert SHIPPED[GATE_PROFILE].choices_under(Profile.STRICT) == tuple(Profile)


# ── what may be set ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("code", "value", "pointer"),
    [
        ("weight_recent_days", 0, "#/value"),
        ("weight_recent_days", 731, "#/value"),
        ("weight_recent_days", 1.5, "#/value"),
        ("weight_recent_days", True, "#/value"),
        ("weight_recent_days", "60", "#/value"),
        ("weight_recent_days", {"mode": "off", "override_roles": []}, "#/value"),
        ("weight_difference_fraction", Decimal("0.055"), "#/value"),
        (GATE_PROFILE, "lenient", "#/value"),
        (GATE_PROFILE, 1, "#/value"),
        ("pressure_escalate_from", 180, "#/value"),
        ("pressure_escalate_from", {"systolic_mmhg": 180}, "#/value"),
        ("pressure_escalate_from", {"systolic_mmhg": 180, "diastolic_mmhg": 110, "x": 1}, "#/value"),
        ("pressure_escalate_from", {"systolic_mmhg": 241, "diastolic_mmhg": 110}, "#/value/systolic_mmhg"),
        ("pressure_escalate_from", {"systolic_mmhg": 180, "diastolic_mmhg": 69}, "#/value/diastolic_mmhg"),
        ("pressure_escalate_from", {"systolic_mmhg": 180.5, "diastolic_mmhg": 110}, "#/value/systolic_mmhg"),
        ("pressure_escalate_from", {"systolic_mmhg": 180, "diastolic_mmhg": True}, "#/value/diastolic_mmhg"),
        ("gate.escort", "off", "#/value"),
        ("gate.escort", {"mode": "maybe", "override_roles": []}, "#/value/mode"),
        ("gate.escort", {"mode": ["off"], "override_roles": []}, "#/value/mode"),
        ("gate.escort", {"mode": "reason", "override_roles": []}, "#/value/override_roles"),
        ("gate.escort", {"mode": "hard", "override_roles": ["prescriber"]}, "#/value/override_roles"),
        ("gate.escort", {"mode": "reason", "override_roles": ["emperor"]}, "#/value/override_roles"),
        ("gate.escort", {"mode": "reason", "override_roles": [{}]}, "#/value/override_roles"),
        ("gate.escort", {"mode": "reason", "override_roles": "prescriber"}, "#/value/override_roles"),
        ("gate.escort", {"mode": "reason", "override_roles": ["nurse", "nurse"]}, "#/value/override_roles"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(code: str, value: object, pointer: str) -> None:
    with pytest.raises(PolicyValueUnfit) as refused:
        require_fits(SHIPPED[code], value, Profile.STANDARD)
    (fault,) = refused.value.faults
    assert fault.pointer == pointer


@pytest.mark.parametrize("code", list(SHIPPED))
def test_every_shipped_value_may_be_set_and_reads_back(code: str) -> None:
    policy = SHIPPED[code]
    for profile, value in policy.defaults.items():
        told = as_json(value)
        assert require_fits(policy, told, profile) == value
        assert value_in(policy.kind, json.loads(json.dumps(told))) == value


def test_what_is_not_settable_is_refused() -> None:
    with pytest.raises(UnknownPolicy):
        require_settable(SHIPPED, "no_such_policy", per_patient=False)
    for code in ("own_typo_minutes", "clock_tolerance_minutes", "alert_historic_days"):
        with pytest.raises(PolicyNotSettable):
            require_settable(SHIPPED, code, per_patient=False)
    for code in ("weight_recent_days", "gate.consent", GATE_PROFILE):
        assert require_settable(SHIPPED, code, per_patient=False).code == code
        with pytest.raises(PolicyNotSettable):
            require_settable(SHIPPED, code, per_patient=True)
    assert require_settable(SHIPPED, "spo2_alert_below", per_patient=True).per_patient


# ── what ships ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_limits_that_ship() -> None:
    numbers = {
        "heart_rate_start_hold_above": 110,
        "heart_rate_start_hold_below": 50,
        "spo2_start_hold_below": 94,
        "spo2_alert_below": 94,
        "spo2_emergency_below": 90,
        "respiratory_rate_alert_below": 10,
        "respiratory_rate_alert_above": 24,
        "sedation_alert_to": 3,
        "pressure_recheck_minutes": 5,
        "session_gap_minimum_hours": 24,
        "session_gap_usual_hours": 48,
    }
    assert {code: SHIPPED[code].number for code in numbers} == numbers
    pressures = {
        "pressure_start_acceptable_to": Pressure(140, 90),
        "pressure_start_hold_above": Pressure(160, 100),
        "pressure_recheck_from": Pressure(160, 100),
        "pressure_recheck_rise": Pressure(30, 20),
        "pressure_escalate_from": Pressure(180, 110),
    }
    assert {code: SHIPPED[code].pressure for code in pressures} == pressures
    assert {code for code, policy in SHIPPED.items() if policy.per_patient} >= pressures.keys()


def test_every_policy_names_its_source() -> None:
    assert list(SHIPPED) == sorted(SHIPPED)
    assert all(policy.source and policy.title and policy.version for policy in SHIPPED.values())


_FILES = Path(catalogue.__file__).parent / "data"


def told(name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads((_FILES / f"{name}@1.json").read_text(encoding="utf-8")))


def read(name: str, content: dict[str, Any]) -> dict[str, Policy]:
    file = DataFile("X@1.json", content)
    return policies_in(file) if name == "POLICIES" else gates_in(file)


@pytest.mark.parametrize(
    ("name", "wrong", "complaint"),
    [
        ("POLICIES", {"value": 100_000}, "value: Must be from"),
        ("POLICIES", {"value": "14"}, "value: Must be a number"),
        ("POLICIES", {"kind": "gate"}, "kind: must not be a gate"),
        ("POLICIES", {"unknown": 1}, "unknown: unknown field"),
        ("POLICIES", {"code": "clock_tolerance_minutes"}, "code: appears twice"),
        ("POLICIES", {"source": " "}, "source: must be a text"),
        ("GATES", {"modes": {"record_only": "warn", "standard": "reason"}}, "modes.strict: missing"),
        ("GATES", {"never_below": "hard"}, "value: Under the profile standard"),
        ("GATES", {"override_roles": []}, "value: Roles override"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused(name: str, wrong: dict[str, Any], complaint: str) -> None:
    content = told(name)
    rows = content["policies" if name == "POLICIES" else "gates"]
    assert read(name, content)
    rows[0] |= wrong
    with pytest.raises(DataFileError) as refused:
        read(name, content)
    assert complaint in str(refused.value)
