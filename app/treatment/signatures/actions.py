"""Signing, signing beside somebody, and opening again what was signed."""

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.dosing.queries import administrations_of
from app.dosing.rules import AdministrationState
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.endpoint import require_permission
from app.kernel.ledger import columns_of, encode, name_change
from app.kernel.records import identity_of, one_for_update
from app.kernel.tables import Base
from app.policies.queries import values_for
from app.sessions.models import TreatmentSession
from app.sessions.rules import SessionStatus
from app.treatment.addenda.models import Addendum
from app.treatment.signatures import queries, rules
from app.treatment.signatures.models import Signature
from app.treatment.signatures.rules import AMEND_ANY, AlreadySigner, Cosigner, Dose, Given, Meaning

_RUNS = frozenset({AdministrationState.RUNNING, AdministrationState.PAUSED})


async def sign_session(
    db: WriteSession, actor: Actor, session_id: UUID, meaning: Meaning, if_match: int | None
) -> TreatmentSession:
    """Sign a session: what is in it is frozen, what comes later is free.

    After an amendment it is the signature of what is there now, and takes the place of those before it.

    Raises:
        IllegalTransition: it is not over, or signed already with no amendment open.
        NotSignable: a dose runs, or drawn drug is not accounted for.
    """
    treatment = await one_for_update(db, actor, TreatmentSession, session_id, if_match)
    rules.require_to_sign(SessionStatus(treatment.status), amendment_open=treatment.amendment_opened_at is not None)
    given = (await db.execute(administrations_of(actor, treatment.id))).scalars().all()
    rules.require_signable(
        Dose(dose.id, AdministrationState(dose.state) in _RUNS, dose.drawn_mg is not None, dose.reconciled)
        for dose in given
    )
    policy = "amendment_cosign" if treatment.amended else "cosignature_required"
    cosigner = Cosigner(str((await values_for(db, actor, [policy]))[policy].value))
    if treatment.amendment_reason is not None:
        await supersede_signatures(db, actor, treatment.id, treatment.amendment_reason)
    treatment.status = SessionStatus.SIGNED.value
    treatment.signed_at = clock.now()
    treatment.amendment_opened_at = treatment.amendment_reason = None
    treatment.cosigner_due = rules.cosigner_due([Given(actor.principal_id, cosigner=cosigner)])
    await db.flush()
    covers = await _covered(db, actor, treatment)
    await _signed(db, actor, treatment, meaning, covers, cosigner=cosigner.value)
    name_change(db, treatment, "session.signed", occurred_at=treatment.signed_at)
    return treatment


async def _covered(db: WriteSession, actor: Actor, treatment: TreatmentSession) -> list[dict[str, Any]]:
    """Every record that stands in a session, in the version it has, with the digest the ledger keeps of it.

    The session's own version is the one being written, so the ledger does not have it yet.
    """
    covers = [_covered_as_written(treatment)]
    kept = {row[:3]: row[3] for row in (await db.execute(queries.digests_in(actor, treatment.id))).all()}
    for model in queries.COVERED:
        for record_id, version in (await db.execute(queries.versions_in(actor, model, treatment.id))).all():
            digest = kept[model.__resource__, record_id, version]
            covers.append(_as_covered(model.__resource__, record_id, version, digest))
    return covers


def _covered_as_written(record: TreatmentSession | Addendum) -> dict[str, Any]:
    """A record as it is, with the digest of what the ledger keeps of it or is about to."""
    content = encode(Base.metadata.tables[record.__tablename__], columns_of(record))
    return _as_covered(record.__resource__, record.id, record.version, hashlib.sha256(content.encode()).hexdigest())


def _as_covered(resource: str, record_id: UUID, version: int, digest: str) -> dict[str, Any]:
    return {"resource": resource, "id": str(record_id), "version": version, "content_digest": digest}


