"""What a clinic sets for itself, and for one of its patients."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.tables import Base, ClinicRecord, Code, Json, LongText, belongs_to


class _Own(ClinicRecord):
    """A value from an instant on. It never changes; another value is another row, and null puts the default back."""

    code: Mapped[Code]
    value: Mapped[Any] = mapped_column(Json, nullable=True)
    effective_at: Mapped[datetime]
    reason: Mapped[LongText]
    source: Mapped[LongText | None]


class PolicySetting(_Own, Base):
    """A value of the clinic's own."""

    __tablename__ = "policy_setting"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id"], ["clinic.id"]),
        Index(None, "clinic_id", "code", "effective_at"),
        Index(None, "clinic_id", "effective_at", "id"),
    )
    __resource__: ClassVar[str] = "policy_setting"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = ()


class PatientLimit(_Own, Base):
    """A limit of one patient's own. It is a table of its own, because whoever may read policies may not read patients.

    Patients lie above policies: `patients.limits` records these, and this area only resolves them.
    """

    __tablename__ = "patient_limit"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        Index(None, "clinic_id", "patient_id", "code", "effective_at"),
    )
    __resource__: ClassVar[str] = "patient_limit"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("patient", "patient_id"),)

    patient_id: Mapped[UUID]
