"""Acts that span areas."""

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter

from app.alerts.actions import end_alerts_of_voided
from app.assessments.actions import place_again, record_assessment
from app.assessments.models import Assessment
from app.courses import queries as course_queries
from app.courses.actions import open_course
from app.courses.decisions.models import DoseDecision
from app.courses.external.models import ExternalTreatment
from app.courses.models import Course
from app.courses.rules import instant_of
from app.courses.schemas import CourseCreate
from app.dosing.actions import add_past_administration, note_past_interval, space_sessions
from app.dosing.schemas import AnyAdministration
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.endpoint import needs_key, require_permission
from app.kernel.errors import Conflict, Fault, Invalid, require_in_order, within
from app.kernel.idempotency import digest_of_create
from app.kernel.ledger import name_change
from app.kernel.records import (
    IdAlreadyUsed,
    already_created,
    find,
    mark_entered_in_error,
    one_for_update,
    one_locked,
)
from app.kernel.tables import ClinicRecord, Origin
from app.monitoring.actions import add_past_vital_signs, record_dissociation_note
from app.patients import queries as patient_queries
from app.patients.allergies.models import Allergy
from app.patients.conditions.models import Condition
from app.patients.episodes.models import Episode
from app.patients.medication_trials.models import MedicationTrial
from app.patients.medications.models import Medication
from app.patients.models import Patient, Weight
from app.patients.reproduction.models import ReproductiveFactRecord
from app.policies.catalogue import clock_tolerance
from app.protocols.queries import resolve
from app.protocols.rules import Drug, Route
from app.safety.actions import record_session_event
from app.safety.models import AdverseEvent
from app.screening.consents.models import Consent
from app.screening.enrolments.models import ProgrammeEnrolment
from app.screening.models import Screening
from app.sessions.actions import add_past_visit, is_frozen, leave_plan_item
from app.sessions.models import TreatmentSession
from app.sessions.rules import AlreadySigned
from app.treatment import queries
from app.treatment.readiness.actions import keep_gates
from app.treatment.schemas import PastSession
from app.treatment.signatures.actions import supersede_signatures

_NOON: Final = time(12)
_ADMINISTRATION: Final[TypeAdapter[AnyAdministration]] = TypeAdapter(AnyAdministration)

_TOLD: Final[tuple[type[ClinicRecord], ...]] = (
    Weight,
    Episode,
    ExternalTreatment,
    Screening,
    Consent,
    ProgrammeEnrolment,
    Medication,
    MedicationTrial,
    ReproductiveFactRecord,
    Condition,
    Allergy,
)


async def record_past_session(db: WriteSession, actor: Actor, patient_id: UUID, body: PastSession) -> TreatmentSession:
    """Record a session that is over with everything that is known of it, all or nothing; it ends `discharged`.

    Its gates are judged for the moment the dose began, by what is known now, and kept; none refuses. Nothing counts as
    out of order: the session was never watched from here. Alerts about what is older than the clinic's limit are kept
    closed.

    Raises:
        IdempotencyKeyRequired: neither a key nor an own id came with it.
        NotOver: it would end in the future.
        PlanItemFilled: the planned session that was named is taken.
        EndsBeforeStart: discharged before the first dose.
        Invalid: what cannot have happened, with a pointer into what was sent.
    """
    needs_key(db, own_id=body.id)
    if (before := await already_created(db, actor, TreatmentSession, body, patient_id=patient_id)) is not None:
        return before
    if body.assessments:
        require_permission(actor, "score:write")
    # The patient is locked, so that two first sessions told at once open one course.
    patient = await one_locked(db, actor, Patient, patient_id)
    db.info["origin"] = Origin.AFTERWARDS.value
    course = await _course_of(db, actor, patient, body)
    if body.administrations:
        # What was given says by which drug and route, unless the session says so itself.
        first = body.administrations[0]
        visit = body.model_copy(
            update={"drug": body.drug or Drug(first.drug), "route": body.route or Route(first.route)}
        )
    else:
        visit = body
    treatment = await add_past_visit(db, actor, course.id, visit)
    treatment.create_digest = digest_of_create(body)
    await db.flush()
    await _record_doses(db, actor, treatment, body)
    await note_past_interval(db, actor, treatment)
    _discharge(actor, treatment, body)
    name_change(db, treatment, "session.recorded", occurred_at=treatment.session_at)
    await _record_children(db, actor, treatment, body)
    await place_again(db, actor, patient.id, f"session {treatment.id}")
    await keep_gates(db, actor, treatment)
    return treatment


