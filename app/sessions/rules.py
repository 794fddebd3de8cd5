"""The states of one treatment visit, and the moves between them.

A session is steered by two kinds of input. People ask for moves (check in, clear, hold, cancel, discharge, sign), and
a move that does not follow from the present state is refused. Doses are facts: whatever state the session is in, the
dose is recorded, the state follows it, and what was out of order is named as a deviation. So `MOVES` holds both kinds,
and a session that was cancelled or marked as missed can still move to `dosing`.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, assert_never

from app.kernel.errors import Conflict, Fault, Invalid, RuleViolated
from app.protocols.rules import Drug, Route


class SessionStatus(StrEnum):
    """Where a treatment visit stands."""

    SCHEDULED = "scheduled"
    CHECKED_IN = "checked_in"
    CLEARED = "cleared"
    HELD = "held"
    DOSING = "dosing"
    OBSERVING = "observing"
    DISCHARGED = "discharged"
    SIGNED = "signed"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


class MedicinesChanged(StrEnum):
    """What the patient said when asked whether medicines have changed."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Deviation(StrEnum):
    """What was out of order about a dose that was recorded all the same."""

    NOT_CLEARED = "not_cleared"
    RECORDED_AFTER_DISCHARGE = "recorded_after_discharge"
    WAS_CANCELLED = "was_cancelled"
    WAS_NO_SHOW = "was_no_show"
    BELOW_MINIMUM_INTERVAL = "below_minimum_interval"
    ABOVE_SESSION_LIMIT = "above_session_limit"


HOLDABLE: Final = frozenset({SessionStatus.CHECKED_IN, SessionStatus.CLEARED})
"""The states a session can be held from, and so return to."""

MOVES: Final[Mapping[SessionStatus, frozenset[SessionStatus]]] = MappingProxyType(
    {
        # Every state before a dose leads to `dosing`, because a dose is a fact; and to both exits, because a wrong
        # check-in has to be correctable too.
        SessionStatus.SCHEDULED: frozenset(
            {SessionStatus.CHECKED_IN, SessionStatus.DOSING, SessionStatus.CANCELLED, SessionStatus.NO_SHOW}
        ),
        SessionStatus.CHECKED_IN: frozenset(
            {
                SessionStatus.CLEARED,
                SessionStatus.HELD,
                SessionStatus.DOSING,
                SessionStatus.CANCELLED,
                SessionStatus.NO_SHOW,
            }
        ),
        SessionStatus.CLEARED: frozenset(
            {SessionStatus.HELD, SessionStatus.DOSING, SessionStatus.CANCELLED, SessionStatus.NO_SHOW}
        ),
        SessionStatus.HELD: HOLDABLE | {SessionStatus.DOSING, SessionStatus.CANCELLED, SessionStatus.NO_SHOW},
        # The last stop and an abort both lead here: watching goes on.
        SessionStatus.DOSING: frozenset({SessionStatus.OBSERVING}),
        SessionStatus.OBSERVING: frozenset({SessionStatus.DOSING, SessionStatus.DISCHARGED}),
        SessionStatus.DISCHARGED: frozenset({SessionStatus.SIGNED}),
        # What is signed stays signed; an amendment opens what is in it, and it is signed anew.
        SessionStatus.SIGNED: frozenset(),
        SessionStatus.CANCELLED: frozenset({SessionStatus.DOSING}),
        SessionStatus.NO_SHOW: frozenset({SessionStatus.DOSING}),
    }
)

ROUTES_OF: Final[Mapping[Drug, frozenset[Route]]] = MappingProxyType(
    {Drug.KETAMINE: frozenset(Route), Drug.ESKETAMINE: frozenset({Route.INTRANASAL})}
)
"""By which routes each drug is given. Esketamine is recorded as the licensed nasal spray, device by device."""

_WITHOUT_DRUG: Final = frozenset({"pause", "stop", "loss_estimated"})
"""Dose events that give nothing, so they never bring a session back to `dosing`."""


class IllegalTransition(RuleViolated):
    """The step that was asked for does not follow from the session's state."""

    code = "illegal-transition"
    title = "This step does not follow from the present state"
    advice = "Read the record: its `status` says how far it has come, and somebody may have taken this step already."


class NotGivenThisWay(Invalid):
    """The record knows no form in which this drug is given by this route."""

    code = "not-given-this-way"
    title = "This drug is not given by this route here"
    advice = "Take one of the routes that `errors` lists for this drug, or correct the drug."


class AlreadySigned(Conflict):
    """A signed record changes only by amendment, with a reason."""

    code = "record-signed"
    title = "The record is signed; amend it instead"
    advice = (
        "What is signed stays as it is. Record what came later as a record of its own; or open the session with "
        "POST /v1/sessions/{session_id}/amend and a reason, correct it, and sign it again."
    )


def require_route(drug: Drug, route: Route, *, pointer: str = "#/route") -> None:
    """Refuse a plan to give a drug by a route the record has no form for.

    Raises:
        NotGivenThisWay: as `ROUTES_OF` says.
    """
    if route not in ROUTES_OF[drug]:
        listed = ", ".join(sorted(ROUTES_OF[drug]))
        fault = Fault("not_given_this_way", f"For this drug one of: {listed}.", pointer=pointer)
        raise NotGivenThisWay(faults=(fault,))


