"""The reference's statements: one per request, the answer's JSON made by the database.

Which members an answer has is read from the application's own tables and shapes when the reference starts, so the two
sides cannot drift apart; from then on each statement is a fixed text, as somebody would have written it by hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import JSON, Boolean, Column, Uuid

from app.alerts.routes import ALERT
from app.assessments.routes import ASSESSMENT
from app.dosing.routes import ADMINISTRATION, DOSE_ORDER
from app.identity.routes import LOCATION
from app.kernel.records import Resource
from app.kernel.tables import Scaled, UtcDateTime
from app.monitoring.routes import DISSOCIATION_NOTE, VITAL_SIGNS
from app.patients.routes import PATIENT
from app.sessions.routes import SESSION
from app.treatment.routes import SESSION_RECORD
from app.treatment.rows.routes import SESSION_ROW

_MARK: Final = "entered_in_error"
_PAIRS: Final = 60
TOO_SOON_BELOW: Final = 2400
"""Hundredths of an hour after a dose from which on a PHQ-9 speaks of the time after it."""


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
            pairs = [f"'{name}', {value}" for name, value in members.items()]
            if len(pairs) <= _PAIRS:
                return f"SELECT json_object({', '.join(pairs)}) AS q {tail}"
            # A function of SQLite takes no more than 127 arguments, so two objects are joined at their braces.
            halves = f"json_object({', '.join(pairs[:_PAIRS])}) AS a, json_object({', '.join(pairs[_PAIRS:])}) AS b"
            return f"SELECT substr(a, 1, length(a) - 1) || ',' || substr(b, 2) AS q FROM (SELECT {halves} {tail})"
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
    records = dialect.record(_row(dialect), tail.replace(" WHERE ", f" {_BESIDE} WHERE ", 1))
    if dialect.is_sqlite:
        last = "min(json_extract(q, '$.session_at'))"
        return f"SELECT json_object('items', json_group_array(json(q)), 'next_cursor', {last}) FROM ({records}) AS g"
    last = "min(q ->> 'session_at')"
    array = "coalesce(json_agg(q), '[]'::json)"
    return f"SELECT json_build_object('items', {array}, 'next_cursor', {last}) FROM ({records}) AS g"


# What stands beside a session: its course, its patient, its room.
_BESIDE: Final = (
    "JOIN course AS c ON c.clinic_id = s.clinic_id AND c.id = s.course_id "
    "JOIN patient AS p ON p.clinic_id = s.clinic_id AND p.id = s.patient_id "
    "LEFT JOIN location AS l ON l.clinic_id = s.clinic_id AND l.id = s.location_id"
)


def _row(dialect: Dialect) -> dict[str, str]:
    """A session with what was ordered, given, measured, observed and scored around it.

    The scores are those whose moment is known; the observation counts from the last moment of the dose.
    """

    def below(table: str, name: str, more: str = "") -> str:
        return (
            f"FROM {table} AS {name} WHERE {name}.clinic_id = s.clinic_id AND {name}.session_id = s.id "
            f"AND {name}.{_MARK}_at IS NULL{more}"
        )

    def of_patient(table: str, name: str, more: str) -> str:
        return (
            f"FROM {table} AS {name} WHERE {name}.clinic_id = s.clinic_id AND {name}.patient_id = s.patient_id "
            f"AND {name}.{_MARK}_at IS NULL{more}"
        )

    def one(members: dict[str, str], tail: str) -> str:
        found = f"({dialect.record(members, tail)})"
        return f"json({found})" if dialect.is_sqlite else found

    def named(resource: Resource, source: str, *names: str) -> dict[str, str]:
        return {name: dialect.value(source, resource.table.c[name]) for name in names}

    def summed(name: str) -> str:
        known = f"CASE WHEN count(*) = count(m.{name}) THEN sum(m.{name}) / 1000.0 END"
        return f"(SELECT {known} {below('administration', 'm', ' AND NOT m.placebo')})"

    order = below("dose_order", "o", " AND o.status = 'active' ORDER BY o.ordered_at DESC, o.id DESC LIMIT 1")
    first = below("administration", "m", " ORDER BY m.recorded_at, m.id LIMIT 1")
    by = "LEFT JOIN principal AS n ON n.clinic_id = {0}.clinic_id AND n.id = {0}.{1} WHERE"
    weighed = of_patient("weight", "w", " AND w.measured_at <= s.started_at ORDER BY w.measured_at DESC LIMIT 1")
    weight = f"coalesce((SELECT o.weight_kg {order}), (SELECT w.weight_kg {weighed}))"
    pressure = named(VITAL_SIGNS, "v", "measured_at", "systolic_mmhg", "diastolic_mmhg")
    measured = " AND v.systolic_mmhg IS NOT NULL AND v.measured_at {0} s.started_at ORDER BY {1} LIMIT 1"
    times = of_patient("treatment_session", "t", " AND t.started_at {0} s.started_at")
    previous, following = (f"(SELECT {edge}(t.started_at) {times})" for edge in ("max", "min"))
    score = named(
        ASSESSMENT, "a", "answered_at", "answered_on", "total", "severity", "scoring_version",
        "hours_since_last_dose", "days_since_last_dose",
    )  # fmt: skip
    score = {"assessment_id": dialect.value("a", ASSESSMENT.table.c["id"]), **score}
    counting = " AND a.instrument = i.instrument AND a.total IS NOT NULL AND NOT a.too_soon_after_dose AND "
    window = "a.answered_at {0} s.started_at AND (a.answered_at {1} {2} OR NOT EXISTS (SELECT 1 {3}))"
    since = window.format("<=", ">", previous.format("<"), times.format("<"))
    until = window.format(">", "<=", following.format(">"), times.format(">"))
    sides = {
        "instrument": "i.instrument",
        "before": one(score, of_patient("assessment", "a", f"{counting}{since} ORDER BY a.assessed_at DESC LIMIT 1")),
        "after": one(score, of_patient("assessment", "a", f"{counting}{until} ORDER BY a.assessed_at LIMIT 1")),
    }
    instruments = f"(SELECT DISTINCT a.instrument {of_patient('assessment', 'a', '')}) AS i"
    seconds = "extract(epoch FROM s.discharged_at - s.last_dose_at)"
    if dialect.is_sqlite:
        seconds = "(strftime('%s', s.discharged_at) - strftime('%s', s.last_dose_at))"
    minutes = f"{seconds} / 60" if dialect.is_sqlite else f"floor({seconds} / 60)::integer"
    delivered, rounded = summed("delivered_mg"), "round({0} * 100 / {1}, 4)"
    lifetime = (
        f"(SELECT count(*) {times.format('<=')}) + (SELECT coalesce(sum(e.sessions), 0) "
        f"{of_patient('external_treatment', 'e', ' AND e.counted_from <= s.started_at')})"
    )
    counted = {
        "administration_count": below("administration", "x"),
        "vital_signs_count": below("vital_signs", "x"),
        "dissociation_note_count": below("dissociation_note", "x"),
        "adverse_event_count": below("adverse_event", "x"),
        "serious_adverse_event_count": below("adverse_event", "x", " AND x.serious"),
        "assessment_count": below("assessment", "x"),
        "open_alert_count": below("alert", "x", " AND x.status = 'open'"),
    }
    person = {
        "principal_id": "CASE WHEN m.administered_by IS NULL THEN {0} END",
        "name": "coalesce(m.administered_by, n.name)",
    }
    person["principal_id"] = person["principal_id"].format(dialect.value("m", ADMINISTRATION.table.c["recorded_by"]))
    ordered = {"principal_id": dialect.value("o", DOSE_ORDER.table.c["prescriber_id"]), "name": "n.name"}
    told = {
        "time_zone": "c.time_zone",
        "location": f"CASE WHEN l.id IS NOT NULL THEN {one(named(LOCATION, 'l', 'id', 'name'), '')} END",
        "patient_identifiers": dialect.value("p", PATIENT.table.c["identifiers"]),
        **{name: f"c.{name}" for name in ("protocol_code", "protocol_version", "indication_code")},
        "phase": "coalesce((SELECT i.phase FROM plan_item AS i WHERE i.clinic_id = s.clinic_id "
        "AND i.id = s.plan_item_id), c.phase)",
        "lifetime_number": f"CASE WHEN s.started_at IS NOT NULL THEN {lifetime} END",
        "ordered_mg": f"(SELECT {dialect.value('o', DOSE_ORDER.table.c['ordered_mg'])} {order})",
        "ordered_mg_per_kg": f"(SELECT {dialect.value('o', DOSE_ORDER.table.c['ordered_mg_per_kg'])} {order})",
        "given_drug": f"(SELECT m.drug {first})",
        "given_route": f"(SELECT m.route {first})",
        "placebo": f"coalesce((SELECT {'min' if dialect.is_sqlite else 'bool_and'}(m.placebo) "
        f"{below('administration', 'm')}), {'0' if dialect.is_sqlite else 'false'})",
        "delivered_mg": delivered,
        "delivered_mg_per_kg": rounded.format(delivered, weight),
        "wasted_mg": summed("wasted_mg"),
        "weight_kg": f"{weight} / 100.0",
        **{name: f"(SELECT count(*) {tail})" for name, tail in counted.items()},
        "observation_minutes": minutes,
        "prescriber": one(ordered, order.replace("WHERE", by.format("o", "prescriber_id"), 1)),
        "given_by": one(person, first.replace("WHERE", by.format("m", "recorded_by"), 1)),
        "pressure_baseline": one(
            pressure, below("vital_signs", "v", measured.format("<=", "v.measured_at DESC, v.id DESC"))
        ),
        "pressure_peak": one(
            pressure, below("vital_signs", "v", measured.format(">", "v.systolic_mmhg DESC, v.measured_at, v.id"))
        ),
        "dissociation_max": f"(SELECT max(x.intensity) {below('dissociation_note', 'x')})",
        "scores": dialect.gathered(dialect.record(sides, f"FROM {instruments} ORDER BY i.instrument")),
    }
    if dialect.is_sqlite:
        told["placebo"] = f"json(iif({told['placebo']}, 'true', 'false'))"
    own, asked = members_of(dialect, SESSION_ROW, "s"), SESSION_ROW.shape.model_fields
    columns = SESSION.table.c
    told |= {name: own[name] for name in own if name in columns and asked[name].is_required()}
    return told | {name: own[name] for name in ("object", _MARK, "withheld")}


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
    form, ask, alert = _numbered(_FIRST, columns, ("ask",), alert_columns)
    made = _scored(dialect, form, {"patient_id": "p.id"}, f"patient AS p WHERE {_STANDING_PATIENT}")
    raised = _raised(dialect, ask["ask"], alert, ())
    members = members_of(dialect, ASSESSMENT, "a")
    return f"WITH a AS ({made}), r AS ({raised}) {dialect.record(members, 'FROM a')}"


_FIRST: Final = 4
_STANDING_PATIENT: Final = f"p.clinic_id = $1 AND p.id = $2 AND p.{_MARK}_at IS NULL"
_STANDING_COURSES: Final = (
    f"c.status IN ('planned', 'active', 'paused') AND c.{_MARK}_at IS NULL ORDER BY c.id DESC LIMIT 1"
)


def _numbered(first: int, *groups: tuple[str, ...]) -> list[dict[str, str]]:
    """Placeholders of PostgreSQL for groups of columns, by column, numbered on from the first."""
    numbers = iter(range(first, first + sum(map(len, groups))))
    return [{name: f"${next(numbers)}" for name in group} for group in groups]


def _scored(dialect: Dialect, form: Mapping[str, str], belongs: Mapping[str, str], source: str) -> str:
    """Insert a form with the time since the patient's last dose; `source` has the clinic and whom it belongs to."""
    at = f"{form['assessed_at']}::timestamptz"
    tables, _, condition = source.partition(" WHERE ")
    hours = f"round(extract(epoch FROM {at} - d.dose_at) / 36)::bigint"
    days = f"({at} AT TIME ZONE $3::text)::date - (d.dose_at AT TIME ZONE $3::text)::date"
    row = {"clinic_id": f"{tables.split()[-1]}.clinic_id", **belongs, "hours_since_last_dose": hours}
    row |= {"days_since_last_dose": days, "too_soon_after_dose": f"coalesce({hours} < {TOO_SOON_BELOW}, false)"}
    values = ", ".join((*row.values(), _typed(dialect, ASSESSMENT, tuple(form), ", ".join(form.values()))))
    return (
        f"INSERT INTO assessment ({', '.join((*row, *form))}) SELECT {values} FROM {tables} LEFT JOIN LATERAL "
        f"(SELECT least(coalesce(t.last_dose_at, t.started_at), {at}) AS dose_at FROM treatment_session AS t "
        f"WHERE t.clinic_id = {row['clinic_id']} AND t.patient_id = {belongs['patient_id']} AND t.started_at <= {at} "
        f"AND t.{_MARK}_at IS NULL ORDER BY t.started_at DESC LIMIT 1) AS d ON true "
        f"{f'WHERE {condition} ' if condition else ''}RETURNING *"
    )


