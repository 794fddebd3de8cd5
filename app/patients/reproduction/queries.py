"""Which reproductive facts an actor may see."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select

from app.kernel.actor import Actor
from app.kernel.tables import Base
from app.patients.reproduction.models import ReproductiveFactRecord
from app.patients.reproduction.rules import FactKind, FactValue, ReproductiveFact

reproductive_fact: Final = Base.metadata.tables[ReproductiveFactRecord.__tablename__]


def visible_reproductive_facts(actor: Actor) -> Select[Any]:
    """Facts of the clinic's patients."""
    return select(reproductive_fact).where(reproductive_fact.c.clinic_id == actor.clinic_id)


def facts_of(actor: Actor, patient_id: UUID) -> Select[Any, Any, Any, Any]:
    """A patient's facts that stand, by day, for `as_fact`."""
    columns = reproductive_fact.c
    return (
        visible_reproductive_facts(actor)
        .where(columns.patient_id == patient_id, columns.entered_in_error_at.is_(None))
        .with_only_columns(columns.id, columns.kind, columns.value, columns.observed_on)
        .order_by(columns.observed_on, columns.id)
    )


def as_fact(row: Any) -> ReproductiveFact:
    """A row as far as it says how a day is."""
    value = None if row.value is None else FactValue(row.value)
    return ReproductiveFact(FactKind(row.kind), value, row.observed_on)
