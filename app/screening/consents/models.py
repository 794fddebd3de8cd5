"""Signed documents."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from app.kernel.tables import Base, ClinicRecord, Code, LongText, Name, belongs_to


class Consent(ClinicRecord, Base):
    """One version of a document that a patient, or somebody for them, signed.

    `signed_on` is a day on the clinic's wall, also where the time is known.
    """

    __tablename__ = "consent"
    __table_args__ = (
        belongs_to("patient", "patient_id"),
        CheckConstraint("expires_on >= signed_on", name="expires_after_signing"),
        Index(None, "clinic_id", "signed_on", "id"),
        Index(None, "clinic_id", "patient_id", "signed_on"),
        Index(None, "clinic_id", "expires_on", "id"),
    )
    __resource__: ClassVar[str] = "consent"
    __roots__: ClassVar[Sequence[tuple[str, str]]] = (("patient", "patient_id"),)

    patient_id: Mapped[UUID]
    kind: Mapped[Code]
    drug: Mapped[Code | None]
    document_code: Mapped[Code]
    document_version: Mapped[Code]
    document_digest: Mapped[Code | None]
    elements: Mapped[list[str]]
    signed_at: Mapped[datetime | None]
    signed_on: Mapped[date]
    expires_on: Mapped[date]
    signer: Mapped[Code]
    signer_name: Mapped[Name | None]
    witness_name: Mapped[Name | None]
    interpreter_name: Mapped[Name | None]
    method: Mapped[Code]
    language: Mapped[Code | None]
    note: Mapped[LongText | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[UUID | None]
    withdrawn_reason: Mapped[LongText | None]
