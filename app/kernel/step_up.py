"""Some acts ask that the person gave the password a moment ago: nobody signs at a screen somebody else left open.

The challenge is that of RFC 9470. Using a token does not make it fresh: what counts is when the password was given.
"""

from datetime import datetime, timedelta

from app.kernel.errors import Unauthenticated


class StepUpRequired(Unauthenticated):
    """The password was given too long ago for this."""

    code = "step-up-required"
    title = "Give your password again"
    advice = (
        "Get a new token from POST /oauth/token with your name and password, and send the same request again with it. "
        "One such token serves everything that asks for it until `step_up_until` of GET /v1/me."
    )


def step_up_until(authenticated_at: datetime | None, seconds: int) -> datetime | None:
    """The last instant at which a password still counts as given a moment ago; None where none was given."""
    return None if authenticated_at is None else authenticated_at + timedelta(seconds=seconds)


def step_up_denial(authenticated_at: datetime | None, now: datetime, seconds: int) -> StepUpRequired | None:
    """The refusal, with its challenge, of what asks for a password given a moment ago; None while one counts.

    Args:
        authenticated_at: When the password was given.
        now: The instant of the request.
        seconds: How long it counts; the last instant is included, as `max_age` has it.
    """
    until = step_up_until(authenticated_at, seconds)
    if until is not None and now <= until:
        return None
    challenge = f'Bearer error="insufficient_user_authentication", max_age={seconds}'
    return StepUpRequired(
        f"This asks for your password, given at most {seconds} seconds ago.", headers={"WWW-Authenticate": challenge}
    )
