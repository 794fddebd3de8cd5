"""Who has to look at an answer, and how soon."""

from dataclasses import dataclass

from app.alerts.rules import AlertSeverity
from app.assessments.rules.instrument import Instrument
from app.assessments.rules.scoring import Score


@dataclass(frozen=True, slots=True)
class SafetyAlert:
    """Why somebody has to look, and how soon: `safety_item_positive` or `safety_item_missing`."""

    severity: AlertSeverity
    code: str


def safety_alert(instrument: Instrument, score: Score) -> SafetyAlert | None:
    """Say whether somebody has to look at the safety item, and how soon.

    Looks at the item alone, so an incomplete questionnaire raises the alert too.
    """
    rule = instrument.safety_item
    if rule is None:
        return None
    if score.safety_item is None:
        return SafetyAlert(AlertSeverity.REVIEW, "safety_item_missing") if score.safety_item_missing else None
    if score.safety_item >= rule.urgent_from:
        return SafetyAlert(AlertSeverity.URGENT, "safety_item_positive")
    if score.safety_item >= rule.review_from:
        return SafetyAlert(AlertSeverity.REVIEW, "safety_item_positive")
    return None
