"""Who somebody is, and what an administrator sees of a clinic."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, String, and_, bindparam, select

from app.identity.models import Account, Client, ClientSecret, Clinic, LoginThrottle, Principal, Staff, Token
from app.kernel.actor import Actor
from app.kernel.tables import Base

principal: Final = Base.metadata.tables["principal"]
clinic: Final = Base.metadata.tables["clinic"]
location: Final = Base.metadata.tables["location"]
token: Final = Base.metadata.tables["token"]
account: Final = Base.metadata.tables["account"]
login_throttle: Final = Base.metadata.tables["login_throttle"]

_MEMBERSHIP: Final = (
    principal.c.clinic_id,
    principal.c.id.label("acting_id"),
    principal.c.kind.label("principal_kind"),
    principal.c.name.label("principal_name"),
    principal.c.roles,
    principal.c.scopes.label("scopes_granted"),
    clinic.c.name.label("clinic_name"),
    clinic.c.time_zone,
)
_ENABLED: Final = principal.c.disabled_at.is_(None)


_DIGEST: Final = bindparam("token_digest", type_=String())

# These two run with every request, so they are built once; they take `token_digest`.
TOKEN_WITH_PERSON: Final[Select[Any]] = (
    select(token, account.c.username, account.c.is_operator, *_MEMBERSHIP)
    .join(account, account.c.id == token.c.account_id)
    .outerjoin(principal, and_(principal.c.account_id == account.c.id, _ENABLED))
    .outerjoin(clinic, clinic.c.id == principal.c.clinic_id)
    .where(token.c.digest == _DIGEST)
)
"""A session token, its account and one row per clinic the person works in."""

TOKEN_WITH_CLIENT: Final[Select[Any]] = (
    select(token, token.c.scopes.label("token_scopes"), *_MEMBERSHIP)
    .join(
        principal,
        and_(principal.c.clinic_id == token.c.home_clinic_id, principal.c.id == token.c.principal_id, _ENABLED),
    )
    .join(clinic, clinic.c.id == principal.c.clinic_id)
    .where(token.c.digest == _DIGEST)
)
"""A client's token with the client."""


def token_of_digest(digest: str) -> Select[Token]:
    """A token of any kind."""
    return select(Token).where(Token.digest == digest)


def token_by_digest(digest: str) -> Select[Token]:
    """A token of any kind, locked, to change it."""
    return token_of_digest(digest).with_for_update()


def account_by_username(username: str) -> Select[Account]:
    """The account behind a login name."""
    return select(Account).where(Account.username == username)


def account_by_id(account_id: UUID) -> Select[Account]:
    """An account."""
    return select(Account).where(Account.id == account_id)


def live_tokens_of(account_id: UUID) -> Select[Token]:
    """Tokens of an account that were not revoked."""
    return select(Token).where(Token.account_id == account_id, Token.revoked_at.is_(None))


def clinic_names_of(account_id: UUID) -> Select[str]:
    """Names of the clinics an account belongs to; read across clinics."""
    return (
        select(Clinic.name).join(Principal, Principal.clinic_id == Clinic.id).where(Principal.account_id == account_id)
    )


def enabled_memberships_of(account_id: UUID) -> Select[Any]:
    """Where a person works now; read across clinics."""
    return select(principal.c.id).where(principal.c.account_id == account_id, _ENABLED)


def throttle_of(key: str) -> Select[LoginThrottle]:
    """Failed tries so far."""
    return select(LoginThrottle).where(LoginThrottle.key == key).with_for_update()


def client_by_id(client_id: UUID) -> Select[Client]:
    """A client that signs in; read across clinics, because nobody is known yet."""
    return select(Client).where(Client.id == client_id, Client.disabled_at.is_(None))


def secrets_of(actor: Actor, client_id: UUID) -> Select[ClientSecret]:
    """A client's secrets, oldest first."""
    return (
        select(ClientSecret)
        .where(ClientSecret.clinic_id == actor.clinic_id, ClientSecret.client_id == client_id)
        .order_by(ClientSecret.created_at)
    )


def secrets_at_sign_in(clinic_id: UUID, client_id: UUID) -> Select[ClientSecret]:
    """The secrets a client may prove itself with."""
    return select(ClientSecret).where(ClientSecret.clinic_id == clinic_id, ClientSecret.client_id == client_id)


def all_clinics() -> Select[Any]:
    """Every clinic of the installation, for its operator."""
    return select(clinic)


def clinic_ids() -> Select[UUID]:
    """All clinics of this installation."""
    return select(clinic.c.id).order_by(clinic.c.id)


def visible_clinics(actor: Actor) -> Select[Any]:
    """The actor's own clinic."""
    return select(clinic).where(clinic.c.id == actor.clinic_id)


def visible_locations(actor: Actor) -> Select[Any]:
    """Sites and rooms of the clinic."""
    return select(location).where(location.c.clinic_id == actor.clinic_id)


def visible_staff(actor: Actor) -> Select[Any]:
    """The clinic's staff, disabled ones included."""
    return select(principal).where(principal.c.clinic_id == actor.clinic_id, principal.c.kind == "staff")


def visible_clients(actor: Actor) -> Select[Any]:
    """The clinic's integrators, disabled ones included."""
    return select(principal).where(principal.c.clinic_id == actor.clinic_id, principal.c.kind == "client")


def administrators(actor: Actor) -> Select[Staff]:
    """Staff who can sign in, locked, to see whether an administrator remains."""
    return select(Staff).where(Staff.clinic_id == actor.clinic_id, Staff.disabled_at.is_(None)).with_for_update()


def clinic_for_update(actor: Actor) -> Select[Clinic]:
    """The actor's clinic, locked."""
    return select(Clinic).where(Clinic.id == actor.clinic_id).with_for_update()


def system_principal(clinic_id: UUID) -> Select[Any, Any]:
    """The clinic's own hand."""
    return (
        select(principal.c.id, clinic.c.time_zone)
        .join(clinic, clinic.c.id == principal.c.clinic_id)
        .where(principal.c.clinic_id == clinic_id, principal.c.kind == "system")
    )
