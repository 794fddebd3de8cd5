"""Which of a patient's doses worked last, by the same judgement that curves and outcomes are drawn by.

A dose worked when what came of its session is a response: of one instrument that tells how an illness goes on, the
first score after the session that speaks of it and comes before the patient's next dose of whatever, judged against
the baseline of the session's course. Nothing follows from it for the next dose.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from app.assessments.rules.curve import Baseline, Course, Definitions, Dose, ResponseLevel, Score, draw_curve
from app.assessments.rules.instrument import Instrument
from app.assessments.rules.windows import Dosed, nearest_of_each


@dataclass(frozen=True, slots=True)
class Effect:
    """What came of a session: the score it was judged against, the one after it, and how much of the first is gone."""

    session_id: UUID
    instrument: Instrument
    baseline: Baseline
    after: Score
    reduction_percent: Decimal


def last_effect(
    definitions: Definitions,
    sessions: Collection[UUID],
    doses: Sequence[Dose],
    courses: Mapping[UUID, Course],
    scored: Iterable[tuple[Instrument, Sequence[Score]]],
) -> Effect | None:
    """Find the newest of some sessions that a response came after.

    Args:
        definitions: How scores are judged.
        sessions: Which sessions are asked about.
        doses: Every standing session of the patient in which something was given, in time.
        courses: The courses of these sessions, by id.
        scored: Every standing score of the patient, in time, by instrument.

    Returns:
        The newest, however much better an older one was. Where several instruments show a response after it, the one
        with the largest reduction in percent, then the first by code. None where no response came after any.
    """
    dosed = [_dosed(dose, courses[dose.course_id]) for dose in doses]
    nearest = [(instrument, scores, nearest_of_each(dosed, scores)) for instrument, scores in scored]
    for index, dose in reversed(list(enumerate(doses))):
        if dose.session_id not in sessions:
            continue
        effects = [
            effect
            for instrument, scores, sides in nearest
            if (after := sides[index].after) is not None
            and (effect := _effect(definitions, dose, instrument, courses[dose.course_id], doses, scores, after))
        ]
        if effects:
            return min(effects, key=lambda effect: (-effect.reduction_percent, effect.instrument.code))
    return None


def _dosed(dose: Dose, course: Course) -> Dosed:
    return Dosed(dose.started_at, dose.started_at.astimezone(ZoneInfo(course.time_zone)).date())


def _effect(  # what is measured, how it is judged, and on whom
    definitions: Definitions,
    dose: Dose,
    instrument: Instrument,
    course: Course,
    doses: Sequence[Dose],
    scores: Sequence[Score],
    after: Score,
) -> Effect | None:
    curve = draw_curve(definitions, instrument, course, doses, scores)
    judged = next((point.judged for point in curve.points if point.score.id == after.id), None)
    if judged is None or curve.baseline is None or judged.response is not ResponseLevel.RESPONSE:
        return None
    assert judged.reduction_percent is not None
    return Effect(dose.session_id, instrument, curve.baseline, after, judged.reduction_percent)
