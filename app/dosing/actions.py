"""Ordering a dose, recording what was given, accounting for the rest.

Whatever was given is recorded. Each event makes the dose be reckoned again, and the session follows: the first dose
event moves it to dosing, the last stop to observing.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from app.alerts.actions import Cause, end_alerts_of, raise_alert
from app.alerts.rules import AlertSeverity
from app.courses.models import Course
from app.dosing import queries, rules
from app.dosing.models import Administration, DoseEventRecord, DoseOrder
from app.dosing.rules import (
    AdministrationState,
    DeliveredSource,
    Delivery,
    DoseEvent,
    DoseEventKind,
    LimitBreach,
    OrderStatus,
)
from app.dosing.schemas import (
    AdministrationCreate,
    AdministrationUpdate,
    DoseEventCreate,
    DoseEventInline,
    DoseEventUpdate,
    DoseOrderCreate,
    ReconcileAdministration,
)
from app.kernel import clock, policies
from app.kernel.actor import Actor
from app.kernel.confirmations import Doubt, require_confirmed
from app.kernel.database import WriteSession
from app.kernel.endpoint import needs_key
from app.kernel.errors import Conflict
from app.kernel.ledger import name_change
from app.kernel.records import (
    already_created,
    find,
    identity_of,
    mark_entered_in_error,
    one,
    one_for_update,
    one_locked,
    reason_of_change,
    require_version,
)
from app.patients import queries as patient_queries
from app.patients.models import Weight
from app.protocols.catalogue import shipped_protocols
from app.sessions import rules as session_rules
from app.sessions.models import TreatmentSession
from app.sessions.rules import Deviation, IllegalTransition, SessionStatus

_RULE_VERSION = 1
_ORDERABLE = frozenset(
    {
        SessionStatus.SCHEDULED,
        SessionStatus.CHECKED_IN,
        SessionStatus.CLEARED,
        SessionStatus.HELD,
        SessionStatus.DOSING,
        SessionStatus.OBSERVING,
    }
)
_DOUBTS = {
    LimitBreach.ABOVE_MAX_MG_PER_KG: "More milligrams per kilogram than the protocol's limit.",
    LimitBreach.BELOW_MINIMUM_MINUTES: "Faster than the protocol's limit.",
    LimitBreach.ABOVE_TIMES_PREVIOUS_DOSE: "Much more than the patient's previous dose of this drug by this route.",
}


class WeightMissing(Conflict):
    """A dose by weight needs a weight."""

    code = "weight-missing"
    title = "Record the patient's weight first"


# ── orders ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def order_dose(db: WriteSession, actor: Actor, session_id: UUID, body: DoseOrderCreate) -> DoseOrder:
    """Order a dose; it supersedes the session's order before.

    Raises:
        IllegalTransition: the session is over.
        WeightMissing: ordered per kilogram, and no weight is recorded.
        ConfirmationRequired: the dose goes beyond a soft limit.
    """
    if (before := await already_created(db, actor, DoseOrder, body, session_id=session_id)) is not None:
        return before
    treatment = await one_locked(db, actor, TreatmentSession, session_id)
    if SessionStatus(treatment.status) not in _ORDERABLE or treatment.entered_in_error_at is not None:
        raise IllegalTransition(
            "No dose can be ordered for a session that is over.", members={"current_status": treatment.status}
        )
    weight = (await db.execute(patient_queries.latest_weight(actor, treatment.patient_id))).scalar_one_or_none()
    calculated = _calculated(body, weight)
    ordered_mg = body.ordered_mg if body.ordered_mg is not None else calculated
    assert ordered_mg is not None
    breaches = await _breaches(db, actor, treatment, body, ordered_mg, weight)
    pointer = "#/ordered_mg" if body.ordered_mg is not None else "#/ordered_mg_per_kg"
    require_confirmed([Doubt(breach.value, pointer, _DOUBTS[breach]) for breach in breaches], body.confirm)
    for older in (await db.execute(queries.active_orders(actor, session_id))).scalars():
        older.status = OrderStatus.SUPERSEDED
        name_change(db, older, "dose_order.superseded")
    order = DoseOrder(
        **identity_of(actor, body),
        patient_id=treatment.patient_id,
        session_id=treatment.id,
        status=OrderStatus.ACTIVE,
        drug=treatment.drug,
        route=treatment.route,
        ordered_mg=ordered_mg,
        ordered_mg_per_kg=body.ordered_mg_per_kg,
        weight_kg=weight.weight_kg if weight else None,
        weight_measured_at=weight.measured_at if weight else None,
        calculated_mg=calculated,
        infusion_minutes=body.infusion_minutes,
        rate_mg_per_min=rules.rate_mg_per_min(ordered_mg, body.infusion_minutes) if body.infusion_minutes else None,
        confirmed=[breach.value for breach in breaches],
        ordered_at=clock.now(),
        prescriber_id=actor.principal_id,
        note=body.note,
    )
    db.add(order)
    name_change(db, order, "dose_order.ordered")
    return order


def _calculated(body: DoseOrderCreate, weight: Weight | None) -> Decimal | None:
    if body.ordered_mg_per_kg is None:
        return None
    if weight is None:
        raise WeightMissing
    return rules.calculated_mg(body.ordered_mg_per_kg, weight.weight_kg)


async def _breaches(  # everything a limit is compared with
    db: WriteSession,
    actor: Actor,
    treatment: TreatmentSession,
    body: DoseOrderCreate,
    ordered_mg: Decimal,
    weight: Weight | None,
) -> Sequence[LimitBreach]:
    course = await one(db, actor, Course, treatment.course_id)
    protocol = shipped_protocols()[course.protocol_code, course.protocol_version]
    previous = queries.previous_dose(actor, treatment.patient_id, treatment.drug, treatment.route)
    return rules.limit_breaches(
        protocol.limits,
        dose_mg=ordered_mg,
        weight_kg=weight.weight_kg if weight else None,
        infusion_minutes=body.infusion_minutes,
        previous_dose_mg=(await db.execute(previous)).scalar_one_or_none(),
    )


async def void_order(db: WriteSession, actor: Actor, order_id: UUID, reason: str, if_match: int | None) -> DoseOrder:
    """Mark an order as entered in error."""
    order = await one_for_update(db, actor, DoseOrder, order_id, if_match)
    mark_entered_in_error(db, actor, order, reason)
    return order


# ── what was given ───────────────────────────────────────────────────────────────────────────────────────────────────


async def record_administration(
    db: WriteSession, actor: Actor, session_id: UUID, body: AdministrationCreate
) -> Administration:
    """Record what was given, in whatever state the session is.

    Raises:
        IdempotencyKeyRequired: neither a key nor an own id came with it.
        EndBeforeStart, DoseEventIncomplete, ImpossibleAmount: what cannot have happened.
    """
    needs_key(db, own_id=body.id)
    if (before := await already_created(db, actor, Administration, body, session_id=session_id)) is not None:
        return before
    treatment = await one_locked(db, actor, TreatmentSession, session_id)
    administration = await _given(db, actor, treatment, body)
    kind = body.events[-1].kind.value if body.events else DoseEventKind.STOP.value
    if body.events or body.started_at is not None:
        await _follow(db, actor, treatment, administration, kind)
    return administration


async def add_past_administration(
    db: WriteSession, actor: Actor, treatment: TreatmentSession, body: AdministrationCreate
) -> Administration:
    """Record what was given in a session that is over and is being recorded now, together with it.

    The session's clock follows, its state does not, and nobody is alarmed.

    Raises:
        EndBeforeStart, DoseEventIncomplete, ImpossibleAmount: what cannot have happened.
    """
    administration = await _given(db, actor, treatment, body)
    await db.flush()
    await _set_clock(db, actor, treatment)
    return administration


async def _given(
    db: WriteSession, actor: Actor, treatment: TreatmentSession, body: AdministrationCreate
) -> Administration:
    order = (await db.execute(queries.active_orders(actor, treatment.id))).scalars().first()
    told = body.model_dump(exclude={"id", "events"})
    if body.delivered_mg is not None:
        source = DeliveredSource.ENTERED
    else:
        source = DeliveredSource.NOT_REPORTED if body.started_at is not None else DeliveredSource.EVENTS
    administration = Administration(
        **identity_of(actor, body),
        **told,
        patient_id=treatment.patient_id,
        session_id=treatment.id,
        dose_order_id=order.id if order else None,
        state=AdministrationState.NOT_STARTED,
        delivered_source=source,
        reconciled=False,
        deviations=[],
        rule_version=_RULE_VERSION,
    )
    db.add(administration)
    name_change(db, administration, "administration.recorded", occurred_at=body.started_at)
    await db.flush()
    for ordinal, event in enumerate(body.events, start=1):
        _add_event(db, actor, administration, event, ordinal, pointer=f"#/events/{ordinal - 1}")
    await db.flush()
    await _reckon(db, actor, administration)
    return administration


async def record_dose_event(
    db: WriteSession, actor: Actor, administration_id: UUID, body: DoseEventCreate
) -> DoseEventRecord:
    """Record one thing that happened to a dose.

    Raises:
        IdempotencyKeyRequired: neither a key nor an own id came with it.
        EndBeforeStart, DoseEventIncomplete, ImpossibleAmount: what cannot have happened.
    """
    needs_key(db, own_id=body.id)
    if (
        before := await already_created(db, actor, DoseEventRecord, body, administration_id=administration_id)
    ) is not None:
        return before
    administration, treatment = await _both_locked(db, actor, administration_id)
    administration.delivered_source = DeliveredSource.EVENTS
    standing = (await db.execute(queries.events_of(actor, administration.id))).scalars().all()
    ordinal = max((one_of.ordinal for one_of in standing), default=0) + 1
    event = _add_event(db, actor, administration, body, ordinal)
    await db.flush()
    await _reckon(db, actor, administration, cause=f"dose_event {event.id}")
    await _follow(db, actor, treatment, administration, body.kind.value)
    return event


async def _both_locked(
    db: WriteSession, actor: Actor, administration_id: UUID
) -> tuple[Administration, TreatmentSession]:
    """An administration and its session, the session locked first: everybody takes the two in this order."""
    session_id = (await one(db, actor, Administration, administration_id)).session_id
    treatment = await one_locked(db, actor, TreatmentSession, session_id)
    return await one_locked(db, actor, Administration, administration_id), treatment


def _add_event(  # where it belongs and what happened
    db: WriteSession,
    actor: Actor,
    administration: Administration,
    body: DoseEventInline | DoseEventCreate,
    ordinal: int,
    *,
    pointer: str = "#",
) -> DoseEventRecord:
    event = DoseEventRecord(
        **(identity_of(actor, body) if isinstance(body, DoseEventCreate) else identity_of(actor)),
        patient_id=administration.patient_id,
        session_id=administration.session_id,
        administration_id=administration.id,
        ordinal=ordinal,
        **body.model_dump(exclude={"id"}),
    )
    if body.id is not None:
        event.id = body.id
    rules.require_possible(_plain(event), pointer=pointer)
    db.add(event)
    name_change(db, event, "dose_event.recorded", reason=body.reason, occurred_at=body.occurred_at)
    return event


def _plain(event: DoseEventRecord) -> DoseEvent:
    return DoseEvent(
        DoseEventKind(event.kind), event.occurred_at, event.ordinal, event.rate_mg_per_min, event.amount_mg
    )


async def _reckon(
    db: WriteSession, actor: Actor, administration: Administration, *, cause: str | None = None
) -> Delivery | None:
    """Work out what was given and where the rest went, from the events that stand."""
    delivery: Delivery | None = None
    deviations: list[str] = []
    if administration.delivered_source == DeliveredSource.EVENTS:
        events = (await db.execute(queries.events_of(actor, administration.id))).scalars().all()
        delivery = rules.deliver([_plain(event) for event in events])
        administration.delivered_mg = delivery.delivered_mg
        administration.started_at = delivery.started_at
        administration.stopped_at = delivery.stopped_at
        administration.infusion_minutes = delivery.infusion_minutes if events else None
        administration.state = _state(delivery)
        deviations += [deviation.value for deviation in delivery.deviations]
    else:
        administration.state = AdministrationState.STOPPED
    if administration.delivered_mg is not None:
        order = await _order_of(db, actor, administration)
        compared = rules.dose_deviations(
            administration.delivered_mg,
            order.ordered_mg if order else None,
            tolerance_mg=policies.value_of("dose_tolerance_mg"),
        )
        deviations += [deviation.value for deviation in compared]
    administration.deviations = deviations
    _account(administration)
    if cause is not None:
        name_change(db, administration, "administration.reckoned", reason=cause)
    return delivery


async def _order_of(db: WriteSession, actor: Actor, administration: Administration) -> DoseOrder | None:
    if administration.dose_order_id is None:
        return None
    order = await find(db, actor, DoseOrder, administration.dose_order_id)
    return None if order is None or order.entered_in_error_at is not None else order


def _state(delivery: Delivery) -> AdministrationState:
    if delivery.running:
        return AdministrationState.RUNNING
    if delivery.paused:
        return AdministrationState.PAUSED
    return AdministrationState.STOPPED if delivery.finished else AdministrationState.NOT_STARTED


def _account(administration: Administration) -> None:
    found = rules.reconcile(
        administration.drawn_mg, administration.delivered_mg, administration.wasted_mg, administration.returned_mg
    )
    administration.unaccounted_mg = found.unaccounted_mg
    administration.reconciled = found.reconciled


async def _follow(
    db: WriteSession,
    actor: Actor,
    treatment: TreatmentSession,
    administration: Administration,
    kind: str,
) -> None:
    """Let the session follow the doses: its clock, its state, and what was out of order, with an alert."""
    await db.flush()
    ended = await _set_clock(db, actor, treatment)
    before = SessionStatus(treatment.status)
    after, deviations = session_rules.status_after_dose_event(before, kind=kind, all_stopped=ended)
    treatment.status = after
    if before is SessionStatus.HELD:
        treatment.held_from = None
    new = [deviation for deviation in deviations if deviation.value not in treatment.deviations]
    treatment.deviations = [*treatment.deviations, *(deviation.value for deviation in new)]
    for deviation in new:
        cause = Cause(
            administration.__resource__,
            administration.id,
            administration.patient_id,
            administration.session_id,
            administration.started_at or clock.now(),
        )
        raise_alert(
            db, actor, cause, code=f"dose_{deviation.value}", severity=AlertSeverity.REVIEW, rule=_RULES[deviation]
        )
    name = {SessionStatus.DOSING: "session.dosing_started", SessionStatus.OBSERVING: "session.dosing_ended"}
    changed_name = name.get(after, "session.dose_recorded") if after is not before else "session.dose_recorded"
    name_change(db, treatment, changed_name, occurred_at=treatment.last_dose_at)


_RULES = {
    Deviation.NOT_CLEARED: "A dose was given before the session was cleared. Seriatim default.",
    Deviation.RECORDED_AFTER_DISCHARGE: "A dose was recorded after discharge. Seriatim default.",
    Deviation.WAS_CANCELLED: "A dose was recorded in a cancelled session. Seriatim default.",
    Deviation.WAS_NO_SHOW: "A dose was recorded in a session marked as missed. Seriatim default.",
}


async def _set_clock(db: WriteSession, actor: Actor, treatment: TreatmentSession) -> bool:
    """Set t0, the last dose and the end of dosing from the administrations; say whether all have ended."""
    given = (await db.execute(queries.administrations_of(actor, treatment.id))).scalars().all()
    begun = [one_of.started_at for one_of in given if one_of.started_at is not None]
    ended = all(one_of.state in {AdministrationState.STOPPED, AdministrationState.NOT_STARTED} for one_of in given)
    treatment.started_at = min(begun, default=None)
    stops = [one_of.stopped_at for one_of in given if one_of.stopped_at is not None]
    treatment.dosing_ended_at = max(stops, default=None) if ended else None
    latest: list[datetime] = [*stops, *begun]
    for one_of in given:
        if one_of.state in {AdministrationState.RUNNING, AdministrationState.PAUSED}:
            events = (await db.execute(queries.events_of(actor, one_of.id))).scalars().all()
            latest += [event.occurred_at for event in events]
    treatment.last_dose_at = max(latest, default=None)
    treatment.session_at = treatment.started_at or treatment.scheduled_start_at or treatment.recorded_at
    return ended and bool(begun)


# ── accounting and correcting ────────────────────────────────────────────────────────────────────────────────────────


async def reconcile_administration(
    db: WriteSession, actor: Actor, administration_id: UUID, body: ReconcileAdministration, if_match: int | None
) -> Administration:
    """Say where the rest of the drawn drug went. A remainder is recorded and shown, not refused."""
    administration = await one_for_update(db, actor, Administration, administration_id, if_match)
    if body.drawn_mg is not None:
        administration.drawn_mg = body.drawn_mg
    administration.wasted_mg = body.wasted_mg
    administration.returned_mg = body.returned_mg
    _account(administration)
    name_change(db, administration, "administration.reconciled")
    return administration


async def correct_administration(  # a correction carries version and reason
    db: WriteSession,
    actor: Actor,
    administration_id: UUID,
    body: AdministrationUpdate,
    if_match: int | None,
    reason: str | None,
) -> Administration:
    """Correct an administration, with a reason unless it is one's own recent slip."""
    administration = await one_for_update(db, actor, Administration, administration_id, if_match)
    why = reason_of_change(actor, administration, reason)
    for member, value in body.model_dump(exclude_unset=True).items():
        setattr(administration, member, value)
    _account(administration)
    name_change(db, administration, "administration.corrected", reason=why)
    return administration


