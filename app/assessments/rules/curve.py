"""What the scores of a course mean: baseline, response, remission, and what nobody knows.

Everything here is a pure function of the patient's doses and scores, so that what a score means is never stored and so
never stale: it follows whatever is corrected. What it was reckoned by is named in the answer: the version of these
definitions, the instrument's version with its cut-offs, the rule of the baseline.

Two habits keep the figures honest. Nothing is rounded before it is compared. A score that does not count says why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from app.assessments.rules.change import is_remission, is_response
from app.assessments.rules.instrument import ChangeRules, Clock, Instrument
from app.kernel.data_files import DataFile

_MAINTENANCE: Final = "maintenance"
PERCENT_PLACES: Final = Decimal("0.01")
"""Percentages are shown with two places, rounded half up, after everything has been compared."""


class BaselineRule(StrEnum):
    """Which score a course is judged against."""

    LAST_BEFORE_FIRST_DOSE = "last_before_first_dose"
    HIGHEST_BEFORE_FIRST_DOSE = "highest_before_first_dose"


class CountsAs(StrEnum):
    """What a score is for the outcome."""

    BASELINE = "baseline"
    FOLLOW_UP = "follow_up"
    NOTHING = "nothing"


class NotCounted(StrEnum):
    """Why a score counts as nothing."""

    INCOMPLETE = "incomplete"
    TOO_SOON_AFTER_DOSE = "too_soon_after_dose"
    BEFORE_FIRST_DOSE = "before_first_dose"
    ACUTE_SCALE = "acute_scale"
    NO_OUTCOME = "no_outcome"


class ResponseLevel(StrEnum):
    """How much of the baseline is gone."""

    RESPONSE = "response"
    PARTIAL_RESPONSE = "partial_response"
    NON_RESPONSE = "non_response"
    UNKNOWN = "unknown"


class Answer(StrEnum):
    """Yes, no, or not known: a missing baseline is not a no."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Change(StrEnum):
    """Which way a change goes that is large enough; `none` is too small a change, either way."""

    IMPROVED = "improved"
    WORSE = "worse"
    NONE = "none"
    UNKNOWN = "unknown"


class Window(StrEnum):
    """Whether a score tells of the time after a session."""

    ANSWERED = "answered"
    MISSING = "missing"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Definitions:
    """One version of how outcomes are reckoned; the data file says where each number comes from."""

    code: str
    version: int
    baseline_max_age_days: int
    sustained_min_days: int
    relapse_min_days_apart: int
    relapse_max_days_apart: int
    sources: Mapping[str, str]

    @property
    def rule_version(self) -> str:
        """Name the rules an outcome was reckoned by, such as `OUTCOME@1`."""
        return f"{self.code}@{self.version}"


@dataclass(frozen=True, slots=True)
class Dose:
    """A session in which something was given. `number` counts within its course.

    `ended_at` is the last moment of the last dose; None while drug flows.
    """

    session_id: UUID
    course_id: UUID
    number: int
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Score:
    """A standing score. `answered_on` is set where only the day is known; then `assessed_at` is noon of it.

    `total` is None where too much was unanswered. `too_soon_after_dose`: it looks back, and was answered so soon after
    a dose, of whichever course, that it speaks of the time before it.
    """

    id: UUID
    course_id: UUID | None
    assessed_at: datetime
    answered_on: date | None
    total: Decimal | None
    too_soon_after_dose: bool

    @property
    def answered_at(self) -> datetime | None:
        """The moment it was answered, where that is known."""
        return self.assessed_at if self.answered_on is None else None


@dataclass(frozen=True, slots=True)
class Course:
    """A course as the outcome needs it.

    `carried_from` are the courses of the same episode it carries on from, when it maintains what they reached, the
    nearest first; their baseline is its baseline. `is_over` closes the window after its last session.
    """

    id: UUID
    starts_on: date
    time_zone: str
    is_over: bool
    carried_from: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True)