def _raised(dialect: Dialect, ask: str, alert: Mapping[str, str], belongs: tuple[str, ...]) -> str:
    """Insert the alert about the form `a`, where it is asked for."""
    places = _typed(dialect, ALERT, tuple(alert), ", ".join(alert.values()))
    inherited = ("clinic_id", "patient_id", *belongs)
    return (
        f"INSERT INTO alert ({', '.join((*inherited, 'cause_id', *alert))}) "
        f"SELECT {', '.join(f'a.{name}' for name in (*inherited, 'id'))}, {places} FROM a WHERE {ask}::boolean "
        "RETURNING *"
    )


def course_of(dialect: Dialect) -> str:
    """The newest running course and the number of its next session, by clinic and patient."""
    number = (
        "(SELECT coalesce(max(t.number_in_course), 0) + 1 FROM treatment_session AS t "
        "WHERE t.clinic_id = c.clinic_id AND t.course_id = c.id)"
    )
    return (
        f"SELECT c.id, {number} AS number FROM course AS c JOIN patient AS p ON p.clinic_id = c.clinic_id "
        f"AND p.id = c.patient_id AND p.{_MARK}_at IS NULL "
        f"WHERE c.clinic_id = {dialect.place(1)} AND c.patient_id = {dialect.place(2)} AND {_STANDING_COURSES}"
    )


