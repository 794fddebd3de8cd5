"""The document's introduction is true: its commands are run as they stand, against a server."""

import asyncio
import json
import os
import re
import subprocess

from tests.contract.document import document
from tests.proofs.recipes import staff_body, stage_in
from tests.serving import served
from tests.world import World


async def test_the_commands_of_the_introduction_work(clinic: World) -> None:
    stage = await stage_in(clinic)
    person = await stage.admin.new("/v1/staff", staff_body())
    password = "four quiet herons in a row"  # pragma: allowlist secret
    body = {"token": person["invitation"]["token"], "password": password}
    assert (await stage.admin.http.post("/oauth/password", json=body)).status_code == 204
    program = await stage.admin.new("/v1/clients", {"name": "Registry", "scopes": ["session:read"]})
    told = {
        "USERNAME": person["username"],
        "PASSWORD": password,
        "CLIENT_ID": program["id"],
        "CLIENT_SECRET": program["client_secret"],
        "TOKEN": await clinic.token(),
    }
    (block,) = re.findall(r"```bash\n(.*?)```", document()["info"]["description"], re.DOTALL)
    with served(clinic.installation) as base:
        script = block.replace(document()["servers"][0]["url"], base)
        for command, member in zip(script.splitlines(), ("access_token", "access_token", "permissions"), strict=True):
            done = await asyncio.to_thread(
                subprocess.run,
                ["bash", "-c", f"{command} -sS --fail-with-body --noproxy '*'"],
                env=os.environ | told,
                capture_output=True,
                check=False,
                timeout=30,
            )
            assert done.returncode == 0, f"{command}: {done.stdout!r} {done.stderr!r}"
            assert member in str(json.loads(done.stdout)), command
