"""A weight that changes reaches the orders that stand for another, and the doses that were reckoned by it."""

from datetime import UTC, datetime

from tests.proofs.care import ago, caring, instant, path_of, start, stop, version_header
from tests.world import World


async def test_an_order_for_another_weight_is_confirmed(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    patient = await care.patient()
    await care.weight(patient, measured_at=ago(hours=2))
    session = await care.session(await care.course(patient))
    superseded = await care.order(session, ordered_mg_per_kg=0.4)
    order = await care.order(session, ordered_mg_per_kg=0.5, infusion_minutes=40)
    assert (order["weight_changed"], order["current_weight_kg"]) == (False, None)
    light = await nurse.weight(patient, 78.29, measured_at=ago(minutes=30))
    assert await care.again(order) == order, "less than 5 % changes nothing"
    # Exactly 5 % counts. The order keeps its own weight and its milligrams.
    await nurse.change(light, {"weight_kg": 78.28})
    asks = await care.again(order)
    assert [asks[name] for name in ("weight_changed", "current_weight_kg")] == [True, 78.28]
    assert [asks[name] for name in ("weight_kg", "ordered_mg", "calculated_mg")] == [82.4, 41.2, 41.2]
    last = (await care.history(order))[-1]
    assert (last["event"], last["reason"]) == ("dose_order.weight_changed", f"weight {light['id']}")
    assert (await care.again(superseded))["weight_changed"] is False
    # A dose given on it all the same is recorded, and says so.
    dose = await nurse.administration(session, events=[start(20)])
    assert "weight_not_reconfirmed" in dose["deviations"]
    assert dose["policy_versions"]["weight_not_reconfirmed"] == "POLICIES@1"
    assert (dose["weight_kg"], dose["current_weight_kg"]) == (82.4, 78.28)
    # It follows the weight, as a change that names it.
    await nurse.change(light, {"weight_kg": 80})
    assert (await care.again(order))["weight_changed"] is False
    now = await care.again(dose)
    assert ("weight_not_reconfirmed" in now["deviations"], now["current_weight_kg"]) == (False, 80)
    assert (await care.history(dose))[-1]["reason"] == f"weight {light['id']}"
    # A prescriber confirms it for the weight of now; what was begun before stays as it was.
    await nurse.change(light, {"weight_kg": 40})
    verb = f"{path_of(order)}/reconfirm"
    refused = await nurse.http.post(verb, json={}, headers=version_header(await care.again(order)))
    assert refused.status_code == 403
    asked = await care.http.post(verb, json={}, headers=version_header(await care.again(order)))
    assert [one["code"] for one in asked.json()["confirmations"]] == ["above_max_mg_per_kg"]
    sure = {"confirm": ["above_max_mg_per_kg"], "reason": "Same dose."}
    done = await care.do(order, "reconfirm", sure)
    assert [done[name] for name in ("weight_changed", "current_weight_kg", "reconfirmed_weight_kg")] == [
        False,
        None,
        40,
    ]
    assert [done[name] for name in ("weight_kg", "ordered_mg", "confirmed")] == [82.4, 41.2, ["above_max_mg_per_kg"]]
    assert done["reconfirmed_by"] == order["prescriber_id"]
    assert (await care.history(order))[-1]["reason"] == "Same dose."
    assert "weight_not_reconfirmed" in (await care.again(dose))["deviations"]
    later = await nurse.administration(
        session, events=[{"kind": "start", "occurred_at": instant(datetime.now(UTC)), "rate_mg_per_min": 1}]
    )
    assert "weight_not_reconfirmed" not in later["deviations"]
    path, header = f"{path_of(superseded)}/reconfirm", version_header(await care.again(superseded))
    assert (await care.http.post(path, json={}, headers=header)).json()["code"] == "illegal-transition"
    # The order it took the place of counts again, for another weight than the patient has.
    await care.void(order)
    again = await care.again(superseded)
    assert (again["status"], again["weight_changed"], again["current_weight_kg"]) == ("active", True, 40)


async def test_a_dose_without_an_order_follows_its_weight(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    weight = await care.weight(patient, 80, measured_at=ago(hours=2))
    course = await care.course(patient)
    ordered = await care.session(course)
    order = await care.order(ordered, ordered_mg_per_kg=0.5)
    events = [start(60, 1), stop(20)]
    frozen = await care.administration(ordered, events=events)
    free = await care.administration(await care.session(course), events=events)
    short = await care.administration(await care.session(course), started_at=ago(minutes=50), delivered_mg=40)
    before = await care.administration(await care.session(course), started_at=ago(hours=3), delivered_mg=40)
    assert [one["delivered_mg_per_kg"] for one in (frozen, free, short, before)] == [0.5, 0.5, 0.5, None]
    cause = f"weight {weight['id']}"
    await care.change(weight, {"weight_kg": 32})
    for dose in (free, short):
        now, last = await care.again(dose), (await care.history(dose))[-1]
        assert (now["weight_kg"], now["delivered_mg_per_kg"]) == (32, 1.25)
        assert "above_max_mg_per_kg" in now["deviations"]
        assert now["policy_versions"]["above_max_mg_per_kg"] == "DOSE_LIMITS@1"
        assert (last["event"], last["reason"]) == ("administration.reckoned", cause)
    # An order's weight is frozen, for its dose too; that the patient weighs something else is said beside it.
    now = await care.again(frozen)
    assert (now["weight_kg"], now["delivered_mg_per_kg"], now["current_weight_kg"]) == (80, 0.5, 32)
    assert "weight_not_reconfirmed" in now["deviations"]
    # What was recorded stays readable as it was recorded.
    then = await care.get(path_of(free), params={"as_of": free["updated_at"]})
    assert then["delivered_mg_per_kg"] == 0.5
    # A weight from before that comes in late counts, and one that is withdrawn no more.
    late = await care.weight(patient, 64, measured_at=ago(minutes=90), confirm=["weight_differs"])
    assert [(await care.again(one))["delivered_mg_per_kg"] for one in (free, before)] == [0.625, None]
    await care.change(late, {"measured_at": ago(minutes=30)})
    assert (await care.again(free))["delivered_mg_per_kg"] == 1.25
    await care.void(weight)
    await care.void(late)
    now = await care.again(free)
    assert (now["weight_kg"], now["delivered_mg_per_kg"]) == (None, None)
    assert "above_max_mg_per_kg" not in now["deviations"]
    assert (await care.again(order))["weight_kg"] == 80
    assert (await care.again(frozen))["delivered_mg_per_kg"] == 0.5
    # Whose start moves before a weight is not reckoned by it.
    await care.weight(patient, 50, measured_at=ago(minutes=55))
    await care.change(short, {"started_at": ago(minutes=58)})
    assert (await care.again(short))["delivered_mg_per_kg"] is None
    await care.change(free["events"][0], {"occurred_at": ago(minutes=54)}, reason="time_error")
    assert (await care.again(free))["weight_kg"] == 50
