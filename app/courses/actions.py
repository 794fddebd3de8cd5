"""Opening, pausing and ending a series."""

from collections.abc import Iterable, Sequence
from datetime import date, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm.attributes import flag_modified

from app.courses import queries, rules
from app.courses.decisions.queries import decided_to_continue
from app.courses.models import Course, PlanItem
from app.courses.rules import (
    CourseEnded,
    CourseStatus,
    DecisionRequired,
    IllegalCourseMove,
    NothingToPlan,
    PlannedSession,
    UnknownPhase,
)
from app.courses.schemas import ChangePhase, CourseCreate, CourseUpdate, EndCourse, RePlan
from app.identity.models import Staff
from app.identity.rules import Role
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.errors import Fault, Invalid
from app.kernel.ledger import name_change
from app.kernel.records import already_created, find, identity_of, one, one_for_update, reason_of_change
from app.patients.episodes.actions import require_episode
from app.patients.episodes.models import Episode
from app.patients.episodes.queries import open_episode
from app.patients.models import Patient
from app.policies.queries import number_for
from app.protocols.queries import latest_for, resolve
from app.protocols.rules import Phase, Protocol


class NotAPrescriber(Invalid):
    """Courses are led by a prescriber of the clinic."""

    title = "The person is not a prescriber of this clinic"


async def open_course(db: WriteSession, actor: Actor, patient_id: UUID, body: CourseCreate) -> Course:
    """Open a series under a protocol's newest version and lay its sessions into the clinic's calendar.

    Raises:
        UnknownProtocol: no protocol has this code.
        NotAPrescriber: the person named is none.
        UnknownEpisode: the patient has no such episode.
    """
    if (before := await already_created(db, actor, Course, body, patient_id=patient_id)) is not None:
        return before
    patient = await one(db, actor, Patient, patient_id)
    protocol = await latest_for(db, actor, body.protocol_code)
    episode = await _episode(db, actor, patient.id, body.episode_id)
    phase = protocol.phases[0]
    local = body.first_session_at.astimezone(ZoneInfo(actor.time_zone)) if body.first_session_at else None
    starts_on = local.date() if local else body.starts_on or clock.today(actor.time_zone)
    course = Course(
        **identity_of(actor, body),
        patient_id=patient.id,
        episode_id=episode.id if episode else None,
        protocol_code=protocol.code,
        protocol_version=protocol.version,
        indication_code=body.indication_code or (episode.indication_code if episode else None),
        status=CourseStatus.ACTIVE,
        phase=phase.name,
        phase_started_on=starts_on,
        prescriber_id=await _prescriber(db, actor, body.prescriber_id),
        starts_on=starts_on,
        time_zone=actor.time_zone,
        note=body.note,
    )
    db.add(course)
    name_change(db, course, "course.opened")
    await db.flush()
    at = local.time() if local else _USUAL_TIME
    _plan(
        db,
        actor,
        course,
        rules.plan_sessions(starts_on, at, course.time_zone, phase.days(ahead=await _ahead(db, actor))),
    )
    return course


_USUAL_TIME: Final = time(9)


async def _ahead(db: WriteSession, actor: Actor) -> int:
    return int(await number_for(db, actor, "plan_ahead_sessions"))


def _plan(db: WriteSession, actor: Actor, course: Course, sessions: Iterable[PlannedSession]) -> None:
    for planned in sessions:
        item = PlanItem(
            **identity_of(actor),
            patient_id=course.patient_id,
            course_id=course.id,
            number=planned.number,
            phase=course.phase,
            time_zone=planned.time_zone,
        )
        _place(course, item, planned)
        db.add(item)
        name_change(db, item, "plan_item.planned")


def _place(course: Course, item: PlanItem, planned: PlannedSession) -> None:
    item.planned_on = planned.on
    item.week = rules.week_number(course.starts_on, planned.on)
    item.local_time = planned.local_time.isoformat("minutes")
    item.starts_at = planned.starts_at


async def _episode(db: WriteSession, actor: Actor, patient_id: UUID, episode_id: UUID | None) -> Episode | None:
    """The episode that was named, or the patient's open one."""
    named = episode_id or (await db.execute(open_episode(actor, patient_id))).scalar_one_or_none()
    if named is None:
        return None
    return await require_episode(db, actor, patient_id, named)


async def _prescriber(db: WriteSession, actor: Actor, prescriber_id: UUID | None) -> UUID | None:
    if prescriber_id is None:
        return actor.principal_id if Role.PRESCRIBER.value in actor.roles else None
    staff = await find(db, actor, Staff, prescriber_id)
    if staff is None or Role.PRESCRIBER.value not in staff.roles or staff.disabled_at is not None:
        fault = Fault("not_a_prescriber", "Must be a prescriber of this clinic.", pointer="#/prescriber_id")
        raise NotAPrescriber(faults=[fault])
    return staff.id


