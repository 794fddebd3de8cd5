"""The application behind a real server, for programs that speak to one: browsers, generated requests."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from app.main import create_app
from tests.world import HOST, Installation


@contextmanager
def served(installation: Installation) -> Iterator[str]:
    """The application in a server of its own, on the same database; its address."""
    settings = installation.settings.model_copy(update={"allowed_hosts": ("127.0.0.1", HOST)})
    with listening(create_app(settings)) as address:
        yield address


@contextmanager
def listening(app: ASGIApp) -> Iterator[str]:
    """Any application in a thread of its own; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", access_log=False, server_header=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    for _ in range(200):
        if server.started:
            break
        time.sleep(0.05)
    assert server.started
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)
