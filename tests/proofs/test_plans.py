"""No request reads a clinic's table from end to end: each statement the API sends has an index to go by.

Every operation is called in a clinic among others, in a database with hundreds of patients; lists are also asked with
each of their filters and for a second page. Each statement that is sent is then explained. An operation that is added
is walked with the others, because it needs a recipe.
"""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import pytest
from sqlalchemy import Connection, event, text

from app.alerts.worker import Escalator
from app.kernel.database import Database, open_for_migrations
from app.kernel.guard import clinic_tables
from benchmarks.workset import WorkSet, build
from tests.contract.document import document
from tests.proofs.care import instant
from tests.proofs.crowd import world_of
from tests.proofs.recipes import RECIPES, Call, Operation, operations_of, stage_in
from tests.world import Installation

# A clinic is a small part of the whole, as it is where many share a database: with two, reading the other's half of a
# table as well is the right plan.
CLINICS: Final = 10
PATIENTS: Final = 400
# PostgreSQL rightly reads a table of a page or two as a whole, whatever indexes it has. For those the question is
# whether there is an index it would take if it had to; for the others it is what it does.
SMALL_TABLE_ROWS: Final = 600
# It holds only what the sealer has not seen yet, of all clinics, and is meant to be read whole.
UNSEALED: Final = "ix_change__unsealed"
EXPLAINED: Final = ("SELECT", "WITH", "UPDATE", "DELETE")


@dataclass
class Sent:
    """The statements that were sent, by the operation they were sent for."""

    statements: dict[str, tuple[str, Any]] = field(default_factory=dict)
    operation: str = ""

    def note(
        self, _conn: object, _cursor: object, statement: str, parameters: Any, _context: object, many: bool
    ) -> None:
        """Keep one; listens to `before_cursor_execute`."""
        if self.operation and not many and statement.lstrip().startswith(EXPLAINED):
            self.statements.setdefault(statement, (self.operation, parameters))

    @contextmanager
    def during(self, operation: str) -> Iterator[None]:
        """Keep what is sent meanwhile."""
        self.operation = operation
        yield
        self.operation = ""


def watch(database: Database) -> Sent:
    """Listen to everything a database is sent."""
    sent = Sent()
    for engine in {database.reader.sync_engine, database.writer.sync_engine}:
        event.listen(engine, "before_cursor_execute", sent.note)
    return sent


@pytest.fixture
async def crowded(own_installation: Installation) -> tuple[Installation, WorkSet]:
    """An installation with the work set of the benchmark."""
    work = await asyncio.to_thread(build, own_installation.settings, patients=PATIENTS, clinics=CLINICS, seed=1)
    return own_installation, work


