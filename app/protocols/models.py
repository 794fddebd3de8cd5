"""Plans that clinics make for themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.tables import Base, ClinicRecord, Code, Json, LongText, Name


class ClinicProtocol(ClinicRecord, Base):
    """One version of a plan of the clinic's own. It never changes; a change is a further version.

    `definition` is the plan as shipped plans are written, so that one reader serves both.
    """

    __tablename__ = "clinic_protocol"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id"], ["clinic.id"]),
        UniqueConstraint("clinic_id", "code", "protocol_version"),
    )
    __resource__: ClassVar[str] = "clinic_protocol"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = ()

    code: Mapped[Code]
    protocol_version: Mapped[int]
    name: Mapped[Name]
    definition: Mapped[dict[str, Any]] = mapped_column(Json)
    reason: Mapped[LongText]
    retired_at: Mapped[datetime | None]
    retired_by: Mapped[UUID | None]
    retired_reason: Mapped[LongText | None]
