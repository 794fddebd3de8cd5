"""Shapes of going home."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.kernel.schemas import Flag, Id, NoteText, RequestSchema, ResponseSchema, ShortText, UtcTime, absent
from app.sessions.schemas import CriterionRead

Asked = Annotated[Flag | None, Field(examples=[True])]


class DischargeSession(RequestSchema):
    """The patient goes home. What is asked at the door is told here; what is left out was not asked."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "condition": "well",
                    "oriented": True,
                    "walks_unaided": True,
                    "nausea_controlled": True,
                    "no_suicidal_intent": True,
                    "iv_removed": True,
                    "escort_name": "R. Rivera",
                    "instructions_given": True,
                },
                {"left_against_advice": True, "told_to": "Dr. Osei"},
            ]
        }
    )

    discharged_at: UtcTime | None = Field(default=None, description="When; default now. What counts is known by then.")
    condition: ShortText | None = Field(default=None, description="How the patient was.", examples=["well"])
    oriented: Asked = Field(default=None, description="Knows who and where they are, and the day.")
    walks_unaided: Asked = Field(default=None, description="Walks without help.")
    nausea_controlled: Asked = Field(default=None, description="Nausea is absent or under control.")
    no_suicidal_intent: Asked = Field(default=None, description="Was asked, and has no intent to die.")
    iv_removed: Asked = Field(default=None, description="The cannula is out; asked after an infusion.")
    escort_name: ShortText | None = Field(default=None, description="Who takes them home.", examples=["R. Rivera"])
    escort_relation: ShortText | None = Field(default=None, description="Who that is to them.", examples=["sister"])
    escort_phone: ShortText | None = Field(
        default=None, description="How to reach the escort.", examples=["+1 555 0101"]
    )
    escort_left_at: UtcTime | None = Field(default=None, description="When they left together.")
    instructions_given: Asked = Field(
        default=None,
        description="Was told: no driving, machinery, alcohol or important decisions until the next day.",
    )
    instructions_version: ShortText | None = Field(
        default=None, description="Which instructions they were given.", examples=["2026-01"]
    )
    would_have_been_ready_at: UtcTime | None = Field(
        default=None, description="When they were ready, had the minimum time not been kept; risk programmes ask."
    )
    left_against_advice: Flag = Field(
        default=False,
        description="They left though something was missing; say whom you told, in `told_to`.",
        examples=[False],
    )
    told_to: ShortText | None = Field(default=None, description="Who was told that they left.", examples=["Dr. Osei"])
    override_reason: NoteText | None = Field(
        default=None,
        description="Why they may go though something is missing; a prescriber's to say.",
        examples=["Lives next door; a nurse walks along."],
    )
    note: NoteText | None = absent("Free text; replaces the session's note.", examples=["Slept a little."])

    @model_validator(mode="after")
    def _somebody_was_told(self) -> Self:
        if self.left_against_advice and self.told_to is None:
            raise PydanticCustomError("told_to_needed", "Say in told_to who was told that the patient left.")
        if self.left_against_advice and self.override_reason is not None:
            raise PydanticCustomError("one_reason", "Who leaves against advice needs no reason: send one of both.")
        return self


class DischargeReadinessRead(ResponseSchema):
    """Whether the patient may go home now."""

    object: str = Field(description="Always `discharge_readiness`.", examples=["discharge_readiness"])
    session_id: Id = Field(description="The session.")
    patient_id: Id = Field(description="The patient.")
    at: UtcTime = Field(description="The moment it is about.")
    ready: bool = Field(
        description="Whether nothing is missing but what is asked at the door, and the session may be discharged.",
        examples=[False],
    )
    to_ask: list[str] = Field(
        description="What is asked at the door and told with the discharge.", examples=[["orientation", "gait"]]
    )
    criteria: list[CriterionRead] = Field(description="Every criterion, in order.")
