"""What every verb of a session answers."""

from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.records import changed
from app.sessions.models import TreatmentSession
from app.sessions.routes import SESSION
from app.sessions.rules import SessionStatus
from app.treatment.chairside.next_steps import next_actions


async def acted(db: WriteSession, actor: Actor, treatment: TreatmentSession) -> Response:
    """The header of a session after something was done with it, and what may be done next."""
    await db.flush()
    actions = await next_actions(
        db,
        actor,
        treatment.id,
        SessionStatus(treatment.status),
        amendment_open=treatment.amendment_opened_at is not None,
        entered_in_error=treatment.entered_in_error_at is not None,
    )
    return await changed(db, SESSION, actor, treatment, allowed_actions=actions)
