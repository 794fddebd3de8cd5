"""From a patient's rows to what is recorded of them.

A patient is taken whole or not at all: a history with a gap nobody sees is worse than one that is not there yet,
because intervals, cumulative doses and baselines come out wrong in silence. So one bad row leaves its patient out,
with every bad row named; the other patients are not held up.

Where only the day of a session is told, the dose has that day, and noon of the clinic's clock stands for it wherever an
instant is needed. A score of the day of the dose stands a minute before it, or at its end, because that is all that is
known: before it, or after it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.courses.rules import instant_of
from app.imports.findings import Finding, Weight
from app.imports.records import cells
from app.imports.records.cells import BadCell, Writing
from app.imports.records.columns import (
    BY_NAME,
    About,
    Column,
    InstrumentForm,
    Kind,
    Layout,
    Moment,
    Part,
    ScoreColumn,
)
from app.imports.records.files import MOST_ROWS_A_PATIENT, RawRow

KILOGRAMS_IN_A_POUND: Final = Decimal("0.45359237")
"""Exactly, since the international yard and pound agreement of 1959."""
NOON: Final = time(12)
MOMENTS: Final = ("before", "peak", "after")
_MINUTE: Final = timedelta(minutes=1)
_WEIGHT_PLACES: Final = Decimal("0.01")
_MEASURES: Final = ("systolic_mmhg", "diastolic_mmhg", "heart_rate_bpm", "spo2_percent")

_SEXES: Final = MappingProxyType(
    {"f": "female", "female": "female", "woman": "female", "w": "female", "m": "male", "male": "male", "man": "male"}
    | {"intersex": "intersex", "x": "intersex", "u": "unknown", "unknown": "unknown"}
)
_DRUGS: Final = MappingProxyType(
    {"ketamine": "ketamine", "racemic ketamine": "ketamine", "ketamine hcl": "ketamine", "ketalar": "ketamine"}
    | {"esketamine": "esketamine", "s-ketamine": "esketamine", "spravato": "esketamine"}
)
_ROUTE_WORDS: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "intravenous": ("iv", "intravenous", "infusion", "iv infusion"),
        "intramuscular": ("im", "intramuscular"),
        "subcutaneous": ("sc", "subcutaneous", "sq", "subq"),
        "sublingual": ("sl", "sublingual", "troche", "lozenge", "rdt"),
        "oral": ("po", "oral"),
        "intranasal": ("in", "nasal", "intranasal", "nasal spray"),
    }
)
_ROUTES: Final = MappingProxyType({word: route for route, words in _ROUTE_WORDS.items() for word in words})


def _read_with(writing: Writing) -> Mapping[Kind, Callable[[str], object]]:
    return {
        Kind.KEY: cells.key,
        Kind.TEXT: str,
        Kind.DAY: lambda text: cells.day(text, writing.days),
        Kind.DAY_AND_TIME: lambda text: cells.day_and_time(text, writing.days),
        Kind.TIME: cells.clock_time,
        Kind.NUMBER: lambda text: cells.number(text, writing.decimals),
        Kind.WHOLE: cells.whole,
        Kind.PRESSURE: cells.pressure,
        Kind.SEX: cells.choice(_SEXES),
        Kind.DRUG: cells.choice(_DRUGS),
        Kind.ROUTE: cells.choice(_ROUTES),
    }


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands; findings are about one."""

    file: str
    line: int

    def fault(self, column: str | None, rule: str, detail: str, weight: Weight = Weight.REFUSED) -> Finding:
        """A finding about this row."""
        return Finding(self.file, self.line, column, rule, detail, weight)


@dataclass(frozen=True, slots=True)
class Score:
    """A filled form of a row: answers or a total, and its day where that is not the session's."""

    instrument: str
    moment: Moment
    column: str
    items: Sequence[int | None] | None
    total: Decimal | None
    on: date | None


