"""The schema as text, to show reviewers what a step does and to catch what Alembic's comparison does not see.

`make schema` rewrites `schema/sqlite.sql` and `schema/postgresql.sql`; a test compares them with a migrated database.
Alembic does not compare CHECK constraints, triggers or functions, so those are seen only here.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

FOLDER: Final = Path(__file__).parent / "schema"

_COLUMNS: Final = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY c.relname, a.attnum
"""
_CONSTRAINTS: Final = """
    SELECT c.relname, n.conname, pg_get_constraintdef(n.oid)
    FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid
    WHERE n.connamespace = 'public'::regnamespace AND n.contype IN ('p', 'u', 'c', 'f')
    ORDER BY c.relname, n.contype, n.conname
"""
_INDEXES: Final = """
    SELECT pg_get_indexdef(i.indexrelid)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE c.relnamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT 1 FROM pg_constraint n WHERE n.conindid = i.indexrelid AND n.contype IN ('p', 'u'))
    ORDER BY c.relname
"""
_FUNCTIONS: Final = """
    SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace ORDER BY p.proname
"""
_TRIGGERS: Final = """
    SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace ORDER BY c.relname, t.tgname
"""


def snapshot(connection: Connection) -> str:
    """The schema of a database: tables, constraints, indexes, functions and triggers, always in the same order."""
    lines = _of_sqlite(connection) if connection.dialect.name == "sqlite" else _of_postgresql(connection)
    return "\n".join(lines) + "\n"


def _of_sqlite(connection: Connection) -> Iterator[str]:
    rank = "CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 ELSE 2 END"
    found = connection.execute(text(f"SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY {rank}, name"))
    for (statement,) in found:
        yield re.sub(r"[ \t]+\n", "\n", str(statement).strip().replace("\t", "    ")) + ";\n"


def _of_postgresql(connection: Connection) -> Iterator[str]:
    columns: dict[str, list[str]] = {}
    for table, column, kind, required in connection.execute(text(_COLUMNS)):
        columns.setdefault(table, []).append(f"    {column} {kind}{' NOT NULL' if required else ''}")
    constraints: dict[str, list[str]] = {}
    for table, name, definition in connection.execute(text(_CONSTRAINTS)):
        # PostgreSQL 18 lists NOT NULL among the constraints and older versions do not; columns say it already.
        constraints.setdefault(table, []).append(f"    CONSTRAINT {name} {definition}")
    for table, described in columns.items():
        yield f"CREATE TABLE {table} (\n" + ",\n".join([*described, *constraints.get(table, [])]) + "\n);\n"
    for query in (_INDEXES, _FUNCTIONS, _TRIGGERS):
        for (definition,) in connection.execute(text(query)):
            yield re.sub(r"[ \t]+\n", "\n", str(definition).strip()) + ";\n"
