"""When something is an addendum, and whose it is."""

from uuid import UUID

from app.kernel.errors import Forbidden, RuleViolated


class SessionNotSigned(RuleViolated):
    """What can still be written into the session needs no addendum."""

    code = "session-not-signed"
    title = "The session is not signed, or open to an amendment"
    advice = (
        "Write it into the session itself: correct what is wrong, or record what is missing. The signature to come "
        "covers it. An addendum is for what is said once the session is signed."
    )


def require_signed(*, frozen: bool) -> None:
    """Refuse an addendum to what can still be written into.

    Raises:
        SessionNotSigned: the session is not signed, or an amendment is open.
    """
    if not frozen:
        raise SessionNotSigned("Write it into the session itself; the signature to come covers it.")


def require_author(author_id: UUID, principal_id: UUID) -> None:
    """Refuse to take back what somebody else has signed.

    Raises:
        Forbidden: it is another's.
    """
    if author_id != principal_id:
        raise Forbidden("Only its author takes an addendum back; say in one of your own what is wrong with it.")
