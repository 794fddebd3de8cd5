"""Reading the trial, shown on a small copy of its format."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app.imports.findings import UnusableFile
from app.imports.trial import actions
from app.imports.trial.actions import Report, import_trial
from app.kernel.errors import Invalid, NotFound
from app.kernel.ids import new_id
from app.kernel.ledger import change
from tests.imports.figures import every, read_table
from tests.imports.trial_files import PEOPLE, VISITS, changed, write_trial
from tests.world import World

ANCHOR = date(2010, 3, 1)
SCOPES = ("patient:read", "course:read", "session:read", "score:read", "alert:read")


async def run(clinic: World, directory: Path, **options: Any) -> Report:
    return await import_trial(clinic.database, clinic.id, directory, options.pop("anchor_on", ANCHOR), **options)


async def ledger_size(clinic: World) -> int:
    counted = select(func.count()).select_from(change).where(change.c.clinic_id == clinic.id)
    async with clinic.database.reading() as db:
        return (await db.execute(counted)).scalar_one()


async def feed(clinic: World) -> list[dict[str, Any]]:
    await clinic.database.sealer.seal()
    client = await clinic.integrator(*SCOPES)
    answer = await client.get("/v1/changes", params={"limit": 1000, "include": "resource"})
    assert answer.status_code == 200
    return answer.json()["items"]


def told(report: Report) -> list[tuple[str, int, str | None, str]]:
    return [(one.file, one.line, one.column, one.rule) for one in report.findings]


def recorded(report: Report) -> list[int]:
    return [counts.recorded for counts in report.counts.values()]


# ── what comes out ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_arms_and_days_come_back_from_the_answers(clinic: World, tmp_path: Path) -> None:
    report = await run(clinic, write_trial(tmp_path))
    assert report.findings == []
    assert recorded(report) == [6, 6, 9, 9, 38]
    assert report.rows_without_score == 1
    client = await clinic.integrator(*SCOPES)

    depressed = await read_table(client, "F33.9")
    assert depressed.scores["MADRS"] == {
        "b0": {"sub-T01": 35, "sub-T02": 32, "sub-T03": 30, "sub-T04": 28},
        "d2": {"sub-T01": 17, "sub-T03": 8},
        "d10": {"sub-T01": 30, "sub-T02": 16},
        "p2": {"sub-T01": 31, "sub-T02": 32},
    }
    # Against one's own baseline, and not against another's: 17 is more than half of 32, and less than half of 35.
    assert depressed.responders("MADRS", "d2") == ["sub-T01", "sub-T03"]
    assert depressed.responders("MADRS", "d10") == ["sub-T02"]
    # A missing score is missing and not nought.
    assert "sub-T01" not in depressed.scores["HAMD17"].get("d10", {})
    healthy = await read_table(client, "Z00.6")
    assert healthy.scores["MADRS"] == {"b0": {"sub-T05": 0}, "d2": {"sub-T05": 0}}
    assert healthy.responders("MADRS", "d2") == []
    assert (await read_table(client, "F31.9")).scores["MADRS"]["p10"] == {"sub-T06": 34}


async def test_what_the_files_do_not_tell_is_marked(clinic: World, tmp_path: Path) -> None:
    report = await run(clinic, write_trial(tmp_path))
    client = await clinic.integrator(*SCOPES)
    patients = {one["given_name"]: one for one in await every(client, "/v1/patients")}
    assert {one["family_name"] for one in patients.values()} == {"ds005917"}
    oldest = patients["sub-T03"]
    assert (oldest["birth_on"], oldest["birth_year"], oldest["sex"]) == (None, 1944, "female")
    assert oldest["identifiers"] == [
        {"system": "https://doi.org/10.18112/openneuro.ds005917.v1.0.1", "value": "sub-T03"}
    ]
    assert patients["sub-T04"]["sex"] == "unknown"

    (course,) = await every(client, "/v1/courses", patient_id=oldest["id"])
    assert (course["protocol_code"], course["starts_on"]) == ("OPEN", "2010-03-01")
    assert "relative" in course["note"]
    (session,) = await every(client, "/v1/sessions", patient_id=oldest["id"])
    assert (session["status"], session["discharged_at"], session["deviations"]) == ("discharged", None, [])
    record = (await client.get(f"/v1/sessions/{session['id']}/record")).json()
    (given,) = record["administrations"]
    assert (given["delivered_source"], given["delivered_mg"], given["drawn_mg"]) == ("not_reported", None, None)
    assert (given["placebo"], given["deviations"]) == (False, [])
    assert record["alerts"] == []
    assert {one["answered_at"] for one in record["assessments"]} == {None}
    assert {one["hours_since_last_dose"] for one in record["assessments"]} == {None}

    changes = await feed(clinic)
    assert {one["resource"]["origin"] for one in changes if one["resource_type"] == "assessment"} == {"import"}
    history = (await client.get(f"/v1/sessions/{session['id']}/history")).json()["items"]
    assert [(one["event"], one["source"], one["version"]) for one in history] == [
        ("session.recorded", report.source, 1)
    ]
    assert history[0]["principal_id"] == str(clinic.system.principal_id)


async def test_the_first_infusion_comes_first_whatever_order_the_rows_have(clinic: World, tmp_path: Path) -> None:
    await run(clinic, write_trial(tmp_path))
    client = await clinic.integrator(*SCOPES)
    (patient,) = [one for one in await every(client, "/v1/patients") if one["given_name"] == "sub-T02"]
    sessions = await every(client, "/v1/sessions", patient_id=patient["id"], sort="session_at")
    placebo = {one["session_id"]: one["placebo"] for one in await every(client, "/v1/administrations")}
    assert [(one["number_in_course"], placebo[one["id"]]) for one in sessions] == [(1, True), (2, False)]
    assert [one["started_at"][:10] for one in sessions] == ["2010-03-01", "2010-03-15"]
    scores = await every(client, "/v1/assessments", patient_id=patient["id"], instrument="MADRS")
    assert sorted(one["answered_on"] for one in scores) == ["2010-02-27", "2010-03-03", "2010-03-25"]


# ── again, partly, not at all ────────────────────────────────────────────────────────────────────────────────────────


async def test_a_second_run_changes_nothing(clinic: World, tmp_path: Path) -> None:
    directory = write_trial(tmp_path)
    first = await run(clinic, directory)
    before = await feed(clinic)
    size = await ledger_size(clinic)
    second = await run(clinic, directory)
    assert recorded(second) == [0, 0, 0, 0, 0]
    assert [one.already_there for one in second.counts.values()] == recorded(first)
    assert await ledger_size(clinic) == size
    assert await feed(clinic) == before


async def test_two_clinics_read_the_same_files(clinic: World, other_clinic: World, tmp_path: Path) -> None:
    directory = write_trial(tmp_path)
    assert recorded(await run(clinic, directory)) == recorded(await run(other_clinic, directory)) == [6, 6, 9, 9, 38]


async def test_a_dry_run_records_nothing_and_reports_the_same(clinic: World, tmp_path: Path) -> None:
    directory = write_trial(tmp_path, visits=changed(VISITS, 3, 2, "sixty"))
    size = await ledger_size(clinic)
    dry = await run(clinic, directory, dry_run=True)
    assert await ledger_size(clinic) == size
    assert await every(await clinic.integrator(*SCOPES), "/v1/patients") == []
    real = await run(clinic, directory)
    assert (dry.counts, dry.findings) == (real.counts, real.findings)
    assert recorded(real)[0] == 6


@pytest.mark.parametrize("scores_before_it", [0, 7, 20])
async def test_a_participant_is_whole_or_not_there(
    clinic: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scores_before_it: int
) -> None:
    class PowerCut(RuntimeError):
        pass

    real, counted = actions.record_assessment, iter(range(1000))

    async def until_the_power_is_cut(*arguments: Any) -> Any:
        if next(counted) == scores_before_it:
            raise PowerCut
        return await real(*arguments)

    directory = write_trial(tmp_path)
    monkeypatch.setattr(actions, "record_assessment", until_the_power_is_cut)
    with pytest.raises(PowerCut):
        await run(clinic, directory)
    monkeypatch.undo()
    client = await clinic.integrator(*SCOPES)
    there = {one["id"]: one["given_name"] for one in await every(client, "/v1/patients")}
    scores: dict[str, int] = {}
    for one in await every(client, "/v1/assessments"):
        scores[there[one["patient_id"]]] = scores.get(there[one["patient_id"]], 0) + 1
    told_of = {
        name: sum(cell != "n/a" for row in VISITS if row[0] == name for cell in row[2:]) for name in there.values()
    }
    assert scores == told_of
    assert len({one["patient_id"] for one in await every(client, "/v1/courses")}) == len(there)

    assert recorded(await run(clinic, directory))[0] == 6 - len(there)
    again = await run(clinic, directory)
    assert [one.already_there for one in again.counts.values()] == [6, 6, 9, 9, 38]


async def test_another_anchor_or_score_is_refused_and_changes_nothing(clinic: World, tmp_path: Path) -> None:
    await run(clinic, write_trial(tmp_path))
    size = await ledger_size(clinic)
    moved = await run(clinic, tmp_path, anchor_on=date(2011, 3, 1))
    assert {rule for _, _, _, rule in told(moved)} == {"id-already-used"}
    assert [line for _, line, _, _ in told(moved)] == [2, 3, 4, 5, 6, 7]
    other_score = await run(clinic, write_trial(tmp_path, visits=changed(VISITS, 3, 2, "36")))
    assert told(other_score) == [("phenotype.tsv", 3, "MADRS_Total", "id-already-used")]
    assert await ledger_size(clinic) == size


async def test_somebody_who_is_registered_already_is_not_registered_twice(clinic: World, tmp_path: Path) -> None:
    patient = {"given_name": "sub-T03", "family_name": "ds005917", "birth_year": 1944, "sex": "female"}
    answer = await (await clinic.client("front_desk")).post("/v1/patients", json=patient)
    assert answer.status_code == 201
    report = await run(clinic, write_trial(tmp_path))
    assert [(line, rule) for _, line, _, rule in told(report)] == [(4, "confirmation-required")]
    assert recorded(report)[0] == 5


async def test_days_that_would_lie_in_the_future_are_refused(clinic: World, tmp_path: Path) -> None:
    for anchor_on in (date(1999, 12, 31), date(2199, 1, 1)):
        with pytest.raises(Invalid):
            await run(clinic, write_trial(tmp_path), anchor_on=anchor_on)


async def test_an_unknown_clinic_is_not_found(clinic: World, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        await import_trial(clinic.database, new_id(), write_trial(tmp_path), ANCHOR)


# ── planted faults ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_bad_rows_are_told_and_hold_nobody_up(clinic: World, tmp_path: Path) -> None:
    """Every kind of fault is in `test_rules.py`; here a handful at once goes all the way."""
    people = changed(PEOPLE, 7, 1, "old")
    visits = changed(changed(changed(VISITS, 4, 2, "61"), 6, 1, "ses-d3"), 10, 0, "sub-X")
    report = await run(clinic, write_trial(tmp_path, people=people, visits=visits))
    assert told(report) == [
        ("participants.tsv", 7, "age", "age_in_years"),
        ("phenotype.tsv", 4, "MADRS_Total", "out_of_range"),
        ("phenotype.tsv", 6, "session_id", "unknown_session"),
        ("phenotype.tsv", 10, "participant_id", "unknown_participant"),
        ("phenotype.tsv", 15, "participant_id", "participant_left_out"),
        ("phenotype.tsv", 16, "participant_id", "participant_left_out"),
    ]
    assert recorded(report) == [5, 5, 7, 7, 25]
    client = await clinic.integrator(*SCOPES)
    assert len(await every(client, "/v1/patients")) == 5
    assert len(await every(client, "/v1/assessments")) == 25


async def test_unusable_files_record_nothing(clinic: World, tmp_path: Path) -> None:
    (write_trial(tmp_path) / "phenotype.tsv").unlink()
    size = await ledger_size(clinic)
    with pytest.raises(UnusableFile):
        await run(clinic, tmp_path)
    assert await ledger_size(clinic) == size
