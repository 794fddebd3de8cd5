"""What an alert goes through, and when a fact raises one."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from app.alerts.rules import (
    MOVES,
    AlertClock,
    AlertSeverity,
    AlertStatus,
    IllegalAlertMove,
    clock_after_escalation,
    is_at_least,
    is_due,
    opens_live,
    policies_of_escalation,
    policy_of,
    require_alert_move,
    worst,
)
from app.policies.catalogue import shipped_policies

NOW = datetime(2026, 3, 29, 9, tzinfo=UTC)
LEGAL = {("open", "acknowledged"), ("open", "resolved"), ("acknowledged", "resolved")}


def test_every_status_has_its_row_of_moves() -> None:
    assert set(MOVES) == set(AlertStatus)


@pytest.mark.parametrize(("current", "target"), list(product(AlertStatus, AlertStatus)))
def test_a_move_is_accepted_exactly_when_it_is_listed(current: AlertStatus, target: AlertStatus) -> None:
    if (current.value, target.value) in LEGAL:
        require_alert_move(current, target)
    else:
        with pytest.raises(IllegalAlertMove):
            require_alert_move(current, target)


def test_a_refusal_names_both_states_and_what_would_be_allowed() -> None:
    with pytest.raises(IllegalAlertMove) as refused:
        require_alert_move(AlertStatus.ACKNOWLEDGED, AlertStatus.OPEN)
    assert refused.value.code == "illegal-transition"
    assert "acknowledged" in refused.value.detail
    assert "open" in refused.value.detail
    assert refused.value.members == {"current_status": "acknowledged", "allowed": ["resolved"]}


def test_severities_are_ordered_by_urgency_not_by_letter() -> None:
    order = [AlertSeverity.INFO, AlertSeverity.REVIEW, AlertSeverity.URGENT, AlertSeverity.EMERGENCY]
    for low, high in product(range(4), range(4)):
        assert is_at_least(order[high], order[low]) == (high >= low)
    assert worst([AlertSeverity.URGENT, AlertSeverity.EMERGENCY, AlertSeverity.REVIEW]) is AlertSeverity.EMERGENCY
    assert worst([]) is None


@pytest.mark.parametrize(
    ("age", "live"),
    [
        (timedelta(0), True),
        (timedelta(days=14), True),
        (timedelta(days=14, microseconds=1), False),
        (timedelta(days=400), False),
        (timedelta(days=-1), True),  # dated after its recording: the clock is wrong, the fact is not old
    ],
)
def test_old_facts_ring_no_bell(age: timedelta, live: bool) -> None:
    assert opens_live(NOW - age, NOW, 14) is live


def test_a_limit_of_no_days_leaves_only_what_is_recorded_at_once() -> None:
    assert opens_live(NOW, NOW, 0)
    assert not opens_live(NOW - timedelta(seconds=1), NOW, 0)


@pytest.mark.parametrize("status", AlertStatus)
@pytest.mark.parametrize(
    ("escalates_at", "run_out"),
    [(None, False), (NOW + timedelta(microseconds=1), False), (NOW, True), (NOW - timedelta(days=30), True)],
)
def test_an_alert_is_due_when_its_clock_has_run_out_while_it_waits(
    status: AlertStatus, escalates_at: datetime | None, run_out: bool
) -> None:
    assert is_due(status, escalates_at, NOW) is (run_out and status in {"open", "acknowledged"})


def test_what_is_more_pressing_waits_less_and_every_clock_has_its_policy() -> None:
    shipped = shipped_policies()
    for clock in AlertClock:
        codes = [policy_of(clock, one) for one in (AlertSeverity.EMERGENCY, AlertSeverity.URGENT, AlertSeverity.REVIEW)]
        minutes = [shipped[code].number for code in codes if code is not None]
        assert minutes == sorted(minutes)
        assert len(set(minutes)) == 3
        assert policy_of(clock, AlertSeverity.INFO) is None
        assert set(codes) <= set(policies_of_escalation())
    assert {code for code in shipped if "_minutes_" in code and code.startswith("alert_")} == set(
        policies_of_escalation()
    )
    assert all(shipped[code].settable for code in policies_of_escalation())


@pytest.mark.parametrize(
    ("status", "level", "then"),
    [
        (AlertStatus.OPEN, 1, AlertClock.RESOLVE),
        (AlertStatus.OPEN, 2, None),
        (AlertStatus.ACKNOWLEDGED, 1, None),
        (AlertStatus.ACKNOWLEDGED, 2, None),
    ],
)
def test_an_alert_everybody_forgets_does_not_fill_the_record(
    status: AlertStatus, level: int, then: AlertClock | None
) -> None:
    assert clock_after_escalation(status, level) is then