@dataclass(frozen=True, slots=True)
class Visit:
    """A row: a session with its dose, or only scores of a day."""

    place: Place
    key: Sequence[str]
    on: date
    at: time | None
    has_dose: bool
    values: Mapping[str, Any]
    scores: Sequence[Score]

    @property
    def course_key(self) -> str:
        """Which of the patient's series it belongs to."""
        return self.values.get("course_key", "")

    @property
    def weight_kg(self) -> Decimal | None:
        """The weight in kilograms, 2 places."""
        if (told := self.values.get("weight_kg")) is not None:
            return told
        pounds: Decimal | None = self.values.get("weight_lb")
        return None if pounds is None else kilograms(pounds)

    def readings(self) -> Iterator[tuple[str, dict[str, int]]]:
        """What was measured, by moment: before, peak, after."""
        for moment in MOMENTS:
            found = {name: self.values[f"{name}_{moment}"] for name in _MEASURES if f"{name}_{moment}" in self.values}
            if f"pressure_{moment}" in self.values:
                upper, lower = self.values[f"pressure_{moment}"]
                found |= {"systolic_mmhg": upper, "diastolic_mmhg": lower}
            if found:
                yield moment, found


@dataclass(frozen=True, slots=True)
class Person:
    """A patient with everything that is recorded of them, oldest first."""

    place: Place
    key: str
    values: Mapping[str, Any]
    visits: Sequence[Visit]


def kilograms(pounds: Decimal) -> Decimal:
    """Pounds as kilograms, 2 places: 181.5 lb are 82.33 kg."""
    return (pounds * KILOGRAMS_IN_A_POUND).quantize(_WEIGHT_PLACES, ROUND_HALF_UP)


