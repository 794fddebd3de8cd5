"""Each kind of fault, planted alone: told with file, line, column and rule, and the rest is read."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.imports.findings import UnusableFile, Weight
from app.imports.trial.actions import is_possible
from app.imports.trial.files import read_files
from app.imports.trial.rules import Trial, place_trial
from tests.imports.trial_files import PEOPLE, SCORES, VISITS, changed, write_trial

ANCHOR = date(2010, 3, 1)


def placed(directory: Path) -> Trial:
    files = read_files(directory)
    trial = place_trial(files.participants, files.phenotype, ANCHOR, is_possible)
    findings = sorted([*files.findings, *trial.findings], key=lambda one: (one.file, one.line))
    return replace(trial, findings=findings)


def told(read: Trial) -> list[tuple[str, int, str | None, str]]:
    return [(one.file, one.line, one.column, one.rule) for one in read.findings]


def counted(read: Trial) -> tuple[int, int]:
    return len(read.participants), sum(len(visit.scores) for one in read.participants for visit in one.visits)


def test_a_good_data_set_is_placed_whole(tmp_path: Path) -> None:
    read = placed(write_trial(tmp_path))
    assert (read.findings, counted(read)) == ([], (6, 38))
    second = read.participants[1]
    assert [(one.number, one.placebo, one.on) for one in second.infusions] == [
        (1, True, ANCHOR),
        (2, False, ANCHOR + timedelta(days=14)),
    ]
    assert [(one.session_code, (one.on - ANCHOR).days, one.after_infusion) for one in second.visits] == [
        ("ses-b0", -2, None),
        ("ses-p2", 2, 1),
        ("ses-d2", 16, 2),
        ("ses-d10", 24, 2),
    ]
    assert [one.total for one in second.visits[0].scores] == [Decimal(32), Decimal(22), Decimal(13)]
    assert second.visits[2].scores == []


Faults = list[tuple[str, int, str | None, str]]
PARTICIPANTS, PHENOTYPE = "participants.tsv", "phenotype.tsv"
LEFT_OUT = [
    (PHENOTYPE, line, "participant_id", "participant_left_out")
    for line, row in enumerate(VISITS, 2)
    if row[0] == "sub-T01"
]
# (what is planted, people, visits, what is told, how many people and scores are recorded all the same)
ROWS: Sequence[tuple[str, Any, Any, Faults, int, int]] = (
    ("not a number", PEOPLE, changed(VISITS, 4, 2, "17,5"), [(PHENOTYPE, 4, "MADRS_Total", "not_a_number")], 6, 35),
    ("a half point", PEOPLE, changed(VISITS, 4, 2, "17.5"), [(PHENOTYPE, 4, "MADRS_Total", "not_a_number")], 6, 35),
    ("negative", PEOPLE, changed(VISITS, 4, 3, "-1"), [(PHENOTYPE, 4, "HAMD_Bech", "not_a_number")], 6, 35),
    ("out of range", PEOPLE, changed(VISITS, 4, 2, "61"), [(PHENOTYPE, 4, "MADRS_Total", "out_of_range")], 6, 35),
    ("out of range 17", PEOPLE, changed(VISITS, 4, 4, "53"), [(PHENOTYPE, 4, "HAM17_Total", "out_of_range")], 6, 35),
    ("out of range 6", PEOPLE, changed(VISITS, 4, 3, "23"), [(PHENOTYPE, 4, "HAMD_Bech", "out_of_range")], 6, 35),
    (
        "unknown session",
        PEOPLE,
        changed(VISITS, 4, 1, "ses-d3"),
        [(PHENOTYPE, 4, "session_id", "unknown_session")],
        6,
        35,
    ),
    ("missing session", PEOPLE, changed(VISITS, 4, 1, "n/a"), [(PHENOTYPE, 4, "session_id", "session_unknown")], 6, 35),
    (
        "stranger",
        PEOPLE,
        changed(VISITS, 4, 0, "sub-X"),
        [(PHENOTYPE, 4, "participant_id", "unknown_participant")],
        6,
        35,
    ),
    (
        "no such infusion",
        PEOPLE,
        [*VISITS, ("sub-T03", "ses-p2", "30", "12", "18")],
        [(PHENOTYPE, 17, "session_id", "no_such_infusion")],
        6,
        38,
    ),
    (
        "the same visit twice",
        PEOPLE,
        [*VISITS, ("sub-T01", "ses-d2", "18", "6", "10")],
        [(PHENOTYPE, 4, "session_id", "duplicate_row"), (PHENOTYPE, 17, "session_id", "duplicate_row")],
        6,
        35,
    ),
    ("too few cells", PEOPLE, [*VISITS[:2], VISITS[2][:4], *VISITS[3:]], [(PHENOTYPE, 4, None, "cell_count")], 6, 35),
    ("empty cell", PEOPLE, changed(VISITS, 4, 2, ""), [(PHENOTYPE, 4, "MADRS_Total", "empty_cell")], 6, 35),
    ("age", changed(PEOPLE, 2, 1, "29y"), VISITS, [(PARTICIPANTS, 2, "age", "age_in_years"), *LEFT_OUT], 5, 28),
    ("age 101", changed(PEOPLE, 2, 1, "101"), VISITS, [(PARTICIPANTS, 2, "age", "age_in_years"), *LEFT_OUT], 5, 28),
    ("no age", changed(PEOPLE, 2, 1, "n/a"), VISITS, [(PARTICIPANTS, 2, "age", "birth_unknown"), *LEFT_OUT], 5, 28),
    ("sex", changed(PEOPLE, 2, 2, "X"), VISITS, [(PARTICIPANTS, 2, "sex", "unknown_sex"), *LEFT_OUT], 5, 28),
    ("body mass", changed(PEOPLE, 2, 3, "big"), VISITS, [(PARTICIPANTS, 2, "BMI", "not_a_number"), *LEFT_OUT], 5, 28),
    ("group", changed(PEOPLE, 2, 4, "n/a"), VISITS, [(PARTICIPANTS, 2, "group", "unknown_group"), *LEFT_OUT], 5, 28),
    (
        "infusion",
        changed(PEOPLE, 2, 5, "k"),
        VISITS,
        [(PARTICIPANTS, 2, "infusion_1", "unknown_infusion"), *LEFT_OUT],
        5,
        28,
    ),
    (
        "same arm",
        changed(PEOPLE, 2, 6, "d"),
        VISITS,
        [(PARTICIPANTS, 2, "infusion_2", "same_arm_twice"), *LEFT_OUT],
        5,
        28,
    ),
    (
        "second without first",
        changed(PEOPLE, 2, 5, "n/a"),
        VISITS,
        [(PARTICIPANTS, 2, "infusion_1", "first_infusion_missing"), *LEFT_OUT],
        5,
        28,
    ),
    (
        "the same person twice",
        [*PEOPLE, PEOPLE[0]],
        VISITS,
        [
            (PARTICIPANTS, 2, "participant_id", "duplicate_row"),
            (PARTICIPANTS, 8, "participant_id", "duplicate_row"),
            *LEFT_OUT,
        ],
        5,
        28,
    ),
)


@pytest.mark.parametrize(
    ("people", "visits", "faults", "persons", "scores"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_a_bad_row_is_told_and_holds_nobody_up(
    tmp_path: Path, people: Any, visits: Any, faults: Faults, persons: int, scores: int
) -> None:
    read = placed(write_trial(tmp_path, people=people, visits=visits))
    assert told(read) == faults
    assert counted(read) == (persons, scores)
    lenient = {"birth_unknown", "session_unknown"}
    weights = {one.weight for one in read.findings}
    assert weights == {Weight.UNPLACEABLE if lenient & {one.rule for one in read.findings} else Weight.REFUSED}


def test_a_cell_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    file = write_trial(tmp_path) / PHENOTYPE
    file.write_bytes(file.read_bytes().replace(b"\t17\t6\t", b"\t1\xff\t6\t"))
    read = placed(tmp_path)
    assert told(read) == [(PHENOTYPE, 4, "MADRS_Total", "not_utf8")]
    assert counted(read) == (6, 35)


def test_windows_line_ends_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    file = write_trial(tmp_path) / PHENOTYPE
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    read = placed(tmp_path)
    assert (read.findings, counted(read)) == ([], (6, 38))


def rename_score_column(directory: Path) -> None:
    write_trial(directory, scores=["MADRS_Totl" if one == "MADRS_Total" else one for one in SCORES])


def name_score_column_twice(directory: Path) -> None:
    write_trial(directory, scores=["MADRS_Total" if one == "HAMD_Bech" else one for one in SCORES])


UNUSABLE: Sequence[tuple[str, Callable[[Path], object], Faults]] = (
    ("no phenotype", lambda at: (at / PHENOTYPE).unlink(), [(PHENOTYPE, 0, None, "file_missing")]),
    ("no participants", lambda at: (at / PARTICIPANTS).unlink(), [(PARTICIPANTS, 0, None, "file_missing")]),
    ("empty file", lambda at: (at / PARTICIPANTS).write_bytes(b""), [(PARTICIPANTS, 1, "participant_id", "column_missing")]),
    ("renamed column", rename_score_column, [(PHENOTYPE, 1, "MADRS_Total", "column_missing")]),
    ("column twice", name_score_column_twice, [(PHENOTYPE, 1, "HAMD_Bech", "column_missing"), (PHENOTYPE, 1, "MADRS_Total", "column_twice")]),
    ("header not UTF-8", lambda at: (at / PHENOTYPE).write_bytes(b"\xff\xfe\tx\n"), [(PHENOTYPE, 1, None, "not_utf8")]),
    ("another data set", lambda at: write_trial(at, doi="doi:10.18112/openneuro.ds000001.v1.0.0"), [("dataset_description.json", 1, "DatasetDOI", "other_data_set")]),
    ("no JSON", lambda at: (at / "dataset_description.json").write_bytes(b"{"), [("dataset_description.json", 1, None, "not_json")]),
)  # fmt: skip


@pytest.mark.parametrize(("spoil", "faults"), [row[1:] for row in UNUSABLE], ids=[row[0] for row in UNUSABLE])
def test_everything_wrong_with_unusable_files_is_told(
    tmp_path: Path, spoil: Callable[[Path], object], faults: Faults
) -> None:
    spoil(write_trial(tmp_path))
    with pytest.raises(UnusableFile) as refused:
        read_files(tmp_path)
    found = [(one.file, one.line, one.column, one.rule) for one in refused.value.findings]
    assert all(fault in found for fault in faults)


def test_a_column_nobody_reads_is_told(tmp_path: Path) -> None:
    visits = [[*row, "7"] for row in VISITS]
    read = placed(write_trial(tmp_path, visits=visits, scores=[*SCORES, "YMRS_Total"]))
    assert told(read) == [(PHENOTYPE, 1, "column 6", "column_unknown")]
    assert (read.findings[0].weight, counted(read)) == (Weight.UNPLACEABLE, (6, 38))
