"""Ordering a dose, recording what was given, accounting for the rest.

Whatever was given is recorded. Each event makes the dose be reckoned again, and the session follows: the first dose
event moves it to dosing, the last stop to observing.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.alerts.actions import Cause, end_alerts_of, end_alerts_of_voided, raise_alert
from app.alerts.rules import AlertSeverity
from app.courses.models import Course
from app.dosing import queries, rules
from app.dosing.limits import shipped_limits
from app.dosing.models import Administration, DoseEventRecord, DoseOrder
from app.dosing.rules import (
    AdministrationState,
    DeliveredSource,
    Delivery,
    DeviceUse,
    DoseDeviation,
    DoseEvent,
    DoseEventKind,
    LimitBreach,
    Limits,
    OrderStatus,
    Variant,
)
from app.dosing.schemas import (
    AdministrationUpdate,
    AnyAdministration,
    AnyDoseEvent,
    DoseEventUpdate,
    DoseOrderCreate,
    ReconcileAdministration,
    ReconfirmDoseOrder,
)
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.confirmations import Doubt, require_confirmed
from app.kernel.database import ReadSession, WriteSession
from app.kernel.endpoint import needs_key
from app.kernel.errors import Conflict, Fault, require_in_order
from app.kernel.ledger import name_change
from app.kernel.records import (
    already_created,
    find,
    identity_of,
    mark_entered_in_error,
    one,
    one_for_update,
    one_in_version,
    one_locked,
    reason_of_change,
    require_version,
)
from app.patients import queries as patient_queries
from app.patients.models import Weight
from app.policies.queries import number_for, values_for
from app.policies.rules import Gate, GateMode
from app.protocols.queries import resolve
from app.sessions import queries as session_queries
from app.sessions import rules as session_rules
from app.sessions.actions import given_too_soon, is_frozen, require_unsigned
from app.sessions.models import TreatmentSession
from app.sessions.rules import Deviation, IllegalTransition, SessionStatus

_RULE_VERSION = 1
_MAXIMUM = "dose_maximum_mg"
_GATE = "gate.order_maximum"
_TOLERANCE = "dose_tolerance_mg"
_FRACTION = "reconfirm_weight_fraction"
_DOUBTS = {
    LimitBreach.ABOVE_HARD_MAX_MG: "More milligrams in one session than the label allows.",
    LimitBreach.ABOVE_MAX_MG_PER_KG: "More milligrams per kilogram than the limit of the protocol, or of the route.",
    LimitBreach.ABOVE_MAX_MG: "More milligrams than the limit of the protocol, the route, the clinic or the patient.",
    LimitBreach.BELOW_MINIMUM_MINUTES: "Faster than the limit of the protocol, or of the route.",
    LimitBreach.ABOVE_TIMES_PREVIOUS_DOSE: "Much more than the patient's previous dose of this drug by this route.",
}


_NO_LIMITS = Limits(None, None, None, None, None, "")


class WeightMissing(Conflict):
    """A dose by weight needs a weight."""

    code = "weight-missing"
    title = "Record the patient's weight first"
    advice = "Record the weight with POST /v1/patients/{patient_id}/weights, or order the dose in mg."


# ── orders ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def order_dose(db: WriteSession, actor: Actor, session_id: UUID, body: DoseOrderCreate) -> DoseOrder:
    """Order a dose; it supersedes the session's order before.

    Raises:
        IllegalTransition: the session is over.
        WeightMissing: ordered per kilogram, and no weight is recorded.
        NotOfThisKind, NotWholeDevices: it cannot be given like this by the session's route.
        DoseLimitExceeded: the dose goes beyond a hard limit.
        ConfirmationRequired: the dose goes beyond a soft limit.
    """
    if (before := await already_created(db, actor, DoseOrder, body, session_id=session_id)) is not None:
        return before
    treatment = await one_locked(db, actor, TreatmentSession, session_id)
    if treatment.status not in rules.ORDERABLE or treatment.entered_in_error_at is not None:
        raise IllegalTransition(
            "No dose can be ordered for a session that is over.", members={"current_status": treatment.status}
        )
    variant = rules.variant_of(treatment.drug, treatment.route)
    _require_order_of(variant, body)
    weight = (await db.execute(patient_queries.latest_weight(actor, treatment.patient_id))).scalar_one_or_none()
    calculated = _calculated(body, weight)
    member, ordered_mg = _ordered(body, calculated)
    if variant.in_devices:
        rules.require_whole_devices(shipped_limits().device, {member: ordered_mg})
    asked = await values_for(db, actor, [_GATE, _MAXIMUM], treatment.patient_id)
    limits = await limits_of(db, actor, treatment, treatment.drug, treatment.route)
    previous = queries.previous_dose(actor, treatment.patient_id, treatment.drug, treatment.route)
    before_it = (await db.execute(previous)).mappings().first()
    breaches = rules.limit_breaches(
        limits,
        dose_mg=ordered_mg,
        weight_kg=weight.weight_kg if weight else None,
        infusion_minutes=body.infusion_minutes,
        previous_dose_mg=before_it["delivered_mg"] if before_it else None,
        given_before_mg=await _given_on_orders(db, actor, treatment),
    )
    breaches = _require_meant(actor, limits, breaches, asked[_GATE].gate, body, pointer=f"#/{member}")
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
        ordered_devices=rules.devices_in(shipped_limits().device, ordered_mg) if variant.in_devices else None,
        ordered_units=body.ordered_units,
        unit_strength_mg=body.unit_strength_mg,
        weight_kg=weight.weight_kg if weight else None,
        weight_measured_at=weight.measured_at if weight else None,
        calculated_mg=calculated,
        infusion_minutes=body.infusion_minutes,
        rate_mg_per_min=rules.rate_mg_per_min(ordered_mg, body.infusion_minutes) if body.infusion_minutes else None,
        confirmed=[breach.value for breach in breaches],
        weight_changed=False,
        ordered_for_another_patient=False,
        ordered_at=clock.now(),
        prescriber_id=actor.principal_id,
        note=body.note,
    )
    db.add(order)
    name_change(db, order, "dose_order.ordered", reason=body.reason)
    return order


async def _given_on_orders(db: WriteSession, actor: Actor, treatment: TreatmentSession) -> Decimal:
    """What the session has had of its drug on orders before. What was given without one is what an order now is for."""
    given = (await db.execute(queries.administrations_of(actor, treatment.id))).scalars().all()
    amounts = [
        one_of.delivered_mg
        for one_of in given
        if one_of.dose_order_id is not None and one_of.delivered_mg is not None and not one_of.placebo
    ]
    return rules.summed_mg(amounts) or Decimal(0)


def _require_meant(
    actor: Actor,
    limits: Limits,
    breaches: tuple[LimitBreach, ...],
    gate: Gate,
    body: DoseOrderCreate,
    *,
    pointer: str,
) -> tuple[LimitBreach, ...]:
    """Ask about what an order goes beyond, or refuse it where the gate says so; what is left has been confirmed.

    Raises:
        DoseLimitExceeded: the gate is shut.
        ConfirmationRequired: it goes beyond a limit that asks.
    """
    hard = LimitBreach.ABOVE_HARD_MAX_MG
    takes_reason = gate.mode is GateMode.REASON
    if gate.mode is GateMode.OFF:
        breaches = tuple(breach for breach in breaches if breach is not hard)
    elif gate.mode is GateMode.HARD or (takes_reason and not set(gate.override_roles) & set(actor.roles)):
        rules.require_within_hard_limit(limits, breaches, pointer=pointer)
    doubts = [Doubt(breach.value, pointer, _DOUBTS[breach], takes_reason and breach is hard) for breach in breaches]
    require_confirmed(doubts, body.confirm, reason=body.reason)
    return breaches


async def reconfirm_order(
    db: WriteSession, actor: Actor, order_id: UUID, body: ReconfirmDoseOrder, if_match: int | None
) -> DoseOrder:
    """Let an order stand for the weight the patient has now. The weight it was reckoned from stays what it was.

    Raises:
        IllegalTransition: another order has taken its place, or the session is over.
        WeightMissing: no weight is recorded.
        ConfirmationRequired: for this weight the dose goes beyond a soft limit.
    """
    seen = await one_in_version(db, actor, DoseOrder, order_id, if_match)
    treatment = await one_locked(db, actor, TreatmentSession, seen.session_id)
    order = await one_locked(db, actor, DoseOrder, order_id)
    await require_version(db, actor, order, if_match)
    if order.status != OrderStatus.ACTIVE or treatment.status not in rules.ORDERABLE:
        raise IllegalTransition(
            "Only the order that counts can be confirmed, in a session that is not over.",
            members={"current_status": order.status},
        )
    weight = (await db.execute(patient_queries.latest_weight(actor, order.patient_id))).scalar_one_or_none()
    if weight is None:
        raise WeightMissing
    limits = await limits_of(db, actor, treatment, order.drug, order.route)
    breaches = rules.limit_breaches(limits, dose_mg=order.ordered_mg, weight_kg=weight.weight_kg)
    by_weight = [breach for breach in breaches if breach is LimitBreach.ABOVE_MAX_MG_PER_KG]
    require_confirmed([Doubt(breach.value, "#", _DOUBTS[breach]) for breach in by_weight], body.confirm)
    order.confirmed = [*order.confirmed, *(one_of.value for one_of in by_weight if one_of.value not in order.confirmed)]
    order.reconfirmed_at = clock.now()
    order.reconfirmed_by = actor.principal_id
    order.reconfirmed_weight_kg = weight.weight_kg
    order.weight_changed = False
    order.current_weight_kg = None
    name_change(db, order, "dose_order.reconfirmed", reason=body.reason)
    return order


def _require_order_of(variant: Variant, body: DoseOrderCreate) -> None:
    """Refuse an order in words that the session's way of giving does not have."""
    fitting = {
        "ordered_mg_per_kg": not variant.in_devices,
        "ordered_devices": variant.in_devices,
        "ordered_units": variant is rules.LOZENGES,
        "unit_strength_mg": variant is rules.LOZENGES,
        "infusion_minutes": variant is rules.INFUSION,
    }
    detail = f"Does not belong to {variant.name}."
    faults = [
        Fault("not_of_this_kind", detail, pointer=f"#/{member}")
        for member, fits in fitting.items()
        if not fits and getattr(body, member) is not None
    ]
    if faults:
        raise rules.NotOfThisKind(faults=faults)


