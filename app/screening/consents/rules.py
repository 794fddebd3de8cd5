"""Whether a signed document holds at an instant."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from app.kernel.clock import day_of
from app.kernel.data_files import DataFile
from app.kernel.errors import RuleViolated
from app.protocols.rules import Drug
from app.screening.rules import Standing


@dataclass(frozen=True, slots=True)
class ConsentWords:
    """The shipped words, each with its meaning: what is agreed to, how, and what was gone through."""

    kinds: Mapping[str, str]
    elements: Mapping[str, str]
    methods: Mapping[str, str]
    signers: Mapping[str, str]


def load_words(path: Path) -> ConsentWords:
    """Read a file of words.

    Raises:
        DataFileError: It is wrong; names the file and the field.
    """
    file = DataFile.read(path)
    lists = tuple(ConsentWords.__dataclass_fields__)
    file.only("code", "version", "source", "verified", *lists)
    file.text("source")
    file.flag("verified")
    return ConsentWords(**{name: _meanings(file, name) for name in lists})


def _meanings(file: DataFile, field: str) -> Mapping[str, str]:
    meanings: dict[str, str] = {}
    for row in file.sections(field):
        row.only("code", "meaning")
        if (code := row.text("code")) in meanings:
            row.refuse("code", "appears twice")
        meanings[code] = row.text("meaning")
    return meanings


class ConsentState(StrEnum):
    """How a signed document stands."""

    VALID = "valid"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class ConsentMissing(StrEnum):
    """Nothing was signed."""

    NOT_SIGNED = "not_signed"


class ConsentWithdrawn(RuleViolated):
    """It was withdrawn before."""

    code = "consent-withdrawn"
    title = "This consent is withdrawn already"
    advice = (
        "Nothing is to be done; the record says since when and why. If that is wrong, mark it as entered in error and "
        "record the document anew. If the patient agrees again, record what they signed."
    )


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed document as far as it says whether it holds."""

    id: UUID
    kind: str
    drug: Drug | None
    signed_on: date
    signed_at: datetime | None
    withdrawn_at: datetime | None
    expires_on: date


def consent_state(consent: Signed, at: datetime, time_zone: str) -> ConsentState:
    """Say how a document stands at an instant after it was signed.

    It holds until it is withdrawn, or until the end of its last day on the clinic's wall. What happened before a
    withdrawal happened with consent.
    """
    if consent.withdrawn_at is not None and consent.withdrawn_at <= at:
        return ConsentState.WITHDRAWN
    return ConsentState.EXPIRED if consent.expires_on < day_of(at, time_zone) else ConsentState.VALID


def consent_at(consents: Iterable[Signed], kind: str, drug: Drug | None, at: datetime, time_zone: str) -> Standing:
    """Say whether a patient has agreed at an instant.

    The document signed last counts: a renewal replaces what was signed before it, and withdrawing it does not bring
    that back.

    Args:
        consents: The patient's, in any order, those entered in error left out.
        kind: What is agreed to, such as `treatment`.
        drug: What is to be given; documents for another drug do not count, those for no drug in particular do.
        at: When. What is signed later does not count yet.
        time_zone: The clinic's.
    """
    signed = [
        one
        for one in consents
        if one.kind == kind
        and (one.drug is None or drug is None or one.drug is drug)
        and (one.signed_on <= day_of(at, time_zone) if one.signed_at is None else one.signed_at <= at)
    ]
    latest = max(signed, key=lambda one: (one.signed_on, one.id), default=None)
    if latest is None:
        return Standing(holds=False, reason=ConsentMissing.NOT_SIGNED)
    state = consent_state(latest, at, time_zone)
    return Standing(state is ConsentState.VALID, state, latest.id, latest.expires_on)
