"""Policies over HTTP: what is in force, who sets it, what follows from it, and what another clinic sees of it."""

import asyncio
from datetime import timedelta

import pytest

from app.kernel.ids import new_id
from app.policies.catalogue import shipped_policies
from app.policies.queries import values_for
from tests.conftest import Clock
from tests.proofs.care import Care, Json, ago, caring, fresh_key, instant, path_of, version_header
from tests.world import World

HIGH = "pressure_escalate_from"


def pressure(systolic: int, diastolic: int) -> Json:
    return {"systolic_mmhg": systolic, "diastolic_mmhg": diastolic}


async def set_to(care: Care, code: str, value: object, **members: object) -> Json:
    return await care.new("/v1/policies", {"code": code, "value": value, "reason": "Our own rule."} | members)


async def limit(care: Care, patient: Json, code: str, value: object, **members: object) -> Json:
    body = {"code": code, "value": value, "reason": "Lives at 2 500 m."} | members
    return await care.new(f"{path_of(patient)}/limits", body)


async def now(care: Care, code: str, patient: Json | None = None) -> Json:
    if patient is None:
        return await care.get(f"/v1/policies/{code}")
    (found,) = (await care.get(f"{path_of(patient)}/policies", params={"code": code}))["items"]
    return found


async def refused(care: Care, path: str, body: Json) -> tuple[int, str, str]:
    answer = await care.http.post(path, json={"reason": "x"} | body, headers=fresh_key())
    problem = answer.json()
    return answer.status_code, problem["code"], problem["errors"][0]["pointer"]


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_every_policy_is_listed_as_it_is_in_force(clinic: World) -> None:
    care = await caring(clinic, "nurse")
    listed = (await care.get("/v1/policies"))["items"]
    assert [one["code"] for one in listed] == list(shipped_policies())
    by_code = {one["code"]: one for one in listed}
    assert by_code[HIGH] == await now(care, HIGH)
    told = by_code[HIGH]
    assert (told["value"], told["measured_in"], told["kind"]) == (pressure(180, 110), "mmHg", "pressure")
    assert (told["policy_version"], told["clinics_own"], told["patient_id"]) == ("POLICIES@1", False, None)
    assert told["default"] == told["value"]
    assert told["source"] == told["default_source"]
    assert by_code["gate.consent"]["value"] == {"mode": "reason", "override_roles": ["prescriber"]}
    assert by_code["gate.consent"]["policy_version"] == "GATES@1:standard"
    assert by_code["gate.order_maximum"]["choices"] == ["hard"]
    assert (by_code["own_typo_minutes"]["settable"], by_code["own_typo_minutes"]["value"]) == (False, 30)
    some = (await care.get("/v1/policies", params={"code": ["gate_profile", HIGH, "no_such"]}))["items"]
    assert [one["code"] for one in some] == ["gate_profile", HIGH]
    assert (await care.http.get("/v1/policies/no_such_policy")).status_code == 404


# ── setting ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("weight_recent_days", 60),
        ("weight_difference_fraction", 0.05),
        ("gate_profile", "strict"),
        (HIGH, pressure(170, 105)),
        ("gate.escort", {"mode": "reason", "override_roles": ["prescriber", "nurse"]}),
    ],
)
async def test_a_clinic_sets_a_value_of_its_own(clinic: World, code: str, value: object) -> None:
    admin, care = await caring(clinic, "admin"), await caring(clinic)
    before = await now(care, code)
    made = await set_to(admin, code, value, source="Clinic manual 3")
    assert (made["object"], made["value"], made["source"]) == ("policy_setting", value, "Clinic manual 3")
    assert made["recorded_by"] == str((await clinic.actor("admin")).principal_id)
    assert await care.again(made) == made
    found = await now(care, code)
    assert (found["value"], found["policy_version"]) == (value, f"policy_setting:{made['id']}")
    assert (found["clinics_own"], found["patients_own"]) == (True, False)
    assert (found["effective_at"], found["reason"], found["source"]) == (
        made["effective_at"], "Our own rule.", "Clinic manual 3",
    )  # fmt: skip
    assert (found["default"], found["default_source"]) == (before["value"], before["source"])
    (version,) = await care.history(made)
    assert (version["event"], version["reason"]) == ("policy_setting.set", "Our own rule.")


