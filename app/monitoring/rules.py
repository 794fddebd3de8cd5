"""What a reading can be at all, and how far a device's clock is off.

Only what no body can have is refused here. A reading that is merely alarming is a fact.
"""

from datetime import datetime, timedelta

from app.kernel.errors import Fault, Invalid


class ImpossiblePressure(Invalid):
    """The diastolic pressure is not below the systolic one; most often the two were typed the wrong way round."""

    code = "impossible-pressure"
    title = "The blood pressure is not possible"


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
