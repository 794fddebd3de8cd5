"""Which column says what: the members an import knows, by the names people give them.

A header is compared without case, accents and punctuation: `Weight (lb)`, `weight_lb` and `WEIGHT LB` are one. What has
a unit needs it in its header. Scores are columns of their own kind: the instrument's code, then when it was filled in,
then which part: `phq9_before_total`, `PHQ-9 before item 3`, `MADRS after`, `madrs_after_on`.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from app.imports.findings import Finding, Weight


class Kind(StrEnum):
    """How a cell is read."""

    KEY = "key"
    TEXT = "text"
    DAY = "day"
    DAY_AND_TIME = "day, may have a time"
    TIME = "time of day"
    NUMBER = "number"
    WHOLE = "whole number"
    PRESSURE = "pressure, 124/78"
    SEX = "sex"
    DRUG = "drug"
    ROUTE = "route"


class About(StrEnum):
    """Whom or what a member describes."""

    PATIENT = "patient"
    COURSE = "course"
    SESSION = "session"
    DOSE = "dose"
    READINGS = "readings"
    EXPERIENCE = "experience"


@dataclass(frozen=True, slots=True)
class Member:
    """One thing a spreadsheet may tell."""

    name: str
    about: About
    kind: Kind
    meaning: str
    synonyms: Sequence[str] = ()
    required: bool = False


MEMBERS: Final[Sequence[Member]] = (
    Member("patient_key", About.PATIENT, Kind.KEY, "The clinic's own number of the patient; never reused.",
           ("patient id", "patient no", "patient number", "mrn", "medical record number", "chart number", "chart no",
            "record number", "client id"), required=True),
    Member("given_name", About.PATIENT, Kind.TEXT, "Given name.", ("first name", "forename"), required=True),
    Member("family_name", About.PATIENT, Kind.TEXT, "Family name.", ("last name", "surname"), required=True),
    Member("birth_on", About.PATIENT, Kind.DAY, "Day of birth; or birth_year.",
           ("dob", "date of birth", "birth date", "birthdate", "birthday", "born on")),
    Member("birth_year", About.PATIENT, Kind.WHOLE, "Year of birth, where the day is not known.",
           ("year of birth", "yob")),
    Member("sex", About.PATIENT, Kind.SEX, "f, m, intersex or unknown; empty is unknown.", ("gender", "sex at birth")),
    Member("phone", About.PATIENT, Kind.TEXT, "Telephone.", ("telephone", "phone number", "mobile")),
    Member("email", About.PATIENT, Kind.TEXT, "E-mail address.", ("e mail", "mail", "email address")),
    Member("course_key", About.COURSE, Kind.KEY, "Which series of the patient; left out: one series each.",
           ("series", "course", "course number", "course no")),
    Member("protocol_code", About.COURSE, Kind.TEXT, "A code of GET /v1/protocols; left out: OPEN.", ("protocol",)),
    Member("indication_code", About.COURSE, Kind.TEXT, "ICD-10-CM code of what is treated.",
           ("icd 10", "icd10", "diagnosis code", "indication")),
    Member("session_key", About.SESSION, Kind.KEY,
           "The clinic's own number of the session; left out: a session is known by its day and time.",
           ("session id", "visit id", "appointment id", "session number", "session no", "visit number", "visit no")),
    Member("session_on", About.SESSION, Kind.DAY_AND_TIME, "Day of the session, with or without its time.",
           ("date", "session date", "visit date", "treatment date", "date of session", "date of treatment",
            "session day", "session date time", "session at"), required=True),
    Member("session_time", About.SESSION, Kind.TIME, "When the dose began, on the clinic's wall.",
           ("time", "start time", "session start", "time of session")),
    Member("session_note", About.SESSION, Kind.TEXT, "Free text.", ("note", "notes", "comment", "comments", "remarks")),
    Member("weight_kg", About.SESSION, Kind.NUMBER, "What the patient weighed, in kilograms.",
           ("body weight kg", "weight kilograms", "weight kgs")),
    Member("weight_lb", About.SESSION, Kind.NUMBER, "What the patient weighed, in pounds; kept in kilograms.",
           ("body weight lb", "weight lbs", "weight pounds", "body weight lbs")),
    Member("drug", About.DOSE, Kind.DRUG, "ketamine or esketamine.", ("medication", "substance"), required=True),
    Member("route", About.DOSE, Kind.ROUTE, "How it was given: iv, im, sc, sl, po, nasal.",
           ("route of administration", "administration route"), required=True),
    Member("dose_mg", About.DOSE, Kind.NUMBER, "Milligrams given; or dose_mg_per_kg with a weight.",
           ("mg given", "given mg", "total dose mg", "ketamine mg", "ketamine dose mg", "delivered mg")),
    Member("dose_mg_per_kg", About.DOSE, Kind.NUMBER, "Milligrams per kilogram given.",
           ("mg kg", "mg per kg", "dose mg kg", "ketamine mg kg", "ketamine dose mg kg")),
    Member("infusion_minutes", About.DOSE, Kind.WHOLE, "For how many minutes it was given.",
           ("infusion duration min", "infusion min", "duration min", "duration minutes", "minutes",
            "infusion time min")),
    Member("product", About.DOSE, Kind.TEXT, "The product.", ()),
    Member("lot", About.DOSE, Kind.TEXT, "Its lot.", ("lot number", "batch")),
    Member("administered_by", About.DOSE, Kind.TEXT, "Who gave it.", ("given by", "nurse")),
    Member("pressure_before", About.READINGS, Kind.PRESSURE, "Pressure before the dose, as 124/78.",
           ("bp before", "bp pre", "pre bp", "blood pressure before", "blood pressure pre", "baseline bp")),
    Member("pressure_peak", About.READINGS, Kind.PRESSURE, "Highest pressure of the session.",
           ("bp peak", "peak bp", "bp max", "max bp", "blood pressure peak", "peak blood pressure")),
    Member("pressure_after", About.READINGS, Kind.PRESSURE, "Pressure before going home.",
           ("bp after", "bp post", "post bp", "blood pressure after", "blood pressure post", "discharge bp")),
    *(
        Member(f"{name}_{moment}", About.READINGS, Kind.WHOLE, f"{meaning} {when}.", tuple(
            f"{word} {said}" for word in words for said in (moment, *others)) + tuple(
            f"{said} {word}" for word in words for said in (moment, *others)))
        for name, meaning, words in (
            ("systolic_mmhg", "Systolic pressure", ("systolic", "sbp", "systolic mmhg")),
            ("diastolic_mmhg", "Diastolic pressure", ("diastolic", "dbp", "diastolic mmhg")),
            ("heart_rate_bpm", "Heart rate", ("heart rate", "hr", "pulse", "heart rate bpm")),
            ("spo2_percent", "Oxygen saturation", ("spo2", "o2 sat", "oxygen saturation", "spo2 percent")),
        )
        for moment, others, when in (
            ("before", ("pre", "baseline"), "before the dose"),
            ("peak", ("max", "highest"), "at its peak"),
            ("after", ("post", "discharge"), "before going home"),
        )
    ),
    Member("peak_minutes", About.READINGS, Kind.WHOLE, "How many minutes after the start the peak was.",
           ("minutes to peak", "peak after minutes")),
    Member("dissociation", About.EXPERIENCE, Kind.WHOLE, "How strong it was, 0 none to 10 as strong as can be.",
           ("dissociation 0 10", "dissociation score", "dissociation intensity", "dissociation rating")),
    Member("dissociation_note", About.EXPERIENCE, Kind.TEXT, "What was seen or heard of the experience.",
           ("dissociation notes", "experience", "experience note")),
)  # fmt: skip

BY_NAME: Final[Mapping[str, Member]] = MappingProxyType({member.name: member for member in MEMBERS})


class Moment(StrEnum):
    """When a score was taken, seen from the session of its row."""

    BEFORE = "before"
    AFTER = "after"


class Part(StrEnum):
    """What of a score a column holds."""

    TOTAL = "total"
    ITEM = "item"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class InstrumentForm:
    """What columns need to know of an instrument: how many items may be entered, and when it is filled in."""

    items: int
    usual_moment: Moment


@dataclass(frozen=True, slots=True)
class ScoreColumn:
    """A column that holds a part of a score."""

    instrument: str
    moment: Moment
    part: Part
    item: int = 0

    @property
    def name(self) -> str:
        """The column's name as the template writes it."""
        part = {Part.TOTAL: "total", Part.DAY: "on", Part.ITEM: f"item_{self.item}"}[self.part]
        return f"{self.instrument.lower()}_{self.moment}_{part}"


