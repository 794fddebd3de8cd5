"""Outcomes as pure functions, with worked examples."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assessments.catalogue import outcome_definitions, shipped_instruments
from app.assessments.rules.curve import (
    Answer,
    BaselineRule,
    Change,
    CountsAs,
    Course,
    Curve,
    Dose,
    InEpisode,
    NotCounted,
    ResponseLevel,
    Score,
    Window,
    carried_from,
    draw_curve,
    judge,
    reduction_percent,
)
from app.assessments.rules.instrument import ChangeRules, Clock, Instrument, Recall, Threshold
from app.kernel.ids import new_id
from app.outcomes.rules import Outcome, sum_up

RULES = outcome_definitions()
PHQ9 = shipped_instruments()["PHQ9", 1]
MADRS = shipped_instruments()["MADRS", 1]
# Nine o'clock in New York.
T0 = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
ME, EARLIER, ELSEWHERE = new_id(), new_id(), new_id()


def course(*, is_over: bool = False, carried_from: Sequence[UUID] = ()) -> Course:
    return Course(ME, date(2026, 3, 2), "America/New_York", is_over, carried_from)


def doses(*days: float, course_id: UUID = ME, minutes: float = 40) -> list[Dose]:
    """Infusions so many days after the first."""
    begun = [T0 + timedelta(days=day) for day in days]
    return [Dose(new_id(), course_id, n, at, at + timedelta(minutes=minutes)) for n, at in enumerate(begun, start=1)]


def score(
    day: float, total: float | None, *, course_id: UUID | None = ME, hours: float = 0, too_soon: bool = False
) -> Score:
    """A score so many days after the first infusion began."""
    exact = None if total is None else Decimal(str(total))
    return Score(new_id(), course_id, T0 + timedelta(days=day, hours=hours), None, exact, too_soon)


def on_day(day: int, total: float) -> Score:
    """A score of which only the day is known; noon in New York stands for it."""
    on = date(2026, 3, 2) + timedelta(days=day)
    return Score(new_id(), ME, datetime(on.year, on.month, on.day, 17, tzinfo=UTC), on, Decimal(str(total)), False)


def drawn(
    given: Sequence[Dose],
    scores: Sequence[Score],
    rule: BaselineRule = BaselineRule.LAST_BEFORE_FIRST_DOSE,
    *,
    of: Course | None = None,
    instrument: Instrument = PHQ9,
) -> Curve:
    in_time = sorted(scores, key=lambda one: one.assessed_at)
    by_start = sorted(given, key=lambda one: one.started_at)
    return draw_curve(RULES, instrument, of or course(), by_start, in_time, rule)


def outcome(given: Sequence[Dose], scores: Sequence[Score], *, of: Course | None = None) -> Outcome:
    of = of or course()
    return sum_up(RULES, PHQ9, of, drawn(given, scores, of=of))


# ── one total against a baseline ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("baseline", "total", "percent", "response", "remission"),
    [
        # Exactly half is a response; PHQ-9 remission is below 5 (HEDIS).
        (18, 9, 50, ResponseLevel.RESPONSE, Answer.NO),
        (19, 10, 47.37, ResponseLevel.PARTIAL_RESPONSE, Answer.NO),
        (8, 4, 50, ResponseLevel.RESPONSE, Answer.YES),
        (19, 9, 52.63, ResponseLevel.RESPONSE, Answer.NO),
        (20, 5, 75, ResponseLevel.RESPONSE, Answer.NO),
        (20, 4, 80, ResponseLevel.RESPONSE, Answer.YES),
        (20, 15, 25, ResponseLevel.PARTIAL_RESPONSE, Answer.NO),
        (20, 16, 20, ResponseLevel.NON_RESPONSE, Answer.NO),
        (20, 20, 0, ResponseLevel.NON_RESPONSE, Answer.NO),
        (10, 15, -50, ResponseLevel.NON_RESPONSE, Answer.NO),
        # Prorated totals: 50.00 % and 25.00 % by rounding only.
        (20.25, 10.13, 49.98, ResponseLevel.PARTIAL_RESPONSE, Answer.NO),
        (26.99, 13.5, 49.98, ResponseLevel.PARTIAL_RESPONSE, Answer.NO),
        (20.01, 15.01, 24.99, ResponseLevel.NON_RESPONSE, Answer.NO),
        # Nothing can fall from nought, and nobody responds to it.
        (0, 0, None, ResponseLevel.UNKNOWN, Answer.YES),
        (0, 3, None, ResponseLevel.UNKNOWN, Answer.YES),
        (None, 4, None, ResponseLevel.UNKNOWN, Answer.YES),
        (18, None, None, ResponseLevel.UNKNOWN, Answer.UNKNOWN),
    ],
)
def test_what_a_total_means(
    baseline: float | None, total: float | None, percent: float | None, response: ResponseLevel, remission: Answer
) -> None:
    judged = judge(
        PHQ9,
        None if baseline is None else Decimal(str(baseline)),
        None if total is None else Decimal(str(total)),
    )
    assert judged.reduction_percent == (None if percent is None else Decimal(str(percent)))
    assert (judged.response, judged.remission) == (response, remission)


def test_a_percentage_that_shows_as_fifty_may_be_no_response() -> None:
    judged = judge(MADRS, Decimal("59.99"), Decimal("29.997"))
    assert judged.reduction_percent == Decimal("50.00")
    assert judged.response is ResponseLevel.PARTIAL_RESPONSE


@pytest.mark.parametrize(("total", "remission"), [(10, Answer.YES), (11, Answer.NO), (5, Answer.YES), (4, Answer.YES)])
def test_each_scale_has_its_own_remission(total: int, remission: Answer) -> None:
    """MADRS: at most 10 (KADS, Loo et al. 2023), not the PHQ-9's below 5."""
    assert judge(MADRS, Decimal(33), Decimal(total)).remission is remission


