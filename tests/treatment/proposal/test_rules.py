"""What dose a plan leads to, reckoned exactly and held to its limits."""

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dosing.limits import shipped_limits
from app.dosing.rules import ImpossibleAmount, LimitBreach, Limits, OwnMaximum, limit_breaches, limits_for
from app.protocols.catalogue import shipped_protocols
from app.protocols.rules import Phase
from app.treatment.proposal.rules import (
    Amount,
    Basis,
    Cap,
    CapReason,
    Choice,
    Means,
    caps_of,
    choose,
    propose,
)

D = Decimal
INFUSED = shipped_limits().by_route["ketamine", "intravenous"]
THREE = Decimal("0.001")


@pytest.mark.parametrize(
    ("mg_per_kg", "kg", "stock", "bag", "minutes", "mg", "draw", "ml_per_h", "mg_per_min"),
    [
        ("0.5", "70", "50", "100", 40, "35", "0.700", "150", "0.875"),
        ("0.5", "92.4", "10", "100", 40, "46.2", "4.620", "150", "1.155"),
        ("0.75", "81", "50", "50", 40, "60.75", "1.215", "75", "1.519"),
        ("1.0", "65", "100", "100", 60, "65", "0.650", "100", "1.083"),
        ("0.5", "82.4", "10", "100", 40, "41.2", "4.12", "150", "1.030"),
        # Ties go up, where binary numbers would let them fall: 0.75 mg/kg at 45.05 kg is 33.7875 mg exactly.
        ("0.75", "45.05", "10", "100", 40, "33.788", "3.379", "150", "0.845"),
        ("0.7", "82.45", "10", "100", 40, "57.715", "5.772", "150", "1.443"),
        ("0.1", "70.05", "10", "100", 40, "7.005", "0.701", "150", "0.175"),
        ("0.0333", "70.05", "1", "70", 7, "2.333", "2.333", "600", "0.333"),
    ],
)
def test_worked_examples(  # one parameter a column
    mg_per_kg: str,
    kg: str,
    stock: str,
    bag: str,
    minutes: int,
    mg: str,
    draw: str,
    ml_per_h: str,
    mg_per_min: str,
) -> None:
    means = Means(infusion_minutes=minutes, concentration_mg_per_ml=D(stock), bag_total_ml=D(bag))
    found = propose(Amount(mg_per_kg=D(mg_per_kg)), D(kg), (), means)
    assert (found.calculated_mg, found.proposed_mg, found.cap) == (D(mg), D(mg), None)
    assert (found.drawn_ml, found.rate_ml_per_h) == (D(draw), D(ml_per_h))
    assert found.rate_mg_per_min is not None
    assert found.rate_mg_per_min.quantize(THREE, ROUND_HALF_UP) == D(mg_per_min)
    numbers = (found.calculated_mg, found.proposed_mg, found.drawn_ml, found.rate_ml_per_h, found.rate_mg_per_min)
    assert all(type(number) is Decimal for number in numbers)


def test_what_follows_is_reckoned_from_the_milligrams_that_are_shown() -> None:
    """0.3333 mg/kg at 82.43 kg is 27.473919 mg: ordered are 27.474, and those are drawn and infused."""
    found = propose(
        Amount(mg_per_kg=D("0.3333")), D("82.43"), (), Means(infusion_minutes=7, concentration_mg_per_ml=D(1))
    )
    assert (found.proposed_mg, found.drawn_ml) == (D("27.474"), D("27.474"))
    assert found.rate_mg_per_min == D("3.9249")  # 27.474 / 7 = 3.92485…; from a rounded 3.925 nothing else would follow
    assert found.proposed_mg_per_kg == D("0.3333")


@pytest.mark.parametrize("broken", [Means(infusion_minutes=0), Means(concentration_mg_per_ml=D(0))])
def test_what_divides_is_above_zero(broken: Means) -> None:
    with pytest.raises(ImpossibleAmount):
        propose(Amount(mg=D(40)), D(80), (), broken)


