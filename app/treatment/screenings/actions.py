"""Recording a screening, for a session of the same patient where it is asked on its day."""

from uuid import UUID

from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.errors import Fault, Invalid
from app.kernel.records import find
from app.screening import actions as screening
from app.screening.models import Screening
from app.screening.schemas import ScreeningCreate
from app.sessions.models import TreatmentSession


class UnknownSession(Invalid):
    """What is asked before a session is asked of the patient who has it."""

    title = "The patient has no such session"


async def record_screening(db: WriteSession, actor: Actor, patient_id: UUID, body: ScreeningCreate) -> Screening:
    """Record answers and what they come to.

    Raises:
        UnknownSession: the patient has no such session.
        AnsweredTwice: an item has two answers.
    """
    if body.session_id is not None:
        session = await find(db, actor, TreatmentSession, body.session_id, held=True)
        if session is None or session.patient_id != patient_id or session.entered_in_error_at is not None:
            fault = Fault("unknown_session", "The patient has no such session.", pointer="#/session_id")
            raise UnknownSession(faults=[fault])
    return await screening.record_screening(db, actor, patient_id, body)
