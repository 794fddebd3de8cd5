"""The only place that asks what time it is, so that a test can replace it in one fixture."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current instant, always aware and in UTC."""
    return datetime.now(UTC)  # noqa: TID251  # this is the one permitted call
