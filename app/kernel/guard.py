"""The execution guard: no statement touches a clinic's table without saying which clinic.

Criteria that the ORM adds do not reach Core selects, text or refreshes, so the wall stands where every statement
must pass: in front of the cursor. For each clinic table in each SELECT, UPDATE or DELETE a comparison of its
`clinic_id` with a value must hold in every row (so it may not hide below an OR or a NOT), or with the `clinic_id` of
a table for which that is true. A verdict is kept on the compiled statement, so a statement is walked once.

The few statements that must look across clinics (signing in, sealing) carry `across_clinics="why"` as an execution
option; the reason is the documentation.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from sqlalchemy import Connection, Delete, Insert, Select, Table, Update
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BinaryExpression, BindParameter, BooleanClauseList, ClauseElement, ColumnClause, Grouping
from sqlalchemy.sql.selectable import Alias, CompoundSelect, FromClause, FromGrouping, Join

from app.kernel.tables import Base

ACROSS: Final = "across_clinics"
_VERDICT: Final = "_seriatim_guarded"


class UnscopedStatement(RuntimeError):
    """A statement on a clinic's table does not say which clinic: a programming error, never a caller's."""


def clinic_tables() -> frozenset[str]:
    """Names of all tables that belong to a clinic."""
    return frozenset(name for name, table in Base.metadata.tables.items() if "clinic_id" in table.c)


def require_scoped(
    _conn: Connection, _cursor: object, statement: str, _parameters: object, context: Any, _many: bool  # noqa: ANN401, FBT001
) -> None:
    """Refuse an unscoped statement; listens to `before_cursor_execute`."""
    compiled = getattr(context, "compiled", None)
    if compiled is not None and compiled.__dict__.get(_VERDICT):
        return
    if context is not None and context.execution_options.get(ACROSS):
        return
    if compiled is None or not hasattr(compiled, "statement") or compiled.statement is None:
        _require_scoped_text(statement)
        return
    element = compiled.statement
    if not isinstance(element, Select | CompoundSelect | Insert | Update | Delete):
        _require_scoped_text(statement)
    else:
        for table in unscoped_tables(element):
            message = f"A statement on {table} does not compare its clinic_id."
            raise UnscopedStatement(message)
    compiled.__dict__[_VERDICT] = True


def _require_scoped_text(statement: str) -> None:
    words = set(re.findall(r"[a-z_]+", statement.lower()))
    if words & {"create", "alter", "drop", "pragma", "savepoint", "release", "rollback"}:
        return
    if (touched := words & clinic_tables()) and "clinic_id" not in words:
        message = f"A text statement on {', '.join(sorted(touched))} does not mention clinic_id."
        raise UnscopedStatement(message)


def unscoped_tables(statement: ClauseElement) -> Iterator[str]:
    """Names of the clinic tables in a statement that are not tied to one clinic."""
    yield from _visit(statement, frozenset())


def _visit(element: ClauseElement, anchored_outside: frozenset[FromClause]) -> Iterator[str]:
    match element:
        case Select():
            froms = set(_leaves(element.get_final_froms()))
            conditions = [c for c in (element.whereclause, *_join_conditions(element.get_final_froms())) if c is not None]
            anchored = _anchored(froms, conditions, anchored_outside)
            yield from _names(froms - anchored)
            yield from _below(element, anchored_outside | anchored)
        case Update() | Delete():
            target = element.table
            conditions = [] if element.whereclause is None else [element.whereclause]
            anchored = _anchored({target}, conditions, anchored_outside)
            yield from _names({target} - anchored)
            yield from _below(element, anchored_outside | anchored)
        case Insert():
            # Values always carry clinic_id: the column is part of the key and not nullable.
            if element.select is not None:
                yield from _visit(element.select, anchored_outside)
        case _:
            yield from _below(element, anchored_outside)


def _below(element: ClauseElement, anchored: frozenset[FromClause]) -> Iterator[str]:
    for child in element.get_children():
        if not isinstance(child, Table | ColumnClause):
            yield from _visit(child, anchored)


def _leaves(froms: Iterable[FromClause]) -> Iterator[FromClause]:
    for source in froms:
        match source:
            case Join():
                yield from _leaves((source.left, source.right))
            case FromGrouping():
                yield from _leaves((source.element,))
            case _:
                yield source


def _join_conditions(froms: Iterable[FromClause]) -> Iterator[ClauseElement]:
    for source in froms:
        match source:
            case Join():
                # The condition of an outer join holds for the rows it takes from the right side, which is what counts.
                yield source.onclause
                yield from _join_conditions((source.left, source.right))
            case FromGrouping():
                yield from _join_conditions((source.element,))
            case _:
                pass


def _names(froms: Iterable[FromClause]) -> Iterator[str]:
    for source in froms:
        table = source.element if isinstance(source, Alias) else source
        if isinstance(table, Table) and "clinic_id" in table.c:
            yield table.name


def _anchored(
    froms: set[FromClause], conditions: Iterable[ClauseElement], outside: frozenset[FromClause]
) -> frozenset[FromClause]:
    links: list[tuple[FromClause, FromClause]] = []
    anchored = set(outside)
    for condition in conditions:
        for left, right in _equalities(condition):
            sides = [_owner(side) for side in (left, right)]
            match sides:
                case [FromClause() as one, FromClause() as other]:
                    links.append((one, other))
                case [FromClause() as one, None] if isinstance(right, BindParameter):
                    anchored.add(one)
                case [None, FromClause() as other] if isinstance(left, BindParameter):
                    anchored.add(other)
                case _:
                    pass
    grown = True
    while grown:
        grown = False
        for one, other in links:
            if (one in anchored) != (other in anchored):
                anchored |= {one, other}
                grown = True
    return frozenset(anchored & (froms | outside))


def _owner(side: ClauseElement) -> FromClause | None:
    if isinstance(side, ColumnClause) and side.name == "clinic_id":
        return side.table
    return None


def _equalities(condition: ClauseElement) -> Iterator[tuple[ClauseElement, ClauseElement]]:
    match condition:
        case BooleanClauseList() if condition.operator is operators.and_:
            for part in condition.clauses:
                yield from _equalities(part)
        case Grouping():
            yield from _equalities(condition.element)
        case BinaryExpression() if condition.operator is operators.eq:
            yield condition.left, condition.right
        case _:
            return
