"""Servers as processes of their own, which tell how much processor time they have used."""

import multiprocessing
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp

from app.kernel.settings import Settings
from app.main import create_app
from benchmarks.reference import Tenant, create_reference

_spawning: Final = multiprocessing.get_context("spawn")
_IDLE_SHARE: Final = 0.05
_LOOK_EVERY_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two that are compared. `reference` is None for Seriatim."""

    url: str
    connections: int
    log: Path
    reference: Tenant | None = None


class Server:
    """A running server."""

    def __init__(self, process: SpawnProcess, port: int, line: "Connection[Any, Any]") -> None:
        self.port = port
        self._process = process
        self._line = line

    def cpu_seconds(self) -> float:
        """Processor time of all its threads since it began."""
        self._line.send(True)
        return self._line.recv()

    def settle(self, *, at_most_seconds: float = 10) -> float:
        """Wait until what its requests left behind is done; processor time since it began."""
        until = time.monotonic() + at_most_seconds
        before = self.cpu_seconds()
        while time.monotonic() < until:
            time.sleep(_LOOK_EVERY_SECONDS)
            now = self.cpu_seconds()
            if now - before < _IDLE_SHARE * _LOOK_EVERY_SECONDS:
                return now
            before = now
        return before

    def stop(self) -> None:
        """End it."""
        self._line.close()
        self._process.join(timeout=15)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()


def start(side: Side) -> Server:
    """Start one server on a free port of this machine."""
    ours, theirs = _spawning.Pipe()
    process = _spawning.Process(target=_serve, args=(side, theirs), daemon=True)
    process.start()
    theirs.close()
    return Server(process, ours.recv(), ours)


def _serve(side: Side, line: "Connection[Any, Any]") -> None:
    # The log goes where a service manager would put it: into a file.
    sys.stdout = side.log.open("w", encoding="utf-8")
    make: Callable[[], ASGIApp]
    if side.reference is None:
        settings = Settings(database_url=side.url, allowed_hosts=("127.0.0.1",), pool_size=side.connections)
        make = lambda: create_app(settings)  # noqa: E731
    else:
        tenant = side.reference
        make = lambda: create_reference(side.url, tenant, side.connections)  # noqa: E731
    listening = socket.create_server(("127.0.0.1", 0), backlog=256)
    config = uvicorn.Config(
        make,
        factory=True,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    server = uvicorn.Server(config)
    threading.Thread(target=_tell, args=(line, server), daemon=True).start()
    line.send(listening.getsockname()[1])
    server.run(sockets=[listening])


def _tell(line: "Connection[Any, Any]", server: uvicorn.Server) -> None:
    try:
        while line.recv():
            line.send(time.process_time())
    except EOFError:
        server.should_exit = True
