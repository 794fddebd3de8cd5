"""The shape of the feed."""

from typing import Any

from pydantic import Field

from app.kernel.schemas import Id, ResponseSchema, UtcTime


class ChangeRead(ResponseSchema):
    """One change: which record, which version, what happened. Apply it by `(resource_id, version)`."""

    object: str = Field(description="Always `change`.", examples=["change"])
    sequence: int = Field(description="Gapless per clinic, in the order of commits.", examples=[10453])
    event_id: Id = Field(description="The change's own id.")
    event_type: str = Field(description="What happened.", examples=["session.discharged"])
    resource_type: str = Field(description="The kind of record.", examples=["session"])
    resource_id: Id = Field(description="The record.")
    version: int = Field(description="The version after the change.", examples=[8])
    change: str = Field(description="`created`, `updated` or `voided`.", examples=["updated"])
    reason: str | None = Field(description="Why, where somebody had to say.", examples=["typing_error"])
    root_type: str = Field(description="The kind of record it belongs to.", examples=["session"])
    root_id: Id = Field(description="The record it belongs to; follow a whole session by it.")
    occurred_at: UtcTime | None = Field(
        description="When it happened; null where members of the record are withheld from you."
    )
    recorded_at: UtcTime = Field(description="When it was recorded.")
    resource: dict[str, Any] | None = Field(
        description="With include=resource: the record as it is now, entered in error included; null if not yours.",
        examples=[{"object": "session", "version": 8}],
    )


class ChangeFeed(ResponseSchema):
    """A stretch of the feed. Go on from `next_after`, always."""

    items: list[ChangeRead] = Field(description="The changes you may see, in order.")
    next_after: int = Field(description="Send it as `after`; it moves past what you may not see.", examples=[10453])
    latest_sequence: int = Field(description="The newest number there is.", examples=[10453])
    oldest_sequence: int = Field(description="The oldest number that is kept.", examples=[1])
    has_more: bool = Field(description="Whether more is waiting.", examples=[False])
