"""Where the schema stands, and how it gets where the code expects it.

The application never migrates by itself: with several processes each would try. It compares and refuses to start,
and `seriatim migrate` is a step of its own.
"""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

import migrations
from app.kernel.database import Database, open_for_migrations
from app.kernel.settings import Settings

_SCRIPTS: Final = Path(migrations.__file__).parent


class SchemaMismatch(RuntimeError):
    """The database's schema is not the one this version of the code was written for."""


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration, also when we are installed as a package and there is no ini file."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """The revision this version of the code was written for."""
    found = ScriptDirectory.from_config(configuration()).get_current_head()
    if found is None:
        message = "This installation has no migrations."
        raise SchemaMismatch(message)
    return found


def upgrade(settings: Settings, revision: str = "head") -> tuple[str | None, str | None]:
    """Bring the configured database to a revision.

    Returns:
        The revision before and after; None is an empty database.
    """
    return _run(settings, revision, forward=True)


def downgrade(settings: Settings, revision: str) -> tuple[str | None, str | None]:
    """Take steps back, down to a revision or to `base`.

    Returns:
        The revision before and after; None is an empty database.
    """
    return _run(settings, revision, forward=False)


def _run(settings: Settings, revision: str, *, forward: bool) -> tuple[str | None, str | None]:
    engine = open_for_migrations(settings)
    try:
        with engine.begin() as connection:
            before = MigrationContext.configure(connection).get_current_revision()
            (command.upgrade if forward else command.downgrade)(configuration(connection), revision)
            after = MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
    return before, after


async def require_current_schema(database: Database) -> None:
    """Refuse to work on a schema this code does not know.

    Raises:
        SchemaMismatch: with what to do about it.
    """
    async with database.reading() as db:
        tables = await (await db.connection()).run_sync(lambda connection: inspect(connection).get_table_names())
        current = None
        if "alembic_version" in tables:
            current = (await db.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
    expected = head()
    if current == expected:
        return
    known = {step.revision for step in ScriptDirectory.from_config(configuration()).walk_revisions()}
    if current is None:
        message = "The database is empty. Run `seriatim migrate` first."
    elif current in known:
        message = f"The database is at revision {current}, this version needs {expected}. Run `seriatim migrate` first."
    else:
        message = (
            f"The database is at revision {current}, which this version (at {expected}) does not know: "
            "a newer version migrated it. Start that version."
        )
    raise SchemaMismatch(message)
