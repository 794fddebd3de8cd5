"""The moves of a visit."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.courses import queries as course_queries
from app.courses import rules as course_rules
from app.courses.actions import plan_ahead
from app.courses.external.queries import given_elsewhere
from app.courses.models import Course, PlanItem
from app.courses.rules import CourseEnded, CourseStatus, IntervalBreach, When
from app.identity.models import Location
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.confirmations import Doubt, require_confirmed
from app.kernel.database import ReadSession, WriteSession
from app.kernel.errors import Conflict, Fault, Invalid, NotFound, require_in_order
from app.kernel.ledger import name_change
from app.kernel.records import (
    already_created,
    find,
    identity_of,
    one,
    one_for_update,
    one_locked,
    reason_of_change,
)
from app.kernel.tables import ClinicRecord
from app.policies.queries import values_for
from app.protocols.queries import resolve
from app.protocols.rules import Drug
from app.sessions import queries, rules
from app.sessions.models import InSession, TreatmentSession
from app.sessions.rules import SessionStatus
from app.sessions.schemas import (
    AbortSession,
    CheckInSession,
    EndWithoutDose,
    HoldSession,
    RescheduleSession,
    SessionCreate,
    SessionUpdate,
    VisitFacts,
)


class PlanItemFilled(Conflict):
    """Another session fills this planned one."""

    code = "plan-item-filled"
    title = "The planned session is filled already"
    advice = "Read the course's plan, and take a planned session that is still open or none at all."


async def schedule_session(db: WriteSession, actor: Actor, course_id: UUID, body: SessionCreate) -> TreatmentSession:
    """Schedule a visit of a course, filling a planned one where the course has a plan.

    Raises:
        PlanItemFilled: the planned session that was named is taken.
        CourseEnded: the course is completed or discontinued.
        ConfirmationRequired: it is close to another session, or one more than the week has.
        Invalid: the course leaves drug or route open and the request does too.
    """
    if (before := await already_created(db, actor, TreatmentSession, body, course_id=course_id)) is not None:
        return before
    course = await _course_locked(db, actor, course_id)
    if CourseStatus(course.status) in {CourseStatus.COMPLETED, CourseStatus.DISCONTINUED}:
        raise CourseEnded
    treatment = await _new_visit(db, actor, course, body, SessionStatus.SCHEDULED)
    if body.scheduled_start_at is not None:
        treatment.scheduled_start_at = treatment.session_at = body.scheduled_start_at
    await _require_apart(db, actor, course, treatment, body)
    name_change(db, treatment, "session.scheduled", reason=body.reason)
    return treatment


_DOUBTS = {
    IntervalBreach.BELOW_MINIMUM: "Less than the shortest interval from another session; give a reason.",
    IntervalBreach.BELOW_USUAL: "Less than the usual interval from another session.",
    IntervalBreach.TOO_MANY_IN_WEEK: "One session more than the protocol has in this week.",
}


async def _require_apart(
    db: WriteSession, actor: Actor, course: Course, treatment: TreatmentSession, body: SessionCreate | RescheduleSession
) -> None:
    """Ask about a session that is planned too close to another. A time that has passed plans nothing, and is not asked.

    Raises:
        ConfirmationRequired: it is close to another session, or one more than the week has.
    """
    at = treatment.scheduled_start_at
    if at is None or at <= clock.now():
        return
    session = course_rules.moment(at, actor.time_zone)
    protocol = await resolve(db, actor, course.protocol_code, course.protocol_version)
    phase = protocol.phase(course.phase)
    doubts: list[Doubt] = []
    if breach := await _breach(db, actor, treatment, session, at, before_only=False):
        needs_reason = breach is IntervalBreach.BELOW_MINIMUM
        doubts.append(Doubt(breach.value, "#/scheduled_start_at", _DOUBTS[breach], needs_reason))
    if phase is not None and phase.sessions_per_week is not None:
        week = timedelta(days=8)
        rows = (await db.execute(queries.sessions_near(actor, course.patient_id, at - week, at + week))).mappings()
        others = [_when(actor, row) for row in rows if row["course_id"] == course.id and row["id"] != treatment.id]
        days = [other.on for other in others]
        if course_rules.too_many_in_week(course.phase_started_on, session.on, days, phase.sessions_per_week):
            breach = IntervalBreach.TOO_MANY_IN_WEEK
            doubts.append(Doubt(breach.value, "#/scheduled_start_at", _DOUBTS[breach]))
    require_confirmed(doubts, body.confirm, reason=body.reason)


def _when(actor: Actor, row: Mapping[Any, Any]) -> When:
    if row["given_on"] is not None:
        return When(row["given_on"], None)
    return course_rules.moment(row["started_at"] or row["scheduled_start_at"], actor.time_zone)


async def _breach(
    db: WriteSession, actor: Actor, treatment: TreatmentSession, session: When, at: datetime, *, before_only: bool
) -> IntervalBreach | None:
    """Which interval a session by injection or infusion does not keep from the patient's others, here and elsewhere."""
    if treatment.route not in course_rules.INJECTED:
        return None
    gaps = await values_for(db, actor, ["session_gap_minimum_hours", "session_gap_usual_hours"])
    minimum, usual = (timedelta(hours=int(gap.number)) for gap in gaps.values())
    around = usual + timedelta(days=2)
    start, end = at - around, at if before_only else at + around
    here = (await db.execute(queries.sessions_near(actor, treatment.patient_id, start, end))).mappings()
    others = [
        _when(actor, row)
        for row in here
        if row["id"] != treatment.id
        and row["route"] in course_rules.INJECTED
        and not (before_only and row["started_at"] is None)
    ]
    elsewhere = (await db.execute(given_elsewhere(actor, treatment.patient_id, start, end))).mappings()
    for row in elsewhere:
        if row["route"] in course_rules.INJECTED:
            given = row["given_at"]
            others.append(course_rules.moment(given, actor.time_zone) if given else When(row["given_on"], None))
    return course_rules.interval_breach(session, others, actor.time_zone, minimum=minimum, usual=usual)


