"""Each gate before a dose on its own, at the edges of its limits; and what an override covers."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from app.assessments.catalogue import mania_rating_rule, outcome_instruments
from app.courses.rules import When, moment
from app.identity.rules import Role
from app.kernel.ids import new_id
from app.patients.medications.catalogue import shipped_interactions
from app.patients.medications.rules import Taken
from app.patients.reproduction.catalogue import reproductive_limits
from app.patients.reproduction.rules import FactKind, FactValue, ReproductiveFact
from app.policies.catalogue import shipped_policies
from app.policies.rules import InForce, Pressure, Setting, resolve
from app.protocols.rules import Drug
from app.screening.catalogue import latest_checklist
from app.screening.consents.rules import Signed
from app.screening.enrolments.catalogue import shipped_programmes
from app.screening.enrolments.rules import Enrolled
from app.screening.rules import EligibilityDecision, ItemAnswer, Purpose, Screened, judge
from app.sessions.rules import MedicinesChanged
from app.treatment.readiness.rules import (
    ASKED,
    Asked,
    Badness,
    Book,
    CheckIn,
    Facts,
    GateCode,
    GateIsHard,
    GateState,
    Measured,
    OpenAlert,
    Ordered,
    Overridden,
    OverrideNotNeeded,
    OverrideRoleMissing,
    Range,
    Scored,
    State,
    covers,
    is_ready,
    readiness,
    require_override,
    role_to_override,
)

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
ZONE = "America/New_York"
PATIENT, ROOM, PRESCRIBER = new_id(), new_id(), new_id()
YES, NO, UNKNOWN = ItemAnswer.YES, ItemAnswer.NO, ItemAnswer.UNKNOWN
ESKETAMINE = {"drug": Drug.ESKETAMINE}


def ago(**length: float) -> datetime:
    return NOW - timedelta(**length)


def policies(*settings: Setting) -> Mapping[str, InForce]:
    return resolve(shipped_policies(), ASKED, settings, NOW)


def setting(code: str, value: object, **more: Any) -> Setting:
    return Setting(new_id(), code, value, ago(days=1), **more)


def book(drug: Drug) -> Book:
    items = latest_checklist().items
    return Book(
        tuple(shipped_programmes().values()),
        {item.code: item.classes[drug] for item in items if drug in item.classes},
        reproductive_limits(),
        mania_rating_rule(),
        outcome_instruments(),
        shipped_interactions(),
    )


def asked(
    drug: Drug = Drug.KETAMINE,
    purpose: Purpose = Purpose.ELIGIBILITY,
    *,
    overrides: tuple[str, ...] = (),
    decision: EligibilityDecision | None = EligibilityDecision.ELIGIBLE,
    is_current: bool | None = True,
    **answers: ItemAnswer | None,
) -> Asked:
    """A screening with every item answered no, but for these; None leaves one out."""
    told: dict[str, ItemAnswer | None] = {
        item.code: NO for item in latest_checklist().items if item.answered_from is None
    }
    given = {code: answer for code, answer in (told | answers).items() if answer is not None}
    judged = judge(latest_checklist(), drug, purpose, given)
    decided = None if purpose is Purpose.SESSION else decision
    at = ago(days=10) if purpose is Purpose.ELIGIBILITY else ago(minutes=30)
    screened = Screened(
        new_id(), drug, purpose, at, judged.outcome, decided, decided and ago(days=9), is_current, date(2027, 3, 2)
    )
    return Asked(screened, given, judged.findings, overrides, PRESCRIBER if decided else None)


def of_the_day(drug: Drug = Drug.KETAMINE, **answers: ItemAnswer | None) -> Asked:
    return asked(drug, Purpose.SESSION, **answers)


def consent(**changes: Any) -> Signed:
    told = Signed(new_id(), "treatment", None, date(2026, 2, 20), ago(days=10), None, date(2027, 2, 20))
    return replace(told, **changes)


def enrolled(patient: UUID | None = PATIENT, **changes: Any) -> Enrolled:
    signed = None if patient is None else True
    told = Enrolled(new_id(), "SPRAVATO_REMS", patient, None, date(2026, 1, 5), None, signed, signed)
    return replace(told, **changes)


def reading(**measures: Any) -> Measured:
    usual = {"systolic_mmhg": 124, "diastolic_mmhg": 78, "heart_rate_bpm": 72, "spo2_percent": 98}
    return Measured(new_id(), ago(minutes=10), **usual | measures)


def score(instrument: str, total: float | None, at: datetime) -> Scored:
    return Scored(new_id(), instrument, at, None, at, None if total is None else Decimal(str(total)))


def ready(drug: Drug = Drug.KETAMINE, **changes: Any) -> Facts:
    """A patient with whom nothing is in the way."""
    told = Facts(
        at=NOW,
        time_zone=ZONE,
        drug=drug,
        book=book(drug),
        location_id=ROOM,
        sex="female",
        born_on=date(1984, 2, 3),
        indication_code="F33.2",
        check_in=CheckIn(["name", "birth_date"], ago(hours=5), ago(hours=1), None, "R. Rivera", MedicinesChanged.NO),
        consents=[consent()],
        screenings=[asked(drug), of_the_day(drug)],
        enrolments=[enrolled(), enrolled(None)],
        readings=[reading()],
        scores=[score("PHQ9", 19, ago(minutes=20))],
        doses=[moment(ago(days=3), ZONE)],
        weighed_at=ago(days=2),
    )
    return replace(told, **changes)


def gate(code: str, facts: Facts, *settings: Setting) -> GateState:
    (found,) = (one for one in readiness(facts, policies(*settings)) if one.code == code)
    return found


@pytest.mark.parametrize("drug", Drug)
def test_with_whom_nothing_is_wrong_the_session_may_start(drug: Drug) -> None:
    gates = readiness(ready(drug), policies())
    assert [one.code for one in gates] == list(GateCode)
    assert {one.state for one in gates} <= {State.PASS, State.NOT_APPLICABLE}, [
        (one.code, one.found) for one in gates if one.state not in {State.PASS, State.NOT_APPLICABLE}
    ]
    assert is_ready(gates)
    left_out = {one.code.value for one in gates if one.state is State.NOT_APPLICABLE}
    expected = {
        Drug.KETAMINE: {"programme_enrolment", "setting_enrolment", "fasting", "mania", "weight_changed"},
        Drug.ESKETAMINE: {"weight_age", "mania", "weight_changed"},
    }
    assert left_out == expected[drug]
    assert all(one.policy_version == "GATES@1:standard" for one in gates)


# One row: the gate, what is different, how it stands then, what it found.
EXAMPLES: list[tuple[str, dict[str, Any], State, object]] = [
    ("consent", {"consents": []}, State.FAIL, "not_signed"),
    ("consent", {"consents": [consent(withdrawn_at=NOW)]}, State.FAIL, "withdrawn"),
    ("consent", {"consents": [consent(withdrawn_at=NOW + timedelta(seconds=1))]}, State.PASS, "valid"),
    ("consent", {"consents": [consent(expires_on=date(2026, 3, 1))]}, State.FAIL, "expired"),
    ("consent", {"consents": [consent(expires_on=date(2026, 3, 2))]}, State.PASS, "valid"),
    ("consent", {"consents": [consent(drug=Drug.ESKETAMINE)]}, State.FAIL, "not_signed"),
    ("screening", {"screenings": []}, State.UNKNOWN, "not_screened"),
    ("screening", {"screenings": [asked(decision=None)]}, State.UNKNOWN, "not_decided"),
    ("screening", {"screenings": [asked(is_current=False)]}, State.UNKNOWN, "answers_changed"),
    ("screening", {"screenings": [asked(decision=EligibilityDecision.NOT_ELIGIBLE)]}, State.FAIL, "not_eligible"),
    ("screening", {"screenings": [asked(Drug.ESKETAMINE)]}, State.UNKNOWN, "not_screened"),
    ("screening", {"screenings": [asked(SUD_ACTIVE=YES), of_the_day(SUD_ACTIVE=YES)]}, State.PASS, "eligible"),
    ("screening", {"screenings": [asked(), of_the_day(SUD_ACTIVE=YES)]}, State.FAIL, ("SUD_ACTIVE",)),
    ("contraindication", {"screenings": []}, State.UNKNOWN, None),
    ("contraindication", {"screenings": [asked(ICP=YES)]}, State.FAIL, ("ICP",)),
    ("contraindication", {"screenings": [asked(ICP=UNKNOWN)]}, State.UNKNOWN, ("ICP",)),
    ("contraindication", {"screenings": [asked(ICP=None)]}, State.UNKNOWN, ("ICP",)),
    ("contraindication", {"screenings": [asked(overrides=("ICP",), ICP=YES)]}, State.PASS, ("ICP",)),
    ("contraindication", {"screenings": [asked(overrides=("ICP",), ICP=YES, is_current=False)]}, State.FAIL, ("ICP",)),
    ("contraindication", {"screenings": [asked(), of_the_day(ICP=YES)]}, State.FAIL, ("ICP",)),
    ("contraindication", {"screenings": [asked(), of_the_day(ICP=UNKNOWN)]}, State.UNKNOWN, ("ICP",)),
    # Esketamine's label forbids what ketamine's only weighs.
    ("contraindication", {"screenings": [asked(ANEURYSM=YES)]}, State.PASS, ()),
    ("contraindication", ESKETAMINE | {"screenings": [asked(Drug.ESKETAMINE, ANEURYSM=YES)]}, State.FAIL, ("ANEURYSM",)),
    ("not_recommended", ESKETAMINE | {"screenings": [asked(Drug.ESKETAMINE, HEPATIC_SEVERE=YES)]}, State.FAIL, ("HEPATIC_SEVERE",)),
    ("not_recommended", {"screenings": [asked(HEPATIC_SEVERE=YES)]}, State.PASS, ()),
    ("not_recommended", ESKETAMINE | {"born_on": date(2008, 3, 3)}, State.FAIL, ("AGE_LT_18",)),
    ("not_recommended", ESKETAMINE | {"born_on": date(2008, 3, 2)}, State.PASS, ()),
    ("not_recommended", ESKETAMINE | {"born_on": None, "birth_year": 2008}, State.FAIL, ("AGE_LT_18",)),  # 17 or 18
    ("not_recommended", ESKETAMINE | {"born_on": None, "birth_year": 2007}, State.PASS, ()),
    ("not_recommended", ESKETAMINE | {"born_on": date(2008, 3, 2)}, State.PASS, ()),
    (
        "not_recommended",
        ESKETAMINE | {"reproduction": [ReproductiveFact(FactKind.BREAST_FEEDING, FactValue.YES, date(2026, 2, 1))]},
        State.FAIL,
        ("LACTATING",),
    ),
    ("programme_enrolment", {"enrolments": []}, State.NOT_APPLICABLE, None),
    ("programme_enrolment", ESKETAMINE | {"enrolments": [enrolled(None)]}, State.FAIL, "patient_not_enrolled"),
    ("programme_enrolment", ESKETAMINE | {"enrolments": [enrolled(signed_by_prescriber=False)]}, State.FAIL, "patient_not_signed"),
    ("programme_enrolment", ESKETAMINE | {"enrolments": [enrolled(ended_on=date(2026, 3, 1))]}, State.FAIL, "patient_ended"),
    ("setting_enrolment", {"enrolments": []}, State.NOT_APPLICABLE, None),
    ("setting_enrolment", ESKETAMINE | {"enrolments": [enrolled()]}, State.FAIL, "place_not_enrolled"),
    ("setting_enrolment", ESKETAMINE | {"enrolments": [enrolled(None, location_id=ROOM)]}, State.PASS, "enrolled"),
    ("setting_enrolment", ESKETAMINE | {"enrolments": [enrolled(None, location_id=new_id())]}, State.FAIL, "place_not_enrolled"),
    ("identity", {"check_in": CheckIn()}, State.UNKNOWN, None),
    ("pressure", {"readings": []}, State.UNKNOWN, None),
    ("pressure", {"readings": [reading(systolic_mmhg=160, diastolic_mmhg=100)]}, State.PASS, Pressure(160, 100)),
    ("pressure", {"readings": [reading(systolic_mmhg=161, diastolic_mmhg=100)]}, State.FAIL, Pressure(161, 100)),
    ("pressure", {"readings": [reading(systolic_mmhg=160, diastolic_mmhg=101)]}, State.FAIL, Pressure(160, 101)),
    ("pressure", {"readings": [reading(systolic_mmhg=161, diastolic_mmhg=None)]}, State.FAIL, None),
    ("pressure", {"readings": [reading(systolic_mmhg=120, diastolic_mmhg=None)]}, State.UNKNOWN, None),
    (
        "pressure",  # the last one counts, and one without a pressure is none
        {
            "readings": [
                Measured(new_id(), ago(minutes=40), 172, 98),
                Measured(new_id(), ago(minutes=9), 150, 92),
                Measured(new_id(), ago(minutes=5), heart_rate_bpm=70),
            ]
        },
        State.PASS,
        Pressure(150, 92),
    ),
    ("oxygen", {"readings": [reading(spo2_percent=94)]}, State.PASS, Decimal(94)),
    ("oxygen", {"readings": [reading(spo2_percent=93)]}, State.FAIL, Decimal(93)),
    ("oxygen", {"readings": [reading(spo2_percent=None)]}, State.UNKNOWN, None),
    ("oxygen", {"readings": [reading(oxygen_l_per_min=Decimal(2))]}, State.UNKNOWN, Decimal(98)),
    ("heart_rate", {"readings": [reading(heart_rate_bpm=110)]}, State.PASS, Decimal(110)),
    ("heart_rate", {"readings": [reading(heart_rate_bpm=111)]}, State.FAIL, Decimal(111)),
    ("heart_rate", {"readings": [reading(heart_rate_bpm=50)]}, State.PASS, Decimal(50)),
    ("heart_rate", {"readings": [reading(heart_rate_bpm=49)]}, State.FAIL, Decimal(49)),
    ("heart_rate", {"readings": [reading(heart_rate_bpm=None)]}, State.UNKNOWN, None),
    ("pregnancy", {"sex": "male", "screenings": []}, State.NOT_APPLICABLE, None),
    ("pregnancy", {"screenings": []}, State.UNKNOWN, "unknown"),
    ("pregnancy", {"screenings": [asked(CHILDBEARING=YES)]}, State.UNKNOWN, "unknown"),
    ("pregnancy", {"screenings": [asked(CHILDBEARING=YES), of_the_day()]}, State.PASS, "neither"),
    ("pregnancy", {"screenings": [asked(), of_the_day(PREGNANT=YES)]}, State.FAIL, "pregnant"),
    ("pregnancy", {"screenings": [asked(), of_the_day(PREGNANT=UNKNOWN)]}, State.UNKNOWN, "unknown"),
    ("pregnancy", {"screenings": [asked(overrides=("PREGNANT",), PREGNANT=YES)]}, State.PASS, "pregnant"),
    (
        "pregnancy",
        {"reproduction": [ReproductiveFact(FactKind.PREGNANCY_TEST, FactValue.POSITIVE, date(2026, 3, 1))]},
        State.FAIL,
        "pregnant",
    ),
    (
        "pregnancy",
        {
            "screenings": [],
            "reproduction": [ReproductiveFact(FactKind.PREGNANCY_TEST, FactValue.NEGATIVE, date(2026, 3, 2))],
        },
        State.PASS,
        "neither",
    ),
    ("mania", {"indication_code": None}, State.NOT_APPLICABLE, None),
    ("mania", {"indication_code": "F31.4"}, State.UNKNOWN, None),
    ("mania", {"indication_code": "F31.4", "scores": [score("YMRS", 11, ago(hours=72))]}, State.PASS, Decimal(11)),
    ("mania", {"indication_code": "F31.4", "scores": [score("YMRS", 11, ago(hours=72, seconds=1))]}, State.UNKNOWN, None),
    ("mania", {"indication_code": "F31.4", "scores": [score("YMRS", 12, ago(hours=1))]}, State.FAIL, Decimal(12)),
    ("mania", {"indication_code": "F31.4", "scores": [score("YMRS", None, ago(hours=1))]}, State.UNKNOWN, None),
    ("mania", {"screenings": [asked(), of_the_day(MANIA_ACTIVE=YES)]}, State.FAIL, "yes"),
    ("open_urgent_alert", {"urgent_alerts": [OpenAlert(new_id(), "pressure_high")]}, State.FAIL, ("pressure_high",)),
    ("interval", {"doses": []}, State.PASS, None),
    ("interval", {"doses": [moment(ago(hours=24), ZONE)]}, State.PASS, Decimal(24)),
    ("interval", {"doses": [moment(ago(hours=24, seconds=-36), ZONE)]}, State.FAIL, Decimal("23.99")),
    ("interval", {"doses": [moment(ago(days=7), ZONE), moment(ago(hours=20), ZONE)]}, State.FAIL, Decimal(20)),
    ("interval", {"doses": [When(date(2026, 3, 2), None)]}, State.FAIL, None),
    ("interval", {"doses": [When(date(2026, 3, 1), None)]}, State.PASS, None),
    ("interval", {"doses": [moment(ago(hours=20), ZONE)], "day_only": True}, State.PASS, None),
    ("interval", {"doses": [moment(ago(hours=2), ZONE)], "day_only": True}, State.FAIL, None),
    ("intoxication", {"screenings": [asked()]}, State.UNKNOWN, None),
    ("intoxication", {"screenings": [asked(), of_the_day(INTOXICATED=UNKNOWN)]}, State.UNKNOWN, "unknown"),
    ("intoxication", {"screenings": [asked(), of_the_day(INTOXICATED=YES)]}, State.FAIL, "yes"),
    ("fasting", {"check_in": CheckIn(last_ate_at=ago(minutes=1))}, State.NOT_APPLICABLE, None),
    ("fasting", ESKETAMINE | {"check_in": CheckIn(last_ate_at=ago(minutes=120))}, State.PASS, None),
    ("fasting", ESKETAMINE | {"check_in": CheckIn(last_ate_at=ago(minutes=119))}, State.FAIL, ("ATE_LT_2H",)),
    ("fasting", ESKETAMINE | {"check_in": CheckIn(last_drank_at=ago(minutes=29))}, State.FAIL, ("DRANK_LT_30M",)),
    ("fasting", ESKETAMINE | {"check_in": CheckIn(last_nasal_drug_at=ago(minutes=59))}, State.FAIL, ("NASAL_DRUG_LT_1H",)),
    # A time outweighs an answer of half an hour ago.
    (
        "fasting",
        ESKETAMINE
        | {
            "screenings": [of_the_day(Drug.ESKETAMINE, DRANK_LT_30M=YES)],
            "check_in": CheckIn(last_drank_at=ago(minutes=30)),
        },
        State.PASS,
        None,
    ),
    ("fasting", ESKETAMINE | {"screenings": [of_the_day(Drug.ESKETAMINE, ATE_LT_2H=YES)], "check_in": CheckIn()}, State.FAIL, ("ATE_LT_2H",)),
    ("fasting", ESKETAMINE | {"screenings": [of_the_day(Drug.ESKETAMINE, ATE_LT_2H=UNKNOWN)], "check_in": CheckIn()}, State.UNKNOWN, ("ATE_LT_2H",)),
    ("weight_age", {"weighed_at": None}, State.UNKNOWN, None),
    ("weight_age", {"weighed_at": ago(days=30)}, State.PASS, Decimal(30)),
    ("weight_age", {"weighed_at": ago(days=30, seconds=1)}, State.FAIL, Decimal(30)),
    ("weight_changed", {"order": Ordered(PATIENT, None)}, State.PASS, None),
    ("weight_changed", {"order": Ordered(PATIENT, Decimal("86.6"))}, State.FAIL, Decimal("86.6")),
    ("pre_dose_score", {"scores": []}, State.FAIL, None),
    ("pre_dose_score", {"scores": [score("PHQ9", 12, ago(days=4))]}, State.FAIL, None),  # before the dose before
    ("pre_dose_score", {"scores": [score("PHQ9", None, ago(hours=1))]}, State.FAIL, None),
    ("pre_dose_score", {"scores": [score("CADSS23", 0, ago(hours=1))]}, State.FAIL, None),
    ("medicines", {"check_in": CheckIn()}, State.UNKNOWN, ()),
    ("medicines", {"check_in": CheckIn(medicines_changed=MedicinesChanged.YES)}, State.FAIL, ("changed",)),
    ("medicines", {"medicines": [Taken(new_id(), ["benzodiazepine"], Decimal(5))]}, State.FAIL, ("benzodiazepine",)),
    ("medicines", {"medicines": [Taken(new_id(), ["ssri"], None)]}, State.PASS, None),
    ("escort", {"check_in": CheckIn()}, State.PASS, None),  # the day's screening says so
    ("escort", {"check_in": CheckIn(), "screenings": []}, State.UNKNOWN, None),
    ("escort", {"screenings": [of_the_day(NO_ESCORT=YES)]}, State.FAIL, None),
    ("escort", {"check_in": CheckIn(), "screenings": [], "at_home": True}, State.NOT_APPLICABLE, None),
]  # fmt: skip


@pytest.mark.parametrize(("code", "changes", "state", "value"), EXAMPLES)
def test_a_gate(code: str, changes: dict[str, Any], state: State, value: object) -> None:
    facts = ready(**changes)
    one = gate(code, facts)
    assert (one.state, one.found.value) == (state, value), one.found.reason
    assert one.found.reason.endswith(".")
    assert one.blocking == (state in {State.FAIL, State.UNKNOWN} and one.mode in {"reason", "hard"})
    if state in {State.FAIL, State.UNKNOWN}:
        assert one.found.bad != Badness(), "what is in the way says how bad it is"


def test_which_gates_stand_in_the_way_depends_on_the_policies() -> None:
    nobody = Facts(at=NOW, time_zone=ZONE, drug=Drug.ESKETAMINE, book=book(Drug.ESKETAMINE))

    def blocking(*settings: Setting) -> set[str]:
        return {one.code.value for one in readiness(nobody, policies(*settings)) if one.blocking}

    assert blocking() == {
        "consent", "screening", "contraindication", "not_recommended", "programme_enrolment", "setting_enrolment",
        "pressure", "oxygen", "heart_rate", "pregnancy", "intoxication",
    }  # fmt: skip
    assert is_ready(readiness(nobody, policies(setting("gate_profile", "record_only"))))
    assert blocking(setting("gate_profile", "strict")) > blocking()
    without = setting("gate.oxygen", {"mode": "off", "override_roles": []})
    assert blocking(without) == blocking() - {"oxygen"}
    assert gate("oxygen", nobody, without).state is State.OFF


def test_a_patients_own_limit_comes_before_the_clinics() -> None:
    facts = ready(readings=[reading(systolic_mmhg=168, diastolic_mmhg=99, spo2_percent=91)])
    own = setting("pressure_start_hold_above", {"systolic_mmhg": 170, "diastolic_mmhg": 100}, is_patients=True)
    assert gate("pressure", facts).state is State.FAIL
    one = gate("pressure", facts, own)
    assert (one.state, one.found.limit, one.found.limit_version) == (
        State.PASS, Pressure(170, 100), f"patient_limit:{own.id}",
    )  # fmt: skip
    assert gate("oxygen", facts, setting("spo2_start_hold_below", 90, is_patients=True)).state is State.PASS
    assert gate("heart_rate", facts).found.limit == Range(Decimal(50), Decimal(110))


def test_a_decision_is_named_for_each_contraindication() -> None:
    facts = ready(screenings=[asked(overrides=("ICP",), ICP=YES, HYPERSENS=YES), of_the_day()])
    found = gate("contraindication", facts)
    assert found.state is State.FAIL
    assert [(one.code, one.decided, one.decided_by) for one in found.found.items] == [
        ("HYPERSENS", False, None),
        ("ICP", True, PRESCRIBER),
    ]
    assert gate("contraindication", facts).found.bad.codes == {"HYPERSENS:yes"}


# ── overrides ────────────────────────────────────────────────────────────────────────────────────────────────────────


def overridden(one: GateState, role: Role = Role.PRESCRIBER) -> Overridden:
    return Overridden(new_id(), one.code, role, "Known white coat.", PRESCRIBER, NOW, one.found.bad)


def at_pressure(systolic: int, diastolic: int) -> Facts:
    return ready(readings=[reading(systolic_mmhg=systolic, diastolic_mmhg=diastolic)])


@pytest.mark.parametrize(
    ("then", "now", "stands"),
    [
        (at_pressure(165, 95), at_pressure(165, 95), True),
        (at_pressure(165, 95), at_pressure(163, 99), True),
        (at_pressure(165, 95), at_pressure(166, 95), False),
        (at_pressure(165, 95), at_pressure(190, 95), False),
        (at_pressure(165, 95), at_pressure(165, 101), False),
        (ready(readings=[]), at_pressure(161, 90), False),
        (at_pressure(165, 95), ready(readings=[]), False),
        (ready(readings=[reading(spo2_percent=92)]), ready(readings=[reading(spo2_percent=93)]), True),
        (ready(readings=[reading(spo2_percent=92)]), ready(readings=[reading(spo2_percent=91)]), False),
        (ready(readings=[reading(heart_rate_bpm=115)]), ready(readings=[reading(heart_rate_bpm=45)]), False),
        (ready(readings=[reading(heart_rate_bpm=45)]), ready(readings=[reading(heart_rate_bpm=44)]), False),
        (ready(consents=[]), ready(consents=[]), True),
        (ready(consents=[]), ready(consents=[consent(withdrawn_at=NOW)]), False),
        (ready(screenings=[asked(ICP=YES)]), ready(screenings=[asked(ICP=YES), of_the_day(HYPERSENS=YES)]), False),
        (ready(screenings=[asked(ICP=UNKNOWN)]), ready(screenings=[asked(ICP=YES)]), False),
        (ready(doses=[moment(ago(hours=20), ZONE)]), ready(doses=[moment(ago(hours=21), ZONE)]), True),
        (ready(doses=[moment(ago(hours=20), ZONE)]), ready(doses=[moment(ago(hours=3), ZONE)]), False),
    ],
)
def test_an_override_covers_what_was_found_and_nothing_worse(then: Facts, now: Facts, stands: bool) -> None:
    given = [overridden(one) for one in readiness(then, policies()) if one.blocking]
    assert given
    after = {one.code: one for one in readiness(replace(now, overrides=given), policies())}
    assert all(after[one.gate].override is not None for one in given) is stands
    assert is_ready(after.values()) is stands


def test_of_several_overrides_the_latest_shows_and_a_gate_that_passes_shows_none() -> None:
    found = gate("pressure", at_pressure(165, 95))
    first, second = overridden(found), replace(overridden(found), given_at=NOW + timedelta(minutes=1))
    facts = replace(at_pressure(165, 95), overrides=[second, first])
    assert gate("pressure", facts).override == second
    assert gate("pressure", replace(at_pressure(124, 78), overrides=[first])).override is None
    assert gate("consent", replace(ready(consents=[]), overrides=[first])).blocking


def test_an_override_ends_with_the_policy_that_allowed_it() -> None:
    facts = at_pressure(165, 95)
    facts = replace(facts, overrides=[overridden(gate("pressure", facts))])
    assert not gate("pressure", facts).blocking
    hard = setting("gate.pressure", {"mode": "hard", "override_roles": []})
    other = setting("gate.pressure", {"mode": "reason", "override_roles": ["nurse"]})
    assert gate("pressure", facts, hard).blocking
    assert gate("pressure", facts, other).blocking


def test_who_may_override_what() -> None:
    high = gate("pressure", at_pressure(165, 95))
    assert require_override(high, ["nurse", "prescriber"]) is Role.PRESCRIBER
    for roles in (["nurse"], ["admin", "director"], []):
        with pytest.raises(OverrideRoleMissing):
            require_override(high, roles)
    enrolment = gate("programme_enrolment", ready(Drug.ESKETAMINE, enrolments=[]))
    assert role_to_override(enrolment, ["prescriber"]) is None
    with pytest.raises(GateIsHard):
        require_override(enrolment, ["prescriber"])
    for facts, code in ((ready(), "pressure"), (ready(weighed_at=None), "weight_age")):
        with pytest.raises(OverrideNotNeeded):
            require_override(gate(code, facts), ["prescriber"])


def test_covering_compares_every_code_and_every_amount() -> None:
    known = Badness(frozenset({"a", "b"}), {"x": Decimal(3)})
    assert covers(known, Badness())
    assert covers(known, Badness(frozenset({"a"}), {"x": Decimal(3)}))
    assert not covers(known, Badness(frozenset({"c"})))
    assert not covers(known, Badness(amounts={"x": Decimal("3.1")}))
    assert not covers(known, Badness(amounts={"y": Decimal(0)}))
