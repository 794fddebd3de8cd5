"""Acknowledged means kept: a real server is killed while it writes, and what it acknowledged is there.

SIGKILL ends the process, not the machine: that the disk keeps what was synced rests on settings, which are checked
when a connection opens. The journal says what was sent before it was sent, as a careful client's would.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from app.kernel.ids import new_id
from app.kernel.ledger import change
from app.monitoring.queries import vital_signs
from tests.factories.sessions import make_session
from tests.world import Installation, World, make_world

ROOT = Path(__file__).parents[2]
CALLERS = 8
SOUND, LATE = "app.main:create_app", "tests.proofs.late_commit:create_app"


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@dataclass
class Server:
    """A server in a process of its own."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    @property
    def said(self) -> str:
        """What it wrote."""
        return self.log.read_text(encoding="utf-8")

    def kill(self) -> None:
        """Give it no chance to finish anything."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def launched(installation: Installation, factory: str, log: Path) -> Server:
    """A server of this installation that is starting."""
    port = free_port()
    environment = {**os.environ, "SERIATIM_DATABASE_URL": installation.settings.database_url, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "uvicorn", "--factory", factory, "--host", "127.0.0.1", "--port", str(port)]
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    return Server(process, f"http://127.0.0.1:{port}", log)


@asynccontextmanager
async def serving(installation: Installation, factory: str, log: Path) -> AsyncIterator[Server]:
    """A server of this installation that answers."""
    server = launched(installation, factory, log)
    give_up = time.monotonic() + 60
    try:
        async with httpx2.AsyncClient(base_url=server.url) as http:
            while not await answers(http):
                assert server.process.poll() is None, server.said
                assert time.monotonic() < give_up, server.said
                await asyncio.sleep(0.1)
        yield server
    finally:
        server.kill()


async def answers(http: httpx2.AsyncClient) -> bool:
    try:
        return (await http.get("/health/ready")).status_code == 200
    except httpx2.TransportError:
        return False


@dataclass
class Journal:
    """What was sent, on the disk before it was sent; what was acknowledged, in memory."""

    path: Path
    acknowledged: set[str] = field(default_factory=set)

    def about_to_send(self, record_id: str) -> None:
        with self.path.open("a", encoding="ascii") as file:
            file.write(record_id + "\n")
            file.flush()
            os.fsync(file.fileno())

    @property
    def sent(self) -> list[str]:
        return self.path.read_text(encoding="ascii").split()


def reading(record_id: str) -> dict[str, object]:
    """The same request for the same id."""
    return {"id": record_id, "measured_at": "2026-03-02T14:05:00Z", "heart_rate_bpm": 70, "note": record_id}


async def write_until_killed(server: Server, world: World, path: str, journal: Journal, writes: int) -> None:
    """Many callers record vital signs with ids of their own; half way the server is killed."""
    headers = {"authorization": f"Bearer {await world.token('nurse')}"}
    left = iter(range(writes))

    async def caller(http: httpx2.AsyncClient) -> None:
        for _ in left:
            record_id = str(new_id())
            journal.about_to_send(record_id)
            try:
                answer = await http.post(path, json=reading(record_id))
            except httpx2.TransportError:
                return
            assert answer.status_code == 201, answer.text
            journal.acknowledged.add(record_id)
            if len(journal.acknowledged) == writes // 2:
                server.kill()

    async with httpx2.AsyncClient(base_url=server.url, headers=headers, timeout=30) as http:
        await asyncio.gather(*(caller(http) for _ in range(CALLERS)))
    assert server.process.poll() == -signal.SIGKILL


async def kept(world: World) -> tuple[Counter[str], Counter[str]]:
    """Ids of the readings and of the readings the ledger knows, with how often each is there."""
    clinic_id: UUID = world.id
    async with world.database.reading() as db:
        rows = select(vital_signs.c.id).where(vital_signs.c.clinic_id == clinic_id)
        changes = select(change.c.resource_id).where(
            change.c.clinic_id == clinic_id, change.c.resource_type == "vital_signs"
        )
        readings = Counter(str(one) for one in (await db.execute(rows)).scalars())
        return readings, Counter(str(one) for one in (await db.execute(changes)).scalars())


@pytest.mark.parametrize("factory", [SOUND, LATE], ids=["sound", "commits after the answer"])
async def test_what_was_acknowledged_survives_a_kill(
    own_installation: Installation, factory: str, tmp_path: Path, deep: bool
) -> None:
    world = await make_world(own_installation)
    session = await world.make(make_session)
    journal, log = Journal(tmp_path / "journal"), tmp_path / "server.log"
    path = f"/v1/sessions/{session.id}/vital-signs"
    writes = (2000 if deep else 400) if factory == SOUND else 60
    async with serving(own_installation, factory, log) as server:
        await write_until_killed(server, world, path, journal, writes)
    assert len(journal.acknowledged) >= writes // 2

    readings, changes = await kept(world)
    assert readings == changes, "a reading and its change are both there or both not"
    assert set(readings) <= set(journal.sent)
    assert set(readings.values()) <= {1}
    lost = journal.acknowledged - set(readings)
    if factory == LATE:
        assert lost, "the check notices a server that answers before it commits"
        return
    assert not lost

    async with serving(own_installation, factory, log) as server:
        headers = {"authorization": f"Bearer {await world.token('nurse')}"}
        async with httpx2.AsyncClient(base_url=server.url, headers=headers, timeout=30) as http:
            for record_id in sorted(set(journal.sent) - journal.acknowledged):
                # 200 where the reading was kept and only its answer was lost.
                answer = await http.post(path, json=reading(record_id))
                assert answer.status_code in {200, 201}, answer.text
            some = min(journal.acknowledged)
            shown = await http.get(f"/v1/vital-signs/{some}")
            assert (shown.status_code, shown.json()["note"], shown.json()["version"]) == (200, some, 1)
            await world.database.sealer.seal()
            feed = (await http.get("/v1/changes", params={"limit": 1000, "resource_type": "vital_signs"})).json()
            assert [item["sequence"] for item in feed["items"]] == sorted({item["sequence"] for item in feed["items"]})
    readings, changes = await kept(world)
    assert set(readings) == set(journal.sent)
    assert readings == changes
    assert set(readings.values()) == {1}
    await world.close()
