"""Which episodes an actor may see."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select

from app.kernel.actor import Actor
from app.kernel.tables import Base
from app.patients.episodes.models import Episode
from app.patients.episodes.rules import EpisodeStatus

episode: Final = Base.metadata.tables[Episode.__tablename__]


def visible_episodes(actor: Actor) -> Select[Any]:
    """Episodes of the clinic's patients."""
    return select(episode).where(episode.c.clinic_id == actor.clinic_id)


def open_episode(actor: Actor, patient_id: UUID) -> Select[UUID]:
    """The patient's open episode, the latest recorded where there are several."""
    return select(Episode.id).where(*_is_open(actor, patient_id)).order_by(Episode.id.desc()).limit(1)


def current_episode(actor: Actor, patient_id: UUID) -> Select[UUID, date | None, str | None]:
    """The same episode as `open_episode`: its id, its first day and its severity."""
    columns = (Episode.id, Episode.began_on, Episode.severity)
    return select(*columns).where(*_is_open(actor, patient_id)).order_by(Episode.id.desc()).limit(1)


def _is_open(actor: Actor, patient_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (
        Episode.clinic_id == actor.clinic_id,
        Episode.patient_id == patient_id,
        Episode.status == EpisodeStatus.OPEN,
        Episode.entered_in_error_at.is_(None),
    )
