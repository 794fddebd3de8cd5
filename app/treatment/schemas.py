"""The shape of the whole record of a session."""

from pydantic import Field

from app.alerts.schemas import AlertRead
from app.assessments.schemas import AssessmentRead
from app.dosing.schemas import AdministrationRead, DoseOrderRead
from app.monitoring.schemas import DissociationNoteRead, VitalSignsRead
from app.sessions.schemas import SessionRead


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
