"""Filling a database with the demo clinics, through the same actions the API uses."""

import gc
import secrets
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import event

from app.courses.rules import instant_of
from app.demo.at_once import work_at_once
from app.demo.clockwork import Clockwork, history
from app.demo.gates import certify_clinic
from app.demo.journeys import RECORD_DAYS, WANTED, Journey, Wanted, draw_journey
from app.demo.people import CLINICS, DemoClinic, draw_people
from app.demo.story import PatientStory, Step
from app.identity.actions import create_client, create_clinic, create_location, create_staff
from app.identity.rules import SCOPE_PERMISSIONS, Role, permissions_of_roles
from app.identity.schemas import AdministratorCreate, ClientCreate, ClinicCreate, LocationCreate, StaffCreate
from app.identity.tokens.actions import Passwords, choose_password
from app.kernel.actor import Actor, PrincipalKind
from app.kernel.database import Database, WriteSession
from app.kernel.ledger import begin_act
from app.kernel.records import ids_are_new

PATIENTS: Final = 200
_SOURCE: Final = "demo"
_OPENED_DAYS_AGO: Final = RECORD_DAYS + 15
_TOLD_UNTIL: Final = time(13, 20)
_SATURDAY: Final = 5
_STEPS_AT_ONCE: Final = 500

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


def present_day(now: datetime) -> date:
    """The day a story is told up to: the latest working day on which it was past noon in every clinic.

    So there are always people in the middle of a session, and nothing lies in the future that claims to have happened.
    """
    day = min(now.astimezone(ZoneInfo(clinic.time_zone)).date() for clinic in CLINICS)
    while day.weekday() >= _SATURDAY or any(_until(clinic, day) > now for clinic in CLINICS):
        day -= timedelta(days=1)
    return day


def _until(clinic: DemoClinic, today: date) -> datetime:
    return instant_of(today, _TOLD_UNTIL, clinic.time_zone)


def sizes(patients: int) -> tuple[int, int]:
    """How many patients each clinic has: the second is a tenth of the first."""
    return patients, max(1, round(patients / 10))


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
        today: The day that is told up to shortly after one o'clock on each clinic's wall, with sessions going on.
        patients: How many there are in the first clinic; the second has a tenth of them.
        advance: Called with a clinic's name and how many of its steps are done, of how many.

    Returns:
        Who can sign in.
    """
    passwords = Passwords()
    work_at_once(database)
    with _garbage_kept():
        return await _fill(database, passwords, seed, today, patients, advance)


async def _fill(  # where, and what to tell
    database: Database, passwords: Passwords, seed: int, today: date, patients: int, advance: Advance
) -> list[ClinicCredentials]:
    credentials: list[ClinicCredentials] = []
    for clinic, size in zip(CLINICS, sizes(patients), strict=True):
        with history() as clockwork:
            people = await _open(database, passwords, clinic, today, clockwork)
            steps = story_of(clinic, seed, today, size)
            for first in range(0, len(steps), _STEPS_AT_ONCE):
                advance(clinic.name, first, len(steps))
                await _play(database, people.actors, steps[first : first + _STEPS_AT_ONCE], clockwork)
            advance(clinic.name, len(steps), len(steps))
        # Under the real clock: a secret that was made in the told past could be too old by now.
        client_id, secret = await _register_client(database, people.actors["admin"], clinic)
        name, users = clinic.name, people.users
        credentials.append(ClinicCredentials(str(people.actors["admin"].clinic_id), name, users, client_id, secret))
    await database.sealer.seal()
    return credentials


def journeys_of(clinic: DemoClinic, seed: int, today: date, patients: int) -> list[tuple[Journey, Random]]:
    """Everybody's journey, and the generator to go on with."""
    drawn: list[tuple[Journey, Random]] = []
    for number in range(patients):
        random = Random(f"{seed}/{clinic.slug}/{number}")  # noqa: S311  # no secret
        wanted = WANTED[number] if number < len(WANTED) else Wanted()
        drawn.append((draw_journey(random, today, wanted), random))
    return drawn


def story_of(clinic: DemoClinic, seed: int, today: date, patients: int) -> list[Step]:
    """Everything that happens in a clinic up to the present, in order of time."""
    people = draw_people(clinic, patients, today.year, Random(f"{seed}/{clinic.slug}"))  # noqa: S311  # no secret
    steps: list[Step] = []
    for person, (journey, random) in zip(people, journeys_of(clinic, seed, today, patients), strict=True):
        steps += PatientStory(clinic, person, journey, today, random).told()
    until = _until(clinic, today)
    return sorted((step for step in steps if step.at < until), key=lambda step: step.at)


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
    async with database.writing(actors["nurse"]) as db:
        await certify_clinic(db, actors["nurse"], clinic, opened_on)
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


async def _play(database: Database, actors: Mapping[str, Actor], steps: list[Step], clockwork: Clockwork) -> None:
    """Do some steps in one transaction, each an act of its own: a commit each would cost more than the acts."""
    async with database.writing() as db:
        ids_are_new(db)
        with _kept_in_memory(db):
            for step in steps:
                actor = actors[step.role]
                if not actor.may(step.permission):
                    message = f"{step.role} does not hold {step.permission}."
                    raise WrongHands(message)
                await begin_act(db, actor)
                clockwork.instant = step.at
                await step.act(db, actor)


@contextmanager
def _garbage_kept() -> Generator[None]:
    """Do not look for cycles in memory meanwhile: it takes a fifth of the time, and finds little."""
    was_looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_looking:
            gc.enable()


@contextmanager
def _kept_in_memory(db: WriteSession) -> Generator[None]:
    """Keep what was loaded: a session only remembers what somebody holds, and would read it again for each step."""
    held: list[object] = []

    def hold(_session: object, record: object) -> None:
        held.append(record)

    for moment in ("loaded_as_persistent", "pending_to_persistent"):
        event.listen(db.sync_session, moment, hold)
    yield
    held.clear()