@dataclass(slots=True)
class Reader:
    """Reads rows by one layout and one writing."""

    file: str
    layout: Layout
    writing: Writing
    today: date
    forms: Mapping[str, InstrumentForm]
    _reads: Mapping[Kind, Callable[[str], object]] = field(init=False)
    _headers: Mapping[str, str] = field(init=False)
    _given: Mapping[str, Any] = field(init=False)
    _days: Sequence[int] = field(init=False)

    def __post_init__(self) -> None:
        """Read what was given for every row, once.

        Raises:
            BadCell: it cannot be read.
        """
        self._reads = _read_with(self.writing)
        self._headers = {column.holds.name: printable(column.header) for column in self.layout.columns}
        self._given = {name: self._reads[BY_NAME[name].kind](text) for name, text in self.layout.given.items()}
        dated = {Kind.DAY, Kind.DAY_AND_TIME}
        self._days = [column.place for column in self.layout.columns if _kind(column) in dated]

    def header_of(self, member: str) -> str:
        """What the file calls a member; its own name where the file has no column for it."""
        return self._headers.get(member, member)

    def other_order(self, row: RawRow) -> Finding | None:
        """Whether a day of this row shows that the file writes month and day the other way round."""
        for place in self._days:
            if row.fault is None and cells.reads_in_another_order(row.cells[place].split(" ")[0], self.writing.days):
                detail = "Is a day only with day and month the other way round; is --dates right?"
                return Finding(self.file, row.line, f"column {place + 1}", "dates_in_another_order", detail)
        return None

    # ── a patient ────────────────────────────────────────────────────────────────────────────────────────────────────

    def person(self, key: str, rows: Sequence[RawRow]) -> tuple[Person | None, list[Finding]]:
        """Everything of a patient, or None and what is wrong with their rows."""
        findings: list[Finding] = []
        first = Place(self.file, rows[0].line)
        if len(rows) > MOST_ROWS_A_PATIENT:
            detail = f"A patient has at most {MOST_ROWS_A_PATIENT} rows; is this the patient's key?"
            return None, [first.fault(self.header_of("patient_key"), "too_many_rows", detail)]
        facts: dict[str, Any] = {}
        visits: list[Visit] = []
        for row in rows:
            place = Place(self.file, row.line)
            told, wrong = self._row(place, row)
            wrong += self._agreed(place, facts, told)
            visit = None if wrong else self._visit(place, told, wrong)
            findings += wrong
            if visit is not None:
                visits.append(visit)
        findings += self._about_person(first, key, facts)
        findings += self._same_keys(visits)
        if any(finding.weight is Weight.REFUSED for finding in findings):
            return None, findings
        visits.sort(key=lambda visit: (visit.on, visit.at or NOON, visit.place.line))
        return Person(first, key, facts, visits), findings

    def _row(self, place: Place, row: RawRow) -> tuple[dict[Any, Any], list[Finding]]:
        """The row's cells, read: members by name, parts of scores by their column."""
        if row.fault is not None:
            return {}, [place.fault(None, row.fault.rule, row.fault.detail)]
        told: dict[Any, Any] = {}
        wrong: list[Finding] = []
        for column in self.layout.columns:
            try:
                text = cells.content(row.cells[column.place])
                if text is not None:
                    key = column.holds if isinstance(column.holds, ScoreColumn) else column.holds.name
                    told[key] = self._reads[_kind(column)](text)
            except BadCell as bad:
                wrong.append(place.fault(self.header_of(column.holds.name), bad.rule, bad.detail))
        return told, wrong

    def _agreed(self, place: Place, facts: dict[str, Any], told: dict[Any, Any]) -> list[Finding]:
        """Take what the row says of the patient; rows of one patient must not contradict each other."""
        wrong: list[Finding] = []
        for name, value in told.items():
            if (
                isinstance(name, str)
                and BY_NAME[name].about is About.PATIENT
                and facts.setdefault(name, value) != value
            ):
                detail = "An earlier row says otherwise of the same patient."
                wrong.append(place.fault(self.header_of(name), "patient_differs", detail))
        return wrong

    def _about_person(self, place: Place, key: str, facts: dict[str, Any]) -> Iterator[Finding]:
        for name, value in self._given.items():
            if BY_NAME[name].about is About.PATIENT:
                facts.setdefault(name, value)
        needed = [name for name in ("patient_key", "given_name", "family_name") if name not in facts]
        if not key or "patient_key" not in facts:
            needed = ["patient_key"]
        elif "birth_on" not in facts and "birth_year" not in facts:
            needed.append("birth_on")
        for name in needed:
            yield place.fault(self.header_of(name), "required", "Nothing of the patient can be recorded without it.")

    def _same_keys(self, visits: Sequence[Visit]) -> Iterator[Finding]:
        seen: dict[tuple[str, ...], int] = {}
        for visit in visits:
            key = tuple(visit.key)
            if key in seen:
                name = "session_key" if "session_key" in visit.values else "session_on"
                detail = f"Line {seen[key]} tells of the same session; which is right?"
                yield visit.place.fault(self.header_of(name), "duplicate_row", detail)
            seen.setdefault(key, visit.place.line)

    # ── a visit ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _visit(self, place: Place, told: dict[Any, Any], wrong: list[Finding]) -> Visit | None:
        own = {name: value for name, value in told.items() if isinstance(name, str)}
        of_session = {name: value for name, value in self._given.items() if BY_NAME[name].about is not About.PATIENT}
        values = {name: value for name, value in (of_session | own).items() if name in BY_NAME}
        if "session_on" not in values:
            wrong.append(place.fault(self.header_of("session_on"), "required", "A row needs its day."))
            return None
        on, at = values["session_on"]
        if at is not None and values.get("session_time", at) != at:
            detail = "The day's column tells another time."
            wrong.append(place.fault(self.header_of("session_time"), "time_differs", detail))
        at = values.get("session_time", at)
        has_dose = any(BY_NAME[name].about in _OF_A_DOSE for name in own)
        scores = list(self._scores(place, told, wrong))
        self._check(place, values, on, has_dose, wrong)
        if not has_dose and not scores and not wrong:
            # A row with a day and nothing else still tells of a session; what was given is not told.
            has_dose = True
            self._check(place, values, on, has_dose, wrong)
        if wrong:
            return None
        key = (values["session_key"],) if "session_key" in values else (on.isoformat(), at.isoformat() if at else "")
        return Visit(place, key, on, at, has_dose, values, scores)

    def _check(  # what of, and where what is wrong goes
        self,
        place: Place,
        values: Mapping[str, Any],
        on: date,
        has_dose: bool,  # noqa: FBT001
        wrong: list[Finding],
    ) -> None:
        def refuse(name: str, rule: str, detail: str) -> None:
            wrong.append(place.fault(self.header_of(name), rule, detail))

        if on > self.today:
            refuse("session_on", "in_the_future", "Only what has happened is imported.")
        birth = values.get("birth_on")
        if birth is not None and on < birth:
            refuse("session_on", "before_birth", "Lies before the day of birth.")
        if has_dose:
            for name in ("drug", "route"):
                if name not in values:
                    refuse(name, "required", "A dose needs it.")
            if "dose_mg_per_kg" in values and "dose_mg" not in values and not _WEIGHTS & set(values):
                refuse("dose_mg_per_kg", "weight_needed", "Milligrams per kilogram need the weight in the same row.")
        for moment in MOMENTS:
            if f"pressure_{moment}" in values and {f"systolic_mmhg_{moment}", f"diastolic_mmhg_{moment}"} & set(values):
                refuse(f"pressure_{moment}", "told_twice", "Two columns tell this pressure.")
        if set(values) >= _WEIGHTS:
            refuse("weight_lb", "told_twice", "Two columns tell the weight.")

    def _scores(self, place: Place, told: dict[Any, Any], wrong: list[Finding]) -> Iterator[Score]:
        forms: dict[tuple[str, Moment], dict[ScoreColumn, Any]] = {}
        for column, value in told.items():
            if isinstance(column, ScoreColumn):
                forms.setdefault((column.instrument, column.moment), {})[column] = value
        for (code, moment), parts in forms.items():
            answers = {column.item: value for column, value in parts.items() if column.part is Part.ITEM}
            totals = [(column, value) for column, value in parts.items() if column.part is Part.TOTAL]
            on = next((value for column, value in parts.items() if column.part is Part.DAY), None)
            if on is not None and on > self.today:
                name = next(column.name for column in parts if column.part is Part.DAY)
                wrong.append(place.fault(self.header_of(name), "in_the_future", "Only what has happened is imported."))
            column = self.header_of(next(iter(parts)).name)
            if answers:
                items = [answers.get(number) for number in range(1, self.forms[code].items + 1)]
                complete = len(answers) == len(items)
                # A total beside all its answers is checked and not kept twice; beside some of them it is a fact of
                # its own, and so are they.
                yield Score(code, moment, column, items, totals[0][1] if totals and complete else None, on)
                if complete:
                    continue
            for total_column, total in totals:
                yield Score(code, moment, self.header_of(total_column.name), None, total, on)


