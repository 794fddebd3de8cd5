"""The stream of the board: nothing lost, nothing twice, nothing of others, and an end in time."""

import asyncio
import json
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, Self
from urllib.parse import urlencode

import httpx2
import pytest
from sqlalchemy import select
from starlette.types import ASGIApp, Message

from app.kernel.ledger import change
from app.main import create_app
from app.treatment.board.routes import ON_THE_BOARD
from app.treatment.board.streams import MOST_OF_ONE, Streams, told_to_stop
from tests.conftest import Clock
from tests.proofs.care import Care, Json, ago, caring
from tests.serving import listening
from tests.world import HOST, World

WAIT = 10


class Ear:
    """A connection that stays open, without a socket. One that is deaf takes the first bytes and then no more."""

    def __init__(self, app: ASGIApp, token: str, *, last: int | None = None, deaf: bool = False, **query: Any) -> None:
        self.app = app
        told = [] if last is None else [(b"last-event-id", str(last).encode())]
        self.scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
            "scheme": "http", "path": "/v1/board/stream", "raw_path": b"/v1/board/stream", "root_path": "",
            "query_string": urlencode(query).encode(), "client": ("127.0.0.1", 1), "server": (HOST, 80),
            "headers": [(b"host", HOST.encode()), (b"authorization", f"Bearer {token}".encode()),
                        (b"accept", b"text/event-stream"), *told],
        }  # fmt: skip
        self.deaf = deaf
        self.status = 0
        self.last = last
        self._heard = asyncio.Queue[bytes | None]()
        self._gone = asyncio.Event()
        self._text = b""

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._gone.set()
        await asyncio.wait_for(self._task, WAIT)

    async def _listen(self) -> None:
        await self.app(self.scope, self._receive, self._send)
        self._heard.put_nowait(None)

    async def _receive(self) -> Message:
        if not self.scope.get("begun"):
            self.scope["begun"] = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        self._heard.put_nowait(message["body"])
        if self.deaf:
            await self._gone.wait()

    async def block(self) -> dict[str, str] | None:
        """The next block of lines, by field; None at the end."""
        while b"\n\n" not in self._text:
            piece = await asyncio.wait_for(self._heard.get(), WAIT)
            if piece is None:
                return None
            self._text += piece
        block, self._text = self._text.split(b"\n\n", 1)
        found = dict(line.split(": ", 1) for line in block.decode().split("\n") if not line.startswith(":"))
        if "id" in found:
            self.last = int(found["id"])
        return found

    async def event(self) -> Json | None:
        """The next event with data; None at the end."""
        while (found := await self.block()) is not None:
            if "data" in found:
                event = json.loads(found["data"])
                assert event["sequence"] == int(found["id"])
                return event
        return None


@pytest.fixture
def streams(clinic: World, monkeypatch: pytest.MonkeyPatch) -> Streams:
    """The streams of the application, in a hurry."""
    streams: Streams = clinic.installation.api.state.streams
    monkeypatch.setattr(streams, "look_seconds", 0.02)
    monkeypatch.setattr(streams, "beat_seconds", 0.2)
    monkeypatch.setattr("app.treatment.board.streams.LOOKED_AT", 7)
    return streams


@asynccontextmanager
async def sealing(clinic: World) -> AsyncIterator[None]:
    """Changes are numbered meanwhile."""
    sealer = asyncio.create_task(clinic.database.sealer.run())
    yield
    sealer.cancel()
    with suppress(asyncio.CancelledError):
        await sealer
    await clinic.database.sealer.seal()


async def latest(care: Care) -> int:
    return (await care.get("/v1/board/stream"))["latest_sequence"]


async def test_who_reconnects_at_any_time_misses_nothing_and_gets_nothing_twice(
    clinic: World, other_clinic: World, streams: Streams, deep: bool
) -> None:
    chance = random.Random(seed := random.randrange(10**9))
    care, elsewhere = await caring(clinic), await caring(other_clinic)
    sessions = [await care.session_in("observing") for _ in range(2)]
    theirs = await elsewhere.session_in("observing")
    token = await clinic.token("nurse")
    await clinic.database.sealer.seal()
    began = await latest(care)
    heard: list[int] = []
    position = began

    async def write(session: Json) -> None:
        for number in range(200 if deep else 12):
            reading = await care.vitals(session)
            await (care.patient() if number % 3 else care.void(reading))
            await elsewhere.vitals(theirs)

    async def follow(ear: Ear, events: int) -> None:
        """Hear some, or all that there is, and hang up."""
        nonlocal position
        for _ in range(events):
            block = await ear.block()
            assert block is not None
            position = int(block["id"])
            if "data" in block:
                event = json.loads(block["data"])
                assert event["root_id"] in {session["id"] for session in sessions}
                heard.append(event["sequence"])

    app = clinic.installation.app
    async with Ear(app, token, after=0, deaf=True) as deaf:
        async with sealing(clinic):
            writing = asyncio.gather(*map(write, sessions))
            while not writing.done():
                async with Ear(app, token, last=position) as ear:
                    await follow(ear, chance.randint(1, 9))
            await writing
        end = await latest(care)
        while position < end:
            async with Ear(app, token, last=position) as ear:
                await follow(ear, chance.randint(1, 9))
        assert deaf._heard.qsize() == 1, "who does not read keeps nobody else from it"
        whole: list[int] = []
        async with Ear(app, token, last=began) as ear:
            while ear.last != end:
                block = await ear.block()
                assert block is not None
                whole += [int(block["id"])] if "data" in block else []
        async with Ear(app, token, after=end) as quiet:
            await quiet.block()
            assert await quiet.block() == {"id": str(end)}, "a silent one says that it is still there"
            held = []
            for _ in range(20):
                held.append(clinic.database.reader.sync_engine.pool.checkedout())
                await asyncio.sleep(0.005)
            assert min(held) == 0, "whoever waits holds no connection"
    assert streams.open == 0

    async with clinic.reading() as db:
        mine = select(change.c.sequence).where(
            change.c.clinic_id == clinic.id, change.c.sequence > began, change.c.resource_type.in_(ON_THE_BOARD)
        )
        expected = (await db.execute(mine.order_by(change.c.sequence))).scalars().all()
    assert len(expected) > 20
    assert heard == list(expected), f"seed {seed}"
    assert whole == heard, "the same in one go, stretch by stretch"