def _calculated(body: DoseOrderCreate, weight: Weight | None) -> Decimal | None:
    if body.ordered_mg_per_kg is None:
        return None
    if weight is None:
        raise WeightMissing
    return rules.calculated_mg(body.ordered_mg_per_kg, weight.weight_kg)


def _ordered(body: DoseOrderCreate, calculated: Decimal | None) -> tuple[str, Decimal]:
    """The member that says how much, and the milligrams that is."""
    if calculated is not None:
        return "ordered_mg_per_kg", calculated
    if body.ordered_devices is not None:
        return "ordered_devices", body.ordered_devices * shipped_limits().device.amount_mg
    if body.ordered_units is not None and body.unit_strength_mg is not None:
        return "ordered_units", rules.amount_of_units(body.ordered_units, body.unit_strength_mg)
    assert body.ordered_mg is not None
    return "ordered_mg", body.ordered_mg


async def limits_of(db: ReadSession, actor: Actor, treatment: TreatmentSession, drug: str, route: str) -> Limits:
    """The limits of a drug by a route in a session: its protocol's own where it was made for both, else the route's.

    What the clinic has set for itself, or for the patient, lowers them.
    """
    course = await one(db, actor, Course, treatment.course_id)
    protocol = await resolve(db, actor, course.protocol_code, course.protocol_version)
    is_for_both = protocol.drug in {None, drug} and protocol.route in {None, route}
    most = (await values_for(db, actor, [_MAXIMUM], treatment.patient_id))[_MAXIMUM]
    return rules.limits_for(
        shipped_limits().by_route[drug, route],
        protocol.limits if is_for_both else None,
        version=f"{protocol.code}@{protocol.version}",
        maximum=rules.OwnMaximum(most.number, most.source, most.version) if most.setting else None,
    )


