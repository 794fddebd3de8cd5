"""What the answers of a screening come to, what a decision on them needs, and whether it holds at an instant.

The checklist is data: which class an item has depends on the drug. Nothing here refuses an answer; what may be refused
is a decision that passes over something.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final
from uuid import UUID

from app.kernel.clock import day_of
from app.kernel.data_files import DataFile
from app.kernel.errors import Fault, Invalid, RuleViolated
from app.protocols.rules import Drug


class Purpose(StrEnum):
    """What is asked for: whether somebody may be treated at all, or whether today."""

    ELIGIBILITY = "eligibility"
    SESSION = "session"


class ItemClass(StrEnum):
    """How much a yes weighs, from the label's contraindication down to what holds one session."""

    CONTRAINDICATED = "contraindicated"
    NOT_RECOMMENDED = "not_recommended"
    RELATIVE = "relative"
    CAUTION = "caution"
    HOLDS_TODAY = "holds_today"


class ItemAnswer(StrEnum):
    """An answer to one item."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """What the answers come to before anybody decides."""

    CLEARED = "cleared"
    NEEDS_REVIEW = "needs_review"
    EXCLUDED = "excluded"


class EligibilityDecision(StrEnum):
    """What a prescriber decides."""

    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not_eligible"
    ELIGIBLE_WITH_CONDITIONS = "eligible_with_conditions"


class OtherRecord(StrEnum):
    """Records that answer an item, so that nobody is asked."""

    CONSENTS = "consents"
    PROGRAMME_ENROLMENTS = "programme_enrolments"


# A decision that somebody is eligible waits until these are answered: a label says no, or advises against.
_MUST_BE_KNOWN: Final = frozenset({ItemClass.CONTRAINDICATED, ItemClass.NOT_RECOMMENDED})


# ── the checklist ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One thing to ask. A drug that is not in `classes` does not need it; `answered_from` says which record knows."""

    code: str
    topic: str
    classes: Mapping[Drug, ItemClass]
    answered_from: OtherRecord | None
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Checklist:
    """One version of a checklist. It never changes once shipped, so that an outcome can always be explained."""

    code: str
    version: int
    name: str
    items: tuple[ChecklistItem, ...]
    source: str


def load_checklists(directory: Path) -> Mapping[tuple[str, int], Checklist]:
    """Read every checklist of a directory: files named `ELIGIBILITY@VERSION.json`.

    Raises:
        DataFileError: A file is wrong; names the file and the field.
    """
    checklists = [_checklist_in(DataFile.read(path)) for path in sorted(directory.glob("ELIGIBILITY@*.json"))]
    return MappingProxyType({(one.code, one.version): one for one in checklists})


def _checklist_in(file: DataFile) -> Checklist:
    file.only("code", "version", "name", "items", "source")
    items: dict[str, ChecklistItem] = {}
    for row in file.sections("items"):
        row.only("code", "topic", "classes", "answered_from", "source", "verified")
        if (code := row.text("code")) in items:
            row.refuse("code", "appears twice")
        classes = row.section("classes")
        classes.only(*Drug)
        if not classes.members:
            row.refuse("classes", "must name a drug")
        items[code] = ChecklistItem(
            code=code,
            topic=row.text("topic"),
            classes={drug: classes.choice(drug, ItemClass) for drug in Drug if drug in classes.members},
            answered_from=None if row.is_null("answered_from") else row.choice("answered_from", OtherRecord),
            source=row.text("source"),
            verified=row.flag("verified"),
        )
    if not items:
        file.refuse("items", "must not be empty")
    return Checklist(
        file.text("code"),
        file.integer("version", minimum=1),
        file.text("name"),
        tuple(items.values()),
        file.text("source"),
    )


