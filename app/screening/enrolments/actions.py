"""Recording and correcting enrolments in risk programmes."""

from uuid import UUID

from app.identity.models import Location
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.errors import Fault, Invalid, require_in_order
from app.kernel.ledger import name_change
from app.kernel.records import (
    already_created,
    find,
    identity_of,
    mark_entered_in_error,
    one,
    one_for_update,
    reason_of_change,
)
from app.patients.models import Patient
from app.screening.enrolments.models import ProgrammeEnrolment
from app.screening.enrolments.schemas import PatientEnrolmentCreate, PlaceEnrolmentCreate, ProgrammeEnrolmentUpdate


class NotOfPlaces(Invalid):
    """Only a patient's enrolment has signatures."""

    title = "A place has no signatures"


async def enrol_patient(
    db: WriteSession, actor: Actor, patient_id: UUID, body: PatientEnrolmentCreate
) -> ProgrammeEnrolment:
    """Record that a programme enrolled a patient.

    Raises:
        EndsBeforeStart: the last day is before the first.
    """
    if (before := await already_created(db, actor, ProgrammeEnrolment, body, patient_id=patient_id)) is not None:
        return before
    patient = await one(db, actor, Patient, patient_id)
    facts = body.model_dump(exclude={"id"})
    return _record(db, ProgrammeEnrolment(**identity_of(actor, body), patient_id=patient.id, **facts))


async def enrol_place(db: WriteSession, actor: Actor, body: PlaceEnrolmentCreate) -> ProgrammeEnrolment:
    """Record that a programme enrolled the clinic or one of its locations.

    Raises:
        EndsBeforeStart: the last day is before the first.
        Invalid: the clinic has no such location.
    """
    if (before := await already_created(db, actor, ProgrammeEnrolment, body)) is not None:
        return before
    if body.location_id is not None and await find(db, actor, Location, body.location_id) is None:
        raise Invalid(faults=[Fault("unknown_location", "The clinic has no such location.", pointer="#/location_id")])
    return _record(db, ProgrammeEnrolment(**identity_of(actor, body), **body.model_dump(exclude={"id"})))


def _record(db: WriteSession, enrolment: ProgrammeEnrolment) -> ProgrammeEnrolment:
    require_in_order(enrolment.enrolled_on, enrolment.ended_on, pointer="#/ended_on")
    db.add(enrolment)
    name_change(db, enrolment, "programme_enrolment.recorded")
    return enrolment


async def correct_enrolment(  # a correction carries version and reason
    db: WriteSession,
    actor: Actor,
    enrolment_id: UUID,
    body: ProgrammeEnrolmentUpdate,
    if_match: int | None,
    reason: str | None,
) -> ProgrammeEnrolment:
    """Correct an enrolment, or say when it ended.

    Raises:
        EndsBeforeStart: the last day is before the first.
        NotOfPlaces: a signature for a place.
    """
    enrolment = await one_for_update(db, actor, ProgrammeEnrolment, enrolment_id, if_match)
    why = reason_of_change(actor, enrolment, reason)
    facts = body.model_dump(exclude_unset=True)
    if enrolment.patient_id is None and (signed := [name for name in facts if name.startswith("signed_by_")]):
        faults = [Fault("not_of_places", "Must be left out for a place.", pointer=f"#/{name}") for name in signed]
        raise NotOfPlaces(faults=faults)
    for member, value in facts.items():
        setattr(enrolment, member, value)
    pointer = "#/ended_on" if "ended_on" in facts else "#/enrolled_on"
    require_in_order(enrolment.enrolled_on, enrolment.ended_on, pointer=pointer)
    name_change(db, enrolment, "programme_enrolment.corrected", reason=why)
    return enrolment


async def void_enrolment(
    db: WriteSession, actor: Actor, enrolment_id: UUID, reason: str, if_match: int | None
) -> ProgrammeEnrolment:
    """Mark an enrolment as entered in error."""
    enrolment = await one_for_update(db, actor, ProgrammeEnrolment, enrolment_id, if_match)
    mark_entered_in_error(db, actor, enrolment, reason)
    return enrolment
