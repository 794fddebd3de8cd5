"""Raising, acknowledging, escalating and ending alerts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.alerts import queries
from app.alerts.models import Alert
from app.alerts.rules import (
    STANDING,
    AlertClock,
    AlertSeverity,
    AlertStatus,
    ClosedBy,
    clock_after_escalation,
    is_due,
    opens_live,
    policies_of_escalation,
    policy_of,
    require_alert_move,
)
from app.alerts.schemas import AcknowledgeAlert, ResolveAlert
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.change_reasons import WRONG_PATIENT, code_of
from app.kernel.database import WriteSession
from app.kernel.ledger import name_change
from app.kernel.records import identity_of, one_for_update
from app.policies.catalogue import shipped_policies
from app.policies.queries import values_for


@dataclass(frozen=True, slots=True)
class Cause:
    """What makes somebody raise an alert."""

    resource: str
    id: UUID
    patient_id: UUID
    session_id: UUID | None
    occurred_at: datetime


async def raise_alert(
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

    Its clock begins when it is raised, not when the fact happened: nobody could answer it before.

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
        escalation_level=0,
    )
    if live:
        await _wait(db, actor, alert, AlertClock.ACKNOWLEDGE, now)
    db.add(alert)
    name_change(db, alert, "alert.raised", occurred_at=cause.occurred_at)
    return alert


async def _wait(db: WriteSession, actor: Actor, alert: Alert, clock_of: AlertClock | None, since: datetime) -> None:
    """Let an alert's clock run from an instant on, by the policy that is in force; None stops it."""
    code = None if clock_of is None else policy_of(clock_of, AlertSeverity(alert.severity))
    if code is None:
        alert.escalates_at = None
        return
    # All of them at once, so that a transaction asks once however many alerts it raises. What caused this one may still
    # be in the making, and is not to be written because somebody asks.
    with db.no_autoflush:
        limit = (await values_for(db, actor, policies_of_escalation()))[code]
    alert.escalates_at = since + timedelta(minutes=int(limit.number))
    alert.escalation_policy_version = limit.version


async def acknowledge_alert(
    db: WriteSession, actor: Actor, alert_id: UUID, body: AcknowledgeAlert, if_match: int | None
) -> Alert:
    """Say that somebody has seen it; from now on it waits for its end."""
    alert = await one_for_update(db, actor, Alert, alert_id, if_match)
    require_alert_move(AlertStatus(alert.status), AlertStatus.ACKNOWLEDGED)
    alert.status = AlertStatus.ACKNOWLEDGED
    alert.acknowledged_at = now = clock.now()
    alert.acknowledged_by = actor.principal_id
    alert.acknowledge_note = body.note
    await _wait(db, actor, alert, AlertClock.RESOLVE, now)
    name_change(db, alert, "alert.acknowledged")
    return alert


async def resolve_alert(
    db: WriteSession, actor: Actor, alert_id: UUID, body: ResolveAlert, if_match: int | None
) -> Alert:
    """End it, with what was decided."""
    alert = await one_for_update(db, actor, Alert, alert_id, if_match)
    _end(db, actor, alert, body.disposition, ClosedBy.PERSON)
    return alert


def _end(db: WriteSession, actor: Actor, alert: Alert, disposition: str, closed_by: ClosedBy) -> None:
    require_alert_move(AlertStatus(alert.status), AlertStatus.RESOLVED)
    alert.status = AlertStatus.RESOLVED
    alert.resolved_at = clock.now()
    alert.resolved_by = actor.principal_id
    alert.closed_by = closed_by
    alert.escalates_at = None
    alert.disposition = disposition
    name_change(db, alert, "alert.resolved", reason=disposition)


async def end_alerts_of(
    db: WriteSession, actor: Actor, cause_id: UUID, disposition: str, *, code: str | None = None
) -> None:
    """End what a record caused, because the record was corrected; nothing is deleted.

    With a `code` only alerts of that code end.
    """
    for alert in (await db.execute(queries.unresolved_alerts_of(actor, cause_id))).scalars():
        if code is None or alert.code == code:
            _end(db, actor, alert, disposition, ClosedBy.CORRECTION)


async def end_alerts_of_voided(db: WriteSession, actor: Actor, cause_id: UUID, reason: str) -> None:
    """End what a record caused, because the record was entered in error; nothing is deleted."""
    closed_by = ClosedBy.WRONG_PATIENT if code_of(reason) == WRONG_PATIENT else ClosedBy.ENTERED_IN_ERROR
    for alert in (await db.execute(queries.unresolved_alerts_of(actor, cause_id))).scalars():
        _end(db, actor, alert, f"Entered in error: {reason}", closed_by)


async def leave_alerts_behind(
    db: WriteSession, actor: Actor, session_id: UUID, patient_id: UUID, disposition: str, *, session_goes: bool
) -> list[Alert]:
    """Close what a session alarmed about one patient, because it was another's; the alerts stay with the former.

    Where the session itself goes, none of them belongs to it any more: what its facts say of the other patient is
    raised anew.

    Returns:
        Those that neither a correction nor a void had ended: what they warned of still stands.
    """
    found = (await db.execute(queries.alerts_of_session(actor, session_id, patient_id))).scalars().all()
    standing = [alert for alert in found if alert.closed_by in {None, ClosedBy.PERSON}]
    for alert in found:
        if alert.status in STANDING:
            _end(db, actor, alert, disposition, ClosedBy.WRONG_PATIENT)
        if session_goes:
            alert.session_id = None
        alert.closed_by = ClosedBy.WRONG_PATIENT
        name_change(db, alert, "alert.closed_as_wrong_patient", reason=disposition)
    return standing


async def escalate_due_alerts(db: WriteSession, actor: Actor, limit: int) -> int:
    """Escalate the clinic's alerts whose clock has run out. They are answered and ended as before.

    Returns:
        How many.
    """
    now = clock.now()
    due = (await db.execute(queries.due_alerts(actor, now, limit))).scalars().all()
    escalated = [alert for alert in due if is_due(AlertStatus(alert.status), alert.escalates_at, now)]
    for alert in escalated:
        status, ran_out_at = AlertStatus(alert.status), alert.escalates_at
        alert.escalation_level += 1
        alert.escalated_at = now
        reason = f"Not {'acknowledged' if status is AlertStatus.OPEN else 'resolved'} in time."
        name_change(db, alert, "alert.escalated", reason=reason, occurred_at=ran_out_at)
        await _wait(db, actor, alert, clock_after_escalation(status, alert.escalation_level), now)
    return len(escalated)
