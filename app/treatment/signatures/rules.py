"""What a signature says, and what keeps a session from being signed.

A signature lists every record it covers with the version and the digest the ledger keeps of it, and is bound to that
list, to its session, to who signed, when and as what: moved or copied, its own digest no longer fits. What comes after
it is not covered, and is free.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, assert_never
from uuid import UUID

from app.identity.rules import Role
from app.kernel.errors import Conflict, RuleViolated
from app.sessions.rules import IllegalTransition, SessionStatus, is_frozen, require_move

AMEND_ANY: Final = "session:amend"
"""Who holds it amends whatever is signed; whoever else may sign amends what they signed themselves."""


class Meaning(StrEnum):
    """What somebody says by signing."""

    AUTHOR = "author"
    REVIEWED = "reviewed"
    RESPONSIBLE = "responsible"


class NotSignable(RuleViolated):
    """Something is still open in the session."""

    code = "not-signable"
    title = "The session cannot be signed yet"
    advice = "`blockers` lists what is open: end the dose, or say where the rest of the drug went. Then sign."


class AlreadySigner(Conflict):
    """A second signature is a second person's."""

    code = "already-signer"
    title = "You have signed this session already"
    advice = "Somebody else signs beside you."


class Cosigner(StrEnum):
    """Who has to sign beside whoever signs, as the policies say it."""

    NONE = "none"
    ANY = "any"
    PRESCRIBER = "prescriber"


@dataclass(frozen=True, slots=True)
class Given:
    """A signature of a session that stands.

    Attributes:
        signer_id: Who gave it.
        cosignature: Whether it stands beside another.
        roles: The roles they had.
        cosigner: Who had to sign beside it, by the policy of that moment.
    """

    signer_id: UUID
    cosignature: bool = False
    roles: Collection[str] = ()
    cosigner: Cosigner = Cosigner.NONE


def cosigner_due(standing: Sequence[Given]) -> Cosigner | None:
    """Say who still has to sign beside somebody, or None where nobody has to.

    It takes a second person: whoever signed cannot be their own cosigner, prescriber or not.
    """
    for one in standing:
        beside = [other for other in standing if other.cosignature and other.signer_id != one.signer_id]
        if not one.cosignature and not _is_satisfied(one.cosigner, beside):
            return one.cosigner
    return None


def _is_satisfied(asked: Cosigner, beside: Sequence[Given]) -> bool:
    match asked:
        case Cosigner.NONE:
            return True
        case Cosigner.ANY:
            return bool(beside)
        case Cosigner.PRESCRIBER:
            return any(Role.PRESCRIBER in other.roles for other in beside)
        case _:  # pragma: no cover  (the type checker proves that nothing gets here)
            assert_never(asked)


def is_own(standing: Iterable[Given], principal_id: UUID) -> bool:
    """Whether somebody signed a session themselves; beside another is not enough."""
    return any(one.signer_id == principal_id and not one.cosignature for one in standing)


def is_signer(standing: Iterable[Given], principal_id: UUID) -> bool:
    """Whether somebody is among those who signed, first or beside another."""
    return any(one.signer_id == principal_id for one in standing)


def require_to_sign(status: SessionStatus, *, amendment_open: bool) -> None:
    """Refuse to sign what is not over, and what is signed and not open.

    Raises:
        IllegalTransition: with `current_status` and `allowed`.
    """
    if amendment_open:
        return
    if status is SessionStatus.SIGNED:
        raise _refused(status, "It is signed; open it with amend and the reason, correct it, then sign it again.")
    require_move(status, SessionStatus.SIGNED)


def require_to_cosign(status: SessionStatus, *, amendment_open: bool) -> None:
    """Refuse to sign beside a signature that is not given, or is about to be given anew.

    Raises:
        IllegalTransition: with `current_status` and `allowed`.
    """
    if amendment_open:
        raise _refused(status, "An amendment is open; somebody signs it first.", SessionStatus.SIGNED)
    if status is not SessionStatus.SIGNED:
        raise _refused(status, "Somebody signs it first.")


def require_to_amend(status: SessionStatus, *, amendment_open: bool) -> None:
    """Refuse to open what is open already, or was never closed.

    Raises:
        IllegalTransition: with `current_status` and `allowed`.
    """
    if amendment_open:
        raise _refused(
            status, "An amendment is open already; correct what is wrong, and sign again.", SessionStatus.SIGNED
        )
    if not is_frozen(status, amendment_open=amendment_open):
        raise _refused(status, "Only what is signed is amended; correct it as it is.")


def _refused(status: SessionStatus, detail: str, *allowed: SessionStatus) -> IllegalTransition:
    told = {"current_status": status.value, "allowed": [one.value for one in allowed]}
    return IllegalTransition(detail, members=told)


@dataclass(frozen=True, slots=True)
class Dose:
    """What signing asks of a dose."""

    id: UUID
    runs: bool
    drawn: bool
    reconciled: bool


@dataclass(frozen=True, slots=True)
class Blocker:
    """One thing that is open."""

    code: str
    resource: str
    id: UUID
    reason: str


def blockers(doses: Iterable[Dose]) -> list[Blocker]:
    """What keeps a session from being signed: a dose that still runs, and drawn drug that is not accounted for.

    Where nobody recorded what was drawn, there is nothing to account for.
    """
    found: list[Blocker] = []
    for dose in doses:
        if dose.runs:
            found.append(Blocker("dose_runs", "administration", dose.id, "It has no end."))
        elif dose.drawn and not dose.reconciled:
            reason = "What was drawn is not all given, wasted or returned."
            found.append(Blocker("unreconciled", "administration", dose.id, reason))
    return found


def require_signable(doses: Iterable[Dose]) -> None:
    """Refuse to sign what is still open.

    Raises:
        NotSignable: with everything that is.
    """
    if found := blockers(doses):
        listed = [asdict(one) for one in found]
        raise NotSignable("Something is still open; `blockers` says what.", members={"blockers": listed})


BOUND: Final = (
    "clinic_id",
    "id",
    "session_id",
    "addendum_id",
    "patient_id",
    "signer_id",
    "printed_name",
    "roles",
    "meaning",
    "cosignature",
    "signed_at",
    "covers",
)
"""What a signature's digest is taken of: everything but what became of it later."""


def digest_of(signature: Mapping[str, Any]) -> str:
    """The digest of a signature: SHA-256 of its members in `BOUND`, as JSON with sorted keys and no spaces."""
    told = {name: _plain(signature[name]) for name in BOUND}
    return hashlib.sha256(
        json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    ).hexdigest()


def _plain(value: Any) -> Any:
    match value:
        case UUID():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat()
        case _:
            return value
