"""What may be done with a session next, with what is missing for the step it stands before.

Whoever judges a step is asked what is missing for it, so that the live screen, and what a verb answers, say the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from app.kernel.actor import Actor
from app.kernel.database import ReadSession
from app.kernel.errors import Forbidden
from app.sessions.rules import SessionStatus
from app.treatment.chairside.queries import standing_signers
from app.treatment.chairside.rules import VERBS, Reason, allowed_actions
from app.treatment.discharge.actions import discharge_readiness
from app.treatment.readiness.actions import judge_session
from app.treatment.signatures.rules import AMEND_ANY, AlreadySigner, Given, is_own, is_signer


async def next_actions(
    db: ReadSession,
    actor: Actor,
    session_id: UUID,
    status: SessionStatus,
    *,
    amendment_open: bool,
    entered_in_error: bool,
) -> Sequence[dict[str, Any]]:
    """Every verb of a session with whether the actor may call it now, and why not, as it answers."""
    actions = allowed_actions(
        status,
        actor.permissions,
        amendment_open=amendment_open,
        entered_in_error=entered_in_error,
        blocked=None if entered_in_error else await _in_the_way(db, actor, session_id, status),
    )
    return [asdict(action) for action in actions]


async def _in_the_way(
    db: ReadSession, actor: Actor, session_id: UUID, status: SessionStatus
) -> Mapping[str, Sequence[Reason]]:
    """Reasons by verb. What belongs to another step is not asked, nor what the actor may not do anyway."""
    match status:
        case SessionStatus.CHECKED_IN if actor.may(VERBS["clear"].permission):
            gates = (await judge_session(db, actor, session_id))["gates"]
            return {"clear": [Reason(gate["code"], gate["reason"]) for gate in gates if gate["blocking"]]}
        case SessionStatus.OBSERVING if actor.may(VERBS["discharge"].permission):
            told = await discharge_readiness(db, actor, session_id)
            # What is asked at the door is told with the discharge and keeps nobody from it.
            found = [one for one in told["criteria"] if one["state"] == "missing" and one["code"] not in told["to_ask"]]
            return {"discharge": [Reason(one["code"], one["reason"]) for one in found]}
        case SessionStatus.SIGNED:
            signers = (await db.execute(standing_signers(actor, session_id))).all()
            return _of_signed(actor, [Given(*row) for row in signers])
        case _:
            return {}


def _of_signed(actor: Actor, standing: Sequence[Given]) -> Mapping[str, Sequence[Reason]]:
    found: dict[str, Sequence[Reason]] = {}
    if is_signer(standing, actor.principal_id):
        found["cosign"] = [Reason(AlreadySigner.code, f"{AlreadySigner.title}.")]
    if not actor.may(AMEND_ANY) and not is_own(standing, actor.principal_id):
        found["amend"] = [Reason(Forbidden.code, f"This needs the permission {AMEND_ANY}.")]
    return found
