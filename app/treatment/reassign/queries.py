"""Which reassignments an actor may see, and what goes with a session."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, CompoundSelect, Select, select, union

from app.kernel.actor import Actor
from app.kernel.tables import Base
from app.patients.models import Patient
from app.treatment.reassign.models import Reassignment
from app.treatment.reassign.rules import ReassignmentStatus

reassignment: Final = Base.metadata.tables[Reassignment.__tablename__]


def visible_reassignments(actor: Actor) -> Select[Any]:
    """The clinic's reassignments."""
    return select(reassignment).where(reassignment.c.clinic_id == actor.clinic_id)


def from_or_to(actor: Actor, patient_ids: Sequence[UUID]) -> CompoundSelect[Any]:
    """Ids of reassignments that take a session from one of these patients or to one."""
    return _naming(actor, (reassignment.c.patient_id, reassignment.c.to_patient_id), patient_ids)


def of_or_into(actor: Actor, session_ids: Sequence[UUID]) -> CompoundSelect[Any]:
    """Ids of reassignments of one of these sessions, or that made one of them as a copy."""
    return _naming(actor, (reassignment.c.session_id, reassignment.c.copied_session_id), session_ids)


def _naming(actor: Actor, columns: Sequence[Column[Any]], wanted: Sequence[UUID]) -> CompoundSelect[Any]:
    # A union, since each half of it has its index.
    ids = visible_reassignments(actor).with_only_columns(reassignment.c.id)
    return union(*(ids.where(column.in_(wanted)) for column in columns))


def proposed_for(actor: Actor, session_id: UUID) -> Select[Any]:
    """What is proposed for a session; its lock keeps it to one."""
    return visible_reassignments(actor).where(
        reassignment.c.session_id == session_id, reassignment.c.status == ReassignmentStatus.PROPOSED
    )


def both_patients(actor: Actor, ids: Sequence[UUID]) -> Select[Patient]:
    """Patients, locked in the order of their ids, so that two who move sessions between them never wait for ever."""
    return (
        select(Patient)
        .where(Patient.clinic_id == actor.clinic_id, Patient.id.in_(ids))
        .order_by(Patient.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
