"""The commands, as somebody runs them."""

import json
import os
from pathlib import Path
from typing import Any

from app.imports.command import _SAMPLE
from tests.command import seriatim
from tests.imports.records.sheets import NOOR, ROBIN, write_sheet
from tests.world import World


def run(*options: str) -> tuple[int, str, str]:
    done = seriatim("import", *options, environment={**os.environ, "COLUMNS": "250"})
    return done.returncode, done.stdout, done.stderr


def records(clinic: World, path: Path, *options: str) -> tuple[int, dict[str, Any] | None, str]:
    url = clinic.installation.settings.database_url
    code, out, said = run("records", "--clinic", str(clinic.id), "--database-url", url, "--from", str(path), *options)
    return code, json.loads(out) if out else None, said


def test_the_template_is_a_file_that_can_be_imported(clinic: World, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    assert run("template", "--output", str(path))[0] == 0
    assert run("template")[1] == path.read_text() == _SAMPLE.read_text()
    code, dry, said = records(clinic, path, "--dry-run")
    assert (code, dry and dry["findings"]) == (0, [])
    assert "Dry run: nothing was recorded" in said
    code, first, _ = records(clinic, path)
    assert first is not None
    assert (code, first["counts"]["session"]) == (0, {"recorded": 3, "already_there": 0})
    code, second, _ = records(clinic, path)
    assert second is not None
    assert (code, second["counts"]["session"]) == (0, {"recorded": 0, "already_there": 3})


def test_refused_rows_and_unusable_files_end_differently(clinic: World, tmp_path: Path) -> None:
    code, report, said = records(clinic, write_sheet(tmp_path, ROBIN | {"dose_mg": "secret-41"}, NOOR))
    assert report is not None
    assert (code, report["patients_left_out"], report["counts"]["patient"]["recorded"]) == (3, 1, 1)
    assert "sessions.csv:2 dose_mg  not_a_number (refused)" in said
    assert "secret" not in said
    assert "Traceback" not in said
    code, report, said = records(clinic, tmp_path / "nowhere.csv")
    assert (code, report) == (1, None)
    assert "nowhere.csv:0  file_missing (refused)" in said


def test_explaining_needs_no_clinic_and_no_database(tmp_path: Path) -> None:
    row = {name: value for name, value in NOOR.items() if name != "route"} | {"Passport [red]": "x", "Pt": "y"}
    path = write_sheet(tmp_path, row)
    code, out, said = run("records", "--from", str(path), "--explain")
    told = json.loads(out)
    assert code == 1
    assert told["missing"] == ["route"]
    assert [one["header"] for one in told["ignored"]] == ["Passport [red]", "Pt"]
    assert "Passport [red]" in said
    code, out, _ = run("records", "--from", str(path), "--explain", "--set", "route=iv", "--map", "Pt=session_note")
    assert (code, json.loads(out)["usable"]) == (0, True)
    assert [one["member"] for one in json.loads(out)["columns"] if one["header"] == "Pt"] == ["session_note"]


def test_options_that_make_no_sense_are_told(tmp_path: Path) -> None:
    path = write_sheet(tmp_path)
    for options in (("--set", "colour=red"), ("--set", "route"), ("--dates", "ymd"), ()):
        code, _, said = run("records", "--from", str(path), *options)
        assert code == 2
        assert "Traceback" not in said
