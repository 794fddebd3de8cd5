"""The shape of the whole record of a session, and of a session told when it was over."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.alerts.schemas import AlertRead
from app.assessments.schemas import AssessmentCreate, AssessmentRead
from app.dosing.schemas import AdministrationRead, AnyAdministration, DoseOrderRead
from app.kernel.schemas import Day, Id, MgNumber, ShortText, UtcTime
from app.monitoring.schemas import DissociationNoteCreate, DissociationNoteRead, VitalSignsCreate, VitalSignsRead
from app.monitoring.slots.schemas import VitalSlotRead
from app.monitoring.watches.schemas import WatchRead
from app.safety.schemas import AdverseEventCreate, AdverseEventRead
from app.sessions.schemas import SessionRead, VisitFacts
from app.treatment.addenda.schemas import AddendumRead
from app.treatment.readiness.schemas import GateOverrideRead
from app.treatment.signatures.schemas import SignatureRead


class SessionRecordRead(SessionRead):
    """A session with everything that was recorded in it."""

    dose_orders: list[DoseOrderRead] = Field(description="Orders, oldest first.")
    administrations: list[AdministrationRead] = Field(description="What was given, with its timeline.")
    vital_slots: list[VitalSlotRead] = Field(description="Readings that are or were due, in time.")
    vital_signs: list[VitalSignsRead] = Field(description="Readings, in time.")
    dissociation_notes: list[DissociationNoteRead] = Field(description="Dissociation notes, in time.")
    watches: list[WatchRead] = Field(description="Who watched, in time; the last one does now.")
    adverse_events: list[AdverseEventRead] = Field(description="Adverse events, in time.")
    assessments: list[AssessmentRead] = Field(description="Forms filled in this session, in time.")
    gate_overrides: list[GateOverrideRead] = Field(description="Gates somebody overrode, in time.")
    addenda: list[AddendumRead] = Field(description="What was added after it had been signed, in time.")
    signatures: list[SignatureRead] = Field(
        description="Signatures, of the session and of its addenda, those that were superseded too, in time."
    )
    alerts: list[AlertRead] = Field(description="Alerts that arose, in time.")
    omitted: list[str] = Field(
        description="Members that are empty because the caller may not read them.", examples=[["assessments"]]
    )


class PastSession(VisitFacts):
    """A session that was over when it was first recorded, with everything that is known of it.

    The dose is told in short (`started_at` or `given_on`, and `delivered_mg` if it is known) or at length in
    `administrations`.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0199c1f0-7d3e-7a51-9c1e-3f0a5b7e2d10",
                    "route": "intramuscular",
                    "started_at": "2026-03-02T14:05:00Z",
                    "delivered_mg": 35,
                    "dissociation_notes": [{"observed_at": "2026-03-02T14:25:00Z", "intensity": 6}],
                    "assessments": [{"instrument": "PHQ9", "answered_at": "2026-03-02T13:40:00Z", "total": 17}],
                    "discharged_at": "2026-03-02T16:20:00Z",
                },
                {"route": "intravenous", "given_on": "2026-03-02", "delivered_mg": 40},
            ]
        }
    )

    course_id: Id | None = Field(
        default=None,
        description="The course it belongs to. Left out: the patient's newest running course that fits drug and "
        "route; where there is none, a course without a plan is opened.",
    )
    started_at: UtcTime | None = Field(default=None, description="The first moment of the dose, told in short.")
    given_on: Day | None = Field(default=None, description="The day of the dose, where only that is known.")
    stopped_at: UtcTime | None = Field(default=None, description="The end of the dose, told in short.")
    delivered_mg: MgNumber | None = Field(default=None, description="Milligrams given, told in short.", examples=[35])
    administered_by: ShortText | None = Field(
        default=None, description="Who gave it, told in short, if not who types it.", examples=["S. Levy"]
    )
    administrations: Annotated[list[AnyAdministration], Field(max_length=20)] = Field(
        default=[], description="What was given, at length: each with its start or its timeline."
    )
    vital_signs: Annotated[list[VitalSignsCreate], Field(max_length=200)] = Field(
        default=[], description="Readings taken in it."
    )
    dissociation_notes: Annotated[list[DissociationNoteCreate], Field(max_length=200)] = Field(
        default=[], description="What was seen or heard of the experience."
    )
    adverse_events: Annotated[list[AdverseEventCreate], Field(max_length=50)] = Field(
        default=[], description="What happened in it that should not have."
    )
    assessments: Annotated[list[AssessmentCreate], Field(max_length=50)] = Field(
        default=[], description="Questionnaires and ratings that belong to it."
    )
    discharged_at: UtcTime | None = Field(default=None, description="When the patient went home, if it is known.")
    condition: ShortText | None = Field(default=None, description="How the patient was.", examples=["well"])
    escort_name: ShortText | None = Field(default=None, description="Who took them home.", examples=["R. Rivera"])

    @model_validator(mode="after")
    def _one_story(self) -> Self:
        if self.administrations:
            short = (self.started_at, self.stopped_at, self.delivered_mg, self.administered_by)
            if any(value is not None for value in short):
                raise PydanticCustomError("one_story", "Tell the dose in short, or in administrations; not both.")
            if self.given_on is not None and any(one.events or one.started_at for one in self.administrations):
                raise PydanticCustomError("one_time_needed", "Send given_on, or the times of what was given; not both.")
        elif (self.started_at is None) == (self.given_on is None):
            raise PydanticCustomError(
                "dose_needed", "Say when the dose was given: started_at, given_on or administrations; one of them."
            )
        if self.stopped_at is not None and (self.started_at is None or self.stopped_at < self.started_at):
            raise PydanticCustomError("end_before_start", "Ends before it starts, or has no start.")
        if any(form.course_id is not None or form.session_id is not None for form in self.assessments):
            raise PydanticCustomError("belongs_here", "What is sent inside a session belongs to it; name no other.")
        return self