# ── what holds it down ───────────────────────────────────────────────────────────────────────────────────────────────


def held(mg: str, *caps: Cap, **means: Decimal) -> tuple[Decimal, CapReason | None, Decimal | int | None]:
    """What a dose in milligrams is held to, why, and in how many devices or units."""
    found = propose(Amount(mg=D(mg)), None, caps, Means(**means))
    return (
        found.proposed_mg,
        found.cap and found.cap.reason,
        found.devices if "device_mg" in means else found.proposed_units,
    )


def cap(reason: CapReason, mg: str) -> Cap:
    """Something that holds a dose down."""
    return Cap(reason, D(mg), "made up for this test")


def test_the_lowest_cap_counts_and_exactly_at_it_nothing_is_held_down() -> None:
    plan, patient = cap(CapReason.PROTOCOL_MAXIMUM, "84"), cap(CapReason.PATIENT_LIMIT, "40")
    assert held("84", plan) == (84, None, None)
    assert held("84.001", plan) == (84, CapReason.PROTOCOL_MAXIMUM, None)
    assert held("84.001", plan, patient) == (40, CapReason.PATIENT_LIMIT, None)
    assert held("84", plan, device_mg=D(28)) == (84, None, 3)
    assert held("84", patient, device_mg=D(28)) == (28, CapReason.PATIENT_LIMIT, 1)
    assert held("20", device_mg=D(28)) == (0, None, 0)
    assert held("100", unit_strength_mg=D(50)) == (100, None, 2)
    assert held("100", unit_strength_mg=D(30)) == (100, None, D("3.33"))


def caps(limits: Limits, kg: str | None = None, **more: object) -> dict[str, tuple[Decimal, str]]:
    """What holds a dose down under these limits."""
    told = {"protocol_maximum": None, "protocol_version": "PLAN@2"} | more
    found = caps_of(limits, None if kg is None else D(kg), **told)  # type: ignore[arg-type]
    return {one.reason.value: (one.limit_mg, one.version) for one in found}


def test_each_cap_says_who_set_it() -> None:
    assert caps(INFUSED) == {}
    assert caps(INFUSED, "82.45") == {"max_mg_per_kg": (D("82.45"), "DOSE_LIMITS@1")}
    assert caps(INFUSED, "82.45", given_before_mg=D("41.2")) == {"max_mg_per_kg": (D("41.25"), "DOSE_LIMITS@1")}
    assert caps(INFUSED, "40", given_before_mg=D(41)) == {"max_mg_per_kg": (D(0), "DOSE_LIMITS@1")}
    assert caps(INFUSED, protocol_maximum=D(60)) == {"protocol_maximum": (D(60), "PLAN@2")}
    assert caps(shipped_limits().by_route["esketamine", "intranasal"]) == {"hard_max_mg": (D(84), "DOSE_LIMITS@1")}
    by_mouth = shipped_limits().by_route["ketamine", "oral"]
    for version, reason in (("patient_limit:1", "patient_limit"), ("policy_setting:1", "clinic_limit")):
        lowered = limits_for(by_mouth, None, maximum=OwnMaximum(D(100), "The clinic's own.", version))
        assert caps(lowered) == {reason: (D(100), version)}
        assert lowered.versions[LimitBreach.ABOVE_MAX_MG] == version
        assert limit_breaches(lowered, dose_mg=D("100.001")) == ("above_max_mg",)
    lifted = limits_for(by_mouth, None, maximum=OwnMaximum(D(900), "The clinic's own.", "policy_setting:1"))
    assert lifted == by_mouth, "nobody lifts a limit by setting one of their own"
    plan = shipped_protocols()["KET_IV_6x3W", 1]
    assert caps(limits_for(INFUSED, plan.limits, version="KET_IV_6x3W@1"), "80")["max_mg_per_kg"][1] == "KET_IV_6x3W@1"


