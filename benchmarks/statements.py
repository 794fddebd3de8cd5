"""The reference's statements: one per request, the answer's JSON made by the database.

Which members an answer has is read from the application's own tables and shapes when the reference starts, so the two
sides cannot drift apart; from then on each statement is a fixed text, as somebody would have written it by hand.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import JSON, Boolean, Column, Uuid

from app.assessments.routes import ASSESSMENT
from app.kernel.records import Resource
from app.kernel.tables import Scaled, UtcDateTime
from app.monitoring.routes import VITAL_SIGNS
from app.sessions.routes import SESSION
from app.treatment.routes import SESSION_RECORD

_MARK: Final = "entered_in_error"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one database writes JSON."""

    name: str

    @property
    def is_sqlite(self) -> bool:
        """Whether values have to be brought into their JSON form by hand."""
        return self.name == "sqlite"

    def place(self, number: int) -> str:
        """The placeholder of a parameter."""
        return f"?{number}" if self.is_sqlite else f"${number}"

    def value(self, source: str, column: Column[Any]) -> str:
        """A column as the answer shows it."""
        name = f"{source}.{column.name}"
        match column.type:
            case Scaled() as kind:
                scale = 10**kind.places
                return f"{name} / {scale}.0" if self.is_sqlite else f"trim_scale({name} / {scale}.0)"
            case Uuid() if self.is_sqlite:
                parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
                return " || '-' || ".join(f"substr({name}, {start}, {length})" for start, length in parts)
            case UtcDateTime() if self.is_sqlite:
                return f"replace({name}, ' ', 'T') || 'Z'"
            case Boolean() if self.is_sqlite:
                return f"json(CASE {name} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)"
            case JSON() if self.is_sqlite:
                return f"json({name})"
            case _:
                return name

    def record(self, members: dict[str, str], tail: str) -> str:
        """A select of one JSON object per row."""
        if self.is_sqlite:
            pairs = ", ".join(f"'{name}', {value}" for name, value in members.items())
            return f"SELECT json_object({pairs}) AS q {tail}"
        listed = ", ".join(f"{value} AS {name}" for name, value in members.items())
        return f"SELECT row_to_json(r) AS q FROM (SELECT {listed} {tail}) AS r"

    def gathered(self, records: str) -> str:
        """The objects of such a select as one JSON array."""
        if self.is_sqlite:
            return f"(SELECT json_group_array(json(q)) FROM ({records}) AS g)"
        return f"(SELECT coalesce(json_agg(q), '[]'::json) FROM ({records}) AS g)"

    @property
    def empty_list(self) -> str:
        """An empty JSON array."""
        return "json('[]')" if self.is_sqlite else "'[]'::json"


def members_of(dialect: Dialect, resource: Resource, source: str) -> dict[str, str]:
    """Each member of a record's answer, as an expression over its row."""
    columns = resource.table.c
    found: dict[str, str] = {}
    for member in resource.shape.model_fields:
        if member == "object":
            found[member] = f"'{resource.name}'"
        elif member == _MARK:
            marked = {key: dialect.value(source, columns[f"{_MARK}_{key}"]) for key in ("at", "by", "reason")}
            pairs = ", ".join(f"'{key}', {value}" for key, value in marked.items())
            build = "json_object" if dialect.is_sqlite else "json_build_object"
            found[member] = f"CASE WHEN {source}.{_MARK}_at IS NOT NULL THEN {build}({pairs}) END"
        elif member in columns:
            found[member] = dialect.value(source, columns[member])
        else:
            found[member] = dialect.empty_list
    return found


def _with_children(dialect: Dialect, resource: Resource, source: str) -> dict[str, str]:
    members = members_of(dialect, resource, source)
    for child in resource.children:
        inner = f"{source}_{child.member}"
        order = ", ".join(f"{inner}.{name}" for name in child.order)
        tail = (
            f"FROM {child.resource.table.name} AS {inner} WHERE {inner}.clinic_id = {source}.clinic_id "
            f"AND {inner}.{child.column} = {source}.id AND {inner}.{_MARK}_at IS NULL ORDER BY {order}"
        )
        members[child.member] = dialect.gathered(dialect.record(_with_children(dialect, child.resource, inner), tail))
    return members


def whole_session(dialect: Dialect) -> str:
    """R1, by clinic and id."""
    tail = f"FROM treatment_session AS s WHERE s.clinic_id = {dialect.place(1)} AND s.id = {dialect.place(2)}"
    return dialect.record(_with_children(dialect, SESSION_RECORD, "s"), tail)


def page_of_sessions(dialect: Dialect) -> str:
    """R2, by clinic, status and route, the latest first; the cursor is the last row's time, in the clear."""
    tail = (
        f"FROM treatment_session AS s WHERE s.clinic_id = {dialect.place(1)} AND s.status = {dialect.place(2)} "
        f"AND s.route = {dialect.place(3)} AND s.{_MARK}_at IS NULL "
        f"ORDER BY s.session_at DESC, s.id DESC LIMIT {dialect.place(4)}"
    )
    records = dialect.record(members_of(dialect, SESSION, "s"), tail)
    if dialect.is_sqlite:
        last = "min(json_extract(q, '$.session_at'))"
        return f"SELECT json_object('items', json_group_array(json(q)), 'next_cursor', {last}) FROM ({records}) AS g"
    last = "min(q ->> 'session_at')"
    array = "coalesce(json_agg(q), '[]'::json)"
    return f"SELECT json_build_object('items', {array}, 'next_cursor', {last}) FROM ({records}) AS g"


