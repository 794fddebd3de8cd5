"""The shape of the whole record of a session, and of a session told when it was over."""

from typing import Annotated

from pydantic import Field

from app.alerts.schemas import AlertRead
from app.assessments.schemas import AssessmentRead
from app.dosing.schemas import AdministrationCreate, AdministrationRead, DoseOrderRead
from app.kernel.schemas import ShortText, UtcTime
from app.monitoring.schemas import DissociationNoteRead, VitalSignsRead
from app.sessions.schemas import SessionCreate, SessionRead


class SessionRecordRead(SessionRead):
    """A session with everything that was recorded in it."""

    dose_orders: list[DoseOrderRead] = Field(description="Orders, oldest first.")
    administrations: list[AdministrationRead] = Field(description="What was given, with its timeline.")
    vital_signs: list[VitalSignsRead] = Field(description="Readings, in time.")
    dissociation_notes: list[DissociationNoteRead] = Field(description="Dissociation notes, in time.")
    assessments: list[AssessmentRead] = Field(description="Forms filled in this session, in time.")
    alerts: list[AlertRead] = Field(description="Alerts that arose, in time.")
    omitted: list[str] = Field(
        description="Members that are empty because the caller may not read them.", examples=[["assessments"]]
    )


class PastSession(SessionCreate):
    """A session that was over when it was first recorded, with what was given in it."""

    administrations: Annotated[list[AdministrationCreate], Field(min_length=1, max_length=20)] = Field(
        description="What was given, each with its start or its timeline."
    )
    discharged_at: UtcTime | None = Field(default=None, description="When the patient went home, if it is known.")
    condition: ShortText | None = Field(default=None, description="How the patient was.", examples=["well"])