class Baseline:
    """The score a course is judged against, the rule that chose it, and its calendar days before the first dose."""

    score: Score
    total: Decimal
    rule: BaselineRule
    days_before_first_dose: int
    carried_from_course_id: UUID | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one total means against a baseline.

    `reduction_points` and `reduction_percent` are above zero where it fell, which on these scales is better.
    """

    reduction_points: Decimal | None
    reduction_percent: Decimal | None
    response: ResponseLevel
    remission: Answer
    worse: Answer
    reliable_change: Change
    important_change: Change


@dataclass(frozen=True, slots=True)
class Point:
    """One score on the curve: what it counts as, or why it counts as nothing, and what it means."""

    score: Score
    counts_as: CountsAs
    because: NotCounted | None
    after: Dose | None
    judged: Judgement


@dataclass(frozen=True, slots=True)
class SessionWindow:
    """The time from one session to the next, with every score that counts in it, the nearest first."""

    dose: Dose
    state: Window
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Curve:
    """A course's scores of one instrument, in time."""

    baseline: Baseline | None
    first_dose_at: datetime | None
    points: Sequence[Point]
    windows: Sequence[SessionWindow]

    @property
    def counted(self) -> Sequence[Point]:
        """The follow-up scores that count, in time."""
        return [point for point in self.points if point.counts_as is CountsAs.FOLLOW_UP]


# ── what is an outcome, and whose baseline it has ────────────────────────────────────────────────────────────────────


def why_no_outcome(instrument: Instrument) -> NotCounted | None:
    """Say why an instrument is no outcome, or None where it is one: it rates the moment, or it screens."""
    if instrument.clock is Clock.ACUTE:
        return NotCounted.ACUTE_SCALE
    return None if instrument.is_outcome else NotCounted.NO_OUTCOME


@dataclass(frozen=True, slots=True)
class InEpisode:
    """A course among those of its episode. `began_in` and `is_in` are phases: of its plan's beginning, and now."""

    id: UUID
    began_in: str
    is_in: str
    has_plan: bool

    @property
    def maintains(self) -> bool:
        """Whether it maintains what a course before it reached.

        The plan says so. Where there is none, the phase it is in does.
        """
        return (self.began_in if self.has_plan else self.is_in).startswith(_MAINTENANCE)


def carried_from(course_id: UUID, episode: Sequence[InEpisode]) -> tuple[UUID, ...]:
    """Name the courses that a maintenance course carries on from, the nearest first; none for any other course.

    Args:
        course_id: The course.
        episode: The courses of its episode in the order of their beginning, itself among them.
    """
    carried: list[UUID] = []
    index = next((i for i, one in enumerate(episode) if one.id == course_id), 0)
    while index > 0 and episode[index].maintains:
        index -= 1
        carried.append(episode[index].id)
    return tuple(carried)


# ── one total against a baseline ─────────────────────────────────────────────────────────────────────────────────────


def judge(instrument: Instrument, baseline: Decimal | None, total: Decimal | None) -> Judgement:
    """Say what a total means. Exactly the threshold is enough, and nothing is rounded before it is compared.

    Args:
        instrument: Whose cut-offs count.
        baseline: None where there is none; then only remission is known.
        total: None where too much was unanswered; then nothing is known.
    """
    remission = _answer(is_remission(instrument, total))
    if baseline is None or total is None:
        return Judgement(None, None, ResponseLevel.UNKNOWN, remission, Answer.UNKNOWN, Change.UNKNOWN, Change.UNKNOWN)
    points = baseline - total
    return Judgement(
        reduction_points=points,
        reduction_percent=reduction_percent(baseline, total),
        response=_response(instrument, baseline, total),
        remission=remission,
        worse=_answer(points < 0),
        reliable_change=_reliable(instrument.change, points),
        important_change=_important(instrument.change, baseline, points),
    )


def reduction_percent(baseline: Decimal, total: Decimal) -> Decimal | None:
    """How much of the baseline is gone, in percent with 2 places; below zero where it rose.

    Returns:
        None where it is undefined, because the baseline is 0.
    """
    if baseline == 0:
        return None
    return ((baseline - total) * 100 / baseline).quantize(PERCENT_PLACES, ROUND_HALF_UP)


def _response(instrument: Instrument, baseline: Decimal, total: Decimal) -> ResponseLevel:
    responded = is_response(instrument, baseline, total)
    if responded is None:
        return ResponseLevel.UNKNOWN
    if responded:
        return ResponseLevel.RESPONSE
    partial = instrument.change.partial_response_percent
    if partial is not None and total * 100 <= baseline * (100 - partial.value):
        return ResponseLevel.PARTIAL_RESPONSE
    return ResponseLevel.NON_RESPONSE


def _reliable(rules: ChangeRules, points: Decimal) -> Change:
    """Larger than what measuring twice would show by itself."""
    if rules.reliable_points is None:
        return Change.UNKNOWN
    if points >= rules.reliable_points.value:
        return Change.IMPROVED
    return Change.WORSE if -points >= rules.reliable_points.value else Change.NONE


