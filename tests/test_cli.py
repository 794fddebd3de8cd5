"""The command line, as people call it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.command import seriatim

CLINIC = [
    "clinic", "create", "--name", "Harbour Clinic", "--time-zone", "America/New_York",
    "--admin-username", "dana.okafor", "--admin-name", "Dana Okafor",
]  # fmt: skip

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Calls the command in a folder of its own, with only the settings that are given."""

    def call(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        environment = {"PATH": "/usr/bin:/bin", "COLUMNS": "100"}
        environment |= {f"SERIATIM_{name.upper()}": value for name, value in settings.items()}
        environment.setdefault("SERIATIM_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/clinic.db")
        return seriatim(*arguments, environment=environment, folder=tmp_path)

    return call


def test_from_nothing_to_a_program(run: Run) -> None:
    assert run("serve").returncode == 1
    assert "seriatim migrate" in run(*CLINIC).stderr
    assert "to 0001" in run("migrate").stderr
    assert "already" in run("migrate").stderr
    made = json.loads(run(*CLINIC).stdout)
    assert made["invitation"].startswith("kti_")
    taken = run(*CLINIC)
    assert (taken.returncode, "login name is in use" in taken.stderr) == (1, True)
    nurse = run(
        "staff", "create", "--clinic", made["clinic"], "--username", "sam", "--name", "Sam Levy", "--role", "nurse"
    )
    assert json.loads(nurse.stdout)["username"] == "sam"
    program = run("client", "create", "--clinic", made["clinic"], "--name", "Registry", "--scope", "session:read")
    assert json.loads(program.stdout)["client_secret"].startswith("kcs_")
    operator = run("operator", "create", "--username", "ops")
    assert json.loads(operator.stdout)["invitation"].startswith("kti_")


def test_what_is_wrong_is_said_in_a_sentence(run: Run) -> None:
    run("migrate")
    nowhere = ["--clinic", "01a2080d-28d2-77fb-bf87-c9b8655b7a9f"]
    for arguments in (
        ["staff", "create", *nowhere, "--username", "sam", "--name", "Sam", "--role", "nurse"],
        ["staff", "create", *nowhere, "--username", "SAM LEVY", "--name", "Sam", "--role", "nurse"],
        ["client", "create", *nowhere, "--name", "x", "--scope", "everything"],
        ["serve", "--workers", "2"],
        [*CLINIC[:5], "Mars/Phobos", *CLINIC[6:]],
    ):
        answer = run(*arguments)
        assert answer.returncode in {1, 2}
        assert "Traceback" not in answer.stderr
        assert answer.stderr


def test_production_refuses_unsafe_settings_and_prints_none_of_them(run: Run) -> None:
    answer = run("serve", environment="production", secret_key="tooshort-and-secret")
    assert answer.returncode == 2
    assert "SERIATIM_SECRET_KEY is shorter" in answer.stderr
    assert "SERIATIM_PUBLIC_URL" in answer.stderr
    assert "tooshort-and-secret" not in answer.stderr + answer.stdout


def test_the_document_needs_no_database(run: Run, tmp_path: Path) -> None:
    assert json.loads(run("openapi").stdout)["openapi"].startswith("3.1")
    assert run("openapi", "--output", "openapi.json").returncode == 0
    assert json.loads((tmp_path / "openapi.json").read_text(encoding="utf-8"))["paths"]
    assert [file.name for file in tmp_path.iterdir()] == ["openapi.json"]


@pytest.mark.parametrize(
    "command",
    [["serve"], ["work"], ["migrate"], ["openapi"], ["operator", "create"], ["clinic", "create"], ["staff", "create"],
     ["client", "create"]],
)  # fmt: skip
def test_help_teaches_by_example(command: list[str]) -> None:
    from app.cli import app  # noqa: PLC0415  # imports everything

    answer = CliRunner().invoke(app, [*command, "--help"])
    assert answer.exit_code == 0
    assert "Example" in answer.output
