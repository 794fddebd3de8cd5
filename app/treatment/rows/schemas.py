"""The shape of a row in the list of sessions."""

from pydantic import Field

from app.kernel.schemas import Day, Id, ResponseSchema, UtcTime, absent
from app.patients.schemas import Identifier
from app.sessions.schemas import CheckInRead, CriterionRead, SessionRead

_WITH_TEXT = "Only with `include=text`."


class NamedRead(ResponseSchema):
    """A record with its name."""

    id: Id = Field(description="The record's id.")
    name: str = Field(description="Its name.", examples=["Room 2"])


class PersonRead(ResponseSchema):
    """Who did something: a principal of the clinic, or somebody known by name only."""

    principal_id: Id | None = Field(description="The principal; null where only a name was given.")
    name: str = Field(description="Their name.", examples=["Sam Levy"])


class PressureRead(ResponseSchema):
    """A blood pressure."""

    measured_at: UtcTime = Field(description="When it was measured.")
    systolic_mmhg: int = Field(description="Systolic.", examples=[138])
    diastolic_mmhg: int | None = Field(description="Diastolic of the same reading.", examples=[86])


class NearScoreRead(ResponseSchema):
    """A score beside a session."""

    assessment_id: Id = Field(description="The assessment.")
    answered_at: UtcTime | None = Field(description="When it was answered; null where only the day is known.")
    answered_on: Day | None = Field(description="The day, where only that is known.")
    total: float = Field(description="What it comes to.", examples=[19])
    severity: str | None = Field(description="The band of the total.", examples=["moderately_severe"])
    scoring_version: str = Field(description="The rule that scored it.", examples=["PHQ9@1"])
    hours_since_last_dose: float | None = Field(
        description="Hours since the last dose before it; null before any, and where only the day is known.",
        examples=[168],
    )
    days_since_last_dose: int | None = Field(
        description="Calendar days since the last dose before it; null before any.", examples=[7]
    )


class NearestScoresRead(ResponseSchema):
    """The nearest scores with one instrument on both sides of a session."""

    instrument: str = Field(description="The instrument.", examples=["PHQ9"])
    before: NearScoreRead | None = Field(description="How the patient came to the session.")
    after: NearScoreRead | None = Field(
        description="What came of it; never a form that was answered too soon after the dose to speak of it."
    )


class ScoreRulesRead(ResponseSchema):
    """By which rule the nearest scores are chosen."""

    before: str = Field(description="How `before` is chosen.", examples=["last score after the previous dose"])
    after: str = Field(description="How `after` is chosen.", examples=["first score up to the next dose"])