_OF_A_DOSE: Final = frozenset({About.DOSE, About.READINGS, About.EXPERIENCE})
_WEIGHTS: Final = frozenset({"weight_kg", "weight_lb"})


def _kind(column: Column) -> Kind:
    if not isinstance(column.holds, ScoreColumn):
        return column.holds.kind
    return {Part.TOTAL: Kind.NUMBER, Part.ITEM: Kind.WHOLE, Part.DAY: Kind.DAY}[column.holds.part]


def printable(header: str) -> str:
    """A header as a terminal may show it: its printable letters, at most 60."""
    return "".join(letter for letter in header if letter.isprintable())[:60]


def placed(on: date, at: time | None, time_zone: str) -> tuple[datetime, str | None]:
    """The instant of a time on the clinic's wall, and what to know about it.

    A time the clocks skip moves forward by the gap, one that comes twice is the first of the two, as everywhere.

    Returns:
        The instant in UTC, and `time_skipped`, `time_twice` or None.
    """
    instant = instant_of(on, at or NOON, time_zone)
    zone = ZoneInfo(time_zone)
    wall = datetime.combine(on, at or NOON)
    if instant.astimezone(zone).replace(tzinfo=None) != wall:
        return instant, "time_skipped"
    twice = wall.replace(tzinfo=zone, fold=1).astimezone(UTC) != instant
    return instant, "time_twice" if twice else None


def dose_ends_at(started_at: datetime, minutes: int | None) -> datetime:
    """When the dose had been given; a minute after its start where its length is not told."""
    return started_at + (timedelta(minutes=minutes) if minutes else _MINUTE)


def answered(
    score: Score, visit: Visit, started_at: datetime | None
) -> tuple[datetime | None, date | None, str | None]:
    """When a form was filled in: an instant or a day, and the sentence that says what is not known about it.

    On the day of a dose only the order is known, so the instant keeps the order: a minute before, or after its end.
    """
    on = score.on or visit.on
    if started_at is None or on != visit.on:
        return None, on, None
    if score.moment is Moment.BEFORE:
        return started_at - _MINUTE, None, "Filled in before the dose of that day; the minute is not told."
    ends_at = dose_ends_at(started_at, visit.values.get("infusion_minutes"))
    return ends_at, None, "Filled in after the dose of that day; the minute is not told."
