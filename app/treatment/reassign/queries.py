"""Which reassignments an actor may see, and what goes with a session."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, CompoundSelect, Select, Table, select, union
from sqlalchemy.schema import sort_tables

from app.alerts.models import Alert
from app.courses.models import PlanItem
from app.kernel.actor import Actor
from app.kernel.tables import Base, ClinicRecord
from app.patients.models import Patient
from app.treatment.reassign.models import Reassignment
from app.treatment.reassign.rules import ReassignmentStatus
from app.treatment.signatures.models import Signature

reassignment: Final = Base.metadata.tables[Reassignment.__tablename__]

# They name a session and do not go with it: the plan of its course; what is said about moving it; alerts, which stay
# with the patient they were raised about; and signatures, which are bound to the session and the patient they were
# given for: moved or copied, their digest would no longer fit.
NAME_A_SESSION: Final[frozenset[type[ClinicRecord]]] = frozenset({PlanItem, Reassignment, Alert, Signature})


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


def inside_a_session() -> Sequence[type[ClinicRecord]]:
    """Every kind of record that lies in a session, whichever area it is of; what others refer to comes first."""
    kinds = [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, ClinicRecord)]
    inside = [kind for kind in kinds if hasattr(kind, "session_id") and kind not in NAME_A_SESSION]
    order = sort_tables(sorted({_table_of(kind) for kind in inside}, key=lambda table: table.name))
    return sorted(inside, key=lambda kind: order.index(_table_of(kind)))


def _table_of(kind: type[ClinicRecord]) -> Table:
    return Base.metadata.tables[kind.__tablename__]  # type: ignore[attr-defined]


def everything_of(actor: Actor, kind: type[ClinicRecord], session_id: UUID) -> Select[Any]:
    """Records of one kind in a session, also those that were entered in error, locked."""
    return (
        select(kind)
        .where(kind.clinic_id == actor.clinic_id, kind.session_id == session_id)  # type: ignore[attr-defined]
        .order_by(kind.id)
        .with_for_update()
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