async def void_order(db: WriteSession, actor: Actor, order_id: UUID, reason: str, if_match: int | None) -> DoseOrder:
    """Mark an order as entered in error.

    The order it took the place of counts again, and what was given is compared with the orders that stand.
    """
    seen = await one_in_version(db, actor, DoseOrder, order_id, if_match)
    treatment = await one_locked(db, actor, TreatmentSession, seen.session_id)
    order = await one_locked(db, actor, DoseOrder, order_id)
    await require_version(db, actor, order, if_match)
    await require_unsigned(db, actor, order)
    was_active, cause = order.status == OrderStatus.ACTIVE, f"dose_order {order.id}"
    mark_entered_in_error(db, actor, order, reason)
    await db.flush()
    if was_active and (before := (await db.execute(queries.superseded_orders(actor, treatment.id))).scalars().first()):
        before.status = OrderStatus.ACTIVE
        name_change(db, before, "dose_order.reinstated", reason=cause)
        await _compare_weight(db, actor, before)
    for given in (await db.execute(queries.administrations_of(actor, treatment.id))).scalars().all():
        if given.dose_order_id == order.id:
            await _weigh(db, actor, given)
            await _reckon(db, actor, treatment, given, cause=cause)
    return order


# ── weights ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def follow_weights(db: WriteSession, actor: Actor, patient_id: UUID, since: datetime, cause: str) -> None:
    """Let orders and doses follow the patient's weights, after one from an instant on was recorded, moved or undone.

    Each order and each dose that comes to something else gets a change of its own, which names the cause.
    """
    await db.flush()
    for row in (await db.execute(queries.orders_to_come(actor, patient_id))).all():
        await one_locked(db, actor, TreatmentSession, row.session_id)
        order = await one_locked(db, actor, DoseOrder, row.id)
        if await _compare_weight(db, actor, order):
            name = "dose_order.weight_changed" if order.weight_changed else "dose_order.weight_as_ordered"
            name_change(db, order, name, reason=cause)
    for row in (await db.execute(queries.doses_since(actor, patient_id, since))).all():
        administration, treatment = await _both_locked(db, actor, row.id)
        if await _weigh(db, actor, administration):
            await _reckon(db, actor, treatment, administration, cause=cause)
            given = (await db.execute(queries.administrations_of(actor, treatment.id))).scalars().all()
            if await _note_total(db, actor, treatment, given):
                name_change(db, treatment, "session.total_reckoned", reason=cause)


async def _compare_weight(db: WriteSession, actor: Actor, order: DoseOrder) -> bool:
    """Say on an order whether the patient's weight has changed so much that a prescriber has to look again.

    Returns:
        Whether it is another answer than before.
    """
    weight = (await db.execute(patient_queries.latest_weight(actor, order.patient_id))).scalar_one_or_none()
    fraction = await number_for(db, actor, _FRACTION)
    now_kg = weight.weight_kg if weight else None
    asks = order.ordered_devices is None and rules.order_needs_reconfirmation(
        order.reconfirmed_weight_kg or order.weight_kg, now_kg, fraction
    )
    before = (order.weight_changed, order.current_weight_kg)
    order.weight_changed = asks
    order.current_weight_kg = now_kg if asks else None
    return before != (order.weight_changed, order.current_weight_kg)


async def _weigh(db: WriteSession, actor: Actor, administration: Administration) -> bool:
    """Set the weights of a dose: the order's, which is frozen, and the last one measured by the start.

    A weight from before the one the order rests on says nothing about it; nor does an order that was another patient's.

    Returns:
        Whether they are others than before.
    """
    order = await _order_of(db, actor, administration)
    if order is not None and order.ordered_for_another_patient:
        order = None
    at = administration.started_at or clock.now()
    weight = (await db.execute(patient_queries.weight_at(actor, administration.patient_id, at))).scalar_one_or_none()
    frozen_kg, frozen_at = (order.weight_kg, order.weight_measured_at) if order else (None, None)
    is_older = weight is None or (frozen_at is not None and weight.measured_at < frozen_at)
    now_kg = frozen_kg if is_older else weight.weight_kg if weight else None
    before = (administration.current_weight_kg, administration.weight_kg)
    administration.current_weight_kg = now_kg
    administration.weight_kg = now_kg if frozen_kg is None else frozen_kg
    return before != (administration.current_weight_kg, administration.weight_kg)


