"""Which dose worked last, with worked examples."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from app.assessments.catalogue import outcome_definitions, shipped_instruments
from app.assessments.rules.curve import Course, Dose, Score
from app.assessments.rules.effect import Effect, last_effect
from app.assessments.rules.instrument import Instrument
from app.kernel.ids import new_id

PHQ9, MADRS, CADSS = (shipped_instruments()[code, 1] for code in ("PHQ9", "MADRS", "CADSS23"))
# Nine o'clock in New York.
T0 = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
SERIES, UPKEEP = new_id(), new_id()


def course(course_id: UUID = SERIES, carried_from: Sequence[UUID] = ()) -> Course:
    return Course(course_id, date(2026, 3, 2), "America/New_York", False, carried_from)


def given(*days: float, course_id: UUID = SERIES) -> list[Dose]:
    """Infusions so many days after the first."""
    begun = [T0 + timedelta(days=day) for day in days]
    return [Dose(new_id(), course_id, n, at, at + timedelta(minutes=40)) for n, at in enumerate(begun, start=1)]


def score(day: float, total: float | None, *, too_soon: bool = False, course_id: UUID | None = SERIES) -> Score:
    exact = None if total is None else Decimal(str(total))
    return Score(new_id(), course_id, T0 + timedelta(days=day), None, exact, too_soon)


def found(
    doses: Sequence[Dose],
    scores: Sequence[Score],
    *more: tuple[Instrument, Sequence[Score]],
    asked: Sequence[Dose] | None = None,
    courses: Sequence[Course] = (course(),),
) -> Effect | None:
    sessions = {one.session_id for one in (doses if asked is None else asked)}
    by_id = {one.id: one for one in courses}
    return last_effect(outcome_definitions(), sessions, doses, by_id, [(PHQ9, scores), *more])


def test_the_newest_dose_a_response_came_after_and_not_the_best() -> None:
    first, second, third, _ = doses = given(0, 7, 14, 21)
    # 75 % less after the first, exactly half after the second, and 47.4 % after the third.
    scores = [score(-1, 20), score(3, 5), score(10, 10), score(17, 10.53)]
    effect = found(doses, scores)
    assert effect is not None
    assert (effect.session_id, effect.reduction_percent) == (second.session_id, 50)
    assert (effect.baseline.score, effect.after, effect.instrument) == (scores[0], scores[2], PHQ9)
    assert (one := found(doses, scores, asked=[first, third])) is not None
    assert one.session_id == first.session_id
    assert found(doses, scores, asked=[third]) is None


@pytest.mark.parametrize(
    ("baseline", "after", "counts"),
    [(20, 10, True), (20, 10.01, False), (20, 10.02, False), (19, 10, False), (19, 9, True), (0, 0, False)],
)
def test_half_of_the_baseline_is_enough_and_nothing_less(baseline: float, after: float, counts: bool) -> None:
    assert (found(given(0), [score(-1, baseline), score(3, after)]) is not None) is counts


@pytest.mark.parametrize(
    "scores",
    [
        [score(3, 5)],  # no baseline
        [score(-40, 20), score(3, 5)],  # a baseline too old to be one
        [score(-1, 20), score(3, None)],  # too much was left open
        [score(-1, 20), score(0.1, 5, too_soon=True)],  # speaks of the weeks before
        [score(-1, 20), score(3, 12), score(5, 5)],  # the first after the session is what came of it
        [score(-1, 20), score(3, 5, course_id=new_id())],  # recorded for another course
        [score(-1, 5)],  # only before
    ],
)
def test_what_is_no_response(scores: list[Score]) -> None:
    assert found(given(0), scores) is None


def test_a_score_after_the_next_dose_of_whatever_tells_nothing_of_the_one_before() -> None:
    ours = given(0)
    other = given(5, course_id=UPKEEP)
    scores = [score(-1, 20), score(6, 5)]
    assert found([*ours, *other], scores, asked=ours, courses=[course(), course(UPKEEP)]) is None
    assert found([*ours, *other], [*scores[:1], score(4, 5)], asked=ours, courses=[course(), course(UPKEEP)])


def test_a_scale_of_the_moment_tells_nothing() -> None:
    assert found(given(0), [], (CADSS, [score(-0.1, 40), score(0.1, 2)])) is None


def test_of_several_instruments_the_largest_reduction_is_told() -> None:
    (dose,) = doses = given(0)
    effect = found(doses, [score(-1, 20), score(3, 9)], (MADRS, [score(-1, 30), score(3, 9)]))
    assert effect is not None
    assert (effect.session_id, effect.instrument, effect.reduction_percent) == (dose.session_id, MADRS, 70)


def test_a_course_that_maintains_is_judged_against_the_baseline_it_carries_on() -> None:
    series, upkeep = given(0), given(30, course_id=UPKEEP)
    scores = [score(-1, 20), score(3, 8), score(33, 9, course_id=UPKEEP)]
    courses = [course(), course(UPKEEP, carried_from=(SERIES,))]
    effect = found([*series, *upkeep], scores, courses=courses)
    assert effect is not None
    assert (effect.session_id, effect.baseline.carried_from_course_id) == (upkeep[0].session_id, SERIES)
    # By itself it would have come from 8 to 9.
    alone = found([*series, *upkeep], scores, courses=[course(), course(UPKEEP)])
    assert alone is not None
    assert alone.session_id == series[0].session_id
