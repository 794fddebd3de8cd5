"""Shapes of orders, administrations and dose events.

An administration is told in the shape of its variant, which follows from drug and route; an event in the shape of its
kind. What does not belong to a variant or a kind is no member of its shape.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self, cast

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from app.dosing.rules import (
    INFUSION,
    LOZENGES,
    VARIANTS,
    AdministrationState,
    BodySite,
    DeliveredSource,
    Disposition,
    DoseEventKind,
    DoseForm,
    OrderStatus,
    Side,
    Variant,
)
from app.kernel.confirmations import Confirmable
from app.kernel.schemas import (
    ClinicRecordRead,
    CodeText,
    Count,
    CreateSchema,
    Day,
    Flag,
    Id,
    MgNumber,
    MgPerKgNumber,
    MgPerMinNumber,
    MgPerMlNumber,
    MlNumber,
    NoteText,
    RequestSchema,
    ShortText,
    UnitsNumber,
    UtcTime,
    absent,
)
from app.sessions.rules import ROUTES_OF
from app.sessions.schemas import InSessionRead

InfusionMinutes = Annotated[Count, Field(ge=1, le=1440)]
HoldMinutes = Annotated[Count, Field(ge=0, le=240)]
CatheterGauge = Annotated[Count, Field(ge=10, le=30)]
DaysSupply = Annotated[Count, Field(ge=1, le=366)]
DeviceNumber = Annotated[Count, Field(ge=1, le=20)]
DeviceCount = Annotated[Count, Field(ge=1, le=20)]


def _example(**members: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [{"id": "0199c1f0-7d3e-7a51-9c1e-3f0a5b7e2d10", **members}]})


def _open_set(words: type[StrEnum]) -> dict[str, Any]:
    return {"x-extensible-enum": [word.value for word in words]}


def _member(told: object, name: str) -> object:
    """A member of what was sent, or of a shape that is made in code."""
    return cast("Mapping[str, object]", told).get(name) if isinstance(told, Mapping) else getattr(told, name, None)


# ── orders ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class DoseOrderCreate(CreateSchema, Confirmable):
    """An order, in one of four ways: milligrams, milligrams per kilogram of the latest weight, devices, or units.

    Devices are esketamine's; units are what is held in the mouth or swallowed; `infusion_minutes` are an infusion's.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"ordered_mg_per_kg": 0.5, "infusion_minutes": 40}]})

    ordered_mg: MgNumber | None = Field(default=None, description="Milligrams.", examples=[41.2])
    ordered_mg_per_kg: MgPerKgNumber | None = Field(
        default=None, description="Milligrams per kilogram; not for esketamine.", examples=[0.5]
    )
    ordered_devices: DeviceCount | None = Field(default=None, description="Esketamine devices of 28 mg.", examples=[2])
    ordered_units: UnitsNumber | None = Field(
        default=None, description="Lozenges, tablets or capsules; needs `unit_strength_mg`.", examples=[1.5]
    )
    unit_strength_mg: MgNumber | None = Field(default=None, description="What one unit holds.", examples=[100])
    infusion_minutes: InfusionMinutes | None = Field(
        default=None, description="Over how many minutes, intravenously.", examples=[40]
    )
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Slower if nauseous."])
    reason: NoteText | None = Field(
        default=None,
        description="Why this dose; needed where a confirmation asks for a reason.",
        examples=["Tolerated 84 mg well."],
    )

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        told = (self.ordered_mg, self.ordered_mg_per_kg, self.ordered_devices, self.ordered_units)
        if sum(one is not None for one in told) != 1:
            raise PydanticCustomError(
                "one_amount_needed", "Send one of ordered_mg, ordered_mg_per_kg, ordered_devices and ordered_units."
            )
        if (self.ordered_units is None) != (self.unit_strength_mg is None):
            raise PydanticCustomError("strength_needed", "ordered_units and unit_strength_mg come together.")
        return self


class ReconfirmDoseOrder(Confirmable):
    """The order stands for the weight the patient has now."""

    reason: NoteText | None = Field(default=None, description="Why.", examples=["Same dose; weight lost on purpose."])