def _given_unconfirmed(administration: Administration, order: DoseOrder | None, fraction: Decimal) -> bool:
    """Whether a dose was given on an order that nobody had confirmed for the weight the patient had by then."""
    started_at = administration.started_at
    if order is None or order.ordered_devices is not None or started_at is None or order.ordered_for_another_patient:
        return False
    in_time = order.reconfirmed_at is not None and order.reconfirmed_at <= started_at
    rests_on = order.reconfirmed_weight_kg if in_time else order.weight_kg
    return rules.order_needs_reconfirmation(rests_on, administration.current_weight_kg, fraction)


# ── what was given ───────────────────────────────────────────────────────────────────────────────────────────────────


async def record_administration(
    db: WriteSession, actor: Actor, session_id: UUID, body: AnyAdministration
) -> Administration:
    """Record what was given, in whatever state the session is.

    Raises:
        IdempotencyKeyRequired: neither a key nor an own id came with it.
        EndsBeforeStart, DoseEventIncomplete, ImpossibleAmount: what cannot have happened.
    """
    needs_key(db, own_id=body.id)
    if (before := await already_created(db, actor, Administration, body, session_id=session_id)) is not None:
        return before
    treatment = await one_locked(db, actor, TreatmentSession, session_id)
    administration = await _given(db, actor, treatment, body)
    kind = body.events[-1].kind if body.events else DoseEventKind.STOP.value
    if body.events or body.started_at is not None:
        await _follow(db, actor, treatment, administration, kind)
    return administration


async def add_past_administration(
    db: WriteSession, actor: Actor, treatment: TreatmentSession, body: AnyAdministration
) -> Administration:
    """Record what was given in a session that is over and is being recorded now, together with it.

    The session's clock follows, its state does not, and nobody is alarmed.

    Raises:
        EndsBeforeStart, DoseEventIncomplete, ImpossibleAmount: what cannot have happened.
    """
    administration = await _given(db, actor, treatment, body)
    await db.flush()
    await _set_clock(db, actor, treatment)
    return administration


async def _given(
    db: WriteSession, actor: Actor, treatment: TreatmentSession, body: AnyAdministration
) -> Administration:
    order = (await db.execute(queries.active_orders(actor, treatment.id))).scalars().first()
    if order is not None and (order.drug, order.route) != (body.drug, body.route):
        order = None
    told = body.model_dump(exclude={"id", "events"})
    if rules.variant_of(body.drug, body.route).in_devices:
        _require_whole_devices(told)
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
        after_signature=is_frozen(treatment),
        state=AdministrationState.NOT_STARTED,
        delivered_source=source,
        reconciled=False,
        deviations=[],
        policy_versions={},
        rule_version=_RULE_VERSION,
    )
    db.add(administration)
    name_change(db, administration, "administration.recorded", occurred_at=body.started_at)
    if not body.events:
        await _weigh(db, actor, administration)
    await db.flush()
    for ordinal, event in enumerate(body.events, start=1):
        _add_event(db, actor, treatment, administration, event, ordinal, pointer=f"#/events/{ordinal - 1}")
    await db.flush()
    await _reckon(db, actor, treatment, administration)
    return administration


_AMOUNTS = ("drawn_mg", "delivered_mg", "wasted_mg", "returned_mg")


def _require_whole_devices(told: dict[str, Any]) -> None:
    amounts = {name: told.get(name) for name in _AMOUNTS}
    rules.require_whole_devices(shipped_limits().device, amounts)


async def record_dose_event(
    db: WriteSession, actor: Actor, administration_id: UUID, body: AnyDoseEvent
) -> DoseEventRecord:
    """Record one thing that happened to a dose.

    Raises:
        NotOfThisKind: such a thing does not happen to a dose of this variant.
        IdempotencyKeyRequired: neither a key nor an own id came with it.
        EndsBeforeStart, DoseEventIncomplete, ImpossibleAmount: what cannot have happened.
    """
    needs_key(db, own_id=body.id)
    if (
        before := await already_created(db, actor, DoseEventRecord, body, administration_id=administration_id)
    ) is not None:
        return before
    administration, treatment = await _both_locked(db, actor, administration_id)
    rules.require_kind(rules.variant_of(administration.drug, administration.route), DoseEventKind(body.kind))
    administration.delivered_source = DeliveredSource.EVENTS
    standing = (await db.execute(queries.events_of(actor, administration.id))).scalars().all()
    ordinal = max((one_of.ordinal for one_of in standing), default=0) + 1
    event = _add_event(db, actor, treatment, administration, body, ordinal)
    await db.flush()
    await _reckon(db, actor, treatment, administration, cause=f"dose_event {event.id}")
    await _follow(db, actor, treatment, administration, body.kind)
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
    treatment: TreatmentSession,
    administration: Administration,
    body: AnyDoseEvent,
    ordinal: int,
    *,
    pointer: str = "#",
) -> DoseEventRecord:
    event = DoseEventRecord(
        **identity_of(actor, body),
        patient_id=administration.patient_id,
        session_id=administration.session_id,
        administration_id=administration.id,
        after_signature=is_frozen(treatment),
        ordinal=ordinal,
        **body.model_dump(exclude={"id"}),
    )
    if body.kind == DoseEventKind.LOZENGE:
        for member in ("unit_strength_mg", "hold_minutes", "disposition"):
            if getattr(event, member) is None:
                setattr(event, member, getattr(administration, member))
    _settle_amount(event)
    rules.require_possible(_plain(event), pointer=pointer)
    db.add(event)
    name_change(db, event, "dose_event.recorded", reason=body.reason, occurred_at=body.occurred_at)
    return event


def _settle_amount(event: DoseEventRecord) -> None:
    """Say in milligrams what was told in devices or units."""
    if event.kind == DoseEventKind.DEVICE:
        event.amount_mg = shipped_limits().device.amount_mg
    elif event.unit_count is not None and event.unit_strength_mg is not None:
        event.amount_mg = rules.amount_of_units(event.unit_count, event.unit_strength_mg)