def _important(rules: ChangeRules, baseline: Decimal, points: Decimal) -> Change:
    """Large enough to matter to patients; in points where points are published, and in percent otherwise."""
    if rules.deterioration_points is not None and -points >= rules.deterioration_points.value:
        return Change.WORSE
    if rules.mcid_points is not None:
        return Change.IMPROVED if points >= rules.mcid_points.value else Change.NONE
    if rules.mcid_percent is not None and baseline > 0:
        return Change.IMPROVED if points * 100 >= baseline * rules.mcid_percent.value else Change.NONE
    return Change.UNKNOWN


def _answer(known: bool | None) -> Answer:  # noqa: FBT001  # what it answers
    if known is None:
        return Answer.UNKNOWN
    return Answer.YES if known else Answer.NO


# ── the curve ────────────────────────────────────────────────────────────────────────────────────────────────────────


def draw_curve(  # what is measured, how it is judged, and on whom
    definitions: Definitions,
    instrument: Instrument,
    course: Course,
    doses: Sequence[Dose],
    scores: Sequence[Score],
    rule: BaselineRule = BaselineRule.LAST_BEFORE_FIRST_DOSE,
) -> Curve:
    """Place a patient's scores of one instrument on the curve of a course.

    A score belongs to the course it was recorded for. One recorded for no course belongs to the course it falls in:
    from so long before its first dose as a baseline may be old, until the first dose of the patient's next course.

    Args:
        definitions: How outcomes are reckoned.
        instrument: The instrument of all scores.
        course: The course.
        doses: Every standing session of the patient in which something was given, also in other courses, in time.
        scores: Every standing score of the patient, in time.
        rule: Which score is the baseline.
    """
    timeline = _Timeline(definitions, instrument, course, doses)
    baseline = _baseline(timeline, scores, rule)
    belonging = [score for score in scores if timeline.has(score) or (baseline and score.id == baseline.score.id)]
    if baseline is not None and baseline.carried_from_course_id is not None:
        belonging = [score for score in belonging if score.id != baseline.score.id]
    points = [_point(timeline, baseline, score) for score in belonging]
    first = timeline.own[0].started_at if timeline.own else None
    return Curve(baseline, first, points, _windows(timeline, points))


class _Timeline:
    """The doses of a patient as one course sees them."""

    def __init__(self, definitions: Definitions, instrument: Instrument, course: Course, doses: Sequence[Dose]) -> None:
        self.definitions = definitions
        self.instrument = instrument
        self.course = course
        self.doses = doses
        self.own = [dose for dose in doses if dose.course_id == course.id]
        self._zone = ZoneInfo(course.time_zone)

    def day(self, instant: datetime) -> date:
        """The day on the clinic's calendar."""
        return instant.astimezone(self._zone).date()

    def begins(self, course_id: UUID) -> datetime | None:
        """The first dose of a course."""
        return next((dose.started_at for dose in self.doses if dose.course_id == course_id), None)

    def is_before(self, score: Score, instant: datetime) -> bool:
        """Whether a score came before a dose that began at an instant, or with it.

        Where only the day of a score is known, a dose on that day is taken to have come after it: forms are filled
        in before the treatment, and what looks back over days speaks of the days before.
        """
        if score.answered_on is not None:
            return score.answered_on <= self.day(instant)
        return score.assessed_at <= instant

    def before(self, score: Score, doses: Sequence[Dose]) -> Dose | None:
        """The last of these doses that began before a score."""
        return next((dose for dose in reversed(doses) if not self.is_before(score, dose.started_at)), None)

    def has(self, score: Score) -> bool:
        """Whether a score is one of the course's."""
        if score.course_id is not None:
            return score.course_id == self.course.id
        begins_on = self.day(self.own[0].started_at) if self.own else self.course.starts_on
        if self.day(score.assessed_at) < begins_on - timedelta(days=self.definitions.baseline_max_age_days):
            return False
        ends = self._next_course_begins()
        return ends is None or self.is_before(score, ends)

    def _next_course_begins(self) -> datetime | None:
        if not self.own:
            return None
        begun = {self.course.id}
        for dose in self.doses:
            if dose.course_id not in begun and dose.started_at > self.own[0].started_at:
                return dose.started_at
            begun.add(dose.course_id)
        return None


