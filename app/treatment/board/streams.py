"""The stream of what happens on the board: server-sent events out of the ledger, for as long as somebody listens.

A stream reads numbered changes only, so it misses none and gives each its number as the event's id; whoever reconnects
says the last one and goes on behind it. While it waits it holds no database session: one look at the ledger's heads, a
few times a second, serves all streams of this process, and there is none while nobody listens. Who the caller is and
what they may read is asked again before anything is sent, so nothing reaches a token that was revoked.

The format is FastAPI's own. Its generator endpoints are not used: they check no permission in the order this API
promises, and know neither tokens that end nor a server that stops.
"""

import asyncio
import logging
import signal
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Final
from uuid import UUID

from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from app.kernel.actor import Actor
from app.kernel.database import Database
from app.kernel.errors import Failure
from app.kernel.guard import ACROSS
from app.kernel.records import Columns, to_json
from app.treatment.board import queries

_log: Final = logging.getLogger("seriatim.streams")
_RETRY_MS: Final = 2000
# A proxy that gathers an answer before it passes it on would hold the events back.
UNBUFFERED: Final = {"X-Accel-Buffering": "no", "Vary": "Accept"}
LOOKED_AT: Final = 500
MOST_OF_ONE: Final = 8

Read = Callable[[Columns], dict[str, Any]]


class TooManyStreams(Failure):
    """One principal listens too often at once."""

    status = 429
    code = "too-many-streams"
    title = "You have too many streams open"
    advice = "Close one: a screen needs one stream, whatever it shows. A closed one is noticed within seconds."


@dataclass
class Streams:
    """All streams of this process.

    Attributes:
        database: Where the ledger is.
        look_seconds: How often the ledger's heads are looked at while somebody listens.
        beat_seconds: How often a silent stream says that it is still there, and asks whether its token is.
    """

    database: Database
    look_seconds: float = 0.3
    beat_seconds: float = 15
    ended: bool = False
    _of: Counter[UUID] = field(default_factory=Counter[UUID])
    _waiting: set[tuple[UUID, int, asyncio.Future[int]]] = field(
        default_factory=set[tuple[UUID, int, "asyncio.Future[int]"]]
    )
    _looking: asyncio.Task[None] | None = None

    @contextmanager
    def place_of(self, principal_id: UUID) -> Generator[None]:
        """A place among the streams of a principal, for as long as the stream lasts.

        Raises:
            TooManyStreams: they have as many as one may have.
        """
        if self._of[principal_id] >= MOST_OF_ONE:
            raise TooManyStreams(f"At most {MOST_OF_ONE} at a time.", headers={"Retry-After": "5"})
        self._of[principal_id] += 1
        try:
            yield
        finally:
            self._of[principal_id] -= 1
            if not self._of[principal_id]:
                del self._of[principal_id]

    @property
    def open(self) -> int:
        """How many streams there are."""
        return self._of.total()

    def end(self) -> None:
        """Let every stream come to its end: the server stops."""
        self.ended = True
        for _, after, waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(after)

    async def head_beyond(self, clinic_id: UUID, after: int) -> int:
        """Wait until a clinic's ledger has grown beyond a number; answers the newest one.

        After `beat_seconds` without a change, or when the server stops, it answers the number it was given.
        """
        if self.ended:
            return after
        waiter: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        entry = (clinic_id, after, waiter)
        self._waiting.add(entry)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(self.beat_seconds):
                return await waiter
        except TimeoutError:
            return after
        finally:
            self._waiting.discard(entry)

    async def _look(self) -> None:
        """Look at the heads of all clinics somebody waits for, until nobody does."""
        while self._waiting and not self.ended:
            try:
                heads = await self._heads()
            except Exception:  # noqa: BLE001  # it is logged, and the work goes on
                # A database that is away must not end the streams; they go on when it is back.
                _log.exception("looking for changes failed")
                heads = {}
            for clinic_id, after, waiter in self._waiting:
                if heads.get(clinic_id, 0) > after and not waiter.done():
                    waiter.set_result(heads[clinic_id])
            await asyncio.sleep(self.look_seconds)

    async def _heads(self) -> dict[UUID, int]:
        clinics = sorted({clinic_id for clinic_id, _, _ in self._waiting})
        across = {ACROSS: "one look serves the streams of every clinic"}
        async with self.database.reading() as db:
            rows = (await db.execute(queries.heads_of(clinics), execution_options=across)).all()
        return {row.clinic_id: row.last_sequence for row in rows}

    async def changes(self, actor: Actor, kinds: Sequence[str], after: int, head: int) -> tuple[Sequence[Columns], int]:
        """A stretch of the ledger, and where it ends."""
        end = min(head, after + LOOKED_AT)
        async with self.database.reading(actor) as db:
            rows = (await db.execute(queries.changes_between(actor, kinds, after, end))).mappings().all()
        return rows, end


@dataclass(frozen=True)
class Listener:
    """Who listens: `again` says who they are now, or None when their token has ended."""

    actor: Actor
    again: Callable[[], Awaitable[Actor | None]]
    kinds: Callable[[Actor], Sequence[str]]
    shown: Read


async def events(streams: Streams, listener: Listener, after: int) -> AsyncGenerator[bytes]:
    """What happens from a number on, as bytes of `text/event-stream`.

    An event without data, which no client shows, moves the last id past what the listener may not see.
    """
    yield format_sse_event(comment="listening", id=str(after), retry=_RETRY_MS)
    while not streams.ended:
        head = await streams.head_beyond(listener.actor.clinic_id, after)
        if streams.ended or (actor := await listener.again()) is None:
            return
        if head == after:
            yield format_sse_event(comment="still here", id=str(after))
            continue
        rows, after = await streams.changes(actor, listener.kinds(actor), after, head)
        for row in rows:
            yield format_sse_event(data_str=to_json(listener.shown(row)).decode(), id=str(row["sequence"]))
        if not rows or rows[-1]["sequence"] < after:
            yield format_sse_event(id=str(after))


class EventStream(EventSourceResponse):
    """An open stream; it has its place among the listener's from its first byte to its last."""

    def __init__(self, streams: Streams, listener: Listener, after: int) -> None:
        super().__init__(events(streams, listener, after), headers=UNBUFFERED)
        self._streams = streams
        self._principal_id = listener.actor.principal_id

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._streams.place_of(self._principal_id):
            await super().__call__(scope, receive, send)


_STOPPING: Final = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def told_to_stop(then: Callable[[], None]) -> Generator[None]:
    """Call a function when this process is told to stop, before whoever else listens to the same signals.

    A server waits for its answers to end before it stops, and a stream has no end by itself. Signals reach only the
    main thread of a process; elsewhere this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _STOPPING}

    def heard(number: int, frame: FrameType | None) -> None:
        with suppress(RuntimeError):  # the loop may be gone
            loop.call_soon_threadsafe(then)
        if callable(following := before[signal.Signals(number)]):
            following(number, frame)

    for number in _STOPPING:
        signal.signal(number, heard)
    try:
        yield
    finally:
        for number, following in before.items():
            if signal.getsignal(number) is heard:
                signal.signal(number, following)