async def correct_dose_event(  # a correction carries version and reason
    db: WriteSession, actor: Actor, event_id: UUID, body: DoseEventUpdate, if_match: int | None, reason: str | None
) -> DoseEventRecord:
    """Correct a dose event; the dose is reckoned again as its own change."""
    event, administration, treatment = await _event_locked(db, actor, event_id, if_match)
    why = reason_of_change(actor, event, reason)
    for member, value in body.model_dump(exclude_unset=True).items():
        setattr(event, member, value)
    rules.require_possible(_plain(event))
    name_change(db, event, "dose_event.corrected", reason=why, occurred_at=event.occurred_at)
    await _reckon_after_correction(db, actor, treatment, administration, event)
    return event


async def void_dose_event(
    db: WriteSession, actor: Actor, event_id: UUID, reason: str, if_match: int | None
) -> DoseEventRecord:
    """Mark a dose event as entered in error; the dose is reckoned again as its own change."""
    event, administration, treatment = await _event_locked(db, actor, event_id, if_match)
    mark_entered_in_error(db, actor, event, reason)
    await _reckon_after_correction(db, actor, treatment, administration, event)
    return event


async def _event_locked(
    db: WriteSession, actor: Actor, event_id: UUID, if_match: int | None
) -> tuple[DoseEventRecord, Administration, TreatmentSession]:
    seen = await one(db, actor, DoseEventRecord, event_id)
    require_version(seen, if_match)  # 428 and 412 come before anything the state says
    administration, treatment = await _both_locked(db, actor, seen.administration_id)
    event = await one_locked(db, actor, DoseEventRecord, event_id)
    require_version(event, if_match)
    return event, administration, treatment


