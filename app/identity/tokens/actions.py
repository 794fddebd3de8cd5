"""Signing in, being recognised, signing out."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from app.identity import queries
from app.identity.models import Account, LoginThrottle, Token
from app.identity.rules import (
    InvalidClient,
    InvalidGrant,
    InvalidScope,
    OAuthError,
    TokenKind,
    UnsupportedGrantType,
    blocked_until,
    is_well_formed,
    permissions_of_roles,
    permissions_of_scopes,
    require_password,
    token_text,
)
from app.kernel import clock
from app.kernel.actor import Caller, Membership, PrincipalKind
from app.kernel.database import Database, WriteSession, insert_unless_there
from app.kernel.errors import NotFound, Unavailable
from app.kernel.guard import ACROSS
from app.kernel.ids import new_id
from app.kernel.settings import Settings

# OWASP's second recommended set for Argon2id; the parameters travel inside the hash.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_DUMMY_HASH: Final = _HASHER.hash("nobody has this password")
_AT_ONCE: Final = 4
_LONGEST_QUEUE_SECONDS: Final = 2
_TOUCH_AFTER: Final = timedelta(seconds=60)
_BEFORE_ANYBODY: Final = {ACROSS: "signing in: nobody is known yet"}
INVITATION_MINUTES: Final = 30


@dataclass(frozen=True, slots=True)
class Issued:
    """A token that was just made; its text exists nowhere else."""

    text: str
    expires_at: datetime
    scopes: tuple[str, ...] = ()


def digest_of(token: str) -> str:
    """What is kept of a token or client secret."""
    return hashlib.sha256(token.encode()).hexdigest()


class Passwords:
    """Argon2id in threads, a few at a time, so that signing in never starves the rest."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def _slot(self) -> None:
        try:
            await asyncio.wait_for(self._slots.acquire(), _LONGEST_QUEUE_SECONDS)
        except TimeoutError:
            raise Unavailable("Too many people are signing in; try again.") from None

    async def hash(self, password: str) -> str:
        """The hash to keep."""
        await self._slot()
        try:
            return await asyncio.to_thread(_HASHER.hash, password)
        finally:
            self._slots.release()

    async def matches(self, password: str, kept: str | None) -> bool:
        """Whether a password is right; takes as long for somebody who does not exist."""
        await self._slot()
        try:
            return await asyncio.to_thread(_verified, password, kept)
        finally:
            self._slots.release()


def _verified(password: str, kept: str | None) -> bool:
    try:
        return _HASHER.verify(kept or _DUMMY_HASH, password) and kept is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


def issue_token(  # noqa: PLR0913  # one argument a fact of the token
    db: WriteSession,
    kind: TokenKind,
    *,
    lives: timedelta,
    idle: timedelta | None = None,
    account_id: UUID | None = None,
    client: tuple[UUID, UUID] | None = None,
    scopes: tuple[str, ...] = (),
    authenticated_at: datetime | None = None,
) -> Issued:
    """Make a token of an account, whose password was given at `authenticated_at`, or of a client.

    A client is given as `(clinic_id, principal_id)`.
    """
    now = clock.now()
    token_id = new_id()
    text = token_text(kind, token_id.hex, secrets.token_hex(32))
    db.add(
        Token(
            id=token_id,
            digest=digest_of(text),
            kind=kind.value,
            account_id=account_id,
            home_clinic_id=client[0] if client else None,
            principal_id=client[1] if client else None,
            scopes=list(scopes),
            created_at=now,
            authenticated_at=authenticated_at,
            expires_at=now + lives,
            idle_expires_at=now + (idle or lives),
            revoked_at=None,
        )
    )
    return Issued(text, now + lives, scopes)


