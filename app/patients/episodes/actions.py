"""Opening, correcting and ending an illness episode."""

from uuid import UUID

from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.errors import Fault
from app.kernel.ledger import name_change
from app.kernel.records import already_created, find, identity_of, one, one_for_update, reason_of_change
from app.patients.episodes.models import Episode
from app.patients.episodes.rules import UnknownEpisode, episode_status
from app.patients.episodes.schemas import EpisodeCreate, EpisodeUpdate
from app.patients.models import Patient


async def open_episode(db: WriteSession, actor: Actor, patient_id: UUID, body: EpisodeCreate) -> Episode:
    """Record an illness episode, present or past.

    Raises:
        EndsBeforeStart: the last day is before the first.
    """
    if (before := await already_created(db, actor, Episode, body, patient_id=patient_id)) is not None:
        return before
    patient = await one(db, actor, Patient, patient_id)
    episode = Episode(
        **identity_of(actor, body),
        **body.model_dump(exclude={"id"}),
        patient_id=patient.id,
        status=episode_status(body.began_on, body.ended_on),
    )
    db.add(episode)
    name_change(db, episode, "episode.opened")
    return episode


async def require_episode(db: WriteSession, actor: Actor, patient_id: UUID, episode_id: UUID) -> Episode:
    """The episode of a patient that something else names.

    Raises:
        UnknownEpisode: the patient has no such episode.
    """
    episode = await find(db, actor, Episode, episode_id)
    if episode is None or episode.patient_id != patient_id or episode.entered_in_error_at is not None:
        fault = Fault("unknown_episode", "The patient has no such episode.", pointer="#/episode_id")
        raise UnknownEpisode(faults=[fault])
    return episode


async def update_episode(  # a correction carries version and reason
    db: WriteSession, actor: Actor, episode_id: UUID, body: EpisodeUpdate, if_match: int | None, reason: str | None
) -> Episode:
    """Correct an episode, end it or open it again, with a reason unless it is one's own recent slip.

    Raises:
        EndsBeforeStart: the last day is before the first.
    """
    episode = await one_for_update(db, actor, Episode, episode_id, if_match)
    why = reason_of_change(actor, episode, reason)
    was = episode.status
    for member, value in body.model_dump(exclude_unset=True).items():
        setattr(episode, member, value)
    episode.status = episode_status(episode.began_on, episode.ended_on)
    if episode.status != was and body.model_fields_set == {"ended_on"}:
        ended = episode.ended_on is not None
        name_change(db, episode, "episode.ended" if ended else "episode.reopened", reason=why)
    else:
        name_change(db, episode, "episode.updated", reason=why)
    return episode
