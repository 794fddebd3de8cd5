"""The trial's published table, from the API's answers alone. Needs the real files; see `real_trial`."""

from datetime import date

import pytest

from app.imports.findings import Weight
from app.imports.trial.actions import import_trial
from tests.imports.figures import every, read_table
from tests.imports.trial_files import real_trial
from tests.world import World

ANCHOR = date(2010, 3, 1)
SCOPES = ("patient:read", "course:read", "session:read", "score:read", "alert:read")

MADRS = {
    "b0": (32, 33.38, 4.57),
    "d2": (27, 23.59, 10.32),
    "d10": (26, 28.23, 8.94),
    "p2": (26, 31.31, 5.88),
    "p10": (26, 34.19, 5.07),
}
HAMD17 = {
    "b0": (32, 21.56, 4.39),
    "d2": (27, 14.74, 6.14),
    "d10": (17, 17.29, 4.22),
    "p2": (26, 19.96, 3.74),
    "p10": (18, 22.28, 3.48),
}


def subjects(*numbers: int) -> list[str]:
    return [f"sub-MOA{number}" for number in numbers]


async def test_the_published_table_comes_out_of_the_answers(clinic: World) -> None:
    report = await import_trial(clinic.database, clinic.id, real_trial(), ANCHOR)
    assert not report.refused
    table = await read_table(await clinic.integrator(*SCOPES), "F33.9")

    assert {moment: table.row("MADRS", moment) for moment in MADRS} == MADRS
    assert {moment: table.row("HAMD17", moment) for moment in HAMD17} == HAMD17
    assert table.row("HAMD6", "b0") == (32, 13.16, 2.13)
    assert table.row("HAMD6", "d2") == (27, 8.85, 4.00)

    assert table.responders("MADRS", "d2") == subjects(104, 111, 112, 118, 126, 134)
    assert table.responders("MADRS", "d10") == subjects(111, 112, 125)
    assert table.responders("MADRS", "p2") == subjects(104)
    assert table.responders("MADRS", "p10") == []
    assert [len(table.remitters(moment)) for moment in ("d2", "d10", "p2", "p10")] == [4, 2, 0, 0]
    assert [sum(c > 0 for c in table.changes("MADRS", moment)) for moment in ("d2", "d10", "p2", "p10")] == [
        5,
        9,
        9,
        16,
    ]
    means = [round(sum(c) / len(c), 2) for c in (table.changes("MADRS", m) for m in ("d2", "d10", "p2", "p10"))]
    assert means == [-9.22, -4.38, -1.96, 0.77]
    assert [len(table.responders("HAMD17", moment)) for moment in ("d2", "d10", "p2", "p10")] == [6, 2, 1, 0]
    answered = {"d2": (7, 27), "d10": (2, 17), "p2": (1, 26), "p10": (1, 18)}
    assert {m: (len(table.responders("HAMD6", m)), table.row("HAMD6", m)[0]) for m in answered} == answered


async def test_all_is_in_that_the_files_tell(clinic: World) -> None:
    report = await import_trial(clinic.database, clinic.id, real_trial(), ANCHOR)
    client = await clinic.integrator(*SCOPES)
    patients = await every(client, "/v1/patients")
    sessions = await every(client, "/v1/sessions")
    given = await every(client, "/v1/administrations")
    assessments = await every(client, "/v1/assessments")

    assert (len(patients), len(sessions), len(given), len(assessments)) == (56, 97, 97, 640)
    assert {one["origin"] for one in [*patients, *sessions, *given, *assessments]} == {"import"}
    assert {one["status"] for one in sessions} == {"discharged"}
    assert not any(one["deviations"] for one in [*sessions, *given])
    assert {(one["delivered_source"], one["delivered_mg"]) for one in given} == {("not_reported", None)}
    assert await every(client, "/v1/alerts") == []
    assert min(one["birth_year"] for one in patients) == 2010 - 66

    told = [(one.file, one.line, one.column, one.rule, one.weight) for one in report.findings]
    assert told == [
        ("participants.tsv", 17, "age", "birth_unknown", Weight.UNPLACEABLE),
        ("participants.tsv", 57, "age", "birth_unknown", Weight.UNPLACEABLE),
        ("phenotype.tsv", 71, "participant_id", "participant_left_out", Weight.UNPLACEABLE),
        ("phenotype.tsv", 227, "session_id", "session_unknown", Weight.UNPLACEABLE),
    ]


@pytest.mark.parametrize(
    "anchor_on", [date(2024, 2, 27), date(2023, 10, 20)]
)  # over a leap day; over both clock changes
async def test_the_table_does_not_depend_on_the_anchor(clinic: World, anchor_on: date) -> None:
    await import_trial(clinic.database, clinic.id, real_trial(), anchor_on)
    table = await read_table(await clinic.integrator(*SCOPES), "F33.9")
    assert {moment: table.row("MADRS", moment) for moment in MADRS} == MADRS