async def given_too_soon(db: WriteSession, actor: Actor, treatment: TreatmentSession) -> bool:
    """Whether what was given in a session came too soon after the patient's dose before, here or elsewhere."""
    if treatment.started_at is None:
        return False
    given_on = treatment.given_on
    session = course_rules.moment(treatment.started_at, actor.time_zone) if given_on is None else When(given_on, None)
    breach = await _breach(db, actor, treatment, session, treatment.started_at, before_only=True)
    return breach is IntervalBreach.BELOW_MINIMUM


async def add_past_visit(db: WriteSession, actor: Actor, course_id: UUID, body: VisitFacts) -> TreatmentSession:
    """Add a visit that is over already; `treatment.record_past_session` fills it, and no gate refuses it.

    Raises:
        PlanItemFilled: the planned session that was named is taken.
        Invalid: the course leaves drug or route open and the request does too.
    """
    course = await _course_locked(db, actor, course_id)
    treatment = await _new_visit(db, actor, course, body, SessionStatus.DISCHARGED)
    treatment.recorded_afterwards = True
    name_change(db, treatment, "session.recorded")
    return treatment


async def _course_locked(db: WriteSession, actor: Actor, course_id: UUID) -> Course:
    """The course, locked, so that two visits made at once get two numbers and two places in the plan."""
    return await one_locked(db, actor, Course, course_id)


