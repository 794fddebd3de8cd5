"""Shapes of policies, as they are in force and as somebody set them."""

from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, WithJsonSchema

from app.identity.rules import Role
from app.kernel.schemas import (
    ClinicRecordRead,
    CodeText,
    CreateSchema,
    Id,
    NoteText,
    ResponseSchema,
    UtcTime,
)
from app.policies.rules import GateMode, Kind

_MMHG: Final = {"type": "integer", "minimum": 0, "maximum": 300}
_FORMS: Final[list[dict[str, Any]]] = [
    {"type": "number", "minimum": 0, "maximum": 100_000},
    {"type": "string", "minLength": 1, "maxLength": 64},
    {
        "type": "object",
        "properties": {
            "systolic_mmhg": _MMHG | {"description": "Systolic.", "examples": [180]},
            "diastolic_mmhg": _MMHG | {"description": "Diastolic.", "examples": [110]},
        },
        "required": ["systolic_mmhg", "diastolic_mmhg"],
        "additionalProperties": False,
    },
    {
        "type": "object",
        "properties": {
            "mode": {
                "type": "string",
                "enum": [mode.value for mode in GateMode],
                "description": "`warn` shows it, `reason` lets some roles go on with a reason, `hard` lets nobody.",
                "examples": ["reason"],
            },
            "override_roles": {
                "type": "array",
                "items": {"type": "string", "enum": [role.value for role in Role]},
                "maxItems": len(Role),
                "description": "Who may go on with a reason; nobody unless the mode is `reason`.",
                "examples": [["prescriber"]],
            },
        },
        "required": ["mode", "override_roles"],
        "additionalProperties": False,
    },
]
# A policy's kind says which of the forms is right; one that takes the body apart would only say that none fits.
AnyValue = Annotated[Any, WithJsonSchema({"anyOf": _FORMS})]
AnyValueOrNone = Annotated[Any, WithJsonSchema({"anyOf": [*_FORMS, {"type": "null"}]})]

_PRESSURE: Final[Any] = {"systolic_mmhg": 170, "diastolic_mmhg": 105}
_KINDS: Final[dict[str, Any]] = {"x-extensible-enum": [kind.value for kind in Kind]}


class PolicyRead(ResponseSchema):
    """A policy with the value that is in force."""

    object: str = Field(description="Always `policy`.", examples=["policy"])
    code: str = Field(description="Its name.", examples=["pressure_escalate_from"])
    title: str = Field(description="What it does.", examples=["From this pressure on, an alert is raised."])
    kind: str = Field(description="What its value is.", examples=["pressure"], json_schema_extra=_KINDS)
    value: AnyValue = Field(description="The value that is in force.", examples=[_PRESSURE])
    measured_in: str = Field(
        description="The unit of its numbers, as UCUM; `1` where there is none.", examples=["mmHg"]
    )
    policy_version: str = Field(
        description="The version the value comes from: a shipped file, a gate's with the profile that holds, or the "
        "record somebody set.",
        examples=["POLICIES@1", "GATES@1:standard", "policy_setting:0199c1f0-7d3e-7a51-9c1e-3f0a5b7e2d10"],
    )
    clinics_own: bool = Field(description="Whether the clinic set it; others ship.", examples=[False])
    patients_own: bool = Field(description="Whether it was set for the patient.", examples=[False])
    patient_id: Id | None = Field(description="For whom it is in force, where a patient was asked about.")
    effective_at: UtcTime | None = Field(description="Since when it holds, where somebody set it.")
    reason: str | None = Field(description="Why, where somebody set it.", examples=["We treat at 2 500 m."])
    source: str | None = Field(description="Where the value comes from.", examples=["Seriatim default"])
    verified: bool = Field(description="Whether the source of the shipped value was checked.", examples=[False])
    default: AnyValue = Field(
        description="The value that ships; of a gate, under the profile that holds.", examples=[_PRESSURE]
    )
    default_source: str = Field(description="Where the shipped value comes from.", examples=["Seriatim default"])
    settable: bool = Field(description="Whether a clinic may set it.", examples=[True])
    per_patient: bool = Field(description="Whether a patient may have a value of their own.", examples=[True])
    minimum: AnyValueOrNone = Field(description="The least it may be set to.", examples=[_PRESSURE])
    maximum: AnyValueOrNone = Field(description="The most it may be set to.", examples=[_PRESSURE])
    places: int = Field(description="Decimal places a number may have.", examples=[0])
    choices: list[str] = Field(
        description="What a choice, or the mode of a gate, may be set to.", examples=[["record_only", "standard"]]
    )


class _Set(CreateSchema):
    code: CodeText = Field(description="The policy; `GET /v1/policies` lists them.", examples=["gate_profile"])
    value: AnyValueOrNone = Field(
        default=None,
        description="The value, in the form its kind has. Null: what would count without it counts again.",
        examples=["strict", 170, _PRESSURE, {"mode": "reason", "override_roles": ["prescriber"]}],
    )
    effective_at: UtcTime | None = Field(default=None, description="From when on; left out: from now on.")
    reason: NoteText = Field(description="Why.", examples=["We treat at 2 500 m."])
    source: NoteText | None = Field(default=None, description="A publication it rests on.", examples=["Clinic manual"])


class PolicySet(_Set):
    """A value of the clinic's own, from an instant on. Set anew it is another row; the list of them is the history."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"code": "gate_profile", "value": "strict", "reason": "We have residents."},
                {"code": "pressure_escalate_from", "value": _PRESSURE, "reason": "Our cardiologist asks for it."},
                {
                    "code": "gate.escort",
                    "value": {"mode": "reason", "override_roles": ["prescriber", "nurse"]},
                    "reason": "Two people left alone this year.",
                },
            ]
        }
    )


class PatientLimitCreate(_Set):
    """A limit of one patient's own, from an instant on."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"code": "spo2_start_hold_below", "value": 90, "reason": "Lives at 2 500 m."}]}
    )


class _SetRead(ClinicRecordRead):
    code: str = Field(description="The policy.", examples=["gate_profile"])
    value: AnyValueOrNone = Field(
        description="The value; null: what would count without it counts again.", examples=["strict"]
    )
    effective_at: UtcTime = Field(description="From when on.")
    reason: str = Field(description="Why.", examples=["We treat at 2 500 m."])
    source: str | None = Field(description="A publication it rests on.", examples=["Clinic manual"])


class PolicySettingRead(_SetRead):
    """A value of the clinic's own."""


class PatientLimitRead(_SetRead):
    """A limit of one patient's own."""

    patient_id: Id = Field(description="Whose it is.")
