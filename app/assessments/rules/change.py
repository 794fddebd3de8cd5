"""What a score means beside its baseline. Nothing is rounded before comparing."""

from decimal import Decimal
from typing import assert_never

from app.assessments.rules.instrument import Comparison, Instrument, RemissionCut, RemissionRule


def is_response(instrument: Instrument, baseline: Decimal | None, followup: Decimal | None) -> bool | None:
    """Say whether enough of the baseline is gone; exactly enough counts. Nothing is rounded before comparing.

    Returns:
        None where it is undefined: a total is missing, the baseline is 0 and cannot fall, or the instrument rates no
        outcome.
    """
    if instrument.response is None or baseline is None or followup is None or baseline == 0:
        return None
    return followup * 100 <= baseline * (100 - instrument.response.reduction_percent)


def is_remission(instrument: Instrument, total: Decimal | None) -> bool | None:
    """Say whether a total counts as remission; not rounded before comparing.

    Returns:
        None where it is undefined: no total, or no rule for this instrument.
    """
    rule = instrument.remission
    if rule is None or total is None:
        return None
    return is_within(rule, total)


def is_within(cut: RemissionRule | RemissionCut, total: Decimal) -> bool:
    """Say whether a total is on the good side of a cut-off, the default one or one of the other published ones."""
    match cut.operator:
        case Comparison.BELOW:
            return total < cut.value
        case Comparison.AT_MOST:
            return total <= cut.value
        case _:  # pragma: no cover  (the type checker proves that nothing gets here)
            assert_never(cut.operator)
