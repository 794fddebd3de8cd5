"""Plans for whoever asks: the one way from a code to a plan."""

from app.kernel.actor import Actor
from app.kernel.database import ReadSession
from app.protocols.catalogue import shipped_protocols
from app.protocols.rules import Protocol, require_latest


async def resolve(db: ReadSession, actor: Actor, code: str, version: int) -> Protocol:  # noqa: ARG001  # a clinic's own
    """The plan a course was opened under; its version never changes and never goes away."""
    return shipped_protocols()[code, version]


async def latest_for(db: ReadSession, actor: Actor, code: str) -> Protocol:  # noqa: ARG001  # a clinic's own
    """The newest version of a plan that somebody asked for.

    Raises:
        UnknownProtocol: no plan has this code.
    """
    return require_latest(shipped_protocols(), code)
