"""Shapes of sessions and of what is done with them."""

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.kernel.confirmations import Confirmable
from app.kernel.schemas import (
    ClinicRecordRead,
    CreateSchema,
    Day,
    Id,
    NoteText,
    RequestSchema,
    ResponseSchema,
    ShortText,
    UtcTime,
    Withheld,
)
from app.protocols.rules import Drug, Route
from app.sessions.rules import MedicinesChanged, SessionStatus


class Setting(StrEnum):
    """Where a dose is taken."""

    CLINIC = "clinic"
    HOME = "home"


class VisitFacts(CreateSchema):
    """What is said of a visit of a course, whether it is to come or over."""

    plan_item_id: Id | None = Field(
        default=None, description="The planned session it fills; left out: the next open one, if the course has a plan."
    )
    location_id: Id | None = Field(default=None, description="Where.")
    drug: Drug | None = Field(
        default=None, description="Default the protocol's, or else ketamine.", examples=["ketamine"]
    )
    route: Route | None = Field(
        default=None, description="Default the protocol's; needed under OPEN.", examples=["intravenous"]
    )
    setting: Setting = Field(default=Setting.CLINIC, description="Where the dose is taken.", examples=["clinic"])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Prefers the quiet room."])


class SessionCreate(VisitFacts, Confirmable):
    """A new visit of a course. One that is planned close to another, or is one more than a week has, is asked about."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"route": "intravenous", "scheduled_start_at": "2026-03-02T14:00:00Z"}]}
    )

    scheduled_start_at: UtcTime | None = Field(default=None, description="When it is to begin; default as planned.")
    reason: NoteText | None = Field(
        default=None, description="Why, where a confirmation asks for it.", examples=["Leaves town on Friday."]
    )


class IdentifierKind(StrEnum):
    """By what somebody is told from others."""

    NAME = "name"
    BIRTH_DATE = "birth_date"
    RECORD_NUMBER = "record_number"
    PHOTO = "photo"
    ADDRESS = "address"
    PHONE = "phone"
    WRISTBAND = "wristband"


def _different(kinds: list[IdentifierKind]) -> list[IdentifierKind]:
    if len(set(kinds)) != len(kinds):
        raise PydanticCustomError("repeated", "Each kind once.")
    return kinds


IdentifiersChecked = Annotated[
    list[IdentifierKind],
    Field(min_length=2, max_length=len(IdentifierKind), json_schema_extra={"uniqueItems": True}),
    AfterValidator(_different),
]
_ATE: Final = "When the patient last ate."
_DRANK: Final = "When the patient last drank."
_NASAL: Final = "When the patient last used a nasal steroid or decongestant."
_ESCORT: Final = "Who is going to take the patient home."
_ESCORT_PHONE: Final = "Where they can be called."
_MEDICINES: Final = "Whether medicines have changed since the last visit."
_IDENTIFIERS: Final = "By what it was checked who this is."


class CheckInFacts(RequestSchema):
    """What is asked when the patient comes. Intoxication and pregnancy are asked in a screening of the session."""

    identifiers_checked: IdentifiersChecked | None = Field(
        default=None, description=f"{_IDENTIFIERS} At least two.", examples=[["name", "birth_date"]]
    )
    last_ate_at: UtcTime | None = Field(default=None, description=_ATE)
    last_drank_at: UtcTime | None = Field(default=None, description=_DRANK)
    last_nasal_drug_at: UtcTime | None = Field(default=None, description=_NASAL)
    escort_name: ShortText | None = Field(default=None, description=_ESCORT, examples=["R. Rivera"])
    escort_phone: ShortText | None = Field(default=None, description=_ESCORT_PHONE, examples=["+1 555 0101"])
    medicines_changed: MedicinesChanged | None = Field(default=None, description=_MEDICINES, examples=["no"])


class SessionUpdate(RequestSchema):
    """What may change of a session beside its moves."""

    location_id: Id | None = Field(default=None, description="Where.")
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Prefers the quiet room."])
    check_in: CheckInFacts | None = Field(
        default=None, description="What was asked when the patient came; replaces all of what was told."
    )


class RescheduleSession(Confirmable):
    """A new time."""

    scheduled_start_at: UtcTime = Field(description="When it is to begin.")
    reason: NoteText | None = Field(default=None, description="Why.", examples=["Patient asked."])


class CheckInSession(CheckInFacts):
    """The patient is here."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "identifiers_checked": ["name", "birth_date"],
                    "last_ate_at": "2026-03-02T10:30:00Z",
                    "last_drank_at": "2026-03-02T13:10:00Z",
                    "escort_name": "R. Rivera",
                    "medicines_changed": "no",
                },
            ]
        }
    )

    checked_in_at: UtcTime | None = Field(default=None, description="When they came; default now.")