def past_session(dialect: Dialect, parts: Mapping[str, tuple[str, ...]], alert_columns: tuple[str, ...]) -> str:
    """W1 on PostgreSQL, whole: session, dose, note, form with the time since the dose before, the alert where asked.

    Parameters: clinic, patient, zone, the columns of session, administration, note and form, whether to raise an
    alert, the alert's columns.
    """
    treatment, dose, note, form, ask, alert = _numbered(_FIRST, *parts.values(), ("ask",), alert_columns)
    inside = {"patient_id": "s.patient_id", "session_id": "s.id"}

    def below(resource: Resource, places: Mapping[str, str]) -> str:
        values = _typed(dialect, resource, tuple(places), ", ".join(places.values()))
        return (
            f"INSERT INTO {resource.table.name} (clinic_id, {', '.join((*inside, *places))}) "
            f"SELECT s.clinic_id, {', '.join(inside.values())}, {values} FROM s RETURNING *"
        )

    values = _typed(dialect, SESSION, tuple(treatment), ", ".join(treatment.values()))
    steps = {
        "c": course_of(dialect),
        "s": "INSERT INTO treatment_session (clinic_id, patient_id, course_id, number_in_course, "
        f"{', '.join(treatment)}) SELECT $1, $2, c.id, c.number, {values} FROM c RETURNING *",
        "m": below(ADMINISTRATION, dose),
        "n": below(DISSOCIATION_NOTE, note),
        "a": _scored(dialect, form, inside | {"course_id": "s.course_id"}, "s"),
        "r": _raised(dialect, ask["ask"], alert, ("session_id",)),
    }
    members = members_of(dialect, SESSION_RECORD, "s")
    children = {"administrations": (ADMINISTRATION, "m"), "dissociation_notes": (DISSOCIATION_NOTE, "n")}
    for member, (resource, source) in (children | {"assessments": (ASSESSMENT, "a"), "alerts": (ALERT, "r")}).items():
        members[member] = dialect.gathered(dialect.record(members_of(dialect, resource, source), f"FROM {source}"))
    listed = ", ".join(f"{name} AS ({step})" for name, step in steps.items())
    return f"WITH {listed} {dialect.record(members, 'FROM s')}"