async def _new_visit(
    db: WriteSession, actor: Actor, course: Course, body: VisitFacts, status: SessionStatus
) -> TreatmentSession:
    protocol = await resolve(db, actor, course.protocol_code, course.protocol_version)
    item = await _plan_item(db, actor, course, body.plan_item_id)
    if body.location_id is not None:
        await _require_location(db, actor, body.location_id)
    drug = body.drug or protocol.drug or Drug.KETAMINE
    phase = protocol.phase(course.phase)
    route = body.route or (phase.route if phase is not None else None) or protocol.route
    if route is None:
        raise Invalid(faults=[Fault("required", "This course leaves the route open; name it.", pointer="#/route")])
    rules.require_route(drug, route)
    number = (await db.execute(queries.highest_number(actor, course.id))).scalar_one()
    scheduled = item.starts_at if item else None
    treatment = TreatmentSession(
        **identity_of(actor, body),
        patient_id=course.patient_id,
        course_id=course.id,
        plan_item_id=item.id if item else None,
        location_id=body.location_id,
        number_in_course=(number or 0) + 1,
        status=status,
        drug=drug.value,
        route=route.value,
        setting=body.setting,
        scheduled_start_at=scheduled,
        session_at=scheduled or clock.now(),
        deviations=[],
        policy_versions={},
        recorded_afterwards=False,
        gates=[],
        note=body.note,
    )
    db.add(treatment)
    if item is not None:
        item.session_id = treatment.id
        name_change(db, item, "plan_item.filled")
        await db.flush()
        await plan_ahead(db, actor, course)
    return treatment


async def _plan_item(db: WriteSession, actor: Actor, course: Course, item_id: UUID | None) -> PlanItem | None:
    if item_id is None:
        return (await db.execute(course_queries.open_plan_items(actor, course.id))).scalars().first()
    item = await find(db, actor, PlanItem, item_id)
    if item is None or item.course_id != course.id:
        fault = Fault("unknown_plan_item", "The course plans no such session.", pointer="#/plan_item_id")
        raise Invalid(faults=[fault])
    if item.session_id is not None or item.left_out_at is not None:
        raise PlanItemFilled
    return item


async def _require_location(db: WriteSession, actor: Actor, location_id: UUID) -> None:
    location = await find(db, actor, Location, location_id)
    if location is None or location.disabled_at is not None:
        raise Invalid(faults=[Fault("unknown_location", "The clinic has no such location.", pointer="#/location_id")])


async def update_session(  # a correction carries version and reason
    db: WriteSession, actor: Actor, session_id: UUID, body: SessionUpdate, if_match: int | None, reason: str | None
) -> TreatmentSession:
    """Change place, note or what was asked at check-in, with a reason unless it is one's own recent slip."""
    treatment = await _loaded(db, actor, session_id, if_match)
    if is_frozen(treatment):
        raise rules.AlreadySigned
    if body.location_id is not None:
        await _require_location(db, actor, body.location_id)
    why = reason_of_change(actor, treatment, reason)
    told = body.model_dump(exclude_unset=True)
    if body.check_in is not None:
        told["check_in"] = body.check_in.model_dump(mode="json")
    for member, value in told.items():
        setattr(treatment, member, value)
    name_change(db, treatment, "session.updated", reason=why)
    return treatment


async def _loaded(db: WriteSession, actor: Actor, session_id: UUID, if_match: int | None) -> TreatmentSession:
    treatment = await one_for_update(db, actor, TreatmentSession, session_id, if_match)
    if treatment.entered_in_error_at is not None:
        raise NotFound("This session was entered in error.")
    return treatment


async def _moved(
    db: WriteSession, actor: Actor, session_id: UUID, if_match: int | None, target: SessionStatus
) -> TreatmentSession:
    treatment = await _loaded(db, actor, session_id, if_match)
    rules.require_move(SessionStatus(treatment.status), target)
    treatment.status = target
    return treatment


def _moment(given: datetime | None) -> datetime:
    return given or clock.now()


