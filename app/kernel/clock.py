"""The only place that asks what time it is, so that a test can replace it in one fixture."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The current instant, always aware and in UTC."""
    return datetime.now(UTC)  # noqa: TID251  # this is the one permitted call


def day_of(instant: datetime, time_zone: str) -> date:
    """The day of an instant on a clock in this zone."""
    return instant.astimezone(ZoneInfo(time_zone)).date()


def today(time_zone: str) -> date:
    """The day it is on a clock in this zone."""
    return day_of(now(), time_zone)
