"""Interactions of medicines by class, and the sum of benzodiazepines."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.ids import new_id
from app.patients.medications.catalogue import shipped_interactions
from app.patients.medications.rules import (
    Level,
    Taken,
    flags_of,
    interactions_of,
    sum_of_equivalents,
)

SHIPPED = shipped_interactions()
# Written by hand from the table of interactions: what each class is for us, and what is asked for because of it.
EXPECTED = {
    "benzodiazepine": ("flag", ("record_diazepam_equivalent", "ask_hold_on_day")),
    "opioid": ("flag", ("close_monitoring",)),
    "alcohol": ("flag", ("close_monitoring",)),
    "z_drug": ("flag", ("close_monitoring",)),
    "gabapentinoid": ("flag", ("close_monitoring",)),
    "other_cns_depressant": ("flag", ("close_monitoring",)),
    "psychostimulant": ("flag", ("blood_pressure_monitoring",)),
    "maoi": ("flag", ("blood_pressure_monitoring",)),
    "lamotrigine": ("flag", ("review",)),
    "cyp3a4_2b6_inhibitor": ("flag", ("review",)),
    "cyp3a4_2b6_inducer": ("flag", ("review",)),
    "clozapine": ("info", ()),
    "haloperidol": ("info", ()),
    "risperidone": ("info", ()),
    "theophylline": ("flag", ("review",)),
    "thyroid_hormone": ("flag", ("blood_pressure_monitoring",)),
    "sympathomimetic": ("flag", ("blood_pressure_monitoring",)),
    "vasopressin": ("flag", ("blood_pressure_monitoring",)),
    "naltrexone": ("flag", ("review",)),
    "lithium": ("none", ()),
    "ssri": ("none", ()),
    "snri": ("none", ()),
}


def taken(*class_codes: str, mg: str | None = None, told: bool = True) -> Taken:
    return Taken(new_id(), list(class_codes) if told else None, None if mg is None else Decimal(mg))


def test_the_shipped_classes_are_those_of_the_table() -> None:
    assert {code: (one.level.value, one.asks) for code, one in SHIPPED.classes.items()} == EXPECTED
    assert SHIPPED.limit.above_mg_per_day == 8
    assert SHIPPED.rule_version == "INTERACTIONS@1"
    for one in (*SHIPPED.classes.values(), SHIPPED.limit.flag):
        assert one.source
        assert bool(one.effect) == (one.level is not Level.NONE)


def test_a_class_without_interaction_makes_no_flag_and_a_class_untold_no_statement() -> None:
    assert interactions_of(SHIPPED, ["lithium", "ssri"]) == ()
    assert interactions_of(SHIPPED, []) == ()
    assert interactions_of(SHIPPED, None) is None
    flags = interactions_of(SHIPPED, ["maoi", "ssri", "clozapine", "maoi"])
    assert flags is not None
    assert [flag.code for flag in flags] == ["maoi", "clozapine"]


@pytest.mark.parametrize(
    ("amounts", "total", "is_above"),
    [
        ([], "0", False),
        (["8"], "8", False),  # exactly the limit is not above it
        (["8.001"], "8.001", True),
        (["5", "3"], "8", False),
        (["5", "3", "0.5"], "8.5", True),
        (["5", None], "5", None),  # what is missing might be more
        (["5", None, "4"], "9", True),  # what is known is enough
    ],
)
def test_the_sum_of_benzodiazepines(amounts: Sequence[str | None], total: str, is_above: bool | None) -> None:
    all_taken = [taken("benzodiazepine", mg=amount) for amount in amounts]
    found = sum_of_equivalents(SHIPPED.limit, all_taken)
    assert (found.mg_per_day, found.is_above) == (Decimal(total), is_above)
    assert found.missing == tuple(one.id for one in all_taken if one.diazepam_equivalent_mg_per_day is None)
    high = [flag for flag in flags_of(SHIPPED, all_taken) if flag.interaction is SHIPPED.limit.flag]
    assert len(high) == (1 if is_above else 0)


def test_flags_of_a_patient_name_each_class_once_with_its_medicines() -> None:
    first, second, third = taken("benzodiazepine", mg="6"), taken("benzodiazepine", "opioid", mg="4"), taken(told=False)
    flags = flags_of(SHIPPED, [first, second, third])
    assert [(flag.interaction.code, flag.medication_ids) for flag in flags] == [
        ("benzodiazepine", (first.id, second.id)),
        ("opioid", (second.id,)),
        ("diazepam_equivalent_high", (first.id, second.id)),
    ]


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(sorted(EXPECTED)), max_size=4) | st.none(),
            st.none() | st.decimals(0, 100, places=3),
        ),
        max_size=6,
    )
)
def test_every_class_that_calls_for_something_is_flagged_with_whoever_has_it(
    medicines: list[tuple[list[str] | None, Decimal | None]],
) -> None:
    all_taken = [Taken(new_id(), codes, amount) for codes, amount in medicines]
    expected: dict[str, set[UUID]] = {}
    for one in all_taken:
        for code in one.class_codes or ():
            if EXPECTED[code][0] != "none":
                expected.setdefault(code, set()).add(one.id)
    flags = {flag.interaction.code: set(flag.medication_ids) for flag in flags_of(SHIPPED, all_taken)}
    flags.pop("diazepam_equivalent_high", None)
    assert flags == expected
