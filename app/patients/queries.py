"""Which patients and weights an actor may see."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select

from app.kernel.actor import Actor
from app.kernel.database import ReadSession
from app.kernel.errors import NotFound
from app.kernel.tables import Base
from app.patients.models import Patient, PatientIdentifier, Weight
from app.patients.rules import folded

patient: Final = Base.metadata.tables["patient"]
identifier: Final = Base.metadata.tables["patient_identifier"]
weight: Final = Base.metadata.tables["weight"]


def visible_patients(actor: Actor) -> Select[Any]:
    """The clinic's patients."""
    return select(patient).where(patient.c.clinic_id == actor.clinic_id)


def visible_weights(actor: Actor) -> Select[Any]:
    """Weights of the clinic's patients."""
    return select(weight).where(weight.c.clinic_id == actor.clinic_id)


def found_patients(
    actor: Actor,
    *,
    family_name: str | None,
    given_name: str | None,
    birth_on: date | None,
    identified_as: tuple[str, str] | None,
) -> Select[Any]:
    """Patients by the beginning of their names, day of birth or identifier."""
    statement = visible_patients(actor)
    if family_name is not None:
        statement = statement.where(patient.c.family_name_folded.startswith(folded(family_name), autoescape=True))
    if given_name is not None:
        statement = statement.where(patient.c.given_name_folded.startswith(folded(given_name), autoescape=True))
    if birth_on is not None:
        statement = statement.where(patient.c.birth_on == birth_on)
    if identified_as is not None:
        known = select(identifier.c.patient_id).where(
            identifier.c.clinic_id == actor.clinic_id,
            identifier.c.system == identified_as[0],
            identifier.c.value == identified_as[1],
        )
        statement = statement.where(patient.c.id.in_(known))
    return statement


def namesakes(
    actor: Actor, *, family_name: str, given_name: str, birth_on: date | None, birth_year: int | None
) -> Select[Any]:
    """Patients with the same names and the same birth."""
    born = patient.c.birth_on == birth_on if birth_on is not None else patient.c.birth_year == birth_year
    return visible_patients(actor).where(
        patient.c.family_name_folded == folded(family_name),
        patient.c.given_name_folded == folded(given_name),
        born,
        patient.c.entered_in_error_at.is_(None),
    )


def identifiers_of(actor: Actor, patient_id: UUID) -> Select[PatientIdentifier]:
    """The look-up rows of a patient."""
    return select(PatientIdentifier).where(
        PatientIdentifier.clinic_id == actor.clinic_id, PatientIdentifier.patient_id == patient_id
    )


def patient_identified_as(actor: Actor, system: str, value: str) -> Select[UUID]:
    """The patient another system knows under this value."""
    return select(PatientIdentifier.patient_id).where(
        PatientIdentifier.clinic_id == actor.clinic_id,
        PatientIdentifier.system == system,
        PatientIdentifier.value == value,
    )


def latest_weight(actor: Actor, patient_id: UUID) -> Select[Weight]:
    """The patient's most recent weight that stands."""
    return (
        select(Weight)
        .where(
            Weight.clinic_id == actor.clinic_id, Weight.patient_id == patient_id, Weight.entered_in_error_at.is_(None)
        )
        .order_by(Weight.measured_at.desc(), Weight.id.desc())
        .limit(1)
    )


def weight_at(actor: Actor, patient_id: UUID, instant: datetime) -> Select[Weight]:
    """The patient's most recent weight at an instant."""
    return latest_weight(actor, patient_id).where(Weight.measured_at <= instant)


def patient_by_id(actor: Actor, patient_id: UUID) -> Select[Patient]:
    """One patient, as the unit of work holds it."""
    return select(Patient).where(Patient.clinic_id == actor.clinic_id, Patient.id == patient_id)


async def require_patient(db: ReadSession, actor: Actor, patient_id: UUID) -> None:
    """Refuse a list below a patient the clinic does not have.

    Raises:
        NotFound: there is none.
    """
    if (
        await db.execute(visible_patients(actor).with_only_columns(patient.c.id).where(patient.c.id == patient_id))
    ).first() is None:
        raise NotFound
