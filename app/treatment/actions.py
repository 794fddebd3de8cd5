"""Acts that span areas."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from app.alerts.actions import end_alerts_of
from app.assessments.actions import place_again
from app.assessments.models import Assessment
from app.courses import queries as course_queries
from app.courses.models import Course, PlanItem
from app.dosing.actions import add_past_administration
from app.dosing.models import Administration, DoseEventRecord, DoseOrder
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.errors import Conflict, Fault
from app.kernel.ledger import name_change
from app.kernel.records import already_created, mark_entered_in_error, one_for_update, one_locked
from app.kernel.tables import ClinicRecord
from app.monitoring.models import DissociationNote, VitalSigns
from app.patients import queries as patient_queries
from app.patients.models import Patient, Weight
from app.sessions.actions import EndsBeforeStart, add_past_visit
from app.sessions.models import TreatmentSession
from app.sessions.rules import AlreadySigned, SessionStatus
from app.treatment import queries
from app.treatment.schemas import PastSession

_CHILDREN: Final[tuple[type[ClinicRecord], ...]] = (
    DoseOrder,
    Administration,
    DoseEventRecord,
    VitalSigns,
    DissociationNote,
    Assessment,
)


async def record_past_session(db: WriteSession, actor: Actor, course_id: UUID, body: PastSession) -> TreatmentSession:
    """Record a session that is over, with what was given in it, in one go: it begins and ends `discharged`.

    No gate is asked, nothing counts as out of order, and no alert is raised: the session was never watched from here.

    Raises:
        PlanItemFilled: the planned session that was named is taken.
        EndsBeforeStart: discharged before the first dose.
    """
    if (before := await already_created(db, actor, TreatmentSession, body)) is not None:
        return before
    treatment = await add_past_visit(db, actor, course_id, body)
    await db.flush()
    for administration in body.administrations:
        await add_past_administration(db, actor, treatment, administration)
    started_at, discharged_at = treatment.started_at, body.discharged_at
    if started_at is not None and discharged_at is not None and discharged_at < started_at:
        fault = Fault("end_before_start", "Must not be before the first dose.", pointer="#/discharged_at")
        raise EndsBeforeStart(faults=[fault])
    treatment.discharged_at = discharged_at
    treatment.condition_at_discharge = body.condition
    name_change(db, treatment, "session.recorded", occurred_at=treatment.session_at)
    await place_again(db, actor, treatment.patient_id, f"session {treatment.id}")
    return treatment


async def void_session(
    db: WriteSession, actor: Actor, session_id: UUID, reason: str, if_match: int | None
) -> TreatmentSession:
    """Mark a session and everything in it as entered in error; its alerts end, its place in the plan is open again.

    Raises:
        AlreadySigned: the record is signed.
    """
    treatment = await one_for_update(db, actor, TreatmentSession, session_id, if_match)
    if SessionStatus(treatment.status) is SessionStatus.SIGNED:
        raise AlreadySigned
    mark_entered_in_error(db, actor, treatment, reason)
    disposition = f"Entered in error: {reason}"
    for model in _CHILDREN:
        for child in (
            (await db.execute(queries.standing_children(actor, model, "session_id", treatment.id))).scalars().all()
        ):
            mark_entered_in_error(db, actor, child, reason)
            await end_alerts_of(db, actor, child.id, disposition)
    if treatment.plan_item_id is not None:
        item = await one_locked(db, actor, PlanItem, treatment.plan_item_id)
        if item.session_id == treatment.id:
            item.session_id = None
            name_change(db, item, "plan_item.reopened", reason=disposition)
    await place_again(db, actor, treatment.patient_id, f"session {treatment.id}")
    return treatment


class HasRecords(Conflict):
    """What hangs below would lose its place."""

    code = "has-records"
    title = "Other records belong to this one; correct it, or mark those first"


async def void_course(db: WriteSession, actor: Actor, course_id: UUID, reason: str, if_match: int | None) -> Course:
    """Mark a course and its plan as entered in error.

    Raises:
        HasRecords: it has sessions or assessments.
    """
    course = await one_for_update(db, actor, Course, course_id, if_match)
    await _require_nothing_below(db, actor, (TreatmentSession, Assessment), "course_id", course.id)
    mark_entered_in_error(db, actor, course, reason)
    for item in (await db.execute(course_queries.open_plan_items(actor, course.id))).scalars():
        mark_entered_in_error(db, actor, item, reason)
    return course


async def void_patient(db: WriteSession, actor: Actor, patient_id: UUID, reason: str, if_match: int | None) -> Patient:
    """Mark a patient as entered in error; weights go with them, identifiers are free again.

    Raises:
        HasRecords: the patient has courses or assessments.
    """
    patient = await one_for_update(db, actor, Patient, patient_id, if_match)
    await _require_nothing_below(db, actor, (Course, Assessment), "patient_id", patient.id)
    mark_entered_in_error(db, actor, patient, reason)
    for weight in (await db.execute(queries.standing_children(actor, Weight, "patient_id", patient.id))).scalars():
        mark_entered_in_error(db, actor, weight, reason)
    for identifier in (await db.execute(patient_queries.identifiers_of(actor, patient.id))).scalars():
        await db.delete(identifier)
    return patient


async def _require_nothing_below(
    db: WriteSession, actor: Actor, models: Iterable[type[ClinicRecord]], column: str, parent_id: UUID
) -> None:
    for model in models:
        if (await db.execute(queries.standing_below(actor, model, column, parent_id))).first() is not None:
            raise HasRecords
