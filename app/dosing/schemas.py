"""Shapes of orders, administrations and dose events."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.dosing.rules import AdministrationState, DeliveredSource, DoseEventKind, OrderStatus
from app.kernel.confirmations import Confirmable
from app.kernel.schemas import (
    ClinicRecordRead,
    Count,
    CreateSchema,
    Flag,
    Id,
    MgNumber,
    MgPerKgNumber,
    MgPerMinNumber,
    MgPerMlNumber,
    NoteText,
    OwnId,
    RequestSchema,
    ShortText,
    UtcTime,
    absent,
)

IntravenousEventKind = Literal[
    DoseEventKind.START,
    DoseEventKind.RATE_CHANGE,
    DoseEventKind.PAUSE,
    DoseEventKind.RESUME,
    DoseEventKind.BOLUS,
    DoseEventKind.STOP,
]
InfusionMinutes = Annotated[Count, Field(ge=1, le=1440)]


class DoseOrderCreate(CreateSchema, Confirmable):
    """An order: milligrams, or milligrams per kilogram of the patient's latest weight."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ordered_mg_per_kg": 0.5, "infusion_minutes": 40}]})

    ordered_mg: MgNumber | None = Field(default=None, description="Milligrams.", examples=[41.2])
    ordered_mg_per_kg: MgPerKgNumber | None = Field(
        default=None, description="Milligrams per kilogram.", examples=[0.5]
    )
    infusion_minutes: InfusionMinutes | None = Field(default=None, description="Over how many minutes.", examples=[40])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Slower if nauseous."])

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        if (self.ordered_mg is None) == (self.ordered_mg_per_kg is None):
            raise PydanticCustomError("one_amount_needed", "Send either ordered_mg or ordered_mg_per_kg.")
        return self


class DoseOrderRead(ClinicRecordRead):
    """What a prescriber ordered, with the weight it was reckoned from."""

    patient_id: Id = Field(description="The patient.")
    session_id: Id = Field(description="The session.")
    status: OrderStatus = Field(description="A newer order supersedes this one.", examples=["active"])
    drug: str = Field(description="The drug.", examples=["ketamine"])
    route: str = Field(description="The route.", examples=["intravenous"])
    ordered_mg: float = Field(description="Milligrams.", examples=[41.2])
    ordered_mg_per_kg: float | None = Field(description="Milligrams per kilogram.", examples=[0.5])
    weight_kg: float | None = Field(description="The weight at the time of the order; it stays.", examples=[82.4])
    weight_measured_at: UtcTime | None = Field(description="When that weight was measured.")
    calculated_mg: float | None = Field(description="Milligrams per kilogram times weight.", examples=[41.2])
    infusion_minutes: int | None = Field(description="Over how many minutes.", examples=[40])
    rate_mg_per_min: float | None = Field(description="The rate that follows.", examples=[1.03])
    confirmed: list[str] = Field(description="Limits the prescriber went beyond knowingly.", examples=[[]])
    ordered_at: UtcTime = Field(description="When it was ordered.")
    prescriber_id: Id = Field(description="Who ordered it.")
    note: str | None = Field(description="Free text.", examples=["Slower if nauseous."])


class DoseEventFacts(RequestSchema):
    """One thing that happened to a dose at one moment."""

    kind: IntravenousEventKind = Field(description="What happened.", examples=["start"])
    occurred_at: UtcTime = Field(description="When it happened, not when it is typed in.")
    rate_mg_per_min: MgPerMinNumber | None = Field(
        default=None,
        description="Needed for `start` and `rate_change`; a `resume` may go on as before.",
        examples=[1.03],
    )
    amount_mg: MgNumber | None = Field(default=None, description="Needed for `bolus`.", examples=[5])
    reason: NoteText | None = Field(default=None, description="Why.", examples=["Patient felt nauseous."])
    performed_by: ShortText | None = Field(
        default=None, description="Who did it, if not who typed it.", examples=["S. Levy"]
    )


class DoseEventInline(DoseEventFacts):
    """A dose event recorded together with its administration."""

    id: OwnId | None = Field(default=None, description="Your own UUIDv7.")