def _plain(event: DoseEventRecord) -> DoseEvent:
    use = None
    if event.kind == DoseEventKind.DEVICE:
        use = DeviceUse(
            number=event.device_number,
            nostril=event.nostril,
            second_spray_at=event.second_spray_at,
            second_nostril=event.second_nostril,
            blew_nose=event.blew_nose,
            leaked=event.leaked,
        )
    return DoseEvent(
        DoseEventKind(event.kind), event.occurred_at, event.ordinal, event.rate_mg_per_min, event.amount_mg, use
    )


async def _reckon(
    db: WriteSession,
    actor: Actor,
    treatment: TreatmentSession,
    administration: Administration,
    *,
    cause: str | None = None,
) -> None:
    """Work out what was given and where the rest went, from the events that stand.

    Each deviation keeps the version of the policy or limit it was judged by.
    """
    found: dict[str, str | None] = {}
    order = await _order_of(db, actor, administration)
    if administration.delivered_source == DeliveredSource.EVENTS:
        events = (await db.execute(queries.events_of(actor, administration.id))).scalars().all()
        timeline = [_plain(event) for event in events]
        delivery = rules.deliver(timeline, planned_minutes=order.infusion_minutes if order else None)
        administration.delivered_mg = delivery.delivered_mg
        administration.estimated_loss_mg = delivery.lost_mg
        was_started_at, administration.started_at = administration.started_at, delivery.started_at
        administration.stopped_at = delivery.stopped_at
        administration.projected_mg = delivery.planned_mg
        is_flow = administration.route == rules.INFUSION.routes[0]
        administration.infusion_minutes = delivery.infusion_minutes if events and is_flow else None
        administration.state = _state(delivery)
        found |= {one_of.value: None for one_of in delivery.deviations}
        used = rules.device_deviations(timeline, shipped_limits().device)
        found |= {one_of.value: shipped_limits().version for one_of in used}
        if administration.started_at != was_started_at:
            await _weigh(db, actor, administration)
    else:
        administration.state = AdministrationState.STOPPED
    found |= await _compared(db, actor, treatment, administration, order)
    was_too_much, is_too_much = (
        LimitBreach.ABOVE_HARD_MAX_MG in all_of for all_of in (administration.deviations, found)
    )
    if is_too_much and not was_too_much:
        await _alarm_of_limit(db, actor, administration)
    elif was_too_much and not is_too_much:
        await end_alerts_of(db, actor, administration.id, "The dose was corrected.", code=rules.DoseLimitExceeded.code)
    await _alarm_of_projection(db, actor, administration, is_too_much=DoseDeviation.PROJECTED_ABOVE_LIMIT in found)
    administration.deviations = list(found)
    administration.policy_versions = {one_of: version for one_of, version in found.items() if version is not None}
    _account(administration)
    if cause is not None:
        name_change(db, administration, "administration.reckoned", reason=cause)


async def _compared(
    db: WriteSession, actor: Actor, treatment: TreatmentSession, administration: Administration, order: DoseOrder | None
) -> dict[str, str | None]:
    """What differs from the order and goes beyond a limit, or would if it flowed on, each with what judged it."""
    given_mg, planned_mg = administration.delivered_mg, administration.projected_mg
    judges = await values_for(db, actor, [_TOLERANCE, _FRACTION, _MAXIMUM], administration.patient_id)
    tolerance, fraction = judges[_TOLERANCE], judges[_FRACTION]
    ordered_mg = order.ordered_mg if order else None
    found: dict[str, str | None] = {}
    if order is not None and order.ordered_for_another_patient:
        found[DoseDeviation.ORDERED_FOR_ANOTHER_PATIENT.value] = None
    if _given_unconfirmed(administration, order, fraction.number):
        found[DoseDeviation.WEIGHT_NOT_RECONFIRMED.value] = fraction.version
    if given_mg is None and planned_mg is None:
        return found
    limits = await limits_of(db, actor, treatment, administration.drug, administration.route)
    # A placebo holds none of the drug that is limited.
    bounds = _NO_LIMITS if administration.placebo else limits
    weight_kg = administration.weight_kg
    if given_mg is None:
        ahead = rules.projection_deviations(planned_mg, ordered_mg, bounds, weight_kg, tolerance_mg=tolerance.number)
        return found | {
            one_of.value: tolerance.version if breach is None else bounds.versions[breach]
            for one_of, breach in ahead.items()
        }
    compared = rules.dose_deviations(given_mg, ordered_mg, tolerance_mg=tolerance.number)
    found |= {one_of.value: None if order is None else tolerance.version for one_of in compared}
    breaches = rules.limit_breaches(bounds, dose_mg=given_mg, weight_kg=weight_kg)
    return found | {one_of.value: bounds.versions[one_of] for one_of in breaches}


async def _alarm_of_limit(db: WriteSession, actor: Actor, administration: Administration) -> None:
    limits = shipped_limits().by_route[administration.drug, administration.route]
    rule = f"More than {limits.hard_max_mg} mg was given in one session. {limits.source}"
    await _alarm(db, actor, administration, rules.DoseLimitExceeded.code, rule, urgent=True)