@pytest.mark.parametrize(
    ("baseline", "total", "worse", "reliable", "important"),
    [
        # Reliable from 4.6 points (Jacobson and Truax 1991), important from 5 (Löwe et al. 2004).
        (10, 9, Answer.NO, Change.NONE, Change.NONE),
        (10, 5.4, Answer.NO, Change.IMPROVED, Change.NONE),
        (10, 5.41, Answer.NO, Change.NONE, Change.NONE),
        (10, 5, Answer.NO, Change.IMPROVED, Change.IMPROVED),
        (10, 11, Answer.YES, Change.NONE, Change.NONE),
        (10, 14.6, Answer.YES, Change.WORSE, Change.NONE),
        (10, 15, Answer.YES, Change.WORSE, Change.WORSE),
        (0, 5, Answer.YES, Change.WORSE, Change.WORSE),
    ],
)
def test_worse_and_reliably_so(
    baseline: float, total: float, worse: Answer, reliable: Change, important: Change
) -> None:
    judged = judge(PHQ9, Decimal(str(baseline)), Decimal(str(total)))
    assert (judged.worse, judged.reliable_change, judged.important_change) == (worse, reliable, important)


def test_what_nobody_published_is_unknown() -> None:
    """No reliable change is published for the MADRS."""
    assert judge(MADRS, Decimal(33), Decimal(10)).reliable_change is Change.UNKNOWN


def test_a_minimal_change_may_be_published_in_percent_only() -> None:
    """BDI-II: 17.5 % of baseline (Button et al. 2015)."""
    percent = Threshold(Decimal("17.5"), "Button et al. 2015", ())
    bdi2 = replace(PHQ9, change=ChangeRules(None, None, percent, None, None, None))
    assert judge(bdi2, Decimal(40), Decimal(33)).important_change is Change.IMPROVED
    assert judge(bdi2, Decimal(40), Decimal("33.01")).important_change is Change.NONE
    assert judge(bdi2, Decimal(0), Decimal(0)).important_change is Change.UNKNOWN
    assert judge(bdi2, Decimal(40), Decimal(28)).response is ResponseLevel.NON_RESPONSE, (
        "no partial response is published"
    )


hundredths = st.decimals(min_value=0, max_value=60, places=2)


@given(baseline=hundredths, total=hundredths)
def test_response_is_half_or_less_and_nothing_else(baseline: Decimal, total: Decimal) -> None:
    judged = judge(PHQ9, baseline, total)
    if baseline == 0:
        assert judged.response is ResponseLevel.UNKNOWN
        return
    assert (judged.response is ResponseLevel.RESPONSE) == (total + total <= baseline)
    assert (judged.worse is Answer.YES) == (total > baseline)
    percent = reduction_percent(baseline, total)
    assert percent is not None
    assert abs(percent - (1 - total / baseline) * 100) <= Decimal("0.005")


