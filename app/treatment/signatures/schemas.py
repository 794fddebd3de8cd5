"""Shapes of signatures and of what is done with them."""

from typing import Final

from pydantic import Field

from app.kernel.schemas import ClinicRecordRead, Id, NoteText, RequestSchema, ResponseSchema, UtcTime
from app.treatment.signatures.rules import Meaning

_DIGEST: Final = "0f" * 32


class SignSession(RequestSchema):
    """Signing what was read."""

    meaning: Meaning = Field(default=Meaning.AUTHOR, description="What is said by it.", examples=["author"])


class CosignSession(RequestSchema):
    """Signing beside somebody."""

    meaning: Meaning = Field(default=Meaning.REVIEWED, description="What is said by it.", examples=["reviewed"])


class AmendSession(RequestSchema):
    """Opening what was signed."""

    reason: NoteText = Field(description="Why.", examples=["The cuff was too small; pressure read again."])


class CoveredRead(ResponseSchema):
    """A record as it was signed."""

    resource: str = Field(description="The kind of record.", examples=["vital_signs"])
    id: Id = Field(description="The record.")
    version: int = Field(description="The version that was signed.", examples=[1])
    content_digest: str = Field(
        description="SHA-256 of that version's content, as the ledger keeps it.", examples=[_DIGEST]
    )


class SignatureRead(ClinicRecordRead):
    """A signature of a session, or of an addendum to it. `superseded_at` says that a later one took its place."""

    patient_id: Id = Field(description="The patient.")
    session_id: Id = Field(description="The session.")
    addendum_id: Id | None = Field(description="The addendum it was given for; null for the session itself.")
    signer_id: Id = Field(description="The principal who signed.")
    printed_name: str = Field(description="Their name, as it was then.", examples=["Dr. Ama Osei"])
    roles: list[str] = Field(description="Their roles, as they were then.", examples=[["prescriber"]])
    meaning: str = Field(
        description="What is said by it.",
        examples=["author"],
        json_schema_extra={"x-extensible-enum": [one.value for one in Meaning]},
    )
    cosignature: bool = Field(description="Whether it stands beside another.", examples=[False])
    cosigner: str = Field(
        description="Who has to sign beside it, by the policy when it was given.",
        examples=["none"],
        json_schema_extra={"x-extensible-enum": ["none", "any", "prescriber"]},
    )
    signed_at: UtcTime = Field(description="When.")
    covers: list[CoveredRead] = Field(description="Every record it covers, in the version that was signed.")
    digest: str = Field(
        description="SHA-256 of all of it; no longer fits when it is moved or copied.", examples=[_DIGEST]
    )
    superseded_at: UtcTime | None = Field(description="When a later one took its place, after an amendment.")
    superseded_reason: str | None = Field(description="Why.", examples=["The cuff was too small."])
