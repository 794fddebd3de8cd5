"""What every import does alike: one transaction a person, a dry run that is rolled back, counts of what came of it."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import ValidationError

from app.kernel.actor import Actor
from app.kernel.database import Database, WriteSession
from app.kernel.errors import Failure

Advance = Callable[[int, int], None]
"""Called with how much is done, of how much."""


@dataclass(slots=True)
class Counts:
    """Records of one kind."""

    recorded: int = 0
    already_there: int = 0

    def add(self, other: "Counts") -> None:
        """Count somebody else's records too."""
        self.recorded += other.recorded
        self.already_there += other.already_there


class _DryRun(Exception):
    """Ends a dry run's transaction, so that it is rolled back."""


@asynccontextmanager
async def one_transaction(database: Database, actor: Actor, *, dry_run: bool) -> AsyncGenerator[WriteSession]:
    """A person's transaction: everything of them, or nothing. A dry run does the same work and takes it back."""
    try:
        async with database.writing(actor) as db:
            yield db
            if dry_run:
                await db.flush()
                raise _DryRun
    except _DryRun:
        pass


def met_before(db: WriteSession) -> bool:
    """Whether the create before this found its record there already; asking forgets it."""
    return bool(db.info.pop("already_created", False))


def rule_broken(error: Failure | ValidationError) -> str:
    """Which rule a refused record breaks, without anything of what it holds."""
    if isinstance(error, ValidationError):
        return error.errors(include_input=False, include_url=False)[0]["type"]
    return error.faults[0].code if error.faults else error.code
