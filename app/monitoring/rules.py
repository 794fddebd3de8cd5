"""What a reading can be at all, what is found in it, and how far a device's clock is off.

Only what no body can have is refused here. A reading that is merely alarming is a fact.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from app.alerts.rules import AlertSeverity
from app.kernel.errors import Fault, Invalid
from app.policies.rules import InForce, Pressure


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


# ── what is found in a reading ───────────────────────────────────────────────────────────────────────────────────────

LIMITS: Final = (
    "pressure_escalate_from",
    "pressure_recheck_from",
    "pressure_recheck_minutes",
    "pressure_recheck_rise",
    "reading_recheck_minutes",
    "respiratory_rate_alert_above",
    "respiratory_rate_alert_below",
    "sedation_alert_to",
    "spo2_alert_below",
    "spo2_emergency_below",
    "vital_slot_late_after_minutes",
)
"""The policies a reading is held against."""

PRESSURE: Final = "pressure"


@dataclass(frozen=True, slots=True)
class Measured:
    """What of a reading is held against limits; None where it was not measured."""

    systolic_mmhg: int | None = None
    diastolic_mmhg: int | None = None
    respiratory_rate_per_min: int | None = None
    spo2_percent: int | None = None
    sedation_moaas: int | None = None

    @property
    def measures(self) -> frozenset[str]:
        """What was measured, as a slot asks for it: a pressure as one thing, of which the upper part is enough."""
        pairs = (
            (PRESSURE, self.systolic_mmhg),
            ("respiratory_rate_per_min", self.respiratory_rate_per_min),
            ("spo2_percent", self.spo2_percent),
            ("sedation_moaas", self.sedation_moaas),
        )
        return frozenset(name for name, value in pairs if value is not None)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a reading that somebody has to do something about.

    Attributes:
        code: Its name; an alert it raises has the same.
        measure: What is found abnormal, as a slot asks for it.
        severity: How soon somebody must look; None: nobody is called, it is only measured again.
        rule: The limit in words, with where it comes from.
        policy_version: The version of the policy the limit comes from.
        repeat_after_minutes: When it is measured again, counted from the reading; None: it is not.
    """

    code: str
    measure: str
    severity: AlertSeverity | None
    rule: str
    policy_version: str
    repeat_after_minutes: int | None


def findings(
    reading: Measured, baseline: Measured | None, limits: Mapping[str, InForce], *, before_dose: bool = False
) -> tuple[Finding, ...]:
    """Hold a reading against the limits in force.

    Of what is measured only the gravest is found: oxygen below the limit of an emergency is not also an alert, and a
    pressure from which somebody is called not also one that is only measured again.

    Args:
        reading: What was measured.
        baseline: The last pressure before the dose of the same session, which a rise is counted from; None: there is
            none, and no rise is found.
        limits: The `LIMITS` in force for the patient.
        before_dose: Nothing was given yet. Readiness then holds the reading against the limits of a start, and here
            only what would be grave at any time is found, to be looked at and not to be waited for.
    """
    found = [one for one in (_pressure(reading, baseline, limits), *_others(reading, limits)) if one is not None]
    if before_dose:
        grave = (one for one in found if one.code == "pressure_high" or one.severity is AlertSeverity.EMERGENCY)
        return tuple(Finding(one.code, one.measure, one.severity, one.rule, one.policy_version, None) for one in grave)
    return tuple(found)


def _pressure(reading: Measured, baseline: Measured | None, limits: Mapping[str, InForce]) -> Finding | None:
    systolic, diastolic = reading.systolic_mmhg, reading.diastolic_mmhg
    minutes = int(limits["pressure_recheck_minutes"].number)
    risen = (
        Measured()
        if baseline is None
        else Measured(_rise(systolic, baseline.systolic_mmhg), _rise(diastolic, baseline.diastolic_mmhg))
    )
    for code, policy, severity, measured, words in (
        ("pressure_high", "pressure_escalate_from", AlertSeverity.URGENT, reading, "Blood pressure from"),
        ("pressure_recheck", "pressure_recheck_from", None, reading, "Blood pressure from"),
        ("pressure_rise", "pressure_recheck_rise", None, risen, "Blood pressure up since before the dose by"),
    ):
        limit = limits[policy]
        if pressure_alarms(limit.pressure, measured.systolic_mmhg, measured.diastolic_mmhg):
            high = limit.pressure
            rule = f"{words} {high.systolic_mmhg} systolic or {high.diastolic_mmhg} diastolic mmHg. {limit.source}"
            return Finding(code, PRESSURE, severity, rule, limit.version, minutes)
    return None


def _rise(value: int | None, before: int | None) -> int | None:
    return None if value is None or before is None else value - before


def _others(reading: Measured, limits: Mapping[str, InForce]) -> Iterable[Finding | None]:
    minutes = int(limits["reading_recheck_minutes"].number)

    def found(code: str, measure: str, severity: AlertSeverity, policy: str, words: str) -> Finding:
        limit = limits[policy]
        rule = f"{words.format(limit.number)} {limit.source}"
        return Finding(code, measure, severity, rule, limit.version, minutes)

    def limit_of(policy: str) -> Decimal:
        return limits[policy].number

    urgent = AlertSeverity.URGENT
    if (oxygen := reading.spo2_percent) is not None:
        words = "Oxygen saturation below {} %."
        if oxygen < limit_of("spo2_emergency_below"):
            yield found("spo2_emergency", "spo2_percent", AlertSeverity.EMERGENCY, "spo2_emergency_below", words)
        elif oxygen < limit_of("spo2_alert_below"):
            yield found("spo2_low", "spo2_percent", urgent, "spo2_alert_below", words)
    if (breaths := reading.respiratory_rate_per_min) is not None:
        measure = "respiratory_rate_per_min"
        if breaths < limit_of("respiratory_rate_alert_below"):
            words = "Fewer than {} breaths a minute."
            yield found("respiratory_rate_low", measure, urgent, "respiratory_rate_alert_below", words)
        elif breaths > limit_of("respiratory_rate_alert_above"):
            words = "More than {} breaths a minute."
            yield found("respiratory_rate_high", measure, urgent, "respiratory_rate_alert_above", words)
    if (sedation := reading.sedation_moaas) is not None and sedation <= limit_of("sedation_alert_to"):
        yield found(
            "sedation_deep", "sedation_moaas", urgent, "sedation_alert_to", "Sedation of {} on the MOAA/S or deeper."
        )


# ── clocks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def is_recorded_late(measured_at: datetime, recorded_at: datetime, tolerance_minutes: int) -> bool:
    """Say whether a reading came into the record late: later than so many minutes after it was measured.

    A pressure written on paper at 09:40 and typed at 10:30 is, with a tolerance of 5. That says nothing about whether
    it was *measured* late; 09:40 may have been exactly when it was due, and its slot is done in time.
    """
    return recorded_at - measured_at > timedelta(minutes=tolerance_minutes)


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
