"""The shape of the live screen."""

from pydantic import Field

from app.alerts.schemas import AlertRead
from app.dosing.schemas import DoseOrderRead
from app.kernel.schemas import ClinicRecordRead, Day, ResponseSchema, UtcTime
from app.monitoring.schemas import VitalSignsRead
from app.monitoring.slots.schemas import NextVitalSlot
from app.patients.allergies.schemas import AllergyRead
from app.patients.conditions.schemas import ConditionRead
from app.patients.medications.schemas import MedicationRead
from app.patients.schemas import Identifier, Sex, WeightRead
from app.sessions.schemas import SessionRead
from app.treatment.rows.schemas import PressureRead
from app.treatment.schemas import SessionRecordRead


class PressuresRead(ResponseSchema):
    """Where the blood pressure began, where it is, and how far it has moved."""

    baseline: PressureRead | None = Field(
        description="The last by the first dose; null before it, and where its moment is not known."
    )
    last: PressureRead | None = Field(description="The last of all.")
    systolic_change_mmhg: int | None = Field(
        description="Last less baseline; null where there is no later reading.", examples=[17]
    )
    diastolic_change_mmhg: int | None = Field(description="The same of the diastolic pressure.", examples=[10])


class PatientAtChairRead(ClinicRecordRead):
    """Who sits there, and what one has to know before touching a syringe."""

    given_name: str = Field(description="Given name.", examples=["Robin"])
    family_name: str = Field(description="Family name.", examples=["Rivera"])
    preferred_name: str | None = Field(description="What to call them.", examples=["Rob"])
    birth_on: Day | None = Field(description="Day of birth.")
    birth_year: int | None = Field(description="Year of birth; also where the day is known.", examples=[1984])
    sex: Sex = Field(description="Sex, for dosing.", examples=["female"])
    pronouns: str | None = Field(description="How to speak of them.", examples=["she/her"])
    language: str | None = Field(description="BCP 47 language tag.", examples=["en-US"])
    identifiers: list[Identifier] = Field(description="How other systems know the patient.")
    weight: WeightRead | None = Field(description="The weight measured last.")
    allergies: list[AllergyRead] = Field(description="What they react to.")
    conditions: list[ConditionRead] = Field(description="Diagnoses that last.")
    medications: list[MedicationRead] = Field(description="What they take today, with what it does beside ketamine.")
    open_alerts: list[AlertRead] = Field(
        description="Alerts about the patient that nobody has acknowledged, in whichever session they arose."
    )
    omitted: list[str] = Field(
        description="Members that are empty because the caller may not read them.", examples=[["open_alerts"]]
    )


class ReasonRead(ResponseSchema):
    """Why something may not be done."""

    code: str = Field(
        description="What stands in the way: the code the verb would be refused with, or the name of what is missing.",
        examples=["illegal-transition"],
    )
    detail: str = Field(
        description="A sentence for people; may change.", examples=["A session that is dosing does not allow it."]
    )


class ActionRead(ResponseSchema):
    """A verb of the session, and whether the caller may call it now."""

    verb: str = Field(
        description="The last part of its address: POST /v1/sessions/{session_id}/{verb}.", examples=["discharge"]
    )
    allowed: bool = Field(description="Whether it would be accepted as things stand.", examples=[False])
    reasons: list[ReasonRead] = Field(description="Why not; empty where it is allowed.")
    step_up: bool = Field(
        description="Whether it asks for the password again when `step_up_until` of `GET /v1/me` is over.",
        examples=[False],
    )


class SessionNextRead(SessionRead):
    """What a verb of a session answers: its header as it is now, and what may be done with it next."""

    allowed_actions: list[ActionRead] = Field(
        description="Every verb of a session, in the order of a visit, as the live screen shows them now."
    )


class ChairsideRead(ResponseSchema):
    """The live screen of one session: everything a person beside the patient looks at, read at one moment."""

    object: str = Field(description="Always `chairside`.", examples=["chairside"])
    read_at: UtcTime = Field(description="The server's time, to count minutes from.")
    feed_position: int = Field(
        description="Where the ledger stood: follow `GET /v1/board/stream` or `GET /v1/changes` from here and miss "
        "nothing.",
        examples=[10452],
    )
    session: SessionRecordRead = Field(description="The session with everything that was recorded in it.")
    patient: PatientAtChairRead | None = Field(description="Who sits there; null where it is withheld.")
    order: DoseOrderRead | None = Field(description="The order that counts.")
    minutes_since_start: int | None = Field(
        description="Whole minutes since the first dose; null before it, and where only its day is known.",
        examples=[42],
    )
    last_reading: VitalSignsRead | None = Field(description="The last set of readings.")
    next_slot: NextVitalSlot | None = Field(description="The reading to see to next; null where none is open.")
    pressure: PressuresRead = Field(description="Where the blood pressure began, where it is, how far it has moved.")
    allowed_actions: list[ActionRead] = Field(description="Every verb of a session, in the order of a visit.")