# ── the outcome ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Finding:
    """An item that stands in the way: answered yes, answered unknown, or not answered at all (None)."""

    code: str
    item_class: ItemClass
    answer: ItemAnswer | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the answers come to, and the findings that made it, in the order of the checklist."""

    outcome: Outcome
    findings: tuple[Finding, ...]


class AnsweredTwice(Invalid):
    """Two answers to one question are none."""

    title = "An item is answered twice"


def require_answered_once(codes: Sequence[str]) -> None:
    """Refuse a list that answers an item twice.

    Raises:
        AnsweredTwice: pointing at the second answer.
    """
    faults = [
        Fault("answered_twice", "Must be answered once.", pointer=f"#/answers/{number}/code")
        for number, code in enumerate(codes)
        if code in codes[:number]
    ]
    if faults:
        raise AnsweredTwice(faults=faults)


def judge(checklist: Checklist, drug: Drug, purpose: Purpose, answers: Mapping[str, ItemAnswer]) -> Judgement:
    """Say what answers come to.

    Only a contraindication answered yes excludes. Any other yes, an unknown, and an item of this purpose that was not
    answered need somebody's judgement. What belongs to the other purpose need not be answered, but counts if it is:
    who turns out to be pregnant on the day of a session is pregnant.

    Args:
        checklist: The version that was asked.
        drug: What is to be given.
        purpose: Items that hold a session today belong to `session`, all others to `eligibility`.
        answers: By code.
    """
    findings: list[Finding] = []
    for item in checklist.items:
        item_class = item.classes.get(drug)
        if item_class is None or item.answered_from is not None:
            continue
        answer = answers.get(item.code)
        due = (item_class is ItemClass.HOLDS_TODAY) == (purpose is Purpose.SESSION)
        if answer in {ItemAnswer.YES, ItemAnswer.UNKNOWN} or (answer is None and due):
            findings.append(Finding(item.code, item_class, answer))
    if _true_contraindications(findings):
        outcome = Outcome.EXCLUDED
    else:
        outcome = Outcome.NEEDS_REVIEW if findings else Outcome.CLEARED
    return Judgement(outcome, tuple(findings))


def _true_contraindications(findings: Iterable[Finding]) -> list[str]:
    return [
        one.code for one in findings if one.item_class is ItemClass.CONTRAINDICATED and one.answer is ItemAnswer.YES
    ]


# ── the decision ─────────────────────────────────────────────────────────────────────────────────────────────────────


class DecisionNeedsMore(RuleViolated):
    """The decision passes over something that has to be said, answered or named."""

    code = "decision-needs-more"
    title = "The decision needs more than was sent"
    advice = (
        "`reason_needed` asks for a reason. `overrides_needed` are contraindications to name in `overrides` by whoever "
        "decides against them. `answers_needed` are items to answer first, with PATCH /v1/screenings/{screening_id}."
    )


class NotOfEligibility(RuleViolated):
    """What was asked on the day of a session is judged there."""

    code = "not-of-eligibility"
    title = "This screening belongs to one session"
    advice = "Decide on a screening that was recorded without `session_id`."


class NotAFinding(Invalid):
    """An override names what this screening did not find."""

    title = "An override names no finding"


def require_decidable(
    judgement: Judgement, decision: EligibilityDecision, *, reason: str | None, overrides: Sequence[str]
) -> None:
    """Refuse a decision that passes over something.

    Saying no takes a reason, and so does saying yes unless everything was answered no. Saying yes also takes an answer
    to whatever a label contraindicates or advises against, and the name of each contraindication it overrides.

    Raises:
        NotAFinding: an override names no finding.
        DecisionNeedsMore: listing everything that is missing.
    """
    found = {one.code for one in judgement.findings}
    faults = [
        Fault("not_a_finding", "Must be the code of a finding.", pointer=f"#/overrides/{number}")
        for number, code in enumerate(overrides)
        if code not in found
    ]
    if faults:
        raise NotAFinding(faults=faults)
    says_yes = decision is not EligibilityDecision.NOT_ELIGIBLE
    reason_needed = reason is None and not (says_yes and judgement.outcome is Outcome.CLEARED)
    unknown = [
        one.code
        for one in judgement.findings
        if says_yes and one.item_class in _MUST_BE_KNOWN and one.answer is not ItemAnswer.YES
    ]
    unnamed = [code for code in _true_contraindications(judgement.findings) if says_yes and code not in overrides]
    if reason_needed or unknown or unnamed:
        missing = {"reason_needed": reason_needed, "overrides_needed": unnamed, "answers_needed": unknown}
        raise DecisionNeedsMore("See what is missing.", members=missing)


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or that month's last where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


# ── whether it holds ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether something holds at an instant, why or why not, the record that says so, and the last day it does."""

    holds: bool
    reason: StrEnum
    record_id: UUID | None = None
    until: date | None = None


class Eligibility(StrEnum):
    """Why somebody is eligible, or is not."""

    ELIGIBLE = "eligible"
    ELIGIBLE_WITH_CONDITIONS = "eligible_with_conditions"
    NOT_ELIGIBLE = "not_eligible"
    NOT_SCREENED = "not_screened"
    NOT_DECIDED = "not_decided"
    ANSWERS_CHANGED = "answers_changed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Screened:
    """A screening as far as it says whether somebody is eligible."""

    id: UUID
    drug: Drug
    purpose: Purpose
    screened_at: datetime
    outcome: Outcome
    decision: EligibilityDecision | None
    decided_at: datetime | None
    decision_is_current: bool | None
    expires_on: date | None


def eligibility_at(screenings: Iterable[Screened], drug: Drug, at: datetime, time_zone: str) -> Standing:
    """Say whether a patient is eligible for a drug at an instant.

    The latest screening counts. One that found nothing and was not decided leaves the decision before it in force; one
    that found something does not.

    Args:
        screenings: The patient's, in any order, those entered in error left out.
        drug: What is to be given.
        at: When. What was screened or decided later does not count yet.
        time_zone: The clinic's; a decision holds until the end of its last day there.
    """
    told = [
        one for one in screenings if one.drug is drug and one.purpose is Purpose.ELIGIBILITY and one.screened_at <= at
    ]
    told.sort(key=lambda one: (one.screened_at, one.id), reverse=True)
    for one in told:
        if one.decision is not None and one.decided_at is not None and one.decided_at <= at:
            return _decided(one, one.decision, day_of(at, time_zone))
        if one.outcome is not Outcome.CLEARED:
            return Standing(holds=False, reason=Eligibility.NOT_DECIDED, record_id=one.id)
    if told:
        return Standing(holds=False, reason=Eligibility.NOT_DECIDED, record_id=told[0].id)
    return Standing(holds=False, reason=Eligibility.NOT_SCREENED)


def _decided(screening: Screened, decision: EligibilityDecision, today: date) -> Standing:
    if not screening.decision_is_current:
        return Standing(holds=False, reason=Eligibility.ANSWERS_CHANGED, record_id=screening.id)
    if decision is EligibilityDecision.NOT_ELIGIBLE:
        return Standing(holds=False, reason=Eligibility.NOT_ELIGIBLE, record_id=screening.id)
    if screening.expires_on is not None and screening.expires_on < today:
        reason = Eligibility.EXPIRED
    else:
        reason = Eligibility(decision.value)
    return Standing(reason is not Eligibility.EXPIRED, reason, screening.id, screening.expires_on)
