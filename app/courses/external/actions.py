"""Recording and correcting what was given elsewhere."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from app.courses.external.models import ExternalTreatment
from app.courses.external.schemas import ExternalTreatmentCreate, ExternalTreatmentUpdate
from app.courses.rules import SeriesOutOfOrder, instant_of
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.errors import Fault
from app.kernel.ledger import name_change
from app.kernel.records import (
    already_created,
    identity_of,
    mark_entered_in_error,
    one,
    one_for_update,
    reason_of_change,
)
from app.patients.models import Patient


async def record_external_treatment(
    db: WriteSession, actor: Actor, patient_id: UUID, body: ExternalTreatmentCreate
) -> ExternalTreatment:
    """Record sessions that somebody else gave.

    Raises:
        SeriesOutOfOrder: the first day is after the last.
    """
    if (before := await already_created(db, actor, ExternalTreatment, body, patient_id=patient_id)) is not None:
        return before
    patient = await one(db, actor, Patient, patient_id)
    facts = body.model_dump(exclude={"id"}) | _when(actor, body.given_at, body.given_on)
    treatment = ExternalTreatment(**identity_of(actor, body), patient_id=patient.id, **facts)
    _require_in_order(treatment)
    db.add(treatment)
    name_change(db, treatment, "external_treatment.recorded", occurred_at=treatment.counted_from)
    return treatment


def _when(actor: Actor, given_at: datetime | None, given_on: date | None) -> dict[str, Any]:
    """The three columns that say when, from the one that was told."""
    if given_at is not None:
        on = clock.day_of(given_at, actor.time_zone)
        return {"given_at": given_at, "given_on": on, "counted_from": given_at}
    assert given_on is not None
    return {"given_at": None, "given_on": given_on, "counted_from": instant_of(given_on, time(0), actor.time_zone)}


def _require_in_order(treatment: ExternalTreatment) -> None:
    if treatment.first_given_on is not None and treatment.first_given_on > treatment.given_on:
        fault = Fault("first_after_last", "Must not be after the last day.", pointer="#/first_given_on")
        raise SeriesOutOfOrder(faults=[fault])


async def correct_external_treatment(  # a correction carries version and reason
    db: WriteSession,
    actor: Actor,
    treatment_id: UUID,
    body: ExternalTreatmentUpdate,
    if_match: int | None,
    reason: str | None,
) -> ExternalTreatment:
    """Correct what is known of a treatment given elsewhere.

    Raises:
        SeriesOutOfOrder: the first day is after the last.
    """
    treatment = await one_for_update(db, actor, ExternalTreatment, treatment_id, if_match)
    why = reason_of_change(actor, treatment, reason)
    facts = body.model_dump(exclude_unset=True)
    if {"given_at", "given_on"} & facts.keys():
        facts |= _when(actor, facts.get("given_at"), facts.get("given_on"))
    for member, value in facts.items():
        setattr(treatment, member, value)
    _require_in_order(treatment)
    name_change(db, treatment, "external_treatment.corrected", reason=why, occurred_at=treatment.counted_from)
    return treatment


async def void_external_treatment(
    db: WriteSession, actor: Actor, treatment_id: UUID, reason: str, if_match: int | None
) -> ExternalTreatment:
    """Mark a treatment given elsewhere as entered in error."""
    treatment = await one_for_update(db, actor, ExternalTreatment, treatment_id, if_match)
    mark_entered_in_error(db, actor, treatment, reason)
    return treatment
