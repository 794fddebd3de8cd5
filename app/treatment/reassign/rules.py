"""What a reassignment goes through: one person proposes it, another confirms it. And how a copy names copies."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from app.kernel.errors import Conflict, Invalid, RuleViolated


class ReassignmentStatus(StrEnum):
    """Where a reassignment stands."""

    PROPOSED = "proposed"
    DONE = "done"
    WITHDRAWN = "withdrawn"


class UnknownTarget(Invalid):
    """A session goes to another patient of the clinic, and to a course of theirs."""

    title = "The session cannot go there"


class ReassignmentPending(Conflict):
    """One proposal at a time."""

    code = "reassignment-pending"
    title = "Somebody has proposed to move this session already"
    advice = (
        "Read GET /v1/reassignments?session_id=…: have another member of staff confirm what is proposed, or withdraw "
        "it and propose anew."
    )


class SecondPersonRequired(Conflict):
    """Whoever proposes a reassignment does not confirm it."""

    code = "second-person-required"
    title = "Another member of staff confirms this"
    advice = "Ask somebody else who may reassign sessions to look at both patients and confirm under their own name."


class IllegalReassignmentMove(RuleViolated):
    """A reassignment that is done or withdrawn stays so."""

    code = "illegal-transition"
    title = "This step does not follow from the present state"
    advice = "Read the record: its `status` says how far it has come, and somebody may have taken this step already."


def require_proposed(status: ReassignmentStatus) -> None:
    """Refuse to confirm or withdraw what is no longer a proposal.

    Raises:
        IllegalReassignmentMove: with `current_status` and `allowed`.
    """
    if status is not ReassignmentStatus.PROPOSED:
        raise IllegalReassignmentMove(
            f"A reassignment that is {status} stays so.", members={"current_status": status.value, "allowed": []}
        )


def named_in(value: object) -> Iterator[UUID | str]:
    """Whatever may be the id of a record in a value, however deep in it."""
    match value:
        case UUID() | str():
            yield value
        case dict():
            for inside in cast("dict[str, object]", value).values():
                yield from named_in(inside)
        case list():
            for inside in cast("list[object]", value):
                yield from named_in(inside)
        case _:
            pass


def renamed(value: Any, ids: Mapping[UUID, UUID]) -> Any:
    """A value with other ids in the place of those that are no longer meant, however deep in it they are."""
    return _renamed(value, {**ids, **{str(was): str(now) for was, now in ids.items()}})


def _renamed(value: Any, ids: Mapping[UUID | str, UUID | str]) -> Any:
    match value:
        case UUID() | str():
            return ids.get(value, value)
        case dict():
            told = cast("dict[str, Any]", value)
            return {name: _renamed(inside, ids) for name, inside in told.items()}
        case list():
            return [_renamed(inside, ids) for inside in cast("list[Any]", value)]
        case _:
            return value