async def _alarm_of_projection(
    db: WriteSession, actor: Actor, administration: Administration, *, is_too_much: bool
) -> None:
    """Alarm of a flow that will go beyond a limit while it can still be stopped, until it is slowed or ended."""
    projected = DoseDeviation.PROJECTED_ABOVE_LIMIT.value
    if is_too_much == (projected in administration.deviations):
        return
    if is_too_much:
        rule = "The infusion goes beyond a limit of its plan if it flows on as it does. Seriatim default."
        await _alarm(db, actor, administration, f"dose_{projected}", rule, urgent=True)
    else:
        await end_alerts_of(
            db, actor, administration.id, "The flow was slowed, ended or corrected.", code=f"dose_{projected}"
        )


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
    """Derive what follows from amounts: where the drug went, millilitres, milligrams per kilogram, devices."""
    given_mg, drawn_mg = administration.delivered_mg, administration.drawn_mg
    concentration, weight_kg = administration.concentration_mg_per_ml, administration.weight_kg
    administration.drawn_ml = (
        rules.drawn_ml(drawn_mg, concentration) if drawn_mg is not None and concentration else None
    )
    administration.delivered_mg_per_kg = (
        rules.actual_mg_per_kg(given_mg, weight_kg) if given_mg is not None and weight_kg else None
    )
    in_devices = rules.variant_of(administration.drug, administration.route).in_devices
    administration.devices_used = (
        rules.devices_in(shipped_limits().device, given_mg) if in_devices and given_mg is not None else None
    )
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
    was = treatment.started_at
    ended = await _set_clock(db, actor, treatment)
    before = SessionStatus(treatment.status)
    after, deviations = session_rules.status_after_dose_event(before, kind=kind, all_stopped=ended)
    treatment.status = after
    if before is SessionStatus.HELD:
        treatment.held_from = None
    for deviation in deviations:
        if _mark(treatment, deviation, found=True):
            await _alarm_of_deviation(db, actor, administration, deviation)
    await _note_interval(db, actor, treatment)
    await _space_later(db, actor, treatment, was, f"administration {administration.id}")
    name = {SessionStatus.DOSING: "session.dosing_started", SessionStatus.OBSERVING: "session.dosing_ended"}
    changed_name = name.get(after, "session.dose_recorded") if after is not before else "session.dose_recorded"
    name_change(db, treatment, changed_name, occurred_at=treatment.last_dose_at)


async def _alarm_of_deviation(
    db: WriteSession, actor: Actor, given: Administration, deviation: Deviation, *, urgent: bool = False
) -> None:
    await _alarm(db, actor, given, f"dose_{deviation.value}", _RULES[deviation], urgent=urgent)


async def _alarm(  # of what, by which name and rule
    db: WriteSession, actor: Actor, given: Administration, code: str, rule: str, *, urgent: bool
) -> None:
    """Alarm of a dose. What began long ago rings no bell, however late it is told."""
    cause = Cause(given.__resource__, given.id, given.patient_id, given.session_id, given.started_at or clock.now())
    severity = AlertSeverity.URGENT if urgent else AlertSeverity.REVIEW
    await raise_alert(db, actor, cause, code=code, severity=severity, rule=rule)


_RULES = {
    Deviation.NOT_CLEARED: "A dose was given before the session was cleared. Seriatim default.",
    Deviation.RECORDED_AFTER_DISCHARGE: "A dose was recorded after discharge. Seriatim default.",
    Deviation.WAS_CANCELLED: "A dose was recorded in a cancelled session. Seriatim default.",
    Deviation.WAS_NO_SHOW: "A dose was recorded in a session marked as missed. Seriatim default.",
    Deviation.BELOW_MINIMUM_INTERVAL: "A dose was given within a day of the one before it. Seriatim default.",
    Deviation.ABOVE_SESSION_LIMIT: "The doses of a session together go beyond a limit of it.",
}


def _mark(treatment: TreatmentSession, deviation: Deviation, *, found: bool, version: str | None = None) -> bool:
    """Add a deviation to a session, or take it away; with the version of what judged it.

    Returns:
        Whether it is another answer than before.
    """
    if found == (deviation.value in treatment.deviations):
        return False
    rest = [one_of for one_of in treatment.deviations if one_of != deviation.value]
    versions = {one_of: kept for one_of, kept in treatment.policy_versions.items() if one_of != deviation.value}
    treatment.deviations = [*rest, deviation.value] if found else rest
    treatment.policy_versions = versions | ({deviation.value: version} if found and version else {})
    return True


async def _set_clock(db: WriteSession, actor: Actor, treatment: TreatmentSession) -> bool:
    """Set t0, the last dose and the end of dosing from the administrations; say whether all have ended.

    Raises:
        EndsBeforeStart: the session was discharged before its first dose.
    """
    given = (await db.execute(queries.administrations_of(actor, treatment.id))).scalars().all()
    begun = [one_of.started_at for one_of in given if one_of.started_at is not None]
    ended = all(one_of.state in {AdministrationState.STOPPED, AdministrationState.NOT_STARTED} for one_of in given)
    treatment.started_at, treatment.last_started_at = min(begun, default=None), max(begun, default=None)
    # Any of the request's times may be the wrong one.
    require_in_order(
        treatment.started_at,
        treatment.discharged_at,
        pointer="#",
        detail="The first dose must not be after the discharge.",
    )
    stops = [one_of.stopped_at for one_of in given if one_of.stopped_at is not None]
    treatment.dosing_ended_at = max(stops, default=None) if ended else None
    latest: list[datetime] = [*stops, *begun]
    for one_of in given:
        if one_of.state in {AdministrationState.RUNNING, AdministrationState.PAUSED}:
            events = (await db.execute(queries.events_of(actor, one_of.id))).scalars().all()
            latest += [event.occurred_at for event in events]
    treatment.last_dose_at = max(latest, default=None)
    treatment.session_at = treatment.started_at or treatment.scheduled_start_at or treatment.recorded_at
    await _note_total(db, actor, treatment, given)
    return ended and bool(begun)


