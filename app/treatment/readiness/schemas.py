"""Shapes of gates before a dose, and of overriding one."""

from typing import Annotated, Any, Final

from pydantic import Field, WithJsonSchema

from app.kernel.schemas import ClinicRecordRead, CreateSchema, Id, NoteText, ResponseSchema, UtcTime, Withheld
from app.treatment.readiness.rules import GateCode, State

_MMHG: Final = {"type": "integer"}
_PRESSURE: Final = {
    "type": "object",
    "properties": {
        "systolic_mmhg": _MMHG | {"description": "Systolic.", "examples": [164]},
        "diastolic_mmhg": _MMHG | {"description": "Diastolic.", "examples": [98]},
    },
    "required": ["systolic_mmhg", "diastolic_mmhg"],
}
_RANGE: Final = {
    "type": "object",
    "properties": {
        "minimum": {"type": "number", "description": "The least.", "examples": [50]},
        "maximum": {"type": "number", "description": "The most.", "examples": [110]},
    },
    "required": ["minimum", "maximum"],
}
_CODES: Final = {"type": "array", "items": {"type": "string"}}
FoundValue = Annotated[
    Any, WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}, _PRESSURE, _CODES, {"type": "null"}]})
]
GateLimit = Annotated[Any, WithJsonSchema({"anyOf": [{"type": "number"}, _PRESSURE, _RANGE, _CODES, {"type": "null"}]})]
_MODES: Final[dict[str, Any]] = {"x-extensible-enum": ["off", "warn", "reason", "hard"]}
_GATES: Final[dict[str, Any]] = {"x-extensible-enum": [code.value for code in GateCode]}
_VALUE: Final = (
    "What was found: mmHg, per cent, beats a minute, points, hours since the last dose, days since the weight, the "
    "state of a paper, or the codes of what was found. Null: nothing."
)


class GateItemRead(ResponseSchema):
    """An answer of a screening that stands in the way."""

    code: str = Field(description="The item of the checklist.", examples=["ANEURYSM"])
    answer: str | None = Field(description="`yes` or `unknown`; null: not answered.", examples=["yes"])
    screening_id: Id | None = Field(description="The screening it is from; null: other records say so.")
    decided: bool = Field(description="Whether a prescriber's decision that holds names it.", examples=[True])
    decided_by: Id | None = Field(description="Whose decision that is.")


class OverrideInForceRead(ResponseSchema):
    """The override that lets a session through a gate."""

    id: Id = Field(description="The record of it.")
    role: str = Field(description="The role it was given in.", examples=["prescriber"])
    reason: str | None = Field(
        description="Why; null where members are withheld.", examples=["Known white coat; 148/92 at home."]
    )
    given_by: Id = Field(description="By whom.")
    given_at: UtcTime = Field(description="When.")


class GateStateRead(ResponseSchema):
    """One gate before the dose: what it found, and what it does about it."""

    code: str = Field(description="What is asked.", examples=["pressure"], json_schema_extra=_GATES)
    title: str = Field(
        description="What has to be so.",
        examples=["The pressure before the dose is not above `pressure_start_hold_above`."],
    )
    state: State = Field(
        description="`unknown` stands in the way like `fail`; `off`: the clinic does not ask it.", examples=["fail"]
    )
    mode: str = Field(
        description="What it does when it does not pass: shows it (`warn`), lets some roles go on with a reason "
        "(`reason`), lets nobody (`hard`).",
        examples=["reason"],
        json_schema_extra=_MODES,
    )
    blocking: bool = Field(description="Whether it stands in the way.", examples=[True])
    reason: str = Field(
        description="In words, and what to do.",
        examples=["The pressure is too high: let the patient rest, and measure again."],
    )
    value: FoundValue = Field(description=_VALUE, examples=[{"systolic_mmhg": 164, "diastolic_mmhg": 98}])
    limit: GateLimit = Field(
        description="What it was compared with.", examples=[{"systolic_mmhg": 160, "diastolic_mmhg": 100}]
    )
    limit_version: str | None = Field(description="Where the limit comes from.", examples=["POLICIES@1"])
    policy_version: str = Field(description="The policy of the gate.", examples=["GATES@1:standard"])
    override_roles: list[str] = Field(description="Who may go on with a reason.", examples=[["prescriber"]])
    may_override: bool = Field(description="Whether the caller may.", examples=[True])
    override: OverrideInForceRead | None = Field(
        description="The override that stands; null: none, or what was found is worse than what it was given for."
    )
    items: list[GateItemRead] = Field(description="Of answers of a screening: each that stands in the way.")


class ReadinessRead(ResponseSchema):
    """May this session start?"""

    object: str = Field(description="Always `readiness`.", examples=["readiness"])
    session_id: Id = Field(description="The session.")
    patient_id: Id = Field(description="Its patient.")
    ready: bool = Field(description="Whether nothing stands in the way.", examples=[False])
    judged_at: UtcTime = Field(description="For when: the first dose, or now before it.")
    gates: list[GateStateRead] = Field(description="Every gate.")
    withheld: Withheld


class GateOverrideCreate(CreateSchema):
    """Go on in spite of a gate, as it stands now."""

    gate: GateCode = Field(description="The gate; it has to be in the way.", examples=["pressure"])
    reason: NoteText = Field(description="Why.", examples=["Known white coat; 148/92 at home this morning."])


class GateFoundRead(ResponseSchema):
    """What a gate had found when it was overridden."""

    state: str = Field(description="How it stood.", examples=["fail"])
    value: FoundValue = Field(description=_VALUE, examples=[{"systolic_mmhg": 164, "diastolic_mmhg": 98}])
    limit: GateLimit = Field(
        description="What it was compared with.", examples=[{"systolic_mmhg": 160, "diastolic_mmhg": 100}]
    )
    limit_version: str | None = Field(description="Where the limit comes from.", examples=["POLICIES@1"])


class GateOverrideRead(ClinicRecordRead):
    """Somebody went on in spite of a gate. It stands as long as nothing worse is found."""

    patient_id: Id = Field(description="The patient.")
    session_id: Id = Field(description="The session.")
    gate: str = Field(description="The gate.", examples=["pressure"], json_schema_extra=_GATES)
    mode: str = Field(description="What the gate did then.", examples=["reason"], json_schema_extra=_MODES)
    policy_version: str = Field(description="The policy of the gate then.", examples=["GATES@1:standard"])
    role: str = Field(description="The role it was given in.", examples=["prescriber"])
    reason: str | None = Field(
        description="Why. Null only where it is withheld.", examples=["Known white coat; 148/92 at home this morning."]
    )
    found: GateFoundRead | None = Field(description="What was found then. Null only where it is withheld.")
    withheld: Withheld
