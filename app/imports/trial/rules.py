"""What the trial's files may say, and where on the calendar it belongs.

The files have no dates. They say in which order a person got drug and placebo, and which scores were taken two and
ten days after each. Everything is therefore placed relative to the day of the first infusion, which whoever imports
chooses:

    day −2    baseline (`ses-b0`), before anything was given
    day 0     first infusion
    day 14    second infusion: the least distance at which the scores of day 10 still come before it
    +2, +10   scores after an infusion of drug (`ses-d2`, `ses-d10`) or placebo (`ses-p2`, `ses-p10`)

The data set's own description gives these distances: the baseline about two days before, the scores two to three and
ten to eleven days after. Fourteen days between infusions is our assumption.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from app.imports.findings import Finding, Weight
from app.imports.tables import Row

PARTICIPANT_COLUMNS: Final = ("participant_id", "age", "sex", "BMI", "group", "infusion_1", "infusion_2")
SCORE_COLUMNS: Final = {"MADRS_Total": "MADRS", "HAM17_Total": "HAMD17", "HAMD_Bech": "HAMD6"}
PHENOTYPE_COLUMNS: Final = ("participant_id", "session_id", *SCORE_COLUMNS)

EARLIEST_ANCHOR: Final = date(2000, 1, 1)
"""Days before it are refused: with the ages a file may have, years of birth stay within what a record can hold."""
BASELINE_DAY: Final = -2
SECOND_INFUSION_DAY: Final = 14
LAST_DAY: Final = SECOND_INFUSION_DAY + 10
DRUG: Final = "d"
PLACEBO: Final = "p"

_PARTICIPANT: Final = re.compile(r"sub-[A-Za-z0-9]{1,40}")
_SESSION: Final = re.compile(r"ses-(b0|[dp](?:2|10))")
_WHOLE: Final = re.compile(r"[0-9]{1,6}")
_NUMBER: Final = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4})?")
_SEXES: Final = {"F": "female", "M": "male", None: "unknown"}
_GROUPS: Final = ("MDD", "BP", "HC")
_OLDEST: Final = 100


@dataclass(frozen=True, slots=True)
class Score:
    """One total of one instrument."""

    column: str
    instrument: str
    total: Decimal


@dataclass(frozen=True, slots=True)
class Visit:
    """A row of scores: the day it is placed on, and the infusion it follows (None is the baseline)."""

    row: Row
    session_code: str
    on: date
    after_infusion: int | None
    scores: Sequence[Score]


@dataclass(frozen=True, slots=True)
class Infusion:
    """An infusion that took place: 1 or 2, drug or placebo."""

    number: int
    on: date
    placebo: bool


@dataclass(frozen=True, slots=True)
class Participant:
    """A person of the trial with everything that is recorded of them."""

    row: Row
    participant_id: str
    birth_year: int
    sex: str
    bmi: str | None
    group: str
    starts_on: date
    infusions: Sequence[Infusion]
    visits: Sequence[Visit]


@dataclass(frozen=True, slots=True)
class Trial:
    """Everything to record, and everything to say about the files."""

    participants: Sequence[Participant]
    findings: Sequence[Finding]


IsPossible = Callable[[str, Decimal], bool]


def place_trial(participants: Sequence[Row], phenotype: Sequence[Row], anchor_on: date, possible: IsPossible) -> Trial:
    """Turn the rows of both files into what is to be recorded.

    A bad row is left out whole and told; the others are not held up by it. Where two rows say different things about
    the same, neither is taken, since nobody can tell which is right.

    Args:
        participants: Rows of `participants.tsv`.
        phenotype: Rows of `phenotype.tsv`, in any order.
        anchor_on: The day of the first infusion.
        possible: Whether an instrument can have a total.
    """
    findings: list[Finding] = []
    people: dict[str, Participant] = {}
    left_out: dict[str, Weight] = {}
    for row in _once(participants, ("participant_id",), findings, left_out):
        name = row.cells["participant_id"] or ""
        read = _participant(row, anchor_on)
        if isinstance(read, Finding):
            findings.append(read)
            left_out[name] = read.weight
        else:
            people[name] = read
    visits: dict[str, list[Visit]] = {}
    for row in _once(phenotype, ("participant_id", "session_id"), findings, {}):
        name = row.cells["participant_id"] or ""
        seen = _visit(row, people.get(name), left_out.get(name), anchor_on, possible)
        if isinstance(seen, Finding):
            findings.append(seen)
        else:
            visits.setdefault(name, []).append(seen)
    whole = [_with_visits(person, visits.get(name, [])) for name, person in people.items()]
    return Trial(whole, sorted(findings, key=lambda one: (one.file, one.line, one.column or "")))


def _once(rows: Sequence[Row], key: Sequence[str], findings: list[Finding], left_out: dict[str, Weight]) -> list[Row]:
    """The rows whose key stands in no other row; a key with a missing part is nobody's key."""
    counted = Counter(tuple(row.cells[column] for column in key) for row in rows)
    single: list[Row] = []
    for row in rows:
        values = tuple(row.cells[column] for column in key)
        if counted[values] == 1 or None in values:
            single.append(row)
            continue
        detail = "Another row has the same key; neither is taken."
        findings.append(row.fault(key[-1], "duplicate_row", detail))
        left_out[row.cells["participant_id"] or ""] = Weight.REFUSED
    return single


