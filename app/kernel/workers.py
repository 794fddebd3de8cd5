"""What runs beside the requests, inside `serve` or alone as `work`: numbering changes, housekeeping, work of areas."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, Never

from app.kernel.database import Database
from app.kernel.idempotency import forget_old

_log: Final = logging.getLogger("seriatim.workers")
_HOUSEKEEPING_SECONDS: Final = 3600


async def run_workers(database: Database, *more: Coroutine[Any, Any, None]) -> None:
    """Run until cancelled. Several processes may do so at once: each thing is done once.

    Args:
        database: What they work on.
        more: The work of areas, each until cancelled.
    """

    async def keep_house() -> None:
        async with database.writing() as db:
            await forget_old(db)

    async with asyncio.TaskGroup() as group:
        group.create_task(database.sealer.run())
        group.create_task(every(_HOUSEKEEPING_SECONDS, "housekeeping", keep_house))
        for work in more:
            group.create_task(work)


async def every(seconds: float, name: str, work: Callable[[], Awaitable[object]]) -> Never:
    """Do something again and again until cancelled; a failure is logged, and the work goes on.

    Args:
        seconds: How long it rests between two turns, and before the first.
        name: What the log calls it.
        work: One turn. Its transactions are let come to their end: one that is cut off may keep its locks for a while.
    """
    while True:
        await asyncio.sleep(seconds)
        turn = asyncio.ensure_future(work())
        try:
            await asyncio.shield(turn)
        except asyncio.CancelledError:
            await asyncio.wait([turn])
            raise
        except Exception:  # noqa: BLE001  # a database that is away must not end the work
            _log.exception("%s failed", name)
