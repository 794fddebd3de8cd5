"""Accounts and tokens belong to the installation, everything else to a clinic."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.tables import Base, ClinicRecord, Code, Json, Name, Versioned, belongs_to


class Account(Base):
    """A person who can sign in; one per person, whatever clinics they work in."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("username"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[Name]
    password_hash: Mapped[Name | None]
    is_operator: Mapped[bool]
    created_at: Mapped[datetime]


class Token(Base):
    """A token that was handed out; only its digest is kept. `authenticated_at` is when its password was given."""

    __tablename__ = "token"
    __table_args__ = (UniqueConstraint("digest"), Index(None, "account_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[Code]
    kind: Mapped[Code]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    home_clinic_id: Mapped[UUID | None]
    principal_id: Mapped[UUID | None]
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime]
    authenticated_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    idle_expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class LoginThrottle(Base):
    """Failed tries to sign in, by a digest of what was tried."""

    __tablename__ = "login_throttle"

    key: Mapped[Code] = mapped_column(primary_key=True)
    failures: Mapped[int]
    blocked_until: Mapped[datetime | None]


class Clinic(Versioned, Base):
    """The tenant."""

    __tablename__ = "clinic"
    __resource__: ClassVar[str] = "clinic"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[Name]
    time_zone: Mapped[Code]
    phone: Mapped[Name | None]
    email: Mapped[Name | None]


class Location(ClinicRecord, Base):
    """A site or room of a clinic."""

    __tablename__ = "location"
    __table_args__ = (ForeignKeyConstraint(["clinic_id"], ["clinic.id"]), UniqueConstraint("clinic_id", "name"))
    __resource__: ClassVar[str] = "location"

    name: Mapped[Name]
    disabled_at: Mapped[datetime | None]


class Principal(ClinicRecord, Base):
    """Who acts in a clinic: a staff member, an integrator's client, or the system itself."""

    __tablename__ = "principal"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id"], ["clinic.id"]),
        UniqueConstraint("clinic_id", "account_id"),
        Index(None, "account_id"),
        Index(None, "id"),  # a client says who it is before anybody knows its clinic
        CheckConstraint("kind IN ('staff', 'client', 'system')", name="kind_in_set"),
    )
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_abstract": True}

    kind: Mapped[Code]
    name: Mapped[Name]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    username: Mapped[Name | None]
    roles: Mapped[list[str]] = mapped_column(Json)
    scopes: Mapped[list[str]] = mapped_column(Json)
    secret_rotated_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]


class Staff(Principal):
    """A person in roles."""

    __resource__: ClassVar[str] = "staff"
    __mapper_args__ = {"polymorphic_identity": "staff"}


class Client(Principal):
    """An integrator's program in scopes."""

    __resource__: ClassVar[str] = "client"
    __mapper_args__ = {"polymorphic_identity": "client"}


class SystemPrincipal(Principal):
    """The clinic's own hand: imports, workers, the command line."""

    __resource__: ClassVar[str] = "system"
    __mapper_args__ = {"polymorphic_identity": "system"}


class ClientSecret(Base):
    """One of at most two live secrets of a client; only its digest is kept."""

    __tablename__ = "client_secret"
    __table_args__ = (belongs_to("principal", "client_id"), Index(None, "clinic_id", "client_id"))

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    digest: Mapped[Code]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