# ── baseline ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_last_valid_score_on_or_before_the_first_dose() -> None:
    early, last, after = score(-9, 21), score(0, 19), score(7, 9)
    curve = drawn(doses(0, 3), [early, last, after])
    assert curve.baseline is not None
    assert (curve.baseline.score, curve.baseline.days_before_first_dose) == (last, 0)
    assert [point.counts_as for point in curve.points] == [CountsAs.NOTHING, CountsAs.BASELINE, CountsAs.FOLLOW_UP]
    assert curve.points[0].because is NotCounted.BEFORE_FIRST_DOSE


def test_a_score_after_the_dose_is_never_the_baseline() -> None:
    curve = drawn(doses(0), [score(0, 19, hours=0.1, too_soon=True), score(2, 9)])
    assert curve.baseline is None
    assert [point.judged.response for point in curve.points] == [ResponseLevel.UNKNOWN] * 2
    assert curve.points[0].because is NotCounted.TOO_SOON_AFTER_DOSE
    assert curve.points[1].judged.remission is Answer.NO


@pytest.mark.parametrize(("days", "is_baseline"), [(0, True), (14, True), (15, False)])
def test_a_baseline_is_at_most_fourteen_days_old(days: int, is_baseline: bool) -> None:
    # By the clinic's calendar: 23:30 of the day counts as that day, whatever the hours come to.
    late = score(-days, 19, hours=14.5 if days else 0)
    curve = drawn(doses(0), [late])
    assert (curve.baseline is not None) == is_baseline


def test_an_incomplete_form_is_no_baseline() -> None:
    curve = drawn(doses(0), [score(-3, 20), score(-1, None)])
    assert curve.baseline is not None
    assert curve.baseline.total == 20
    assert [point.because for point in curve.points] == [None, NotCounted.INCOMPLETE]


def test_only_the_day_is_known_and_the_dose_was_on_it() -> None:
    curve = drawn(doses(0, 3), [on_day(0, 19), on_day(3, 12), on_day(4, 10)])
    assert curve.baseline is not None
    assert (curve.baseline.total, curve.baseline.days_before_first_dose) == (19, 0)
    assert [point.after and point.after.number for point in curve.points] == [None, 1, 2]


def test_the_highest_can_be_asked_for_however_old_it_is() -> None:
    scores = [score(-40, 25), score(-10, 21), score(-1, 16), score(7, 10)]
    last = drawn(doses(0), scores)
    highest = drawn(doses(0), scores, BaselineRule.HIGHEST_BEFORE_FIRST_DOSE)
    assert last.baseline is not None
    assert highest.baseline is not None
    assert (last.baseline.total, highest.baseline.total) == (16, 25)
    assert (last.points[-1].judged.response, highest.points[-1].judged.response) == (
        ResponseLevel.PARTIAL_RESPONSE,
        ResponseLevel.RESPONSE,
    )
    assert highest.baseline.rule is BaselineRule.HIGHEST_BEFORE_FIRST_DOSE


def test_no_dose_yet_means_no_baseline_yet() -> None:
    curve = drawn([], [score(-1, 19)])
    assert (curve.baseline, curve.first_dose_at) == (None, None)
    assert curve.points[0].because is NotCounted.BEFORE_FIRST_DOSE


def test_maintenance_carries_the_baseline_on() -> None:
    given = [*doses(-60, -57, course_id=EARLIER), *doses(0, 14)]
    scores = [score(-61, 22, course_id=EARLIER), score(-30, 9, course_id=EARLIER), score(-1, 10), score(7, 8)]
    alone = drawn(given, scores)
    carried = drawn(given, scores, of=course(carried_from=[EARLIER]))
    assert alone.baseline is not None
    assert carried.baseline is not None
    assert (alone.baseline.total, alone.baseline.carried_from_course_id) == (10, None)
    assert (carried.baseline.total, carried.baseline.carried_from_course_id) == (22, EARLIER)
    assert alone.points[-1].judged.response is ResponseLevel.NON_RESPONSE
    assert carried.points[-1].judged.response is ResponseLevel.RESPONSE
    assert len(carried.points) == 2, "the earlier course's scores stay on its own curve"