def trajectory(dialect: Dialect) -> str:
    """R3, by clinic, course and instrument: points with what they count as, baseline, sessions with what was given."""

    def standing(name: str) -> str:
        return f"{name}.{_MARK}_at IS NULL"

    two_weeks = "datetime(f.at, '-14 days')" if dialect.is_sqlite else "f.at - interval '14 days'"
    last = "FROM d WHERE d.started_at < a.assessed_at ORDER BY d.started_at DESC LIMIT 1"
    steps = {
        "c": "SELECT c.clinic_id, c.id, c.patient_id, c.time_zone FROM course AS c "
        f"WHERE c.clinic_id = {dialect.place(1)} AND c.id = {dialect.place(2)}",
        "d": f"SELECT s.* FROM treatment_session AS s WHERE s.clinic_id = {dialect.place(1)} "
        f"AND s.course_id = {dialect.place(2)} AND s.started_at IS NOT NULL AND {standing('s')}",
        "f": "SELECT min(d.started_at) AS at FROM d",
        "a": f"SELECT a.*, (SELECT d.id {last}) AS after_session_id, "
        f"(SELECT d.number_in_course {last}) AS after_number FROM assessment AS a "
        f"WHERE a.clinic_id = {dialect.place(1)} AND a.course_id = {dialect.place(2)} "
        f"AND a.instrument = {dialect.place(3)} AND {standing('a')}",
        "b": "SELECT a.* FROM a CROSS JOIN f WHERE a.total IS NOT NULL AND a.assessed_at <= f.at "
        f"AND a.assessed_at >= {two_weeks} ORDER BY a.assessed_at DESC, a.id DESC LIMIT 1",
        "j": "SELECT a.*, b.total AS base, CASE WHEN a.id = b.id THEN 'baseline' WHEN a.total IS NULL "
        "OR a.too_soon_after_dose OR a.after_number IS NULL THEN 'nothing' ELSE 'follow_up' END AS counts_as "
        "FROM a LEFT JOIN b ON true",
    }
    columns = ASSESSMENT.table.c

    def placed(source: str) -> dict[str, str]:
        names = ("assessed_at", "answered_on", "total", "severity", "scoring_version")
        found = {name: dialect.value(source, columns[name]) for name in names}
        return {"assessment_id": dialect.value(source, columns["id"]), **found}

    counted = "CASE WHEN j.counts_as = 'follow_up' THEN"
    of_point = ("hours_since_last_dose", "days_since_last_dose", "session_id", "incomplete", "prorated")
    points = placed("j") | {name: dialect.value("j", columns[name]) for name in (*of_point, "too_soon_after_dose")}
    points |= {
        "after_session_id": dialect.value("j", columns["session_id"]).replace("j.session_id", "j.after_session_id"),
        "after_session_number": "j.after_number",
        "counts_as": "j.counts_as",
        "reduction_points": f"{counted} (j.base - j.total) / 100.0 END",
        "reduction_percent": f"{counted} round((j.base - j.total) * 100.0 / nullif(j.base, 0), 2) END",
    }
    visit, dose = SESSION.table.c, ADMINISTRATION.table.c
    given = f"FROM administration AS m WHERE m.clinic_id = d.clinic_id AND m.session_id = d.id AND {standing('m')}"
    sessions = {"session_id": dialect.value("d", visit["id"]), "number": "d.number_in_course"}
    sessions |= {name: dialect.value("d", visit[name]) for name in ("started_at", "last_dose_at", "drug", "route")}
    total = dialect.value("m", dose["delivered_mg"]).replace("m.delivered_mg", "sum(m.delivered_mg)")
    sessions["delivered_mg"] = f"(SELECT {total} {given})"
    first = dialect.value("f", visit["started_at"]).replace("f.started_at", "f.at")
    baseline = f"({dialect.record(placed('b'), 'FROM b')})"
    members = {
        "object": "'trajectory'",
        "course_id": dialect.value("c", visit["id"]),
        "patient_id": dialect.value("c", visit["patient_id"]),
        "time_zone": "c.time_zone",
        "first_dose_at": f"(SELECT {first} FROM f)",
        "baseline": f"json({baseline})" if dialect.is_sqlite else baseline,
        "points": dialect.gathered(dialect.record(points, "FROM j ORDER BY j.assessed_at, j.id")),
        "sessions": dialect.gathered(dialect.record(sessions, "FROM d ORDER BY d.started_at, d.id")),
    }
    listed = ", ".join(f"{name} AS MATERIALIZED ({step})" for name, step in steps.items())
    return f"WITH {listed} {dialect.record(members, 'FROM c')}"


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
