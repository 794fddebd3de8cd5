"""Slots over HTTP."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, IfMatch, ReadDb, WriteDb, require
from app.kernel.errors import NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.problems import documented
from app.kernel.record_routes import add_reads
from app.kernel.records import Resource, changed, register, respond
from app.monitoring.slots import actions, queries, rules
from app.monitoring.slots.models import VitalSlot
from app.monitoring.slots.rules import Due, Slot, SlotKind, SlotSettled
from app.monitoring.slots.schemas import MissVitalSlot, VitalSlotRead, VitalSlots

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["monitoring"])

MayReadSessions = Annotated[Actor, Depends(require("session:read"))]
MayWriteSessions = Annotated[Actor, Depends(require("session:write"))]

VITAL_SLOT: Final = register(Resource(VitalSlot, VitalSlotRead, "session:read", queries.visible_vital_slots))


def slot_of(row: Any) -> Slot:
    """A row of the table, as the rules need it."""
    due = Due(row["due_at"], row["late_from"], row["window_from"], row["window_until"], row["minutes_from_t0"])
    return Slot(
        row["id"], SlotKind(row["kind"]), due, frozenset(row["asks"]),
        row["reading_id"], row["measured_late"], row["missed_at"],
    )  # fmt: skip


@router.get("/sessions/{session_id}/vital-slots", response_model=VitalSlots, responses=documented(NotFound))
async def list_vital_slots(db: ReadDb, actor: MayReadSessions, session_id: UUID) -> Response:
    """The readings that are due in a session, each with how it stands now, and the one to see to next."""
    found = (await db.execute(queries.slots_in(actor, session_id))).mappings().all()
    if not found:
        raise NotFound
    rows, now = [row for row in found if row["id"] is not None], clock.now()
    slots = [slot_of(row) for row in rows]
    items = [
        VITAL_SLOT.present(row, actor) | {"state": rules.state(slot, now)}
        for row, slot in zip(rows, slots, strict=True)
    ]
    waiting = rules.next_due(slots, now)
    return respond(db, {"as_of": now, "next": waiting and waiting.told(), "items": items})


add_reads(router, VITAL_SLOT, path="/vital-slots", singular="vital_slot", title="one slot")


@router.post(
    "/vital-slots/{vital_slot_id}/miss",
    response_model=VitalSlotRead,
    responses=documented(NotFound, SlotSettled, PreconditionFailed, PreconditionRequired),
)
async def miss_vital_slot(
    db: WriteDb, actor: MayWriteSessions, vital_slot_id: UUID, body: MissVitalSlot, if_match: IfMatch
) -> Response:
    """Say that a reading was not made, and why. One that comes in later and fits takes the slot all the same."""
    return await changed(db, VITAL_SLOT, actor, await actions.miss_slot(db, actor, vital_slot_id, body, if_match))
