"""Shapes of episodes."""

from typing import Annotated

from pydantic import Field

from app.kernel.schemas import ClinicRecordRead, CreateSchema, Day, Id, NoteText, RequestSchema
from app.patients.episodes.rules import EpisodeSeverity, EpisodeStatus

IndicationCode = Annotated[
    str, Field(max_length=8, pattern=r"^[A-Z][0-9][0-9AB](\.[0-9A-Z]{1,4})?$", examples=["F33.2"])
]


class EpisodeCreate(CreateSchema):
    """An illness episode."""

    indication_code: IndicationCode | None = Field(default=None, description="ICD-10-CM code of the illness.")
    began_on: Day | None = Field(default=None, description="Its first day, as far as it is known.")
    ended_on: Day | None = Field(default=None, description="Its last day; none while it lasts.")
    severity: EpisodeSeverity | None = Field(
        default=None, description="How bad it is, for staging resistance.", examples=["moderate"]
    )
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Third episode since 2011."])


class EpisodeUpdate(RequestSchema):
    """What may change of an episode (merge patch). A last day ends it; null opens it again."""

    indication_code: IndicationCode | None = Field(default=None, description="ICD-10-CM code of the illness.")
    began_on: Day | None = Field(default=None, description="Its first day, as far as it is known.")
    ended_on: Day | None = Field(default=None, description="Its last day; null while it lasts.")
    severity: EpisodeSeverity | None = Field(
        default=None, description="How bad it is, for staging resistance.", examples=["moderate"]
    )
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Third episode since 2011."])


class EpisodeRead(ClinicRecordRead):
    """One illness of a patient, from its beginning to its end."""

    patient_id: Id = Field(description="The patient.")
    indication_code: str | None = Field(description="ICD-10-CM code of the illness.", examples=["F33.2"])
    began_on: Day | None = Field(description="Its first day, as far as it is known.")
    ended_on: Day | None = Field(description="Its last day; null while it lasts.")
    status: EpisodeStatus = Field(description="`open` until it has a last day.", examples=["open"])
    severity: EpisodeSeverity | None = Field(
        description="How bad it is, for staging resistance.", examples=["moderate"]
    )
    note: str | None = Field(description="Free text.", examples=["Third episode since 2011."])
