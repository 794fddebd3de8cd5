"""Shapes of alerts."""

from pydantic import Field

from app.alerts.rules import AlertStatus
from app.kernel.schemas import ClinicRecordRead, Id, NoteText, RequestSchema, UtcTime


class AcknowledgeAlert(RequestSchema):
    """Saying: I have seen it."""

    note: NoteText | None = Field(
        default=None, description="What you did at once.", examples=["Spoke with the patient."]
    )


class ResolveAlert(RequestSchema):
    """How it ended."""

    disposition: NoteText = Field(
        description="What was decided.", examples=["Safety plan reviewed; stays in clinic care."]
    )


class AlertRead(ClinicRecordRead):
    """Something a person must acknowledge."""

    patient_id: Id = Field(description="Whom it is about.")
    session_id: Id | None = Field(description="The session it arose in.")
    code: str = Field(description="What it is about.", examples=["suicide_item"])
    severity: str = Field(
        description="How pressing it is.",
        examples=["review"],
        json_schema_extra={"x-extensible-enum": ["info", "review", "urgent", "emergency"]},
    )
    status: AlertStatus = Field(
        description="`historic`: the fact was old when recorded; nobody was alarmed.", examples=["open"]
    )
    cause_type: str = Field(description="The kind of record that caused it.", examples=["assessment"])
    cause_id: Id = Field(description="The record that caused it.")
    rule: str = Field(description="The rule that fired, with its source.", examples=["PHQ-9 item 9 at least 1"])
    policy_version: str | None = Field(
        description="The version of the policy its limit came from, where it came from one.", examples=["POLICIES@1"]
    )
    raised_at: UtcTime = Field(description="When it was raised.")
    escalates_at: UtcTime | None = Field(
        description="When it escalates unless it is acknowledged or, once it is, resolved; null where no clock runs."
    )
    escalation_policy_version: str | None = Field(
        description="The version of the policy that sets that time.", examples=["POLICIES@1"]
    )
    escalation_level: int = Field(description="How often its clock has run out.", examples=[0])
    escalated_at: UtcTime | None = Field(description="When it last escalated.")
    acknowledged_at: UtcTime | None = Field(description="When somebody saw it.")
    acknowledged_by: Id | None = Field(description="Who saw it.")
    acknowledge_note: str | None = Field(description="What they did at once.", examples=["Spoke with the patient."])
    resolved_at: UtcTime | None = Field(description="When it ended.")
    resolved_by: Id | None = Field(description="Who ended it, or changed what had caused it.")
    closed_by: str | None = Field(
        description="What ended it: somebody resolved it, or its cause was corrected, entered in error, or recorded "
        "for the wrong patient.",
        examples=["person"],
        json_schema_extra={"x-extensible-enum": ["person", "correction", "entered_in_error", "wrong_patient"]},
    )
    disposition: str | None = Field(description="What was decided.", examples=["Safety plan reviewed."])