def test_only_a_maintenance_course_carries_a_baseline_on() -> None:
    first, second, third = new_id(), new_id(), new_id()

    def episode(*courses: tuple[UUID, str, str, bool]) -> list[InEpisode]:
        return [InEpisode(*one) for one in courses]

    began = (first, "induction", "maintenance_1", True)
    kept = (second, "maintenance", "maintenance", True)
    again = (second, "induction", "induction", True)
    kept_again = (third, "maintenance_1", "maintenance_2", True)
    assert carried_from(first, episode(began, kept)) == ()
    assert carried_from(second, episode(began, kept)) == (first,)
    assert carried_from(third, episode(began, kept, kept_again)) == (second, first)
    assert carried_from(second, episode(began, again)) == (), "a new induction has a baseline of its own"
    assert carried_from(third, episode(began, again, kept_again)) == (second,)
    assert carried_from(second, episode(kept)) == (), "a course outside the episode has none before it"
    # Without a plan the phase it is in says what it is.
    assert carried_from(second, episode(began, (second, "induction", "maintenance", False))) == (first,)
    assert carried_from(second, episode(began, (second, "induction", "induction", False))) == ()


# ── which scores are the course's, and which count ───────────────────────────────────────────────────────────────────


def test_a_score_recorded_for_no_course_belongs_where_it_falls() -> None:
    given = [*doses(0, 3), *doses(40, course_id=ELSEWHERE)]
    told = [score(day, 12, course_id=None) for day in (-15, -14, 10, 40, 41)]
    foreign = score(12, 3, course_id=ELSEWHERE)
    curve = drawn(given, [*told, foreign])
    assert [point.score for point in curve.points] == told[1:4]


def test_a_baseline_may_be_another_course_s_score() -> None:
    before = score(-2, 18, course_id=EARLIER)
    curve = drawn(doses(0), [before, score(5, 9)])
    assert curve.baseline is not None
    assert curve.baseline.score == before
    assert len(curve.points) == 2


def test_what_came_too_soon_after_a_dose_never_counts() -> None:
    """Two hours after a dose a two-week questionnaire speaks of the time before it."""
    early, late = score(0, 4, hours=2, too_soon=True), score(2, 9)
    curve = drawn(doses(0), [score(0, 18), early, late])
    point = curve.points[1]
    assert (point.counts_as, point.because) == (CountsAs.NOTHING, NotCounted.TOO_SOON_AFTER_DOSE)
    assert (point.judged.response, point.judged.remission) == (ResponseLevel.UNKNOWN, Answer.UNKNOWN)
    assert [one.score for one in curve.windows[0].points] == [late]


def test_what_came_too_soon_after_an_earlier_course_is_no_baseline() -> None:
    given = [*doses(-1, course_id=EARLIER), *doses(0)]
    assert drawn(given, [score(-1, 18, hours=3, too_soon=True)]).baseline is None


def test_a_form_answered_as_the_first_dose_began_is_the_baseline() -> None:
    assert drawn(doses(0), [score(0, 18, too_soon=True)]).baseline is not None


def test_a_scale_about_now_is_no_outcome() -> None:
    acute = replace(PHQ9, recalls=(Recall("now", Clock.ACUTE, None, (), "an example"),))
    curve = drawn(doses(0), [score(0, 18), score(7, 9)], instrument=acute)
    assert curve.baseline is None
    assert {point.because for point in curve.points} == {NotCounted.ACUTE_SCALE}
    assert {point.judged.response for point in curve.points} == {ResponseLevel.UNKNOWN}


# ── windows ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_session_has_the_scores_until_the_next() -> None:
    given = doses(0, 3, 6, 9)
    first, at_next, third = score(2, 14), score(3, 13), score(8, 11)
    curve = drawn(given, [score(0, 18), first, at_next, score(3, 5, hours=3, too_soon=True), third])
    assert [[point.score for point in window.points] for window in curve.windows] == [
        [first, at_next],
        [],
        [third],
        [],
    ]
    assert [window.state for window in curve.windows] == [
        Window.ANSWERED,
        Window.MISSING,
        Window.ANSWERED,
        Window.OPEN,
    ]


