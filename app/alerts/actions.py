"""Raising, acknowledging and ending alerts."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.alerts import queries
from app.alerts.models import Alert
from app.alerts.rules import AlertSeverity, AlertStatus, opens_live, require_alert_move
from app.alerts.schemas import AcknowledgeAlert, ResolveAlert
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.ledger import name_change
from app.kernel.records import identity_of, one_for_update
from app.policies.catalogue import shipped_policies


@dataclass(frozen=True, slots=True)
class Cause:
    """What makes somebody raise an alert."""

    resource: str
    id: UUID
    patient_id: UUID
    session_id: UUID | None
    occurred_at: datetime


def raise_alert(
    db: WriteSession,
    actor: Actor,
    cause: Cause,
    *,
    code: str,
    severity: AlertSeverity,
    rule: str,
    policy_version: str | None = None,
) -> Alert:
    """Raise an alert in the transaction of its cause; one about an old fact is kept closed as `historic`.

    `policy_version` names the policy a limit came from, where it came from one.
    """
    now = clock.now()
    live = opens_live(cause.occurred_at, now, int(shipped_policies()["alert_historic_days"].number))
    alert = Alert(
        **identity_of(actor),
        patient_id=cause.patient_id,
        session_id=cause.session_id,
        code=code,
        severity=severity.value,
        status=AlertStatus.OPEN if live else AlertStatus.HISTORIC,
        cause_type=cause.resource,
        cause_id=cause.id,
        rule=rule,
        policy_version=policy_version,
        raised_at=now,
    )
    db.add(alert)
    name_change(db, alert, "alert.raised", occurred_at=cause.occurred_at)
    return alert


async def acknowledge_alert(
    db: WriteSession, actor: Actor, alert_id: UUID, body: AcknowledgeAlert, if_match: int | None
) -> Alert:
    """Say that somebody has seen it."""
    alert = await one_for_update(db, actor, Alert, alert_id, if_match)
    require_alert_move(AlertStatus(alert.status), AlertStatus.ACKNOWLEDGED)
    alert.status = AlertStatus.ACKNOWLEDGED
    alert.acknowledged_at = clock.now()
    alert.acknowledged_by = actor.principal_id
    alert.acknowledge_note = body.note
    name_change(db, alert, "alert.acknowledged")
    return alert


async def resolve_alert(
    db: WriteSession, actor: Actor, alert_id: UUID, body: ResolveAlert, if_match: int | None
) -> Alert:
    """End it, with what was decided."""
    alert = await one_for_update(db, actor, Alert, alert_id, if_match)
    _end(db, actor, alert, body.disposition)
    return alert


def _end(db: WriteSession, actor: Actor, alert: Alert, disposition: str) -> None:
    require_alert_move(AlertStatus(alert.status), AlertStatus.RESOLVED)
    alert.status = AlertStatus.RESOLVED
    alert.resolved_at = clock.now()
    alert.resolved_by = actor.principal_id
    alert.disposition = disposition
    name_change(db, alert, "alert.resolved", reason=disposition)


async def end_alerts_of(
    db: WriteSession, actor: Actor, cause_id: UUID, disposition: str, *, code: str | None = None
) -> None:
    """End what a record caused, because the record was corrected or entered in error; nothing is deleted.

    With a `code` only alerts of that code end.
    """
    for alert in (await db.execute(queries.unresolved_alerts_of(actor, cause_id))).scalars():
        if code is None or alert.code == code:
            _end(db, actor, alert, disposition)
