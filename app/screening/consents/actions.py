"""Recording, correcting and withdrawing consent."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.errors import require_in_order
from app.kernel.ledger import name_change
from app.kernel.records import (
    already_created,
    identity_of,
    mark_entered_in_error,
    one,
    one_for_update,
    reason_of_change,
)
from app.patients.models import Patient
from app.policies.queries import number_for
from app.screening.consents.models import Consent
from app.screening.consents.rules import ConsentWithdrawn
from app.screening.consents.schemas import ConsentCreate, ConsentUpdate, WithdrawConsent
from app.screening.rules import months_after


async def record_consent(db: WriteSession, actor: Actor, patient_id: UUID, body: ConsentCreate) -> Consent:
    """Record a document that was signed.

    Raises:
        EndsBeforeStart: it would expire before it was signed.
    """
    if (before := await already_created(db, actor, Consent, body, patient_id=patient_id)) is not None:
        return before
    patient = await one(db, actor, Patient, patient_id)
    facts = body.model_dump(exclude={"id"}) | _when(actor, body.signed_at, body.signed_on)
    if body.expires_on is None:
        facts["expires_on"] = months_after(facts["signed_on"], int(await number_for(db, actor, "consent_valid_months")))
    consent = Consent(**identity_of(actor, body), patient_id=patient.id, **facts)
    require_in_order(consent.signed_on, consent.expires_on, pointer="#/expires_on")
    db.add(consent)
    name_change(db, consent, "consent.recorded", occurred_at=consent.signed_at)
    return consent


def _when(actor: Actor, signed_at: datetime | None, signed_on: date | None) -> dict[str, Any]:
    """The two columns that say when, from the one that was told."""
    return {
        "signed_at": signed_at,
        "signed_on": signed_on if signed_at is None else clock.day_of(signed_at, actor.time_zone),
    }


async def correct_consent(  # a correction carries version and reason
    db: WriteSession, actor: Actor, consent_id: UUID, body: ConsentUpdate, if_match: int | None, reason: str | None
) -> Consent:
    """Correct what is known of a signed document.

    Raises:
        EndsBeforeStart: it would expire, or have been withdrawn, before it was signed.
    """
    consent = await one_for_update(db, actor, Consent, consent_id, if_match)
    why = reason_of_change(actor, consent, reason)
    facts = body.model_dump(exclude_unset=True)
    if {"signed_at", "signed_on"} & facts.keys():
        facts |= _when(actor, facts.get("signed_at"), facts.get("signed_on"))
    for member, value in facts.items():
        setattr(consent, member, value)
    pointer = "#/expires_on" if "expires_on" in facts else "#"
    require_in_order(consent.signed_on, consent.expires_on, pointer=pointer)
    _require_signed_before(actor, consent, consent.withdrawn_at, pointer="#")
    name_change(db, consent, "consent.corrected", reason=why, occurred_at=consent.signed_at)
    return consent


def _require_signed_before(actor: Actor, consent: Consent, withdrawn_at: datetime | None, *, pointer: str) -> None:
    if withdrawn_at is not None:
        require_in_order(consent.signed_on, clock.day_of(withdrawn_at, actor.time_zone), pointer=pointer)
        require_in_order(consent.signed_at, withdrawn_at, pointer=pointer)


async def withdraw_consent(
    db: WriteSession, actor: Actor, consent_id: UUID, body: WithdrawConsent, if_match: int | None
) -> Consent:
    """Record that the patient no longer agrees, from a moment on.

    Raises:
        ConsentWithdrawn: it is withdrawn already.
        EndsBeforeStart: that was before it was signed.
    """
    consent = await one_for_update(db, actor, Consent, consent_id, if_match)
    if consent.withdrawn_at is not None:
        raise ConsentWithdrawn
    withdrawn_at = body.withdrawn_at or clock.now()
    _require_signed_before(actor, consent, withdrawn_at, pointer="#/withdrawn_at")
    consent.withdrawn_at = withdrawn_at
    consent.withdrawn_by = actor.principal_id
    consent.withdrawn_reason = body.reason
    name_change(db, consent, "consent.withdrawn", reason=body.reason, occurred_at=withdrawn_at)
    return consent


async def void_consent(db: WriteSession, actor: Actor, consent_id: UUID, reason: str, if_match: int | None) -> Consent:
    """Mark a consent as entered in error."""
    consent = await one_for_update(db, actor, Consent, consent_id, if_match)
    mark_entered_in_error(db, actor, consent, reason)
    return consent
