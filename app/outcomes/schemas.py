"""Shapes of the curve of a course and of what it came to."""

from typing import Annotated

from pydantic import Field

from app.assessments.rules.curve import (
    Answer,
    BaselineRule,
    Change,
    CountsAs,
    NotCounted,
    ResponseLevel,
    Window,
)
from app.kernel.schemas import Day, Id, ResponseSchema, UtcTime

_PERCENT_EXAMPLE = 52.63


class BandRead(ResponseSchema):
    """A range of totals with a name, both ends included."""

    label: str = Field(description="Its name.", examples=["moderately_severe"])
    minimum: float = Field(description="The lowest total in it.", examples=[15])
    maximum: float = Field(description="The highest total in it.", examples=[19])


class CutOffRead(ResponseSchema):
    """A published cut-off."""

    operator: str = Field(
        description="How a total is compared with it.",
        examples=["<"],
        json_schema_extra={"x-extensible-enum": ["<", "<="]},
    )
    value: float = Field(description="The cut-off.", examples=[5])
    source: str = Field(description="Where it is from.", examples=["HEDIS depression remission or response measure."])


class ThresholdRead(ResponseSchema):
    """A published threshold."""

    value: float = Field(description="The threshold; exactly so much is enough.", examples=[50])
    source: str = Field(description="Where it is from.", examples=["Convention of depression trials."])


class CutOffsRead(ResponseSchema):
    """What a change was compared with. Null where nothing is published for the instrument."""

    response_percent: ThresholdRead | None = Field(description="Response: at least so much of the baseline gone.")
    partial_response_percent: ThresholdRead | None = Field(
        description="Partial response: at least so much, and short of response."
    )
    remission: CutOffRead | None = Field(description="Remission, whatever the baseline was.")
    reliable_points: ThresholdRead | None = Field(
        description="Reliable change: more than measuring twice would show by itself."
    )
    mcid_points: ThresholdRead | None = Field(description="The smallest drop that matters to patients, in points.")
    mcid_percent: ThresholdRead | None = Field(
        description="The same in percent of the baseline; used where there are no points."
    )
    deterioration_points: ThresholdRead | None = Field(description="The smallest rise that matters.")
    relapse_from: ThresholdRead | None = Field(description="A responder back at this or above is ill again.")


class ScoreOnCourse(ResponseSchema):
    """A score as a course sees it."""

    assessment_id: Id = Field(description="The assessment.")
    assessed_at: UtcTime = Field(description="When it was filled in, or noon of the day.")
    answered_on: Day | None = Field(description="The day, where only that is known.")
    total: float | None = Field(description="Null when too much is unanswered.", examples=[9])
    severity: str | None = Field(description="The band of the total.", examples=["mild"])
    scoring_version: str = Field(description="The rule that scored it.", examples=["PHQ9@1"])


class JudgedScoreRead(ScoreOnCourse):
    """A score, and what it means beside the baseline.

    `unknown` is no answer: there is no baseline, the baseline is 0, or nothing is published for the instrument.
    """

    hours_since_last_dose: float | None = Field(
        description="Null before any dose and where only the day is known.", examples=[168.5]
    )
    days_since_last_dose: int | None = Field(
        description="Calendar days on the clinic's clock; null before any dose.", examples=[7]
    )
    reduction_points: float | None = Field(
        description="Baseline less total: above zero where it fell, which is better.", examples=[10]
    )
    reduction_percent: float | None = Field(
        description="The same in percent of the baseline, two places; null where the baseline is 0. Rounded to be "
        "shown; what follows was compared before.",
        examples=[_PERCENT_EXAMPLE],
    )
    response: ResponseLevel = Field(
        description="Whether enough of the baseline is gone; `cut_offs` say how much that is.",
        examples=["response"],
    )
    remission: Answer = Field(description="Whether the total is below the cut-off.", examples=["no"])
    worse: Answer = Field(description="Whether it rose at all.", examples=["no"])
    reliable_change: Change = Field(
        description="Whether the change is more than measuring twice would show by itself.", examples=["improved"]
    )
    important_change: Change = Field(
        description="Whether the change is large enough to matter to patients.", examples=["improved"]
    )


