"""Which reassignments an actor may see, and what goes with a session."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CompoundSelect, Select, select, union

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
# with the patient they were raised about; and signatures, superseded by the move, which are bound to the
# patient they were given for: moved, their digest would no longer fit.
NAME_A_SESSION: Final[frozenset[type[ClinicRecord]]] = frozenset({PlanItem, Reassignment, Alert, Signature})


def visible_reassignments(actor: Actor) -> Select[Any]:
    """The clinic's reassignments."""
    return select(reassignment).where(reassignment.c.clinic_id == actor.clinic_id)


def from_or_to(actor: Actor, patient_ids: Sequence[UUID]) -> CompoundSelect[Any]:
    """Ids of reassignments that take a session from one of these patients or to one; each half has its index."""
    ids = visible_reassignments(actor).with_only_columns(reassignment.c.id)
    return union(
        *(ids.where(column.in_(patient_ids)) for column in (reassignment.c.patient_id, reassignment.c.to_patient_id))
    )


def proposed_for(actor: Actor, session_id: UUID) -> Select[Any]:
    """What is proposed for a session; its lock keeps it to one."""
    return visible_reassignments(actor).where(
        reassignment.c.session_id == session_id, reassignment.c.status == ReassignmentStatus.PROPOSED
    )


def inside_a_session() -> Sequence[type[ClinicRecord]]:
    """Every kind of record that lies in a session, whichever area it is of, in a fixed order."""
    kinds = [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, ClinicRecord)]
    inside = [kind for kind in kinds if hasattr(kind, "session_id") and kind not in NAME_A_SESSION]
    return sorted(inside, key=lambda kind: kind.__resource__)


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
