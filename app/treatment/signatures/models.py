"""Signatures of sessions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.tables import Base, ClinicRecord, Code, Json, LongText, Name, belongs_to


class Signature(ClinicRecord, Base):
    """Who signed a session or an addendum to it, when and as what; what it covers, and the digest that binds all of it.

    The signature that closes an amendment supersedes those before it; they stay.
    """

    __tablename__ = "signature"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        belongs_to("treatment_session", "session_id"),
        belongs_to("addendum", "addendum_id"),
        belongs_to("principal", "signer_id"),
        Index(None, "clinic_id", "session_id", "signed_at", "id"),
        Index(None, "clinic_id", "patient_id"),
        Index(None, "clinic_id", "addendum_id"),
        Index(None, "clinic_id", "signer_id"),
    )
    __resource__: ClassVar[str] = "signature"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("session", "session_id"),)

    patient_id: Mapped[UUID]
    session_id: Mapped[UUID]
    # The addendum it was given for; None for a signature of the session itself.
    addendum_id: Mapped[UUID | None]
    signer_id: Mapped[UUID]
    printed_name: Mapped[Name]
    roles: Mapped[list[str]] = mapped_column(Json)
    meaning: Mapped[Code]
    cosignature: Mapped[bool]
    # Who has to sign beside this one, by the policy of the moment: `none`, `any` or `prescriber`.
    cosigner: Mapped[Code]
    signed_at: Mapped[datetime]
    covers: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    digest: Mapped[Code]
    superseded_at: Mapped[datetime | None]
    superseded_reason: Mapped[LongText | None]
