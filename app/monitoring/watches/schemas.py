"""Shapes of watches."""

from pydantic import ConfigDict, Field

from app.kernel.schemas import ClinicRecordRead, CreateSchema, Id, NoteText, UtcTime


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


class WatchRead(ClinicRecordRead):
    """Somebody watches a session from a moment on, until the next one does."""

    patient_id: Id = Field(description="The patient.")
    session_id: Id = Field(description="The session.")
    staff_id: Id = Field(description="Who watches.")
    watched_from: UtcTime = Field(description="From when on.")
    after_signature: bool = Field(description="It was told after the session had been signed.", examples=[False])
    note: str | None = Field(
        description="What was said at the hand-over.", examples=["Calm; next pressure at a quarter to."]
    )