class ClearSession(RequestSchema):
    """The session may start."""


class HoldSession(RequestSchema):
    """The session has to wait."""

    reason: NoteText = Field(
        description="What it waits for.", examples=["Pressure 172/98; measure again in 15 minutes."]
    )


class ReleaseSession(RequestSchema):
    """The session goes back to where it was held."""


class EndWithoutDose(RequestSchema):
    """The visit did not lead to a dose."""

    reason: NoteText | None = Field(default=None, description="Why.", examples=["Patient has a cold."])


class AbortSession(RequestSchema):
    """Dosing ends before the plan; watching goes on."""

    reason: NoteText = Field(description="Why.", examples=["Patient asked to stop."])
    aborted_at: UtcTime | None = Field(default=None, description="When; default now.")


class GateRead(ResponseSchema):
    """One thing that was asked before a session might start, and how it stood then."""

    code: str = Field(description="What was asked.", examples=["consent"])
    state: str = Field(description="How it stood.", examples=["fail"])
    mode: str = Field(description="What it did about it: `warn`, `reason` or `hard`.", examples=["reason"])
    reason: str = Field(description="In words.", examples=["No consent to treatment is on file: have it signed."])
    policy_version: str = Field(description="The policy it went by.", examples=["GATES@1:standard"])
    limit_version: str | None = Field(description="Where the limit comes from, if it has one.", examples=["POLICIES@1"])
    override_id: Id | None = Field(description="The override that let it through, if one did.")


class CheckInRead(ResponseSchema):
    """What was asked when the patient came; null where nobody told."""

    identifiers_checked: list[str] | None = Field(description=_IDENTIFIERS, examples=[["name", "birth_date"]])
    last_ate_at: UtcTime | None = Field(description=_ATE)
    last_drank_at: UtcTime | None = Field(description=_DRANK)
    last_nasal_drug_at: UtcTime | None = Field(description=_NASAL)
    escort_name: str | None = Field(description=_ESCORT, examples=["R. Rivera"])
    escort_phone: str | None = Field(description=_ESCORT_PHONE, examples=["+1 555 0101"])
    medicines_changed: str | None = Field(description=_MEDICINES, examples=["no"])


_MMHG: Final = {"type": "integer", "minimum": 0, "maximum": 350}
_MEASURED: Final[list[dict[str, Any]]] = [
    {"type": "number"},
    {"type": "boolean"},
    {
        "type": "object",
        "properties": {
            "systolic_mmhg": _MMHG | {"description": "Systolic.", "examples": [128]},
            "diastolic_mmhg": _MMHG | {"description": "Diastolic.", "examples": [82]},
        },
        "required": ["systolic_mmhg", "diastolic_mmhg"],
        "additionalProperties": False,
    },
    {"type": "null"},
]
Measured = Annotated[Any, WithJsonSchema({"anyOf": _MEASURED})]


class InSessionRead(ResponseSchema):
    """What every record inside a session says of the session's signature."""

    after_signature: bool = Field(
        description="Whether it was recorded after the session had been signed.", examples=[False]
    )


class CriterionRead(ResponseSchema):
    """One thing that is asked before a patient goes home, and how it stands."""

    code: str = Field(description="What is asked.", examples=["observation_met"])
    state: str = Field(
        description="How it stands.",
        examples=["met"],
        json_schema_extra={"x-extensible-enum": ["met", "missing", "not_applicable"]},
    )
    reason: str = Field(description="In words.", examples=["64 of 60 minutes from the end of the dose."])
    value: Measured = Field(description="What was found; null where nobody looked or asked.", examples=[64])
    limit: Measured = Field(description="What it is compared with.", examples=[60])
    policy_version: str = Field(
        description="Where the limit comes from: a policy's version, a protocol's, or the checklist's.",
        examples=["KET_IV_6x3W@1", "POLICIES@1", "DISCHARGE@1"],
    )


