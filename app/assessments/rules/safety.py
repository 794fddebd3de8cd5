"""Who has to look at an answer, and how soon."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from app.alerts.rules import AlertSeverity, is_at_least
from app.assessments.rules.instrument import AlertRule, Instrument, SafetyItem, When
from app.assessments.rules.scoring import Score


@dataclass(frozen=True, slots=True)
class SafetyAlert:
    """Why somebody has to look, how soon, and by which rule, in words."""

    severity: AlertSeverity
    code: str
    rule: str


def safety_alerts(instrument: Instrument, score: Score, *, baseline: Decimal | None = None) -> tuple[SafetyAlert, ...]:
    """Say why somebody has to look, and how soon: for each code the most urgent reason.

    Looks at the safety item alone, so an incomplete questionnaire raises the alert too.

    Args:
        instrument: What was answered.
        score: What it came to.
        baseline: The total a rise is measured from; None where there is none.
    """
    found: dict[str, SafetyAlert] = {}
    for alert in (*_of_safety_item(instrument, score), *_of_rules(instrument, score, baseline)):
        known = found.get(alert.code)
        if known is None or is_at_least(alert.severity, known.severity):
            found[alert.code] = alert
    return tuple(found.values())


def _of_safety_item(instrument: Instrument, score: Score) -> Iterable[SafetyAlert]:
    rule = instrument.safety_item
    if rule is None:
        return
    if score.safety_item is None:
        if score.safety_item_missing:
            yield SafetyAlert(AlertSeverity.REVIEW, "safety_item_missing", _words(instrument, rule))
    elif score.safety_item >= rule.urgent_from:
        yield SafetyAlert(AlertSeverity.URGENT, "safety_item_positive", _words(instrument, rule))
    elif score.safety_item >= rule.review_from:
        yield SafetyAlert(AlertSeverity.REVIEW, "safety_item_positive", _words(instrument, rule))


def _words(instrument: Instrument, rule: SafetyItem) -> str:
    return (
        f"{instrument.code} item {rule.number}: review from {rule.review_from}, urgent from {rule.urgent_from}, "
        f"review when unanswered. {rule.source}"
    )


def _of_rules(instrument: Instrument, score: Score, baseline: Decimal | None) -> Iterable[SafetyAlert]:
    for rule in instrument.alerts:
        if _holds(rule, score, baseline):
            at = "" if rule.value is None else f" {rule.value}"
            words = (
                f"{instrument.code}: {rule.when.replace('_', ' ')}{at}{' or '.join(('', *rule.labels))}. {rule.source}"
            )
            yield SafetyAlert(AlertSeverity(rule.level), rule.code, words)
    if instrument.risk is not None and score.incomplete:
        words = f"{instrument.code}: review when a question about suicide is unanswered. {instrument.risk.source}"
        yield SafetyAlert(AlertSeverity.REVIEW, "safety_item_missing", words)


def _holds(rule: AlertRule, score: Score, baseline: Decimal | None) -> bool:
    match rule.when:
        case When.TOTAL_AT_LEAST:
            return score.total is not None and rule.value is not None and score.total >= rule.value
        case When.TOTAL_AT_MOST:
            return score.total is not None and rule.value is not None and score.total <= rule.value
        case When.RISE_AT_LEAST:
            known = score.total is not None and baseline is not None and rule.value is not None
            return known and score.total - baseline >= rule.value  # type: ignore[operator]  # none of them is None
        case When.SEVERITY_IS:
            return score.severity in rule.labels
        case When.FINDING_IS:
            return rule.finding is not None and score.findings.get(rule.finding) in rule.labels
        case _:  # pragma: no cover  (the type checker proves that nothing gets here)
            assert_never(rule.when)