def _baseline(timeline: _Timeline, scores: Sequence[Score], rule: BaselineRule) -> Baseline | None:
    if why_no_outcome(timeline.instrument) is not None:
        return None
    chain = [timeline.course.id, *timeline.course.carried_from]
    begun = [(course_id, begins) for course_id in chain if (begins := timeline.begins(course_id)) is not None]
    # The course that began the treatment has the baseline; those that maintain what it reached carry it on.
    course_id, begins = begun[-1] if begun else (timeline.course.id, None)
    if begins is None:
        return None
    doses_before = [dose for dose in timeline.doses if dose.started_at < begins]
    limit = timeline.day(begins) - timedelta(days=timeline.definitions.baseline_max_age_days)
    valid = [
        score
        for score in scores
        if score.total is not None
        and timeline.is_before(score, begins)
        # Answered as the very first dose began is before it, and too soon after none.
        and not (score.too_soon_after_dose and timeline.before(score, doses_before))
    ]
    if rule is BaselineRule.LAST_BEFORE_FIRST_DOSE:
        valid = [score for score in valid if timeline.day(score.assessed_at) >= limit][-1:]
    chosen = max(valid, key=lambda score: (score.total, score.assessed_at), default=None)
    if chosen is None or chosen.total is None:
        return None
    days = (timeline.day(begins) - timeline.day(chosen.assessed_at)).days
    carried_from = None if course_id == timeline.course.id else course_id
    return Baseline(chosen, chosen.total, rule, days, carried_from)


def _point(timeline: _Timeline, baseline: Baseline | None, score: Score) -> Point:
    counts_as, because = _counts_as(timeline, baseline, score)
    judged = judge(
        timeline.instrument,
        baseline.total if baseline is not None and counts_as is CountsAs.FOLLOW_UP else None,
        score.total if counts_as is not CountsAs.NOTHING else None,
    )
    return Point(score, counts_as, because, timeline.before(score, timeline.own), judged)


def _counts_as(timeline: _Timeline, baseline: Baseline | None, score: Score) -> tuple[CountsAs, NotCounted | None]:
    if (why := why_no_outcome(timeline.instrument)) is not None:
        return CountsAs.NOTHING, why
    if baseline is not None and score.id == baseline.score.id:
        return CountsAs.BASELINE, None
    if score.total is None:
        return CountsAs.NOTHING, NotCounted.INCOMPLETE
    if score.too_soon_after_dose:
        return CountsAs.NOTHING, NotCounted.TOO_SOON_AFTER_DOSE
    if timeline.before(score, timeline.own) is None:
        return CountsAs.NOTHING, NotCounted.BEFORE_FIRST_DOSE
    return CountsAs.FOLLOW_UP, None


def _windows(timeline: _Timeline, points: Sequence[Point]) -> Sequence[SessionWindow]:
    windows: list[SessionWindow] = []
    for number, dose in enumerate(timeline.own, start=1):
        inside = [p for p in points if p.counts_as is CountsAs.FOLLOW_UP and p.after is dose]
        is_last = number == len(timeline.own)
        if inside:
            state = Window.ANSWERED
        else:
            state = Window.OPEN if is_last and not timeline.course.is_over else Window.MISSING
        windows.append(SessionWindow(dose, state, inside))
    return windows


# ── the data file ────────────────────────────────────────────────────────────────────────────────────────────────────


def load_definitions(directory: Path) -> Definitions:
    """Read the newest `OUTCOME@VERSION.json` of a directory.

    Raises:
        DataFileError: A file is wrong; names the file and the field.
    """
    return max((_definitions(DataFile.read(path)) for path in directory.glob("*.json")), key=lambda one: one.version)


def _definitions(file: DataFile) -> Definitions:
    parts = ("baseline", "sustained_response", "relapse", "time_to_response")
    file.only("code", "version", *parts, "source", "verified")
    file.flag("verified")
    baseline, sustained, relapse, _ = (file.section(part) for part in parts)
    baseline.only("max_age_days", "source")
    sustained.only("min_days", "source")
    relapse.only("min_days_apart", "max_days_apart", "source")
    min_apart = relapse.integer("min_days_apart", minimum=1)
    return Definitions(
        code=file.text("code"),
        version=file.integer("version", minimum=1),
        baseline_max_age_days=baseline.integer("max_age_days", minimum=1),
        sustained_min_days=sustained.integer("min_days", minimum=1),
        relapse_min_days_apart=min_apart,
        relapse_max_days_apart=relapse.integer("max_days_apart", minimum=min_apart),
        sources={part: file.section(part).text("source") for part in parts},
    )
