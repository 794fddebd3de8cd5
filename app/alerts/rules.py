"""What an alert goes through, and when a fact raises one at all.

An alert asks a person to look now. A fact that is entered long after it happened is kept with its alert, as history,
but rings no bell: alarms about last year teach people to click alarms away.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from app.kernel.errors import RuleViolated


class AlertStatus(StrEnum):
    """Where an alert stands. `historic` alerts were never live."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    HISTORIC = "historic"


class AlertSeverity(StrEnum):
    """How soon somebody must look, from lowest to highest.

    Compare with `is_at_least`: these are texts, and texts compare by letter.
    """

    INFO = "info"
    REVIEW = "review"
    URGENT = "urgent"
    EMERGENCY = "emergency"


class ClosedBy(StrEnum):
    """What ended an alert: somebody resolved it, or its cause is no longer what it was, or is another patient's."""

    PERSON = "person"
    CORRECTION = "correction"
    ENTERED_IN_ERROR = "entered_in_error"
    WRONG_PATIENT = "wrong_patient"


class AlertClock(StrEnum):
    """What an alert waits for; each has a policy for each severity that escalates."""

    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


MOVES: Final[Mapping[AlertStatus, frozenset[AlertStatus]]] = MappingProxyType(
    {
        # Straight to resolved: the cause was entered in error, or whoever saw it first also dealt with it.
        AlertStatus.OPEN: frozenset({AlertStatus.ACKNOWLEDGED, AlertStatus.RESOLVED}),
        AlertStatus.ACKNOWLEDGED: frozenset({AlertStatus.RESOLVED}),
        AlertStatus.RESOLVED: frozenset(),
        AlertStatus.HISTORIC: frozenset(),
    }
)

STANDING: Final = (AlertStatus.OPEN, AlertStatus.ACKNOWLEDGED)
_ESCALATES: Final = (AlertSeverity.EMERGENCY, AlertSeverity.REVIEW, AlertSeverity.URGENT)

_RANK: Final = {severity: rank for rank, severity in enumerate(AlertSeverity)}


class IllegalAlertMove(RuleViolated):
    """The step that was asked for does not follow from the alert's state."""

    code = "illegal-transition"
    title = "This step does not follow from the present state"
    advice = "Read the record: its `status` says how far it has come, and somebody may have taken this step already."


def require_alert_move(current: AlertStatus, target: AlertStatus) -> None:
    """Refuse a move that `MOVES` does not list.

    Raises:
        IllegalAlertMove: with `status` and `allowed`.
    """
    if target not in MOVES[current]:
        raise IllegalAlertMove(
            detail=f"An alert that is {current} cannot become {target}.",
            members={
                "current_status": current.value,
                "allowed": [status.value for status in AlertStatus if status in MOVES[current]],
            },
        )


def is_at_least(severity: AlertSeverity, floor: AlertSeverity) -> bool:
    """Say whether a severity is as high as another, or higher."""
    return _RANK[severity] >= _RANK[floor]


def worst(severities: Iterable[AlertSeverity]) -> AlertSeverity | None:
    """Find the highest of some severities; None if there are none."""
    return max(severities, key=_RANK.__getitem__, default=None)


def opens_live(occurred_at: datetime, recorded_at: datetime, historic_days: int) -> bool:
    """Say whether a fact raises a live alert, or one that is kept closed as `historic`.

    Args:
        occurred_at: When it happened.
        recorded_at: When it was recorded.
        historic_days: The clinic's limit in days of 24 hours; exactly that old is still live.

    Returns:
        True also for a fact dated after its recording: a wrong clock must not silence an alarm.
    """
    return recorded_at - occurred_at <= timedelta(days=historic_days)


# ── escalation ───────────────────────────────────────────────────────────────────────────────────────────────────────


def policy_of(clock: AlertClock, severity: AlertSeverity) -> str | None:
    """Which policy says how many minutes an alert may wait; None for one that may wait for ever."""
    return f"alert_{clock.value}_minutes_{severity.value}" if severity in _ESCALATES else None


def policies_of_escalation() -> tuple[str, ...]:
    """Every policy the clocks go by, by code."""
    return tuple(f"alert_{clock.value}_minutes_{severity.value}" for clock in AlertClock for severity in _ESCALATES)


def is_due(status: AlertStatus, escalates_at: datetime | None, now: datetime) -> bool:
    """Say whether an alert's clock has run out while it still waits; at the very instant it has."""
    return status in STANDING and escalates_at is not None and escalates_at <= now


def clock_after_escalation(status: AlertStatus, level: int) -> AlertClock | None:
    """What an alert that has just escalated waits for next.

    Nobody acknowledged it: it escalates once more if it is not resolved in the time it has for that. Otherwise it
    stays where it is, so that an alert everybody forgets does not fill the record.

    Args:
        status: Where it stands.
        level: How often it has escalated, this time included.
    """
    return AlertClock.RESOLVE if status is AlertStatus.OPEN and level == 1 else None
