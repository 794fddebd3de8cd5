"""When an episode is open, and what its days have to obey."""

from datetime import date
from enum import StrEnum

from app.kernel.errors import Fault, Invalid


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


class EpisodeEndsBeforeStart(Invalid):
    """An illness cannot end before it began."""

    code = "end-before-start"
    title = "The episode would end before it begins"
    advice = "Compare `began_on` and `ended_on`; one of them is wrong, or the two are exchanged."


def episode_status(began_on: date | None, ended_on: date | None) -> EpisodeStatus:
    """Say whether an episode is open: until it has a last day, it is.

    Raises:
        EpisodeEndsBeforeStart: the last day is before the first.
    """
    if ended_on is None:
        return EpisodeStatus.OPEN
    if began_on is not None and ended_on < began_on:
        raise EpisodeEndsBeforeStart(
            faults=[Fault("end_before_start", "Must not be before began_on.", pointer="#/ended_on")]
        )
    return EpisodeStatus.ENDED
