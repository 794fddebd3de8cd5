"""Saying that a session may start, and going on in spite of a gate."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from app.kernel.actor import Actor
from app.kernel.database import ReadSession, WriteSession
from app.kernel.errors import NotFound
from app.kernel.ledger import name_change
from app.kernel.records import (
    already_created,
    find,
    identity_of,
    mark_entered_in_error,
    one_for_update,
    one_locked,
    touch,
)
from app.policies.rules import as_json
from app.sessions import actions as sessions
from app.sessions import rules as session_rules
from app.sessions.actions import require_unsigned
from app.sessions.models import TreatmentSession
from app.sessions.rules import IllegalTransition, SessionStatus
from app.treatment.readiness.models import GateOverride
from app.treatment.readiness.queries import asked_of
from app.treatment.readiness.rules import (
    GateCode,
    GateState,
    Limit,
    NotReady,
    Range,
    State,
    Value,
    is_ready,
    readiness,
    require_override,
    role_to_override,
)
from app.treatment.readiness.schemas import GateOverrideCreate

# What a gate found shows only to whoever may read the records it looked at.
_NEEDS: Final[Mapping[GateCode, str]] = {
    **dict.fromkeys(
        (
            GateCode.CONSENT,
            GateCode.SCREENING,
            GateCode.CONTRAINDICATION,
            GateCode.NOT_RECOMMENDED,
            GateCode.PROGRAMME_ENROLMENT,
            GateCode.SETTING_ENROLMENT,
            GateCode.PREGNANCY,
            GateCode.INTOXICATION,
            GateCode.FASTING,
            GateCode.WEIGHT_AGE,
            GateCode.MEDICINES,
        ),
        "clinical:read",
    ),
    GateCode.MANIA: "score:read",
    GateCode.PRE_DOSE_SCORE: "score:read",
    GateCode.OPEN_URGENT_ALERT: "alert:read",
}
_BEFORE_DOSE: Final = frozenset(
    {SessionStatus.SCHEDULED, SessionStatus.CHECKED_IN, SessionStatus.CLEARED, SessionStatus.HELD}
)


async def judge_session(db: ReadSession, actor: Actor, session_id: UUID) -> Mapping[str, Any]:
    """How every gate of a session stands for its first dose, or now before it.

    Raises:
        NotFound: there is no such session, or it was entered in error.
    """
    treatment = await find(db, actor, TreatmentSession, session_id)
    if treatment is None or treatment.entered_in_error_at is not None:
        raise NotFound
    facts, policies = await asked_of(db, actor, treatment)
    gates = readiness(facts, policies)
    lacking = sorted({needed for needed in _NEEDS.values() if not actor.may(needed)})
    return {
        "object": "readiness",
        "session_id": treatment.id,
        "patient_id": treatment.patient_id,
        "ready": is_ready(gates),
        "judged_at": facts.at,
        "gates": [_shown(gate, actor) for gate in gates],
        "withheld": lacking,
    }


async def clear_session(db: WriteSession, actor: Actor, session_id: UUID, if_match: int | None) -> TreatmentSession:
    """Say that a session may start, if nothing stands in the way; how the gates stood is kept with it.

    The session is locked, and so are the consents, screenings, enrolments, readings, scores, alerts, orders and
    overrides it goes by: what was committed before is seen, and none of it changes until this is committed. Weights,
    medicines and facts about pregnancy are read as they are.

    Raises:
        IllegalTransition: it is not checked in.
        NotReady: something stands in the way; lists all gates.
    """
    treatment = await one_for_update(db, actor, TreatmentSession, session_id, if_match)
    session_rules.require_move(SessionStatus(treatment.status), SessionStatus.CLEARED)
    facts, policies = await asked_of(db, actor, treatment, held=True)
    gates = readiness(facts, policies)
    if not is_ready(gates):
        touch(db, {"patient_id": treatment.patient_id})
        listed = [_shown(gate, actor) for gate in gates]
        codes = ", ".join(gate.code for gate in gates if gate.blocking)
        raise NotReady(f"In the way: {codes}.", members={"gates": listed})
    sessions.clear_session(db, treatment, _kept(gates))
    return treatment


async def keep_gates(db: WriteSession, actor: Actor, treatment: TreatmentSession) -> None:
    """Keep with a session that is recorded afterwards how its gates stood, by what is known of it now; none refuses."""
    facts, policies = await asked_of(db, actor, treatment)
    treatment.gates = _kept(readiness(facts, policies))


async def override_gate(db: WriteSession, actor: Actor, session_id: UUID, body: GateOverrideCreate) -> GateOverride:
    """Go on in spite of a gate, knowing what it finds now.

    Raises:
        IllegalTransition: the dose has begun, or there will be none.
        OverrideNotNeeded: the gate does not stand in the way.
        GateIsHard: nobody may.
        OverrideRoleMissing: somebody with another role has to.
    """
    if (before := await already_created(db, actor, GateOverride, body, session_id=session_id)) is not None:
        return before
    treatment = await one_locked(db, actor, TreatmentSession, session_id)
    if SessionStatus(treatment.status) not in _BEFORE_DOSE:
        raise IllegalTransition(
            "Gates are overridden before the dose.", members={"current_status": treatment.status, "allowed": []}
        )
    facts, policies = await asked_of(db, actor, treatment, held=True)
    (gate,) = (one for one in readiness(facts, policies) if one.code is body.gate)
    role = require_override(gate, actor.roles)
    bad = gate.found.bad
    override = GateOverride(
        **identity_of(actor, body),
        patient_id=treatment.patient_id,
        session_id=treatment.id,
        gate=gate.code,
        mode=gate.mode,
        policy_version=gate.policy_version,
        role=role,
        reason=body.reason,
        found={"state": gate.state.value, **_compared(gate)},
        badness={
            "codes": sorted(bad.codes),
            "amounts": {name: str(amount) for name, amount in bad.amounts.items()},
        },
    )
    db.add(override)
    name_change(db, override, "gate_override.recorded", reason=body.reason)
    return override


async def void_override(
    db: WriteSession, actor: Actor, override_id: UUID, reason: str, if_match: int | None
) -> GateOverride:
    """Mark an override as entered in error: before clearance its gate stands in the way again."""
    override = await one_for_update(db, actor, GateOverride, override_id, if_match)
    await require_unsigned(db, actor, override)
    mark_entered_in_error(db, actor, override, reason)
    return override


def _compared(gate: GateState) -> dict[str, Any]:
    found = gate.found
    return {"value": _json(found.value), "limit": _json(found.limit), "limit_version": found.limit_version}


def _json(value: Value | Limit) -> object:
    match value:
        case Range():
            return {"minimum": as_json(value.minimum), "maximum": as_json(value.maximum)}
        case tuple():
            return list(value)
        case _:
            return as_json(value)


def _kept(gates: Iterable[GateState]) -> list[dict[str, Any]]:
    """Gates as a session keeps them: no value, because whoever reads sessions need not read what they looked at."""
    return [
        {
            "code": gate.code.value,
            "state": gate.state.value,
            "mode": gate.mode.value,
            "reason": gate.found.reason,
            "policy_version": gate.policy_version,
            "limit_version": gate.found.limit_version,
            "override_id": None if gate.override is None else str(gate.override.id),
        }
        for gate in gates
        if gate.state is not State.NOT_APPLICABLE
    ]


def _shown(gate: GateState, actor: Actor) -> dict[str, Any]:
    """A gate as an actor sees it; what they may not read elsewhere, they do not read here."""
    needed = _NEEDS.get(gate.code)
    hidden = needed is not None and not actor.may(needed)
    compared = {name: None if hidden else value for name, value in _compared(gate).items()}
    override = gate.override
    return {
        "code": gate.code.value,
        "title": gate.title,
        "state": gate.state.value,
        "mode": gate.mode.value,
        "blocking": gate.blocking,
        "reason": gate.found.reason,
        **compared,
        "policy_version": gate.policy_version,
        "override_roles": [role.value for role in gate.override_roles],
        "may_override": actor.may("gate:write") and role_to_override(gate, actor.roles) is not None,
        "override": override
        and {
            "id": override.id,
            "role": override.role.value,
            "reason": override.reason if actor.may("clinical:read") else None,
            "given_by": override.given_by,
            "given_at": override.given_at,
        },
        "items": [] if hidden else _items(gate),
    }


def _items(gate: GateState) -> Sequence[Mapping[str, Any]]:
    return [
        {
            "code": item.code,
            "answer": item.answer and item.answer.value,
            "screening_id": item.screening_id,
            "decided": item.decided,
            "decided_by": item.decided_by,
        }
        for item in gate.found.items
    ]