def _participant(row: Row, anchor_on: date) -> Participant | Finding:
    cells = row.cells
    infusions = (cells["infusion_1"], cells["infusion_2"])
    if (wrong := _first(row, _PARTICIPANT_CHECKS)) is not None:
        return wrong
    if infusions[0] is None and infusions[1] is not None:
        return row.fault("infusion_1", "first_infusion_missing", "There is a second infusion and no first.")
    if infusions[0] is not None and infusions[0] == infusions[1]:
        detail = "Both infusions are the same; the scores would not tell which they follow."
        return row.fault("infusion_2", "same_arm_twice", detail)
    age = cells["age"]
    if age is None:
        # A record needs a year of birth, and to invent one would be worse than to leave the person out.
        detail = "Without an age there is no year of birth, which a patient's record needs."
        return row.fault("age", "birth_unknown", detail, Weight.UNPLACEABLE)
    return Participant(
        row=row,
        participant_id=cells["participant_id"] or "",
        birth_year=anchor_on.year - int(age),
        sex=_SEXES[cells["sex"]],
        bmi=cells["BMI"],
        group=cells["group"] or "",
        starts_on=anchor_on,
        infusions=[
            Infusion(number, anchor_on + timedelta(days=day), arm == PLACEBO)
            for number, day, arm in zip((1, 2), (0, SECOND_INFUSION_DAY), infusions, strict=True)
            if arm is not None
        ],
        visits=(),
    )


_Check = tuple[str, Callable[[str | None], bool], str, str]
_PARTICIPANT_CHECKS: Final[Sequence[_Check]] = (
    (
        "participant_id",
        lambda cell: cell is not None and _PARTICIPANT.fullmatch(cell) is not None,
        "participant_code",
        "A participant's code is `sub-` and letters and digits.",
    ),
    (
        "age",
        lambda cell: cell is None or (_WHOLE.fullmatch(cell) is not None and int(cell) <= _OLDEST),
        "age_in_years",
        f"An age is a whole number from 0 to {_OLDEST}.",
    ),
    ("sex", lambda cell: cell in _SEXES, "unknown_sex", "Sex is F, M or n/a."),
    (
        "BMI",
        lambda cell: cell is None or _NUMBER.fullmatch(cell) is not None,
        "not_a_number",
        "The body mass index is a number.",
    ),
    ("group", lambda cell: cell in _GROUPS, "unknown_group", f"The group is one of {', '.join(_GROUPS)}."),
    ("infusion_1", lambda cell: cell in {DRUG, PLACEBO, None}, "unknown_infusion", "An infusion is d, p or n/a."),
    ("infusion_2", lambda cell: cell in {DRUG, PLACEBO, None}, "unknown_infusion", "An infusion is d, p or n/a."),
)


def _first(row: Row, checks: Sequence[_Check]) -> Finding | None:
    for column, holds, rule, detail in checks:
        if not holds(row.cells[column]):
            return row.fault(column, rule, detail)
    return None


def _visit(  # noqa: PLR0911  # one answer a rule
    row: Row, person: Participant | None, left_out: Weight | None, anchor_on: date, possible: IsPossible
) -> Visit | Finding:
    code = row.cells["session_id"]
    if code is None:
        detail = "The row does not say which session it belongs to."
        return row.fault("session_id", "session_unknown", detail, Weight.UNPLACEABLE)
    if _SESSION.fullmatch(code) is None:
        return row.fault("session_id", "unknown_session", "A session is ses-b0, ses-d2, ses-d10, ses-p2 or ses-p10.")
    if left_out is not None:
        detail = "The participant was left out, and this row with them."
        return row.fault("participant_id", "participant_left_out", detail, left_out)
    if person is None:
        return row.fault("participant_id", "unknown_participant", "participants.tsv has no such participant.")
    scores = _scores(row, possible)
    if isinstance(scores, Finding):
        return scores
    moment = code.removeprefix("ses-")
    if moment == "b0":
        return Visit(row, code, anchor_on + timedelta(days=BASELINE_DAY), None, scores)
    infusion = next((one for one in person.infusions if one.placebo == (moment[0] == PLACEBO)), None)
    if infusion is None:
        return row.fault("session_id", "no_such_infusion", "participants.tsv tells of no infusion of this kind.")
    return Visit(row, code, infusion.on + timedelta(days=int(moment[1:])), infusion.number, scores)


def _scores(row: Row, possible: IsPossible) -> list[Score] | Finding:
    scores: list[Score] = []
    for column, instrument in SCORE_COLUMNS.items():
        cell = row.cells[column]
        if cell is None:
            continue
        if _WHOLE.fullmatch(cell) is None:
            return row.fault(column, "not_a_number", "A total is a whole number.")
        total = Decimal(cell)
        if not possible(instrument, total):
            return row.fault(column, "out_of_range", f"{instrument} cannot have this total.")
        scores.append(Score(column, instrument, total))
    return scores


def _with_visits(person: Participant, visits: Sequence[Visit]) -> Participant:
    return Participant(
        person.row,
        person.participant_id,
        person.birth_year,
        person.sex,
        person.bmi,
        person.group,
        person.starts_on,
        person.infusions,
        sorted(visits, key=lambda visit: visit.on),
    )


INDICATIONS: Final[Mapping[str, str]] = {
    # The data set names the disorder and not the episode's severity or course, so the codes are the unspecified ones.
    "MDD": "F33.9",
    "BP": "F31.9",
    "HC": "Z00.6",  # examination of a participant in a clinical research programme
}
GROUPS: Final[Mapping[str, str]] = {
    "MDD": "major depressive disorder",
    "BP": "bipolar disorder",
    "HC": "healthy control",
}
