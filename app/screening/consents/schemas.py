"""Shapes of consents."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.kernel.schemas import (
    ClinicRecordRead,
    CodeText,
    CreateSchema,
    Day,
    Id,
    NoteText,
    RequestSchema,
    ShortText,
    UtcTime,
    absent,
)
from app.patients.schemas import Language
from app.protocols.rules import Drug
from app.screening.consents.catalogue import consent_words


# Of kinds, methods and signers only what is answered says so: a request may name another.
def _open(words: Mapping[str, str]) -> dict[str, Any]:
    return {"x-extensible-enum": list(words)}


def _told(words: Mapping[str, str]) -> str:
    return " ".join(f"`{code}`: {meaning}" for code, meaning in words.items())


def _known(code: str) -> str:
    if code not in consent_words().elements:
        raise PydanticCustomError("unknown_element", "Is not one of the coded elements.")
    return code


Element = Annotated[
    str,
    Field(max_length=64, examples=["driving"], json_schema_extra=_open(consent_words().elements)),
    AfterValidator(_known),
]
Elements = Annotated[list[Element], Field(max_length=50)]
Sha256 = Annotated[str, Field(max_length=64, pattern=r"^[0-9a-f]{64}$", examples=["3f" * 32])]

_KIND: Final = f"What is agreed to; others may be added. {_told(consent_words().kinds)}"
_METHOD: Final = f"How it was signed; others may be added. {_told(consent_words().methods)}"
_SIGNER: Final = f"Who signed; others may be added. {_told(consent_words().signers)}"
_ELEMENTS: Final = f"What was gone through and confirmed. {_told(consent_words().elements)}"
_DRUG: Final = "The drug it is about; null: whatever is given."
_VERSION: Final = "Its version."
_DIGEST: Final = "SHA-256 of the signed document, in hexadecimal."


class ConsentCreate(CreateSchema):
    """A document that was signed, with its day or its time."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "treatment",
                    "drug": "ketamine",
                    "document_code": "KETAMINE_CONSENT",
                    "document_version": "2026-01",
                    "signed_on": "2026-03-02",
                    "method": "paper",
                    "elements": ["off_label", "risks", "alternatives", "driving"],
                }
            ]
        }
    )

    kind: CodeText = Field(description=_KIND, examples=["treatment"])
    drug: Drug | None = Field(default=None, description=_DRUG, examples=["ketamine"])
    document_code: CodeText = Field(description="The document.", examples=["KETAMINE_CONSENT"])
    document_version: CodeText = Field(description=_VERSION, examples=["2026-01"])
    document_digest: Sha256 | None = Field(default=None, description=_DIGEST)
    elements: Elements = Field(default=[], description=_ELEMENTS)
    signed_at: UtcTime | None = Field(default=None, description="When it was signed, where the time is known.")
    signed_on: Day | None = Field(default=None, description="Or the day.")
    expires_on: Day | None = Field(
        default=None, description="The last day it holds, in the clinic's zone; default twelve months on."
    )
    signer: CodeText = Field(
        default="patient",
        description=_SIGNER,
        examples=["patient"],
    )
    signer_name: ShortText | None = Field(
        default=None, description="Their name, if not the patient's.", examples=["R. Rivera"]
    )
    witness_name: ShortText | None = Field(default=None, description="Who saw it.", examples=["S. Levy"])
    interpreter_name: ShortText | None = Field(default=None, description="Who interpreted.", examples=["A. Moreau"])
    method: CodeText = Field(description=_METHOD, examples=["paper"])
    language: Language | None = Field(default=None, description="BCP 47 tag of the document.", examples=["en-US"])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Read out loud."])

    @model_validator(mode="after")
    def _the_time_is_known_once(self) -> Self:
        if (self.signed_on is None) == (self.signed_at is None):
            raise PydanticCustomError("time_needed", "Send either signed_on or signed_at.")
        return self


class ConsentUpdate(RequestSchema):
    """A correction (merge patch). A day replaces the time, a time the day; the last day stays unless it is sent."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"witness_name": "S. Levy"}]})

    kind: CodeText = absent(_KIND, examples=["treatment"])
    drug: Drug | None = Field(default=None, description=_DRUG, examples=["ketamine"])
    document_code: CodeText = absent("The document.", examples=["KETAMINE_CONSENT"])
    document_version: CodeText = absent(_VERSION, examples=["2026-01"])
    document_digest: Sha256 | None = Field(default=None, description=_DIGEST)
    elements: Elements = absent(_ELEMENTS)
    signed_at: UtcTime = absent("When it was signed.")
    signed_on: Day = absent("The day it was signed.")
    expires_on: Day = absent("The last day it holds, in the clinic's zone.")
    signer: CodeText = absent(_SIGNER, examples=["patient"])
    signer_name: ShortText | None = Field(default=None, description="Their name.", examples=["R. Rivera"])
    witness_name: ShortText | None = Field(default=None, description="Who saw it.", examples=["S. Levy"])
    interpreter_name: ShortText | None = Field(default=None, description="Who interpreted.", examples=["A. Moreau"])
    method: CodeText = absent(_METHOD, examples=["paper"])
    language: Language | None = Field(default=None, description="BCP 47 tag of the document.", examples=["en-US"])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Read out loud."])

    @model_validator(mode="after")
    def _the_time_is_said_once(self) -> Self:
        if {"signed_on", "signed_at"} <= self.model_fields_set:
            raise PydanticCustomError("time_needed", "Send either signed_on or signed_at.")
        return self


class WithdrawConsent(RequestSchema):
    """The patient no longer agrees. What happened before stays as it was."""

    reason: NoteText = Field(description="Why, in the patient's words.", examples=["Wants to pause treatment."])
    withdrawn_at: UtcTime | None = Field(default=None, description="When; default now.")


class ConsentRead(ClinicRecordRead):
    """A signed document. It holds from its signature until it is withdrawn, or its last day is over."""

    patient_id: Id = Field(description="The patient.")
    kind: str = Field(description=_KIND, examples=["treatment"], json_schema_extra=_open(consent_words().kinds))
    drug: Drug | None = Field(description=_DRUG, examples=["ketamine"])
    document_code: str = Field(description="The document.", examples=["KETAMINE_CONSENT"])
    document_version: str = Field(description=_VERSION, examples=["2026-01"])
    document_digest: str | None = Field(description=_DIGEST, examples=["3f" * 32])
    elements: list[str] = Field(description=_ELEMENTS, examples=[["off_label", "risks"]])
    signed_at: UtcTime | None = Field(description="When it was signed, where the time is known.")
    signed_on: Day = Field(description="The day, in the clinic's zone.")
    expires_on: Day = Field(description="The last day it holds, in the clinic's zone.")
    signer: str = Field(description=_SIGNER, examples=["patient"], json_schema_extra=_open(consent_words().signers))
    signer_name: str | None = Field(description="Their name, if not the patient's.", examples=["R. Rivera"])
    witness_name: str | None = Field(description="Who saw it.", examples=["S. Levy"])
    interpreter_name: str | None = Field(description="Who interpreted.", examples=["A. Moreau"])
    method: str = Field(description=_METHOD, examples=["paper"], json_schema_extra=_open(consent_words().methods))
    language: str | None = Field(description="BCP 47 tag of the document.", examples=["en-US"])
    note: str | None = Field(description="Free text.", examples=["Read out loud."])
    withdrawn_at: UtcTime | None = Field(description="Since when the patient no longer agrees.")
    withdrawn_by: Id | None = Field(description="Who recorded that.")
    withdrawn_reason: str | None = Field(description="Why.", examples=["Wants to pause treatment."])
