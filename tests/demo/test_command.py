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

CODE = "from app.cli import main; main()"


def demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CODE, "demo", "--data-dir", str(folder), "--today", "2026-03-12", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The whole demo, as the default makes it."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    done = demo(folder, "--no-serve", "--port", "8123")
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


def test_the_clinics_show_what_a_clinic_lives_through(filled: tuple[Path, str]) -> None:
    folder, _ = filled
    zones = rows(folder, "SELECT time_zone, (SELECT count(*) FROM patient p WHERE p.clinic_id = c.id) FROM clinic c")
    assert sorted(zones) == [("America/New_York", 20), ("Europe/London", 20)]
    statuses = {one for (one,) in rows(folder, "SELECT DISTINCT status FROM treatment_session")}
    assert statuses == {"scheduled", "discharged", "cancelled", "no_show"}
    courses = {one for (one,) in rows(folder, "SELECT DISTINCT status FROM course")}
    assert courses == {"active", "paused", "completed", "discontinued"}
    alerts = {one for (one,) in rows(folder, "SELECT DISTINCT status FROM alert")}
    assert alerts == {"open", "acknowledged", "resolved"}
    kinds = {one for (one,) in rows(folder, "SELECT DISTINCT kind FROM dose_event")}
    assert kinds == {"start", "stop", "pause", "resume", "rate_change"}
    assert rows(folder, "SELECT count(*) FROM treatment_session WHERE aborted_at IS NOT NULL") == [(2,)]
    corrected = rows(folder, "SELECT reason FROM change WHERE event = 'vital_signs.corrected'")
    assert corrected == [("typing_error: a digit too high",)] * 2
    assert rows(folder, "SELECT count(*) FROM vital_signs WHERE entered_in_error_at IS NOT NULL") == [(2,)]
    days = "date(scheduled_start_at)"
    ahead = rows(folder, f"SELECT {days} d, count(*) FROM treatment_session WHERE status = 'scheduled' GROUP BY d")
    assert ahead[0][0] == "2026-03-12"
    assert len(ahead) >= 3
    # One infusion in each clinic goes on past midnight on the clinic's own clock; in March New York is five hours behind.
    late = "SELECT count(*) FROM treatment_session WHERE time(started_at) BETWEEN '{}' AND '{}'"
    assert rows(folder, late.format("04:20:00", "04:59:00")) == [(1,)]
    assert rows(folder, late.format("23:20:00", "23:59:00")) == [(1,)]
    assert rows(folder, "SELECT count(*) FROM administration WHERE NOT reconciled") == [(0,)]
    assert rows(folder, "SELECT count(*) FROM change WHERE sequence IS NULL") == [(0,)]
    # Whole milligrams and a plausible pressure curve: higher at 40 minutes than before.
    series = """SELECT avg(v.systolic_mmhg) FROM vital_signs v JOIN treatment_session s ON s.id = v.session_id
        WHERE v.entered_in_error_at IS NULL
        AND round((julianday(v.measured_at) - julianday(s.started_at)) * 1440) = {}"""
    before, peak, late_on = (rows(folder, series.format(minute))[0][0] for minute in (-10, 40, 120))
    assert before + 8 < peak
    assert late_on < before + 5
    firsts = "SELECT avg(total) FROM assessment a JOIN treatment_session s ON s.id = a.session_id WHERE number_in_course = {}"
    assert rows(folder, firsts.format(6))[0][0] < rows(folder, firsts.format(1))[0][0] - 300


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
    command = [sys.executable, "-c", CODE, "demo", "--data-dir", str(tmp_path), "--port", str(port), "--patients", "1"]
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
