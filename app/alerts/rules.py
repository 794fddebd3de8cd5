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


MOVES: Final[Mapping[AlertStatus, frozenset[AlertStatus]]] = MappingProxyType(
    {
        # Straight to resolved: the cause was entered in error, or whoever saw it first also dealt with it.
        AlertStatus.OPEN: frozenset({AlertStatus.ACKNOWLEDGED, AlertStatus.RESOLVED}),
        AlertStatus.ACKNOWLEDGED: frozenset({AlertStatus.RESOLVED}),
        AlertStatus.RESOLVED: frozenset(),
        AlertStatus.HISTORIC: frozenset(),
    }
)

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
