"""Escalating what nobody answers, in every clinic, beside the requests."""

import logging
from typing import Final
from uuid import UUID

from app.alerts import queries
from app.alerts.actions import escalate_due_alerts
from app.identity.actions import system_actor
from app.kernel import clock
from app.kernel.database import Database
from app.kernel.guard import ACROSS
from app.kernel.workers import every

_log: Final = logging.getLogger("seriatim.alerts")
_SECONDS: Final = 5
_BATCH: Final = 100


class Escalator:
    """Looks every few seconds which alerts are due. Several may do so at once: each alert escalates once.

    When an alert is due is kept with the alert, so a restart loses nothing: what ran out meanwhile escalates at the
    next turn. One statement asks for all clinics; only those with a due alert are visited, each in transactions of
    its own, as its `system` principal.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Escalate until cancelled."""
        await every(_SECONDS, "escalating alerts", self.escalate)

    async def escalate(self) -> int:
        """Escalate everything that is due now.

        Returns:
            How many alerts escalated.
        """
        async with self._database.reading() as db:
            across = {ACROSS: "the worker serves every clinic"}
            asked = queries.clinics_with_due_alerts(clock.now())
            clinics = (await db.execute(asked, execution_options=across)).scalars().all()
        escalated = 0
        for clinic_id in clinics:
            try:
                escalated += await self._escalate_in(clinic_id)
            except Exception:  # noqa: BLE001  # it is logged, and the other clinics' alerts are not left waiting
                _log.exception("escalating alerts failed in a clinic")
        return escalated

    async def _escalate_in(self, clinic_id: UUID) -> int:
        actor = await system_actor(self._database, clinic_id, source="worker")
        escalated = 0
        while True:
            # Few at a time: whoever acknowledges one of them waits no longer than such a transaction takes.
            async with self._database.writing(actor) as db:
                found = await escalate_due_alerts(db, actor, _BATCH)
            escalated += found
            if found < _BATCH:
                return escalated
