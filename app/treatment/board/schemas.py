"""The shapes of the day at a glance and of what happens on it."""

from pydantic import Field

from app.kernel.schemas import Day, Id, RecordRead, ResponseSchema, UtcTime, Withheld
from app.monitoring.slots.rules import SlotKind
from app.sessions.rules import SessionStatus
from app.sessions.schemas import Setting
from app.treatment.chairside.schemas import PressuresRead


class BoardPatientRead(ResponseSchema):
    """Who it is, with a second mark to tell people of one name apart."""

    given_name: str = Field(description="Given name.", examples=["Robin"])
    family_name: str = Field(description="Family name.", examples=["Rivera"])
    preferred_name: str | None = Field(description="What to call them.", examples=["Rob"])
    birth_on: Day | None = Field(description="Day of birth.")
    birth_year: int | None = Field(description="Year of birth; also where the day is known.", examples=[1984])


class BoardSlotRead(ResponseSchema):
    """The reading that is due next, or was and has not been made: count from these times."""

    id: Id = Field(description="The slot.")
    kind: SlotKind = Field(description="Why it is due: before the dose, by the plan, or again.", examples=["planned"])
    minutes_from_t0: int | None = Field(description="Minutes after the first dose, by the plan.", examples=[40])
    due_at: UtcTime = Field(description="When it is due.")
    late_from: UtcTime = Field(description="From when on it is overdue.")


class BoardWatcherRead(ResponseSchema):
    """Who watches."""

    staff_id: Id = Field(description="The member of staff.")
    name: str = Field(description="Their name.", examples=["Sam Levy"])


class BoardSessionRead(RecordRead):
    """A session as the board shows it. Times are instants and no minutes, so that the clock alone changes nothing."""

    session_on: Day = Field(description="The day it belongs to: where it runs over midnight, the one it began on.")
    patient_id: Id = Field(description="The patient.")
    patient: BoardPatientRead | None = Field(description="Who it is.")
    course_id: Id = Field(description="The course it belongs to.")
    number_in_course: int = Field(description="Counts from 1.", examples=[1])
    protocol_code: str | None = Field(description="The course's protocol.", examples=["KET_IV_6x3W"])
    protocol_version: int | None = Field(description="Its version.", examples=[1])
    status: SessionStatus = Field(description="Where it stands.", examples=["observing"])
    held_from: str | None = Field(description="Where it was held, while it is held.", examples=["checked_in"])
    drug: str = Field(description="The drug.", examples=["ketamine"])
    route: str = Field(description="The route.", examples=["intravenous"])
    setting: Setting = Field(description="Where the dose is taken.", examples=["clinic"])
    recorded_afterwards: bool = Field(description="Whether it was over when it was first recorded.", examples=[False])
    scheduled_start_at: UtcTime | None = Field(description="When it was to begin.")
    checked_in_at: UtcTime | None = Field(description="When the patient came.")
    started_at: UtcTime | None = Field(description="The first dose: count the minutes from here.")
    last_dose_at: UtcTime | None = Field(description="The last moment drug was given.")
    dosing_ended_at: UtcTime | None = Field(description="When the last administration stopped.")
    discharged_at: UtcTime | None = Field(description="When the patient went home.")
    pressure: PressuresRead | None = Field(
        description="Where the blood pressure began, where it is, how far it has moved. Null only where it is withheld."
    )
    next_slot: BoardSlotRead | None = Field(description="The reading to see to next; null where none is open.")
    watcher: BoardWatcherRead | None = Field(description="Who watches now; null where nobody has said so.")
    open_alert_count: int | None = Field(
        description="Alerts about the patient that nobody has acknowledged. Null only where it is withheld.",
        examples=[1],
    )
    worst_open_alert: str | None = Field(
        description="The severity of the most pressing of them; null where there is none.",
        examples=["urgent"],
        json_schema_extra={"x-extensible-enum": ["info", "review", "urgent", "emergency"]},
    )
    withheld: Withheld


class BoardLocationRead(ResponseSchema):
    """A site or room with the sessions in it."""

    id: Id | None = Field(description="The location; null for sessions that name none.")
    name: str | None = Field(description="Its name.", examples=["Room 2"])
    sessions: list[BoardSessionRead] = Field(description="Its sessions, in the order they are to begin.")


class BoardRead(ResponseSchema):
    """A day of the clinic at a glance."""

    object: str = Field(description="Always `board`.", examples=["board"])
    on: Day = Field(description="The day.")
    time_zone: str = Field(description="On whose clock.", examples=["America/New_York"])
    starts_at: UtcTime = Field(description="The first instant of the day.")
    ends_at: UtcTime = Field(description="The first instant of the next: 23, 24 or 25 hours later.")
    feed_position: int = Field(
        description="Where the ledger stood: follow `GET /v1/board/stream` from here and miss nothing. No part of "
        "the ETag.",
        examples=[10452],
    )
    locations: list[BoardLocationRead] = Field(
        description="Every site and room in use, by name, also those without a session; at the end the sessions that "
        "name none."
    )


class BoardChangeRead(ResponseSchema):
    """Something happened on the board. It names the record and holds nothing of it: read what you show again."""

    object: str = Field(description="Always `change`.", examples=["change"])
    sequence: int = Field(
        description="Gapless per clinic; the event's id, and what `Last-Event-ID` says.", examples=[10453]
    )
    event_id: Id = Field(description="The change's own id, as in `GET /v1/changes`.")
    event_type: str = Field(description="What happened.", examples=["session.discharged"])
    resource_type: str = Field(description="The kind of record.", examples=["session"])
    resource_id: Id = Field(description="The record.")
    version: int = Field(description="The version after the change.", examples=[8])
    change: str = Field(description="`created`, `updated` or `voided`.", examples=["updated"])
    root_type: str = Field(description="The kind of record it belongs to.", examples=["session"])
    root_id: Id = Field(description="The record it belongs to: the session to read again.")
    recorded_at: UtcTime = Field(description="When it was recorded.")


class BoardChanges(ResponseSchema):
    """What happened on the board since a number, for whoever cannot keep a connection open. Go on from `next_after`."""

    items: list[BoardChangeRead] = Field(description="The changes you may see, in order.")
    next_after: int = Field(description="Send it as `after`; it moves past what you may not see.", examples=[10453])
    latest_sequence: int = Field(description="The newest number there is.", examples=[10453])
