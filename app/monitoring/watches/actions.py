"""Handing a session over. It leaves the session's version alone, so it disturbs nobody."""

from uuid import UUID

from app.identity.models import Staff
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.errors import Fault
from app.kernel.ledger import name_change
from app.kernel.records import (
    already_created,
    find,
    identity_of,
    mark_entered_in_error,
    one,
    one_for_update,
)
from app.monitoring.watches.models import Watch
from app.monitoring.watches.rules import NotOnStaff
from app.monitoring.watches.schemas import WatchCreate
from app.sessions.actions import is_frozen, require_unsigned
from app.sessions.models import TreatmentSession


async def hand_over(db: WriteSession, actor: Actor, session_id: UUID, body: WatchCreate) -> Watch:
    """Record who watches from a moment on, in whatever state the session is.

    Raises:
        NotOnStaff: it is nobody who works in the clinic now.
    """
    if (before := await already_created(db, actor, Watch, body, session_id=session_id)) is not None:
        return before
    treatment = await one(db, actor, TreatmentSession, session_id, held=True)
    staff = await find(db, actor, Staff, body.staff_id or actor.principal_id)
    if staff is None or staff.disabled_at is not None:
        raise NotOnStaff(faults=[Fault("not_on_staff", "Must work in this clinic.", pointer="#/staff_id")])
    watch = Watch(
        **identity_of(actor, body),
        patient_id=treatment.patient_id,
        session_id=treatment.id,
        after_signature=is_frozen(treatment),
        staff_id=staff.id,
        watched_from=body.at or clock.now(),
        note=body.note,
    )
    db.add(watch)
    name_change(db, watch, "watch.handed_over", occurred_at=watch.watched_from)
    return watch


async def void_watch(db: WriteSession, actor: Actor, watch_id: UUID, reason: str, if_match: int | None) -> Watch:
    """Mark a watch as entered in error; who watched before goes on."""
    watch = await one_for_update(db, actor, Watch, watch_id, if_match)
    await require_unsigned(db, actor, watch)
    mark_entered_in_error(db, actor, watch, reason)
    return watch