def allowed_moves(current: SessionStatus, *, held_from: SessionStatus | None = None) -> tuple[SessionStatus, ...]:
    """List the states that may follow, in the order of `SessionStatus`.

    Args:
        current: The state the session is in.
        held_from: For a held session, the state it was held from. Only that one of `HOLDABLE` is reachable, so that
            a hold cannot be used to step around clearance; None leaves both out.
    """
    targets = MOVES[current]
    if current is SessionStatus.HELD:
        targets = (targets - HOLDABLE) | (HOLDABLE & {held_from})
    return tuple(status for status in SessionStatus if status in targets)


def require_move(current: SessionStatus, target: SessionStatus, *, held_from: SessionStatus | None = None) -> None:
    """Refuse a move that `MOVES` does not list.

    Args:
        current: The state the session is in.
        target: The state it is meant to reach. Staying where it is is not a move.
        held_from: As for `allowed_moves`; needed only to release a held session.

    Raises:
        IllegalTransition: with `status` and `allowed`, so that a program can offer what is possible.
    """
    allowed = allowed_moves(current, held_from=held_from)
    if target not in allowed:
        raise IllegalTransition(
            detail=f"A session that is {current} cannot become {target}.{_instead(current, target)}",
            members={"current_status": current.value, "allowed": [status.value for status in allowed]},
        )


def is_frozen(status: SessionStatus, *, amendment_open: bool) -> bool:
    """Whether a signature covers what is in a session, so that it stays as it is and what is added comes later."""
    return status is SessionStatus.SIGNED and not amendment_open


_WITHOUT_DOSE: Final = frozenset({SessionStatus.CANCELLED, SessionStatus.NO_SHOW})
_DOSED: Final = frozenset(
    {SessionStatus.DOSING, SessionStatus.OBSERVING, SessionStatus.DISCHARGED, SessionStatus.SIGNED}
)


def _instead(current: SessionStatus, target: SessionStatus) -> str:
    """What to do where somebody calls off what has begun, or breaks off what has not."""
    if target in _WITHOUT_DOSE and current in _DOSED:
        return " A dose was given: use abort, or mark the dose as entered in error if it never was."
    if target is SessionStatus.OBSERVING and current not in _DOSED:
        return " Nothing was given, so there is nothing to abort: use cancel."
    return ""


def require_release(current: SessionStatus, held_from: SessionStatus) -> SessionStatus:
    """Say where a held session goes back to: to where it was held from.

    Raises:
        IllegalTransition: The session is not held, or says it was held from a state that cannot be held.
    """
    if current is not SessionStatus.HELD or held_from not in HOLDABLE:
        raise IllegalTransition(
            detail=f"A session that is {current} cannot be released to {held_from}.",
            members={"current_status": current.value, "allowed": [status.value for status in allowed_moves(current)]},
        )
    return held_from


def status_after_dose_event(
    status: SessionStatus, *, kind: str, all_stopped: bool
) -> tuple[SessionStatus, tuple[Deviation, ...]]:
    """Say what a recorded dose event makes of the session. Never refuses, since what happened has happened.

    Args:
        status: The state before the event.
        kind: The kind of the dose event, as `dosing` names it (`start`, `pause`, `stop`, ...).
        all_stopped: With this event, no administration of the session is running or paused any more. A whole infusion
            entered at once, or a single injection, goes straight through `dosing` to `observing`.

    Returns:
        The state after it, and what was out of order:

        - before any dose: `dosing`, or `observing` if all has stopped; `not_cleared` unless the session was cleared;
        - `dosing`: `observing` once all has stopped;
        - `observing`: back to `dosing` if drug flows again. A pause or stop entered late does not bring it back;
        - `discharged`, `signed`: unchanged, `recorded_after_discharge`;
        - `cancelled`, `no_show`: as before any dose, with `was_cancelled` or `was_no_show`.
    """
    given = SessionStatus.OBSERVING if all_stopped else SessionStatus.DOSING
    match status:
        case SessionStatus.SCHEDULED | SessionStatus.CHECKED_IN | SessionStatus.HELD:
            return given, (Deviation.NOT_CLEARED,)
        case SessionStatus.CLEARED | SessionStatus.DOSING:
            return given, ()
        case SessionStatus.OBSERVING:
            return (status if kind in _WITHOUT_DRUG else given), ()
        case SessionStatus.DISCHARGED | SessionStatus.SIGNED:
            return status, (Deviation.RECORDED_AFTER_DISCHARGE,)
        case SessionStatus.CANCELLED:
            return given, (Deviation.WAS_CANCELLED,)
        case SessionStatus.NO_SHOW:
            return given, (Deviation.WAS_NO_SHOW,)
        case _:  # pragma: no cover  (the type checker proves that nothing gets here)
            assert_never(status)


def status_without_dose(deviations: Collection[str], *, checked_in: bool, cleared: bool) -> SessionStatus:
    """Say where a session stands whose every dose turned out to have been entered in error.

    Args:
        deviations: What was out of order about the doses; it tells of an exit the session had taken before them.
        checked_in: The patient had come.
        cleared: The session might start.
    """
    if Deviation.WAS_CANCELLED in deviations:
        return SessionStatus.CANCELLED
    if Deviation.WAS_NO_SHOW in deviations:
        return SessionStatus.NO_SHOW
    if cleared:
        return SessionStatus.CLEARED
    return SessionStatus.CHECKED_IN if checked_in else SessionStatus.SCHEDULED
