"""The execution guard: no statement touches a clinic's table without saying which clinic.

Criteria that the ORM adds do not reach Core selects, text or refreshes, so the wall stands where every statement
must pass: in front of the cursor. For each clinic table in each SELECT, UPDATE or DELETE a comparison of its
`clinic_id` with a value must hold in every row (so it may not hide below an OR or a NOT), or with the `clinic_id` of
a table for which that is true. A verdict is kept on the compiled statement, so a statement is walked once.

The few statements that must look across clinics (signing in, sealing) carry `across_clinics="why"` as an execution
option; the reason is the documentation. The guard is against forgetting, not against malice: a text statement need
only mention `clinic_id`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Delete, Insert, Select, Table, TextClause, Update
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import (
    BinaryExpression,
    BindParameter,
    BooleanClauseList,
    ClauseElement,
    ColumnClause,
    Grouping,
)
from sqlalchemy.sql.selectable import (
    CTE,
    Alias,
    CompoundSelect,
    FromClause,
    FromGrouping,
    Join,
    Lateral,
    ScalarSelect,
    Subquery,
)

from app.kernel.tables import Base

ACROSS: Final = "across_clinics"
_VERDICT: Final = "_seriatim_guarded"
_NOT_ABOUT_ROWS: Final = frozenset(
    {"create", "alter", "drop", "pragma", "savepoint", "release", "rollback", "show", "set"}
)


class UnscopedStatement(RuntimeError):
    """A statement on a clinic's table does not say which clinic: a programming error, never a caller's."""


def clinic_tables() -> frozenset[str]:
    """Names of all tables that belong to a clinic."""
    return frozenset(name for name, table in Base.metadata.tables.items() if "clinic_id" in table.c)


def require_scoped(
    _conn: Connection,
    _cursor: object,
    statement: str,
    _parameters: object,
    context: Any,
    _many: bool,  # noqa: FBT001  # as the event calls it
) -> None:
    """Refuse an unscoped statement; listens to `before_cursor_execute`."""
    compiled: Any = getattr(context, "compiled", None)
    if compiled is not None and compiled.__dict__.get(_VERDICT):
        return
    if context is not None and context.execution_options.get(ACROSS):
        return
    element: Any = getattr(compiled, "statement", None)
    if not isinstance(element, Select | CompoundSelect | Insert | Update | Delete):
        _require_scoped_text(statement)
    else:
        for table in unscoped_tables(element):  # pyright: ignore[reportUnknownArgumentType]  # rows of any shape
            message = f"A statement on {table} does not compare its clinic_id."
            raise UnscopedStatement(message)
    if compiled is not None:
        compiled.__dict__[_VERDICT] = True


def _require_scoped_text(statement: str) -> None:
    words = re.findall(r"[a-z_]+", statement.lower())
    if not words or words[0] in _NOT_ABOUT_ROWS:
        return
    if (touched := clinic_tables().intersection(words)) and "clinic_id" not in words:
        message = f"A text statement on {', '.join(sorted(touched))} does not mention clinic_id."
        raise UnscopedStatement(message)


def unscoped_tables(statement: ClauseElement) -> Iterator[str]:
    """Names of the clinic tables in a statement that are not tied to one clinic."""
    yield from _visit(statement, frozenset())


@dataclass(frozen=True, slots=True)
class _Condition:
    """A condition, and the tables it may tie; None where it holds for every row.

    The condition of an outer join holds only for the rows that come from its optional side.
    """

    clause: Any
    ties: frozenset[FromClause] | None = None


def _visit(element: ClauseElement, outside: frozenset[FromClause]) -> Iterator[str]:
    match element:
        case Select():
            yield from _visit_select(element, outside)  # pyright: ignore[reportUnknownArgumentType]  # rows of any shape
        case Update() | Delete():
            froms = {element.table, *_tables_in(element.whereclause)} - outside
            anchored = _anchored(froms, [_Condition(element.whereclause)], outside)
            yield from _names(froms - anchored)
            yield from _below(element, outside | anchored)
        case TextClause():
            yield from sorted(clinic_tables().intersection(re.findall(r"[a-z_]+", element.text.lower())))
        case ColumnClause() if element.is_literal:
            yield from sorted(clinic_tables().intersection(re.findall(r"[a-z_]+", element.name.lower())))
        case CTE() | Subquery() | Lateral():
            # It stands in FROM and sees nothing of the statement around it, even where it names the same table.
            yield from _below(element, frozenset())
        case _:
            # Of an INSERT too: its values always carry clinic_id, which is part of the key, but it may select them.
            yield from _below(element, outside)


def _visit_select(element: Select[*tuple[Any, ...]], outside: frozenset[FromClause]) -> Iterator[str]:
    seen = _correlated(element, outside)
    joined = element.get_final_froms()
    froms = set(_leaves(joined)) - seen
    conditions = [_Condition(element.whereclause), *_join_conditions(joined)]
    anchored = _anchored(froms, conditions, seen)
    yield from _names(froms - anchored)
    yield from _below(element, seen | anchored)


def _correlated(element: Any, outside: frozenset[FromClause]) -> frozenset[FromClause]:
    """Which tables of the statement around it a select shares; the others it reads anew."""
    if element._auto_correlate:  # noqa: SLF001  # SQLAlchemy has no public names for these
        return outside
    if element._correlate_except is not None:  # noqa: SLF001
        return outside - frozenset(element._correlate_except)  # noqa: SLF001
    return outside & frozenset(element._correlate)  # noqa: SLF001


def _below(element: ClauseElement, anchored: frozenset[FromClause]) -> Iterator[str]:
    children: Iterable[Any] = element.get_children()
    for child in children:
        if isinstance(child, ScalarSelect):
            yield from _visit(child.element, anchored)
            continue
        is_name = isinstance(child, Table) or (isinstance(child, ColumnClause) and not child.is_literal)
        if not is_name:
            yield from _visit(child, anchored)  # pyright: ignore[reportUnknownArgumentType]  # of any type


def _leaves(froms: Iterable[FromClause]) -> Iterator[FromClause]:
    for source in froms:
        match source:
            case Join():
                yield from _leaves((source.left, source.right))
            case FromGrouping():
                yield from _leaves((source.element,))
            case _:
                yield source


def _tables_in(clause: Any) -> set[FromClause]:
    """Tables a condition names, which an UPDATE or DELETE then reads as well."""
    return set() if clause is None else set(_leaves(clause._from_objects))  # noqa: SLF001  # no public name


def _join_conditions(froms: Iterable[FromClause]) -> Iterator[_Condition]:
    for source in froms:
        match source:
            case Join():
                optional = None
                if source.full:
                    optional = frozenset[FromClause]()
                elif source.isouter:
                    optional = frozenset(_leaves((source.right,)))
                yield _Condition(source.onclause, optional)
                yield from _join_conditions((source.left, source.right))
            case FromGrouping():
                yield from _join_conditions((source.element,))
            case _:
                pass


def _names(froms: Iterable[FromClause]) -> Iterator[str]:
    for source in froms:
        table: Any = source.element if isinstance(source, Alias) else source
        if isinstance(table, Table) and table.description in clinic_tables():
            yield table.description


def _anchored(
    froms: set[FromClause], conditions: Iterable[_Condition], outside: frozenset[FromClause]
) -> frozenset[FromClause]:
    links: list[tuple[FromClause, FromClause]] = []  # the second is tied once the first is
    anchored = set(outside)
    for condition in conditions:
        for left, right in _equalities(condition.clause):
            for one, other in ((left, right), (right, left)):
                target = _owner(one)
                if target is None or (condition.ties is not None and target not in condition.ties):
                    continue
                if isinstance(other, BindParameter):
                    anchored.add(target)
                elif (origin := _owner(other)) is not None:
                    links.append((origin, target))
    grown = True
    while grown:
        grown = False
        for origin, target in links:
            if origin in anchored and target not in anchored:
                anchored.add(target)
                grown = True
    return frozenset(anchored & (froms | outside))


def _owner(side: Any) -> FromClause | None:
    if isinstance(side, ColumnClause) and side.name == "clinic_id":
        return side.table
    return None


def _equalities(condition: Any) -> Iterator[tuple[Any, Any]]:
    parts: Iterable[Any]
    match condition:
        case BooleanClauseList() if condition.operator is operators.and_:
            parts = condition.clauses
            for part in parts:
                yield from _equalities(part)
        case Grouping():
            yield from _equalities(condition.element)  # pyright: ignore[reportUnknownMemberType]  # of any type
        case BinaryExpression() if condition.operator is operators.eq:
            yield condition.left, condition.right
        case _:
            return