@given(
    st.decimals("0.0001", "5", places=4),
    st.decimals("1", "300", places=2),
    st.decimals("0.0001", "5", places=4),
    st.decimals("0", "50", places=3),
)
def test_a_proposal_never_goes_beyond_a_limit_by_its_rounding(
    mg_per_kg: Decimal, kg: Decimal, most_per_kg: Decimal, before: Decimal
) -> None:
    limits = replace(INFUSED, max_mg_per_kg=most_per_kg)
    held_to = caps_of(limits, kg, protocol_maximum=None, protocol_version="", given_before_mg=before)
    found = propose(Amount(mg_per_kg=mg_per_kg), kg, held_to, Means())
    exact = Fraction(mg_per_kg) * Fraction(kg)
    assert abs(Fraction(found.calculated_mg) - exact) <= Fraction(1, 2000)
    if found.cap is not None:
        assert limit_breaches(limits, dose_mg=found.proposed_mg, weight_kg=kg, given_before_mg=before) in {
            (),
            *([("above_max_mg_per_kg",)] if found.proposed_mg == 0 else []),
        }


# ── what is chosen ───────────────────────────────────────────────────────────────────────────────────────────────────


def phase(code: str, name: str = "induction") -> Phase:
    """A phase of a shipped plan."""
    found = shipped_protocols()[code, 1].phase(name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("where", "before", "is_first", "basis", "chosen"),
    [
        (phase("KET_IV_6x3W"), None, True, Basis.PROTOCOL, Amount(mg_per_kg=D("0.5"))),
        # A step is climbed by a prescriber: the one before is proposed again.
        (phase("KET_SC_KADS"), None, True, Basis.PROTOCOL, Amount(mg_per_kg=D("0.5"))),
        (phase("KET_SC_KADS"), Amount(mg_per_kg=D("0.75")), False, Basis.PROTOCOL, Amount(mg_per_kg=D("0.75"))),
        (phase("KET_SC_KADS"), Amount(mg_per_kg=D("0.7")), False, Basis.PROTOCOL, Amount(mg_per_kg=D("0.5"))),
        (phase("KET_SC_KADS"), Amount(mg_per_kg=D("0.75")), True, Basis.PROTOCOL, Amount(mg_per_kg=D("0.5"))),
        (phase("ESK_TRD"), Amount(mg=D(84)), True, Basis.PROTOCOL, Amount(mg=D(56))),
        (phase("ESK_TRD"), Amount(mg=D(84)), False, Basis.PROTOCOL, Amount(mg=D(84))),
        (phase("ESK_TRD", "maintenance_1"), Amount(mg=D(84)), False, Basis.PROTOCOL, Amount(mg=D(84))),
        (phase("KET_SL_6x"), Amount(mg=D(150)), False, Basis.PROTOCOL, Amount(mg=D(150))),
        # Where the plan names none, the dose before is repeated.
        (phase("OPEN"), Amount(mg_per_kg=D("0.45")), False, Basis.PREVIOUS_DOSE, Amount(mg_per_kg=D("0.45"))),
        (phase("KET_IV_BOOSTER_PRN", "maintenance"), Amount(mg=D(40)), True, Basis.PREVIOUS_DOSE, Amount(mg=D(40))),
        (phase("OPEN"), None, True, Basis.NONE, None),
        (None, None, True, Basis.NONE, None),
    ],
)
def test_a_proposal_stays_at_the_step_of_the_dose_before(
    where: Phase | None, before: Amount | None, is_first: bool, basis: Basis, chosen: Amount | None
) -> None:
    found = choose(where, before, is_first=is_first)
    assert (found.basis, found.amount) == (basis, chosen)


def test_a_choice_shows_what_the_plan_offers() -> None:
    assert choose(phase("ESK_TRD"), None, is_first=True).choices_mg == (56,)
    assert choose(phase("ESK_TRD"), None, is_first=False).choices_mg == (56, 84)
    steps = (D("0.5"), D("0.6"), D("0.75"), D("0.9"))
    assert choose(phase("KET_SC_KADS"), None, is_first=True) == Choice(
        Basis.PROTOCOL, Amount(mg_per_kg=D("0.5")), (), steps
    )
