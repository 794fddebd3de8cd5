"""The shape of a proposed dose."""

from pydantic import Field

from app.kernel.schemas import Day, Id, ResponseSchema, UtcTime, Withheld
from app.treatment.proposal.rules import Basis, CapReason


class WeightUsedRead(ResponseSchema):
    """The weight a dose is reckoned from."""

    id: Id = Field(description="The weight's record.")
    weight_kg: float = Field(description="Kilograms.", examples=[82.4])
    measured_at: UtcTime = Field(description="When it was measured.")
    age_days: int = Field(description="Whole days since.", examples=[0])


class CapRead(ResponseSchema):
    """What a proposed dose was held to."""

    reason: CapReason = Field(description="What says so.", examples=["patient_limit"])
    limit_mg: float = Field(description="The most, less what the session has had already.", examples=[40])
    version: str = Field(description="The version of it.", examples=["KET_IV_6x3W@1"])


class PreviousDoseRead(ResponseSchema):
    """The patient's last dose of the same drug by the same route."""

    administration_id: Id = Field(description="The administration.")
    session_id: Id = Field(description="Its session.")
    delivered_mg: float = Field(description="Milligrams given.", examples=[41.2])
    delivered_mg_per_kg: float | None = Field(description="Given by weight.", examples=[0.5])
    ordered_mg: float | None = Field(description="Milligrams ordered.", examples=[41.2])
    ordered_mg_per_kg: float | None = Field(description="Ordered by weight.", examples=[0.5])
    started_at: UtcTime | None = Field(description="When it began.")
    given_on: Day | None = Field(description="The day, where only that is known.")


class ScoreUsedRead(ResponseSchema):
    """A score a dose is judged by."""

    assessment_id: Id = Field(description="The assessment.")
    answered_at: UtcTime | None = Field(description="When it was answered; null where only the day is known.")
    answered_on: Day | None = Field(description="The day, where only that is known.")
    total: float = Field(description="What it comes to.", examples=[19])


class LastEffectiveRead(ResponseSchema):
    """An earlier dose that a response came after."""

    session_id: Id = Field(description="Its session.")
    session_on: Day = Field(description="The day of it, on the clock of its course.")
    delivered_mg: float = Field(description="Milligrams given, all administrations together.", examples=[41.2])
    delivered_mg_per_kg: float | None = Field(description="Given by weight.", examples=[0.5])
    instrument: str = Field(description="The instrument that shows the response.", examples=["PHQ9"])
    baseline: ScoreUsedRead = Field(description="What the course is judged against, as in its trajectory.")
    after: ScoreUsedRead = Field(description="The first score after the session.")
    reduction_percent: float = Field(description="How much of the baseline is gone.", examples=[52.63])
    scoring_version: str = Field(
        description="The instrument's version, which says from where on it is a response.", examples=["PHQ9@1"]
    )
    rule_version: str = Field(description="The version of how scores are judged.", examples=["OUTCOME@1"])


class DoseProposalRead(ResponseSchema):
    """The dose a session's plan leads to. It orders nothing."""

    object: str = Field(description="Always `dose_proposal`.", examples=["dose_proposal"])
    session_id: Id = Field(description="The session.")
    patient_id: Id = Field(description="The patient.")
    protocol_code: str = Field(description="The course's protocol.", examples=["KET_IV_6x3W"])
    protocol_version: int = Field(description="Its version.", examples=[1])
    phase: str = Field(description="The phase the session is planned in.", examples=["induction"])
    drug: str = Field(description="The drug.", examples=["ketamine"])
    route: str = Field(description="The route.", examples=["intravenous"])
    basis: Basis = Field(
        description="Whether the plan names a dose, or the last one is repeated.", examples=["protocol"]
    )
    choices_mg: list[float] = Field(description="Doses the plan offers.", examples=[[56, 84]])
    choices_mg_per_kg: list[float] = Field(description="Doses by weight the plan offers.", examples=[[0.5]])
    choices_by_age_mg: list[float] = Field(
        description="First doses the plan has for this patient's age in some countries.", examples=[[28]]
    )
    weight: WeightUsedRead | None = Field(description="The weight it is reckoned from.")
    mg_per_kg: float | None = Field(description="The dose by weight, where it is one.", examples=[0.5])
    calculated_mg: float | None = Field(
        description="Milligrams per kilogram times weight, or the milligrams of the plan.", examples=[41.2]
    )
    cap: CapRead | None = Field(description="What it was held to; null where nothing held it down.")
    proposed_mg: float | None = Field(
        description="Milligrams; null where there is nothing to propose.", examples=[41.2]
    )
    proposed_mg_per_kg: float | None = Field(description="What that is by weight.", examples=[0.5])
    devices: int | None = Field(description="Esketamine: how many devices.", examples=[2])
    proposed_units: float | None = Field(description="By mouth: how many units of `unit_strength_mg`.", examples=[2])
    unit_strength_mg: float | None = Field(description="As asked, or the plan's step.", examples=[50])
    infusion_minutes: int | None = Field(description="Intravenous: as asked, or the plan's.", examples=[40])
    rate_mg_per_min: float | None = Field(description="Intravenous: the rate that follows.", examples=[1.03])
    concentration_mg_per_ml: float | None = Field(description="As asked.", examples=[10])
    drawn_ml: float | None = Field(description="Millilitres of that stock.", examples=[4.12])
    bag_total_ml: float | None = Field(description="As asked.", examples=[100])
    rate_ml_per_h: float | None = Field(description="Intravenous: what empties the bag in that time.", examples=[150])
    given_before_mg: float = Field(description="What the session has had already.", examples=[0])
    previous: PreviousDoseRead | None = Field(description="The last dose of the same drug by the same route.")
    hours_since_previous: float | None = Field(
        description="Hours since it ended; null where only the day is known.", examples=[168]
    )
    days_since_previous: int | None = Field(description="Calendar days since, on the clinic's clock.", examples=[7])
    last_effective: LastEffectiveRead | None = Field(
        description="The newest earlier session with a known amount of this drug by this route, and nothing else, that "
        "a response came after. What counts is the first score of an instrument, after the first dose of that session "
        "and before the patient's next dose of whatever, that is answered late enough to speak of it: a response "
        "against the baseline of the session's course, as the trajectory of the course judges it. No scale of the "
        "moment and no screening form counts, nor a score of another course, nor what was entered in error. Of "
        "several instruments the one with the largest reduction is shown. It recommends nothing. Null where there is "
        "none, and where it is withheld."
    )
    withheld: Withheld
    warnings: list[str] = Field(
        description="What to look at: which confirmations an order of `calculated_mg` would ask for, and "
        "`weight_missing`, `weight_old`, `no_dose_in_protocol`, `other_start_by_age`.",
        examples=[["above_times_previous_dose"]],
        json_schema_extra={
            "x-extensible-enum": [
                "above_hard_max_mg",
                "above_max_mg_per_kg",
                "above_max_mg",
                "below_minimum_minutes",
                "above_times_previous_dose",
                "weight_missing",
                "weight_old",
                "no_dose_in_protocol",
                "other_start_by_age",
            ]
        },
    )
