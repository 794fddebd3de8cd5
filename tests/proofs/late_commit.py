"""The application with a planted fault: it commits after the answer has left, which is the framework's default.

Only the proof of durability runs it, to show that it would notice. Each commit also takes a moment, so that a process
that is killed dies between an answer and its commit and not only by rare chance.
"""

import asyncio
from typing import Any

import fastapi
from sqlalchemy import event
from sqlalchemy.util import await_only
from starlette.types import ASGIApp

_depends = fastapi.Depends


def _late(dependency: Any = None, *, use_cache: bool = True, scope: str | None = None) -> Any:
    return _depends(dependency, use_cache=use_cache)


def create_app() -> ASGIApp:
    """The whole application, with the fault."""
    fastapi.Depends = _late
    from app.kernel.ledger import LedgerSession  # noqa: PLC0415  # after the fault is in place
    from app.main import create_app as real  # noqa: PLC0415

    event.listen(LedgerSession, "before_commit", lambda _session: await_only(asyncio.sleep(0.03)))
    return real()
