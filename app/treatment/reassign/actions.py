"""Moving a session, with everything in it, to the patient who was really treated; or, once it was signed, a copy of it.

It is one transaction: patients, course, session, then whatever lies in the session. The session is locked before its
children are read, so that one which somebody is just appending is waited for and is among them.

What was signed is never altered: the session stays where it was signed and is marked as entered in error, and what was
in it is told anew, record by record, for the right patient.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm.attributes import flag_modified

from app.alerts.actions import Cause, leave_alerts_behind, raise_alert
from app.alerts.models import Alert
from app.alerts.rules import AlertSeverity
from app.assessments.actions import alarm_of_assessments, place_again
from app.assessments.models import Assessment
from app.courses.models import Course
from app.dosing.actions import OF_ONE_PATIENT, give_to_another_patient, space_sessions
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.change_reasons import WRONG_PATIENT
from app.kernel.database import WriteSession
from app.kernel.errors import Fault
from app.kernel.ids import new_id
from app.kernel.ledger import columns_of, name_change
from app.kernel.records import (
    already_created,
    copy_of,
    find,
    identity_of,
    one_for_update,
    one_in_version,
    one_locked,
    require_standing,
)
from app.kernel.tables import ClinicRecord
from app.monitoring.actions import look_again_at_readings
from app.monitoring.models import VitalSigns
from app.patients.models import Patient
from app.sessions.actions import join_course, move_to_course
from app.sessions.models import InSession, TreatmentSession
from app.sessions.rules import SessionStatus
from app.treatment.actions import fitting_course, take_out
from app.treatment.queries import everything_of, inside_a_session
from app.treatment.reassign import queries, rules
from app.treatment.reassign.models import Reassignment
from app.treatment.reassign.rules import ReassignmentPending, ReassignmentStatus, SecondPersonRequired, UnknownTarget
from app.treatment.reassign.schemas import ReassignSession


async def propose_reassignment(
    db: WriteSession, actor: Actor, session_id: UUID, body: ReassignSession, if_match: int | None
) -> Reassignment:
    """Say that a session was documented for the wrong patient. Nothing moves before another person confirms it.

    Raises:
        UnknownTarget: the clinic has no such other patient, or they no such course.
        ReassignmentPending: somebody has proposed one already.
    """
    if (before := await already_created(db, actor, Reassignment, body, session_id=session_id)) is not None:
        return before
    treatment = await one_for_update(db, actor, TreatmentSession, session_id, if_match)
    await _require_target(db, actor, treatment, body)
    if (await db.execute(queries.proposed_for(actor, treatment.id))).first() is not None:
        raise ReassignmentPending
    reassignment = Reassignment(
        **identity_of(actor, body),
        session_id=treatment.id,
        patient_id=treatment.patient_id,
        course_id=treatment.course_id,
        to_patient_id=body.to_patient_id,
        to_course_id=body.to_course_id,
        status=ReassignmentStatus.PROPOSED,
        reason=body.reason,
    )
    db.add(reassignment)
    name_change(db, reassignment, "reassignment.proposed", reason=body.reason)
    return reassignment


async def _require_target(db: WriteSession, actor: Actor, treatment: TreatmentSession, body: ReassignSession) -> None:
    patient = await find(db, actor, Patient, body.to_patient_id)
    if patient is None or patient.entered_in_error_at is not None:
        fault = Fault("unknown_patient", "The clinic has no such patient.", pointer="#/to_patient_id")
        raise UnknownTarget(faults=[fault])
    if patient.id == treatment.patient_id:
        fault = Fault("same_patient", "It is documented for this patient already.", pointer="#/to_patient_id")
        raise UnknownTarget(faults=[fault])
    if body.to_course_id is not None:
        course = await find(db, actor, Course, body.to_course_id)
        if course is None or course.patient_id != patient.id or course.entered_in_error_at is not None:
            fault = Fault("unknown_course", "The patient has no such course.", pointer="#/to_course_id")
            raise UnknownTarget(faults=[fault])


async def confirm_reassignment(
    db: WriteSession, actor: Actor, reassignment_id: UUID, if_match: int | None
) -> Reassignment:
    """Agree as the second person: the session goes over, with everything in it, or a copy of what was signed.

    Raises:
        SecondPersonRequired: whoever proposed it does not confirm it.
        IllegalReassignmentMove: it is done or withdrawn.
    """
    seen = await one_in_version(db, actor, Reassignment, reassignment_id, if_match)
    if seen.recorded_by == actor.principal_id:
        raise SecondPersonRequired
    patients = (await db.execute(queries.both_patients(actor, [seen.patient_id, seen.to_patient_id]))).scalars()
    by_id = {patient.id: patient for patient in patients}
    wrong, right = by_id[seen.patient_id], by_id[seen.to_patient_id]
    require_standing(right)
    course = None if seen.to_course_id is None else await one_locked(db, actor, Course, seen.to_course_id)
    if course is None:
        treatment = await find(db, actor, TreatmentSession, seen.session_id)
        assert treatment is not None
        first_day = clock.day_of(treatment.started_at or treatment.session_at, actor.time_zone)
        found = await fitting_course(db, actor, right.id, treatment.drug, treatment.route, first_day)
        await db.flush()
        course = await one_locked(db, actor, Course, found.id)
    treatment = await one_locked(db, actor, TreatmentSession, seen.session_id)
    reassignment = await one_for_update(db, actor, Reassignment, reassignment_id, if_match)
    rules.require_proposed(ReassignmentStatus(reassignment.status))
    reassignment.status = ReassignmentStatus.DONE
    reassignment.to_course_id = course.id
    reassignment.confirmed_at = clock.now()
    reassignment.confirmed_by = actor.principal_id
    why = f"reassignment {reassignment.id}: {reassignment.reason}"
    # Signed it is also while an amendment is open.
    if SessionStatus(treatment.status) is SessionStatus.SIGNED:
        await _copy(db, actor, treatment, course, reassignment, why)
    else:
        await _move(db, actor, treatment, course, reassignment, why)
    for patient, what in ((wrong, "patient.session_moved_away"), (right, "patient.session_moved_here")):
        # Both say it in their own history, though no column of theirs differs.
        flag_modified(patient, "identifiers")
        name_change(db, patient, what, reason=why, occurred_at=treatment.session_at)
    name_change(db, reassignment, "reassignment.confirmed", reason=reassignment.reason)
    return reassignment


async def _move(  # what goes where, and why
    db: WriteSession,
    actor: Actor,
    treatment: TreatmentSession,
    course: Course,
    reassignment: Reassignment,
    why: str,
) -> None:
    await move_to_course(db, actor, treatment, course, why)
    await db.flush()
    inside = await _everything_in(db, actor, treatment)
    for record in inside:
        _follow(record, treatment, reassignment)
    left = await leave_alerts_behind(
        db, actor, treatment.id, reassignment.patient_id, f"Wrong patient: {why}", session_goes=True
    )
    moved = {record.id: record for record in (treatment, *inside)}
    await _reckon_for_both(db, actor, reassignment, treatment, moved, left)
    # Last, so that what was reckoned again on the way bears the name of what happened to it.
    for record in moved.values():
        name_change(db, record, f"{record.__resource__}.reassigned", reason=why)


async def _everything_in(db: WriteSession, actor: Actor, treatment: TreatmentSession) -> Sequence[ClinicRecord]:
    inside: list[ClinicRecord] = []
    for kind in inside_a_session():
        inside += (await db.execute(everything_of(actor, kind, treatment.id))).scalars().all()
    return inside


def _follow(record: ClinicRecord, treatment: TreatmentSession, reassignment: Reassignment) -> None:
    told = record.__mapper__.column_attrs.keys()  # type: ignore[attr-defined]
    if "patient_id" in told:
        record.patient_id = treatment.patient_id  # type: ignore[attr-defined]
    if "course_id" in told and record.course_id == reassignment.course_id:  # type: ignore[attr-defined]
        record.course_id = treatment.course_id  # type: ignore[attr-defined]


async def _copy(  # what goes where, and why
    db: WriteSession,
    actor: Actor,
    treatment: TreatmentSession,
    course: Course,
    reassignment: Reassignment,
    why: str,
) -> None:
    inside = _to_copy(treatment, await _everything_in(db, actor, treatment))
    ids = {one.id: new_id() for one in (treatment, *inside)}
    named = ids | {reassignment.patient_id: course.patient_id, reassignment.course_id: course.id}
    copy = copy_of(treatment, rules.renamed(columns_of(treatment), named), **_UNSIGNED, copied_from_id=treatment.id)
    await join_course(db, actor, copy, course, why)
    await db.flush()
    copies: dict[UUID, ClinicRecord] = {treatment.id: copy}
    for record in inside:
        told = {"after_signature": False} if isinstance(record, InSession) else {}
        copies[record.id] = copy_of(record, rules.renamed(columns_of(record), named), **told)
        db.add(copies[record.id])
        await db.flush()  # what others refer to is there before them
    left = await leave_alerts_behind(
        db, actor, treatment.id, reassignment.patient_id, f"Wrong patient: {why}", session_goes=False
    )
    await take_out(db, actor, treatment, f"{WRONG_PATIENT}: {why}")
    treatment.copied_to_id = reassignment.copied_session_id = copy.id
    await _reckon_for_both(db, actor, reassignment, copy, copies, left)
    for was, record in copies.items():
        name = record.__resource__
        name_change(db, record, f"{name}.copied", reason=f"copy of {name} {was}, {why}")


# What a copy has not: a signature, and its place in the plan of another course.
_UNSIGNED: Final[Mapping[str, Any]] = {
    "status": SessionStatus.DISCHARGED,
    "signed_at": None,
    "amended": False,
    "amendment_opened_at": None,
    "amendment_reason": None,
    "cosigner_due": None,
    "plan_item_id": None,
    "copied_to_id": None,
}


def _to_copy(treatment: TreatmentSession, inside: Sequence[ClinicRecord]) -> Sequence[ClinicRecord]:
    """What stands in a session, and of what does not, whatever is still named by what does."""
    by_name = {name: one for one in inside for name in (one.id, str(one.id))}
    wanted = dict.fromkeys([treatment, *(one for one in inside if one.entered_in_error_at is None)])
    waiting = list(wanted)
    while waiting:
        named = {by_name[name] for name in rules.named_in(columns_of(waiting.pop())) if name in by_name}
        waiting += (more := named - wanted.keys())
        wanted |= dict.fromkeys(more)
    return [one for one in inside if one in wanted]


async def _reckon_for_both(  # for whom, what, and what was alarmed
    db: WriteSession,
    actor: Actor,
    reassignment: Reassignment,
    treatment: TreatmentSession,
    went: Mapping[UUID, ClinicRecord],
    left: Sequence[Alert],
) -> None:
    """Reckon anew what depends on whose a dose was.

    Args:
        db: The write session.
        actor: Who confirmed it.
        reassignment: From whom to whom.
        treatment: The right patient's session.
        went: The right patient's records by the ids of those that were the wrong one's.
        left: What was alarmed about the wrong patient.
    """
    cause = f"reassignment {reassignment.id}"
    await give_to_another_patient(db, actor, treatment)
    await db.flush()
    moments = [] if treatment.started_at is None else [treatment.started_at]
    for patient_id in (reassignment.patient_id, treatment.patient_id):
        await space_sessions(db, actor, patient_id, moments, cause)
        await place_again(db, actor, patient_id, cause)
    await look_again_at_readings(db, actor, treatment, cause)
    await alarm_of_assessments(db, actor, [record for record in went.values() if isinstance(record, Assessment)])
    await _raise_anew(db, actor, treatment, went, left)


# What is raised from the facts themselves, because it depends on whose they are.
_FROM_FACTS = frozenset({Assessment.__resource__, VitalSigns.__resource__})
_RECKONED = frozenset({f"dose_{deviation.value}" for deviation in OF_ONE_PATIENT})


async def _raise_anew(
    db: WriteSession,
    actor: Actor,
    treatment: TreatmentSession,
    went: Mapping[UUID, ClinicRecord],
    left: Sequence[Alert],
) -> None:
    """Alarm about the right patient as was alarmed about the other, of what is not reckoned anew."""
    for alert in left:
        caused_by = went.get(alert.cause_id)
        if alert.cause_type in _FROM_FACTS or alert.code in _RECKONED:
            continue
        if caused_by is None or caused_by.entered_in_error_at is not None:
            continue
        cause = Cause(
            alert.cause_type,
            caused_by.id,
            treatment.patient_id,
            treatment.id,
            min(treatment.session_at, alert.raised_at),
        )
        await raise_alert(
            db,
            actor,
            cause,
            code=alert.code,
            severity=AlertSeverity(alert.severity),
            rule=alert.rule,
            policy_version=alert.policy_version,
        )


async def withdraw_reassignment(
    db: WriteSession, actor: Actor, reassignment_id: UUID, reason: str, if_match: int | None
) -> Reassignment:
    """Let the session stay where it is.

    Raises:
        IllegalReassignmentMove: it is done or withdrawn.
    """
    reassignment = await one_for_update(db, actor, Reassignment, reassignment_id, if_match)
    rules.require_proposed(ReassignmentStatus(reassignment.status))
    reassignment.status = ReassignmentStatus.WITHDRAWN
    reassignment.withdrawn_at = clock.now()
    reassignment.withdrawn_by = actor.principal_id
    reassignment.withdrawn_reason = reason
    name_change(db, reassignment, "reassignment.withdrawn", reason=reason)
    return reassignment
