"""What answers come to, what a decision needs, and whether it holds: rules without a database."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.data_files import DataFileError
from app.kernel.errors import EndsBeforeStart, require_in_order
from app.kernel.ids import new_id
from app.protocols.rules import Drug
from app.screening.catalogue import askable_codes, latest_checklist, shipped_checklists
from app.screening.rules import (
    AnsweredTwice,
    DecisionNeedsMore,
    Eligibility,
    EligibilityDecision,
    Finding,
    ItemAnswer,
    ItemClass,
    Judgement,
    NotAFinding,
    Outcome,
    Purpose,
    Screened,
    eligibility_at,
    judge,
    load_checklists,
    months_after,
    require_answered_once,
    require_decidable,
)

CHECKLIST = latest_checklist()
CLASSES = {item.code: item.classes for item in CHECKLIST.items}
KETAMINE, ESKETAMINE = Drug.KETAMINE, Drug.ESKETAMINE
NEW_YORK = "America/New_York"


def answered(**others: str) -> dict[str, ItemAnswer]:
    """Everything answered no, but for some."""
    return {code: ItemAnswer(others.get(code, "no")) for code in askable_codes()}


# ── the checklist ────────────────────────────────────────────────────────────────────────────────────────────────────


EVERY_TOPIC = """
ANEURYSM AVM ICH HYPERSENS ICP CV_EVENT_LE6W BP_ABOVE_180_100 PREGNANT LACTATING HEPATIC_SEVERE AGE_LT_18
PSYCHOSIS_ACTIVE MANIA_ACTIVE BP_UNCONTROLLED HTN_ENCEPHALOPATHY CV_UNSTABLE IOP SUD_ACTIVE KETAMINE_MISUSE CYSTITIS
LFT_HIGH THYROID_UNCONTROLLED PHAEO DELIRIUM HEPATIC_MODERATE RENAL_SEVERE RESP_RISK SEIZURE CHILDBEARING SUD_HISTORY
SUICIDE_HIGH NO_ESCORT BP_HIGH_TODAY ATE_LT_2H DRANK_LT_30M NASAL_DRUG_LT_1H INTOXICATED CONSENT_MISSING
REMS_NOT_ENROLLED
"""


def test_the_checklist_has_every_topic_and_says_where_each_class_comes_from() -> None:
    assert set(CLASSES) == set(EVERY_TOPIC.split())
    assert all(item.source for item in CHECKLIST.items)
    assert {item.code for item in CHECKLIST.items if item.answered_from} == {"CONSENT_MISSING", "REMS_NOT_ENROLLED"}
    assert shipped_checklists()["ELIGIBILITY", 1] is CHECKLIST


# Written by hand: what labels forbid, what they only advise against, and what is neither.
@pytest.mark.parametrize(
    ("drug", "item_class", "codes"),
    [
        (ESKETAMINE, "contraindicated", "ANEURYSM AVM ICH HYPERSENS ICP CV_EVENT_LE6W BP_ABOVE_180_100"),
        (KETAMINE, "contraindicated", "HYPERSENS ICP BP_ABOVE_180_100"),
        (ESKETAMINE, "not_recommended", "PREGNANT LACTATING HEPATIC_SEVERE AGE_LT_18"),
        (KETAMINE, "not_recommended", "PREGNANT"),
        (
            ESKETAMINE,
            "caution",
            "HEPATIC_MODERATE RENAL_SEVERE RESP_RISK SEIZURE CHILDBEARING SUD_HISTORY SUICIDE_HIGH",
        ),
        (KETAMINE, "caution", "RENAL_SEVERE RESP_RISK SEIZURE CHILDBEARING SUD_HISTORY SUICIDE_HIGH"),
        (
            ESKETAMINE,
            "holds_today",
            "NO_ESCORT BP_HIGH_TODAY ATE_LT_2H DRANK_LT_30M NASAL_DRUG_LT_1H INTOXICATED CONSENT_MISSING REMS_NOT_ENROLLED",
        ),
        (KETAMINE, "holds_today", "NO_ESCORT BP_HIGH_TODAY INTOXICATED CONSENT_MISSING"),
    ],
)
def test_the_class_of_an_item_depends_on_the_drug(drug: Drug, item_class: str, codes: str) -> None:
    assert {code for code, classes in CLASSES.items() if classes.get(drug) == item_class} == set(codes.split())


ITEM: Mapping[str, Any] = {
    "code": "ICP",
    "topic": "Pressure",
    "classes": {"ketamine": "relative"},
    "answered_from": None,
    "source": "Somewhere",
    "verified": False,
}


@pytest.mark.parametrize(
    ("items", "field"),
    [
        ([], "items"),
        ([ITEM, ITEM], "items[1].code"),
        ([{**ITEM, "classes": {}}], "items[0].classes"),
        ([{**ITEM, "classes": {"lidocaine": "relative"}}], "items[0].classes.lidocaine"),
        ([{**ITEM, "classes": {"ketamine": "dangerous"}}], "items[0].classes.ketamine"),
        ([{**ITEM, "answered_from": "nobody"}], "items[0].answered_from"),
        ([{**ITEM, "sorce": "x"}], "items[0].sorce"),
        ([{**ITEM, "source": " "}], "items[0].source"),
    ],
)
def test_a_checklist_that_cannot_be_trusted_is_refused(items: list[object], field: str, tmp_path: Path) -> None:
    file = {"code": "ELIGIBILITY", "version": 2, "name": "Wrong", "source": "Nowhere", "items": items}
    (tmp_path / "ELIGIBILITY@2.json").write_text(json.dumps(file))
    with pytest.raises(DataFileError) as refused:
        load_checklists(tmp_path)
    assert refused.value.field == field


# ── the outcome ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("drug", list(Drug))
@pytest.mark.parametrize("purpose", list(Purpose))
def test_everything_answered_no_clears(drug: Drug, purpose: Purpose) -> None:
    assert judge(CHECKLIST, drug, purpose, answered()) == Judgement(Outcome.CLEARED, ())


@pytest.mark.parametrize(
    ("drug", "code", "answer", "outcome"),
    [
        (ESKETAMINE, "ANEURYSM", "yes", "excluded"),
        (ESKETAMINE, "ANEURYSM", "unknown", "needs_review"),
        (KETAMINE, "ANEURYSM", "yes", "needs_review"),
        (ESKETAMINE, "PREGNANT", "yes", "needs_review"),
        (ESKETAMINE, "PREGNANT", "unknown", "needs_review"),
        (KETAMINE, "PSYCHOSIS_ACTIVE", "yes", "needs_review"),
        (KETAMINE, "PSYCHOSIS_ACTIVE", "unknown", "needs_review"),
        (KETAMINE, "SUD_HISTORY", "yes", "needs_review"),
        (KETAMINE, "NO_ESCORT", "yes", "needs_review"),
        (ESKETAMINE, "HEPATIC_MODERATE", "yes", "needs_review"),
        (KETAMINE, "HEPATIC_MODERATE", "yes", "cleared"),
        (ESKETAMINE, "IOP", "yes", "cleared"),
    ],
)
def test_one_answer_makes_the_outcome(drug: Drug, code: str, answer: str, outcome: str) -> None:
    judgement = judge(CHECKLIST, drug, Purpose.ELIGIBILITY, answered(**{code: answer}))
    expected = () if outcome == "cleared" else (Finding(code, CLASSES[code][drug], ItemAnswer(answer)),)
    assert judgement == Judgement(Outcome(outcome), expected)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_what_was_not_answered_is_found_where_it_is_due(purpose: Purpose) -> None:
    judgement = judge(CHECKLIST, ESKETAMINE, purpose, {})
    assert judgement.outcome is Outcome.NEEDS_REVIEW
    today = {"NO_ESCORT", "BP_HIGH_TODAY", "ATE_LT_2H", "DRANK_LT_30M", "NASAL_DRUG_LT_1H", "INTOXICATED"}
    found = {one.code for one in judgement.findings}
    assert all(one.answer is None for one in judgement.findings)
    assert found == today if purpose is Purpose.SESSION else "ANEURYSM" in found and not found & today
    assert not found & {"CONSENT_MISSING", "REMS_NOT_ENROLLED"}


def test_what_turns_up_on_the_day_counts() -> None:
    held = {"NO_ESCORT": ItemAnswer.NO, "BP_HIGH_TODAY": ItemAnswer.NO, "INTOXICATED": ItemAnswer.NO}
    assert judge(CHECKLIST, KETAMINE, Purpose.SESSION, held).outcome is Outcome.CLEARED
    assert (
        judge(CHECKLIST, KETAMINE, Purpose.SESSION, held | {"PREGNANT": ItemAnswer.YES}).outcome is Outcome.NEEDS_REVIEW
    )
    assert judge(CHECKLIST, KETAMINE, Purpose.SESSION, held | {"HYPERSENS": ItemAnswer.YES}).outcome is Outcome.EXCLUDED


@given(
    st.dictionaries(st.sampled_from(askable_codes()), st.sampled_from(ItemAnswer)),
    st.sampled_from(Drug),
    st.sampled_from(Purpose),
    st.sampled_from(askable_codes()),
)
def test_a_further_yes_never_makes_an_outcome_milder(
    answers: dict[str, ItemAnswer], drug: Drug, purpose: Purpose, code: str
) -> None:
    order = list(Outcome)
    before = judge(CHECKLIST, drug, purpose, answers)
    after = judge(CHECKLIST, drug, purpose, answers | {code: ItemAnswer.YES})
    assert order.index(after.outcome) >= order.index(before.outcome)
    assert (before.outcome is Outcome.CLEARED) == (before.findings == ())


def test_an_item_is_answered_once() -> None:
    require_answered_once(["ICP", "AVM"])
    with pytest.raises(AnsweredTwice) as refused:
        require_answered_once(["ICP", "AVM", "ICP"])
    assert [one.pointer for one in refused.value.faults] == ["#/answers/2/code"]


# ── the decision ─────────────────────────────────────────────────────────────────────────────────────────────────────

YES, NO, WITH = (
    EligibilityDecision.ELIGIBLE,
    EligibilityDecision.NOT_ELIGIBLE,
    EligibilityDecision.ELIGIBLE_WITH_CONDITIONS,
)
CLEARED = Judgement(Outcome.CLEARED, ())


def found(item_class: str, answer: str | None = "yes") -> Judgement:
    """One finding."""
    finding = Finding("ICP", ItemClass(item_class), None if answer is None else ItemAnswer(answer))
    excluded = item_class == "contraindicated" and answer == "yes"
    return Judgement(Outcome.EXCLUDED if excluded else Outcome.NEEDS_REVIEW, (finding,))


@pytest.mark.parametrize(
    ("judgement", "decision", "reason", "overrides", "missing"),
    [
        (CLEARED, YES, None, [], None),
        (CLEARED, WITH, None, [], None),
        (CLEARED, NO, None, [], (True, [], [])),
        (CLEARED, NO, "Prefers to wait.", [], None),
        (found("caution"), YES, None, [], (True, [], [])),
        (found("caution"), YES, "Weighed.", [], None),
        (found("caution", "unknown"), YES, "Weighed.", [], None),
        (found("relative"), WITH, None, [], (True, [], [])),
        (found("relative", None), YES, "Weighed.", [], None),
        (found("not_recommended"), YES, None, [], (True, [], [])),
        (found("not_recommended"), YES, "Weighed.", [], None),
        (found("not_recommended", "unknown"), YES, "Weighed.", [], (False, [], ["ICP"])),
        (found("contraindicated"), YES, None, [], (True, ["ICP"], [])),
        (found("contraindicated"), YES, "Weighed.", [], (False, ["ICP"], [])),
        (found("contraindicated"), WITH, "Weighed.", [], (False, ["ICP"], [])),
        (found("contraindicated"), YES, None, ["ICP"], (True, [], [])),
        (found("contraindicated"), YES, "Weighed.", ["ICP"], None),
        (found("contraindicated", "unknown"), YES, "Weighed.", ["ICP"], (False, [], ["ICP"])),
        (found("contraindicated", None), YES, "Weighed.", [], (False, [], ["ICP"])),
        (found("contraindicated"), NO, "Aneurysm.", [], None),
        (found("contraindicated", None), NO, "Does not want to answer.", [], None),
        (found("contraindicated"), NO, None, [], (True, [], [])),
    ],
)
def test_a_decision_passes_over_nothing(
    judgement: Judgement,
    decision: EligibilityDecision,
    reason: str | None,
    overrides: list[str],
    missing: tuple[bool, list[str], list[str]] | None,
) -> None:
    if missing is None:
        require_decidable(judgement, decision, reason=reason, overrides=overrides)
        return
    with pytest.raises(DecisionNeedsMore) as refused:
        require_decidable(judgement, decision, reason=reason, overrides=overrides)
    assert tuple(refused.value.members.values()) == missing


def test_every_contraindication_is_named() -> None:
    findings = tuple(Finding(code, ItemClass.CONTRAINDICATED, ItemAnswer.YES) for code in ("ANEURYSM", "ICP"))
    judgement = Judgement(Outcome.EXCLUDED, findings)
    require_decidable(judgement, YES, reason="Weighed.", overrides=["ICP", "ANEURYSM"])
    with pytest.raises(DecisionNeedsMore) as refused:
        require_decidable(judgement, YES, reason="Weighed.", overrides=["ICP"])
    assert refused.value.members["overrides_needed"] == ["ANEURYSM"]


def test_only_a_finding_can_be_overridden() -> None:
    with pytest.raises(NotAFinding) as refused:
        require_decidable(found("contraindicated"), YES, reason="Weighed.", overrides=["ICP", "AVM"])
    assert [one.pointer for one in refused.value.faults] == ["#/overrides/1"]


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 3, 2), 12, date(2027, 3, 2)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
    ],
)
def test_months_later(day: date, months: int, expected: date) -> None:
    assert months_after(day, months) == expected


def test_nothing_ends_before_it_begins() -> None:
    for first, second in ((None, date(2026, 3, 2)), (date(2026, 3, 2), None), (date(2026, 3, 2), date(2026, 3, 2))):
        require_in_order(first, second, pointer="#/expires_on")
    with pytest.raises(EndsBeforeStart):
        require_in_order(date(2026, 3, 3), date(2026, 3, 2), pointer="#/expires_on")


# ── whether it holds ─────────────────────────────────────────────────────────────────────────────────────────────────

NOON = datetime(2026, 3, 2, 17, tzinfo=UTC)


def a_screening(days_ago: float, outcome: str = "cleared", decision: str | None = None, **members: Any) -> Screened:
    """Asked so long before noon, and decided an hour later if at all."""
    at = NOON - timedelta(days=days_ago)
    facts: dict[str, Any] = {
        "id": new_id(),
        "drug": KETAMINE,
        "purpose": Purpose.ELIGIBILITY,
        "screened_at": at,
        "outcome": Outcome(outcome),
        "decision": None if decision is None else EligibilityDecision(decision),
        "decided_at": None if decision is None else at + timedelta(hours=1),
        "decision_is_current": None if decision is None else True,
        "expires_on": date(2026, 12, 31) if decision in {"eligible", "eligible_with_conditions"} else None,
    }
    return Screened(**facts | members)


@pytest.mark.parametrize(
    ("screenings", "reason", "by"),
    [
        ([], "not_screened", None),
        ([a_screening(9, drug=ESKETAMINE, decision="eligible")], "not_screened", None),
        ([a_screening(9, purpose=Purpose.SESSION)], "not_screened", None),
        ([a_screening(-1, decision="eligible")], "not_screened", None),
        ([a_screening(9)], "not_decided", 0),
        ([a_screening(9, "excluded")], "not_decided", 0),
        ([a_screening(0.02, decision="eligible")], "not_decided", 0),
        ([a_screening(9, decision="eligible")], "eligible", 0),
        ([a_screening(9, "excluded", "eligible")], "eligible", 0),
        ([a_screening(9, "needs_review", "eligible_with_conditions")], "eligible_with_conditions", 0),
        ([a_screening(9, "excluded", "not_eligible")], "not_eligible", 0),
        ([a_screening(9, decision="eligible", decision_is_current=False)], "answers_changed", 0),
        ([a_screening(9, decision="not_eligible", decision_is_current=False)], "answers_changed", 0),
        ([a_screening(9, decision="eligible", expires_on=date(2026, 3, 2))], "eligible", 0),
        ([a_screening(9, decision="eligible", expires_on=date(2026, 3, 1))], "expired", 0),
        ([a_screening(9, decision="eligible"), a_screening(5, decision="not_eligible")], "not_eligible", 1),
        ([a_screening(5, decision="eligible"), a_screening(9, decision="not_eligible")], "eligible", 0),
        ([a_screening(9, decision="eligible"), a_screening(5)], "eligible", 0),
        ([a_screening(9, decision="eligible"), a_screening(5, "needs_review")], "not_decided", 1),
        ([a_screening(9, decision="eligible"), a_screening(5, "excluded", purpose=Purpose.SESSION)], "eligible", 0),
    ],
)
def test_the_latest_screening_that_says_something_counts(
    screenings: list[Screened], reason: str, by: int | None
) -> None:
    standing = eligibility_at(screenings, KETAMINE, NOON, NEW_YORK)
    expected: UUID | None = None if by is None else screenings[by].id
    assert (standing.reason, standing.record_id) == (Eligibility(reason), expected)
    assert standing.holds == reason.startswith("eligible")
    assert eligibility_at(reversed(screenings), KETAMINE, NOON, NEW_YORK) == standing


def test_a_decision_holds_until_the_end_of_its_last_day_on_the_clinics_wall() -> None:
    screening = a_screening(9, decision="eligible", expires_on=date(2026, 3, 2))
    late = datetime(2026, 3, 3, 4, 59, tzinfo=UTC)
    assert eligibility_at([screening], KETAMINE, late, NEW_YORK).holds
    assert eligibility_at([screening], KETAMINE, late, NEW_YORK).until == date(2026, 3, 2)
    assert not eligibility_at([screening], KETAMINE, late + timedelta(minutes=1), NEW_YORK).holds
    assert not eligibility_at([screening], KETAMINE, late, "UTC").holds
