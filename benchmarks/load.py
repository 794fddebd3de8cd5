"""The load: a fixed number of connections, each sending its next request when the last is answered.

It reads no more of an answer than it needs to find its end, so that it costs a fraction of what any server does.
"""

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from typing_extensions import override

_END_OF_HEAD: Final = b"\r\n\r\n"
_PATIENCE_SECONDS: Final = 30
_LENGTH: Final = b"content-length: "
_SHOWN: Final = 800
_KEY: Final = b"-" * 32


@dataclass(slots=True)
class Visit:
    """What was seen of one server in one visit."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list[float])
    wrong: int = 0
    first_wrong: str = ""  # what the first wrong answer was: its status and the beginning of its body

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds


class _Caller(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], expected: bytes, visit: Visit, until: float, most: int) -> None:
        self._requests = requests
        self._expected = b"HTTP/1.1 " + expected
        self._visit = visit
        self._until = until
        self._most = most
        self._buffer = b""
        self._awaited = 0
        self._sent = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class is not derived from it
        self._send()

    def _send(self) -> None:
        self._awaited = 0
        self._buffer = b""
        self._sent = time.perf_counter()
        self._transport.write(next(self._requests))

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._awaited:
            head = self._buffer.find(_END_OF_HEAD)
            if head < 0:
                return
            at = self._buffer.find(_LENGTH, 0, head) + len(_LENGTH)
            self._awaited = head + len(_END_OF_HEAD) + int(self._buffer[at : self._buffer.find(b"\r", at)])
        if len(self._buffer) < self._awaited:
            return
        now = time.perf_counter()
        self._visit.latencies.append(now - self._sent)
        if not self._buffer.startswith(self._expected):
            self._note_wrong(self._buffer.decode(errors="replace"))
        if now < self._until and len(self._visit.latencies) < self._most:
            self._send()
        else:
            self._transport.close()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            self._note_wrong(repr(exc))
        if not self.done.done():
            self.done.set_result(None)

    def _note_wrong(self, what: str) -> None:
        self._visit.wrong += 1
        self._visit.first_wrong = self._visit.first_wrong or what[:_SHOWN]


async def visit(
    port: int, requests: Sequence[bytes], *, expected: bytes, connections: int, seconds: float, most: int
) -> Visit:
    """Send requests round and round for so many seconds, or until so many are answered.

    Args:
        port: Where the server listens on this machine.
        requests: Whole requests, head and body.
        expected: The status every answer should have; others are counted as wrong.
        connections: How many requests are under way at any time.
        seconds: When to stop sending.
        most: How many answers are enough.
    """
    seen = Visit()
    following = _round_and_round(requests)
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    callers: list[_Caller] = []
    for _ in range(connections):
        _, caller = await loop.create_connection(
            lambda: _Caller(following, expected, seen, began + seconds, most), "127.0.0.1", port
        )
        callers.append(caller)
    async with asyncio.timeout(seconds + _PATIENCE_SECONDS):
        await asyncio.gather(*(caller.done for caller in callers))
    seen.seconds = time.perf_counter() - began
    return seen


def _round_and_round(requests: Sequence[bytes]) -> Iterator[bytes]:
    fresh = itertools.count(time.time_ns())
    while True:
        for request in requests:
            yield request.replace(_KEY, b"%032d" % next(fresh), 1) if _KEY in request else request


def as_bytes(method: str, target: str, token: str, body: bytes = b"", *, keyed: bool = False) -> bytes:
    """A request as it goes over the wire; one that is `keyed` gets a fresh idempotency key each time it is sent."""
    head = [f"{method} {target} HTTP/1.1", "host: 127.0.0.1", f"authorization: Bearer {token}"]
    if keyed:
        head.append(f"idempotency-key: {_KEY.decode()}")
    if body:
        head += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join(head).encode() + _END_OF_HEAD + body
