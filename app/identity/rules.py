"""Who may do what: roles and scopes as data, passwords and tokens as rules."""

import re
import unicodedata
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from zxcvbn import zxcvbn

from app.kernel.errors import Conflict, Failure, Fault, Invalid, RuleViolated


class Role(StrEnum):
    """What a staff member does in a clinic; one person may hold several."""

    ADMIN = "admin"
    PRESCRIBER = "prescriber"
    NURSE = "nurse"
    THERAPIST = "therapist"
    FRONT_DESK = "front_desk"
    AUDITOR = "auditor"
    DIRECTOR = "director"


# Each route needs one permission; whatever is not listed here is denied.
ROLE_PERMISSIONS: Final[Mapping[Role, frozenset[str]]] = {
    Role.ADMIN: frozenset(
        {
            "clinic:read", "clinic:write", "policy:write", "protocol:write", "staff:read", "staff:write",
            "patient:read", "schedule:read", "schedule:write", "change:read",
        }
    ),
    Role.PRESCRIBER: frozenset(
        {
            "clinic:read", "protocol:write", "patient:read", "patient:write", "schedule:read", "schedule:write",
            "clinical:read", "clinical:write", "eligibility:write", "course:read", "course:write", "order:write",
            "session:read", "session:write", "session:sign", "session:cosign", "session:amend", "gate:write",
            "reassignment:write", "observation:write", "score:read", "score:write", "alert:read", "alert:write",
            "change:read", "outcome:read",
        }
    ),
    Role.NURSE: frozenset(
        {
            "clinic:read", "patient:read", "patient:write", "schedule:read", "schedule:write", "clinical:read",
            "clinical:write", "course:read", "session:read", "session:write", "session:sign", "session:cosign",
            "gate:write", "reassignment:write", "observation:write", "score:read", "score:write", "alert:read",
            "alert:write", "change:read", "outcome:read",
        }
    ),
    Role.THERAPIST: frozenset(
        {
            "clinic:read", "patient:read", "schedule:read", "schedule:write", "clinical:read", "course:read",
            "session:read", "observation:write", "score:read", "score:write", "alert:read",
            "alert:write", "change:read", "outcome:read",
        }
    ),
    Role.FRONT_DESK: frozenset(
        {"clinic:read", "patient:read", "patient:write", "schedule:read", "schedule:write", "change:read"}
    ),
    Role.AUDITOR: frozenset({"clinic:read", "staff:read"}),
    Role.DIRECTOR: frozenset(
        {
            "clinic:read", "staff:read", "patient:read", "schedule:read", "clinical:read",
            "course:read", "session:read",
            "score:read", "outcome:read", "alert:read", "change:read",
        }
    ),
}  # fmt: skip

# What an integrator's client may be granted, and what each scope brings with it.
SCOPE_PERMISSIONS: Final[Mapping[str, frozenset[str]]] = {
    "clinic:read": frozenset({"clinic:read"}),
    "patient:read": frozenset({"patient:read", "change:read"}),
    "patient:write": frozenset({"patient:write"}),
    "schedule:read": frozenset({"schedule:read", "change:read"}),
    "schedule:write": frozenset({"schedule:write"}),
    "clinical:read": frozenset({"clinical:read", "change:read"}),
    "clinical:write": frozenset({"clinical:write"}),
    "course:read": frozenset({"course:read", "change:read"}),
    "course:write": frozenset({"course:write"}),
    "session:read": frozenset({"session:read", "schedule:read", "change:read"}),
    "session:write": frozenset({"session:write", "observation:write"}),
    "score:read": frozenset({"score:read", "change:read"}),
    "score:write": frozenset({"score:write"}),
    "outcome:read": frozenset({"outcome:read"}),
    "alert:read": frozenset({"alert:read", "change:read"}),
}


def permissions_of_roles(roles: Iterable[str]) -> frozenset[str]:
    """Everything the roles allow together; a role nobody knows allows nothing."""
    by_name = {role.value: granted for role, granted in ROLE_PERMISSIONS.items()}
    return frozenset[str]().union(*(by_name.get(role, frozenset[str]()) for role in roles))


def permissions_of_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """Everything the scopes allow together; a scope nobody knows allows nothing."""
    return frozenset[str]().union(*(SCOPE_PERMISSIONS.get(scope, frozenset[str]()) for scope in scopes))


class AuditorHoldsOtherRole(Invalid):
    """An auditor who also works in the clinic would audit themselves."""

    title = "An auditor holds no other role"


class OwnRoles(RuleViolated):
    """Nobody changes their own rights."""

    code = "own-roles"
    title = "You cannot change your own roles or disable yourself"
    advice = "Ask another administrator of the clinic."


class LastAdministrator(RuleViolated):
    """A clinic without an administrator could not be managed."""

    code = "last-administrator"
    title = "The clinic would be left without an administrator"
    advice = "Give somebody else the role `admin` first."