async def reschedule_session(
    db: WriteSession, actor: Actor, session_id: UUID, body: RescheduleSession, if_match: int | None
) -> TreatmentSession:
    """Give a visit another time.

    Raises:
        ConfirmationRequired: it is close to another session, or one more than the week has.
    """
    treatment = await _loaded(db, actor, session_id, if_match)
    if SessionStatus(treatment.status) is not SessionStatus.SCHEDULED:
        rules.require_move(SessionStatus(treatment.status), SessionStatus.SCHEDULED)
    treatment.scheduled_start_at = treatment.session_at = body.scheduled_start_at
    await _require_apart(db, actor, await one(db, actor, Course, treatment.course_id), treatment, body)
    name_change(db, treatment, "session.rescheduled", reason=body.reason)
    return treatment


async def check_in_session(
    db: WriteSession, actor: Actor, session_id: UUID, body: CheckInSession, if_match: int | None
) -> TreatmentSession:
    """The patient is here."""
    treatment = await _moved(db, actor, session_id, if_match, SessionStatus.CHECKED_IN)
    treatment.checked_in_at = _moment(body.checked_in_at)
    told = body.model_dump(mode="json", exclude={"checked_in_at"})
    treatment.check_in = told if any(value is not None for value in told.values()) else None
    name_change(db, treatment, "session.checked_in", occurred_at=treatment.checked_in_at)
    return treatment


def clear_session(db: WriteSession, treatment: TreatmentSession, gates: Sequence[Mapping[str, Any]]) -> None:
    """Say that the session may start, with how the gates stood; whoever calls has locked it and asked them.

    Raises:
        IllegalTransition: it is not checked in.
    """
    rules.require_move(SessionStatus(treatment.status), SessionStatus.CLEARED)
    treatment.status = SessionStatus.CLEARED
    treatment.cleared_at = clock.now()
    treatment.gates = [dict(gate) for gate in gates]
    name_change(db, treatment, "session.cleared")


async def hold_session(
    db: WriteSession, actor: Actor, session_id: UUID, body: HoldSession, if_match: int | None
) -> TreatmentSession:
    """Let the session wait, keeping where it was."""
    treatment = await _loaded(db, actor, session_id, if_match)
    rules.require_move(SessionStatus(treatment.status), SessionStatus.HELD)
    treatment.held_from = treatment.status
    treatment.status = SessionStatus.HELD
    treatment.ended_reason = body.reason
    name_change(db, treatment, "session.held", reason=body.reason)
    return treatment


async def release_session(db: WriteSession, actor: Actor, session_id: UUID, if_match: int | None) -> TreatmentSession:
    """Bring a held session back to where it was."""
    treatment = await _loaded(db, actor, session_id, if_match)
    held_from = SessionStatus(treatment.held_from or SessionStatus.SCHEDULED)
    treatment.status = rules.require_release(SessionStatus(treatment.status), held_from)
    treatment.held_from = treatment.ended_reason = None
    name_change(db, treatment, "session.released")
    return treatment


async def cancel_session(
    db: WriteSession, actor: Actor, session_id: UUID, body: EndWithoutDose, if_match: int | None
) -> TreatmentSession:
    """Call a visit off before any dose."""
    treatment = await _moved(db, actor, session_id, if_match, SessionStatus.CANCELLED)
    await _leave_plan(db, actor, treatment, body.reason)
    name_change(db, treatment, "session.cancelled", reason=body.reason)
    return treatment


async def mark_no_show(
    db: WriteSession, actor: Actor, session_id: UUID, body: EndWithoutDose, if_match: int | None
) -> TreatmentSession:
    """The patient did not come."""
    treatment = await _moved(db, actor, session_id, if_match, SessionStatus.NO_SHOW)
    await _leave_plan(db, actor, treatment, body.reason)
    name_change(db, treatment, "session.marked_no_show", reason=body.reason)
    return treatment


async def _leave_plan(db: WriteSession, actor: Actor, treatment: TreatmentSession, reason: str | None) -> None:
    """The planned session is open again, for another visit to fill."""
    treatment.ended_reason = reason
    treatment.held_from = None
    await leave_plan_item(db, actor, treatment)