class DoseEventCreate(CreateSchema, DoseEventFacts):
    """A dose event. Send an Idempotency-Key or an own id: a dose must not be recorded twice."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0199c1f0-7d3e-7a51-9c1e-3f0a5b7e2d10",
                    "kind": "start",
                    "occurred_at": "2026-03-02T14:05:00Z",
                    "rate_mg_per_min": 1.03,
                }
            ]
        }
    )


class DoseEventUpdate(RequestSchema):
    """A correction of a dose event."""

    occurred_at: UtcTime = absent("When it happened.")
    rate_mg_per_min: MgPerMinNumber | None = Field(default=None, description="The rate.", examples=[1.03])
    amount_mg: MgNumber | None = Field(default=None, description="The amount.", examples=[5])
    reason: NoteText | None = Field(default=None, description="Why.", examples=["Patient felt nauseous."])
    performed_by: ShortText | None = Field(default=None, description="Who did it.", examples=["S. Levy"])


class DoseEventRead(ClinicRecordRead):
    """One thing that happened to a dose."""

    patient_id: Id = Field(description="The patient.")
    session_id: Id = Field(description="The session.")
    administration_id: Id = Field(description="The administration.")
    kind: DoseEventKind = Field(description="What happened.", examples=["start"])
    occurred_at: UtcTime = Field(description="When it happened.")
    ordinal: int = Field(description="Order among events of one instant.", examples=[1])
    rate_mg_per_min: float | None = Field(description="The rate from here on.", examples=[1.03])
    amount_mg: float | None = Field(description="Milligrams given at once.", examples=[5])
    reason: str | None = Field(description="Why.", examples=["Patient felt nauseous."])
    performed_by: str | None = Field(description="Who did it, if not who typed it.", examples=["S. Levy"])


class AdministrationCreate(CreateSchema):
    """One product by one route, really given.

    Tell its timeline in `events`. Where nobody kept one, give start and stop, and `delivered_mg` if it is known.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0199c1f0-7d3e-7a51-9c1e-3f0a5b7e2d10",
                    "drug": "ketamine",
                    "route": "intravenous",
                    "drawn_mg": 41.2,
                    "events": [{"kind": "start", "occurred_at": "2026-03-02T14:05:00Z", "rate_mg_per_min": 1.03}],
                }
            ]
        }
    )

    drug: Literal["ketamine"] = Field(description="The drug.", examples=["ketamine"])
    route: Literal["intravenous"] = Field(description="The route.", examples=["intravenous"])
    placebo: Flag = Field(
        default=False, description="Whether this was a trial's placebo in place of the drug.", examples=[False]
    )
    product: ShortText | None = Field(
        default=None, description="The product.", examples=["Ketamine 10 mg/mL, 20 mL vial"]
    )
    lot: ShortText | None = Field(default=None, description="Its lot.", examples=["K2291"])
    concentration_mg_per_ml: MgPerMlNumber | None = Field(default=None, description="Of the stock.", examples=[10])
    access_site: ShortText | None = Field(default=None, description="Where the line is.", examples=["left forearm"])
    pump: ShortText | None = Field(default=None, description="Which pump.", examples=["pump 3"])
    administered_by: ShortText | None = Field(
        default=None, description="Who gave it, if not who typed it.", examples=["S. Levy"]
    )
    drawn_mg: MgNumber | None = Field(default=None, description="Milligrams drawn up.", examples=[41.2])
    wasted_mg: MgNumber | None = Field(default=None, description="Milligrams wasted.", examples=[11.34])
    returned_mg: MgNumber | None = Field(default=None, description="Milligrams returned to stock.", examples=[0])
    started_at: UtcTime | None = Field(default=None, description="Start, where no events are told.")
    stopped_at: UtcTime | None = Field(default=None, description="Stop, where no events are told.")
    delivered_mg: MgNumber | None = Field(
        default=None, description="Milligrams given, where no events are told.", examples=[29.86]
    )
    events: Annotated[list[DoseEventInline], Field(max_length=200)] = Field(default=[], description="The timeline.")
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Line flushed."])

    @model_validator(mode="after")
    def _one_story(self) -> Self:
        told = self.started_at is not None or self.stopped_at is not None or self.delivered_mg is not None
        if self.events and told:
            raise PydanticCustomError("one_story", "Tell the timeline in events, or its totals; not both.")
        if self.delivered_mg is not None and self.started_at is None:
            raise PydanticCustomError("start_needed", "delivered_mg needs started_at.")
        if self.stopped_at is not None and (self.started_at is None or self.stopped_at < self.started_at):
            raise PydanticCustomError("end_before_start", "Ends before it starts, or has no start.")
        return self