async def test_set_anew_it_is_another_row_and_the_list_is_the_history(clinic: World, clock: Clock) -> None:
    admin = await caring(clinic, "admin")
    first = await set_to(admin, "weight_recent_days", 60)
    clock.advance(minutes=1)
    second = await set_to(admin, "weight_recent_days", 30)
    later = await set_to(admin, "weight_recent_days", 10, effective_at=instant(clock.now() + timedelta(minutes=5)))
    assert (await now(admin, "weight_recent_days"))["value"] == 30
    rows = await admin.items("/v1/policy-settings", code="weight_recent_days")
    assert [one["id"] for one in rows] == [later["id"], second["id"], first["id"]]
    assert (await admin.again(first)) == first, "nothing is overwritten"
    clock.advance(minutes=5)
    assert (await now(admin, "weight_recent_days"))["value"] == 10
    clock.advance(minutes=1)
    await clinic.sign_in_again()  # seven minutes after the password
    back = await set_to(admin, "weight_recent_days", None)
    assert back["value"] is None
    found = await now(admin, "weight_recent_days")
    assert (found["value"], found["policy_version"], found["clinics_own"]) == (90, "POLICIES@1", False)
    actor = await clinic.actor("admin")
    async with clinic.reading("admin") as db:
        for at, expected in ((first, 60), (second, 30), (later, 10)):
            moment = clock.now().fromisoformat(at["effective_at"])
            values = await values_for(db, actor, ["weight_recent_days"], at=moment)
            assert values["weight_recent_days"].number == expected
            assert values["weight_recent_days"].version == f"policy_setting:{at['id']}"


async def test_a_row_in_error_lets_the_one_before_it_count_again(clinic: World) -> None:
    admin = await caring(clinic, "admin")
    first, second = await set_to(admin, "gate_profile", "strict"), await set_to(admin, "gate_profile", "record_only")
    assert (await now(admin, "gate.consent"))["value"]["mode"] == "warn"
    await admin.void(second, "Wrong clinic.")
    found = await now(admin, "gate.consent")
    assert (found["value"]["mode"], found["policy_version"]) == ("hard", "GATES@1:strict")
    assert [one["id"] for one in await admin.items("/v1/policy-settings")] == [first["id"]]
    assert len(await admin.items("/v1/policy-settings", include_entered_in_error=True)) == 2
    await admin.void(first)
    assert (await now(admin, "gate.consent"))["policy_version"] == "GATES@1:standard"
    again = await admin.http.post(
        f"{path_of(first)}/mark-entered-in-error",
        json={"reason": "x"},
        headers=version_header(await admin.again(first)),
    )
    assert (again.status_code, again.json()["code"]) == (409, "entered-in-error")


async def test_what_does_not_fit_is_refused(clinic: World) -> None:
    admin, care = await caring(clinic, "admin"), await caring(clinic)
    assert await refused(admin, "/v1/policies", {"code": "no_such", "value": 1}) == (422, "unknown-policy", "#/code")
    fixed = {"code": "alert_historic_days", "value": 7}
    assert await refused(admin, "/v1/policies", fixed) == (422, "policy-not-settable", "#/code")
    high = {"code": HIGH, "value": pressure(300, 110)}
    assert await refused(admin, "/v1/policies", high) == (422, "policy-value-unfit", "#/value/systolic_mmhg")
    limits = f"{path_of(await care.patient())}/limits"
    assert await refused(care, limits, {"code": "gate.consent"}) == (422, "policy-not-settable", "#/code")
    assert await refused(care, limits, high) == (422, "policy-value-unfit", "#/value/systolic_mmhg")
    assert await admin.items("/v1/policy-settings") == []
    assert (await now(admin, HIGH))["value"] == pressure(180, 110)


async def test_hard_gates_stay_hard_where_a_clinic_treats_from_the_record(clinic: World) -> None:
    admin = await caring(clinic, "admin")
    weaker = {"code": "gate.order_maximum", "value": {"mode": "reason", "override_roles": ["prescriber"]}}
    assert await refused(admin, "/v1/policies", weaker) == (422, "policy-value-unfit", "#/value/mode")
    profile = await set_to(admin, "gate_profile", "record_only")
    assert (await now(admin, "gate.order_maximum"))["choices"] == ["off", "warn", "reason", "hard"]
    await set_to(admin, "gate.order_maximum", weaker["value"])
    assert (await now(admin, "gate.order_maximum"))["value"] == weaker["value"]
    await set_to(admin, "gate_profile", "standard")
    found = await now(admin, "gate.order_maximum")
    assert (found["value"]["mode"], found["policy_version"]) == ("hard", "GATES@1:standard")
    assert profile["version"] == 1