async def update_course(  # a correction carries version and reason
    db: WriteSession, actor: Actor, course_id: UUID, body: CourseUpdate, if_match: int | None, reason: str | None
) -> Course:
    """Change a course's particulars, with a reason unless it is one's own recent slip."""
    course = await one_for_update(db, actor, Course, course_id, if_match)
    why = reason_of_change(actor, course, reason)
    facts = body.model_dump(exclude_unset=True)
    if body.episode_id is not None:
        await _episode(db, actor, course.patient_id, body.episode_id)
    if "prescriber_id" in facts:
        facts["prescriber_id"] = await _prescriber(db, actor, body.prescriber_id)
    for member, value in facts.items():
        setattr(course, member, value)
    name_change(db, course, "course.updated", reason=why)
    return course


async def pause_course(
    db: WriteSession, actor: Actor, course_id: UUID, reason: str | None, if_match: int | None
) -> Course:
    """Let a series rest."""
    return await _move(db, actor, course_id, if_match, CourseStatus.PAUSED, reason=reason)


async def resume_course(db: WriteSession, actor: Actor, course_id: UUID, if_match: int | None) -> Course:
    """Let a series go on."""
    return await _move(db, actor, course_id, if_match, CourseStatus.ACTIVE)


async def complete_course(
    db: WriteSession, actor: Actor, course_id: UUID, body: EndCourse, if_match: int | None
) -> Course:
    """End a series as planned."""
    ended_on = body.ended_on or clock.today(actor.time_zone)
    return await _move(db, actor, course_id, if_match, CourseStatus.COMPLETED, reason=body.reason, ended_on=ended_on)


async def discontinue_course(
    db: WriteSession, actor: Actor, course_id: UUID, body: EndCourse, if_match: int | None
) -> Course:
    """End a series before its plan."""
    ended_on = body.ended_on or clock.today(actor.time_zone)
    return await _move(db, actor, course_id, if_match, CourseStatus.DISCONTINUED, reason=body.reason, ended_on=ended_on)


_EVENTS = {
    CourseStatus.PAUSED: "course.paused",
    CourseStatus.ACTIVE: "course.resumed",
    CourseStatus.COMPLETED: "course.completed",
    CourseStatus.DISCONTINUED: "course.discontinued",
}


async def _move(  # the verbs above say what each is
    db: WriteSession,
    actor: Actor,
    course_id: UUID,
    if_match: int | None,
    target: CourseStatus,
    *,
    reason: str | None = None,
    ended_on: date | None = None,
) -> Course:
    course = await one_for_update(db, actor, Course, course_id, if_match)
    rules.require_course_move(CourseStatus(course.status), target)
    course.status = target
    course.end_reason = reason
    course.ended_on = ended_on
    name_change(db, course, _EVENTS[target], reason=reason)
    return course


# ── planning on, and again ───────────────────────────────────────────────────────────────────────────────────────────


async def plan_ahead(db: WriteSession, actor: Actor, course: Course) -> None:
    """Keep the next sessions of a phase without an end planned, each at the same time on the wall as the last.

    The course is locked by the caller. A phase with an end, or without a rhythm, has nothing to add.
    """
    phase = (await resolve(db, actor, course.protocol_code, course.protocol_version)).phase(course.phase)
    interval = course.interval_days or (phase.interval_days[0] if phase is not None and phase.rolls else None)
    if interval is None or (phase is not None and phase.sessions is not None):
        return
    items = (await db.execute(queries.plan_items_of(actor, course.id))).scalars().all()
    of_phase = [item for item in items if item.phase == course.phase]
    if not of_phase:
        return
    last = max(of_phase, key=lambda item: item.planned_on)
    still_open = sum(item.session_id is None and item.left_out_at is None for item in of_phase)
    days = rules.days_ahead(last.planned_on, interval, open_sessions=still_open, ahead=await _ahead(db, actor))
    offsets = [(day - last.planned_on).days for day in days]
    at, number = time.fromisoformat(last.local_time), items[-1].number + 1
    _plan(db, actor, course, rules.plan_sessions(last.planned_on, at, course.time_zone, offsets, first_number=number))


async def re_plan(db: WriteSession, actor: Actor, course_id: UUID, body: RePlan, if_match: int | None) -> Course:
    """Plan the open sessions again; those that are filled stay where they are.

    Raises:
        CourseEnded: the course is completed or discontinued.
        NothingToPlan: no session is open, and no endless plan can begin with what was sent.
    """
    course = await _going_on(db, actor, course_id, if_match)
    if body.interval_days is not None:
        course.interval_days = body.interval_days
    still_open = (await db.execute(queries.open_plan_items(actor, course.id))).scalars().all()
    if not still_open:
        await _begin_plan(db, actor, course, body)
    moving = [item for item in still_open if item.number >= (body.from_number or 1)]
    if body.leave_out_missed:
        missed = [item for item in moving if item.planned_on < clock.today(actor.time_zone)]
        _leave_out(db, missed, body.reason)
        moving = [item for item in moving if item not in missed]
    days = rules.moved_days(
        [item.planned_on for item in moving], starts_on=body.starts_on, interval_days=body.interval_days
    )
    for item, day in zip(moving, days, strict=True):
        at = time.fromisoformat(body.local_time or item.local_time)
        (planned,) = rules.plan_sessions(day, at, course.time_zone, (0,), first_number=item.number)
        _place(course, item, planned)
        name_change(db, item, "plan_item.moved", reason=body.reason)
    await db.flush()
    await plan_ahead(db, actor, course)
    # Planning again is a change of the course, also where no column of its own differs.
    flag_modified(course, "interval_days")
    name_change(db, course, "course.re_planned", reason=body.reason)
    return course


