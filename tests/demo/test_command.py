"""The command in a process of its own, as `make demo` runs it."""

import json
import os
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.command import seriatim


def demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return seriatim("demo", "--data-dir", str(folder), "--today", "2026-03-12", *options)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A clinic of twenty, who show all there is, and one of two."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    done = demo(folder, "--no-serve", "--port", "8123", "--patients", "20")
    assert done.returncode == 0, done.stderr
    return folder, done.stderr


def rows(folder: Path, statement: str) -> list[Any]:
    connection = sqlite3.connect(folder / "seriatim.db")
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def test_the_credentials_have_their_shape_and_are_private(filled: tuple[Path, str]) -> None:
    folder, said = filled
    file = folder / "demo-credentials.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told = json.loads(file.read_text())
    assert set(told) == {"base_url", "clinics"}
    assert told["base_url"] == "http://127.0.0.1:8123"
    assert len(told["clinics"]) == 2
    for clinic in told["clinics"]:
        assert set(clinic) == {"id", "name", "users", "client"}
        assert set(clinic["users"]) == {"admin", "prescriber", "nurse", "therapist", "front_desk"}
        assert all(set(user) == {"username", "password"} for user in clinic["users"].values())
        assert set(clinic["client"]) == {"client_id", "client_secret"}
        assert clinic["users"]["nurse"]["username"] in said
    assert f"{told['base_url']}/docs" in said
    assert sorted(one.name for one in folder.iterdir()) == ["demo-credentials.json", "seriatim.db"]


def words(folder: Path, statement: str) -> set[Any]:
    return {one for (one,) in rows(folder, statement)}


def test_the_clinics_show_what_a_clinic_lives_through(filled: tuple[Path, str]) -> None:
    folder, _ = filled
    zones = rows(folder, "SELECT time_zone, (SELECT count(*) FROM patient p WHERE p.clinic_id = c.id) FROM clinic c")
    assert sorted(zones) == [("America/New_York", 20), ("Europe/London", 2)]
    statuses = words(folder, "SELECT DISTINCT status FROM treatment_session")
    assert statuses == {
        "scheduled", "checked_in", "held", "dosing", "observing", "discharged", "cancelled", "no_show",
    }  # fmt: skip
    assert words(folder, "SELECT DISTINCT status FROM course") == {"active", "paused", "completed", "discontinued"}
    assert words(folder, "SELECT DISTINCT status FROM alert") == {"open", "acknowledged", "resolved", "historic"}
    kinds = words(folder, "SELECT DISTINCT kind FROM dose_event")
    assert kinds == {
        "start", "stop", "pause", "resume", "rate_change", "injection", "lozenge", "spray", "device",
    }  # fmt: skip
    given = set(rows(folder, "SELECT DISTINCT drug, route FROM administration"))
    assert given == {
        ("ketamine", "intravenous"), ("ketamine", "intramuscular"), ("ketamine", "subcutaneous"),
        ("ketamine", "sublingual"), ("ketamine", "oral"), ("ketamine", "intranasal"), ("esketamine", "intranasal"),
    }  # fmt: skip
    assert words(folder, "SELECT DISTINCT setting FROM treatment_session") == {"clinic", "home"}
    assert words(folder, "SELECT DISTINCT delivered_mg / 1000 FROM administration WHERE drug = 'esketamine'") <= {
        56,
        84,
    }
    assert rows(folder, "SELECT count(*) FROM external_treatment")[0][0] >= 1
    assert rows(folder, "SELECT count(*) FROM treatment_session WHERE aborted_at IS NOT NULL")[0][0] >= 1
    corrected = words(folder, "SELECT event || ' ' || reason FROM change WHERE event LIKE '%.corrected'")
    assert corrected == {
        "vital_signs.corrected typing_error: a digit too high", "assessment.corrected typing_error: read wrongly",
    }  # fmt: skip
    wrong = words(folder, "SELECT event FROM change WHERE event LIKE '%.entered_in_error'")
    # A slot goes with the reading that asked for it.
    assert wrong == {"vital_signs.entered_in_error", "vital_slot.entered_in_error", "session.entered_in_error"}
    assert rows(folder, "SELECT count(*) FROM change WHERE sequence IS NULL") == [(0,)]


