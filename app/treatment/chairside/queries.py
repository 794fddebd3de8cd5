"""What the live screen reads beside the record of the session."""

from typing import Any

from sqlalchemy import Select

from app.alerts.queries import alert, visible_alerts
from app.alerts.rules import AlertStatus
from app.kernel.actor import Actor
from app.patients.queries import visible_weights, weight


def last_weight(actor: Actor) -> Select[Any]:
    """Of each patient it is asked of, the weight measured last."""
    return (
        visible_weights(actor)
        .where(weight.c.entered_in_error_at.is_(None))
        .order_by(weight.c.measured_at.desc(), weight.c.id.desc())
        .limit(1)
    )


def open_alerts(actor: Actor) -> Select[Any]:
    """Alerts that nobody has acknowledged."""
    return visible_alerts(actor).where(alert.c.status == AlertStatus.OPEN)
