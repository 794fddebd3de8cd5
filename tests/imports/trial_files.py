"""A small copy of the trial's format, and where the real one is."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

HEADER = ("participant_id", "age", "sex", "BMI", "group", "infusion_1", "infusion_2")
SCORES = ("participant_id", "session_id", "MADRS_Total", "HAMD_Bech", "HAM17_Total")

# Two with both arms in either order, one with one infusion, one with none, one healthy, one bipolar.
PEOPLE = (
    ("sub-T01", "29", "M", "27.84", "MDD", "d", "p"),
    ("sub-T02", "35", "F", "33", "MDD", "p", "d"),
    ("sub-T03", "66", "F", "n/a", "MDD", "d", "n/a"),
    ("sub-T04", "41", "n/a", "22.1", "MDD", "n/a", "n/a"),
    ("sub-T05", "20", "M", "34.7", "HC", "p", "d"),
    ("sub-T06", "55", "F", "22.43", "BP", "d", "p"),
)
# Not in the order in which the sessions were.
VISITS = (
    ("sub-T01", "ses-p2", "31", "12", "19"),
    ("sub-T01", "ses-b0", "35", "14", "20"),
    ("sub-T01", "ses-d2", "17", "6", "10"),
    ("sub-T01", "ses-d10", "30", "n/a", "n/a"),
    ("sub-T02", "ses-b0", "32", "13", "22"),
    ("sub-T02", "ses-p2", "32", "13", "21"),
    ("sub-T02", "ses-d10", "16", "7", "11"),
    ("sub-T02", "ses-d2", "n/a", "n/a", "n/a"),
    ("sub-T03", "ses-b0", "30", "12", "18"),
    ("sub-T03", "ses-d2", "8", "3", "5"),
    ("sub-T04", "ses-b0", "28", "11", "17"),
    ("sub-T05", "ses-b0", "0", "0", "1"),
    ("sub-T05", "ses-d2", "0", "0", "0"),
    ("sub-T06", "ses-b0", "33", "12", "20"),
    ("sub-T06", "ses-p10", "34", "n/a", "n/a"),
)


def write_trial(
    directory: Path,
    *,
    people: Sequence[Sequence[str]] = PEOPLE,
    visits: Sequence[Sequence[str]] = VISITS,
    header: Sequence[str] = HEADER,
    scores: Sequence[str] = SCORES,
    doi: str = "doi:10.18112/openneuro.ds005917.v1.0.1",
) -> Path:
    """Write the three files; a row may be told with anything in it."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "participants.tsv").write_text(_table(header, people), encoding="utf-8")
    (directory / "phenotype.tsv").write_text(_table(scores, visits), encoding="utf-8")
    (directory / "dataset_description.json").write_text(json.dumps({"DatasetDOI": doi, "License": "CC0"}))
    return directory


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "".join("\t".join(row) + "\n" for row in (header, *rows))


def changed(rows: Sequence[Sequence[str]], line: int, column: int, cell: str) -> list[list[str]]:
    """The rows with one cell another; `line` counts as in the file, the header being line 1."""
    return [
        [cell if (number, place) == (line, column) else old for place, old in enumerate(row)]
        for number, row in enumerate(rows, start=2)
    ]


def real_trial() -> Path:
    """The directory of the real files, or a skip that says what to set."""
    where = os.environ.get("SERIATIM_TRIAL_DATA")
    if not where:
        pytest.skip("SERIATIM_TRIAL_DATA does not name a directory with OpenNeuro ds005917's tables.")
    return Path(where)