class DoseOrderRead(ClinicRecordRead):
    """What a prescriber ordered, with the weight it was reckoned from."""

    patient_id: Id = Field(description="The patient.")
    session_id: Id = Field(description="The session.")
    status: OrderStatus = Field(description="A newer order supersedes this one.", examples=["active"])
    drug: str = Field(description="The drug.", examples=["ketamine"])
    route: str = Field(description="The route.", examples=["intravenous"])
    ordered_mg: float = Field(description="Milligrams.", examples=[41.2])
    ordered_mg_per_kg: float | None = Field(description="Milligrams per kilogram.", examples=[0.5])
    ordered_devices: int | None = Field(description="Esketamine devices.", examples=[2])
    ordered_units: float | None = Field(description="Lozenges, tablets or capsules.", examples=[1.5])
    unit_strength_mg: float | None = Field(description="What one unit holds.", examples=[100])
    weight_kg: float | None = Field(description="The weight at the time of the order; it stays.", examples=[82.4])
    weight_measured_at: UtcTime | None = Field(description="When that weight was measured.")
    calculated_mg: float | None = Field(description="Milligrams per kilogram times weight.", examples=[41.2])
    infusion_minutes: int | None = Field(description="Over how many minutes.", examples=[40])
    rate_mg_per_min: float | None = Field(description="The rate that follows.", examples=[1.03])
    confirmed: list[str] = Field(description="Limits the prescriber went beyond knowingly.", examples=[[]])
    weight_changed: bool = Field(
        description="Whether the patient's weight has since changed by the clinic's `reconfirm_weight_fraction` or "
        "more: a prescriber confirms the order, or orders anew.",
        examples=[False],
    )
    current_weight_kg: float | None = Field(
        description="While it has: the weight now, to look at beside `weight_kg`.", examples=[76.9]
    )
    reconfirmed_at: UtcTime | None = Field(description="When a prescriber last confirmed it for another weight.")
    reconfirmed_by: Id | None = Field(description="Who did.")
    reconfirmed_weight_kg: float | None = Field(description="For which weight.", examples=[76.9])
    ordered_for_another_patient: bool = Field(
        description="Its session was moved to another patient since: what it says, and its weight, was meant for "
        "somebody else. It counts no more as an order.",
        examples=[False],
    )
    ordered_at: UtcTime = Field(description="When it was ordered.")
    prescriber_id: Id = Field(description="Who ordered it.")
    note: str | None = Field(description="Free text.", examples=["Slower if nauseous."])


# ── dose events ──────────────────────────────────────────────────────────────────────────────────────────────────────


class DoseEventCreate(CreateSchema):
    """One thing that happened to a dose at one moment. Send an own id or an Idempotency-Key: a dose counts once."""

    occurred_at: UtcTime = Field(description="When it happened, not when it is typed in.")
    reason: NoteText | None = Field(default=None, description="Why.", examples=["Patient felt nauseous."])
    performed_by: ShortText | None = Field(
        default=None, description="Who did it, if not who typed it.", examples=["S. Levy"]
    )
    ordered_by: ShortText | None = Field(
        default=None,
        description="At whose word, where it departs from the order: a prescriber, or a standing order by its name.",
        examples=["Dr. Osei, by telephone"],
    )


class FlowBegins(DoseEventCreate):
    """Drug begins to flow, or flows at another rate from now on."""

    model_config = _example(kind="start", occurred_at="2026-03-02T14:05:00Z", rate_mg_per_min=1.03)

    kind: Literal["start", "rate_change"] = Field(description="What happened.", examples=["start"])
    rate_mg_per_min: MgPerMinNumber = Field(description="The rate from here on.", examples=[1.03])


class FlowResumes(DoseEventCreate):
    """Drug flows again after a pause."""

    model_config = _example(kind="resume", occurred_at="2026-03-02T14:20:00Z", rate_mg_per_min=0.7)

    kind: Literal["resume"] = Field(description="What happened.", examples=["resume"])
    rate_mg_per_min: MgPerMinNumber | None = Field(
        default=None, description="The rate from here on; left out: as before.", examples=[0.7]
    )


class FlowRests(DoseEventCreate):
    """Drug flows no more, for now or for good."""

    model_config = _example(kind="stop", occurred_at="2026-03-02T14:45:00Z")

    kind: Literal["pause", "stop"] = Field(description="What happened.", examples=["stop"])


class Bolus(DoseEventCreate):
    """An amount given at once into a line."""

    model_config = _example(kind="bolus", occurred_at="2026-03-02T14:05:00Z", amount_mg=5)

    kind: Literal["bolus"] = Field(description="What happened.", examples=["bolus"])
    amount_mg: MgNumber = Field(description="Milligrams.", examples=[5])


class Injection(DoseEventCreate):
    """One injection into muscle or under the skin."""

    model_config = _example(
        kind="injection",
        occurred_at="2026-03-02T14:05:00Z",
        amount_mg=35,
        volume_ml=0.7,
        body_site="deltoid",
        side="left",
    )

    kind: Literal["injection"] = Field(description="What happened.", examples=["injection"])
    amount_mg: MgNumber = Field(description="Milligrams.", examples=[35])
    volume_ml: MlNumber | None = Field(default=None, description="Millilitres.", examples=[0.7])
    body_site: BodySite | None = Field(default=None, description="Where.", examples=["deltoid"])
    side: Side | None = Field(default=None, description="The patient's left or right.", examples=["left"])