async def _note_total(
    db: WriteSession, actor: Actor, treatment: TreatmentSession, given: Sequence[Administration]
) -> bool:
    """Say among the deviations whether a session's doses together go beyond a limit, and let the alert follow.

    Returns:
        Whether it is another answer than before.
    """
    too_much = Deviation.ABOVE_SESSION_LIMIT
    breach, limits, last = None, _NO_LIMITS, None
    drug = sorted((one_of for one_of in given if not one_of.placebo), key=lambda one_of: one_of.id)
    for way in sorted({(one_of.drug, one_of.route) for one_of in drug}):
        doses = [one_of for one_of in drug if (one_of.drug, one_of.route) == way and one_of.delivered_mg is not None]
        total_mg = rules.summed_mg([one_of.delivered_mg for one_of in doses])
        if len(doses) > 1 and total_mg is not None and breach is None:
            limits, last = await limits_of(db, actor, treatment, *way), doses[-1]
            weight_kg = next((one_of.weight_kg for one_of in doses if one_of.weight_kg is not None), None)
            breach = next(iter(rules.limit_breaches(limits, dose_mg=total_mg, weight_kg=weight_kg)), None)
    version = None if breach is None else limits.versions[breach]
    if not _mark(treatment, too_much, found=breach is not None, version=version):
        return False
    if breach is None:
        for one_of in given:
            disposition = "The doses of the session were corrected."
            await end_alerts_of(db, actor, one_of.id, disposition, code=f"dose_{too_much.value}")
    elif last is not None and not treatment.recorded_afterwards:
        await _alarm_of_deviation(db, actor, last, too_much, urgent=breach is LimitBreach.ABOVE_HARD_MAX_MG)
    return True


# ── accounting and correcting ────────────────────────────────────────────────────────────────────────────────────────


async def reconcile_administration(
    db: WriteSession, actor: Actor, administration_id: UUID, body: ReconcileAdministration, if_match: int | None
) -> Administration:
    """Say where the rest of the drawn drug went. A remainder is recorded and shown, not refused."""
    administration = await one_for_update(db, actor, Administration, administration_id, if_match)
    await require_unsigned(db, actor, administration)
    if rules.variant_of(administration.drug, administration.route).in_devices:
        _require_whole_devices(body.model_dump())
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
    """Correct an administration, with a reason unless it is one's own recent slip; its session follows.

    Raises:
        NotOfThisKind: what is sent does not belong to it, or is reckoned from its events.
        EndsBeforeStart: it would end before it starts, or start after the discharge.
    """
    await one_in_version(db, actor, Administration, administration_id, if_match)
    administration, treatment = await _both_locked(db, actor, administration_id)
    await require_version(db, actor, administration, if_match)
    await require_unsigned(db, actor, administration)
    why = reason_of_change(actor, administration, reason)
    told = body.model_dump(exclude_unset=True)
    variant = rules.variant_of(administration.drug, administration.route)
    rules.require_members(variant, told)
    in_short = administration.delivered_source != DeliveredSource.EVENTS
    rules.require_told_in_short(told, in_short=in_short)
    if variant.in_devices:
        _require_whole_devices(told)
    for member, value in told.items():
        setattr(administration, member, value)
    if in_short:
        require_in_order(administration.started_at, administration.stopped_at, pointer="#/stopped_at")
    if "started_at" in told:
        await _weigh(db, actor, administration)
    if "delivered_mg" in told:
        told_amount = administration.delivered_mg is not None
        administration.delivered_source = DeliveredSource.ENTERED if told_amount else DeliveredSource.NOT_REPORTED
    await _reckon(db, actor, treatment, administration)
    name_change(db, administration, "administration.corrected", reason=why)
    if "started_at" in told:
        treatment.given_on = None  # the time is known from now on
    if rules.TOTALS & told.keys():
        await _follow_correction(db, actor, treatment, f"administration {administration.id}")
    return administration


async def correct_dose_event(  # a correction carries version and reason
    db: WriteSession, actor: Actor, event_id: UUID, body: DoseEventUpdate, if_match: int | None, reason: str | None
) -> DoseEventRecord:
    """Correct a dose event; the dose is reckoned again as its own change."""
    event, administration, treatment = await _event_locked(db, actor, event_id, if_match)
    why = reason_of_change(actor, event, reason)
    told = body.model_dump(exclude_unset=True)
    rules.require_event_members(DoseEventKind(event.kind), told)
    for member, value in told.items():
        setattr(event, member, value)
    if "amount_mg" in told:
        event.unit_count = None  # told in milligrams from now on
    _settle_amount(event)
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
    seen = await one_in_version(db, actor, DoseEventRecord, event_id, if_match)
    administration, treatment = await _both_locked(db, actor, seen.administration_id)
    event = await one_locked(db, actor, DoseEventRecord, event_id)
    await require_version(db, actor, event, if_match)
    await require_unsigned(db, actor, event)
    return event, administration, treatment


async def _reckon_after_correction(
    db: WriteSession, actor: Actor, treatment: TreatmentSession, administration: Administration, event: DoseEventRecord
) -> None:
    await db.flush()
    await _reckon(db, actor, treatment, administration, cause=f"dose_event {event.id}")
    if administration.started_at is None:
        await end_alerts_of(db, actor, administration.id, "What was recorded of this dose was entered in error.")
    await _follow_correction(db, actor, treatment, f"dose_event {event.id}")