def queries_of(
    document: Mapping[str, Any], operation: Operation, answer: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Further queries to send to an address: each parameter by itself, and the second page."""
    listed_first = next(iter(answer.get("items") or ()), None)
    first: Mapping[str, Any] = listed_first if isinstance(listed_first, dict) else {}
    for listed in operation.facts.get("parameters", ()):
        parameter = listed
        if "$ref" in listed:
            parameter = document["components"]["parameters"][listed["$ref"].rsplit("/", 1)[1]]
        name, schema = parameter["name"], parameter.get("schema", {})
        if parameter["in"] != "query" or name in {"limit", "cursor"}:
            continue
        inner = schema.get("items", schema)
        if "$ref" in inner:
            inner = document["components"]["schemas"][inner["$ref"].rsplit("/", 1)[1]]
        told = first.get(name)
        examples = [*inner.get("enum", ()), *inner.get("examples", ()), *schema.get("examples", ())]
        examples += [one["value"] for one in parameter.get("examples", {}).values()]
        if name == "as_of":
            yield {name: instant(datetime.now(UTC))}
        elif inner.get("type") == "boolean":
            yield {name: "true"}
        elif isinstance(told, str | int | float):
            yield {name: told}
        elif examples:
            yield {name: examples[0][0] if isinstance(examples[0], list) else examples[0]}
        else:
            pytest.fail(f"{operation.id}: {name} has neither a value in the answer nor an example")
    if answer.get("next_cursor"):
        yield {"cursor": answer["next_cursor"]}


async def test_every_statement_has_an_index_to_go_by(crowded: tuple[Installation, WorkSet]) -> None:
    installation, work = crowded
    clinic = await world_of(installation, work)
    stage = await stage_in(clinic)
    sent = watch(installation.database)
    described = document()
    for operation in operations_of(described):
        admin = operation.template.startswith(
            ("/v1/staff", "/v1/clients", "/v1/locations", "/v1/clinics", "/v1/policies", "/v1/policy-settings")
        )
        await clinic.sign_in_again()  # a walk may take longer than a password counts
        http = await clinic.client("admin" if admin else "prescriber")
        call: Call = await RECIPES[operation.id](stage)
        with sent.during(operation.id):
            answer = await call.send(http, operation)
            body = answer.json() if answer.content and "json" in answer.headers["content-type"] else {}
            for query in queries_of(described, operation, body) if operation.method == "GET" else ():
                again = await call.send(http, operation, params=query)
                assert again.status_code < HTTPStatus.BAD_REQUEST, f"{operation.id} {query}: {again.text}"
    with sent.during("sealing"):
        await installation.database.sealer.seal()
    with sent.during("escalating"):
        await Escalator(installation.database).escalate()
    assert len(sent.statements) > len(RECIPES) / 2
    engine = open_for_migrations(installation.settings)
    explain = _on_sqlite
    if engine.dialect.name == "postgresql":
        explain = _on_postgresql
        with engine.begin() as connection:
            connection.execute(text("ANALYZE"))
    with engine.connect() as connection:
        found = [
            f"{operation}: {where}\n    {statement}"
            for statement, (operation, parameters) in sent.statements.items()
            for where in explain(connection, statement, parameters)
        ]
    engine.dispose()
    await clinic.close()
    assert not found, "\n".join(found)


# Without statistics SQLite takes an index wherever there is one; with them it reads a table of a few rows as a whole.
def _on_sqlite(connection: Connection, statement: str, parameters: Any) -> Iterator[str]:
    aliases = dict(re.findall(r"\b(\w+) AS (\w+)", statement))
    names = {alias: table for table, alias in aliases.items()} | {name: name for name in clinic_tables()}
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    sorted_at = {row.parent for row in rows if row.detail == "USE TEMP B-TREE FOR ORDER BY"}
    for row in rows:
        step, name, *_ = f"{row.detail} - -".split()
        if names.get(name) not in clinic_tables() or UNSEALED in row.detail:
            continue
        if step == "SCAN" or "AUTOMATIC" in row.detail:
            yield row.detail
        elif row.detail.endswith("(clinic_id=?)") and row.parent in sorted_at and "LIMIT" in statement:
            yield f"{row.detail} and sorts all of it"


def _on_postgresql(connection: Connection, statement: str, parameters: Any) -> Iterator[str]:
    for forced in (False, True):
        for way in ("seqscan", "sort", "bitmapscan"):
            connection.exec_driver_sql(f"SET enable_{way} = {'off' if forced else 'on'}")
        plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
        root: Mapping[str, Any] = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
        for node in _nodes(root):
            table, kind = node.get("Relation Name"), node["Node Type"]
            if kind == "Seq Scan" and table in clinic_tables():
                small = _rows(connection, table) < SMALL_TABLE_ROWS
                if forced == small:
                    yield f"Seq Scan on {table}, {node.get('Filter', 'whole')}"
            elif forced and table in clinic_tables() and (index := node.get("Index Name", UNSEALED)) != UNSEALED:
                # Without its first column an index is read from end to end.
                if _first_column(connection, index) not in _columns(node):
                    yield f"{kind} of all of {index}"
            elif not forced and table in clinic_tables() and _columns(node) == {"clinic_id"}:
                if sought := re.findall(r"\b(\w+_id) = ", node.get("Filter", "")):
                    yield f"{kind} of a clinic's {table}, for its {', '.join(sought)}"
            elif forced and kind == "Limit":
                below = list(_input(node))
                read = below[-1]
                sorts = any(one["Node Type"] == "Sort" for one in below)
                if sorts and read.get("Relation Name") in clinic_tables() and _columns(read) == {"clinic_id"}:
                    yield f"{read['Node Type']} of a clinic's {read['Relation Name']}, and sorts all of it"


def _input(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What a step takes its rows from, down to the table that leads."""
    for inner in plan.get("Plans", ()):
        if inner["Parent Relationship"] == "Outer":
            yield inner
            yield from _input(inner)


def _columns(node: Mapping[str, Any]) -> set[str]:
    """Columns an index is searched by."""
    return set(re.findall(r"\b(\w+)\)?(?:::\w+)? (?:=|<|>)", node.get("Index Cond", node.get("Recheck Cond", ""))))


def _first_column(connection: Connection, index: str) -> str:
    name = text("SELECT pg_get_indexdef(CAST(:index AS regclass), 1, true)")
    return connection.execute(name, {"index": index}).scalar_one()


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


def _rows(connection: Connection, table: str) -> float:
    return connection.execute(
        text("SELECT reltuples FROM pg_class WHERE oid = CAST(:name AS regclass)"), {"name": table}
    ).scalar_one()
