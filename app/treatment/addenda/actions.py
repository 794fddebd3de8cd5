"""Adding to what is signed, and taking back what one has added."""

from uuid import UUID

from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.ledger import name_change
from app.kernel.records import already_created, identity_of, mark_entered_in_error, one, one_for_update
from app.sessions.actions import is_frozen
from app.sessions.models import TreatmentSession
from app.treatment.addenda import rules
from app.treatment.addenda.models import Addendum
from app.treatment.addenda.schemas import AddendumCreate
from app.treatment.signatures.actions import sign_addendum
from app.treatment.signatures.queries import signatures_of_addendum


async def add_addendum(db: WriteSession, actor: Actor, session_id: UUID, body: AddendumCreate) -> Addendum:
    """Add to a signed session. Its author signs it in the same breath; nothing is opened.

    Raises:
        SessionNotSigned: it can still be written into the session.
    """
    if (before := await already_created(db, actor, Addendum, body, session_id=session_id)) is not None:
        return before
    treatment = await one(db, actor, TreatmentSession, session_id, held=True)
    frozen = is_frozen(treatment)
    rules.require_signed(frozen=frozen)
    addendum = Addendum(
        **identity_of(actor, body),
        patient_id=treatment.patient_id,
        session_id=treatment.id,
        after_signature=frozen,
        text=body.text,
    )
    db.add(addendum)
    name_change(db, addendum, "addendum.added")
    await db.flush()
    await sign_addendum(db, actor, treatment, addendum)
    return addendum


async def void_addendum(
    db: WriteSession, actor: Actor, addendum_id: UUID, reason: str, if_match: int | None
) -> Addendum:
    """Take an addendum back, with its signature.

    Raises:
        Forbidden: it is somebody else's.
    """
    addendum = await one_for_update(db, actor, Addendum, addendum_id, if_match)
    rules.require_author(addendum.recorded_by, actor.principal_id)
    mark_entered_in_error(db, actor, addendum, reason)
    for signature in (await db.execute(signatures_of_addendum(actor, addendum.id))).scalars():
        mark_entered_in_error(db, actor, signature, reason)
    return addendum
