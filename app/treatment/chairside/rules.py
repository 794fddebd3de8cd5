"""What may be done with a session now, and why not what may not.

One table says of every verb who may and from where; `blocked` brings in what else stands in the way, such as the gates
before a dose or what a discharge still lacks. Nothing here decides: the verbs ask their own rules when they are called,
and a test calls them to see that both say the same.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.kernel.errors import Forbidden
from app.sessions.rules import AlreadySigned, IllegalTransition, SessionStatus, allowed_moves, is_frozen


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something may not be done: the code of the refusal, and a sentence for people."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Verb:
    """Something a person does with a session.

    Attributes:
        permission: Who may.
        reaches: The state it moves to, where it is a move.
        also_from: States it is taken from beside those the move follows from.
        amending: Whether it is taken while an amendment of a signed session is open, whatever else may be done.
        step_up: It takes a password given a moment ago.
    """

    permission: str
    reaches: SessionStatus | None = None
    also_from: frozenset[SessionStatus] = frozenset()
    amending: bool = False
    step_up: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """A verb, whether it may be called now, and whether it takes a password given a moment ago."""

    verb: str
    allowed: bool
    reasons: Sequence[Reason]
    step_up: bool


_STANDING: Final = frozenset(SessionStatus) - {SessionStatus.SIGNED}

VERBS: Final[Mapping[str, Verb]] = {
    "reschedule": Verb("schedule:write", also_from=frozenset({SessionStatus.SCHEDULED})),
    "check-in": Verb("schedule:write", SessionStatus.CHECKED_IN),
    "clear": Verb("session:write", SessionStatus.CLEARED),
    "hold": Verb("session:write", SessionStatus.HELD),
    "release": Verb("session:write", also_from=frozenset({SessionStatus.HELD})),
    "cancel": Verb("schedule:write", SessionStatus.CANCELLED),
    "mark-no-show": Verb("schedule:write", SessionStatus.NO_SHOW),
    # Told after the last stop it moves nothing, but is recorded all the same.
    "abort": Verb(
        "session:write",
        SessionStatus.OBSERVING,
        frozenset({SessionStatus.OBSERVING, SessionStatus.DISCHARGED}),
    ),
    "discharge": Verb("session:write", SessionStatus.DISCHARGED),
    "sign": Verb("session:sign", SessionStatus.SIGNED, amending=True, step_up=True),
    "cosign": Verb("session:cosign", also_from=frozenset({SessionStatus.SIGNED}), step_up=True),
    "amend": Verb("session:sign", also_from=frozenset({SessionStatus.SIGNED}), step_up=True),
    "mark-entered-in-error": Verb("session:write", also_from=_STANDING, amending=True),
}
"""Each verb by the last part of its address, in the order of a visit."""

_CHANGE_WHAT_IS_SIGNED: Final = (VERBS["discharge"], VERBS["mark-entered-in-error"])


def allowed_actions(
    status: SessionStatus,
    permissions: Collection[str],
    *,
    amendment_open: bool = False,
    entered_in_error: bool = False,
    blocked: Mapping[str, Sequence[Reason]] | None = None,
) -> list[Action]:
    """Every verb of a session with whether the caller may call it now.

    Args:
        status: Where the session stands.
        permissions: What the caller holds.
        amendment_open: The session is signed, and open to be corrected.
        entered_in_error: The session was marked, so nothing more is done with it.
        blocked: What else stands in the way of a verb, beside the state and the caller.
    """
    actions: list[Action] = []
    for name, verb in VERBS.items():
        if entered_in_error:
            reasons = [Reason("entered-in-error", "The session is marked as entered in error.")]
        else:
            reasons = _reasons(verb, status, permissions, amendment_open=amendment_open)
        # What is missing for a step matters to whoever stands before that step.
        if not reasons and blocked is not None:
            reasons = list(blocked.get(name, ()))
        actions.append(Action(name, not reasons, reasons, verb.step_up))
    return actions


def _reasons(verb: Verb, status: SessionStatus, permissions: Collection[str], *, amendment_open: bool) -> list[Reason]:
    reasons: list[Reason] = []
    if verb.permission not in permissions:
        reasons.append(Reason(Forbidden.code, f"This needs the permission {verb.permission}."))
    if amendment_open:
        if not verb.amending:
            detail = "An amendment is open: correct what is wrong, and sign again."
            reasons.append(Reason(IllegalTransition.code, detail))
    elif status not in verb.also_from and verb.reaches not in allowed_moves(status):
        # Where a verb would change what is signed, the code says what is done instead.
        frozen = is_frozen(status, amendment_open=False) and verb in _CHANGE_WHAT_IS_SIGNED
        refused = AlreadySigned if frozen else IllegalTransition
        reasons.append(Reason(refused.code, f"A session that is {status} does not allow it."))
    return reasons