async def _begin_plan(db: WriteSession, actor: Actor, course: Course, body: RePlan) -> None:
    """Give a phase that goes on without a plan its first sessions."""
    phase = (await resolve(db, actor, course.protocol_code, course.protocol_version)).phase(course.phase)
    if body.starts_on is None or course.interval_days is None or phase is None or phase.sessions is not None:
        raise NothingToPlan
    items = (await db.execute(queries.plan_items_of(actor, course.id))).scalars().all()
    at = time.fromisoformat(body.local_time) if body.local_time else _USUAL_TIME
    days = phase.days(interval_days=course.interval_days, ahead=await _ahead(db, actor))
    number = items[-1].number + 1 if items else 1
    _plan(db, actor, course, rules.plan_sessions(body.starts_on, at, course.time_zone, days, first_number=number))


async def change_phase(
    db: WriteSession, actor: Actor, course_id: UUID, body: ChangePhase, if_match: int | None
) -> Course:
    """Go on to another phase of the protocol, or back to an earlier one; the plan follows.

    Raises:
        CourseEnded: the course is completed or discontinued.
        UnknownPhase: the protocol has no such phase, or does not offer that interval in it.
        IllegalCourseMove: the course is in that phase already.
        DecisionRequired: the protocol asks for a decision first.
    """
    course = await _going_on(db, actor, course_id, if_match)
    protocol = await resolve(db, actor, course.protocol_code, course.protocol_version)
    phase = _offered(protocol, body)
    if body.phase == course.phase:
        others = [one.name for one in protocol.phases if one.name != course.phase]
        raise IllegalCourseMove(
            "The course is in this phase already.", members={"current_status": course.phase, "allowed": others}
        )
    if (point := protocol.decision_between(course.phase, body.phase)) is not None:
        decided = await db.execute(decided_to_continue(actor, course.id, point.after))
        if decided.first() is None:
            raise DecisionRequired(members={"action": point.action.value, "phase": point.after})
    items = (await db.execute(queries.plan_items_of(actor, course.id))).scalars().all()
    still_open = [item for item in items if item.session_id is None and item.left_out_at is None]
    interval = body.interval_days or next(iter(phase.interval_days), None)
    starts_on = body.starts_on or _next_day(actor, items, still_open, interval)
    at = time.fromisoformat(body.local_time or (items[-1].local_time if items else _USUAL_TIME.isoformat("minutes")))
    _leave_out(db, still_open, body.reason)
    course.phase, course.phase_started_on, course.interval_days = phase.name, starts_on, body.interval_days
    number = items[-1].number + 1 if items else 1
    days = phase.days(interval_days=body.interval_days, ahead=await _ahead(db, actor))
    _plan(db, actor, course, rules.plan_sessions(starts_on, at, course.time_zone, days, first_number=number))
    name_change(db, course, "course.phase_changed", reason=body.reason)
    return course


def _offered(protocol: Protocol, body: ChangePhase) -> Phase:
    phase = protocol.phase(body.phase)
    if phase is None:
        raise UnknownPhase(faults=[Fault("unknown_phase", "The protocol has no such phase.", pointer="#/phase")])
    if body.interval_days and body.interval_days not in (phase.interval_days or (body.interval_days,)):
        fault = Fault("unknown_interval", "The phase does not offer this interval.", pointer="#/interval_days")
        raise UnknownPhase(faults=[fault])
    return phase


async def _going_on(db: WriteSession, actor: Actor, course_id: UUID, if_match: int | None) -> Course:
    course = await one_for_update(db, actor, Course, course_id, if_match)
    if CourseStatus(course.status) in {CourseStatus.COMPLETED, CourseStatus.DISCONTINUED}:
        raise CourseEnded
    return course


def _next_day(actor: Actor, items: Sequence[PlanItem], still_open: Sequence[PlanItem], interval: int | None) -> date:
    """The day of the next open session, or one interval after the last; never a day that has passed."""
    if still_open:
        return max(still_open[0].planned_on, clock.today(actor.time_zone))
    if items and interval:
        return max(items[-1].planned_on + timedelta(days=interval), clock.today(actor.time_zone))
    return clock.today(actor.time_zone)


def _leave_out(db: WriteSession, items: Iterable[PlanItem], reason: str | None) -> None:
    for item in items:
        item.left_out_at = clock.now()
        name_change(db, item, "plan_item.left_out", reason=reason)
