"""A clock that can be set, so that a history of weeks is recorded as if it had been lived."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from app.kernel import clock

_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Clockwork:
    """The time the application believes in while a demo is filled."""

    def __init__(self) -> None:
        self.instant = _LONG_AGO

    def now(self) -> datetime:
        """The believed instant."""
        return self.instant


@contextmanager
def history() -> Generator[Clockwork]:
    """Stop the application's clock and hand it over; the real one is back afterwards, whatever happens."""
    clockwork, real = Clockwork(), clock.now
    clock.now = clockwork.now
    try:
        yield clockwork
    finally:
        clock.now = real