class Spray(DoseEventCreate):
    """One spray of racemic ketamine into a nostril."""

    model_config = _example(kind="spray", occurred_at="2026-03-02T14:05:00Z", amount_mg=10, nostril="left")

    kind: Literal["spray"] = Field(description="What happened.", examples=["spray"])
    amount_mg: MgNumber = Field(description="Milligrams.", examples=[10])
    nostril: Side | None = Field(default=None, description="Which nostril.", examples=["left"])


class Device(DoseEventCreate):
    """One esketamine device: 28 mg in two sprays, the first at `occurred_at`."""

    model_config = _example(
        kind="device",
        occurred_at="2026-03-02T14:05:00Z",
        device_number=1,
        nostril="left",
        second_spray_at="2026-03-02T14:05:20Z",
        second_nostril="right",
        lot="23KS118",
    )

    kind: Literal["device"] = Field(description="What happened.", examples=["device"])
    device_number: DeviceNumber | None = Field(default=None, description="Counts from 1.", examples=[1])
    lot: ShortText | None = Field(default=None, description="Its lot.", examples=["23KS118"])
    expires_on: Day | None = Field(default=None, description="Its last day.")
    nostril: Side | None = Field(default=None, description="The nostril of the first spray.", examples=["left"])
    second_spray_at: UtcTime | None = Field(default=None, description="When the second spray was given.")
    second_nostril: Side | None = Field(
        default=None, description="The nostril of the second spray.", examples=["right"]
    )
    blew_nose: Flag | None = Field(
        default=None, description="Whether the patient blew the nose afterwards.", examples=[False]
    )
    leaked: Flag | None = Field(default=None, description="Whether drug dripped out.", examples=[False])


class Lozenge(DoseEventCreate):
    """Something held in the mouth or swallowed: so many units of a strength, or milligrams."""

    model_config = _example(
        kind="lozenge",
        occurred_at="2026-03-02T14:05:00Z",
        unit_count=1,
        unit_strength_mg=100,
        hold_minutes=10,
        disposition="spit",
    )

    kind: Literal["lozenge"] = Field(description="What happened.", examples=["lozenge"])
    amount_mg: MgNumber | None = Field(
        default=None, description="Milligrams, where they are not told in units.", examples=[100]
    )
    unit_count: UnitsNumber | None = Field(default=None, description="How many units.", examples=[1])
    unit_strength_mg: MgNumber | None = Field(
        default=None, description="What one holds; left out: as the administration says.", examples=[100]
    )
    hold_minutes: HoldMinutes | None = Field(
        default=None, description="How long it was held; left out: as the administration says.", examples=[10]
    )
    disposition: Disposition | None = Field(
        default=None,
        description="What happened to the rest; left out: as the administration says.",
        examples=["spit"],
    )

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        if (self.amount_mg is None) == (self.unit_count is None):
            raise PydanticCustomError("one_amount_needed", "Send either unit_count or amount_mg.")
        return self


class LossEstimated(DoseEventCreate):
    """Some of what was given was vomited or spat out too early. It was given all the same, so it is counted apart."""

    model_config = _example(kind="loss_estimated", occurred_at="2026-03-02T14:15:00Z", amount_mg=50, reason="Vomited.")

    kind: Literal["loss_estimated"] = Field(description="What happened.", examples=["loss_estimated"])
    amount_mg: MgNumber = Field(description="About how many milligrams.", examples=[50])


# The tags are no members of a body; "kind:" keeps them out of the pointers of faults.
_TAGS_OF_KINDS: Final[Mapping[str, str]] = {
    DoseEventKind.START: "kind:begins",
    DoseEventKind.RATE_CHANGE: "kind:begins",
    DoseEventKind.RESUME: "kind:resumes",
    DoseEventKind.PAUSE: "kind:rests",
    DoseEventKind.STOP: "kind:rests",
    **{kind: f"kind:{kind}" for kind in DoseEventKind if kind not in INFUSION.kinds},
    DoseEventKind.BOLUS: "kind:bolus",
}


def _tag_of_event(told: object) -> str | None:
    kind = _member(told, "kind")
    return _TAGS_OF_KINDS.get(kind) if isinstance(kind, str) else None


def _by_kind(*kinds: DoseEventKind) -> Discriminator:
    return Discriminator(
        _tag_of_event,
        custom_error_type="not_in_set",
        custom_error_message=f"Must be one of {', '.join(kinds)}.",
        custom_error_context={"member": "kind"},
    )


def _kinds_of(variant: Variant) -> list[DoseEventKind]:
    return [kind for kind in DoseEventKind if kind in variant.kinds]


