"""Shapes of watches."""

from pydantic import ConfigDict, Field

from app.kernel.schemas import ClinicRecordRead, CreateSchema, Id, NoteText, UtcTime
from app.sessions.schemas import InSessionRead


class WatchCreate(CreateSchema):
    """Handing a session over."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"at": "2026-03-02T14:30:00Z", "note": "Calm; next pressure at a quarter to."}]}
    )

    staff_id: Id | None = Field(default=None, description="Who watches from then on. Left out: you.")
    at: UtcTime | None = Field(default=None, description="From when on. Left out: from now on.")
    note: NoteText | None = Field(
        default=None, description="What the next one has to know.", examples=["Calm; next pressure at a quarter to."]
    )


class WatchRead(InSessionRead, ClinicRecordRead):
    """Somebody watches a session from a moment on, until the next one does."""

    patient_id: Id = Field(description="The patient.")
    session_id: Id = Field(description="The session.")
    staff_id: Id = Field(description="Who watches.")
    watched_from: UtcTime = Field(description="From when on.")
    note: str | None = Field(
        description="What was said at the hand-over.", examples=["Calm; next pressure at a quarter to."]
    )
