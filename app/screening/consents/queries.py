"""Which consents an actor may see, and what they say of a patient."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select

from app.kernel.actor import Actor
from app.kernel.tables import Base
from app.protocols.rules import Drug
from app.screening.consents.models import Consent
from app.screening.consents.rules import Signed

consent: Final = Base.metadata.tables[Consent.__tablename__]


def visible_consents(actor: Actor) -> Select[Any]:
    """Consents of the clinic's patients."""
    return select(consent).where(consent.c.clinic_id == actor.clinic_id)


def signed_by(actor: Actor, patient_id: UUID) -> Select[Any]:
    """What a patient signed and what stands, for `as_signed` and `consent_at`."""
    return (
        visible_consents(actor)
        .where(consent.c.patient_id == patient_id, consent.c.entered_in_error_at.is_(None))
        .with_only_columns(*(consent.c[name] for name in Signed.__dataclass_fields__))
    )


def as_signed(row: Any) -> Signed:
    """A row of a consent as far as it says whether somebody agreed."""
    return Signed(
        row.id,
        row.kind,
        None if row.drug is None else Drug(row.drug),
        row.signed_on,
        row.signed_at,
        row.withdrawn_at,
        row.expires_on,
    )
