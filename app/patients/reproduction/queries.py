"""Which reproductive facts an actor may see."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select

from app.kernel.actor import Actor
from app.kernel.database import ReadSession
from app.kernel.tables import Base
from app.patients.reproduction.models import ReproductiveFactRecord
from app.patients.reproduction.rules import FactKind, FactValue, ReproductiveFact

reproductive_fact: Final = Base.metadata.tables[ReproductiveFactRecord.__tablename__]


def visible_reproductive_facts(actor: Actor) -> Select[Any]:
    """Facts of the clinic's patients."""
    return select(reproductive_fact).where(reproductive_fact.c.clinic_id == actor.clinic_id)


async def facts_of(db: ReadSession, actor: Actor, patient_id: UUID) -> list[ReproductiveFact]:
    """A patient's facts that stand, by day."""
    columns = reproductive_fact.c
    statement = (
        select(columns.kind, columns.value, columns.observed_on)
        .where(
            columns.clinic_id == actor.clinic_id,
            columns.patient_id == patient_id,
            columns.entered_in_error_at.is_(None),
        )
        .order_by(columns.observed_on, columns.id)
    )
    return [
        ReproductiveFact(FactKind(kind), None if value is None else FactValue(value), on)
        for kind, value, on in await db.execute(statement)
    ]
