"""Shapes of clinics, locations, staff and clients."""

from typing import Annotated, Any, Final

from pydantic import Field

from app.identity.rules import SCOPE_PERMISSIONS, Role
from app.kernel.schemas import (
    ClinicRecordRead,
    CreateSchema,
    Id,
    RecordRead,
    RequestSchema,
    ResponseSchema,
    ShortText,
    TimeZone,
    UtcTime,
    absent,
)

Username = Annotated[
    str, Field(min_length=3, max_length=100, pattern=r"^[a-z0-9][a-z0-9._@+-]*$", examples=["dana.okafor"])
]
_KNOWN_SCOPES: Final[dict[str, Any]] = {"x-extensible-enum": sorted(SCOPE_PERMISSIONS)}
Scopes = Annotated[
    list[Annotated[str, Field(max_length=40, examples=["session:read"], json_schema_extra=_KNOWN_SCOPES)]],
    Field(min_length=1, max_length=30),
]
Roles = Annotated[list[Role], Field(min_length=1, max_length=7, examples=[["nurse"]])]


class AdministratorCreate(RequestSchema):
    """The first person of a clinic."""

    username: Username = Field(description="Login name, unique in the installation.")
    name: ShortText = Field(description="The person's name.", examples=["Dana Okafor"])


class ClinicCreate(RequestSchema):
    """A new clinic with its first administrator."""

    name: ShortText = Field(description="What the clinic is called.", examples=["Harbour Ketamine Clinic"])
    time_zone: TimeZone = Field(description="IANA zone of its days.")
    administrator: AdministratorCreate = Field(description="Its first administrator, who is invited.")


class ClinicUpdate(RequestSchema):
    """What an administrator may change of the clinic."""

    name: ShortText = absent("What the clinic is called.", examples=["Harbour Ketamine Clinic"])
    time_zone: TimeZone = absent("IANA zone of its days.")
    phone: ShortText | None = Field(default=None, description="Where to call.", examples=["+1 555 0100"])
    email: ShortText | None = Field(default=None, description="Where to write.", examples=["office@harbour.example"])


class ClinicRead(RecordRead):
    """A clinic."""

    name: str = Field(description="What the clinic is called.", examples=["Harbour Ketamine Clinic"])
    time_zone: str = Field(description="IANA zone of its days.", examples=["America/New_York"])
    phone: str | None = Field(description="Where to call.", examples=["+1 555 0100"])
    email: str | None = Field(description="Where to write.", examples=["office@harbour.example"])


class Invitation(ResponseSchema):
    """A one-time token with which a person chooses a password."""

    token: str = Field(description="Shown once. Send it to POST /oauth/password.", examples=["kti_0199…"])
    expires_at: UtcTime = Field(description="After this it is worthless.")


class ClinicCreated(ClinicRead):
    """A clinic that was just made."""

    administrator_invitation: Invitation | None = Field(
        description="For the first administrator, and nobody else; null when the answer is replayed."
    )


class LocationCreate(CreateSchema):
    """A new site or room."""

    name: ShortText = Field(description="What people call it.", examples=["Room 2"])


class LocationUpdate(RequestSchema):
    """What may change of a location."""

    name: ShortText = absent("What people call it.", examples=["Quiet room"])


class LocationRead(ClinicRecordRead):
    """A site or room of the clinic."""

    name: str = Field(description="What people call it.", examples=["Room 2"])
    disabled_at: UtcTime | None = Field(description="Since when it is out of use.")


class StaffCreate(CreateSchema):
    """A new member of staff."""

    username: Username = Field(description="Login name, unique in the installation.")
    name: ShortText = Field(description="The person's name.", examples=["Sam Levy"])
    roles: Roles = Field(description="What the person does here.")


class StaffUpdate(RequestSchema):
    """What may change of a member of staff."""

    name: ShortText = absent("The person's name.", examples=["Sam Levy"])
    roles: Roles = absent("What the person does here.")


class StaffRead(ClinicRecordRead):
    """A person in roles."""

    name: str = Field(description="The person's name.", examples=["Sam Levy"])
    username: str | None = Field(description="Login name.", examples=["sam.levy"])
    roles: list[str] = Field(description="What the person does here.", examples=[["nurse"]])
    disabled_at: UtcTime | None = Field(description="Since when the person cannot act here.")


class StaffInvited(StaffRead):
    """A member of staff who was just invited."""

    invitation: Invitation | None = Field(
        description="For the person, and nobody else; null when the answer is replayed."
    )


class ClientCreate(CreateSchema):
    """A new integrator's client."""

    name: ShortText = Field(description="Which program this is.", examples=["Registry export"])
    scopes: Scopes = Field(description="What it may do; each scope is an `area:read` or `area:write`.")


class ClientUpdate(RequestSchema):
    """What may change of a client."""

    name: ShortText = absent("Which program this is.", examples=["Registry export"])
    scopes: Scopes = absent("What it may do; tokens issued before lose what is taken away.")


class ClientRead(ClinicRecordRead):
    """An integrator's program in scopes."""

    name: str = Field(description="Which program this is.", examples=["Registry export"])
    scopes: list[str] = Field(description="What it may do.", examples=[["session:read"]])
    secret_rotated_at: UtcTime | None = Field(description="When its newest secret was made.")
    disabled_at: UtcTime | None = Field(description="Since when it cannot act here.")


class ClientSecretShown(ClientRead):
    """A client with a secret that is shown this one time."""

    client_id: Id | None = Field(description="Name it at POST /oauth/token; null when the answer is replayed.")
    client_secret: str | None = Field(description="Shown once; null when the answer is replayed.", examples=["kcs_9a…"])
    client_secret_expires_at: UtcTime | None = Field(description="Rotate before this.")


class MembershipRead(ResponseSchema):
    """A clinic the caller may act in."""

    clinic_id: Id = Field(description="Send it as Clinic-Id when you work in several.")
    clinic_name: str = Field(description="What the clinic is called.", examples=["Harbour Ketamine Clinic"])
    time_zone: str = Field(description="Its zone.", examples=["America/New_York"])
    principal_id: Id = Field(description="You, in that clinic.")
    kind: str = Field(description="`staff` or `client`.", examples=["staff"])
    name: str = Field(description="Your name there.", examples=["Sam Levy"])
    roles: list[str] = Field(description="Your roles there.", examples=[["nurse"]])
    permissions: list[str] = Field(description="What they allow.", examples=[["session:read"]])


class MeRead(ResponseSchema):
    """Who the token belongs to."""

    object: str = Field(description="Always `me`.", examples=["me"])
    username: str | None = Field(description="Login name of a person.", examples=["sam.levy"])
    is_operator: bool = Field(description="Whether you run this installation.", examples=[False])
    authenticated_at: UtcTime | None = Field(
        description="When the password of this token was given; null for a program, which has none."
    )
    step_up_until: UtcTime | None = Field(
        description="Until when, that instant included, it serves what asks for the password again; null for a program."
    )
    memberships: list[MembershipRead] = Field(description="The clinics you may act in.")