class SessionRowRead(SessionRead):
    """A session as lists show it: the header, and what was given, measured, scored and observed around it.

    Sums, counts and maxima leave out what was entered in error.
    """

    session_on: Day = Field(description="The day of the session on the course's clock.")
    time_zone: str = Field(description="The course's time zone.", examples=["America/New_York"])
    location: NamedRead | None = Field(description="Where.")
    patient_identifiers: list[Identifier] | None = Field(
        description="How other systems know the patient. Null only where it is withheld."
    )
    protocol_code: str | None = Field(description="The course's protocol.", examples=["KET_IV_6x3W"])
    protocol_version: int | None = Field(description="Its version.", examples=[1])
    phase: str | None = Field(
        description="The phase it was planned in, or else the one the course is in.", examples=["induction"]
    )
    indication_code: str | None = Field(description="What the course treats, in ICD-10.", examples=["F33.2"])
    lifetime_number: int | None = Field(
        description="Which of all the patient's sessions with a dose it is, those given elsewhere counted; null before "
        "the first dose.",
        examples=[7],
    )
    ordered_mg: float | None = Field(description="Milligrams ordered.", examples=[41.2])
    ordered_mg_per_kg: float | None = Field(description="Ordered by weight.", examples=[0.5])
    given_drug: str | None = Field(description="The drug that was given first.", examples=["ketamine"])
    given_route: str | None = Field(description="The route it was given by.", examples=["intravenous"])
    placebo: bool | None = Field(description="Whether only placebo was given.", examples=[False])
    delivered_mg: float | None = Field(
        description="Milligrams given, all administrations together; null where one of them is not known.",
        examples=[29.86],
    )
    delivered_mg_per_kg: float | None = Field(description="Given by weight.", examples=[0.3624])
    wasted_mg: float | None = Field(
        description="Milligrams wasted, all administrations together; null where one of them is not known.",
        examples=[11.34],
    )
    weight_kg: float | None = Field(
        description="The weight the order froze, or else the last one measured by the first dose.", examples=[82.4]
    )
    administration_count: int | None = Field(description="Administrations.", examples=[1])
    vital_signs_count: int | None = Field(description="Sets of readings.", examples=[6])
    dissociation_note_count: int | None = Field(description="Dissociation notes.", examples=[1])
    adverse_event_count: int | None = Field(description="Adverse events.", examples=[1])
    serious_adverse_event_count: int | None = Field(description="Those of them that are serious.", examples=[0])
    assessment_count: int | None = Field(description="Forms and ratings that belong to the session.", examples=[2])
    open_alert_count: int | None = Field(description="Alerts nobody has acknowledged.", examples=[0])
    observation_minutes: int | None = Field(
        description="Whole minutes to the discharge, from the first or last moment of the dose as the protocol counts.",
        examples=[125],
    )
    prescriber: PersonRead | None = Field(
        description="Who ordered the dose; without an order, the course's prescriber."
    )
    given_by: PersonRead | None = Field(description="Who gave it; of several administrations, the first.")
    pressure_baseline: PressureRead | None = Field(
        description="The last pressure by the first dose; null where its moment is not known."
    )
    pressure_peak: PressureRead | None = Field(description="The highest systolic pressure after the first dose.")
    dissociation_max: int | None = Field(description="The strongest dissociation noted, 0 to 10.", examples=[6])
    scores: list[NearestScoresRead] | None = Field(
        description="The nearest scores, by instrument, of those that tell how an illness goes on (no scale of the "
        "moment, no screening form); an instrument with none is left out. Null only where it is withheld."
    )
    score_rules: ScoreRulesRead | None = Field(description="By which rule they are chosen.")
    condition_at_discharge: str | None = absent(f"How the patient was. {_WITH_TEXT}", examples=["well"])
    check_in: CheckInRead | None = absent(f"What was asked when the patient came. {_WITH_TEXT}")
    escort_name: str | None = absent(f"Who took them home. {_WITH_TEXT}", examples=["R. Rivera"])
    escort_relation: str | None = absent(f"Who that is to them. {_WITH_TEXT}", examples=["sister"])
    escort_phone: str | None = absent(f"How to reach the escort. {_WITH_TEXT}", examples=["+1 555 0101"])
    discharge_criteria: list[CriterionRead] | None = absent(
        f"How each criterion stood when the patient left. {_WITH_TEXT}"
    )
    discharge_override_reason: str | None = absent(
        f"Why a prescriber let the patient go though something was missing. {_WITH_TEXT}",
        examples=["Lives next door."],
    )
    leaving_told_to: str | None = absent(
        f"Who was told that the patient left against advice. {_WITH_TEXT}", examples=["Dr. Osei"]
    )
    ended_reason: str | None = absent(
        f"Why it is held, cancelled or missed. {_WITH_TEXT}", examples=["Patient has a cold."]
    )
    amendment_reason: str | None = absent(
        f"Why it is open to an amendment. {_WITH_TEXT}", examples=["The cuff was too small; pressure read again."]
    )
    abort_reason: str | None = absent(
        f"Why dosing was ended before its plan. {_WITH_TEXT}", examples=["Patient asked to stop."]
    )
    note: str | None = absent(f"Free text. {_WITH_TEXT}", examples=["Prefers the quiet room."])