class UsernameTaken(Conflict):
    """Login names are unique in an installation."""

    code = "username-taken"
    title = "This login name is in use"
    advice = "Choose another login name."


def require_roles_fit(roles: Sequence[Role]) -> None:
    """Refuse a combination of roles that separates nothing.

    Raises:
        AuditorHoldsOtherRole: an auditor with a further role.
    """
    if Role.AUDITOR in roles and len(roles) > 1:
        raise AuditorHoldsOtherRole(
            faults=[Fault("auditor_alone", "An auditor holds no other role.", pointer="#/roles")]
        )


# ── passwords ────────────────────────────────────────────────────────────────────────────────────────────────────────

LEAST_PASSWORD_LENGTH: Final = 15
MOST_PASSWORD_LENGTH: Final = 256
_LONGEST_GUESSED: Final = 72  # zxcvbn looks at no more; what follows can only make a password harder
_LEAST_SCORE: Final = 3  # "safely unguessable" on zxcvbn's scale from 0 to 4


class PasswordRefused(Invalid):
    """The password is easy to guess."""

    title = "Choose another password"


def require_password(password: str, *, names: Iterable[str]) -> None:
    """Refuse a password that is short, long, one repeated piece, or made of names everybody knows.

    No composition rules and no forced change: NIST SP 800-63B revision 4 found that they make passwords worse. Whether
    it is guessable is zxcvbn's judgement: 30 000 common passwords, words, names, dates, keyboard rows, repetition.

    Args:
        password: As typed; every Unicode character counts.
        names: The user's, the clinic's and the product's names.

    Raises:
        PasswordRefused: with the rule, never the password.
    """
    if not LEAST_PASSWORD_LENGTH <= len(password) <= MOST_PASSWORD_LENGTH:
        raise _refused("length", f"Use {LEAST_PASSWORD_LENGTH} to {MOST_PASSWORD_LENGTH} characters.")
    plain = unicodedata.normalize("NFKC", password).casefold()
    rest = plain
    for name in sorted({n.casefold() for n in names if len(n) > 2}, key=len, reverse=True):  # noqa: PLR2004
        rest = rest.replace(name, "")
    rest = re.sub(r"password|qwerty|letmein|welcome|admin|12345\d*|[\s!-/:-@\[-`{-~]", "", rest)
    # What is left of it repeats itself, or the whole is among the guesses that are tried first.
    if len(set(rest)) < 5 or zxcvbn(password[:_LONGEST_GUESSED], user_inputs=list(names))["score"] < _LEAST_SCORE:  # noqa: PLR2004
        raise _refused("guessable", "It is made of names, common words or repetition.")


def _refused(code: str, sentence: str) -> PasswordRefused:
    return PasswordRefused(faults=[Fault(code, sentence, pointer="#/password")])


# ── tokens ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class TokenKind(StrEnum):
    """What a token is for; its value is the prefix by which scanners find a leaked one."""

    SESSION = "kts_"
    CLIENT = "ktc_"
    INVITATION = "kti_"


def token_text(kind: TokenKind, token_id: str, secret: str) -> str:
    """A token: prefix, id, secret and a checksum, so that a scanner can tell it from noise."""
    body = f"{kind.value}{token_id}{secret}"
    return f"{body}{zlib.crc32(body.encode()):08x}"


def is_well_formed(token: str) -> bool:
    """Whether a text can be a token at all; saves the database a look-up."""
    return len(token) > 8 and f"{zlib.crc32(token[:-8].encode()):08x}" == token[-8:]  # noqa: PLR2004  # the checksum


FREE_FAILURES: Final = 5
LONGEST_WAIT_SECONDS: Final = 900


def blocked_until(failures: int, now: datetime) -> datetime | None:
    """Until when an account accepts no further try: 1, 2, 4 … 900 seconds after five free failures."""
    if failures < FREE_FAILURES:
        return None
    return now + timedelta(seconds=min(2 ** (failures - FREE_FAILURES), LONGEST_WAIT_SECONDS))


class OAuthError(Failure):
    """A refusal in the shape of RFC 6749; `code` is its `error`."""

    status = 400
    code = "invalid_request"
    title = "The token request is not valid"


class InvalidGrant(OAuthError):
    """Unknown, wrong, disabled and locked answer alike."""

    code = "invalid_grant"
    title = "The name or password is not right, or the account is locked for a moment"


class InvalidClient(OAuthError):
    """The client did not prove who it is."""

    status = 401
    code = "invalid_client"
    title = "The client id or secret is not right"


class InvalidScope(OAuthError):
    """The client asks for more than it was granted."""

    code = "invalid_scope"
    title = "The client was not granted that scope"


class UnsupportedGrantType(OAuthError):
    """Neither a person's password nor a client's credentials."""

    code = "unsupported_grant_type"
    title = "Use password or client_credentials"