InfusionEvent = Annotated[
    Annotated[FlowBegins, Tag("kind:begins")]
    | Annotated[FlowResumes, Tag("kind:resumes")]
    | Annotated[FlowRests, Tag("kind:rests")]
    | Annotated[Bolus, Tag("kind:bolus")],
    _by_kind(*_kinds_of(INFUSION)),
]
MouthEvent = Annotated[
    Annotated[Lozenge, Tag("kind:lozenge")] | Annotated[LossEstimated, Tag("kind:loss_estimated")],
    _by_kind(*_kinds_of(LOZENGES)),
]
AnyDoseEvent = Annotated[
    Annotated[FlowBegins, Tag("kind:begins")]
    | Annotated[FlowResumes, Tag("kind:resumes")]
    | Annotated[FlowRests, Tag("kind:rests")]
    | Annotated[Bolus, Tag("kind:bolus")]
    | Annotated[Injection, Tag("kind:injection")]
    | Annotated[Spray, Tag("kind:spray")]
    | Annotated[Device, Tag("kind:device")]
    | Annotated[Lozenge, Tag("kind:lozenge")]
    | Annotated[LossEstimated, Tag("kind:loss_estimated")],
    _by_kind(*DoseEventKind),
]


class DoseEventUpdate(RequestSchema):
    """A correction of a dose event; its kind stays, and only members of its kind can be told."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"performed_by": "S. Levy"}]})

    occurred_at: UtcTime = absent("When it happened.")
    rate_mg_per_min: MgPerMinNumber | None = Field(default=None, description="The rate.", examples=[1.03])
    amount_mg: MgNumber | None = Field(
        default=None, description="The amount; a device holds what it holds.", examples=[5]
    )
    body_site: BodySite | None = Field(default=None, description="Where it was injected.", examples=["deltoid"])
    side: Side | None = Field(default=None, description="The patient's left or right.", examples=["left"])
    volume_ml: MlNumber | None = Field(default=None, description="Millilitres injected.", examples=[0.7])
    nostril: Side | None = Field(default=None, description="The nostril of the first spray.", examples=["left"])
    device_number: DeviceNumber | None = Field(default=None, description="Counts from 1.", examples=[1])
    lot: ShortText | None = Field(default=None, description="The device's lot.", examples=["23KS118"])
    expires_on: Day | None = Field(default=None, description="The device's last day.")
    second_spray_at: UtcTime | None = Field(default=None, description="When the second spray was given.")
    second_nostril: Side | None = Field(
        default=None, description="The nostril of the second spray.", examples=["right"]
    )
    blew_nose: Flag | None = Field(default=None, description="Whether the patient blew the nose.", examples=[False])
    leaked: Flag | None = Field(default=None, description="Whether drug dripped out.", examples=[False])
    unit_count: UnitsNumber | None = Field(default=None, description="How many units.", examples=[1])
    unit_strength_mg: MgNumber | None = Field(default=None, description="What one unit holds.", examples=[100])
    hold_minutes: HoldMinutes | None = Field(default=None, description="How long it was held.", examples=[10])
    disposition: Disposition | None = Field(default=None, description="What happened to the rest.", examples=["spit"])
    reason: NoteText | None = Field(default=None, description="Why.", examples=["Patient felt nauseous."])
    performed_by: ShortText | None = Field(default=None, description="Who did it.", examples=["S. Levy"])
    ordered_by: ShortText | None = Field(default=None, description="At whose word.", examples=["Dr. Osei"])


class DoseEventRead(InSessionRead, ClinicRecordRead):
    """One thing that happened to a dose."""

    patient_id: Id = Field(description="The patient.")
    session_id: Id = Field(description="The session.")
    administration_id: Id = Field(description="The administration.")
    kind: DoseEventKind = Field(description="What happened.", examples=["start"])
    occurred_at: UtcTime = Field(description="When it happened.")
    ordinal: int = Field(description="Order among events of one instant.", examples=[1])
    rate_mg_per_min: float | None = Field(description="The rate from here on.", examples=[1.03])
    amount_mg: float | None = Field(
        description="Milligrams given at once; of a `loss_estimated`, lost of them.", examples=[5]
    )
    body_site: str | None = Field(
        description="Where it was injected.", examples=["deltoid"], json_schema_extra=_open_set(BodySite)
    )
    side: str | None = Field(description="The patient's left or right.", examples=["left"])
    volume_ml: float | None = Field(description="Millilitres injected.", examples=[0.7])
    device_number: int | None = Field(description="Which device; counts from 1.", examples=[1])
    lot: str | None = Field(description="The device's lot.", examples=["23KS118"])
    expires_on: Day | None = Field(description="The device's last day.")
    nostril: str | None = Field(description="The nostril of the first spray.", examples=["left"])
    second_spray_at: UtcTime | None = Field(description="When a device's second spray was given.")
    second_nostril: str | None = Field(description="The nostril of the second spray.", examples=["right"])
    blew_nose: bool | None = Field(description="Whether the patient blew the nose afterwards.", examples=[False])
    leaked: bool | None = Field(description="Whether drug dripped out.", examples=[False])
    unit_count: float | None = Field(description="How many units were taken.", examples=[1])
    unit_strength_mg: float | None = Field(description="What one unit holds.", examples=[100])
    hold_minutes: int | None = Field(description="How long it was held.", examples=[10])
    disposition: str | None = Field(
        description="What happened to what was held.", examples=["spit"], json_schema_extra=_open_set(Disposition)
    )
    reason: str | None = Field(description="Why.", examples=["Patient felt nauseous."])
    performed_by: str | None = Field(description="Who did it, if not who typed it.", examples=["S. Levy"])
    ordered_by: str | None = Field(
        description="At whose word, where it departs from the order.", examples=["Dr. Osei, by telephone"]
    )


# ── administrations ──────────────────────────────────────────────────────────────────────────────────────────────────


class AdministrationCreate(CreateSchema):
    """One product by one route, really given: what can be told of all of them.

    Tell its timeline in `events`. Where nobody kept one, give start and stop, and `delivered_mg` if it is known.
    """

    placebo: Flag = Field(
        default=False, description="Whether this was a trial's placebo in place of the drug.", examples=[False]
    )
    product: ShortText | None = Field(
        default=None, description="The product.", examples=["Ketamine 10 mg/mL, 20 mL vial"]
    )
    lot: ShortText | None = Field(default=None, description="Its lot.", examples=["K2291"])
    expires_on: Day | None = Field(default=None, description="Its last day.")
    ndc: CodeText | None = Field(default=None, description="Its National Drug Code.", examples=["50458-028-02"])
    administered_by: ShortText | None = Field(
        default=None, description="Who gave it, if not who typed it.", examples=["S. Levy"]
    )
    verified_by: ShortText | None = Field(default=None, description="Who checked it.", examples=["D. Okafor"])
    drawn_mg: MgNumber | None = Field(
        default=None, description="Milligrams drawn up or taken from stock.", examples=[41.2]
    )
    wasted_mg: MgNumber | None = Field(default=None, description="Milligrams wasted.", examples=[11.34])
    returned_mg: MgNumber | None = Field(default=None, description="Milligrams returned to stock.", examples=[0])
    started_at: UtcTime | None = Field(default=None, description="Start, where no events are told.")
    stopped_at: UtcTime | None = Field(default=None, description="Stop, where no events are told.")
    delivered_mg: MgNumber | None = Field(
        default=None, description="Milligrams given, where no events are told.", examples=[29.86]
    )
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Line flushed."])

    @model_validator(mode="after")
    def _one_story(self) -> Self:
        told = self.started_at is not None or self.stopped_at is not None or self.delivered_mg is not None
        if getattr(self, "events", ()) and told:
            raise PydanticCustomError("one_story", "Tell the timeline in events, or its totals; not both.")
        if self.delivered_mg is not None and self.started_at is None:
            raise PydanticCustomError("start_needed", "delivered_mg needs started_at.")
        if self.stopped_at is not None and (self.started_at is None or self.stopped_at < self.started_at):
            raise PydanticCustomError("end_before_start", "Ends before it starts, or has no start.")
        return self


class IntravenousAdministration(AdministrationCreate):
    """Racemic ketamine into a vein, usually by a pump."""

    model_config = _example(
        drug="ketamine",
        route="intravenous",
        drawn_mg=41.2,
        concentration_mg_per_ml=10,
        access_site="left forearm",
        events=[{"kind": "start", "occurred_at": "2026-03-02T14:05:00Z", "rate_mg_per_min": 1.03}],
    )

    drug: Literal["ketamine"] = Field(description="The drug.", examples=["ketamine"])
    route: Literal["intravenous"] = Field(description="The route.", examples=["intravenous"])
    concentration_mg_per_ml: MgPerMlNumber | None = Field(default=None, description="Of the stock.", examples=[10])
    access_site: ShortText | None = Field(default=None, description="Where the line is.", examples=["left forearm"])
    catheter_gauge: CatheterGauge | None = Field(default=None, description="Gauge of the catheter.", examples=[22])
    diluent: ShortText | None = Field(
        default=None, description="What it is diluted in.", examples=["sodium chloride 0.9 %"]
    )
    bag_total_ml: MlNumber | None = Field(
        default=None, description="Millilitres in the bag, drug included.", examples=[100]
    )
    infiltration: Flag | None = Field(default=None, description="Whether the line infiltrated.", examples=[False])
    pump: ShortText | None = Field(default=None, description="Which pump.", examples=["pump 3"])
    events: Annotated[list[InfusionEvent], Field(max_length=200)] = Field(default=[], description="The timeline.")


class InjectedAdministration(AdministrationCreate):
    """Racemic ketamine into muscle or under the skin."""

    model_config = _example(
        drug="ketamine",
        route="intramuscular",
        drawn_mg=35,
        concentration_mg_per_ml=50,
        events=[
            {
                "kind": "injection",
                "occurred_at": "2026-03-02T14:05:00Z",
                "amount_mg": 35,
                "volume_ml": 0.7,
                "body_site": "deltoid",
                "side": "left",
            }
        ],
    )

    drug: Literal["ketamine"] = Field(description="The drug.", examples=["ketamine"])
    route: Literal["intramuscular", "subcutaneous"] = Field(description="The route.", examples=["intramuscular"])
    concentration_mg_per_ml: MgPerMlNumber | None = Field(default=None, description="Of the stock.", examples=[50])
    events: Annotated[list[Injection], Field(max_length=200)] = Field(default=[], description="The injections.")


class MouthAdministration(AdministrationCreate):
    """Racemic ketamine under the tongue or swallowed, in the clinic or at home.

    What a lozenge among the events leaves open (strength, holding time, what became of the rest) is taken from here.
    """

    model_config = _example(
        drug="ketamine",
        route="sublingual",
        form="troche",
        unit_strength_mg=100,
        hold_minutes=10,
        disposition="spit",
        drawn_mg=100,
        events=[{"kind": "lozenge", "occurred_at": "2026-03-02T14:05:00Z", "unit_count": 1}],
    )

    drug: Literal["ketamine"] = Field(description="The drug.", examples=["ketamine"])
    route: Literal["sublingual", "oral"] = Field(description="The route.", examples=["sublingual"])
    form: DoseForm | None = Field(default=None, description="What it is.", examples=["troche"])
    unit_strength_mg: MgNumber | None = Field(default=None, description="What one unit holds.", examples=[100])
    hold_minutes: HoldMinutes | None = Field(default=None, description="How long it is held.", examples=[10])
    disposition: Disposition | None = Field(
        default=None, description="What happens to what was held.", examples=["spit"]
    )
    observer_present: Flag | None = Field(
        default=None, description="Whether somebody watched, such as at home.", examples=[True]
    )
    peer_monitor_name: ShortText | None = Field(
        default=None, description="Who stays with the patient at home.", examples=["R. Rivera"]
    )
    dispensed_units: UnitsNumber | None = Field(default=None, description="Units handed out.", examples=[6])
    remaining_units: UnitsNumber | None = Field(default=None, description="Units left, counted now.", examples=[5])
    days_supply: DaysSupply | None = Field(default=None, description="For how many days they are.", examples=[28])
    events: Annotated[list[MouthEvent], Field(max_length=200)] = Field(default=[], description="What was taken.")


class SprayAdministration(AdministrationCreate):
    """Racemic ketamine sprayed into the nose."""

    model_config = _example(
        drug="ketamine",
        route="intranasal",
        drawn_mg=20,
        concentration_mg_per_ml=100,
        events=[
            {"kind": "spray", "occurred_at": "2026-03-02T14:05:00Z", "amount_mg": 10, "nostril": "left"},
            {"kind": "spray", "occurred_at": "2026-03-02T14:06:00Z", "amount_mg": 10, "nostril": "right"},
        ],
    )

    drug: Literal["ketamine"] = Field(description="The drug.", examples=["ketamine"])
    route: Literal["intranasal"] = Field(description="The route.", examples=["intranasal"])
    concentration_mg_per_ml: MgPerMlNumber | None = Field(default=None, description="Of the spray.", examples=[100])
    events: Annotated[list[Spray], Field(max_length=200)] = Field(default=[], description="The sprays.")


class DeviceAdministration(AdministrationCreate):
    """Esketamine by single-use nasal devices of 28 mg. Amounts are whole devices; each one used is an event."""

    model_config = _example(
        drug="esketamine",
        route="intranasal",
        drawn_mg=56,
        self_administered=True,
        supervised_by="S. Levy",
        events=[
            {
                "kind": "device",
                "device_number": number,
                "occurred_at": f"2026-03-02T14:{minute}:00Z",
                "nostril": "left",
                "second_spray_at": f"2026-03-02T14:{minute}:20Z",
                "second_nostril": "right",
                "lot": "23KS118",
            }
            for number, minute in ((1, "05"), (2, "11"))
        ],
    )

    drug: Literal["esketamine"] = Field(description="The drug.", examples=["esketamine"])
    route: Literal["intranasal"] = Field(description="The route.", examples=["intranasal"])
    self_administered: Flag | None = Field(
        default=None, description="Whether the patient used the devices, supervised.", examples=[True]
    )
    supervised_by: ShortText | None = Field(default=None, description="Who supervised.", examples=["S. Levy"])
    events: Annotated[list[Device], Field(max_length=200)] = Field(default=[], description="The devices.")


def _tag_of_administration(told: object) -> str | None:
    drug, route = _member(told, "drug"), _member(told, "route")
    for variant in VARIANTS:
        if variant.drug == drug and route in variant.routes:
            return f"kind:{variant.name}"
    return None


_WAYS: Final = "; ".join(f"{drug}: {', '.join(sorted(routes))}" for drug, routes in ROUTES_OF.items())

AnyAdministration = Annotated[
    Annotated[IntravenousAdministration, Tag("kind:infusion")]
    | Annotated[InjectedAdministration, Tag("kind:injections")]
    | Annotated[MouthAdministration, Tag("kind:lozenges")]
    | Annotated[SprayAdministration, Tag("kind:sprays")]
    | Annotated[DeviceAdministration, Tag("kind:devices")],
    Discriminator(
        _tag_of_administration,
        custom_error_type="not_given_this_way",
        custom_error_message=f"Must be a drug with a route it is given by. {_WAYS}.",
        custom_error_context={"member": "route"},
    ),
]


class AdministrationUpdate(RequestSchema):
    """A correction of an administration; only members of its variant can be told.

    Start, stop and amount are told here where no events are; events are corrected one by one.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"lot": "K2291"}]})

    product: ShortText | None = Field(
        default=None, description="The product.", examples=["Ketamine 10 mg/mL, 20 mL vial"]
    )
    lot: ShortText | None = Field(default=None, description="Its lot.", examples=["K2291"])
    expires_on: Day | None = Field(default=None, description="Its last day.")
    ndc: CodeText | None = Field(default=None, description="Its National Drug Code.", examples=["50458-028-02"])
    concentration_mg_per_ml: MgPerMlNumber | None = Field(default=None, description="Of the stock.", examples=[10])
    access_site: ShortText | None = Field(default=None, description="Where the line is.", examples=["left forearm"])
    catheter_gauge: CatheterGauge | None = Field(default=None, description="Gauge of the catheter.", examples=[22])
    diluent: ShortText | None = Field(
        default=None, description="What it is diluted in.", examples=["sodium chloride 0.9 %"]
    )
    bag_total_ml: MlNumber | None = Field(
        default=None, description="Millilitres in the bag, drug included.", examples=[100]
    )
    infiltration: Flag | None = Field(default=None, description="Whether the line infiltrated.", examples=[False])
    pump: ShortText | None = Field(default=None, description="Which pump.", examples=["pump 3"])
    form: DoseForm | None = Field(default=None, description="What was taken.", examples=["troche"])
    unit_strength_mg: MgNumber | None = Field(default=None, description="What one unit holds.", examples=[100])
    hold_minutes: HoldMinutes | None = Field(default=None, description="How long it is held.", examples=[10])
    disposition: Disposition | None = Field(
        default=None, description="What happens to what was held.", examples=["spit"]
    )
    observer_present: Flag | None = Field(default=None, description="Whether somebody watched.", examples=[True])
    peer_monitor_name: ShortText | None = Field(
        default=None, description="Who stays with the patient at home.", examples=["R. Rivera"]
    )
    dispensed_units: UnitsNumber | None = Field(default=None, description="Units handed out.", examples=[6])
    remaining_units: UnitsNumber | None = Field(default=None, description="Units left, counted now.", examples=[5])
    days_supply: DaysSupply | None = Field(default=None, description="For how many days they are.", examples=[28])
    self_administered: Flag | None = Field(
        default=None, description="Whether the patient used the devices, supervised.", examples=[True]
    )
    supervised_by: ShortText | None = Field(default=None, description="Who supervised.", examples=["S. Levy"])
    administered_by: ShortText | None = Field(default=None, description="Who gave it.", examples=["S. Levy"])
    verified_by: ShortText | None = Field(default=None, description="Who checked it.", examples=["D. Okafor"])
    started_at: UtcTime = absent("Start, where no events are told.")
    stopped_at: UtcTime | None = Field(default=None, description="Stop, where no events are told.")
    delivered_mg: MgNumber | None = Field(
        default=None, description="Milligrams given, where no events are told.", examples=[29.86]
    )
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


