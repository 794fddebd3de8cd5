"""The command, as somebody runs it."""

import json
import os
from pathlib import Path
from typing import Any

from tests.command import seriatim
from tests.imports.trial_files import VISITS, changed, write_trial
from tests.world import World


def run(clinic: World, *options: str) -> tuple[int, dict[str, Any] | None, str]:
    url = clinic.installation.settings.database_url
    command = ("import", "trial", "--clinic", str(clinic.id), "--database-url", url, *options)
    done = seriatim(*command, environment={**os.environ, "COLUMNS": "200"})
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def test_the_command_records_reports_and_ends_well(clinic: World, tmp_path: Path) -> None:
    where = str(write_trial(tmp_path))
    code, dry, said = run(clinic, "--from", where, "--anchor-on", "2010-03-01", "--dry-run")
    assert (code, dry and dry["dry_run"]) == (0, True)
    assert "nothing was recorded" in said
    code, first, _ = run(clinic, "--from", where, "--anchor-on", "2010-03-01")
    assert code == 0
    assert first is not None
    assert first["counts"]["assessment"] == {"recorded": 38, "already_there": 0}
    code, second, _ = run(clinic, "--from", where, "--anchor-on", "2010-03-01")
    assert second is not None
    assert second["counts"]["assessment"] == {"recorded": 0, "already_there": 38}


def test_refused_rows_and_unusable_files_end_differently(clinic: World, tmp_path: Path) -> None:
    code, report, said = run(clinic, "--from", str(write_trial(tmp_path, visits=changed(VISITS, 4, 2, "61"))))
    assert code == 3
    assert report is not None
    assert report["counts"]["patient"]["recorded"] == 6
    assert "phenotype.tsv:4 MADRS_Total  out_of_range (refused)" in said
    assert "Traceback" not in said
    # What a cell holds is nobody's business on a terminal.
    assert "61" not in said.split("out_of_range")[1].split("\n")[0]
    code, report, said = run(clinic, "--from", str(tmp_path / "nowhere"))
    assert (code, report) == (1, None)
    assert "participants.tsv:0  file_missing (refused)" in said


def test_what_the_data_set_leaves_open_is_no_failure(clinic: World, tmp_path: Path) -> None:
    code, report, said = run(clinic, "--from", str(write_trial(tmp_path, visits=changed(VISITS, 4, 1, "n/a"))))
    assert code == 0
    assert report is not None
    assert [one["weight"] for one in report["findings"]] == ["unplaceable"]
    assert "phenotype.tsv:4 session_id  session_unknown (unplaceable)" in said