Meaning = Member | ScoreColumn


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file: its place (from 0), its header, and what it holds."""

    place: int
    header: str
    holds: Meaning


@dataclass(frozen=True, slots=True)
class Layout:
    """What a header comes to.

    `given` are members that whoever imports supplied for every row, because the file has no column for them.
    """

    columns: Sequence[Column]
    ignored: Sequence[tuple[int, str]]
    missing: Sequence[str]
    given: Mapping[str, str]
    width: int
    findings: Sequence[Finding] = field(default_factory=tuple[Finding, ...])

    def column_of(self, name: str) -> Column | None:
        """The column that holds a member."""
        return next((one for one in self.columns if one.holds.name == name), None)

    @property
    def is_usable(self) -> bool:
        """Whether rows can be read."""
        return not any(finding.weight is Weight.REFUSED for finding in self.findings)


_NEEDS_UNIT: Final = MappingProxyType(
    {
        "weight": "weight_kg or weight_lb",
        "body weight": "weight_kg or weight_lb",
        "dose": "dose_mg or dose_mg_per_kg",
        "ketamine dose": "dose_mg or dose_mg_per_kg",
        "total dose": "dose_mg or dose_mg_per_kg",
        "duration": "infusion_minutes",
    }
)
_ONE_OF: Final = (("birth_on", "birth_year"),)
_SCORE: Final = re.compile(
    r"(?P<m1>before|pre|baseline|after|post|peak)?"
    r"(?:(?P<total>total|score|sum)|(?P<on>on|date|day)|(?:item|question|q|i)?(?P<item>\d{1,2}))?"
    r"(?P<m2>before|pre|baseline|after|post|peak)?"
)
_MOMENTS: Final = MappingProxyType(
    {"before": Moment.BEFORE, "pre": Moment.BEFORE, "baseline": Moment.BEFORE}
    | dict.fromkeys(("after", "post", "peak"), Moment.AFTER)
)


def folded(header: str) -> str:
    """A header without case, accents and punctuation; words apart by one space."""
    plain = unicodedata.normalize("NFKD", header)
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()
    return " ".join(re.sub(r"[^a-z0-9]+", " ", letters.replace("%", " percent ")).split())


_SYNONYMS: Final[Mapping[str, Member]] = MappingProxyType(
    {folded(word): member for member in MEMBERS for word in (member.name, *member.synonyms)}
)


def meaning_of(header: str, instruments: Mapping[str, InstrumentForm]) -> Meaning | None:
    """What a column with this header holds; None where nobody knows."""
    words = folded(header)
    if (member := _SYNONYMS.get(words)) is not None:
        return member
    compact = words.replace(" ", "")
    for code in sorted(instruments, key=len, reverse=True):
        start = folded(code).replace(" ", "")
        if compact.startswith(start) and (found := _SCORE.fullmatch(compact.removeprefix(start))):
            return _score_column(code, instruments[code], found)
    return None


def _score_column(code: str, form: InstrumentForm, found: re.Match[str]) -> ScoreColumn | None:
    said = [_MOMENTS[moment] for moment in (found["m1"], found["m2"]) if moment]
    if len(said) > 1:
        return None
    moment = said[0] if said else form.usual_moment
    if found["item"]:
        number = int(found["item"])
        return ScoreColumn(code, moment, Part.ITEM, number) if 1 <= number <= form.items else None
    return ScoreColumn(code, moment, Part.DAY if found["on"] else Part.TOTAL)


def lay_out(
    file: str,
    line: int,
    header: Sequence[str],
    instruments: Mapping[str, InstrumentForm],
    *,
    named: Mapping[str, str],
    given: Mapping[str, str],
) -> Layout:
    """Say what each column holds, what is left unread, and what is missing.

    Args:
        file: The file's name, for findings.
        line: The header's line.
        header: The header's cells.
        instruments: The instruments there are, by code.
        named: Headers that whoever imports gave a member's name to, by header.
        given: Members that hold the same in every row, by name.
    """
    by_header = {folded(one): member for one, member in named.items()}
    columns: list[Column] = []
    ignored: list[tuple[int, str]] = []
    findings: list[Finding] = []
    for place, text in enumerate(header):
        said = by_header.get(folded(text), text)
        holds = meaning_of(said, instruments)
        if holds is None:
            ignored.append((place, text))
            findings += _about_unread(file, line, place, said, bool(text.strip()))
        else:
            columns.append(Column(place, text.strip(), holds))
    findings += _told_twice(file, line, columns)
    told = {column.holds.name for column in columns}
    missing = _missing(told | set(given))
    detail = "The header does not name this column, and --set does not give it."
    findings += [Finding(file, line, name, "column_missing", detail) for name in missing]
    detail = "The file has a column for it; --set is for what it does not tell."
    findings += [Finding(file, line, name, "column_there", detail) for name in given if name in told]
    findings += _incomplete_items(file, line, columns, instruments)
    return Layout(columns, ignored, missing, given, len(header), tuple(findings))


def _about_unread(file: str, line: int, place: int, said: str, has_header: bool) -> Iterable[Finding]:  # noqa: FBT001
    # What the header says where we know no member is a stranger's text; only its place is told.
    where = f"column {place + 1}"
    if (needed := _NEEDS_UNIT.get(folded(said))) is not None:
        yield Finding(file, line, where, "unit_missing", f"Say the unit in the header, or with --map: {needed}.")
    elif has_header:
        yield Finding(file, line, where, "column_unknown", "Nothing is read from this column.", Weight.NOTED)


def _told_twice(file: str, line: int, columns: Collection[Column]) -> Iterable[Finding]:
    seen: dict[str, int] = {}
    for column in columns:
        name = column.holds.name
        if name in seen:
            detail = f"Columns {seen[name] + 1} and {column.place + 1} hold the same; which is right?"
            yield Finding(file, line, name, "column_twice", detail)
        seen.setdefault(name, column.place)


def _missing(told: Collection[str]) -> list[str]:
    missing = [member.name for member in MEMBERS if member.required and member.name not in told]
    return missing + [" or ".join(names) for names in _ONE_OF if not set(names) & set(told)]


def _incomplete_items(
    file: str, line: int, columns: Collection[Column], instruments: Mapping[str, InstrumentForm]
) -> Iterable[Finding]:
    items: dict[tuple[str, Moment], set[int]] = {}
    for column in columns:
        if isinstance(column.holds, ScoreColumn) and column.holds.part is Part.ITEM:
            items.setdefault((column.holds.instrument, column.holds.moment), set()).add(column.holds.item)
    for (code, moment), numbers in items.items():
        if len(numbers) < instruments[code].items:
            detail = "Not every item of the form has a column; those that have none count as unanswered."
            yield Finding(file, line, f"{code.lower()}_{moment}", "items_incomplete", detail, Weight.NOTED)
