"""What else is missing for the step a session stands before, asked of whoever judges that step."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from app.kernel.actor import Actor
from app.kernel.database import ReadSession
from app.kernel.errors import Forbidden
from app.sessions.rules import SessionStatus
from app.treatment.chairside.rules import Reason
from app.treatment.discharge.actions import discharge_readiness
from app.treatment.readiness.actions import judge_session
from app.treatment.signatures.rules import AMEND_ANY, AlreadySigner, Given, is_own, is_signer


async def in_the_way(db: ReadSession, actor: Actor, session: Mapping[str, Any]) -> Mapping[str, Sequence[Reason]]:
    """Reasons by verb. What belongs to another step is not asked: a screen shows what is next."""
    if session["entered_in_error"] is not None:
        return {}
    session_id = UUID(session["id"])
    match session["status"]:
        case SessionStatus.CHECKED_IN:
            gates = (await judge_session(db, actor, session_id))["gates"]
            return {"clear": [Reason(gate["code"], gate["reason"]) for gate in gates if gate["blocking"]]}
        case SessionStatus.OBSERVING:
            told = await discharge_readiness(db, actor, session_id)
            # What is asked at the door is told with the discharge and keeps nobody from it.
            found = [one for one in told["criteria"] if one["state"] == "missing" and one["code"] not in told["to_ask"]]
            return {"discharge": [Reason(one["code"], one["reason"]) for one in found]}
        case SessionStatus.SIGNED:
            return _of_signed(actor, session["signatures"])
        case _:
            return {}


def _of_signed(actor: Actor, signatures: Sequence[Mapping[str, Any]]) -> Mapping[str, Sequence[Reason]]:
    standing = [Given(UUID(one["signer_id"]), one["cosignature"]) for one in signatures if one["superseded_at"] is None]
    found: dict[str, Sequence[Reason]] = {}
    if is_signer(standing, actor.principal_id):
        found["cosign"] = [Reason(AlreadySigner.code, f"{AlreadySigner.title}.")]
    if not actor.may(AMEND_ANY) and not is_own(standing, actor.principal_id):
        found["amend"] = [Reason(Forbidden.code, f"This needs the permission {AMEND_ANY}.")]
    return found
