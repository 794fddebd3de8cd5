"""Rows as the JSON they answer, made by the database.

A record with its children then comes as one text out of one statement. Made in Python, the same answer costs a
statement per kind of child and thousands of objects. What the database writes equals what `records.to_json` writes
of the same row, number for number and time for time.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import JSON, Boolean, ColumnElement, Date, FromClause, Select, Text, Uuid, cast, literal, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from app.kernel.tables import Scaled, UtcDateTime

MARK: Final = "entered_in_error"
_MEMBERS_IN_A_CALL: Final = 60
_MARK_MEMBERS: Final = ("at", "by", "reason")
_UUID_PARTS: Final = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
_SECONDS, _MICROSECONDS = '\'YYYY-MM-DD"T"HH24:MI:SS"Z"\'', '\'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\''


class _JsonObject(FunctionElement[str]):
    """One row as a JSON object. Its arguments are the row's id, which says where the row is, and lists of children.

    Each kind of record has a subclass of its own, because that is what a compiled statement is remembered by.
    """

    inherit_cache = True
    type = Text()
    kind: str
    members: Sequence[str]
    inside: Sequence[str]


class _JsonArray(FunctionElement[str]):
    """The JSON objects of all rows as one JSON array."""

    inherit_cache = True
    type = Text()


class _JsonConstant(FunctionElement[str]):
    """A value that is the same in every row. Its argument is the value's JSON."""

    inherit_cache = True
    type = Text()


@cache
def _kind_of_object(kind: str, members: Sequence[str], inside: Sequence[str]) -> type[_JsonObject]:
    facts = {"inherit_cache": True, "kind": kind, "members": members, "inside": inside}
    return type(f"_JsonObject_{kind}", (_JsonObject,), facts)


def as_object(
    kind: str, members: Sequence[str], rows: FromClause, inside: Mapping[str, ColumnElement[Any]]
) -> ColumnElement[str]:
    """Each row as a JSON object.

    Args:
        kind: What `object` says.
        members: The object's members; one that is neither a column nor inside is an empty list.
        rows: Where the rows come from; one of its columns is `id`.
        inside: Lists of children, as `as_array` makes them, or constants, by member; they stand before a column.
    """
    made = _kind_of_object(kind, tuple(members), tuple(inside))
    return made(rows.c.id, *inside.values())


def as_array(objects: ColumnElement[str]) -> ColumnElement[str]:
    """The objects of all rows as one array, in the order of the rows."""
    return _JsonArray(objects)


def as_pieces(statement: Select[*tuple[Any, ...]], above: FromClause) -> ColumnElement[Any]:
    """The rows of a select as one array of objects with its columns, for a member of a row above them.

    Args:
        statement: What is gathered; one of its columns is `id`.
        above: The table of that row, which the select may compare with.
    """
    rows = statement.correlate(above).subquery()
    return select(as_array(as_object("piece", rows.c.keys(), rows, {}))).scalar_subquery()


def values_of(columns: Iterable[ColumnElement[Any]], row: Mapping[str, Any]) -> dict[str, Any]:
    """A piece as Python has it, by the columns it was made of."""
    return {one.key: _value(one.type, row[one.key]) for one in columns if one.key is not None}


def _value(kind: TypeEngine[Any], told: Any) -> Any:
    if told is None:
        return None
    match kind:
        case UtcDateTime():
            return datetime.fromisoformat(told)
        case Scaled():
            return Decimal(str(told))
        case Date():
            return date.fromisoformat(told)
        case Uuid():
            return UUID(told)
        case _:
            return told


def as_constant(value: object) -> ColumnElement[str]:
    """A value that stands in every object, whatever its row holds."""
    return _JsonConstant(literal(orjson.dumps(value).decode(), Text()))


def as_text(objects: ColumnElement[str]) -> ColumnElement[str]:
    """An object as the text that leaves the database; nobody on the way takes it apart."""
    return cast(objects, Text)


@compiles(_JsonArray)
def _array_in_postgresql(element: _JsonArray, compiler: Any, **settings: Any) -> str:
    return f"coalesce(json_agg({compiler.process(element.clauses, **settings)}), '[]'::json)"


@compiles(_JsonArray, "sqlite")
def _array_in_sqlite(element: _JsonArray, compiler: Any, **settings: Any) -> str:
    return f"json_group_array(json({compiler.process(element.clauses, **settings)}))"


