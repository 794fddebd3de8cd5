"""What a reassignment goes through: one person proposes it, another confirms it."""

from enum import StrEnum

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