def test_the_clinics_are_in_the_middle_of_a_day(filled: tuple[Path, str]) -> None:
    """At 13:20 on the wall: who sits there has come in time, and nothing lies in the future that has happened."""
    folder, _ = filled
    days = "date(scheduled_start_at)"
    standing = "entered_in_error_at IS NULL"
    ahead = f"SELECT {days} d, count(*) FROM treatment_session WHERE status = 'scheduled' AND {standing} GROUP BY d"
    assert len(rows(folder, ahead)) >= 2
    open_items = "session_id IS NULL AND left_out_at IS NULL"
    assert rows(folder, f"SELECT max(planned_on) FROM plan_item WHERE {open_items}")[0][0] > "2026-03-20"
    assert rows(folder, f"SELECT min({days}) FROM treatment_session WHERE status = 'scheduled'")[0][0] >= "2026-03-12"
    sitting = "status IN ('checked_in', 'cleared', 'held', 'dosing', 'observing')"
    assert words(folder, f"SELECT {days} FROM treatment_session WHERE {sitting}") == {"2026-03-12"}
    assert rows(folder, "SELECT count(*) FROM alert WHERE status = 'open' AND raised_at < '2026-03-11'") == [(0,)]
    for table, column in (
        ("vital_signs", "measured_at"), ("dose_event", "occurred_at"), ("assessment", "assessed_at"),
        ("dissociation_note", "observed_at"), ("treatment_session", "discharged_at"),
    ):  # fmt: skip
        late = f"SELECT count(*) FROM {table} WHERE {column} > recorded_at AND {column} > updated_at"
        assert rows(folder, late) == [(0,)], table
    # One infusion of the night goes on past midnight on the clinic's own clock, five hours behind.
    late = "SELECT count(*) FROM treatment_session WHERE time(started_at) BETWEEN '03:20:00' AND '04:59:00'"
    assert rows(folder, late) == [(1,)]


def test_what_was_before_is_told_afterwards(filled: tuple[Path, str]) -> None:
    folder, _ = filled
    told = "FROM treatment_session WHERE recorded_afterwards = {}"
    assert rows(folder, f"SELECT count(*) {told.format(1)}")[0][0] > 10
    assert rows(folder, f"SELECT count(*) {told.format(0)}")[0][0] > 30
    assert words(folder, f"SELECT DISTINCT origin {told.format(1)}") == {"afterwards"}
    assert words(folder, "SELECT DISTINCT status FROM treatment_session WHERE recorded_afterwards") == {"discharged"}


def test_doses_are_accounted_for_and_readings_have_their_curve(filled: tuple[Path, str]) -> None:
    folder, _ = filled
    over = "(SELECT status FROM treatment_session s WHERE s.id = a.session_id) = 'discharged'"
    assert rows(folder, f"SELECT count(*) FROM administration a WHERE NOT reconciled AND {over}") == [(0,)]
    assert rows(folder, "SELECT count(*) FROM administration WHERE wasted_mg < 0") == [(0,)]
    odd = words(folder, "SELECT DISTINCT value FROM administration, json_each(administration.deviations)")
    assert odd <= {"less_than_ordered", "no_order"}, odd
    assert rows(folder, "SELECT count(*) FROM treatment_session WHERE json_array_length(deviations) > 0") == [(0,)]
    series = """SELECT avg(v.systolic_mmhg) FROM vital_signs v JOIN treatment_session s ON s.id = v.session_id
        WHERE v.entered_in_error_at IS NULL AND v.systolic_mmhg < 215 AND s.route = 'intravenous'
        AND round((julianday(v.measured_at) - julianday(s.started_at)) * 1440) BETWEEN {} AND {}"""
    before, peak, late_on = (rows(folder, series.format(*around))[0][0] for around in ((-9, -6), (40, 42), (120, 122)))
    assert before + 8 < peak < before + 24
    assert late_on < before + 6
    score = """SELECT avg(total) / 100 FROM assessment a JOIN treatment_session s ON s.id = a.session_id
        WHERE a.instrument = 'PHQ9' AND number_in_course {}"""
    assert rows(folder, score.format(">= 5"))[0][0] < rows(folder, score.format("= 1"))[0][0] - 3


def test_a_later_run_keeps_data_and_passwords(filled: tuple[Path, str], tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(filled[0], folder)
    before = json.loads((folder / "demo-credentials.json").read_text())
    size = rows(folder, "SELECT count(*) FROM change")
    assert demo(folder, "--no-serve", "--port", "8123").returncode == 0
    assert json.loads((folder / "demo-credentials.json").read_text()) == before
    assert demo(folder, "--no-serve", "--port", "8124").returncode == 0
    told = json.loads((folder / "demo-credentials.json").read_text())
    assert told == before | {"base_url": "http://127.0.0.1:8124"}
    assert rows(folder, "SELECT count(*) FROM change") == size


def test_an_interrupted_filling_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "filling").mkdir()
    (tmp_path / "filling" / "seriatim.db").write_bytes(b"half a database")
    done = demo(tmp_path, "--no-serve", "--patients", "1")
    assert done.returncode == 0, done.stderr
    assert rows(tmp_path, "SELECT count(*) FROM patient") == [(2,)]
    (tmp_path / "demo-credentials.json").unlink()
    done = demo(tmp_path, "--no-serve")
    assert done.returncode == 1
    assert "is missing" in done.stderr


def test_it_serves(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = str(Path(sys.executable).with_name("seriatim"))
    command = [script, "demo", "--data-dir", str(tmp_path), "--port", str(port), "--patients", "1"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env={**os.environ}) as server:
        try:
            deadline = time.monotonic() + 90
            while True:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/docs", timeout=2) as answer:
                        assert answer.status == 200
                        break
                except OSError:
                    assert time.monotonic() < deadline
                    assert server.poll() is None
                    time.sleep(0.3)
        finally:
            server.terminate()
            server.wait(timeout=30)
