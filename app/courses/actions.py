"""Opening, pausing and ending a series."""

from datetime import date, time
from uuid import UUID
from zoneinfo import ZoneInfo

from app.courses import rules
from app.courses.models import Course, PlanItem
from app.courses.rules import CourseStatus
from app.courses.schemas import CourseCreate, CourseUpdate, EndCourse
from app.identity.models import Staff
from app.identity.rules import Role
from app.kernel import clock, policies
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.errors import Fault, Invalid
from app.kernel.ledger import name_change
from app.kernel.records import already_created, find, identity_of, one, one_for_update
from app.patients.episodes.models import Episode
from app.patients.episodes.queries import open_episode
from app.patients.models import Patient
from app.protocols.catalogue import shipped_protocols
from app.protocols.rules import require_latest


class NotAPrescriber(Invalid):
    """Courses are led by a prescriber of the clinic."""

    title = "The person is not a prescriber of this clinic"


class UnknownEpisode(Invalid):
    """A course treats an illness episode of its own patient."""

    title = "The patient has no such episode"


def today(actor: Actor) -> date:
    """The day on the clinic's calendar."""
    return clock.now().astimezone(ZoneInfo(actor.time_zone)).date()


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
    protocol = require_latest(shipped_protocols(), body.protocol_code)
    episode = await _episode(db, actor, patient.id, body.episode_id)
    phase = protocol.phases[0]
    local = body.first_session_at.astimezone(ZoneInfo(actor.time_zone)) if body.first_session_at else None
    starts_on = local.date() if local else body.starts_on or today(actor)
    course = Course(
        **identity_of(actor, body),
        patient_id=patient.id,
        episode_id=episode.id if episode else None,
        protocol_code=protocol.code,
        protocol_version=protocol.version,
        indication_code=body.indication_code or (episode.indication_code if episode else None),
        status=CourseStatus.ACTIVE,
        phase=phase.name,
        prescriber_id=await _prescriber(db, actor, body.prescriber_id),
        starts_on=starts_on,
        time_zone=actor.time_zone,
        note=body.note,
    )
    db.add(course)
    name_change(db, course, "course.opened")
    await db.flush()
    at = local.time() if local else time(9)
    days = phase.days(ahead=int(policies.value_of("plan_ahead_sessions")))
    for planned in rules.plan_sessions(starts_on, at, actor.time_zone, days):
        item = PlanItem(
            **identity_of(actor),
            patient_id=patient.id,
            course_id=course.id,
            number=planned.number,
            planned_on=planned.on,
            local_time=planned.local_time.isoformat("minutes"),
            time_zone=planned.time_zone,
            starts_at=planned.starts_at,
        )
        db.add(item)
        name_change(db, item, "plan_item.planned")
    return course


async def _episode(db: WriteSession, actor: Actor, patient_id: UUID, episode_id: UUID | None) -> Episode | None:
    """The episode that was named, or the patient's open one."""
    named = episode_id or (await db.execute(open_episode(actor, patient_id))).scalar_one_or_none()
    if named is None:
        return None
    episode = await find(db, actor, Episode, named)
    if episode is None or episode.patient_id != patient_id or episode.entered_in_error_at is not None:
        fault = Fault("unknown_episode", "The patient has no such episode.", pointer="#/episode_id")
        raise UnknownEpisode(faults=[fault])
    return episode


async def _prescriber(db: WriteSession, actor: Actor, prescriber_id: UUID | None) -> UUID | None:
    if prescriber_id is None:
        return actor.principal_id if Role.PRESCRIBER.value in actor.roles else None
    staff = await find(db, actor, Staff, prescriber_id)
    if staff is None or Role.PRESCRIBER.value not in staff.roles or staff.disabled_at is not None:
        fault = Fault("not_a_prescriber", "Must be a prescriber of this clinic.", pointer="#/prescriber_id")
        raise NotAPrescriber(faults=[fault])
    return staff.id


async def update_course(
    db: WriteSession, actor: Actor, course_id: UUID, body: CourseUpdate, if_match: int | None
) -> Course:
    """Change a course's particulars."""
    course = await one_for_update(db, actor, Course, course_id, if_match)
    facts = body.model_dump(exclude_unset=True)
    if body.episode_id is not None:
        await _episode(db, actor, course.patient_id, body.episode_id)
    if "prescriber_id" in facts:
        facts["prescriber_id"] = await _prescriber(db, actor, body.prescriber_id)
    for member, value in facts.items():
        setattr(course, member, value)
    name_change(db, course, "course.updated")
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
    ended_on = body.ended_on or today(actor)
    return await _move(db, actor, course_id, if_match, CourseStatus.COMPLETED, reason=body.reason, ended_on=ended_on)


async def discontinue_course(
    db: WriteSession, actor: Actor, course_id: UUID, body: EndCourse, if_match: int | None
) -> Course:
    """End a series before its plan."""
    ended_on = body.ended_on or today(actor)
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