async def test_it_tells_each_what_they_may_know_and_ends_with_the_token(
    clinic: World, streams: Streams, clock: Clock
) -> None:
    care, app = await caring(clinic), clinic.installation.app
    session = await care.session_in("observing")
    await clinic.database.sealer.seal()
    tokens = {role: await clinic.token(role) for role in ("nurse", "front_desk", "director")}
    auditor = Ear(app, await clinic.token("auditor"))
    async with auditor:
        pass
    assert auditor.status == 403
    async with (
        Ear(app, tokens["nurse"]) as nurse,
        Ear(app, tokens["front_desk"]) as desk,
        Ear(app, tokens["director"]) as director,
    ):
        for ear in (nurse, desk, director):
            assert set(await ear.block() or ()) == {"id", "retry"}
        reading = await care.vitals(session, systolic_mmhg=186)
        await care.discharge(session)
        await clinic.database.sealer.seal()
        for ear in (nurse, director):
            told = [await ear.event() for _ in range(5)]
            kinds = [one and one["event_type"] for one in told]
            assert (kinds[0], kinds[-1]) == ("vital_signs.recorded", "session.discharged")
            assert set(kinds[1:-1]) == {"alert.raised", "vital_slot.asked", "vital_slot.done"}
            assert told[0] is not None
            assert (told[0]["resource_id"], told[0]["root_id"]) == (reading["id"], session["id"])
        only = await desk.event()
        assert only is not None
        assert only["event_type"] == "session.discharged", "the desk hears of visits and of nothing in them"

        # What comes after the revocation is not told, and the stream is over.
        await clinic.installation.api.state.tokens.revoke(tokens["nurse"])
        await care.vitals(session, measured_at=ago(minutes=5))
        await clinic.database.sealer.seal()
        assert await nurse.event() is None
        # A stream nobody sits before does not keep its token alive.
        clock.advance(minutes=20)
        for _ in range(3):
            await desk.block()
        clock.advance(minutes=11)
        assert await desk.event() is None
    clock.set(clock.now() - timedelta(minutes=31))
    many = [Ear(app, tokens["director"]) for _ in range(MOST_OF_ONE + 1)]
    for ear in many:
        await ear.__aenter__()
    first = [await asyncio.wait_for(ear._heard.get(), WAIT) for ear in many]
    assert sorted(ear.status for ear in many) == [*[200] * MOST_OF_ONE, 429]
    assert sum(b"too-many-streams" in piece for piece in first if piece) == 1
    assert streams.open == MOST_OF_ONE
    for ear in many:
        await ear.__aexit__()
    assert streams.open == 0


async def test_a_real_server_streams_and_stops(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session_in("observing")
    await clinic.database.sealer.seal()
    settings = clinic.installation.settings.model_copy(update={"allowed_hosts": ("127.0.0.1", HOST)})
    app = create_app(settings)
    headers = {"authorization": f"Bearer {await clinic.token('nurse')}", "accept": "text/event-stream"}
    with listening(app) as address:
        async with (
            httpx2.AsyncClient(base_url=address, headers=headers, timeout=WAIT, trust_env=False) as http,
            http.stream("GET", "/v1/board/stream") as answer,
        ):
            assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
            assert answer.headers["cache-control"] == "no-store"
            head = await http.head("/v1/board/stream")
            assert (head.status_code, head.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
            lines = answer.aiter_lines()
            began = [await anext(lines) for _ in range(4)]
            assert (began[0], began[-1]) == (": listening", "")
            reading = {"measured_at": ago(minutes=1), "systolic_mmhg": 128}
            written = await http.post(
                f"/v1/sessions/{session['id']}/vital-signs", json=reading, headers={"accept": "application/json"}
            )
            data = json.loads((await anext(lines)).removeprefix("data: "))
            assert data["resource_id"] == written.json()["id"]
            api: Any = app
            api.app.state.streams.end()
            rest = [line async for line in lines]
            assert rest[:2] == [f"id: {data['sequence']}", ""]
            # The slot it answered may have come as well; then all of it.
            assert [line.partition(": ")[0] for line in rest[2:]] in ([], ["data", "id", ""])


async def test_a_signal_to_stop_is_heard_before_the_server_hears_it() -> None:
    heard: list[str] = []
    ended = asyncio.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: heard.append("server"))
    with told_to_stop(ended.set):
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(ended.wait(), WAIT)
    assert heard == ["server"]
    os.kill(os.getpid(), signal.SIGTERM)
    assert heard == ["server", "server"]
    signal.signal(signal.SIGTERM, before)