class PointRead(JudgedScoreRead):
    """A point of the curve. One that counts as nothing says why, and is judged by nothing."""

    session_id: Id | None = Field(description="The session it was recorded for.")
    after_session_id: Id | None = Field(description="The course's last session with a dose before it.")
    after_session_number: int | None = Field(description="That session's number in the course.", examples=[2])
    incomplete: bool = Field(description="Too much is unanswered for a total.", examples=[False])
    prorated: bool = Field(description="Unanswered items were given the mean of the others.", examples=[False])
    too_soon_after_dose: bool = Field(
        description="It looks back, and was answered so soon after a dose that it speaks of the time before it.",
        examples=[False],
    )
    counts_as: CountsAs = Field(description="What it is for the outcome.", examples=["follow_up"])
    not_counted_because: NotCounted | None = Field(
        description="Why it counts as nothing; null where it counts.", examples=["too_soon_after_dose"]
    )


class BaselineRead(ScoreOnCourse):
    """The score a course is judged against."""

    rule: BaselineRule = Field(description="The rule that chose it.", examples=["last_before_first_dose"])
    days_before_first_dose: int = Field(description="Calendar days on the clinic's clock.", examples=[0])
    carried_from_course_id: Id | None = Field(
        description="The earlier course of the episode it is the baseline of, where this one maintains what that "
        "reached."
    )


class DoseOnCourse(ResponseSchema):
    """A session of the course in which something was given."""

    session_id: Id = Field(description="The session.")
    number: int = Field(description="Its number in the course.", examples=[2])
    started_at: UtcTime = Field(description="The first dose.")
    last_dose_at: UtcTime | None = Field(description="The last moment drug was given; null while it flows.")
    drug: str = Field(description="The drug.", examples=["ketamine"])
    route: str = Field(description="The route.", examples=["intravenous"])
    placebo: bool = Field(description="Whether nothing but a trial's placebo was given.", examples=[False])
    delivered_mg: float | None = Field(
        description="Milligrams given; null where some of it is not known.", examples=[41.2]
    )
    weight_kg: float | None = Field(
        description="The weight of the order, or else the last one measured before the session.", examples=[82.4]
    )
    delivered_mg_per_kg: float | None = Field(description="Given by weight.", examples=[0.5])


class InstrumentCount(ResponseSchema):
    """An instrument that scores were recorded with."""

    instrument: str = Field(description="Its code.", examples=["PHQ9"])
    name: str = Field(description="In words.", examples=["Patient Health Questionnaire-9"])
    scores: int = Field(description="How many, recorded for the course or for no course.", examples=[7])
    is_outcome: bool = Field(
        description="Whether it looks back over days; a scale about the moment is shown and never judged.",
        examples=[True],
    )


class ScaleRead(ResponseSchema):
    """The instrument a curve is drawn on."""

    instrument: str = Field(description="Its code.", examples=["PHQ9"])
    name: str = Field(description="In words.", examples=["Patient Health Questionnaire-9"])
    scoring_version: str = Field(description="The version whose bands and cut-offs these are.", examples=["PHQ9@1"])
    minimum: float = Field(description="The lowest total there is.", examples=[0])
    maximum: float = Field(description="The highest total there is.", examples=[27])
    bands: list[BandRead] = Field(description="Bands of severity, from low to high; empty where none are published.")
    bands_source: str = Field(description="Where they are from.", examples=["Kroenke et al. 2001"])
    cut_offs: CutOffsRead = Field(description="What changes are compared with.")


_RuleVersion = Annotated[
    str, Field(description="The version of the definitions this was reckoned by.", examples=["OUTCOME@1"])
]


