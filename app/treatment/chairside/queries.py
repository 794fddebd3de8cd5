"""What the live screen reads beside the record of the session."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select

from app.alerts.queries import alert, visible_alerts
from app.alerts.rules import AlertStatus
from app.kernel.actor import Actor
from app.patients.queries import visible_weights, weight
from app.treatment.signatures.queries import signature, visible_signatures


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


def standing_signers(actor: Actor, session_id: UUID) -> Select[Any, Any]:
    """Who signed a session, first or beside another, of the signatures that nothing superseded."""
    columns = signature.c
    return (
        visible_signatures(actor)
        .where(
            columns.session_id == session_id,
            columns.addendum_id.is_(None),
            columns.superseded_at.is_(None),
            columns.entered_in_error_at.is_(None),
        )
        .with_only_columns(columns.signer_id, columns.cosignature)
    )
