"""The shape of what waits for somebody."""

from pydantic import Field

from app.kernel.schemas import Day, Id, ResponseSchema, UtcTime
from app.treatment.worklist.rules import WorkKind


class WorkRead(ResponseSchema):
    """One thing that waits. It names records and holds no words of theirs."""

    object: str = Field(description="Always `work`.", examples=["work"])
    kind: WorkKind = Field(description="Why it waits.", examples=["session_unsigned"])
    due_at: UtcTime | None = Field(description="Since when it waits, or when it is due.")
    due_on: Day | None = Field(description="The same, where it is a day.")
    age_days: int = Field(
        description="Calendar days since then on the clinic's clock; negative where it is still to come.", examples=[3]
    )
    patient_id: Id | None = Field(description="Whom it is about; null where it is about a place.")
    session_id: Id | None = Field(description="The session it arose in.")
    resource_type: str = Field(description="The kind of record that waits.", examples=["session"])
    resource_id: Id = Field(description="The record that waits.")
    code: str | None = Field(
        description="What it is, in the record's own code: an alert's code, a consent's kind, a drug, a programme, "
        "who is asked to co-sign.",
        examples=["ketamine"],
    )
    severity: str | None = Field(
        description="How pressing it is, where the record says so.",
        examples=["review"],
        json_schema_extra={"x-extensible-enum": ["info", "review", "urgent", "emergency"]},
    )
    to_patient_id: Id | None = Field(
        description="The other patient, where it is about two: to whom a session is to go that was documented for "
        "`patient_id`."
    )


class WorkOfKindRead(ResponseSchema):
    """Everything that waits for one reason, the longest waiting first."""

    kind: WorkKind = Field(description="Why it waits.", examples=["session_unsigned"])
    count: int = Field(description="How many there are; at most 1 000 are counted.", examples=[1])
    count_is_exact: bool = Field(description="False where there are more than were counted.", examples=[True])
    items: list[WorkRead] = Field(description="Those that have waited longest, or are due first.")


class WorklistRead(ResponseSchema):
    """What waits for somebody in the clinic."""

    object: str = Field(description="Always `worklist`.", examples=["worklist"])
    on: Day = Field(description="Today, on the clinic's clock.")
    within_days: int = Field(description="How far ahead it looks.", examples=[7])
    lists: list[WorkOfKindRead] = Field(description="One list a kind that was asked for, empty ones too.")
    withheld: list[str] = Field(
        description="Permissions the caller lacks; the kinds that need them are left out.", examples=[["alert:read"]]
    )