def test_what_is_missing_is_counted_beside_what_is_there() -> None:
    given = doses(0, 3, 6, 9)
    scores = [score(0, 18), score(2, 14), score(6, 5, hours=3, too_soon=True), score(8, None)]
    running, over = outcome(given, scores), outcome(given, scores, of=course(is_over=True))
    assert (running.sessions_given, running.windows_answered) == (4, 1)
    assert (running.windows_missing, running.windows_open) == (2, 1)
    assert (over.windows_missing, over.windows_open) == (3, 0)
    assert (running.scores, running.scores_counted, running.scores_too_soon, running.scores_incomplete) == (4, 1, 1, 1)


# ── what it came to ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_latest_best_and_the_time_to_response() -> None:
    told = outcome(doses(0, 3, 7, 10), [score(0, 18), score(2, 14), score(9, 8), score(20, 12)])
    assert told.latest is not None
    assert told.best is not None
    assert told.first_response is not None
    assert (told.latest.score.total, told.best.score.total) == (12, 8)
    assert (told.first_response.days, told.first_response.sessions) == (9, 3)


def test_nothing_counted_claims_nothing() -> None:
    told = outcome(doses(0), [score(0, 18)])
    assert (told.latest, told.best, told.first_response) == (None, None, None)
    assert (told.sustained_response, told.relapse) == (Answer.UNKNOWN, Answer.UNKNOWN)


@pytest.mark.parametrize(
    ("after", "sustained"),
    [
        ([(7, 9), (21, 8)], Answer.YES),
        ([(7, 9), (20, 8)], Answer.NO),
        ([(7, 9), (14, 10), (21, 8)], Answer.NO),
        ([(7, 9), (14, 10), (21, 8), (35, 9)], Answer.YES),
        ([(7, 9)], Answer.NO),
        ([(7, 17), (28, 16)], Answer.NO),
    ],
)
def test_a_sustained_response_lasts_fourteen_days(after: list[tuple[int, int]], sustained: Answer) -> None:
    told = outcome(doses(0), [score(0, 18), *(score(day, total) for day, total in after)])
    assert told.sustained_response is sustained


@pytest.mark.parametrize(
    ("after", "relapse"),
    [
        ([(7, 8), (14, 12), (21, 13)], Answer.YES),
        ([(7, 8), (14, 12), (17, 13), (20, 13)], Answer.YES),
        ([(7, 8), (14, 12), (18, 13)], Answer.NO),  # four days apart
        ([(7, 8), (14, 12), (30, 13)], Answer.NO),  # sixteen days apart
        ([(7, 8), (14, 12), (18, 9), (24, 13)], Answer.NO),  # a response between them
        ([(7, 12), (14, 12)], Answer.NO),  # no response to fall back from
        ([(7, 8), (14, 9), (21, 9)], Answer.NO),  # still half of it gone
    ],
)
def test_a_relapse_is_two_scores_back_after_a_response(after: list[tuple[int, int]], relapse: Answer) -> None:
    told = outcome(doses(0), [score(0, 18), *(score(day, total) for day, total in after)])
    assert told.relapse is relapse
    assert (told.relapsed is not None) == (relapse is Answer.YES)


@given(
    days=st.lists(st.integers(-20, 60), min_size=1, max_size=12, unique=True),
    given_on=st.lists(st.integers(0, 50), min_size=1, max_size=6, unique=True),
    totals=st.lists(st.one_of(st.none(), st.integers(0, 27)), min_size=12, max_size=12),
)
def test_the_counts_add_up(days: list[int], given_on: list[int], totals: list[int | None]) -> None:
    ticket = count()
    scores = [score(day, totals[next(ticket)], hours=5) for day in days]
    of = course()
    curve = drawn(doses(*sorted(given_on)), scores, of=of)
    told = sum_up(RULES, PHQ9, of, curve)
    assert told.windows_answered + told.windows_missing + told.windows_open == told.sessions_given == len(given_on)
    assert sum(len(window.points) for window in curve.windows) == told.scores_counted
    for point in curve.points:
        assert (point.counts_as is CountsAs.NOTHING) == (point.because is not None)
        if point.counts_as is CountsAs.NOTHING:
            assert point.judged.response is ResponseLevel.UNKNOWN
