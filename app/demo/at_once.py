"""The embedded database without a thread of its own, for a program that does one thing after the other.

A server hands each statement to a thread, so that a slow one keeps nobody waiting. Filling a demo has nobody to keep
waiting, and handing a statement over and its rows back costs more than the statement.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Generator
from functools import partial
from typing import Any

import aiosqlite
from sqlalchemy import event
from typing_extensions import override

from app.kernel.database import Database


class _AtOnce:
    """Stands where the queue to the thread is, and does what is put there."""

    def put_nowait(self, work: tuple[Any, Callable[[], object]]) -> None:
        future, function = work
        result = function()
        if future is not None:
            future.set_result(result)


class _Connection(aiosqlite.Connection):
    """A connection whose statements are done by whoever asks for them."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connect, iter_chunk_size=64)
        self._tx: Any = _AtOnce()

    @override
    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return fn(*args, **kwargs)

    @override
    def __await__(self) -> Generator[Any, None, aiosqlite.Connection]:
        return self._connect().__await__()  # the thread is not started


def work_at_once(database: Database) -> None:
    """Let the writer of an embedded database, from its next connection on, work without a thread."""
    if database.dialect == "sqlite":
        event.listen(database.writer.sync_engine, "do_connect", _without_thread)


def _without_thread(_dialect: object, _record: object, _cargs: object, cparams: dict[str, Any]) -> None:
    def connect(*args: Any, **kwargs: Any) -> Awaitable[aiosqlite.Connection]:
        return _Connection(partial(sqlite3.connect, *args, **kwargs))

    cparams["async_creator_fn"] = connect
