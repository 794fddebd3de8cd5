"""Setting a policy, and taking back what was set in error."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.ledger import name_change
from app.kernel.records import already_created, identity_of, mark_entered_in_error, one_for_update
from app.policies.catalogue import shipped_policies
from app.policies.models import PolicySetting
from app.policies.queries import forget_values, values_for
from app.policies.rules import GATE_PROFILE, as_json, require_fits, require_settable
from app.policies.schemas import PatientLimitCreate, PolicySet


async def set_policy(db: WriteSession, actor: Actor, body: PolicySet) -> PolicySetting:
    """Set a value of the clinic's own from an instant on. What was set before stays, and counted until then.

    Raises:
        UnknownPolicy: there is no such policy.
        PolicyNotSettable: its shipped value holds for everybody.
        PolicyValueUnfit: the policy cannot have this value.
    """
    if (before := await already_created(db, actor, PolicySetting, body)) is not None:
        return before
    setting = PolicySetting(**identity_of(actor, body), **await facts_of(db, actor, body, per_patient=False))
    db.add(setting)
    name_change(db, setting, "policy_setting.set", reason=body.reason, occurred_at=setting.effective_at)
    forget_values(db)
    return setting


async def facts_of(
    db: WriteSession, actor: Actor, body: PolicySet | PatientLimitCreate, *, per_patient: bool
) -> Mapping[str, Any]:
    """The columns of what somebody sets, checked against what the policy allows.

    Raises:
        UnknownPolicy: there is no such policy.
        PolicyNotSettable: nobody may set it, or not for one patient.
        PolicyValueUnfit: the policy cannot have this value.
    """
    policy = require_settable(shipped_policies(), body.code, per_patient=per_patient)
    effective_at: datetime = body.effective_at or clock.now()
    value = None
    if body.value is not None:
        profile = (await values_for(db, actor, [GATE_PROFILE], at=effective_at))[GATE_PROFILE].profile
        value = as_json(require_fits(policy, body.value, profile))
    return {
        "code": body.code,
        "value": value,
        "effective_at": effective_at,
        "reason": body.reason,
        "source": body.source,
    }


async def void_policy_setting(
    db: WriteSession, actor: Actor, setting_id: UUID, reason: str, if_match: int | None
) -> PolicySetting:
    """Mark a value as entered in error; the one before it counts again, as if this one had never been set."""
    setting = await one_for_update(db, actor, PolicySetting, setting_id, if_match)
    mark_entered_in_error(db, actor, setting, reason)
    forget_values(db)
    return setting
