"""Everything of a session, to change it together."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, Table, select
from sqlalchemy.schema import sort_tables

from app.alerts.models import Alert
from app.courses.models import PlanItem
from app.kernel.actor import Actor
from app.kernel.tables import Base, ClinicRecord
from app.treatment.reassign.models import Reassignment
from app.treatment.signatures.models import Signature

# They name a session and do not go with it: the plan of its course; what is said about moving it; alerts, which stay
# with the patient they were raised about; and signatures, which are bound to the session and the patient they were
# given for: moved or copied, their digest would no longer fit.
NAME_A_SESSION: Final[frozenset[type[ClinicRecord]]] = frozenset({PlanItem, Reassignment, Alert, Signature})


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


def standing_children(actor: Actor, model: type[ClinicRecord], column: str, parent_id: UUID) -> Select[Any]:
    """Records of one kind that stand below a parent, locked."""
    return (
        select(model)
        .where(
            model.clinic_id == actor.clinic_id,
            getattr(model, column) == parent_id,
            model.entered_in_error_at.is_(None),
        )
        .with_for_update()
    )


def standing_below(actor: Actor, model: type[ClinicRecord], column: str, parent_id: UUID) -> Select[Any]:
    """One record of a kind that stands below a parent, if there is any."""
    return (
        select(model.id)
        .where(
            model.clinic_id == actor.clinic_id,
            getattr(model, column) == parent_id,
            model.entered_in_error_at.is_(None),
        )
        .limit(1)
    )
