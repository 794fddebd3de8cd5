"""What was ordered, what was really given, and the timeline of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.dosing.rules import AdministrationState, OrderStatus
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
    Name,
    belongs_to,
    closed_set,
    not_negative,
)


class DoseOrder(ClinicRecord, Base):
    """What a prescriber ordered for a session, with the weight it was reckoned from, frozen."""

    __tablename__ = "dose_order"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        belongs_to("treatment_session", "session_id"),
        closed_set("status", OrderStatus),
        *not_negative(["ordered_mg"]),
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
    weight_kg: Mapped[Kg | None]
    weight_measured_at: Mapped[datetime | None]
    calculated_mg: Mapped[Mg | None]
    infusion_minutes: Mapped[int | None]
    rate_mg_per_min: Mapped[MgPerMin | None]
    confirmed: Mapped[list[str]] = mapped_column(Json)
    ordered_at: Mapped[datetime]
    prescriber_id: Mapped[UUID]
    note: Mapped[LongText | None]


class Administration(ClinicRecord, Base):
    """One product by one route, really given; what follows from its events, with the rule's version."""

    __tablename__ = "administration"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        belongs_to("treatment_session", "session_id"),
        belongs_to("dose_order", "dose_order_id"),
        closed_set("state", AdministrationState),
        CheckConstraint("route = 'intravenous' AND drug = 'ketamine'", name="variant"),
        CheckConstraint(
            "stopped_at IS NULL OR started_at IS NULL OR stopped_at >= started_at", name="stops_after_start"
        ),
        *not_negative(["drawn_mg", "delivered_mg", "wasted_mg", "returned_mg", "concentration_mg_per_ml"]),
        Index(None, "clinic_id", "session_id", "recorded_at", "id"),
        Index(None, "clinic_id", "patient_id", "started_at"),
        Index(None, "clinic_id", "dose_order_id"),
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
    concentration_mg_per_ml: Mapped[MgPerMl | None]
    access_site: Mapped[Name | None]
    pump: Mapped[Name | None]
    administered_by: Mapped[Name | None]
    started_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    infusion_minutes: Mapped[Minutes | None]
    drawn_mg: Mapped[Mg | None]
    delivered_mg: Mapped[Mg | None]
    delivered_source: Mapped[Code]
    wasted_mg: Mapped[Mg | None]
    returned_mg: Mapped[Mg | None]
    # Negative when more is accounted for than was drawn.
    unaccounted_mg: Mapped[Mg | None]
    reconciled: Mapped[bool]
    deviations: Mapped[list[str]] = mapped_column(Json)
    rule_version: Mapped[int]
    note: Mapped[LongText | None]


class DoseEventRecord(ClinicRecord, Base):
    """One thing that happened to a dose at one moment."""

    __tablename__ = "dose_event"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        belongs_to("treatment_session", "session_id"),
        belongs_to("administration", "administration_id"),
        *not_negative(["rate_mg_per_min", "amount_mg"]),
        Index(None, "clinic_id", "administration_id", "occurred_at", "ordinal"),
        Index(None, "clinic_id", "session_id", "id"),
        Index(None, "clinic_id", "patient_id"),
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
    reason: Mapped[LongText | None]
    performed_by: Mapped[Name | None]