async def test_two_writers_at_once_leave_two_rows_and_one_value(clinic: World) -> None:
    admin = await caring(clinic, "admin")
    made = await asyncio.gather(*(set_to(admin, "weight_recent_days", days) for days in range(10, 18)))
    rows = await admin.items("/v1/policy-settings", code="weight_recent_days")
    assert {one["id"] for one in rows} == {one["id"] for one in made}
    assert len(made) == 8
    found = await now(admin, "weight_recent_days")
    assert (found["value"], found["policy_version"]) == (rows[0]["value"], f"policy_setting:{rows[0]['id']}")
    own = str(new_id())
    body = {"id": own, "code": "weight_recent_days", "value": 20, "reason": "Twice."}
    answers = await asyncio.gather(*(admin.http.post("/v1/policies", json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len(await admin.items("/v1/policy-settings", code="weight_recent_days")) == 9


# ── one patient ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_patients_limit_counts_for_them_alone(clinic: World) -> None:
    care, admin = await caring(clinic), await caring(clinic, "admin")
    patient, other = await care.patient(), await care.patient(family_name="Ito")
    await set_to(admin, "spo2_start_hold_below", 92)
    made = await limit(care, patient, "spo2_start_hold_below", 88)
    assert (made["object"], made["patient_id"]) == ("patient_limit", patient["id"])
    found = await now(care, "spo2_start_hold_below", patient)
    assert (found["value"], found["policy_version"]) == (88, f"patient_limit:{made['id']}")
    assert (found["patients_own"], found["clinics_own"], found["patient_id"]) == (True, False, patient["id"])
    theirs = await now(care, "spo2_start_hold_below", other)
    assert (theirs["value"], theirs["patients_own"], theirs["clinics_own"]) == (92, False, True)
    assert (await now(care, "spo2_start_hold_below"))["value"] == 92
    assert made["reason"] not in (await care.http.get("/v1/policies")).text
    assert made["id"] not in (await care.http.get("/v1/policy-settings")).text
    assert [one["id"] for one in await care.items(f"{path_of(patient)}/limits")] == [made["id"]]
    assert len((await care.get(f"{path_of(patient)}/policies"))["items"]) == len(shipped_policies())
    await care.void(made)
    assert (await now(care, "spo2_start_hold_below", patient))["value"] == 92
    assert await care.items(f"{path_of(patient)}/limits") == []


async def test_who_reads_no_patient_learns_nothing_of_a_limit(clinic: World) -> None:
    care, desk = await caring(clinic), await caring(clinic, "front_desk")
    made = await limit(care, await care.patient(), "spo2_alert_below", 88)
    for path in (path_of(made), f"/v1/patients/{made['patient_id']}/policies"):
        assert (await desk.http.get(path)).status_code == 403
    await clinic.database.sealer.seal()
    assert made["id"] not in (await desk.http.get("/v1/changes", params={"limit": 1000})).text
    feed = (await care.get("/v1/changes", params={"limit": 1000}))["items"]
    (change,) = [one for one in feed if one["resource_id"] == made["id"]]
    assert (change["root_type"], change["root_id"], change["event_type"]) == (
        "patient", made["patient_id"], "patient_limit.set",
    )  # fmt: skip


async def test_another_clinic_sees_and_follows_nothing_of_it(clinic: World, other_clinic: World) -> None:
    care, elsewhere = await caring(clinic), await caring(other_clinic)
    made = await set_to(await caring(clinic, "admin"), HIGH, pressure(150, 95))
    patient = await care.patient()
    theirs = await limit(care, patient, HIGH, pressure(200, 120))
    for path in (path_of(made), path_of(theirs), f"{path_of(patient)}/policies", f"{path_of(patient)}/limits"):
        assert (await elsewhere.http.get(path)).status_code == 404, path
    body = {"code": HIGH, "value": pressure(200, 120), "reason": "x"}
    answer = await elsewhere.http.post(f"{path_of(patient)}/limits", json=body, headers=fresh_key())
    assert answer.status_code == 404
    assert (await now(elsewhere, HIGH))["policy_version"] == "POLICIES@1"
    assert await elsewhere.items("/v1/policy-settings") == []


# ── what follows ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_pressure_alarms_by_the_limit_in_force_and_names_it(clinic: World) -> None:
    care, admin = await caring(clinic), await caring(clinic, "admin")
    session = await care.session()
    (shipped,) = await care.alerts_of(await care.vitals(session, systolic_mmhg=180, diastolic_mmhg=90))
    assert (shipped["code"], shipped["policy_version"]) == ("pressure_high", "POLICIES@1")
    assert shipped["rule"].startswith("Blood pressure from 180 systolic or 110 diastolic mmHg. Seriatim default:")
    assert await care.alerts_of(await care.vitals(session, systolic_mmhg=179, diastolic_mmhg=109)) == []
    clinics = await set_to(admin, HIGH, pressure(170, 105))
    (own,) = await care.alerts_of(await care.vitals(session, systolic_mmhg=150, diastolic_mmhg=105))
    assert own["policy_version"] == f"policy_setting:{clinics['id']}"
    assert own["rule"] == "Blood pressure from 170 systolic or 105 diastolic mmHg. The clinic's own."
    patient = {"object": "patient", "id": session["patient_id"]}
    theirs = await limit(care, patient, HIGH, pressure(200, 120), reason="Known hypertension.")
    assert await care.alerts_of(await care.vitals(session, systolic_mmhg=199, diastolic_mmhg=119)) == []
    (high,) = await care.alerts_of(await care.vitals(session, systolic_mmhg=200, diastolic_mmhg=119))
    assert high["policy_version"] == f"patient_limit:{theirs['id']}"
    assert "hypertension" not in high["rule"]


async def test_an_alert_ends_with_its_reading_also_under_another_limit(clinic: World) -> None:
    care, admin = await caring(clinic), await caring(clinic, "admin")
    reading = await care.vitals(await care.session(), systolic_mmhg=185)
    await set_to(admin, HIGH, pressure(200, 120))
    await care.change(reading, {"systolic_mmhg": 135})
    (alert,) = await care.alerts_of(reading)
    assert (alert["status"], alert["disposition"]) == ("resolved", "The reading was corrected.")
    assert alert["policy_version"] == "POLICIES@1", "what was raised keeps what it was raised by"


async def test_what_asks_about_a_weight_follows_the_clinic(clinic: World) -> None:
    care, admin = await caring(clinic), await caring(clinic, "admin")
    patient = await care.patient()
    await care.weight(patient, 80)
    body = {"weight_kg": 84.5, "measured_at": ago(minutes=1)}
    await set_to(admin, "weight_difference_fraction", 0.05)
    asked = await care.http.post(f"{path_of(patient)}/weights", json=body, headers=fresh_key())
    assert (asked.status_code, asked.json()["confirmations"][0]["code"]) == (409, "weight_differs")
    assert "5%" in asked.json()["confirmations"][0]["detail"]
    await set_to(admin, "weight_difference_fraction", None)
    await care.weight(patient, 84.5)


async def test_a_dose_is_compared_by_the_clinics_tolerance(clinic: World) -> None:
    care, admin = await caring(clinic), await caring(clinic, "admin")
    told = {"started_at": ago(minutes=60), "stopped_at": ago(minutes=20), "delivered_mg": 40}

    async def deviations() -> list[str]:
        session = await care.session()
        await care.order(session, ordered_mg=41.2, infusion_minutes=40)
        return (await care.administration(session, **told))["deviations"]

    assert "less_than_ordered" in await deviations()
    await set_to(admin, "dose_tolerance_mg", 2)
    assert "less_than_ordered" not in await deviations()


async def test_a_plan_without_an_end_follows_the_clinic(clinic: World) -> None:
    admin, care = await caring(clinic, "admin"), await caring(clinic)
    await set_to(admin, "plan_ahead_sessions", 6)
    course = await care.course(protocol_code="KET_PO_TITR", first_session_at=ago(days=0))
    assert len(await care.items(f"{path_of(course)}/plan")) == 6
