"""Signatures, and what they cover."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select

from app.assessments.models import Assessment
from app.dosing.models import Administration, DoseEventRecord, DoseOrder
from app.identity.queries import principal
from app.kernel.actor import Actor
from app.kernel.ledger import change
from app.kernel.tables import Base, ClinicRecord
from app.monitoring.models import DissociationNote, VitalSigns
from app.monitoring.watches.models import Watch
from app.treatment.addenda.models import Addendum
from app.treatment.readiness.models import GateOverride
from app.treatment.signatures.models import Signature

signature: Final = Base.metadata.tables[Signature.__tablename__]

COVERED: Final[tuple[type[ClinicRecord], ...]] = (
    DoseOrder,
    Administration,
    DoseEventRecord,
    VitalSigns,
    DissociationNote,
    Watch,
    GateOverride,
    Assessment,
    Addendum,
)
"""What a signature covers beside the session itself.

Alerts and adverse events go their own way, for weeks where they have to; what was due is reckoned from what was done.
"""


def visible_signatures(actor: Actor) -> Select[Any]:
    """The clinic's signatures."""
    return select(signature).where(signature.c.clinic_id == actor.clinic_id)


def standing_signatures(actor: Actor, session_id: UUID) -> Select[Signature]:
    """The signatures of a session that nothing superseded, oldest first, locked."""
    return (
        select(Signature)
        .where(
            Signature.clinic_id == actor.clinic_id,
            Signature.session_id == session_id,
            Signature.addendum_id.is_(None),
            Signature.superseded_at.is_(None),
            Signature.entered_in_error_at.is_(None),
        )
        .order_by(Signature.signed_at, Signature.id)
        .with_for_update()
    )


def signatures_of_addendum(actor: Actor, addendum_id: UUID) -> Select[Signature]:
    """The signatures of an addendum, locked."""
    return (
        select(Signature)
        .where(Signature.clinic_id == actor.clinic_id, Signature.addendum_id == addendum_id)
        .with_for_update()
    )


def versions_in(actor: Actor, model: type[ClinicRecord], session_id: UUID) -> Select[Any, Any]:
    """A session's records of one kind that stand, with their versions, locked: who corrects one waits for a signer."""
    return (
        select(model.id, model.version)
        .where(
            model.clinic_id == actor.clinic_id,
            getattr(model, "session_id") == session_id,  # noqa: B009  # every covered kind has one
            model.entered_in_error_at.is_(None),
        )
        .order_by(model.id)
        .with_for_update(key_share=True)
    )


def digests_in(actor: Actor, session_id: UUID) -> Select[Any, Any, Any, Any]:
    """The digest the ledger keeps of each version of everything in a session."""
    return select(change.c.resource_type, change.c.resource_id, change.c.version, change.c.content_digest).where(
        change.c.clinic_id == actor.clinic_id, change.c.root_type == "session", change.c.root_id == session_id
    )


def name_of(actor: Actor) -> Select[Any]:
    """What the actor is called."""
    return select(principal.c.name).where(
        principal.c.clinic_id == actor.clinic_id, principal.c.id == actor.principal_id
    )
