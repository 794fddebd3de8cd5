"""Every step up, down and up again on both databases, and the schema it leaves."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from app.kernel import migrations
from app.kernel.database import open_database, open_for_migrations
from app.kernel.settings import Settings
from migrations.snapshots import FOLDER, snapshot


@pytest.fixture
def settings(dialect: str, fresh_database_url: Callable[[str], str]) -> Settings:
    """An empty database of a test's own."""
    return Settings(database_url=fresh_database_url(dialect))


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """A way into it that no guard watches."""
    made = open_for_migrations(settings)
    yield made
    made.dispose()


def test_there_is_one_head() -> None:
    scripts = ScriptDirectory.from_config(migrations.configuration())
    assert scripts.get_heads() == [migrations.head()]
    assert scripts.get_bases() == ["0001"]


def test_files_are_named_after_their_revision_and_stand_alone() -> None:
    folder = Path(ScriptDirectory.from_config(migrations.configuration()).versions)
    files = sorted(folder.glob("*.py"))
    assert [file.name.split("_")[0] for file in files if file.name != "__init__.py"] == [
        f"{number:04}" for number in range(1, len(files) + 1)
    ]
    for file in files:
        source = file.read_text(encoding="utf-8")
        assert "import app" not in source
        assert "from app" not in source


def _insert(connection: Connection, table: str, **values: object) -> None:
    columns = inspect(connection).get_columns(table)
    row: dict[str, object] = {}
    for column in columns:
        if column["name"] in values:
            row[column["name"]] = values[column["name"]]
        elif not column["nullable"]:
            row[column["name"]] = _filler(str(column["type"]))
    names = ", ".join(row)
    marks = ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), row)


def _filler(kind: str) -> object:
    match kind.upper().split("(")[0]:
        case "INTEGER" | "BIGINT":
            return 1
        case "TIMESTAMP" | "DATETIME":
            return datetime(2026, 3, 2, tzinfo=UTC).isoformat(sep=" ")[:19]
        case "UUID" | "CHAR":
            return uuid4().hex
        case "BOOLEAN":
            return False
        case _:
            return "text"


def _key(connection: Connection, value: UUID) -> str:
    return value.hex if connection.dialect.name == "sqlite" else str(value)


def test_up_down_and_up_again_with_data(settings: Settings, engine: Engine) -> None:
    assert migrations.upgrade(settings) == (None, migrations.head())
    with engine.begin() as connection:
        before = snapshot(connection)
        _insert(connection, "clinic")
        _insert(connection, "account")
        _insert(connection, "change")
    assert migrations.downgrade(settings, "base") == (migrations.head(), None)
    with engine.begin() as connection:
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
        assert "change" not in snapshot(connection)
    assert migrations.upgrade(settings) == (None, migrations.head())
    with engine.begin() as connection:
        assert snapshot(connection) == before


def test_upgrading_twice_does_nothing(settings: Settings) -> None:
    migrations.upgrade(settings)
    assert migrations.upgrade(settings) == (migrations.head(), migrations.head())


def test_alembic_finds_no_difference_to_the_models(settings: Settings, engine: Engine) -> None:
    migrations.upgrade(settings)
    with engine.begin() as connection:
        configuration = migrations.configuration(connection)
        configuration.attributes["compares"] = True
        command.check(configuration)


def test_the_schema_is_the_one_reviewers_saw(settings: Settings, engine: Engine) -> None:
    """`make schema` writes the files."""
    migrations.upgrade(settings)
    with engine.begin() as connection:
        expected = (FOLDER / f"{connection.dialect.name}.sql").read_text(encoding="utf-8")
        assert snapshot(connection) == expected


def test_a_step_that_breaks_references_is_not_committed(settings: Settings, engine: Engine, dialect: str) -> None:
    """Foreign keys are off on SQLite while migrating, so the check at the end is what stands."""
    if dialect != "sqlite":
        return  # PostgreSQL never stops checking
    migrations.upgrade(settings)
    with engine.begin() as connection:
        _insert(connection, "weight", weight_kg=8240)
    with pytest.raises(Exception, match="weight"):
        migrations.upgrade(settings)


def test_a_failing_step_leaves_the_schema_as_it_was(settings: Settings, engine: Engine) -> None:
    """A table in the way makes the first migration fail half-way; nothing of it stays, on SQLite neither."""
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE weight (id INTEGER)"))
    with pytest.raises(DBAPIError):
        migrations.upgrade(settings)
    with engine.begin() as connection:
        assert inspect(connection).get_table_names() == ["weight"]


# ── the start-up check ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_application_refuses_an_empty_database(settings: Settings) -> None:
    database = open_database(settings)
    with pytest.raises(migrations.SchemaMismatch, match=r"empty\. Run `seriatim migrate`"):
        await migrations.require_current_schema(database)
    await database.close()


