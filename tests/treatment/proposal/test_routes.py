"""The dose a session's plan leads to, over HTTP."""

from tests.proofs.care import Care, Json, ago, caring, path_of
from tests.world import World

HAND: Json = {"concentration_mg_per_ml": 10, "bag_total_ml": 100}


async def proposed(care: Care, session: Json, *, expect: int = 200, **params: object) -> Json:
    """What is proposed, or why nothing is."""
    return await care.call("GET", f"{path_of(session)}/dose-proposal", params=params, expect=expect)


def parts(told: Json, *names: str) -> tuple[object, ...]:
    """Some members, in order."""
    return tuple(told[name] for name in names)


async def test_a_dose_by_weight_from_the_scales_to_the_pump(clinic: World) -> None:
    care, admin = await caring(clinic), await caring(clinic, "admin")
    patient = await care.patient()
    course = await care.course(patient, protocol_code="KET_IV_6x3W")
    session = await care.session(course)
    assert (await proposed(care, session, expect=409))["code"] == "weight-missing"
    await care.weight(patient, measured_at=ago(days=30, minutes=1))
    assert (await proposed(care, session, expect=409))["code"] == "weight-too-old"
    await admin.new("/v1/policies", {"code": "weight_valid_days", "value": 31, "reason": "Our own rule."})
    told = await proposed(care, session)
    assert parts(told, "proposed_mg", "warnings", "previous", "cap") == (41.2, [], None, None)
    assert told["weight"]["age_days"] == 30
    weight = await care.weight(patient, measured_at=ago(minutes=20))
    told = await proposed(care, session, **HAND)
    assert told["weight"] == {
        "id": weight["id"],
        "weight_kg": 82.4,
        "measured_at": weight["measured_at"],
        "age_days": 0,
    }
    assert parts(told, "basis", "phase", "mg_per_kg", "choices_mg_per_kg") == ("protocol", "induction", 0.5, [0.5])
    assert parts(told, "calculated_mg", "proposed_mg", "proposed_mg_per_kg") == (41.2, 41.2, 0.5)
    assert parts(told, "drawn_ml", "infusion_minutes", "rate_mg_per_min", "rate_ml_per_h") == (4.12, 40, 1.03, 150)
    # What it says is what an order of it comes to.
    order = await care.order(session, ordered_mg_per_kg=told["mg_per_kg"], infusion_minutes=told["infusion_minutes"])
    assert parts(order, "ordered_mg", "rate_mg_per_min") == parts(told, "proposed_mg", "rate_mg_per_min")
    # The patient's own limit holds it down, and asks about an order beyond it.
    limit = {"code": "dose_maximum_mg", "value": 40, "reason": "Faints above it."}
    own = await care.new(f"{path_of(patient)}/limits", limit)
    told = await proposed(care, session, **HAND, infusion_minutes=50)
    assert told["cap"] == {"reason": "patient_limit", "limit_mg": 40, "version": f"patient_limit:{own['id']}"}
    assert parts(told, "calculated_mg", "proposed_mg", "rate_mg_per_min", "drawn_ml") == (41.2, 40, 0.8, 4)
    assert told["warnings"] == ["above_max_mg"]
    asked = await care.http.post(f"{path_of(session)}/dose-orders", json={"ordered_mg_per_kg": 0.5})
    assert [one["code"] for one in asked.json()["confirmations"]] == ["above_max_mg"]
    # What was given is shown beside the next one, and what it has had already counts.
    events = [{"kind": "start", "occurred_at": ago(hours=3), "rate_mg_per_min": 1}]
    dose = await care.administration(session, events=[*events, {"kind": "stop", "occurred_at": ago(hours=2.5)}])
    await care.weight(patient, 20, confirm=["weight_differs"])
    told = await proposed(care, await care.session(course))
    assert parts(told["previous"], "administration_id", "delivered_mg", "ordered_mg") == (dose["id"], 30, 41.2)
    assert 2.5 <= told["hours_since_previous"] < 3
    assert parts(told, "proposed_mg", "given_before_mg") == (10, 0)
    again = await proposed(care, session)
    assert parts(again, "given_before_mg", "cap") == (
        30,
        {"reason": "max_mg_per_kg", "limit_mg": 0, "version": "KET_IV_6x3W@1"},
    )


async def test_doses_without_a_weight(clinic: World) -> None:
    """In devices, in lozenges, and where the plan names none."""
    care = await caring(clinic)
    old = await care.patient(birth_on="1950-03-02")
    course = await care.course(old, protocol_code="ESK_TRD")
    told = await proposed(care, session := await care.session(course))
    assert parts(told, "choices_mg", "proposed_mg", "devices", "drawn_ml") == ([56], 56, 2, None)
    assert parts(told, "choices_by_age_mg", "warnings") == ([28], ["weight_missing", "other_start_by_age"])
    used = {"drug": "esketamine", "route": "intranasal", "drawn_mg": 84}
    await care.order(session, ordered_devices=3)
    await care.administration(session, **used, started_at=ago(days=3), delivered_mg=84)
    told = await proposed(care, await care.session(course), **HAND, unit_strength_mg=50)
    assert parts(told, "choices_mg", "proposed_mg", "devices", "warnings") == ([56, 84], 84, 3, ["weight_missing"])
    assert parts(told, "proposed_units", "rate_ml_per_h", "choices_by_age_mg") == (None, None, [])
    under_tongue = await care.session(await care.course(old, protocol_code="KET_SL_6x"))
    assert parts(await proposed(care, under_tongue), "proposed_mg", "proposed_units", "unit_strength_mg") == (50, 1, 50)
    assert (await proposed(care, under_tongue, unit_strength_mg=100))["proposed_units"] == 0.5
    open_course = await care.session(await care.course(old))
    told = await proposed(care, open_course)
    assert parts(told, "basis", "proposed_mg", "warnings") == ("none", None, ["no_dose_in_protocol", "weight_missing"])
    for wrong in ({"concentration_mg_per_ml": 0}, {"infusion_minutes": 0}, {"bag_total_ml": "much"}):
        assert (await proposed(care, open_course, expect=400, **wrong))["code"] == "invalid-parameter"
