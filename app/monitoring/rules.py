"""What a reading can be at all, and how far a device's clock is off.

Only what no body can have is refused here. A reading that is merely alarming is a fact.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from app.kernel.errors import Fault, Invalid
from app.policies.rules import Pressure


class NothingLeft(Invalid):
    """A correction would leave a record that says nothing; such a record is marked as entered in error instead."""

    code = "nothing-left"
    title = "The correction would leave nothing of the record"
    advice = "If the record should not be there, mark it as entered in error; otherwise leave one of its values."


class ImpossiblePressure(Invalid):
    """The diastolic pressure is not below the systolic one; most often the two were typed the wrong way round."""

    code = "impossible-pressure"
    title = "The blood pressure is not possible"
    advice = "Compare the two pressures; they are most often typed the wrong way round."


def require_something_left(facts: Iterable[object], cleared: Collection[str]) -> None:
    """Refuse a correction after which a record says nothing any more.

    Args:
        facts: What the record would say: a number, a text, a list; None and an empty list say nothing.
        cleared: The members the correction empties.

    Raises:
        NothingLeft: names each of them.
    """
    if all(fact is None or fact == [] for fact in facts):
        detail = "Would leave nothing of the record; mark it as entered in error instead."
        raise NothingLeft(faults=[Fault("nothing_left", detail, pointer=f"#/{member}") for member in sorted(cleared)])


def pressure_is_possible(systolic_mmhg: int | None, diastolic_mmhg: int | None) -> bool:
    """Say whether two pressures can belong together: diastolic below systolic.

    Args:
        systolic_mmhg: None if it was not measured, as on a cuff that shows only one; then nothing contradicts it.
        diastolic_mmhg: Likewise.
    """
    return systolic_mmhg is None or diastolic_mmhg is None or diastolic_mmhg < systolic_mmhg


def require_possible_pressure(
    systolic_mmhg: int | None, diastolic_mmhg: int | None, *, pointer: str = "#/diastolic_mmhg"
) -> None:
    """Refuse pressures that cannot belong together.

    Args:
        systolic_mmhg: As for `pressure_is_possible`.
        diastolic_mmhg: Likewise.
        pointer: Where the diastolic pressure stands in the request.

    Raises:
        ImpossiblePressure: with that pointer.
    """
    if not pressure_is_possible(systolic_mmhg, diastolic_mmhg):
        raise ImpossiblePressure(
            detail="The diastolic pressure must be below the systolic one.",
            faults=(Fault(code="impossible_pressure", detail="Must be below the systolic pressure.", pointer=pointer),),
        )


def pressure_alarms(limit: Pressure, systolic_mmhg: int | None, diastolic_mmhg: int | None) -> bool:
    """Say whether a pressure is as high as a limit in either of its parts; what was not measured alarms nobody."""
    return (systolic_mmhg is not None and systolic_mmhg >= limit.systolic_mmhg) or (
        diastolic_mmhg is not None and diastolic_mmhg >= limit.diastolic_mmhg
    )


def clock_skew_seconds(device_at: datetime, server_at: datetime) -> int:
    """Say how far a device's clock runs ahead of ours, in whole seconds; negative if it is behind.

    Args:
        device_at: The time on the device when it sent the request.
        server_at: The time here when it arrived. The journey counts as skew; it is short.

    Returns:
        Rounded to the nearest second, halves away from zero, so that ahead and behind are treated alike.
    """
    skew = device_at - server_at
    seconds = (abs(skew) + timedelta(milliseconds=500)) // timedelta(seconds=1)
    return seconds if skew > timedelta(0) else -seconds