async def _course_of(db: WriteSession, actor: Actor, patient: Patient, body: PastSession) -> Course:
    """The course that was named, the newest running one that fits, or a new one without a plan."""
    if body.course_id is not None:
        course = await find(db, actor, Course, body.course_id)
        if course is None or course.patient_id != patient.id:
            raise Invalid(faults=[Fault("unknown_course", "The patient has no such course.", pointer="#/course_id")])
        return course
    said = (body, *body.administrations)
    drug = next((one.drug for one in said if one.drug is not None), None)
    route = next((one.route for one in said if one.route is not None), None)
    return await fitting_course(db, actor, patient.id, drug, route, _first_day(actor, body))


async def fitting_course(
    db: WriteSession, actor: Actor, patient_id: UUID, drug: str | None, route: str | None, first_day: date | None
) -> Course:
    """The patient's newest running course that fits drug and route, or a new one without a plan."""
    for course in (await db.execute(course_queries.running_courses(actor, patient_id))).scalars():
        protocol = await resolve(db, actor, course.protocol_code, course.protocol_version)
        if drug in {None, protocol.drug or drug} and route in {None, protocol.route or route}:
            return course
    return await open_course(db, actor, patient_id, CourseCreate(protocol_code="OPEN", starts_on=first_day))


def _first_day(actor: Actor, body: PastSession) -> date | None:
    begun = [dose.started_at for dose in body.administrations if dose.started_at is not None]
    begun += [event.occurred_at for dose in body.administrations for event in dose.events]
    first = body.started_at or min(begun, default=None)
    return body.given_on if first is None else clock.day_of(first, actor.time_zone)


async def _record_doses(db: WriteSession, actor: Actor, treatment: TreatmentSession, body: PastSession) -> None:
    noon = None if body.given_on is None else instant_of(body.given_on, _NOON, actor.time_zone)
    for number, dose in enumerate(body.administrations):
        told = dose if noon is None else dose.model_copy(update={"started_at": noon})
        with within(f"#/administrations/{number}"):
            await add_past_administration(db, actor, treatment, told)
            _require_new(db)
    if not body.administrations:
        short = {
            "drug": treatment.drug,
            "route": treatment.route,
            "started_at": body.started_at or noon,
            "stopped_at": body.stopped_at,
            "delivered_mg": body.delivered_mg,
            "administered_by": body.administered_by,
        }
        await add_past_administration(db, actor, treatment, _ADMINISTRATION.validate_python(short))
    treatment.given_on = body.given_on