class AdministrationUpdate(RequestSchema):
    """A correction of an administration; its timeline is corrected event by event."""

    product: ShortText | None = Field(
        default=None, description="The product.", examples=["Ketamine 10 mg/mL, 20 mL vial"]
    )
    lot: ShortText | None = Field(default=None, description="Its lot.", examples=["K2291"])
    concentration_mg_per_ml: MgPerMlNumber | None = Field(default=None, description="Of the stock.", examples=[10])
    access_site: ShortText | None = Field(default=None, description="Where the line is.", examples=["left forearm"])
    pump: ShortText | None = Field(default=None, description="Which pump.", examples=["pump 3"])
    administered_by: ShortText | None = Field(default=None, description="Who gave it.", examples=["S. Levy"])
    drawn_mg: MgNumber | None = Field(default=None, description="Milligrams drawn up.", examples=[41.2])
    wasted_mg: MgNumber | None = Field(default=None, description="Milligrams wasted.", examples=[11.34])
    returned_mg: MgNumber | None = Field(default=None, description="Milligrams returned to stock.", examples=[0])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Line flushed."])


class ReconcileAdministration(RequestSchema):
    """Where the rest of the drawn drug went."""

    drawn_mg: MgNumber | None = Field(
        default=None, description="Milligrams drawn up; left out: as recorded.", examples=[41.2]
    )
    wasted_mg: MgNumber = Field(description="Milligrams wasted.", examples=[11.34])
    returned_mg: MgNumber = Field(default=Decimal(0), description="Milligrams returned to stock.", examples=[0])


class AdministrationRead(ClinicRecordRead):
    """One product by one route, really given."""

    patient_id: Id = Field(description="The patient.")
    session_id: Id = Field(description="The session.")
    dose_order_id: Id | None = Field(description="The order that was active when it began.")
    drug: str = Field(description="The drug.", examples=["ketamine"])
    route: str = Field(description="The route.", examples=["intravenous"])
    state: AdministrationState = Field(description="Where it stands.", examples=["stopped"])
    placebo: bool = Field(description="Whether this was a trial's placebo in place of the drug.", examples=[False])
    product: str | None = Field(description="The product.", examples=["Ketamine 10 mg/mL, 20 mL vial"])
    lot: str | None = Field(description="Its lot.", examples=["K2291"])
    concentration_mg_per_ml: float | None = Field(description="Of the stock.", examples=[10])
    access_site: str | None = Field(description="Where the line is.", examples=["left forearm"])
    pump: str | None = Field(description="Which pump.", examples=["pump 3"])
    administered_by: str | None = Field(description="Who gave it, if not who typed it.", examples=["S. Levy"])
    started_at: UtcTime | None = Field(description="The first moment drug went in.")
    stopped_at: UtcTime | None = Field(description="When it ended; null while it may go on.")
    infusion_minutes: float | None = Field(description="Minutes with drug flowing, pauses left out.", examples=[37])
    drawn_mg: float | None = Field(description="Milligrams drawn up.", examples=[41.2])
    delivered_mg: float | None = Field(
        description="Milligrams given, reckoned from the events. Null while drug flows and where it is not known.",
        examples=[29.86],
    )
    delivered_source: DeliveredSource = Field(
        description="Whether `delivered_mg` was reckoned from events, entered, or never reported.", examples=["events"]
    )
    wasted_mg: float | None = Field(description="Milligrams wasted.", examples=[11.34])
    returned_mg: float | None = Field(description="Milligrams returned to stock.", examples=[0])
    unaccounted_mg: float | None = Field(description="Drawn less delivered, wasted and returned.", examples=[0])
    reconciled: bool = Field(description="Whether drawn = delivered + wasted + returned, exactly.", examples=[True])
    deviations: list[str] = Field(description="What is out of order about it.", examples=[["less_than_ordered"]])
    note: str | None = Field(description="Free text.", examples=["Line flushed."])
    events: list[DoseEventRead] = Field(description="The timeline, in time.")