def new_reading(dialect: Dialect, columns: tuple[str, ...]) -> str:
    """W2, by clinic and session, then the row's columns; the patient comes from the session."""
    places = ", ".join(dialect.place(number) for number in range(3, 3 + len(columns)))
    insert = (
        f"INSERT INTO vital_signs (clinic_id, session_id, patient_id, {', '.join(columns)}) "
        f"SELECT s.clinic_id, s.id, s.patient_id, {_typed(dialect, VITAL_SIGNS, columns, places)} "
        f"FROM treatment_session AS s WHERE s.clinic_id = {dialect.place(1)} AND s.id = {dialect.place(2)} "
        f"AND s.{_MARK}_at IS NULL"
    )
    return _returned(dialect, VITAL_SIGNS, insert)


def last_dose(dialect: Dialect) -> str:
    """The patient and the last dose before an instant, by clinic, patient and instant."""
    doses = (
        "(SELECT {0} FROM treatment_session AS s WHERE s.clinic_id = p.clinic_id AND s.patient_id = p.id "
        f"AND s.started_at <= {dialect.place(3)} AND s.{_MARK}_at IS NULL ORDER BY s.started_at DESC LIMIT 1)"
    )
    return (
        f"SELECT {doses.format('coalesce(s.last_dose_at, s.started_at)')} FROM patient AS p "
        f"WHERE p.clinic_id = {dialect.place(1)} AND p.id = {dialect.place(2)} AND p.{_MARK}_at IS NULL"
    )


def new_assessment(dialect: Dialect, columns: tuple[str, ...], alert_columns: tuple[str, ...]) -> str:
    """W3 on PostgreSQL, whole: assessment, time since the last dose and, where asked for, the alert.

    Parameters: clinic, patient, zone, the assessment's columns, whether to raise an alert, the alert's columns.
    """
    first = 4
    places = ", ".join(dialect.place(first + number) for number in range(len(columns)))
    ask = first + len(columns)
    alert_places = ", ".join(dialect.place(ask + 1 + number) for number in range(len(alert_columns)))
    at = f"${first + columns.index('assessed_at')}::timestamptz"
    insert = (
        f"INSERT INTO assessment (clinic_id, patient_id, hours_since_last_dose, days_since_last_dose, "
        f"{', '.join(columns)}) SELECT p.clinic_id, p.id, "
        f"round(extract(epoch FROM {at} - d.dose_at) / 36)::bigint, "
        f"({at} AT TIME ZONE $3::text)::date - (d.dose_at AT TIME ZONE $3::text)::date, "
        f"{_typed(dialect, ASSESSMENT, columns, places)} "
        "FROM patient AS p LEFT JOIN LATERAL (SELECT least(coalesce(s.last_dose_at, s.started_at), "
        f"{at}) AS dose_at FROM treatment_session AS s WHERE s.clinic_id = p.clinic_id AND s.patient_id = p.id "
        f"AND s.started_at <= {at} AND s.{_MARK}_at IS NULL ORDER BY s.started_at DESC LIMIT 1) AS d ON true "
        f"WHERE p.clinic_id = $1 AND p.id = $2 AND p.{_MARK}_at IS NULL RETURNING *"
    )
    alert = (
        f"INSERT INTO alert (clinic_id, patient_id, cause_id, {', '.join(alert_columns)}) "
        f"SELECT m.clinic_id, m.patient_id, m.id, {alert_places} FROM made AS m WHERE ${ask}::boolean"
    )
    members = members_of(dialect, ASSESSMENT, "m")
    return f"WITH made AS ({insert}), raised AS ({alert}) {dialect.record(members, 'FROM made AS m')}"


def plain_insert(dialect: Dialect, resource: Resource, columns: tuple[str, ...]) -> str:
    """One row, answered as the record it is."""
    places = ", ".join(dialect.place(number) for number in range(1, 1 + len(columns)))
    insert = f"INSERT INTO {resource.table.name} ({', '.join(columns)}) VALUES ({places})"
    return _returned(dialect, resource, insert)


def _typed(dialect: Dialect, resource: Resource, columns: tuple[str, ...], places: str) -> str:
    """Parameters in a SELECT list have no column to take their type from, so PostgreSQL is told."""
    if dialect.is_sqlite:
        return places
    kinds = [_postgresql_type(resource.table.c[name]) for name in columns]
    return ", ".join(f"{place}::{kind}" for place, kind in zip(places.split(", "), kinds, strict=True))


def _postgresql_type(column: Column[Any]) -> str:
    match column.type:
        case Scaled():
            return "bigint"
        case UtcDateTime():
            return "timestamptz"
        case JSON():
            return "jsonb"
        case Uuid():
            return "uuid"
        case kind:
            return {int: "integer", bool: "boolean"}.get(kind.python_type, "text")


def _returned(dialect: Dialect, resource: Resource, insert: str) -> str:
    if dialect.is_sqlite:
        # What is new carries no mark. SQLite must not be asked: its RETURNING finds that NULL IS NOT NULL.
        pairs = members_of(dialect, resource, resource.table.name) | {_MARK: "NULL"}
        # RETURNING knows the columns by their bare names only.
        listed = ", ".join(f"'{name}', {value.replace(resource.table.name + '.', '')}" for name, value in pairs.items())
        return f"{insert} RETURNING json_object({listed})"
    return f"WITH made AS ({insert} RETURNING *) {dialect.record(members_of(dialect, resource, 'm'), 'FROM made AS m')}"
