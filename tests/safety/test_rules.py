"""What follows from an adverse event: whether it is serious, whom it alarms, by when it is reported."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from app.safety.catalogue import shipped_vocabulary
from app.safety.rules import (
    Causality,
    Criterion,
    ImpossibleAdverseEvent,
    Told,
    criteria_of,
    is_ongoing,
    minutes_from,
    report_due_on,
    require_possible,
    severity_of,
)

T0 = datetime(2026, 3, 2, 14, tzinfo=UTC)
VOCABULARY = shipped_vocabulary()
MILD = Told("NAUSEA", onset_at=T0, known_at=T0)
IN_TRIAL = replace(MILD, reporting_basis="trial", expected=False, causality="possible")
KNOWN = date(2026, 2, 25)


def test_the_vocabulary_has_every_term_once_and_says_where_it_is_from() -> None:
    assert len(VOCABULARY.terms) == 40
    assert {"NAUSEA", "POLLAKIURIA", "HTN_CRISIS", "OTHER"} <= set(VOCABULARY.terms)
    assert all(one.source and one.label for one in VOCABULARY.terms.values())
    assert [code for code, one in VOCABULARY.outcomes.items() if one.fatal] == ["fatal"]


@pytest.mark.parametrize("criterion", Criterion)
def test_each_criterion_makes_it_serious(criterion: Criterion) -> None:
    event = replace(MILD, seriousness=[criterion.value])
    deadly = criterion in {Criterion.DEATH, Criterion.LIFE_THREATENING}
    assert criteria_of(event, VOCABULARY) == {criterion}
    assert severity_of(event, VOCABULARY) == ("emergency" if deadly else "urgent")


@pytest.mark.parametrize(
    ("grade", "criteria", "severity"),
    [
        (None, set(), None),
        (1, set(), None),
        # Severe is not serious, and the other way round.
        (3, set(), None),
        (4, set(), "emergency"),
        (5, {"death"}, "emergency"),
    ],
)
def test_a_grade_alone_makes_nothing_serious_but_death(
    grade: int | None, criteria: set[str], severity: str | None
) -> None:
    event = replace(MILD, grade=grade)
    assert (criteria_of(event, VOCABULARY), severity_of(event, VOCABULARY)) == (criteria, severity)


@pytest.mark.parametrize(
    ("changes", "due_on"),
    [
        ({"seriousness": ["hospitalisation"]}, date(2026, 3, 12)),
        ({"seriousness": ["life_threatening"]}, date(2026, 3, 4)),
        ({"seriousness": ["hospitalisation", "life_threatening"]}, date(2026, 3, 4)),
        ({"outcome": "fatal"}, date(2026, 3, 4)),
        ({"grade": 5}, date(2026, 3, 4)),
        # What nobody has judged yet has its days to keep.
        ({"seriousness": ["disability"], "expected": None, "causality": None}, date(2026, 3, 12)),
        ({"seriousness": ["disability"], "expected": True}, None),
        ({"seriousness": ["disability"], "causality": "unlikely"}, None),
        ({"seriousness": ["disability"], "causality": "unrelated"}, None),
        ({"seriousness": ["disability"], "reporting_basis": "voluntary"}, None),
        ({"grade": 4}, None),
        ({}, None),
    ],
)
def test_by_when_it_is_reported(changes: dict[str, object], due_on: date | None) -> None:
    assert report_due_on(replace(IN_TRIAL, **changes), KNOWN, VOCABULARY) == due_on  # pyright: ignore[reportArgumentType]


def test_days_are_calendar_days_whatever_the_criteria() -> None:
    for criterion, causality in product(Criterion, Causality):
        event = replace(IN_TRIAL, seriousness=[criterion.value], causality=causality.value)
        due_on = report_due_on(event, KNOWN, VOCABULARY)
        suspected = causality not in {Causality.UNLIKELY, Causality.UNRELATED}
        deadly = criterion in {Criterion.DEATH, Criterion.LIFE_THREATENING}
        assert due_on == (KNOWN + timedelta(days=7 if deadly else 15) if suspected else None)


@pytest.mark.parametrize(
    ("onset_at", "minutes"),
    [
        (T0, 0),
        (T0 + timedelta(minutes=25, seconds=59), 25),
        (T0 - timedelta(seconds=1), -1),
        (T0 - timedelta(minutes=5), -5),
    ],
)
def test_minutes_from_the_first_dose_are_whole_and_below_zero_before_it(onset_at: datetime, minutes: int) -> None:
    assert minutes_from(T0, onset_at) == minutes
    assert minutes_from(None, onset_at) is None


@pytest.mark.parametrize(
    ("changes", "ongoing"),
    [
        ({}, True),
        ({"outcome": "recovering"}, True),
        ({"outcome": "unknown"}, True),
        ({"outcome": "recovered_with_sequelae"}, False),
        ({"resolved_at": T0}, False),
        ({"grade": 5}, False),
    ],
)
def test_it_goes_on_until_somebody_says_that_it_is_over(changes: dict[str, object], ongoing: bool) -> None:
    assert is_ongoing(replace(MILD, **changes), VOCABULARY) is ongoing  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"resolved_at": T0 - timedelta(seconds=1)}, {"#/resolved_at": "before_onset"}),
        ({"known_at": T0 - timedelta(seconds=1)}, {"#/known_at": "before_onset"}),
        ({"reported_at": [T0, T0 - timedelta(1)]}, {"#/reported_to/1/reported_at": "before_onset"}),
        ({"grade": 5, "outcome": "recovered"}, {"#/outcome": "outcome_not_fatal"}),
        ({"grade": 3, "outcome": "fatal"}, {"#/grade": "grade_not_fatal"}),
        (
            {"grade": 2, "seriousness": ["death"], "outcome": "recovering"},
            {"#/outcome": "outcome_not_fatal", "#/grade": "grade_not_fatal"},
        ),
        ({"term": "OTHER"}, {"#/narrative": "narrative_needed"}),
        ({"term": "OTHER", "has_narrative": True}, {}),
        ({"resolved_at": T0, "reported_at": [T0]}, {}),
        ({"grade": 5, "outcome": "fatal"}, {}),
        ({"grade": 5}, {}),
        ({"seriousness": ["death"]}, {}),
    ],
)
def test_what_cannot_have_been_is_refused(changes: dict[str, object], faults: dict[str, str]) -> None:
    event = replace(MILD, **changes)  # pyright: ignore[reportArgumentType]
    if not faults:
        require_possible(event, VOCABULARY)
        return
    with pytest.raises(ImpossibleAdverseEvent) as refused:
        require_possible(event, VOCABULARY)
    assert {fault.pointer: fault.code for fault in refused.value.faults} == faults
