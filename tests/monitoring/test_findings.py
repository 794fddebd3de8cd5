"""What is found in a reading, and when one came into the record late."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.alerts.rules import AlertSeverity
from app.monitoring.rules import LIMITS, Measured, findings, is_recorded_late
from app.policies.catalogue import shipped_policies
from app.policies.rules import Setting, resolve

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
SHIPPED = resolve(shipped_policies(), LIMITS, (), NOW)
BEFORE = Measured(120, 80)
NOBODY = UUID(int=7)
FINE = Measured(138, 86, 14, 98, 5)


def pressure(systolic: int | None, diastolic: int | None) -> Measured:
    return Measured(systolic, diastolic)


@pytest.mark.parametrize(
    ("reading", "found"),
    [
        (FINE, []),
        (Measured(), []),
        # from the limit on, in either part, the gravest one only
        (pressure(159, 99), ["pressure_rise"]),
        (pressure(160, 70), ["pressure_recheck"]),
        (pressure(130, 100), ["pressure_recheck"]),
        (pressure(179, 109), ["pressure_recheck"]),
        (pressure(180, 90), ["pressure_high"]),
        (pressure(150, 110), ["pressure_high"]),
        (pressure(None, 110), ["pressure_high"]),
        # a rise is counted from before the dose
        (pressure(149, 80), []),
        (pressure(150, 80), ["pressure_rise"]),
        (pressure(140, 99), []),
        (pressure(120, 60), []),
        (Measured(spo2_percent=94), []),
        (Measured(spo2_percent=93), ["spo2_low"]),
        (Measured(spo2_percent=90), ["spo2_low"]),
        (Measured(spo2_percent=89), ["spo2_emergency"]),
        (Measured(respiratory_rate_per_min=10), []),
        (Measured(respiratory_rate_per_min=9), ["respiratory_rate_low"]),
        (Measured(respiratory_rate_per_min=24), []),
        (Measured(respiratory_rate_per_min=25), ["respiratory_rate_high"]),
        (Measured(sedation_moaas=4), []),
        (Measured(sedation_moaas=3), ["sedation_deep"]),
        (Measured(sedation_moaas=0), ["sedation_deep"]),
        (Measured(185, 112, 8, 88, 2), ["pressure_high", "spo2_emergency", "respiratory_rate_low", "sedation_deep"]),
    ],
)
def test_each_limit_at_its_edge(reading: Measured, found: list[str]) -> None:
    assert [one.code for one in findings(reading, BEFORE, SHIPPED)] == found


def test_without_a_pressure_before_the_dose_no_rise_is_found() -> None:
    for baseline in (None, Measured(), Measured(spo2_percent=97)):
        assert findings(pressure(159, 95), baseline, SHIPPED) == ()
    (one,) = findings(pressure(150, None), pressure(120, None), SHIPPED)
    assert one.code == "pressure_rise"


def test_a_recheck_calls_nobody_and_what_calls_somebody_is_measured_again_too() -> None:
    severities = {
        "pressure_rise": None,
        "pressure_recheck": None,
        "pressure_high": AlertSeverity.URGENT,
        "spo2_low": AlertSeverity.URGENT,
        "spo2_emergency": AlertSeverity.EMERGENCY,
        "respiratory_rate_low": AlertSeverity.URGENT,
        "respiratory_rate_high": AlertSeverity.URGENT,
        "sedation_deep": AlertSeverity.URGENT,
    }
    readings = (
        pressure(150, 80), pressure(160, 80), Measured(180, 80, 9, 93, 3), Measured(120, 80, 25, 89),
    )  # fmt: skip
    found = {one.code: one for reading in readings for one in findings(reading, BEFORE, SHIPPED)}
    assert {code: one.severity for code, one in found.items()} == severities
    assert {one.repeat_after_minutes for one in found.values()} == {5}
    assert {one.policy_version for one in found.values()} == {"POLICIES@1"}
    assert found["pressure_high"].rule.startswith("Blood pressure from 180 systolic or 110 diastolic mmHg. ")


def test_before_the_dose_only_what_is_grave_at_any_time_is_found_and_nothing_is_waited_for() -> None:
    reading = Measured(185, 112, 8, 88, 2)
    found = findings(reading, None, SHIPPED, before_dose=True)
    assert [(one.code, one.repeat_after_minutes) for one in found] == [
        ("pressure_high", None),
        ("spo2_emergency", None),
    ]
    assert findings(Measured(172, 98, 9, 92, 3), None, SHIPPED, before_dose=True) == ()


def test_limits_are_the_patients_own_where_there_are_some() -> None:
    def own(code: str, value: Any) -> Setting:
        return Setting(NOBODY, code, value, NOW - timedelta(days=1), is_patients=True)

    rows = [own("spo2_alert_below", 90), own("pressure_recheck_rise", {"systolic_mmhg": 60, "diastolic_mmhg": 40})]
    limits = resolve(shipped_policies(), LIMITS, rows, NOW)
    assert findings(Measured(158, 99, spo2_percent=92), BEFORE, limits) == ()
    (one,) = findings(Measured(spo2_percent=88), BEFORE, limits)
    assert one.code == "spo2_emergency"


@pytest.mark.parametrize(("minutes", "late"), [(0, False), (5, False), (5.02, True), (50, True), (-3, False)])
def test_recorded_late_is_about_typing_and_not_about_measuring(minutes: float, late: bool) -> None:
    assert is_recorded_late(NOW, NOW + timedelta(minutes=minutes), 5) is late
