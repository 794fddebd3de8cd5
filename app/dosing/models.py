"""What was ordered, what was really given, and the timeline of it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.dosing.rules import TOLD_OF, VARIANTS, AdministrationState, OrderStatus
from app.kernel.tables import (
    Base,
    ClinicRecord,
    Code,
    Json,
    Kg,
    LongText,
    Mg,
    MgPerKg,
    MgPerMin,
    MgPerMl,
    Minutes,
    Ml,
    Name,
    Units,
    belongs_to,
    closed_set,
    not_negative,
)
from app.sessions.models import InSession


def _one_of(column: str, values: Sequence[str]) -> str:
    listed = ", ".join(f"'{value}'" for value in sorted(values))
    return f"{column} IN ({listed})"


def _variants() -> tuple[CheckConstraint, ...]:
    """CHECKs that hold an administration to a drug and a route it is given by, and each column to its variants."""

    def any_of(member: str | None) -> str:
        having = [variant for variant in VARIANTS if member is None or member in variant.members]
        return " OR ".join(f"(drug = '{one.drug}' AND {_one_of('route', one.routes)})" for one in having)

    members = sorted(frozenset[str]().union(*(variant.members for variant in VARIANTS)))
    return (
        CheckConstraint(any_of(None), name="variant"),
        *(CheckConstraint(f"{name} IS NULL OR {any_of(name)}", name=f"{name}_of_variant") for name in members),
    )


def _kinds() -> tuple[CheckConstraint, ...]:
    """CHECKs that hold each column of a dose event to the kinds it belongs to."""
    return tuple(
        CheckConstraint(f"{name} IS NULL OR {_one_of('kind', list(kinds))}", name=f"{name}_of_kind")
        for name, kinds in TOLD_OF.items()
        if name != "amount_mg"
    )


class DoseOrder(ClinicRecord, Base):
    """What a prescriber ordered for a session, with the weight it was reckoned from, frozen."""

    __tablename__ = "dose_order"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        belongs_to("treatment_session", "session_id"),
        closed_set("status", OrderStatus),
        *not_negative(["ordered_mg", "ordered_devices", "ordered_units", "unit_strength_mg"]),
        Index(None, "clinic_id", "session_id", "ordered_at", "id"),
        Index(None, "clinic_id", "patient_id"),
    )
    __resource__: ClassVar[str] = "dose_order"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("session", "session_id"),)

    patient_id: Mapped[UUID]
    session_id: Mapped[UUID]
    status: Mapped[Code]
    drug: Mapped[Code]
    route: Mapped[Code]
    ordered_mg: Mapped[Mg]
    ordered_mg_per_kg: Mapped[MgPerKg | None]
    ordered_devices: Mapped[int | None]
    ordered_units: Mapped[Units | None]
    unit_strength_mg: Mapped[Mg | None]
    weight_kg: Mapped[Kg | None]
    weight_measured_at: Mapped[datetime | None]
    calculated_mg: Mapped[Mg | None]
    infusion_minutes: Mapped[int | None]
    rate_mg_per_min: Mapped[MgPerMin | None]
    confirmed: Mapped[list[str]] = mapped_column(Json)
    # The weight the patient has now, while it differs so much that a prescriber has to look again.
    weight_changed: Mapped[bool]
    current_weight_kg: Mapped[Kg | None]
    reconfirmed_at: Mapped[datetime | None]
    reconfirmed_by: Mapped[UUID | None]
    reconfirmed_weight_kg: Mapped[Kg | None]
    # The session has since been moved to another patient than the one it was ordered for; so has this weight.
    ordered_for_another_patient: Mapped[bool]
    ordered_at: Mapped[datetime]
    prescriber_id: Mapped[UUID]
    note: Mapped[LongText | None]


class Administration(InSession, ClinicRecord, Base):
    """One product by one route, really given; what follows from its events, with the rule's version."""

    __tablename__ = "administration"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        belongs_to("treatment_session", "session_id"),
        belongs_to("dose_order", "dose_order_id"),
        closed_set("state", AdministrationState),
        *_variants(),
        CheckConstraint(
            "stopped_at IS NULL OR started_at IS NULL OR stopped_at >= started_at", name="stops_after_start"
        ),
        *not_negative(
            [
                "drawn_mg",
                "delivered_mg",
                "wasted_mg",
                "returned_mg",
                "estimated_loss_mg",
                "concentration_mg_per_ml",
                "bag_total_ml",
                "unit_strength_mg",
                "dispensed_units",
                "remaining_units",
            ]
        ),
        Index(None, "clinic_id", "session_id", "recorded_at", "id"),
        Index(None, "clinic_id", "patient_id", "started_at"),
        Index(None, "clinic_id", "dose_order_id"),
        Index(None, "clinic_id", "reconciled", "stopped_at", "id"),
    )
    __resource__: ClassVar[str] = "administration"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("session", "session_id"),)

    patient_id: Mapped[UUID]
    session_id: Mapped[UUID]
    dose_order_id: Mapped[UUID | None]
    drug: Mapped[Code]
    route: Mapped[Code]
    state: Mapped[Code]
    placebo: Mapped[bool]
    product: Mapped[Name | None]
    lot: Mapped[Name | None]
    expires_on: Mapped[date | None]
    ndc: Mapped[Code | None]
    concentration_mg_per_ml: Mapped[MgPerMl | None]
    access_site: Mapped[Name | None]
    catheter_gauge: Mapped[int | None]
    diluent: Mapped[Name | None]
    bag_total_ml: Mapped[Ml | None]
    infiltration: Mapped[bool | None]
    pump: Mapped[Name | None]
    form: Mapped[Code | None]
    unit_strength_mg: Mapped[Mg | None]
    hold_minutes: Mapped[int | None]
    disposition: Mapped[Code | None]
    observer_present: Mapped[bool | None]
    peer_monitor_name: Mapped[Name | None]
    dispensed_units: Mapped[Units | None]
    remaining_units: Mapped[Units | None]
    days_supply: Mapped[int | None]
    self_administered: Mapped[bool | None]
    supervised_by: Mapped[Name | None]
    administered_by: Mapped[Name | None]
    verified_by: Mapped[Name | None]
    started_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    infusion_minutes: Mapped[Minutes | None]
    drawn_mg: Mapped[Mg | None]
    drawn_ml: Mapped[Ml | None]
    delivered_mg: Mapped[Mg | None]
    delivered_source: Mapped[Code]
    projected_mg: Mapped[Mg | None]
    weight_kg: Mapped[Kg | None]
    current_weight_kg: Mapped[Kg | None]
    delivered_mg_per_kg: Mapped[MgPerKg | None]
    devices_used: Mapped[int | None]
    estimated_loss_mg: Mapped[Mg | None]
    wasted_mg: Mapped[Mg | None]
    returned_mg: Mapped[Mg | None]
    # Negative when more is accounted for than was drawn.
    unaccounted_mg: Mapped[Mg | None]
    reconciled: Mapped[bool]
    deviations: Mapped[list[str]] = mapped_column(Json)
    policy_versions: Mapped[dict[str, str]] = mapped_column(Json)
    rule_version: Mapped[int]
    note: Mapped[LongText | None]


