"""What runs beside the requests, inside `serve` or alone as `work`: numbering changes and housekeeping."""

import asyncio
import logging
from typing import Final

from app.kernel.database import Database
from app.kernel.idempotency import forget_old

_log: Final = logging.getLogger("seriatim.workers")
_HOUSEKEEPING_SECONDS: Final = 3600


async def run_workers(database: Database) -> None:
    """Run until cancelled. Several processes may do so at once: each change is numbered once."""
    async with asyncio.TaskGroup() as group:
        group.create_task(database.sealer.run())
        group.create_task(_keep_house(database))


async def _keep_house(database: Database) -> None:
    while True:
        await asyncio.sleep(_HOUSEKEEPING_SECONDS)
        try:
            async with database.writing() as db:
                await forget_old(db)
        except Exception:  # noqa: BLE001  # it is logged, and the work goes on
            _log.exception("housekeeping failed")
