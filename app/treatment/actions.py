"""Acts that span areas."""

from typing import Final
from uuid import UUID

from app.alerts.actions import end_alerts_of
from app.assessments.models import Assessment
from app.courses.models import PlanItem
from app.dosing.models import Administration, DoseEventRecord, DoseOrder
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.ledger import name_change
from app.kernel.records import mark_entered_in_error, one_for_update, one_locked
from app.kernel.tables import ClinicRecord
from app.monitoring.models import DissociationNote, VitalSigns
from app.sessions.models import TreatmentSession
from app.sessions.rules import AlreadySigned, SessionStatus
from app.treatment import queries

_CHILDREN: Final[tuple[type[ClinicRecord], ...]] = (
    DoseOrder,
    Administration,
    DoseEventRecord,
    VitalSigns,
    DissociationNote,
    Assessment,
)


async def void_session(
    db: WriteSession, actor: Actor, session_id: UUID, reason: str, if_match: int | None
) -> TreatmentSession:
    """Mark a session and everything in it as entered in error; its alerts end, its place in the plan is open again.

    Raises:
        AlreadySigned: the record is signed.
    """
    treatment = await one_for_update(db, actor, TreatmentSession, session_id, if_match)
    if SessionStatus(treatment.status) is SessionStatus.SIGNED:
        raise AlreadySigned
    mark_entered_in_error(db, actor, treatment, reason)
    disposition = f"Entered in error: {reason}"
    for model in _CHILDREN:
        for child in (await db.execute(queries.standing_children(actor, model, treatment.id))).scalars().all():
            mark_entered_in_error(db, actor, child, reason)
            await end_alerts_of(db, actor, child.id, disposition)
    if treatment.plan_item_id is not None:
        item = await one_locked(db, actor, PlanItem, treatment.plan_item_id)
        if item.session_id == treatment.id:
            item.session_id = None
            name_change(db, item, "plan_item.reopened", reason=disposition)
    return treatment