class SessionRead(ClinicRecordRead):
    """The header of a visit. What happened in it needs `session:read`; the rest is the schedule."""

    patient_id: Id = Field(description="The patient.")
    course_id: Id = Field(description="The course it belongs to.")
    plan_item_id: Id | None = Field(description="The planned session it fills.")
    location_id: Id | None = Field(description="Where.")
    number_in_course: int = Field(description="Counts from 1.", examples=[1])
    status: SessionStatus = Field(description="Where it stands.", examples=["observing"])
    held_from: str | None = Field(description="Where it was held, while it is held.", examples=["checked_in"])
    drug: str = Field(description="The drug.", examples=["ketamine"])
    route: str = Field(description="The route.", examples=["intravenous"])
    setting: Setting = Field(description="Where the dose is taken.", examples=["clinic"])
    scheduled_start_at: UtcTime | None = Field(description="When it was to begin.")
    session_at: UtcTime | None = Field(
        description="First dose; before it the planned start; the order of lists. Null only where it is withheld."
    )
    checked_in_at: UtcTime | None = Field(description="When the patient came.")
    check_in: CheckInRead | None = Field(description="What was asked then; null where nobody told.")
    cleared_at: UtcTime | None = Field(description="When it was cleared to start.")
    started_at: UtcTime | None = Field(description="The first dose: t0 of every clock.")
    given_on: Day | None = Field(
        description="Set where only the day of the dose is known; its times are then noon of it on the clinic's clock."
    )
    last_started_at: UtcTime | None = Field(description="When the last of its doses began; with one, as `started_at`.")
    last_dose_at: UtcTime | None = Field(description="The last moment drug was given.")
    dosing_ended_at: UtcTime | None = Field(description="When the last administration stopped.")
    discharged_at: UtcTime | None = Field(description="When the patient went home.")
    condition_at_discharge: str | None = Field(description="How the patient was.", examples=["well"])
    escort_name: str | None = Field(description="Who took them home.", examples=["R. Rivera"])
    escort_relation: str | None = Field(description="Who that is to them.", examples=["sister"])
    escort_phone: str | None = Field(description="How to reach the escort.", examples=["+1 555 0101"])
    escort_left_at: UtcTime | None = Field(description="When they left together.")
    instructions_version: str | None = Field(description="Which instructions they were given.", examples=["2026-01"])
    would_have_been_ready_at: UtcTime | None = Field(
        description="When the patient was ready, had the minimum time not been kept; risk programmes ask."
    )
    discharge_criteria: list[CriterionRead] | None = Field(
        description="How each criterion stood when the patient left; what was missing then stays visible. Null before, "
        "and for a session recorded afterwards."
    )
    discharge_override_reason: str | None = Field(
        description="Why a prescriber let the patient go though something was missing.", examples=["Lives next door."]
    )
    left_against_advice: bool | None = Field(
        description="Whether the patient left against advice; null before the discharge.", examples=[False]
    )
    leaving_told_to: str | None = Field(
        description="Who was told that the patient left against advice.", examples=["Dr. Osei"]
    )
    ended_reason: str | None = Field(
        description="Why it is held, cancelled or missed.", examples=["Patient has a cold."]
    )
    aborted_at: UtcTime | None = Field(description="When dosing was ended before its plan.")
    abort_reason: str | None = Field(description="Why.", examples=["Patient asked to stop."])
    deviations: list[str] | None = Field(
        description="What happened out of order. Null only where it is withheld.", examples=[["not_cleared"]]
    )
    policy_versions: dict[str, str] | None = Field(
        description="By which version of a policy or a limit each deviation was judged; those that rest on none are "
        "left out. Null only where it is withheld.",
        examples=[{"below_minimum_interval": "POLICIES@1"}],
    )
    recorded_afterwards: bool = Field(
        description="Whether it was over when it was first recorded: nobody was watched from here.", examples=[False]
    )
    recorded_after_minutes: int | None = Field(
        description="Minutes from the last dose to its recording, where it was recorded afterwards.", examples=[1440]
    )
    signed_at: UtcTime | None = Field(description="When the signature that stands was given.")
    amended: bool = Field(description="Whether it was opened again after a signature.", examples=[False])
    amendment_opened_at: UtcTime | None = Field(
        description="Since when an amendment is open: what is in it can be corrected, until it is signed again."
    )
    amendment_reason: str | None = Field(
        description="Why, while it is open.", examples=["The cuff was too small; pressure read again."]
    )
    copied_from_id: Id | None = Field(
        description="The session it is a copy of, which was signed for the wrong patient and is marked so."
    )
    copied_to_id: Id | None = Field(
        description="Its copy for the patient who was really treated, where it was signed for the wrong one."
    )
    cosigner_due: str | None = Field(
        description="Who still has to sign beside whoever signed, by the policy of that moment: `any` second person, "
        "or a `prescriber`. Null where nobody has to.",
        examples=["any"],
        json_schema_extra={"x-extensible-enum": ["any", "prescriber"]},
    )
    gates: list[GateRead] | None = Field(
        description="How the gates stood when it was cleared or, where it was recorded afterwards, for the first dose "
        "as far as was known then; empty where neither was. Those that do not apply are left out. Null only where it "
        "is withheld.",
        examples=[[]],
    )
    note: str | None = Field(description="Free text.", examples=["Prefers the quiet room."])
    withheld: Withheld
