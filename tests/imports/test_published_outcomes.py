"""The trial's table of responders, from nothing but the outcomes of its courses. Needs the real files."""

from datetime import date

from app.imports.trial.actions import import_trial
from tests.imports.figures import read_outcomes
from tests.imports.trial_files import real_trial
from tests.world import World

ANCHOR = date(2010, 3, 1)
SCOPES = ("patient:read", "course:read", "outcome:read")
MOMENTS = ("d2", "d10", "p2", "p10")


def subjects(*numbers: int) -> list[str]:
    return [f"sub-MOA{number}" for number in numbers]


async def test_the_published_responders_are_the_courses_outcomes(clinic: World) -> None:
    """OpenNeuro ds005917, its own files; both arms are judged against the one baseline."""
    await import_trial(clinic.database, clinic.id, real_trial(), ANCHOR)
    client = await clinic.integrator(*SCOPES)
    table = await read_outcomes(client, "F33.9")

    answered = {m: len(table.judged["MADRS"][m]) for m in MOMENTS}
    assert answered == {"d2": 27, "d10": 26, "p2": 26, "p10": 26}
    assert {m: table.who("MADRS", m, response="response") for m in MOMENTS} == {
        "d2": subjects(104, 111, 112, 118, 126, 134),
        "d10": subjects(111, 112, 125),
        "p2": subjects(104),  # had the drug first
        "p10": [],
    }
    assert [len(table.who("MADRS", m, remission="yes")) for m in MOMENTS] == [4, 2, 0, 0]
    assert [len(table.who("MADRS", m, worse="yes")) for m in MOMENTS] == [5, 9, 9, 16]
    means = [round(sum(table.reductions("MADRS", m)) / len(table.reductions("MADRS", m)), 2) for m in MOMENTS]
    assert means == [9.22, 4.38, 1.96, -0.77]

    for instrument, responders, scored in (
        ("HAMD17", [6, 2, 1, 0], [27, 17, 26, 18]),
        ("HAMD6", [7, 2, 1, 1], [27, 17, 26, 18]),
    ):
        assert [len(table.who(instrument, m, response="response")) for m in MOMENTS] == responders
        assert [len(table.judged[instrument][m]) for m in MOMENTS] == scored

    first_drug = {who for who, order in table.orders.items() if order[:1] == ["drug"]}
    assert [sum(who in first_drug for who in table.who("MADRS", m, response="response")) for m in ("d2", "d10")] == [
        5,
        2,
    ]
    assert {(one["rule"], one["days_before_first_dose"]) for one in table.baselines["MADRS"].values()} == {
        ("last_before_first_dose", 2)
    }


async def test_nobody_responds_from_nought(clinic: World) -> None:
    """Without a baseline above 0 five healthy people would have "responded" on day 2 with 0 of 0."""
    await import_trial(clinic.database, clinic.id, real_trial(), ANCHOR)
    table = await read_outcomes(await clinic.integrator(*SCOPES), "Z00.6")
    unknown = table.who("MADRS", "d2", response="unknown")
    assert len(unknown) >= 5
    assert {table.baselines["MADRS"][who]["total"] for who in unknown} == {0}
    assert all(table.judged["MADRS"]["d2"][who]["reduction_percent"] is None for who in unknown)


async def test_the_curve_of_somebody_who_had_both(clinic: World) -> None:
    await import_trial(clinic.database, clinic.id, real_trial(), ANCHOR)
    client = await clinic.integrator(*SCOPES)
    table = await read_outcomes(client, "F33.9")
    shown = (
        await client.get(f"/v1/courses/{table.courses['sub-MOA101']}/trajectory", params={"instrument": "MADRS"})
    ).json()
    assert [(one["placebo"], one["started_at"][:10]) for one in shown["sessions"]] == [
        (False, "2010-03-01"),
        (True, "2010-03-15"),
    ]
    assert shown["baseline"]["total"] == 35
    assert [(one["total"], one["after_session_number"], one["days_since_last_dose"]) for one in shown["points"]][
        :2
    ] == [
        (35, None, None),
        (24, 1, 2),
    ]
