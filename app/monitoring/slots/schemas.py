"""Shapes of slots."""

from pydantic import ConfigDict, Field

from app.kernel.schemas import ClinicRecordRead, Id, NoteText, RequestSchema, ResponseSchema, UtcTime
from app.monitoring.slots.rules import SlotKind, SlotState


class MissVitalSlot(RequestSchema):
    """Saying that a reading was not made."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Asleep; the prescriber let him sleep."}]})

    reason: NoteText = Field(description="Why.", examples=["Asleep; the prescriber let him sleep."])


class VitalSlotRead(ClinicRecordRead):
    """A reading that is due in a session."""

    patient_id: Id = Field(description="The patient.")
    session_id: Id = Field(description="The session.")
    kind: SlotKind = Field(
        description="`baseline`: before the dose. `planned`: some time after its start. `repeat`: one was abnormal.",
        examples=["planned"],
    )
    asks: list[str] = Field(
        description="What has to be measured: `pressure`, of which the upper part is enough, or members of a reading.",
        examples=[["pressure"]],
    )
    minutes_from_t0: int | None = Field(
        description="Minutes after the first moment of the dose, in elapsed time; null for the other kinds.",
        examples=[40],
    )
    cause_id: Id | None = Field(description="Of a repeat: the reading that was abnormal.")
    findings: list[str] = Field(
        description="Of a repeat: what was found in that reading.", examples=[["pressure_recheck"]]
    )
    due_at: UtcTime = Field(description="When it is due.")
    late_from: UtcTime = Field(description="After this it is overdue, and a reading measured then is late.")
    window_from: UtcTime = Field(description="A reading measured earlier does not answer.")
    window_until: UtcTime | None = Field(description="One measured later does not answer; null: any later one does.")
    reading_id: Id | None = Field(description="The reading that answered.")
    measured_late: bool = Field(
        description="That reading was measured after `late_from`. Whether it was *recorded* late the reading says.",
        examples=[False],
    )
    missed_at: UtcTime | None = Field(description="When somebody said that it was missed.")
    missed_by: Id | None = Field(description="Who said so.")
    missed_reason: str | None = Field(description="Why.", examples=["Asleep; the prescriber let him sleep."])


class VitalSlotNow(VitalSlotRead):
    """A slot and how it stands now."""

    state: SlotState = Field(
        description="`missed` only if a person said so; what nobody saw to stays `overdue`.", examples=["due"]
    )


class NextVitalSlot(ResponseSchema):
    """What to see to next."""

    id: Id = Field(description="The slot.")
    state: SlotState = Field(description="How it stands.", examples=["overdue"])
    due_at: UtcTime = Field(description="When it is due.")
    overdue_seconds: int = Field(description="Seconds since then, once it is overdue; else 0.", examples=[0])


class VitalSlots(ResponseSchema):
    """The slots of a session, as they come due."""

    as_of: UtcTime = Field(description="The server's clock, which the states were reckoned by.")
    next: NextVitalSlot | None = Field(description="The open slot that is due first.")
    items: list[VitalSlotNow] = Field(description="The slots.")
