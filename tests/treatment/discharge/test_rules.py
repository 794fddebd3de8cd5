"""Criterion by criterion, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.policies.catalogue import shipped_policies
from app.policies.rules import resolve
from app.protocols.rules import ClockStart, Observation
from app.treatment.discharge.catalogue import shipped_checklist
from app.treatment.discharge.rules import ANSWERED, LIMITS, Criterion, Facts, Limits, Rated, Reading, discharge_criteria

T0 = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


FROM_END = Limits(
    shipped_checklist(),
    Observation(ClockStart.END, 60, "Written down for this test."),
    "PLAN@1",
    resolve(shipped_policies(), LIMITS, [], T0),
)
FROM_START = replace(FROM_END, observation=Observation(ClockStart.START, 60, "Written down for this test."))
BEFORE = Reading(at(-10), 130, 80, 98, sedation_moaas=5)
AFTER = Reading(at(100), 128, 78, 97, sedation_moaas=5)
WELL = Facts(
    at=at(110),
    drug="ketamine",
    route="intravenous",
    setting="clinic",
    started_at=T0,
    last_dose_at=at(40),
    dosing_ended=True,
    readings=[BEFORE, AFTER],
    intensities=[Rated(at(100), Decimal(0))],
    answers=dict.fromkeys(ANSWERED, True),
)


def judged(facts: Facts, limits: Limits = FROM_END) -> dict[str, Criterion]:
    return {one.code: one for one in discharge_criteria(facts, limits)}


def lacking(facts: Facts, limits: Limits = FROM_END) -> set[str]:
    return {code for code, one in judged(facts, limits).items() if one.state == "missing"}


def test_whoever_is_well_may_go_and_each_criterion_names_its_limit() -> None:
    found = judged(WELL)
    assert {one.state for one in found.values()} == {"met"}
    assert len(found) == 13
    assert all(one.policy_version and one.reason for one in found.values())
    told = found["observation_met"].told()
    assert (told["value"], told["limit"], told["policy_version"]) == (70, 60, "PLAN@1")


@pytest.mark.parametrize(
    ("limits", "leaves", "is_met", "minutes"),
    [
        (FROM_END, 99, False, 59),
        (FROM_END, 99.99, False, 59),  # a minute counts when it is over
        (FROM_END, 100, True, 60),
        (FROM_START, 59, False, 59),
        (FROM_START, 60, True, 60),
        (FROM_END, 60, False, 20),  # sixty minutes from the first moment are not sixty from the last
    ],
)
def test_the_plan_says_from_where_watching_counts(limits: Limits, leaves: float, is_met: bool, minutes: int) -> None:
    found = judged(replace(WELL, at=at(leaves)), limits)["observation_met"]
    assert ((found.state == "met"), found.value, found.limit) == (is_met, minutes, 60)


@pytest.mark.parametrize(("leaves", "is_met"), [(119, False), (120, True)])
def test_two_hours_are_kept_after_esketamine_whatever_the_plan_says(leaves: float, is_met: bool) -> None:
    sprayed = replace(WELL, drug="esketamine", route="intranasal", last_dose_at=at(5), at=at(leaves))
    found = judged(sprayed, FROM_START)["observation_met"]
    assert (found.state == "met") is is_met
    if not is_met:
        assert (found.value, found.limit, found.policy_version) == (119, 120, "DISCHARGE@1")
    assert judged(sprayed)["iv_removed"].state == "not_applicable"


def test_watching_does_not_begin_before_the_dose_nor_end_while_it_flows() -> None:
    assert "observation_met" in lacking(replace(WELL, started_at=None, last_dose_at=None))
    assert lacking(replace(WELL, dosing_ended=False)) == {"observation_met"}
    nothing = replace(WELL, started_at=None, last_dose_at=None)
    assert lacking(nothing) == {"observation_met", "pressure", "spo2", "sedation", "dissociation"}


@pytest.mark.parametrize(
    ("before", "after", "is_met"),
    [
        ((130, 80), (140, 90), True),
        ((130, 80), (156, 96), True),  # a fifth above
        ((130, 80), (157, 90), False),
        ((130, 80), (140, 97), False),
        ((170, 105), (179, 109), True),
        ((170, 105), (180, 100), False),  # within a fifth, and somebody is called for it
        (None, (140, 90), True),
        (None, (141, 90), False),
        ((130, None), (150, 90), False),  # half a pressure is none to compare with
    ],
)
def test_pressure(before: tuple[int, int | None] | None, after: tuple[int, int], is_met: bool) -> None:
    readings = [AFTER, Reading(at(109), *after)] + ([Reading(at(-10), *before, 98)] if before else [BEFORE][:0])
    found = judged(replace(WELL, readings=readings))["pressure"]
    assert (found.state == "met") is is_met
    assert found.value == {"systolic_mmhg": after[0], "diastolic_mmhg": after[1]}


@pytest.mark.parametrize(
    ("before", "after", "on_oxygen", "is_met"),
    [
        (98, 96, False, True),
        (98, 95, False, False),
        (95, 94, False, True),
        (95, 93, False, False),
        (98, 99, True, False),
        (None, 99, False, False),
    ],
)
def test_oxygen_in_the_blood(before: int | None, after: int, on_oxygen: bool, is_met: bool) -> None:
    readings = [Reading(at(-10), spo2_percent=before), Reading(at(100), spo2_percent=after, on_oxygen=on_oxygen)]
    assert (judged(replace(WELL, readings=readings))["spo2"].state == "met") is is_met


@pytest.mark.parametrize(
    ("before", "rated", "noted", "is_met"),
    [
        (None, (100, 4), None, True),
        (None, (100, 5), None, False),
        (6, (100, 6), None, True),
        (6, (100, 7), None, False),
        (2, (100, 4), None, True),
        (None, None, (100, 1), True),
        (None, None, (100, 2), False),
        (None, None, None, False),
        (None, (100, 0), (105, 2), False),  # what was seen last counts
        (None, (105, 9), (100, 0), False),
        (None, (30, 0), None, False),  # before the last dose
        (None, (41, 0), None, False),  # too long before leaving
    ],
)
def test_dissociation(
    before: int | None, rated: tuple[int, int] | None, noted: tuple[int, int] | None, is_met: bool
) -> None:
    cadss = [Rated(at(-20), Decimal(before))] if before is not None else []
    cadss += [Rated(at(rated[0]), Decimal(rated[1]))] if rated else []
    intensities = [Rated(at(noted[0]), Decimal(noted[1]))] if noted else []
    found = judged(replace(WELL, cadss=cadss, intensities=intensities))["dissociation"]
    assert (found.state == "met") is is_met


@pytest.mark.parametrize("code", ANSWERED)
def test_what_nobody_asked_or_somebody_denied_is_missing(code: str) -> None:
    assert lacking(replace(WELL, answers={one: True for one in ANSWERED if one != code})) == {code}
    assert lacking(replace(WELL, answers=dict.fromkeys(ANSWERED, True) | {code: False})) == {code}


def test_what_does_not_apply_is_said_to_and_an_open_alert_keeps_everybody() -> None:
    at_home = judged(replace(WELL, setting="home", route="sublingual", answers={}))
    assert {at_home[code].state for code in ("iv_removed", "escort")} == {"not_applicable"}
    assert lacking(replace(WELL, open_urgent_alerts=1)) == {"open_urgent_alert"}


@pytest.mark.parametrize("code", ["pressure", "spo2", "sedation"])
def test_a_look_counts_after_the_dose_and_shortly_before_leaving(code: str) -> None:
    for minute, counts in ((39, False), (79, False), (80, True), (110, True), (111, False)):
        seen = replace(WELL, readings=[BEFORE, replace(AFTER, at=at(minute))])
        assert (code not in lacking(seen)) is counts, minute
    late = replace(WELL, at=at(60), readings=[BEFORE, replace(AFTER, at=at(39))])
    assert code in lacking(late)


def test_drowsy_is_not_awake() -> None:
    assert lacking(replace(WELL, readings=[BEFORE, replace(AFTER, sedation_moaas=4)])) == {"sedation"}