async def _signed(
    db: WriteSession,
    actor: Actor,
    treatment: TreatmentSession,
    meaning: Meaning,
    covers: Sequence[dict[str, Any]],
    **told: Any,
) -> Signature:
    """Who signs what, as what; `told` is what else there is to say of the signature."""
    made = Signature(
        **identity_of(actor),
        patient_id=treatment.patient_id,
        session_id=treatment.id,
        signer_id=actor.principal_id,
        printed_name=(await db.execute(queries.name_of(actor))).scalar_one(),
        roles=[str(role) for role in actor.roles],
        meaning=meaning.value,
        signed_at=clock.now(),
        covers=list(covers),
        **({"addendum_id": None, "cosignature": False, "cosigner": Cosigner.NONE.value} | told),
    )
    made.digest = rules.digest_of(columns_of(made))
    db.add(made)
    name_change(db, made, "signature.given", occurred_at=made.signed_at)
    return made


async def cosign_session(
    db: WriteSession, actor: Actor, session_id: UUID, meaning: Meaning, if_match: int | None
) -> TreatmentSession:
    """Sign beside somebody, the very same records. The session's own row changes only where it waited for it.

    Raises:
        IllegalTransition: nobody has signed it, or an amendment is open.
        AlreadySigner: the caller has.
    """
    treatment = await one_for_update(db, actor, TreatmentSession, session_id, if_match)
    rules.require_to_cosign(SessionStatus(treatment.status), amendment_open=treatment.amendment_opened_at is not None)
    standing = (await db.execute(queries.standing_signatures(actor, treatment.id))).scalars().all()
    if rules.is_signer(map(_given, standing), actor.principal_id):
        raise AlreadySigner
    given = await _signed(db, actor, treatment, meaning, standing[0].covers, cosignature=True)
    still_due = rules.cosigner_due([_given(one) for one in (*standing, given)])
    if still_due != treatment.cosigner_due:
        treatment.cosigner_due = still_due
        name_change(db, treatment, "session.cosigned", occurred_at=given.signed_at)
    return treatment


async def sign_addendum(db: WriteSession, actor: Actor, treatment: TreatmentSession, addendum: Addendum) -> Signature:
    """Sign an addendum as its author, with the header of its session as it is.

    The addendum is flushed by the caller, so that it has a version.
    """
    covers = [_covered_as_written(treatment), _covered_as_written(addendum)]
    return await _signed(db, actor, treatment, Meaning.AUTHOR, covers, addendum_id=addendum.id)


async def amend_session(
    db: WriteSession, actor: Actor, session_id: UUID, reason: str, if_match: int | None
) -> TreatmentSession:
    """Open a signed session: it stays signed, it and what is in it can be corrected, and it waits to be signed anew.

    Raises:
        Forbidden: somebody else signed it, and the caller may amend only what is their own.
        IllegalTransition: it is not signed, or open already.
    """
    treatment = await one_for_update(db, actor, TreatmentSession, session_id, if_match)
    rules.require_to_amend(SessionStatus(treatment.status), amendment_open=treatment.amendment_opened_at is not None)
    standing = (await db.execute(queries.standing_signatures(actor, treatment.id))).scalars()
    if not rules.is_own(map(_given, standing), actor.principal_id):
        require_permission(actor, AMEND_ANY)
    treatment.amended = True
    treatment.amendment_opened_at = clock.now()
    treatment.amendment_reason = reason
    treatment.cosigner_due = None  # the signature that closes it asks anew
    name_change(db, treatment, "session.amended", reason=reason)
    return treatment


def _given(signature: Signature) -> Given:
    return Given(signature.signer_id, signature.cosignature, signature.roles, Cosigner(signature.cosigner))


async def supersede_signatures(db: WriteSession, actor: Actor, session_id: UUID, reason: str) -> None:
    """Let what stands of a session's signatures stand no longer; they stay, with what they cover.

    The session is locked by the caller.
    """
    now = clock.now()
    for one in (await db.execute(queries.standing_signatures(actor, session_id))).scalars():
        one.superseded_at, one.superseded_reason = now, reason
        name_change(db, one, "signature.superseded", reason=reason)
