"""A clinic's spreadsheet on its way into the record, and what comes back from the API."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app.imports.findings import UnusableFile
from app.imports.records import actions
from app.imports.records.actions import Options, Report, import_records
from app.imports.records.cells import DayOrder, DecimalSign, Writing
from app.imports.records.files import Encoding
from app.kernel.errors import NotFound
from app.kernel.ids import new_id
from app.kernel.ledger import change
from tests.conftest import Clock
from tests.imports.figures import every
from tests.imports.records.sheets import AGAIN, NOOR, ROBIN, SHEET, write_sheet
from tests.world import World

SCOPES = ("clinical:read", "patient:read", "course:read", "session:read", "score:read", "alert:read")


async def run(clinic: World, path: Path, options: Options | None = None, **more: Any) -> Report:
    return await import_records(clinic.database, clinic.id, path, options or Options(), **more)


async def ledger_size(clinic: World) -> int:
    counted = select(func.count()).select_from(change).where(change.c.clinic_id == clinic.id)
    async with clinic.database.reading() as db:
        return (await db.execute(counted)).scalar_one()


def told(report: Report) -> list[tuple[int, str | None, str]]:
    return [(one.line, one.column, one.rule) for one in report.findings]


def recorded(report: Report) -> dict[str, int]:
    return {kind: counts.recorded for kind, counts in report.counts.items() if counts.recorded}


WHOLE = {
    "patient": 2, "course": 2, "session": 3, "administration": 3, "weight": 2, "vital_signs": 4, "dissociation_note": 2,
    "assessment": 3,
}  # fmt: skip


# ── what comes out ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_spreadsheet_comes_back_from_the_answers(clinic: World, tmp_path: Path) -> None:
    report = await run(clinic, write_sheet(tmp_path))
    assert told(report) == []
    assert recorded(report) == WHOLE
    client = await clinic.integrator(*SCOPES)
    robin, noor = sorted(await every(client, "/v1/patients"), key=lambda one: one["birth_on"], reverse=True)
    assert (robin["given_name"], robin["sex"], robin["origin"]) == ("Robin", "female", "import")
    assert robin["identifiers"] == [{"system": actions.SYSTEM, "value": "P1"}]
    sessions = await every(client, "/v1/sessions", patient_id=robin["id"])
    first = min(sessions, key=lambda one: one["started_at"])
    # 09:05 on a wall in New York in March before the clocks change.
    assert (first["started_at"], first["status"]) == ("2021-03-01T14:05:00Z", "discharged")
    whole = (await client.get(f"/v1/sessions/{first['id']}/record")).json()
    (dose,) = whole["administrations"]
    assert (dose["delivered_mg"], dose["delivered_source"], dose["stopped_at"]) == (
        41.2,
        "entered",
        "2021-03-01T14:45:00Z",
    )
    assert [(one["systolic_mmhg"], one["measured_at"][11:16]) for one in whole["vital_signs"]] == [
        (124, "14:05"), (141, "14:45"),
    ]  # fmt: skip
    assert [(one["intensity"], one["note"]) for one in whole["dissociation_notes"]] == [(6, "Calm.")]
    phq9, madrs = sorted(whole["assessments"], key=lambda one: one["instrument"], reverse=True)
    # Filled in before the first dose: there is no dose before it.
    assert (phq9["total"], phq9["answered_at"], phq9["days_since_last_dose"]) == (20, "2021-03-01T14:04:00Z", None)
    assert (madrs["total"], madrs["answered_on"], madrs["days_since_last_dose"]) == (14, "2021-03-02", 1)
    (only,) = await every(client, "/v1/sessions", patient_id=noor["id"])
    assert only["started_at"] == "2021-04-05T16:00:00Z"
    assert (only["given_on"], only["origin"]) == ("2021-04-05", "import")


async def test_every_change_names_the_file(clinic: World, tmp_path: Path) -> None:
    report = await run(clinic, write_sheet(tmp_path))
    statement = (
        select(change.c.source, func.count().label("number"))
        .where(change.c.clinic_id == clinic.id)
        .group_by(change.c.source)
    )
    async with clinic.database.reading() as db:
        sources = {row.source: row.number for row in await db.execute(statement)}
    assert report.source.startswith("import:")
    assert sources[report.source] == sum(WHOLE.values()) + 1  # and the alert about item 9


async def test_an_old_answer_about_suicide_rings_no_bell_and_a_new_one_does(
    clinic: World, clock: Clock, tmp_path: Path
) -> None:
    lately = clock.now().date() - timedelta(days=2)
    fresh = AGAIN | {"session_on": lately.isoformat(), "phq9_before_item_9": "3"}
    await run(clinic, write_sheet(tmp_path, ROBIN, fresh))
    alerts = await every(await clinic.integrator(*SCOPES), "/v1/alerts")
    assert Counter((one["code"], one["status"]) for one in alerts) == {
        (alerts[0]["code"], "historic"): 1,
        (alerts[0]["code"], "open"): 1,
    }


async def test_a_follow_up_is_a_score_of_a_day_without_a_session(clinic: World, tmp_path: Path) -> None:
    follow_up = {
        "patient_key": "P1",
        "session_on": "2021-06-01",
        "madrs_before_total": "7",
        "session_note": "By telephone.",
    }
    report = await run(clinic, write_sheet(tmp_path, ROBIN, follow_up))
    assert (recorded(report)["session"], recorded(report)["assessment"]) == (1, 3)
    scores = await every(await clinic.integrator(*SCOPES), "/v1/assessments")
    (late,) = [one for one in scores if one["total"] == 7]
    assert (late["session_id"], late["answered_on"], late["days_since_last_dose"]) == (None, "2021-06-01", 92)
    assert late["note"] == "By telephone."


async def test_item_nine_beside_a_total_is_kept_with_its_alert(clinic: World, tmp_path: Path) -> None:
    row = NOOR | {"PHQ-9": "17", "PHQ-9 item 9": "2"}
    report = await run(clinic, write_sheet(tmp_path, row))
    assert [rule for _, _, rule in told(report)] == ["items_incomplete"]
    client = await clinic.integrator(*SCOPES)
    scores = await every(client, "/v1/assessments")
    assert sorted(((one["total"], one["safety_item"]) for one in scores), key=str) == [(17, None), (None, 2)]
    assert [one["status"] for one in await every(client, "/v1/alerts")] == ["historic"]


async def test_pounds_and_milligrams_per_kilogram_are_reckoned_and_kept(clinic: World, tmp_path: Path) -> None:
    row = {name: value for name, value in NOOR.items() if name != "dose_mg"}
    row |= {"Weight (lb)": "181,5", "Dose mg/kg": "0,5", "session_on": "05.04.2021", "birth_on": "30.11.1971"}
    options = Options(Writing(DayOrder.DMY, DecimalSign.COMMA), Encoding.WINDOWS_1252)
    report = await run(
        clinic, write_sheet(tmp_path, row | {"given_name": "Nöor"}, encoding="cp1252", sign=";"), options
    )
    assert told(report) == []
    client = await clinic.integrator(*SCOPES)
    (patient,) = await every(client, "/v1/patients")
    assert (patient["given_name"], patient["birth_on"]) == ("Nöor", "1971-11-30")
    (weight,) = await every(client, f"/v1/patients/{patient['id']}/weights")
    assert weight["weight_kg"] == 82.33
    (session,) = await every(client, "/v1/sessions", include="text")
    dose = (await client.get(f"/v1/sessions/{session['id']}/record")).json()["administrations"][0]
    assert dose["delivered_mg"] == 41.165  # 0.5 × 82.33
    assert session["note"].split("\n") == [
        "Milligrams reckoned from 0.5 mg/kg and 82.33 kg.",
        "Weight told as 181.5 lb.",
    ]


async def test_the_two_nights_on_which_the_clocks_change_are_told(clinic: World, tmp_path: Path) -> None:
    skipped = NOOR | {"session_on": "2021-03-14", "session_time": "02:30"}
    twice = NOOR | {"session_on": "2021-11-07", "session_time": "01:30"}
    report = await run(clinic, write_sheet(tmp_path, skipped, twice))
    assert told(report) == [(2, "session_time", "time_skipped"), (3, "session_time", "time_twice")]
    assert report.refused == 0
    sessions = await every(await clinic.integrator(*SCOPES), "/v1/sessions")
    assert sorted(one["started_at"] for one in sessions) == ["2021-03-14T07:30:00Z", "2021-11-07T05:30:00Z"]


async def test_a_great_change_of_weight_is_recorded_and_told(clinic: World, tmp_path: Path) -> None:
    report = await run(clinic, write_sheet(tmp_path, ROBIN, AGAIN | {"weight_kg": "60"}))
    assert told(report) == [(3, "weight_kg", "weight_differs")]
    assert recorded(report)["weight"] == 2


# ── again, interrupted, corrected ────────────────────────────────────────────────────────────────────────────────────


async def test_a_second_run_changes_nothing(clinic: World, tmp_path: Path) -> None:
    path = write_sheet(tmp_path)
    first = await run(clinic, path)
    size = await ledger_size(clinic)
    again = await run(clinic, path)
    assert (recorded(again), told(again)) == ({}, [])
    there = {kind: counts.already_there for kind, counts in again.counts.items()}
    assert there == {kind: counts.recorded for kind, counts in first.counts.items()}
    assert await ledger_size(clinic) == size
    # The same rows in another order, with other columns' order and line ends, are the same rows.
    (tmp_path / "other").mkdir()
    shuffled = write_sheet(
        tmp_path / "other", *({name: row[name] for name in sorted(row)} for row in reversed(SHEET)), sign="\t"
    )
    assert recorded(await run(clinic, shuffled)) == {}
    assert await ledger_size(clinic) == size


async def test_a_dry_run_reports_the_same_and_records_nothing(clinic: World, tmp_path: Path) -> None:
    twin = NOOR | {"patient_key": "P9", "session_on": "2021-05-05"}
    path = write_sheet(
        tmp_path, *SHEET, twin, ROBIN | {"patient_key": "P3", "family_name": "Third", "dissociation": "11"}
    )
    size = await ledger_size(clinic)
    dry = await run(clinic, path, dry_run=True)
    assert await ledger_size(clinic) == size
    real = await run(clinic, path)
    assert told(dry) == told(real) == [(5, "family_name", "probable_duplicate"), (6, "dissociation", "less_than_equal")]
    assert recorded(dry) == recorded(real) == WHOLE


class _PulledOut(BaseException):
    """The machine goes dark."""


async def test_an_interrupted_run_leaves_whole_patients_and_the_next_finishes(
    clinic: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row | {"patient_key": f"P{n}", "given_name": f"Number {n}"} for n in range(5) for row in (ROBIN, AGAIN)]
    path = write_sheet(tmp_path, *rows)
    calls = 0
    through = actions.record_assessment

    async def dark(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 8:  # in the middle of the third patient, whose sessions are there and whose scores are not
            raise _PulledOut
        return await through(*arguments)

    monkeypatch.setattr(actions, "record_assessment", dark)
    with pytest.raises(_PulledOut):
        await run(clinic, path)
    monkeypatch.setattr(actions, "record_assessment", through)
    client = await clinic.integrator(*SCOPES)
    per_patient = Counter(one["patient_id"] for one in await every(client, "/v1/sessions"))
    assert list(per_patient.values()) == [2, 2]
    assert Counter(one["patient_id"] for one in await every(client, "/v1/assessments")) == Counter(
        dict.fromkeys(per_patient, 3)
    )
    finished = await run(clinic, path)
    assert (finished.counts["patient"].recorded, finished.counts["patient"].already_there) == (3, 2)
    sessions = await every(client, "/v1/sessions")
    assert Counter(Counter(one["patient_id"] for one in sessions).values()) == {2: 5}


async def test_a_file_with_more_rows_adds_them(clinic: World, tmp_path: Path) -> None:
    await run(clinic, write_sheet(tmp_path, ROBIN))
    before = ROBIN | {"session_on": "2021-02-01", "madrs_after_on": "2021-02-02"}
    report = await run(clinic, write_sheet(tmp_path, before, ROBIN, AGAIN))
    assert told(report) == []
    assert recorded(report)["session"] == 2
    assert "course" not in recorded(report)
    scores = await every(await clinic.integrator(*SCOPES), "/v1/assessments")
    # The score that had no dose before it has one now.
    assert sorted(one["days_since_last_dose"] or 0 for one in scores) == [0, 1, 1, 3, 28]


async def test_a_row_that_changed_is_told_by_column_and_changes_nothing(clinic: World, tmp_path: Path) -> None:
    await run(clinic, write_sheet(tmp_path))
    size = await ledger_size(clinic)
    other = ROBIN | {
        "family_name": "Renamed", "dose_mg": "50", "weight_kg": "83", "pressure_peak": "199/99", "dissociation": "2",
        "phq9_before_item_1": "0", "madrs_after_total": "15",
    }  # fmt: skip
    report = await run(clinic, write_sheet(tmp_path, other, NOOR, AGAIN | {"family_name": "Renamed"}))
    assert {rule for _, _, rule in told(report)} == {"differs"}
    assert {(line, column) for line, column, _ in told(report)} == {
        (2, "family_name"), (2, "dose_mg"), (2, "weight_kg"), (2, "pressure_peak"), (2, "dissociation"),
        (2, "phq9_before_item_1"), (2, "madrs_after_total"),
    }  # fmt: skip
    assert report.refused == len(report.findings)
    assert await ledger_size(clinic) == size


async def test_what_a_person_corrected_or_voided_stays_so(clinic: World, tmp_path: Path) -> None:
    path = write_sheet(tmp_path)
    await run(clinic, path)
    client = await clinic.client("prescriber")
    sessions = await every(client, "/v1/sessions")
    latest, middle, first = sorted(sessions, key=lambda one: one["started_at"], reverse=True)
    answer = await client.post(
        f"/v1/sessions/{latest['id']}/mark-entered-in-error",
        json={"reason": "wrong patient"},
        headers={"If-Match": f'"{latest["version"]}"'},
    )
    assert answer.status_code == 200
    note = (await client.get(f"/v1/sessions/{first['id']}/record")).json()["dissociation_notes"][0]
    answer = await client.patch(
        f"/v1/dissociation-notes/{note['id']}",
        json={"intensity": 7},
        headers={"If-Match": '"1"', "Change-Reason": "typing_error"},
    )
    assert answer.status_code == 200, answer.text
    size = await ledger_size(clinic)
    again = await run(clinic, path)
    assert told(again) == [(3, "session_on", "entered-in-error")]
    assert recorded(again) == {}
    assert await ledger_size(clinic) == size
    assert middle["id"] in {one["id"] for one in await every(client, "/v1/sessions")}


async def test_somebody_registered_by_hand_under_the_key_is_the_same_person(clinic: World, tmp_path: Path) -> None:
    desk = await clinic.client("front_desk")
    body = {
        "given_name": "Noor", "family_name": "Exemplar", "birth_on": "1971-11-30", "sex": "male",
        "identifiers": [{"system": actions.SYSTEM, "value": "P2"}],
    }  # fmt: skip
    patient = (await desk.post("/v1/patients", json=body)).json()
    report = await run(clinic, write_sheet(tmp_path, NOOR))
    assert told(report) == []
    assert "patient" not in recorded(report)
    (session,) = await every(await clinic.integrator(*SCOPES), "/v1/sessions")
    assert session["patient_id"] == patient["id"]


async def test_two_clinics_read_one_file_each_for_itself(clinic: World, other_clinic: World, tmp_path: Path) -> None:
    path = write_sheet(tmp_path)
    assert recorded(await run(clinic, path)) == recorded(await run(other_clinic, path)) == WHOLE


# ── what is refused ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("change_of_row", "column", "rule"),
    [
        ({"session_on": "2021-13-01"}, "session_on", "not_a_day"),
        ({"session_on": ""}, "session_on", "required"),
        ({"session_on": "2199-01-01"}, "session_on", "in_the_future"),
        ({"session_on": "1980-01-01"}, "session_on", "before_birth"),
        ({"session_time": "noonish"}, "session_time", "not_a_time"),
        ({"session_on": "2021-03-04 10:00"}, "session_time", "time_differs"),
        ({"drug": "propofol"}, "drug", "unknown_word"),
        ({"route": ""}, "route", "required"),
        ({"dose_mg": "41,2"}, "dose_mg", "not_a_number"),
        ({"dose_mg": "999999"}, "dose_mg", "less_than_equal"),
        ({"dose_mg": "=A1"}, "dose_mg", "formula"),
        ({"weight_kg": "0.5"}, "weight_kg", "greater_than_equal"),
        ({"pressure_peak": "88/141"}, "pressure_peak", "impossible_pressure"),
        ({"dissociation": "11"}, "dissociation", "less_than_equal"),
        ({"phq9_before_item_9": "4"}, "phq9_before_item_9", "out_of_range"),
        ({"madrs_after_total": "61", "madrs_after_on": ""}, "madrs_after_total", "out_of_range"),
        ({"family_name": "Other"}, "family_name", "patient_differs"),
        ({"session_on": "2021-03-01"}, "session_on", "duplicate_row"),
        ({"dissociation_note": "x" * 20_001}, "dissociation_note", "string_too_long"),
        ({"dissociation_note": "a\x00b"}, "dissociation_note", "control_characters"),
    ],
)
async def test_a_bad_row_leaves_its_patient_out_whole_and_holds_nobody_up(
    clinic: World, tmp_path: Path, change_of_row: dict[str, str], column: str, rule: str
) -> None:
    report = await run(clinic, write_sheet(tmp_path, ROBIN, NOOR, AGAIN | change_of_row))
    assert [(line, found) for line, _, found in told(report)] == [(4, rule)]
    assert told(report)[0][1] in {column, "phq9_before_item_1"}  # one answer is told by its form's first column
    assert report.patients_left_out == 1
    client = await clinic.integrator(*SCOPES)
    assert [one["given_name"] for one in await every(client, "/v1/patients")] == ["Noor"]
    assert len(await every(client, "/v1/sessions")) == 1
    assert not {value for value in change_of_row.values() if len(value) > 2} & {
        word for one in report.findings for word in one.detail.split()
    }


async def test_every_bad_row_of_a_patient_is_named(clinic: World, tmp_path: Path) -> None:
    rows = [
        ROBIN | {"session_on": f"2021-03-{day:02}", "dissociation": text}
        for day, text in ((1, "x"), (2, "5"), (3, "y"))
    ]
    report = await run(clinic, write_sheet(tmp_path, *rows))
    assert told(report) == [(2, "dissociation", "not_a_whole_number"), (4, "dissociation", "not_a_whole_number")]
    assert recorded(report) == {}


async def test_days_the_other_way_round_stop_the_whole_file(clinic: World, tmp_path: Path) -> None:
    """3/4 could be either; 3/25 shows that the month comes first, so nothing of the file can be trusted."""
    rows = [NOOR | {"birth_on": "11/30/1971", "session_on": on} for on in ("3/4/2021", "3/25/2021")]
    size = await ledger_size(clinic)
    path = write_sheet(tmp_path, *rows)
    with pytest.raises(UnusableFile) as refused:
        await run(clinic, path, Options(Writing(DayOrder.DMY)))
    assert {one.rule for one in refused.value.findings} == {"dates_in_another_order"}
    assert await ledger_size(clinic) == size
    await run(clinic, path, Options(Writing(DayOrder.MDY)))
    sessions = await every(await clinic.integrator(*SCOPES), "/v1/sessions")
    assert sorted(one["started_at"][:10] for one in sessions) == ["2021-03-04", "2021-03-25"]


async def test_answers_and_total_must_agree(clinic: World, tmp_path: Path) -> None:
    row = ROBIN | {"phq9_before_total": "19"}
    assert [rule for _, _, rule in told(await run(clinic, write_sheet(tmp_path, row)))] == ["total_differs"]
    assert recorded(await run(clinic, write_sheet(tmp_path, row | {"phq9_before_total": "20"})))["assessment"] == 2


async def test_a_file_without_a_needed_column_records_nothing(clinic: World, tmp_path: Path) -> None:
    row = {name: value for name, value in NOOR.items() if name != "route"}
    with pytest.raises(UnusableFile):
        await run(clinic, write_sheet(tmp_path, row))
    assert recorded(await run(clinic, write_sheet(tmp_path, row), Options(given={"route": "iv"})))["session"] == 1


async def test_an_unknown_clinic_is_not_found(clinic: World, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        await import_records(clinic.database, new_id(), write_sheet(tmp_path), Options())


async def test_findings_are_counted_beyond_those_that_are_kept(
    clinic: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_FINDINGS", 5)
    rows = [NOOR | {"patient_key": f"P{number}", "dose_mg": "?"} for number in range(9)]
    report = await run(clinic, write_sheet(tmp_path, *rows))
    assert (len(report.findings), report.findings_by_rule["not_a_number"], report.refused) == (5, 9, 9)
