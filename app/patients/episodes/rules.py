"""When an episode is open, and what its days have to obey."""

from datetime import date
from enum import StrEnum

from app.kernel.errors import Invalid, require_in_order


class EpisodeStatus(StrEnum):
    """Whether the illness is still there."""

    OPEN = "open"
    ENDED = "ended"


class EpisodeSeverity(StrEnum):
    """How bad the illness is, in the words of the Maudsley staging method."""

    SUBSYNDROMAL = "subsyndromal"
    MILD = "mild"
    MODERATE = "moderate"
    SEVERE_NON_PSYCHOTIC = "severe_non_psychotic"
    SEVERE_PSYCHOTIC = "severe_psychotic"


class UnknownEpisode(Invalid):
    """What names an illness names one of its own patient."""

    title = "The patient has no such episode"


def episode_status(began_on: date | None, ended_on: date | None) -> EpisodeStatus:
    """Say whether an episode is open: until it has a last day, it is.

    Raises:
        EndsBeforeStart: the last day is before the first.
    """
    require_in_order(began_on, ended_on, pointer="#/ended_on")
    return EpisodeStatus.OPEN if ended_on is None else EpisodeStatus.ENDED
