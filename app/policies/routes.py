"""Policies over HTTP."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.database import ReadSession
from app.kernel.endpoint import Endpoint, ReadDb, WriteDb, require
from app.kernel.errors import NotFound
from app.kernel.pagination import Order, Paging
from app.kernel.problems import documented
from app.kernel.record_routes import add_reads, add_void
from app.kernel.records import Resource, WithEnteredInError, answer_page, created, register, respond
from app.kernel.schemas import CodeText, Page
from app.policies import actions, queries
from app.policies.catalogue import shipped_policies
from app.policies.models import PolicySetting
from app.policies.queries import values_for
from app.policies.rules import InForce, PolicyNotSettable, PolicyValueUnfit, UnknownPolicy, as_json
from app.policies.schemas import PolicyRead, PolicySet, PolicySettingRead

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["policies"])

MayReadClinic = Annotated[Actor, Depends(require("clinic:read"))]
MayWritePolicies = Annotated[Actor, Depends(require("policy:write", step_up=True))]
PolicyCode = Annotated[str, Path(max_length=64, description="The policy's code.", examples=["gate_profile"])]
WithCodes = Annotated[
    list[CodeText], Query(alias="code", max_length=100, description="Only these codes.", examples=[["gate_profile"]])
]

POLICY_SETTING: Final = register(
    Resource(PolicySetting, PolicySettingRead, "clinic:read", queries.visible_policy_settings)
)


def _shown(found: InForce, patient_id: UUID | None) -> Mapping[str, Any]:
    policy, setting = found.policy, found.setting
    return {
        "object": "policy",
        "code": policy.code,
        "title": policy.title,
        "kind": policy.kind.value,
        "value": as_json(found.value),
        "measured_in": policy.unit,
        "policy_version": found.version,
        "clinics_own": setting is not None and not setting.is_patients,
        "patients_own": setting is not None and setting.is_patients,
        "patient_id": patient_id,
        "effective_at": setting and setting.effective_at,
        "reason": setting and setting.reason,
        "source": setting.source if setting else policy.source,
        "verified": policy.verified,
        "default": as_json(found.default),
        "default_source": policy.source,
        "settable": policy.settable,
        "per_patient": policy.per_patient,
        "minimum": as_json(policy.minimum),
        "maximum": as_json(policy.maximum),
        "places": policy.places,
        "choices": policy.choices_under(found.profile),
    }


async def answer_policies(
    db: ReadSession, actor: Actor, codes: Sequence[str], patient_id: UUID | None = None
) -> Response:
    """A page of every policy that is asked for, all where no code is, as it is in force now."""
    wanted = [code for code in shipped_policies() if not codes or code in codes]
    found = await values_for(db, actor, wanted, patient_id)
    return respond(db, {"items": [_shown(one, patient_id) for one in found.values()], "next_cursor": None})


@router.get("/policies", response_model=Page[PolicyRead])
async def list_policies(db: ReadDb, actor: MayReadClinic, codes: WithCodes = []) -> Response:  # noqa: B006
    """Every policy as it is in force for the clinic now, by code, with the version its value comes from."""
    return await answer_policies(db, actor, codes)


@router.get("/policies/{policy_code}", response_model=PolicyRead, responses=documented(NotFound))
async def get_policy(db: ReadDb, actor: MayReadClinic, policy_code: PolicyCode) -> Response:
    """One policy as it is in force for the clinic now."""
    if policy_code not in shipped_policies():
        raise NotFound
    return respond(db, _shown((await values_for(db, actor, [policy_code]))[policy_code], None))


@router.post(
    "/policies",
    status_code=201,
    response_model=PolicySettingRead,
    responses=documented(UnknownPolicy, PolicyNotSettable, PolicyValueUnfit),
)
async def set_policy(db: WriteDb, actor: MayWritePolicies, body: PolicySet) -> Response:
    """Set a value of the clinic's own from an instant on. What was set before stays readable."""
    setting = await actions.set_policy(db, actor, body)
    return await created(db, POLICY_SETTING, actor, setting, "/v1/policy-settings")


@router.get("/policy-settings", response_model=Page[PolicySettingRead])
async def list_policy_settings(
    db: ReadDb,
    actor: MayReadClinic,
    page: Paging,
    with_errors: WithEnteredInError,
    codes: WithCodes = [],  # noqa: B006
) -> Response:
    """Everything the clinic has set, what came into force last first: the history of its policies."""
    setting = queries.setting
    statement = queries.visible_policy_settings(actor)
    if codes:
        statement = statement.where(setting.c.code.in_(codes))
    order = Order(setting.c.effective_at, setting.c.id, descending=True)
    return await answer_page(db, POLICY_SETTING, actor, statement, page, order=order, with_errors=with_errors)


add_reads(
    router, POLICY_SETTING, path="/policy-settings", singular="policy_setting", title="one value of the clinic's own"
)
add_void(
    router,
    POLICY_SETTING,
    actions.void_policy_setting,
    path="/policy-settings",
    singular="policy_setting",
    title="a value of the clinic's own",
    permission="policy:write",
    step_up=True,
)