class Tokens:
    """Recognises callers: one indexed look-up a request and no cache, so that a revocation counts at once."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings

    async def caller_of(self, token: str, *, stays_awake: bool = True) -> Caller | None:
        """Whom a live token belongs to, else None; unless it stays awake, a token idles on while it is asked for."""
        if not is_well_formed(token):
            return None
        digest = digest_of(token)
        match token[:4]:
            case TokenKind.SESSION.value:
                statement = queries.TOKEN_WITH_PERSON
            case TokenKind.CLIENT.value:
                statement = queries.TOKEN_WITH_CLIENT
            case _:
                return None
        async with self._database.looking_up() as connection:
            across = {ACROSS: "a token says which clinics"}
            found = await connection.execute(statement, {"token_digest": digest}, execution_options=across)
            rows = found.mappings().all()
        now = clock.now()
        if not rows or rows[0]["revoked_at"] is not None:
            return None
        first = rows[0]
        if now >= min(first["expires_at"], first["idle_expires_at"]):
            return None
        if stays_awake:
            await self._stay_awake(first, now)
        return Caller(
            token_id=first["id"],
            memberships=[_membership(row) for row in rows if row["clinic_id"] is not None],
            is_operator=bool(first.get("is_operator", False)),
            account_id=first["account_id"],
            username=first.get("username"),
            authenticated_at=first["authenticated_at"],
        )

    async def _stay_awake(self, token: Mapping[Any, Any], now: datetime) -> None:
        if token["kind"] != TokenKind.SESSION.value:
            return
        idle = timedelta(minutes=self._settings.token_idle_minutes)
        if now + idle - token["idle_expires_at"] < _TOUCH_AFTER:
            return
        async with self._database.writing() as db:
            found = (await db.execute(queries.token_by_digest(token["digest"]))).scalar_one()
            found.idle_expires_at = now + idle

    async def revoke(self, token: str) -> None:
        """End a token; one that nobody knows is fine too (RFC 7009)."""
        async with self._database.writing() as db:
            found = (await db.execute(queries.token_by_digest(digest_of(token)))).scalar_one_or_none()
            if found is not None and found.revoked_at is None:
                found.revoked_at = clock.now()


def _membership(row: Mapping[Any, Any]) -> Membership:
    kind = PrincipalKind(row["principal_kind"])
    granted = permissions_of_roles(row["roles"])
    if kind is PrincipalKind.CLIENT:
        # A token keeps the scopes it was given, but never one that the client has lost since.
        granted = permissions_of_scopes(set(row["scopes_granted"]) & set(row["token_scopes"]))
    return Membership(
        clinic_id=row["clinic_id"],
        principal_id=row["acting_id"],
        kind=kind,
        name=row["principal_name"],
        roles=tuple(row["roles"]),
        permissions=granted,
        clinic_name=row["clinic_name"],
        clinic_time_zone=row["time_zone"],
    )


async def issue_at_sign_in(
    database: Database, passwords: Passwords, settings: Settings, form: Mapping[str, str], authorization: str | None
) -> Issued:
    """Answer a token request (RFC 6749): a person's password or a client's credentials.

    Raises:
        OAuthError: in the words of the RFC; unknown, wrong, disabled and locked answer alike.
    """
    match form.get("grant_type"):
        case "password":
            return await _sign_in_person(database, passwords, settings, form)
        case "client_credentials":
            return await _sign_in_client(database, settings, form, authorization)
        case None:
            raise OAuthError("grant_type is missing.")
        case _:
            raise UnsupportedGrantType


async def _sign_in_person(
    database: Database, passwords: Passwords, settings: Settings, form: Mapping[str, str]
) -> Issued:
    username, password = form.get("username", ""), form.get("password", "")
    if not username or not password:
        raise OAuthError("username and password are needed.")
    username = username.strip().lower()
    key = "account:" + digest_of(username)[:48]
    async with database.writing() as db:
        account = (await db.execute(queries.account_by_username(username))).scalar_one_or_none()
        throttle = await _throttle(db, key)
        now = clock.now()
        locked = throttle.blocked_until is not None and now < throttle.blocked_until
        if not locked:
            # Counted before the password is looked at, so that parallel tries cannot slip through together.
            throttle.failures += 1
            throttle.blocked_until = blocked_until(throttle.failures, now)
    right = await passwords.matches(password, account.password_hash if account else None)
    if not right or locked or account is None:
        raise InvalidGrant
    async with database.writing() as db:
        if not account.is_operator and (await _works_nowhere(db, account)):
            raise InvalidGrant
        throttle = await _throttle(db, key)
        throttle.failures, throttle.blocked_until = 0, None
        return issue_token(
            db,
            TokenKind.SESSION,
            lives=timedelta(hours=settings.token_absolute_hours),
            idle=timedelta(minutes=settings.token_idle_minutes),
            account_id=account.id,
            authenticated_at=now,
        )


async def _works_nowhere(db: WriteSession, account: Account) -> bool:
    across = {ACROSS: "whether a person still works in any clinic"}
    return (await db.execute(queries.enabled_memberships_of(account.id), execution_options=across)).first() is None


async def _throttle(db: WriteSession, key: str) -> LoginThrottle:
    found = (await db.execute(queries.throttle_of(key))).scalar_one_or_none()
    if found is None:
        # The first tries on a name may come at once; they meet here and not in an integrity error.
        await insert_unless_there(db, queries.login_throttle, {"key": key, "failures": 0, "blocked_until": None})
        found = (await db.execute(queries.throttle_of(key))).scalar_one()
    return found


async def _sign_in_client(
    database: Database, settings: Settings, form: Mapping[str, str], authorization: str | None
) -> Issued:
    client_id, secret = _client_credentials(form, authorization)
    async with database.writing() as db:
        client = (
            await db.execute(queries.client_by_id(client_id), execution_options=_BEFORE_ANYBODY)
        ).scalar_one_or_none()
        if client is None:
            raise _invalid_client()
        kept = (await db.execute(queries.secrets_at_sign_in(client.clinic_id, client.id))).scalars().all()
        digest, now = digest_of(secret), clock.now()
        if not any(hmac.compare_digest(one.digest, digest) and now < one.expires_at for one in kept):
            raise _invalid_client()
        wanted = tuple(form["scope"].split()) if form.get("scope") else tuple(client.scopes)
        if not set(wanted) <= set(client.scopes):
            raise InvalidScope
        return issue_token(
            db,
            TokenKind.CLIENT,
            lives=timedelta(minutes=settings.client_token_minutes),
            client=(client.clinic_id, client.id),
            scopes=wanted,
        )


def _invalid_client() -> InvalidClient:
    return InvalidClient(headers={"WWW-Authenticate": 'Basic realm="seriatim"'})


def _client_credentials(form: Mapping[str, str], authorization: str | None) -> tuple[UUID, str]:
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if authorization is not None and authorization.lower().startswith("basic "):
        try:
            client_id, _, secret = base64.b64decode(authorization[6:], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise _invalid_client() from None
    try:
        return UUID(client_id), secret
    except ValueError:
        raise _invalid_client() from None


async def choose_password(database: Database, passwords: Passwords, invitation: str, password: str) -> None:
    """Spend an invitation: the person's new password, the end of their other tokens.

    Raises:
        NotFound: the invitation is unknown, spent or expired.
        PasswordRefused: the password is easy to guess; the invitation stays good.
    """
    async with database.reading() as db:
        token = (await db.execute(queries.token_of_digest(digest_of(invitation)))).scalar_one_or_none()
        account = await _invited(db, token)
        across = {ACROSS: "a person's clinics, to keep their names out of the password"}
        names = (await db.execute(queries.clinic_names_of(account.id), execution_options=across)).scalars().all()
    require_password(password, names=["seriatim", "ketamine", account.username, *names])
    hashed = await passwords.hash(password)
    async with database.writing() as db:
        token = (await db.execute(queries.token_by_digest(digest_of(invitation)))).scalar_one_or_none()
        account = await _invited(db, token)
        account.password_hash = hashed
        for live in (await db.execute(queries.live_tokens_of(account.id))).scalars():
            live.revoked_at = clock.now()


async def _invited(db: Any, token: Token | None) -> Account:
    usable = token is not None and token.kind == TokenKind.INVITATION.value and token.revoked_at is None
    if not usable or token is None or token.account_id is None or clock.now() >= token.expires_at:
        raise NotFound("The invitation is unknown, spent or expired; ask for a new one.")
    return (await db.execute(queries.account_by_id(token.account_id))).scalar_one()


def invite(db: WriteSession, account_id: UUID) -> Issued:
    """A one-time token with which a person chooses a password."""
    return issue_token(db, TokenKind.INVITATION, lives=timedelta(minutes=INVITATION_MINUTES), account_id=account_id)