def _discharge(actor: Actor, treatment: TreatmentSession, body: PastSession) -> None:
    """Close the visit as it was told, and say how long after its end."""
    discharged_at, now = body.discharged_at, clock.now()
    require_in_order(
        treatment.started_at,
        discharged_at,
        pointer="#/discharged_at",
        detail="Must not be before the first dose.",
    )
    ended_at = max(at for at in (treatment.last_dose_at, discharged_at, treatment.session_at) if at is not None)
    _require_over(actor, body, ended_at, now)
    treatment.discharged_at = discharged_at
    treatment.condition_at_discharge = body.condition
    treatment.escort_name = body.escort_name
    treatment.recorded_after_minutes = max(0, int((now - (treatment.last_dose_at or ended_at)).total_seconds() // 60))


def _require_over(actor: Actor, body: PastSession, ended_at: datetime, now: datetime) -> None:
    if body.given_on is not None:  # noon stands for the day, so the day is what is compared
        over, pointer = body.given_on <= clock.day_of(now, actor.time_zone), "#/given_on"
    else:
        over, pointer = ended_at <= now + clock_tolerance(), "#"
    if not over:
        raise NotOver(faults=[Fault("in_future", "Must not lie ahead.", pointer=pointer)])


async def _record_children(db: WriteSession, actor: Actor, treatment: TreatmentSession, body: PastSession) -> None:
    for number, reading in enumerate(body.vital_signs):
        with within(f"#/vital_signs/{number}"):
            await add_past_vital_signs(db, actor, treatment, reading)
            _require_new(db)
    for number, note in enumerate(body.dissociation_notes):
        with within(f"#/dissociation_notes/{number}"):
            await record_dissociation_note(db, actor, treatment.id, note)
            _require_new(db)
    for number, event in enumerate(body.adverse_events):
        with within(f"#/adverse_events/{number}"):
            await record_session_event(db, actor, treatment.id, event)
            _require_new(db)
    for number, form in enumerate(body.assessments):
        with within(f"#/assessments/{number}"):
            await record_assessment(
                db, actor, treatment.patient_id, form.model_copy(update={"session_id": treatment.id})
            )
            _require_new(db)


def _require_new(db: WriteSession) -> None:
    """Refuse an own id that stands for a record of another session."""
    if db.info.pop("already_created", False):
        fault = Fault("id_already_used", "Must be new.", pointer="#/id")
        raise IdAlreadyUsed("Send a new id, or none.", faults=[fault])


class NotOver(Invalid):
    """What is recorded afterwards is over."""

    code = "not-over"
    title = "The session is not over yet"
    advice = "Plan a visit to come with POST /v1/courses/{course_id}/sessions, and record what happens as it happens."


async def void_session(
    db: WriteSession, actor: Actor, session_id: UUID, reason: str, if_match: int | None
) -> TreatmentSession:
    """Mark a session and everything in it as entered in error; its alerts end, its place in the plan is open again.

    Raises:
        AlreadySigned: the record is signed, and no amendment is open.
    """
    treatment = await one_for_update(db, actor, TreatmentSession, session_id, if_match)
    if is_frozen(treatment):
        raise AlreadySigned
    await supersede_signatures(db, actor, treatment.id, f"Entered in error: {reason}")
    await take_out(db, actor, treatment, reason)
    cause = f"session {treatment.id}"
    if treatment.started_at is not None:
        await space_sessions(db, actor, treatment.patient_id, [treatment.started_at], cause)
    await place_again(db, actor, treatment.patient_id, cause)
    return treatment


async def take_out(db: WriteSession, actor: Actor, treatment: TreatmentSession, reason: str) -> None:
    """Mark a session, which the caller has locked, and everything that stands in it; its place in the plan is open.

    Intervals and the times since a dose are for the caller to reckon anew.
    """
    mark_entered_in_error(db, actor, treatment, reason)
    for kind in queries.inside_a_session():
        for child in (
            (await db.execute(queries.standing_children(actor, kind, "session_id", treatment.id))).scalars().all()
        ):
            mark_entered_in_error(db, actor, child, reason)
            await end_alerts_of_voided(db, actor, child.id, reason)
    await leave_plan_item(db, actor, treatment, f"Entered in error: {reason}")


class HasRecords(Conflict):
    """What hangs below would lose its place."""

    code = "has-records"
    title = "Other records belong to this one; correct it, or mark those first"
    advice = (
        "To correct it, change it. If it should never have been made, mark what belongs to it as entered in error "
        "first."
    )


async def void_course(db: WriteSession, actor: Actor, course_id: UUID, reason: str, if_match: int | None) -> Course:
    """Mark a course, its plan and what was decided in it as entered in error.

    Raises:
        HasRecords: it has sessions or assessments.
    """
    course = await one_for_update(db, actor, Course, course_id, if_match)
    await _require_nothing_below(db, actor, (TreatmentSession, Assessment), "course_id", course.id)
    mark_entered_in_error(db, actor, course, reason)
    for item in (await db.execute(course_queries.plan_items_of(actor, course.id))).scalars():
        mark_entered_in_error(db, actor, item, reason)
    for decision in (
        await db.execute(queries.standing_children(actor, DoseDecision, "course_id", course.id))
    ).scalars():
        mark_entered_in_error(db, actor, decision, reason)
    return course


async def void_episode(db: WriteSession, actor: Actor, episode_id: UUID, reason: str, if_match: int | None) -> Episode:
    """Mark an illness episode as entered in error.

    Raises:
        HasRecords: courses treat it, or trials were made in it.
    """
    episode = await one_for_update(db, actor, Episode, episode_id, if_match)
    await _require_nothing_below(db, actor, (Course, MedicationTrial), "episode_id", episode.id)
    mark_entered_in_error(db, actor, episode, reason)
    return episode


async def void_patient(db: WriteSession, actor: Actor, patient_id: UUID, reason: str, if_match: int | None) -> Patient:
    """Mark a patient as entered in error; what was told of them goes with them, identifiers are free again.

    Raises:
        HasRecords: the patient has courses, assessments or adverse events.
    """
    patient = await one_for_update(db, actor, Patient, patient_id, if_match)
    await _require_nothing_below(db, actor, (Course, Assessment, AdverseEvent), "patient_id", patient.id)
    mark_entered_in_error(db, actor, patient, reason)
    for model in _TOLD:
        for told in (await db.execute(queries.standing_children(actor, model, "patient_id", patient.id))).scalars():
            mark_entered_in_error(db, actor, told, reason)
    for identifier in (await db.execute(patient_queries.identifiers_of(actor, patient.id))).scalars():
        await db.delete(identifier)
    return patient


async def _require_nothing_below(
    db: WriteSession, actor: Actor, models: Iterable[type[ClinicRecord]], column: str, parent_id: UUID
) -> None:
    for model in models:
        if (await db.execute(queries.standing_below(actor, model, column, parent_id))).first() is not None:
            raise HasRecords
