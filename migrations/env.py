"""How Alembic runs our migrations: one transaction for all steps, on either database.

SQLite's DDL is as transactional as PostgreSQL's once the driver leaves transactions alone, so a failing step leaves
the schema as it was. Foreign keys stay off on SQLite while tables are rewritten (a rewrite drops the old table and
would cascade into its children); what the rewrite left behind is checked before the commit.
"""

import sqlalchemy as sa
from alembic import context

from app.kernel.database import open_for_migrations
from app.kernel.settings import Settings
from migrations.env_tables import all_tables, as_literal


class BrokenReferences(RuntimeError):
    """A step left rows that refer to rows which are not there; nothing was committed."""


def migrate(connection: sa.Connection) -> None:
    """Take the steps that were asked for."""
    on_sqlite = connection.dialect.name == "sqlite"
    # Only Alembic's own commands and `alembic check` compare; an upgrade from code leaves the application unimported.
    compares = context.config.cmd_opts is not None or bool(context.config.attributes.get("compares"))
    context.configure(
        connection=connection,
        target_metadata=all_tables() if compares else None,
        render_item=as_literal,
        compare_type=True,
        render_as_batch=False,
        transactional_ddl=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()
        if on_sqlite and (broken := connection.execute(sa.text("PRAGMA foreign_key_check")).fetchall()):
            tables = ", ".join(sorted({str(row[0]) for row in broken}))
            message = f"Rows of {tables} refer to rows that are not there."
            raise BrokenReferences(message)


def main() -> None:
    """Migrate over the caller's connection, or over one of our own to the configured database."""
    connection: sa.Connection | None = context.config.attributes.get("connection")
    if connection is not None:
        migrate(connection)
        return
    engine = open_for_migrations(Settings())
    with engine.connect() as own:
        migrate(own)
        own.commit()
    engine.dispose()


main()