class AdministrationRead(InSessionRead, ClinicRecordRead):
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
    expires_on: Day | None = Field(description="Its last day.")
    ndc: str | None = Field(description="Its National Drug Code.", examples=["50458-028-02"])
    concentration_mg_per_ml: float | None = Field(description="Of the stock.", examples=[10])
    access_site: str | None = Field(description="Intravenous: where the line is.", examples=["left forearm"])
    catheter_gauge: int | None = Field(description="Intravenous: gauge of the catheter.", examples=[22])
    diluent: str | None = Field(description="Intravenous: what it is diluted in.", examples=["sodium chloride 0.9 %"])
    bag_total_ml: float | None = Field(description="Intravenous: millilitres in the bag.", examples=[100])
    infiltration: bool | None = Field(description="Intravenous: whether the line infiltrated.", examples=[False])
    pump: str | None = Field(description="Intravenous: which pump.", examples=["pump 3"])
    form: str | None = Field(
        description="By mouth: what it is.", examples=["troche"], json_schema_extra=_open_set(DoseForm)
    )
    unit_strength_mg: float | None = Field(description="By mouth: what one unit holds.", examples=[100])
    hold_minutes: int | None = Field(description="By mouth: how long it is held.", examples=[10])
    disposition: str | None = Field(
        description="By mouth: what happens to what was held.",
        examples=["spit"],
        json_schema_extra=_open_set(Disposition),
    )
    observer_present: bool | None = Field(description="By mouth: whether somebody watched.", examples=[True])
    peer_monitor_name: str | None = Field(
        description="By mouth: who stays with the patient at home.", examples=["R. Rivera"]
    )
    dispensed_units: float | None = Field(description="By mouth: units handed out.", examples=[6])
    remaining_units: float | None = Field(description="By mouth: units left when they were counted.", examples=[5])
    days_supply: int | None = Field(description="By mouth: for how many days they are.", examples=[28])
    self_administered: bool | None = Field(
        description="Devices: whether the patient used them, supervised.", examples=[True]
    )
    supervised_by: str | None = Field(description="Devices: who supervised.", examples=["S. Levy"])
    administered_by: str | None = Field(description="Who gave it, if not who typed it.", examples=["S. Levy"])
    verified_by: str | None = Field(description="Who checked it.", examples=["D. Okafor"])
    started_at: UtcTime | None = Field(description="The first moment drug went in.")
    stopped_at: UtcTime | None = Field(description="When it ended; null while it may go on.")
    infusion_minutes: float | None = Field(description="Minutes with drug flowing, pauses left out.", examples=[37])
    drawn_mg: float | None = Field(description="Milligrams drawn up or taken from stock.", examples=[41.2])
    drawn_ml: float | None = Field(
        description="Millilitres that is, where the concentration is known.", examples=[4.12]
    )
    delivered_mg: float | None = Field(
        description="Milligrams given, reckoned from the events. Null while drug flows and where it is not known.",
        examples=[29.86],
    )
    delivered_source: DeliveredSource = Field(
        description="Whether `delivered_mg` was reckoned from events, entered, or never reported.", examples=["events"]
    )
    projected_mg: float | None = Field(
        description="While drug flows or waits to: what it comes to at the present rate, for the minutes the order "
        "says. Null without such an order, and once it has ended.",
        examples=[41.2],
    )
    weight_kg: float | None = Field(
        description="The order's weight, which stays; without one, the last measured by the start.", examples=[82.4]
    )
    current_weight_kg: float | None = Field(
        description="The last weight measured by the start, beside the order's.", examples=[82.4]
    )
    delivered_mg_per_kg: float | None = Field(description="Milligrams given by that weight.", examples=[0.3624])
    devices_used: int | None = Field(description="Devices: how many; 28 mg each.", examples=[2])
    estimated_loss_mg: float | None = Field(
        description="By mouth: estimated to be vomited or spat out; part of `delivered_mg`.", examples=[50]
    )
    wasted_mg: float | None = Field(description="Milligrams wasted.", examples=[11.34])
    returned_mg: float | None = Field(description="Milligrams returned to stock.", examples=[0])
    unaccounted_mg: float | None = Field(description="Drawn less delivered, wasted and returned.", examples=[0])
    reconciled: bool = Field(description="Whether drawn = delivered + wasted + returned, exactly.", examples=[True])
    deviations: list[str] = Field(description="What is out of order about it.", examples=[["less_than_ordered"]])
    policy_versions: dict[str, str] = Field(
        description="By which version of a policy or a limit each deviation was judged; those that rest on none are "
        "left out.",
        examples=[{"less_than_ordered": "POLICIES@1"}],
    )
    note: str | None = Field(description="Free text.", examples=["Line flushed."])
    events: list[DoseEventRead] = Field(description="The timeline, in time.")
