"""Which screenings an actor may see, and what they say of a patient's eligibility."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select

from app.kernel.actor import Actor
from app.kernel.database import ReadSession
from app.kernel.tables import Base
from app.protocols.rules import Drug
from app.screening.models import Screening
from app.screening.rules import EligibilityDecision, Outcome, Purpose, Screened

screening: Final = Base.metadata.tables[Screening.__tablename__]


def visible_screenings(actor: Actor) -> Select[Any]:
    """Screenings of the clinic's patients."""
    return select(screening).where(screening.c.clinic_id == actor.clinic_id)


async def screened(db: ReadSession, actor: Actor, patient_id: UUID) -> list[Screened]:
    """A patient's screenings that stand, for `eligibility_at`."""
    statement = visible_screenings(actor).where(
        screening.c.patient_id == patient_id, screening.c.entered_in_error_at.is_(None)
    )
    names = Screened.__dataclass_fields__
    rows = (await db.execute(statement.with_only_columns(*(screening.c[name] for name in names)))).all()
    return [as_screened(row) for row in rows]


def as_screened(row: Any) -> Screened:
    """A row of a screening as far as it says whether somebody is eligible."""
    return Screened(
        row.id,
        Drug(row.drug),
        Purpose(row.purpose),
        row.screened_at,
        Outcome(row.outcome),
        None if row.decision is None else EligibilityDecision(row.decision),
        row.decided_at,
        row.decision_is_current,
        row.expires_on,
    )