async def _follow_correction(db: WriteSession, actor: Actor, treatment: TreatmentSession, cause: str) -> None:
    """Let the session's clock and state follow doses that were corrected or entered in error."""
    await db.flush()
    was = treatment.started_at
    ended = await _set_clock(db, actor, treatment)
    await _note_interval(db, actor, treatment)
    await _space_later(db, actor, treatment, was, cause)
    status = SessionStatus(treatment.status)
    if status in {SessionStatus.DOSING, SessionStatus.OBSERVING}:
        if treatment.started_at is None:
            treatment.status = session_rules.status_without_dose(
                treatment.deviations,
                checked_in=treatment.checked_in_at is not None,
                cleared=treatment.cleared_at is not None,
            )
            treatment.deviations, treatment.policy_versions = [], {}
        elif ended:
            treatment.status = SessionStatus.OBSERVING
        elif treatment.aborted_at is None:
            treatment.status = SessionStatus.DOSING
    name_change(db, treatment, "session.dose_corrected", reason=cause)


async def _note_interval(db: WriteSession, actor: Actor, treatment: TreatmentSession) -> bool:
    """Say among the deviations whether the dose before was too near, as it stands now, and let the alert follow.

    A session that was recorded afterwards alarms nobody.

    Returns:
        Whether it is another answer than before.
    """
    too_soon = Deviation.BELOW_MINIMUM_INTERVAL
    is_too_soon = await given_too_soon(db, actor, treatment)
    if is_too_soon == (too_soon.value in treatment.deviations):
        return False
    judge = "session_gap_minimum_hours"
    _mark(treatment, too_soon, found=is_too_soon, version=(await values_for(db, actor, [judge]))[judge].version)
    given = (await db.execute(queries.administrations_of(actor, treatment.id))).scalars().all()
    if not is_too_soon:
        for one_of in given:
            await end_alerts_of(
                db, actor, one_of.id, "The interval to the dose before was corrected.", code=f"dose_{too_soon.value}"
            )
    elif not treatment.recorded_afterwards:
        # What began the session may since have been moved or withdrawn; then the first that stands rings.
        begun = sorted(given, key=lambda one_of: (one_of.started_at != treatment.started_at, one_of.id))
        for one_of in begun[:1]:
            await _alarm_of_deviation(db, actor, one_of, too_soon)
    return True


async def space_sessions(
    db: WriteSession, actor: Actor, patient_id: UUID, moments: Collection[datetime], cause: str
) -> None:
    """Say again whether the patient's sessions came too soon, around moments at which a dose was recorded or undone.

    Each session that answers otherwise than before gets a change of its own, which names the cause.
    """
    if not moments:
        return
    await db.flush()
    # Where only the day is known, the time between two doses is reckoned from days.
    reach = timedelta(hours=int(await number_for(db, actor, "session_gap_minimum_hours"))) + timedelta(days=2)
    near = session_queries.sessions_given_between(actor, patient_id, min(moments), max(moments) + reach)
    for treatment in (await db.execute(near)).scalars().all():
        if await _note_interval(db, actor, treatment):
            name_change(db, treatment, "session.interval_reckoned", reason=cause, occurred_at=treatment.started_at)


async def _space_later(
    db: WriteSession, actor: Actor, treatment: TreatmentSession, was: datetime | None, cause: str
) -> None:
    if treatment.started_at != was:
        moments = [at for at in (was, treatment.started_at) if at is not None]
        await space_sessions(db, actor, treatment.patient_id, moments, cause)


async def note_past_interval(db: WriteSession, actor: Actor, treatment: TreatmentSession) -> None:
    """Let a session that is recorded afterwards, and those after it, say whether their dose came too soon."""
    await _note_interval(db, actor, treatment)
    await _space_later(db, actor, treatment, None, f"session {treatment.id}")


# What a session says of its patient's weight and limits, and of their dose before; raised anew for another patient.
OF_ONE_PATIENT = (Deviation.ABOVE_SESSION_LIMIT, Deviation.BELOW_MINIMUM_INTERVAL)


async def give_to_another_patient(db: WriteSession, actor: Actor, treatment: TreatmentSession) -> None:
    """Let a session's orders and doses follow it to another patient, whose `patient_id` they bear already.

    An order stays as it was given, with its weight, and counts no more: it was meant for somebody else. Per kilogram a
    dose is reckoned anew, from the weight of whom it was given to. The caller names the changes.
    """
    for order in (await db.execute(queries.orders_of(actor, treatment.id))).scalars():
        order.ordered_for_another_patient = True
        order.status = OrderStatus.SUPERSEDED
        order.weight_changed, order.current_weight_kg = False, None
    for deviation in OF_ONE_PATIENT:
        _mark(treatment, deviation, found=False)
    all_given = (await db.execute(queries.administrations_of(actor, treatment.id))).scalars().all()
    for given in all_given:
        await _weigh(db, actor, given)
        await _reckon(db, actor, treatment, given)
    await _note_total(db, actor, treatment, all_given)


async def void_administration(
    db: WriteSession, actor: Actor, administration_id: UUID, reason: str, if_match: int | None
) -> Administration:
    """Mark an administration and its events as entered in error; the session's clock and state follow."""
    await one_in_version(db, actor, Administration, administration_id, if_match)
    administration, treatment = await _both_locked(db, actor, administration_id)
    await require_version(db, actor, administration, if_match)
    await require_unsigned(db, actor, administration)
    mark_entered_in_error(db, actor, administration, reason)
    for event in (await db.execute(queries.events_of(actor, administration.id))).scalars().all():
        mark_entered_in_error(db, actor, event, reason)
    await end_alerts_of_voided(db, actor, administration.id, reason)
    await _follow_correction(db, actor, treatment, f"administration {administration.id}")
    return administration