@pytest.mark.parametrize(
    ("revision", "sentence"), [("0999", "does not know: a newer version migrated it"), ("none", "empty")]
)
async def test_the_application_refuses_another_schema(
    settings: Settings, engine: Engine, revision: str, sentence: str
) -> None:
    migrations.upgrade(settings)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
        if revision != "none":
            connection.execute(
                text("INSERT INTO alembic_version (version_num) VALUES (:revision)"), {"revision": revision}
            )
    database = open_database(settings)
    with pytest.raises(migrations.SchemaMismatch, match=sentence):
        await migrations.require_current_schema(database)
    await database.close()


async def test_the_application_accepts_its_own_schema(settings: Settings) -> None:
    migrations.upgrade(settings)
    database = open_database(settings)
    await migrations.require_current_schema(database)
    await database.close()


# ── the ledger is append-only ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def ledger(settings: Settings, engine: Engine) -> Engine:
    """A ledger of two changes: one without a number, one with."""
    migrations.upgrade(settings)
    with engine.begin() as connection:
        for number, sequence in ((1, None), (2, 7)):
            _insert(
                connection,
                "change",
                clinic_id=_key(connection, UUID(int=1)),
                id=_key(connection, UUID(int=number)),
                content="{}",
                content_digest="digest",
                resource_type="patient",
                resource_id=_key(connection, UUID(int=10)),
                version=number,
                sequence=sequence,
                reason=None,
            )
    return engine


def _run(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        first, second = _key(connection, UUID(int=1)), _key(connection, UUID(int=2))
        connection.execute(text(statement.replace("FIRST", f"'{first}'").replace("SECOND", f"'{second}'")))


def _rows(engine: Engine) -> list[tuple[object, ...]]:
    with engine.begin() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT * FROM change ORDER BY version"))]


REFUSED = [
    "DELETE FROM change",
    "DELETE FROM change WHERE id = FIRST",
    "UPDATE change SET event = 'other'",
    "UPDATE change SET content = '{\"a\": 1}' WHERE id = FIRST",
    "UPDATE change SET content_digest = 'other' WHERE id = FIRST",
    "UPDATE change SET recorded_at = '2020-01-01 00:00:00' WHERE id = FIRST",
    "UPDATE change SET reason = 'new' WHERE id = FIRST",
    "UPDATE change SET version = 9 WHERE id = FIRST",
    "UPDATE change SET sequence = 8 WHERE id = SECOND",
    "UPDATE change SET sequence = NULL WHERE id = SECOND",
    "UPDATE change SET sequence = 8, event = 'other' WHERE id = FIRST",
    "UPDATE change SET sequence = 8, content = NULL WHERE id = FIRST",
    "UPDATE change SET content = NULL, content_digest = '' WHERE id = FIRST",
    "UPDATE change SET sequence = 7 WHERE id = FIRST",  # somebody else's number
    "UPDATE change SET event = event WHERE id = FIRST",  # not even a change that changes nothing
]
ON_POSTGRESQL = ["TRUNCATE change", "TRUNCATE change CASCADE"]
ON_SQLITE = [
    "INSERT OR REPLACE INTO change SELECT * FROM change WHERE id = FIRST",
    "UPDATE OR REPLACE change SET sequence = 7 WHERE id = FIRST",
    "UPDATE OR IGNORE change SET event = 'other' WHERE id = FIRST",
]


@pytest.mark.parametrize("statement", [*REFUSED, *ON_POSTGRESQL, *ON_SQLITE])
def test_the_ledger_refuses(ledger: Engine, statement: str) -> None:
    if statement in (ON_SQLITE if ledger.dialect.name == "postgresql" else ON_POSTGRESQL):
        return  # the other database's own words
    before = _rows(ledger)
    with pytest.raises(DBAPIError):
        _run(ledger, statement)
    assert _rows(ledger) == before


def test_a_change_gets_its_number_once(ledger: Engine) -> None:
    _run(ledger, "UPDATE change SET sequence = 8 WHERE id = FIRST")
    with pytest.raises(DBAPIError):
        _run(ledger, "UPDATE change SET sequence = 9 WHERE id = FIRST")


def test_a_change_loses_its_content_once_and_keeps_its_digest(ledger: Engine) -> None:
    _run(ledger, "UPDATE change SET content = NULL WHERE id = SECOND")
    with ledger.begin() as connection:
        found = connection.execute(text("SELECT content_digest FROM change WHERE content IS NULL")).scalars().all()
    assert found == ["digest"]
    with pytest.raises(DBAPIError):
        _run(ledger, "UPDATE change SET content = '{}' WHERE id = SECOND")