class DoseEventRecord(InSession, ClinicRecord, Base):
    """One thing that happened to a dose at one moment."""

    __tablename__ = "dose_event"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        belongs_to("treatment_session", "session_id"),
        belongs_to("administration", "administration_id"),
        *not_negative(["rate_mg_per_min", "amount_mg", "volume_ml", "unit_count", "unit_strength_mg"]),
        *_kinds(),
        CheckConstraint("second_spray_at IS NULL OR second_spray_at >= occurred_at", name="second_spray_after_first"),
        Index(None, "clinic_id", "administration_id", "occurred_at", "ordinal"),
        Index(None, "clinic_id", "session_id", "id"),
        Index(None, "clinic_id", "patient_id"),
        Index(None, "clinic_id", "occurred_at", "id"),
    )
    __resource__: ClassVar[str] = "dose_event"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("session", "session_id"),)

    patient_id: Mapped[UUID]
    session_id: Mapped[UUID]
    administration_id: Mapped[UUID]
    kind: Mapped[Code]
    occurred_at: Mapped[datetime]
    ordinal: Mapped[int]
    rate_mg_per_min: Mapped[MgPerMin | None]
    amount_mg: Mapped[Mg | None]
    body_site: Mapped[Code | None]
    side: Mapped[Code | None]
    volume_ml: Mapped[Ml | None]
    device_number: Mapped[int | None]
    lot: Mapped[Name | None]
    expires_on: Mapped[date | None]
    nostril: Mapped[Code | None]
    second_spray_at: Mapped[datetime | None]
    second_nostril: Mapped[Code | None]
    blew_nose: Mapped[bool | None]
    leaked: Mapped[bool | None]
    unit_count: Mapped[Units | None]
    unit_strength_mg: Mapped[Mg | None]
    hold_minutes: Mapped[int | None]
    disposition: Mapped[Code | None]
    reason: Mapped[LongText | None]
    performed_by: Mapped[Name | None]
    ordered_by: Mapped[Name | None]
