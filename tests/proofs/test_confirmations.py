"""Are you sure? Nothing is stored by the first request, and a confirmation covers exactly what it names."""

from tests.proofs.care import ago, caring, path_of
from tests.world import World


async def test_a_weight_far_from_the_last_one(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    path = f"{path_of(patient)}/weights"
    await care.weight(patient, 80, measured_at=ago(days=10))
    body = {"weight_kg": 88, "measured_at": ago(minutes=1)}
    asked = await care.http.post(path, json=body)
    assert (asked.status_code, asked.json()["code"]) == (409, "confirmation-required")
    (doubt,) = asked.json()["confirmations"]
    assert (doubt["code"], doubt["pointer"]) == ("weight_differs", "#/weight_kg")
    assert len(await care.items(path)) == 1
    other_code = await care.http.post(path, json=body | {"confirm": ["probable_duplicate"]})
    assert other_code.status_code == 409
    assert (await care.new(path, body | {"confirm": ["weight_differs"]}))["weight_kg"] == 88
    assert (await care.new(path, {"weight_kg": 87.9, "measured_at": ago()}))["weight_kg"] == 87.9


async def test_a_weight_after_a_long_time_surprises_nobody(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    await care.weight(patient, 80, measured_at=ago(days=91))
    assert (await care.weight(patient, 60))["weight_kg"] == 60


async def test_a_key_is_not_used_up_by_the_question(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    path = f"{path_of(patient)}/weights"
    await care.weight(patient, 80)
    key = {"Idempotency-Key": "weighing-1"}
    body = {"weight_kg": 60, "measured_at": ago()}
    assert (await care.http.post(path, json=body, headers=key)).status_code == 409
    confirmed = await care.http.post(path, json=body | {"confirm": ["weight_differs"]}, headers=key)
    assert confirmed.status_code == 201
