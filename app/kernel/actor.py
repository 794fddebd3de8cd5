"""Who is asking: the caller as the token shows it, and the actor, a caller at work in one clinic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class PrincipalKind(StrEnum):
    """The kinds of principal that act in a clinic."""

    STAFF = "staff"
    CLIENT = "client"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Membership:
    """One clinic a caller may act in, and as whom."""

    clinic_id: UUID
    principal_id: UUID
    kind: PrincipalKind
    name: str
    roles: Sequence[str]
    permissions: frozenset[str]
    clinic_name: str
    clinic_time_zone: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a token belongs to. An operator runs the installation and reads no patient's data.

    `authenticated_at` is when the person gave the password for this token; None for a program, which has none.
    """

    token_id: UUID
    memberships: Sequence[Membership]
    is_operator: bool = False
    account_id: UUID | None = None
    username: str | None = None
    authenticated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """A caller at work in one clinic; every builder of statements and every action takes one.

    `source` says through which door a change came: `api`, `cli`, `worker`, `import:<digest>`, `demo`.
    """

    clinic_id: UUID
    principal_id: UUID
    kind: PrincipalKind
    permissions: frozenset[str]
    time_zone: str
    source: str = "api"
    request_id: str = ""
    roles: Sequence[str] = ()

    def may(self, permission: str) -> bool:
        """Whether this actor holds a permission such as `session:read`."""
        return permission in self.permissions


def whoever_asks(clinic_id: Any) -> Actor:
    """The actor of a statement that is built once and sent for everybody: `clinic_id` is its parameter."""
    return Actor(clinic_id, UUID(int=0), PrincipalKind.SYSTEM, frozenset(), "")
