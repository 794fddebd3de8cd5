"""UUIDv7 keys (RFC 9562): random enough to reveal nothing, ordered enough to keep indexes tight."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return uuid7()


def is_uuid7(value: UUID) -> bool:
    """Whether a client's own id is of the one kind we accept."""
    return value.version == 7  # noqa: PLR2004  # the version number is the definition