async def _reckon_after_correction(
    db: WriteSession, actor: Actor, treatment: TreatmentSession, administration: Administration, event: DoseEventRecord
) -> None:
    await db.flush()
    await _reckon(db, actor, administration, cause=f"dose_event {event.id}")
    if administration.started_at is None:
        await end_alerts_of(db, actor, administration.id, "What was recorded of this dose was entered in error.")
    await _follow_correction(db, actor, treatment, f"dose_event {event.id}")


async def _follow_correction(db: WriteSession, actor: Actor, treatment: TreatmentSession, cause: str) -> None:
    """Let the session's clock and state follow doses that were corrected or entered in error."""
    await db.flush()
    ended = await _set_clock(db, actor, treatment)
    status = SessionStatus(treatment.status)
    if status in {SessionStatus.DOSING, SessionStatus.OBSERVING}:
        if treatment.started_at is None:
            treatment.status = session_rules.status_without_dose(
                treatment.deviations,
                checked_in=treatment.checked_in_at is not None,
                cleared=treatment.cleared_at is not None,
            )
            treatment.deviations = []
        elif ended:
            treatment.status = SessionStatus.OBSERVING
        elif treatment.aborted_at is None:
            treatment.status = SessionStatus.DOSING
    name_change(db, treatment, "session.dose_corrected", reason=cause)


async def void_administration(
    db: WriteSession, actor: Actor, administration_id: UUID, reason: str, if_match: int | None
) -> Administration:
    """Mark an administration and its events as entered in error; the session's clock and state follow."""
    # 428 and 412 come before anything the state says.
    require_version(await one(db, actor, Administration, administration_id), if_match)
    administration, treatment = await _both_locked(db, actor, administration_id)
    require_version(administration, if_match)
    mark_entered_in_error(db, actor, administration, reason)
    for event in (await db.execute(queries.events_of(actor, administration.id))).scalars().all():
        mark_entered_in_error(db, actor, event, reason)
    await end_alerts_of(db, actor, administration.id, f"Entered in error: {reason}")
    await _follow_correction(db, actor, treatment, f"administration {administration.id}")
    return administration
