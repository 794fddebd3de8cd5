"""Which trials count, and what they come to by the published scales."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import app.patients.medication_trials
from app.kernel.ids import new_id
from app.patients.episodes.rules import EpisodeSeverity
from app.patients.medication_trials.catalogue import shipped_scales
from app.patients.medication_trials.rules import (
    CurrentEpisode,
    MaudsleyInputs,
    StopReason,
    Trial,
    Unknown,
    all_of,
    any_of,
    days_of,
    failures_by,
    has_failed,
    is_adequate,
    is_in_episode,
    judge,
    maudsley_inputs,
    maudsley_stage,
    mgh_stage,
    months_begun,
)

SCALES = shipped_scales()
MGH, ATHF = SCALES.adequacy
ON = date(2026, 3, 2)
EPISODE = CurrentEpisode(new_id(), date(2025, 7, 2), EpisodeSeverity.MODERATE)
FAILED = Trial(
    id=new_id(),
    drug="sertraline",
    class_code="ssri",
    episode_id=EPISODE.id,
    started_on=None,
    ended_on=None,
    weeks=8,
    adequate_dose=True,
    response_percent=20,
    stop_reason=None,
    augmentations=0,
    optimisations=0,
)


def trial(**members: Any) -> Trial:
    """A failed adequate trial of sertraline, unless said otherwise."""
    return replace(FAILED, id=new_id(), **members)


def trials(number: int) -> list[Trial]:
    return [trial(drug=f"drug {index}") for index in range(number)]


def judged(*told: Trial, episode: CurrentEpisode | None = EPISODE) -> Any:
    return [judge(one, episode, SCALES, ON) for one in told]


def test_every_shipped_figure_says_where_it_comes_from() -> None:
    folder = Path(app.patients.medication_trials.__file__).parent / "data"
    file = json.loads((folder / "TREATMENT_RESISTANCE@1.json").read_text(encoding="utf-8"))
    for part in (file["failure"], *file["adequacy"], file["definition"], file["mgh"], file["maudsley"]):
        assert part["source"]
        assert isinstance(part["verified"], bool)
    assert (MGH.code, MGH.minimum_weeks, ATHF.code, ATHF.minimum_weeks) == ("MGH", 6, "ATHF", 4)
    assert SCALES.rule_version == "TREATMENT_RESISTANCE@1"
    assert set(SCALES.maudsley.severity) == set(EpisodeSeverity)


@pytest.mark.parametrize(
    ("answers", "every", "some"),
    [
        ((), True, False),
        ((True, True), True, True),
        ((True, None), None, True),
        ((False, None), False, None),
        ((False, False), False, False),
        ((None,), None, None),
    ],
)
def test_what_is_not_known_decides_nothing_that_is_known(answers: Any, every: bool | None, some: bool | None) -> None:
    assert (all_of(answers), any_of(answers)) == (every, some)


# ── one trial ────────────────────────────────────────────────────────────────────────────────────────────────────────

FIRST = date(2025, 9, 1)


@pytest.mark.parametrize(
    ("members", "days"),
    [
        ({"weeks": 6}, 42),
        ({"weeks": 6, "started_on": FIRST, "ended_on": FIRST}, 42),
        ({"weeks": None, "started_on": FIRST, "ended_on": FIRST}, 1),
        ({"weeks": None, "started_on": FIRST, "ended_on": FIRST + timedelta(days=41)}, 42),
        ({"weeks": None, "started_on": ON - timedelta(days=9)}, 10),
        ({"weeks": None, "started_on": ON - timedelta(days=9), "ended_on": ON + timedelta(days=9)}, 10),
        ({"weeks": None, "started_on": ON + timedelta(days=1)}, 0),
        ({"weeks": None, "ended_on": ON}, None),
        ({"weeks": None}, None),
    ],
)
def test_how_long_a_trial_lasted(members: dict[str, Any], days: int | None) -> None:
    assert days_of(trial(**members), ON) == days


def between(days: int) -> dict[str, Any]:
    return {"weeks": None, "started_on": FIRST, "ended_on": FIRST + timedelta(days=days - 1)}


def going_on(days: int) -> dict[str, Any]:
    return {"weeks": None, "started_on": ON - timedelta(days=days - 1), "ended_on": None}


@pytest.mark.parametrize(
    ("members", "by_mgh", "by_athf"),
    [
        (between(42), True, True),
        (between(41), False, True),
        (between(28), False, True),
        (between(27), False, False),
        ({"weeks": 6}, True, True),
        ({"weeks": 5}, False, True),
        (going_on(42), True, True),
        (going_on(41), None, True),
        (going_on(27), None, None),
        ({"weeks": None}, None, None),
        (between(42) | {"adequate_dose": None}, None, None),
        (between(41) | {"adequate_dose": None}, False, None),
        (between(42) | {"adequate_dose": False}, False, False),
        ({"weeks": None, "adequate_dose": False}, False, False),
    ],
)
def test_six_weeks_or_four_at_an_adequate_dose(
    members: dict[str, Any], by_mgh: bool | None, by_athf: bool | None
) -> None:
    told = trial(**members)
    assert (is_adequate(told, MGH, ON), is_adequate(told, ATHF, ON)) == (by_mgh, by_athf)


@pytest.mark.parametrize(
    ("response_percent", "stop_reason", "failed"),
    [
        (49, None, True),
        (50, None, False),
        (-10, None, True),
        (60, StopReason.NO_RESPONSE, False),
        (None, StopReason.NO_RESPONSE, True),
        (None, StopReason.PARTIAL_RESPONSE, True),
        (None, StopReason.RECOVERED, False),
        (None, StopReason.SIDE_EFFECTS, None),
        (None, StopReason.PATIENT_CHOICE, None),
        (None, StopReason.OTHER, None),
        (None, None, None),
    ],
)
def test_when_a_trial_has_failed(response_percent: int | None, stop_reason: str | None, failed: bool | None) -> None:
    assert has_failed(trial(response_percent=response_percent, stop_reason=stop_reason), SCALES) is failed


BEGAN = date(2025, 7, 2)


@pytest.mark.parametrize(
    ("members", "answer"),
    [
        ({"episode_id": EPISODE.id}, True),
        ({"episode_id": new_id(), "started_on": BEGAN}, False),
        ({"episode_id": None, "started_on": BEGAN}, True),
        ({"episode_id": None, "started_on": BEGAN - timedelta(days=1)}, None),
        ({"episode_id": None, "ended_on": BEGAN - timedelta(days=1)}, False),
        ({"episode_id": None, "ended_on": BEGAN}, None),
        ({"episode_id": None}, None),
    ],
)
def test_whether_a_trial_belongs_to_the_present_illness(members: dict[str, Any], answer: bool | None) -> None:
    assert is_in_episode(trial(**members), EPISODE) is answer
    assert is_in_episode(trial(**members), None) is None


def test_without_a_first_day_of_the_illness_only_what_was_told_decides() -> None:
    episode = replace(EPISODE, began_on=None)
    assert is_in_episode(trial(), episode) is True
    assert is_in_episode(trial(episode_id=None, started_on=ON), episode) is None


# ── the working definition ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([], (0, 0, 0, False)),
        (trials(1), (1, 1, 0, False)),
        (trials(2), (2, 2, 0, True)),
        # Twice the same drug is one antidepressant.
        ([trial(), trial()], (2, 1, 0, False)),
        # In another illness, of another kind, too short, or helpful: none counts.
        ([*trials(1), trial(drug="x", episode_id=new_id())], (1, 1, 0, False)),
        ([*trials(1), trial(drug="x", class_code="antipsychotic")], (1, 1, 0, False)),
        ([*trials(1), trial(drug="x", class_code="ect")], (1, 1, 0, False)),
        ([*trials(1), trial(drug="x", weeks=5)], (1, 1, 0, False)),
        ([*trials(1), trial(drug="x", response_percent=50)], (1, 1, 0, False)),
        # What is not known leaves it open, unless two are enough without it or it could not be a second one.
        ([*trials(1), trial(drug="x", adequate_dose=None)], (1, 1, 1, None)),
        ([*trials(1), trial(drug="x", class_code=None)], (1, 1, 1, None)),
        ([*trials(1), trial(drug="x", response_percent=None)], (1, 1, 1, None)),
        ([*trials(2), trial(drug="x", response_percent=None)], (2, 2, 1, True)),
        ([trial(), trial(response_percent=None)], (1, 1, 1, False)),
        ([trial(response_percent=None)], (0, 0, 1, False)),
        ([trial(response_percent=None), trial(drug="x", response_percent=None)], (0, 0, 2, None)),
    ],
)
def test_two_failed_antidepressants_in_the_present_illness(
    told: list[Trial], expected: tuple[int, int, int, bool | None]
) -> None:
    found = failures_by(SCALES, 0, judged(*told))
    assert (found.trials, found.antidepressants, found.undecided, found.is_resistant) == expected


def test_four_weeks_are_enough_by_the_other_definition() -> None:
    told = judged(trial(weeks=4), trial(drug="x", weeks=4))
    assert [failures_by(SCALES, number, told).is_resistant for number in (0, 1)] == [False, True]


# ── staging ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("told", "score"),
    [
        ([], "0"),
        ([trial()], "1"),
        ([trial(), trial()], "2"),
        ([trial(optimisations=1)], "1.5"),
        ([trial(optimisations=2, augmentations=1), trial(drug="x", augmentations=2)], "4.5"),
        ([trial(weeks=5, optimisations=1, augmentations=1)], "0"),
        ([trial(class_code="ect")], "3"),
        ([trial(class_code="ect"), trial(class_code="ect")], "3"),
        ([trial(class_code="ect", response_percent=80)], "0"),
        ([trial(class_code="ect", episode_id=new_id())], "0"),
        ([trial(optimisations=1), trial(class_code="ect", weeks=None, adequate_dose=None)], "4.5"),
        ([trial(adequate_dose=None)], None),
        ([trial(class_code="ect", response_percent=None)], None),
    ],
)
def test_the_staging_of_the_massachusetts_general_hospital(told: list[Trial], score: str | None) -> None:
    stage = mgh_stage(SCALES, EPISODE, judged(*told))
    assert stage.score == (None if score is None else Decimal(score))
    assert stage.unknown == (() if score is not None else (Unknown.UNDECIDED_TRIAL,))


@pytest.mark.parametrize(
    ("months", "severity", "failures", "augmentation", "ect", "score", "band"),
    [
        # Worked examples.
        (8, "moderate", 2, False, False, 5, "mild"),
        (30, "severe_non_psychotic", 6, True, False, 11, "severe"),
        (30, "severe_psychotic", 11, True, True, 15, "severe"),
        # The least there is, and every edge.
        (0, "subsyndromal", 1, False, False, 3, "mild"),
        (12, "subsyndromal", 1, False, False, 3, "mild"),
        (13, "subsyndromal", 1, False, False, 4, "mild"),
        (24, "subsyndromal", 1, False, False, 4, "mild"),
        (25, "subsyndromal", 1, False, False, 5, "mild"),
        (1, "mild", 2, False, False, 4, "mild"),
        (1, "mild", 3, False, False, 5, "mild"),
        (1, "mild", 4, False, False, 5, "mild"),
        (1, "mild", 5, False, False, 6, "mild"),
        (1, "mild", 6, False, False, 6, "mild"),
        (1, "mild", 7, False, False, 7, "moderate"),
        (1, "mild", 10, False, False, 7, "moderate"),
        (1, "mild", 11, False, False, 8, "moderate"),
        (25, "moderate", 7, False, False, 10, "moderate"),
        (25, "moderate", 7, False, True, 11, "severe"),
    ],
)
def test_the_maudsley_staging_method(
    months: int, severity: str, failures: int, augmentation: bool, ect: bool, score: int, band: str
) -> None:
    told = MaudsleyInputs(months, EpisodeSeverity(severity), failures, augmentation, ect)
    stage = maudsley_stage(SCALES.maudsley, told, EPISODE)
    assert (stage.score, stage.band, stage.unknown) == (score, band, ())


def test_every_total_of_the_maudsley_method_lies_in_one_band() -> None:
    totals: set[int] = set()
    for months, severity, failures, augmentation, ect in product(
        (1, 13, 25), EpisodeSeverity, (1, 3, 5, 7, 11), (False, True), (False, True)
    ):
        stage = maudsley_stage(SCALES.maudsley, MaudsleyInputs(months, severity, failures, augmentation, ect), EPISODE)
        assert stage.score is not None
        totals.add(stage.score)
        bands = [band.label for band in SCALES.maudsley.bands if band.minimum <= stage.score <= band.maximum]
        assert bands == [stage.band]
    assert totals == set(range(3, 16))


@pytest.mark.parametrize(
    ("told", "unknown"),
    [
        (MaudsleyInputs(None, EpisodeSeverity.MILD, 2, False, False), "episode_began_on"),
        (MaudsleyInputs(8, None, 2, False, False), "episode_severity"),
        (MaudsleyInputs(8, EpisodeSeverity.MILD, None, False, False), "undecided_trial"),
        (MaudsleyInputs(8, EpisodeSeverity.MILD, 2, None, False), "undecided_trial"),
        (MaudsleyInputs(8, EpisodeSeverity.MILD, 2, False, None), "undecided_trial"),
        (MaudsleyInputs(8, EpisodeSeverity.MILD, 0, False, False), "no_failed_antidepressant"),
    ],
)
def test_what_is_not_known_makes_no_score_and_says_why(told: MaudsleyInputs, unknown: str) -> None:
    stage = maudsley_stage(SCALES.maudsley, told, EPISODE)
    assert (stage.score, stage.band, stage.unknown) == (None, None, (unknown,))


def test_without_an_open_episode_nothing_is_staged() -> None:
    told = judged(trial(), episode=None)
    assert failures_by(SCALES, 0, told).is_resistant is False
    assert failures_by(SCALES, 0, judged(*trials(2), episode=None)).is_resistant is None
    assert mgh_stage(SCALES, None, told).unknown == (Unknown.NO_OPEN_EPISODE,)
    inputs = maudsley_inputs(None, told, SCALES, ON)
    assert inputs == MaudsleyInputs(None, None, None, None, None)
    assert maudsley_stage(SCALES.maudsley, inputs, None).unknown == (Unknown.NO_OPEN_EPISODE,)


def test_what_the_maudsley_method_asks_comes_from_episode_and_trials() -> None:
    told = judged(
        trial(augmentations=1),
        trial(drug="x"),
        trial(drug="ect", class_code="ect", response_percent=80),
        trial(drug="y", episode_id=new_id(), augmentations=3),
    )
    assert maudsley_inputs(EPISODE, told, SCALES, ON) == MaudsleyInputs(8, EpisodeSeverity.MODERATE, 2, True, True)
    plain = judged(trial(), trial(drug="y", episode_id=new_id(), augmentations=3))
    assert maudsley_inputs(EPISODE, plain, SCALES, ON) == MaudsleyInputs(8, EpisodeSeverity.MODERATE, 1, False, False)
    open_ended = judged(trial(episode_id=None, augmentations=1))
    assert maudsley_inputs(EPISODE, open_ended, SCALES, ON).augmentation is None
    unclassed = judged(trial(class_code=None), trial(class_code=None, episode_id=new_id()))
    assert maudsley_inputs(EPISODE, unclassed, SCALES, ON).ect is None


@pytest.mark.parametrize(
    ("began_on", "on", "months"),
    [
        (date(2025, 7, 2), date(2026, 3, 2), 8),
        (date(2025, 7, 1), date(2026, 3, 2), 9),
        (date(2025, 3, 2), date(2026, 3, 2), 12),
        (date(2025, 3, 1), date(2026, 3, 2), 13),
        (date(2024, 3, 2), date(2026, 3, 2), 24),
        (date(2026, 3, 2), date(2026, 3, 2), 0),
        (date(2026, 4, 2), date(2026, 3, 2), 0),
    ],
)
def test_months_that_have_begun(began_on: date, on: date, months: int) -> None:
    assert months_begun(began_on, on) == months


ANSWERS = st.sampled_from([True, False, None])


@given(
    st.lists(
        st.builds(
            trial,
            drug=st.sampled_from(["a", "b", "c"]),
            class_code=st.sampled_from(["ssri", "tca", "ect", "other", None]),
            episode_id=st.sampled_from([EPISODE.id, new_id(), None]),
            weeks=st.integers(0, 12) | st.none(),
            adequate_dose=ANSWERS,
            response_percent=st.integers(-100, 100) | st.none(),
        ),
        max_size=6,
    )
)
def test_learning_more_never_overturns_what_was_said(told: list[Trial]) -> None:
    """Whatever is unknown turns out to be: a definition that was met or not met stays so."""
    before = failures_by(SCALES, 0, judged(*told))
    for members in (
        {"adequate_dose": True, "weeks": 8, "response_percent": 0, "class_code": "ssri", "episode_id": EPISODE.id},
        {"adequate_dose": False, "weeks": 1, "response_percent": 90, "class_code": "other", "episode_id": new_id()},
    ):
        learnt = [
            replace(one, **{name: value for name, value in members.items() if getattr(one, name) is None})
            for one in told
        ]
        after = failures_by(SCALES, 0, judged(*learnt))
        assert after.undecided == 0
        if before.is_resistant is not None:
            assert after.is_resistant is before.is_resistant
        assert before.trials <= after.trials <= before.trials + before.undecided