async def move_to_course(
    db: WriteSession, actor: Actor, treatment: TreatmentSession, course: Course, reason: str
) -> None:
    """Let a visit be one of another course, and of its patient, as if it had been recorded there.

    Its place in the old plan is open again. Both session and course are locked by the caller, who names the session's
    change.
    """
    await leave_plan_item(db, actor, treatment, reason)
    await join_course(db, actor, treatment, course, reason)


async def join_course(db: WriteSession, actor: Actor, treatment: TreatmentSession, course: Course, reason: str) -> None:
    """Let a visit be the next of a course, and its patient's, in the next open place of the plan unless called off.

    The course is locked by the caller, who names the session's change.
    """
    called_off = SessionStatus(treatment.status) in {SessionStatus.CANCELLED, SessionStatus.NO_SHOW}
    item = None if called_off else await _plan_item(db, actor, course, None)
    number = (await db.execute(queries.highest_number(actor, course.id))).scalar_one()
    treatment.patient_id = course.patient_id
    treatment.course_id = course.id
    treatment.number_in_course = (number or 0) + 1
    treatment.plan_item_id = item.id if item else None
    db.add(treatment)
    if item is not None:
        item.session_id = treatment.id
        name_change(db, item, "plan_item.filled", reason=reason)
        await db.flush()
        await plan_ahead(db, actor, course)


async def leave_plan_item(
    db: WriteSession, actor: Actor, treatment: TreatmentSession, reason: str | None = None
) -> None:
    """Let the planned session that a visit fills be open again, for another visit to fill."""
    if treatment.plan_item_id is not None:
        item = await one_locked(db, actor, PlanItem, treatment.plan_item_id)
        if item.session_id == treatment.id:
            item.session_id = None
            name_change(db, item, "plan_item.reopened", reason=reason)


async def abort_session(
    db: WriteSession, actor: Actor, session_id: UUID, body: AbortSession, if_match: int | None
) -> TreatmentSession:
    """End dosing before its plan: a fact with a reason; watching goes on.

    Told after the last stop, it moves nothing any more but is recorded all the same.
    """
    treatment = await _loaded(db, actor, session_id, if_match)
    aborted_at = _moment(body.aborted_at)
    require_after_start(treatment, aborted_at, "#/aborted_at")
    status = SessionStatus(treatment.status)
    if status not in {SessionStatus.OBSERVING, SessionStatus.DISCHARGED}:
        rules.require_move(status, SessionStatus.OBSERVING)
        treatment.status = SessionStatus.OBSERVING
    treatment.aborted_at = aborted_at
    treatment.abort_reason = body.reason
    name_change(db, treatment, "session.aborted", reason=body.reason, occurred_at=aborted_at)
    return treatment


def require_after_start(treatment: TreatmentSession, instant: datetime, pointer: str) -> None:
    """Refuse an end of a visit before its first dose.

    Raises:
        EndsBeforeStart: with the pointer.
    """
    require_in_order(treatment.started_at, instant, pointer=pointer, detail="Must not be before the first dose.")


def is_frozen(treatment: TreatmentSession | None) -> bool:
    """Whether a session stays as it was signed, and what is added to it now comes after its signature."""
    return treatment is not None and rules.is_frozen(
        SessionStatus(treatment.status), amendment_open=treatment.amendment_opened_at is not None
    )


async def require_unsigned(db: ReadSession, actor: Actor, record: ClinicRecord) -> None:
    """Refuse to change what a signature covers. The record is locked by then, so that no signature comes in between.

    Raises:
        AlreadySigned: its session is signed, no amendment is open, and the record was there when it was signed.
    """
    session_id: UUID | None = getattr(record, "session_id")  # noqa: B009  # every record inside a session has one
    if session_id is None:
        return
    signed_at = (await db.execute(queries.signed_until(actor, session_id))).scalar_one_or_none()
    came_later = isinstance(record, InSession) and record.after_signature
    if signed_at is not None and (not came_later or record.recorded_at <= signed_at):
        raise rules.AlreadySigned
