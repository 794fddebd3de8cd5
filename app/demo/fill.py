"""Filling a database with the demo clinics, through the same actions the API uses."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from random import Random
from typing import Final

from app.courses.rules import instant_of
from app.demo.clockwork import Clockwork, history
from app.demo.people import CLINICS, DemoClinic, draw_people
from app.demo.story import FATES, PatientStory, Step
from app.identity.actions import create_client, create_clinic, create_location, create_staff
from app.identity.rules import SCOPE_PERMISSIONS, Role, permissions_of_roles
from app.identity.schemas import AdministratorCreate, ClientCreate, ClinicCreate, LocationCreate, StaffCreate
from app.identity.tokens.actions import Passwords, choose_password
from app.kernel.actor import Actor, PrincipalKind
from app.kernel.database import Database

PATIENTS: Final = 20
_SOURCE: Final = "demo"
_OPENED_DAYS_AGO: Final = 120

Advance = Callable[[str, int, int], None]


class WrongHands(RuntimeError):
    """A step of the story is done by somebody who may not do it; a mistake in the story."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who can sign in."""

    username: str
    password: str


@dataclass(frozen=True, slots=True)
class ClinicCredentials:
    """Who can sign in to one of the clinics, by role, and its program."""

    id: str
    name: str
    users: Mapping[str, User]
    client_id: str
    client_secret: str


async def fill(
    database: Database,
    *,
    seed: int,
    today: date,
    patients: int = PATIENTS,
    advance: Advance = lambda _name, _done, _all: None,
) -> list[ClinicCredentials]:
    """Make and fill the demo clinics.

    The history is recorded under a clock that is moved along with it, so that facts are minutes and not months older
    than their recording, and alerts are live. Seed and day decide everything that is clinical; ids, passwords and
    secrets are new each time.

    Args:
        database: Empty but for its schema.
        seed: Another number makes other people.
        today: The day after the last one that is told; sessions of that day and the days after are scheduled.
        patients: How many there are in each clinic.
        advance: Called with a clinic's name and how many of its steps are done, of how many.

    Returns:
        Who can sign in.
    """
    passwords = Passwords()
    credentials: list[ClinicCredentials] = []
    for clinic in CLINICS:
        with history() as clockwork:
            people = await _open(database, passwords, clinic, today, clockwork)
            steps = story_of(clinic, seed, today, patients)
            for done, step in enumerate(steps):
                advance(clinic.name, done, len(steps))
                await _play(database, people.actors[step.role], step, clockwork)
            advance(clinic.name, len(steps), len(steps))
        # Under the real clock: a secret that was made in the told past could be too old by now.
        client_id, secret = await _register_client(database, people.actors["admin"], clinic)
        name, users = clinic.name, people.users
        credentials.append(ClinicCredentials(str(people.actors["admin"].clinic_id), name, users, client_id, secret))
    await database.sealer.seal()
    return credentials


def story_of(clinic: DemoClinic, seed: int, today: date, patients: int) -> list[Step]:
    """Everything that happens in a clinic before a day, in order of time."""
    people = draw_people(clinic, patients, today.year, Random(f"{seed}/{clinic.slug}"))  # noqa: S311  # no secret
    steps: list[Step] = []
    for number, person in enumerate(people):
        random = Random(f"{seed}/{clinic.slug}/{number}")  # noqa: S311  # no secret
        at_local = time(8 + number % 7, random.choice((0, 15, 30, 45)))
        steps += PatientStory(clinic, person, FATES[number % len(FATES)], today, random, at_local).told()
    return sorted(steps, key=lambda step: step.at)


@dataclass(frozen=True, slots=True)
class _People:
    actors: Mapping[str, Actor]
    users: Mapping[str, User]


async def _open(
    database: Database, passwords: Passwords, clinic: DemoClinic, today: date, clockwork: Clockwork
) -> _People:
    """Make the clinic and its staff, and have each of them choose a password at random."""
    opened_on = today - timedelta(days=_OPENED_DAYS_AGO)
    clockwork.instant = instant_of(opened_on, time(9), clinic.time_zone)
    administrator = AdministratorCreate(username=f"admin.{clinic.slug}", name=clinic.staff["admin"])
    body = ClinicCreate(name=clinic.name, time_zone=clinic.time_zone, administrator=administrator)
    async with database.writing() as db:
        new = await create_clinic(db, body, source=_SOURCE)
    admin = Actor(
        new.clinic.id,
        new.administrator.id,
        PrincipalKind.STAFF,
        permissions_of_roles([Role.ADMIN]),
        clinic.time_zone,
        source=_SOURCE,
        roles=(Role.ADMIN.value,),
    )
    actors = {"admin": admin}
    users = {"admin": await _user(database, passwords, administrator.username, new.invitation.text)}
    async with database.writing(admin) as db:
        await create_location(db, admin, LocationCreate(name="Treatment room 1"))
    for role in (Role.PRESCRIBER, Role.NURSE, Role.THERAPIST, Role.FRONT_DESK):
        username = f"{role.value}.{clinic.slug}"
        async with database.writing(admin) as db:
            body_of_staff = StaffCreate(username=username, name=clinic.staff[role.value], roles=[role])
            staff, invitation = await create_staff(db, admin, body_of_staff)
        assert invitation is not None
        users[role.value] = await _user(database, passwords, username, invitation.text)
        actors[role.value] = Actor(
            new.clinic.id,
            staff.id,
            PrincipalKind.STAFF,
            permissions_of_roles([role]),
            clinic.time_zone,
            source=_SOURCE,
            roles=(role.value,),
        )
    return _People(actors, users)


async def _user(database: Database, passwords: Passwords, username: str, invitation: str) -> User:
    password = secrets.token_urlsafe(18)
    await choose_password(database, passwords, invitation, password)
    return User(username, password)


async def _register_client(database: Database, admin: Actor, clinic: DemoClinic) -> tuple[str, str]:
    body = ClientCreate(name=f"Demo integration of {clinic.slug}", scopes=list(SCOPE_PERMISSIONS))
    async with database.writing(admin) as db:
        client, secret = await create_client(db, admin, body)
    assert secret is not None
    return str(client.id), secret.text


async def _play(database: Database, actor: Actor, step: Step, clockwork: Clockwork) -> None:
    if not actor.may(step.permission):
        message = f"{step.role} does not hold {step.permission}."
        raise WrongHands(message)
    clockwork.instant = step.at
    async with database.writing(actor) as db:
        await step.act(db, actor)