@compiles(_JsonConstant)
def _constant_in_postgresql(element: _JsonConstant, compiler: Any, **settings: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **settings)} AS JSON)"


@compiles(_JsonConstant, "sqlite")
def _constant_in_sqlite(element: _JsonConstant, compiler: Any, **settings: Any) -> str:
    return compiler.process(element.clauses, **settings)


@compiles(_JsonObject)
def _object_in_postgresql(element: _JsonObject, compiler: Any, **settings: Any) -> str:
    members = _members(element, compiler, _in_postgresql, "json_build_object", settings)
    # A row and not a call, because a call takes at most 100 arguments.
    listed = ", ".join(f'{value} AS "{name}"' for name, value in members.items())
    return f"(SELECT row_to_json(o) FROM (SELECT {listed}) AS o)"  # noqa: S608  # names of our own


@compiles(_JsonObject, "sqlite")
def _object_in_sqlite(element: _JsonObject, compiler: Any, **settings: Any) -> str:
    members = _members(element, compiler, _in_sqlite, "json_object", settings)
    members |= {name: f"json({members[name]})" for name in (*element.inside, MARK) if name in members}
    pairs = [f"'{name}', {value}" for name, value in members.items()]
    # A call takes at most 127 arguments, so a wide object is several: a last member that stands for a comma opens each
    # towards the next.
    parts = [pairs[begin : begin + _MEMBERS_IN_A_CALL] for begin in range(0, len(pairs), _MEMBERS_IN_A_CALL)]
    *before, last = (f"json_object({', '.join(part)})" for part in [*([*p, "'|', 0"] for p in parts[:-1]), parts[-1]])
    texts = [f"""replace({one}, ',"|":0}}', ',')""" for one in before] + [last]
    return f"({' || '.join([texts[0], *(f'substr({one}, 2)' for one in texts[1:])])})"


def _members(
    element: _JsonObject,
    compiler: Any,
    in_json: Callable[[str, ColumnElement[Any]], str],
    build: str,
    settings: Mapping[str, Any],
) -> dict[str, str]:
    identity, *lists = element.clauses
    columns: Mapping[str, ColumnElement[Any]] = identity.table.c  # type: ignore[attr-defined]  # it is a column

    def value(name: str) -> str:
        return in_json(compiler.process(columns[name], **settings), columns[name])

    inside = dict(zip(element.inside, lists, strict=True))
    members: dict[str, str] = {}
    for member in element.members:
        if member == "object":
            members[member] = f"'{element.kind}'"
        elif member == MARK:
            listed = ", ".join(f"'{key}', {value(f'{MARK}_{key}')}" for key in _MARK_MEMBERS)
            marked = compiler.process(columns[f"{MARK}_at"], **settings)
            members[member] = f"CASE WHEN {marked} IS NOT NULL THEN {build}({listed}) END"
        elif member in inside:
            members[member] = compiler.process(inside[member], **settings)
        elif member in columns:
            members[member] = value(member)
        else:
            members[member] = "json('[]')" if compiler.dialect.name == "sqlite" else "'[]'::json"
    return members


def _in_postgresql(name: str, column: ColumnElement[Any]) -> str:
    match column.type:
        case UtcDateTime():
            form = f"CASE WHEN {name} = date_trunc('second', {name}) THEN {_SECONDS} ELSE {_MICROSECONDS} END"
            return f"to_char({name} AT TIME ZONE 'UTC', {form})"
        case Scaled() as kind:
            return f"trim_scale({name} / {10**kind.places}.0)"
        case _:
            return name


def _in_sqlite(name: str, column: ColumnElement[Any]) -> str:
    match column.type:
        case UtcDateTime():
            whole = f"iif(substr({name}, 21) = '000000', substr({name}, 1, 19), {name})"
            return f"replace({whole}, ' ', 'T') || 'Z'"
        case Scaled() as kind:
            scale = 10**kind.places
            return f"iif({name} % {scale} = 0, {name} / {scale}, {name} / {scale}.0)"
        case Uuid():
            return " || '-' || ".join(f"substr({name}, {start}, {length})" for start, length in _UUID_PARTS)
        case JSON():
            return f"json({name})"
        case Boolean():
            return f"json(iif({name}, 'true', iif({name} IS NULL, 'null', 'false')))"
        case _:
            return name
