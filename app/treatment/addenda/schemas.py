"""Shapes of addenda."""

from typing import Final

from pydantic import ConfigDict, Field

from app.kernel.schemas import ClinicRecordRead, CreateSchema, Id, NoteText
from app.sessions.schemas import InSessionRead

_EXAMPLE: Final = "The patient's sister called: vivid dreams on both nights after the session, no distress."


class AddendumCreate(CreateSchema):
    """Something to be said about a signed session."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": _EXAMPLE}]})

    text: NoteText = Field(description="What there is to say.", examples=[_EXAMPLE])


class AddendumRead(InSessionRead, ClinicRecordRead):
    """What its author said about a session after it had been signed; the record's `signatures` hold theirs to it."""

    patient_id: Id = Field(description="The patient.")
    session_id: Id = Field(description="The session.")
    text: str = Field(description="What there is to say.", examples=[_EXAMPLE])