class TrajectoryRead(ResponseSchema):
    """The curve of a course on one instrument: scores, doses, baseline, bands."""

    object: str = Field(description="Always `trajectory`.", examples=["trajectory"])
    course_id: Id = Field(description="The course.")
    patient_id: Id = Field(description="The patient.")
    time_zone: str = Field(description="The zone of its calendar days.", examples=["America/New_York"])
    rule_version: _RuleVersion
    baseline_rule: BaselineRule = Field(
        description="The rule of the baseline that was asked for.", examples=["last_before_first_dose"]
    )
    instruments: list[InstrumentCount] = Field(description="What else there is to draw.")
    scale: ScaleRead | None = Field(description="What is drawn; null where there is no score at all.")
    first_dose_at: UtcTime | None = Field(description="The first dose of the course.")
    baseline: BaselineRead | None = Field(description="What the scores are judged against; null where there is none.")
    points: list[PointRead] = Field(description="The scores, in time; also those that do not count.")
    sessions: list[DoseOnCourse] = Field(description="The sessions in which something was given, in time.")


class SessionWindowRead(DoseOnCourse):
    """A session, and what was scored from it until the next one."""

    window: Window = Field(description="`open`: nothing yet, and no further session closes it.", examples=["answered"])
    nearest_assessment_id: Id | None = Field(description="The score nearest to the session.")
    scores: list[JudgedScoreRead] = Field(description="Every score that counts in it, the nearest first.")


class FirstResponseRead(ResponseSchema):
    """The first response."""

    assessment_id: Id = Field(description="The score.")
    days: int = Field(description="Calendar days since the first dose.", examples=[9])
    sessions: int = Field(description="Sessions with a dose until then.", examples=[3])


class InstrumentOutcomeRead(ResponseSchema):
    """What a course came to on one instrument."""

    scale: ScaleRead = Field(description="The instrument with its cut-offs.")
    baseline: BaselineRead | None = Field(description="What it is judged against; null where there is none.")
    latest: JudgedScoreRead | None = Field(description="The latest score that counts.")
    best: JudgedScoreRead | None = Field(description="The lowest score that counts.")
    first_response: FirstResponseRead | None = Field(description="The time to response; null where there was none.")
    sustained_response: Answer = Field(description="Responses without a break over at least 14 days.", examples=["yes"])
    relapse: Answer = Field(
        description="After a response: two scores 5 to 15 days apart, ill again and without response.",
        examples=["no"],
    )
    relapse_assessment_id: Id | None = Field(description="The second of those two.")
    windows_answered: int = Field(description="Sessions with a score before the next one.", examples=[4])
    windows_missing: int = Field(
        description="Sessions without: name it with every share, or the share misleads.", examples=[1]
    )
    windows_open: int = Field(description="The last session, while nothing came of it yet.", examples=[1])
    scores: int = Field(description="Scores on the curve.", examples=[8])
    scores_counted: int = Field(description="Those that count as follow-up.", examples=[5])
    scores_too_soon: int = Field(description="Those answered too soon after a dose.", examples=[1])
    scores_incomplete: int = Field(description="Those without a total.", examples=[1])
    sessions: list[SessionWindowRead] = Field(description="Session by session, in time.")


class ExcludedInstrument(ResponseSchema):
    """An instrument that was used and is no outcome."""

    instrument: str = Field(description="Its code.", examples=["CADSS23"])
    reason: NotCounted = Field(description="Why it is none.", examples=["acute_scale"])


class CourseOutcomeRead(ResponseSchema):
    """What a course came to."""

    object: str = Field(description="Always `course_outcome`.", examples=["course_outcome"])
    course_id: Id = Field(description="The course.")
    patient_id: Id = Field(description="The patient.")
    time_zone: str = Field(description="The zone of its calendar days.", examples=["America/New_York"])
    rule_version: _RuleVersion
    definitions: dict[str, str] = Field(
        description="In words and with their sources: what those definitions say.",
        examples=[{"baseline": "The last valid score on or before the first dose."}],
    )
    baseline_rule: BaselineRule = Field(
        description="The rule of the baseline that was asked for.", examples=["last_before_first_dose"]
    )
    first_dose_at: UtcTime | None = Field(description="The first dose of the course.")
    sessions_given: int = Field(description="Sessions in which something was given.", examples=[6])
    instruments: list[InstrumentOutcomeRead] = Field(
        description="One entry for each instrument that looks back over days and has scores."
    )
    not_outcomes: list[ExcludedInstrument] = Field(description="Instruments that were used and are none.")
