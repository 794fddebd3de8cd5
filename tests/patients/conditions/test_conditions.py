"""Conditions and allergies: recorded, listed, corrected, and seen by whoever treats."""

import pytest

from tests.proofs.care import caring, path_of, version_header
from tests.proofs.recipes import HYPERTENSION, PENICILLIN
from tests.world import World

EACH = pytest.mark.parametrize(
    ("what", "body", "change"),
    [
        ("conditions", HYPERTENSION, {"started_on": "2019-05-01", "ended_on": "2026-03-02"}),
        ("allergies", PENICILLIN, {"severity": "severe", "reaction": None}),
    ],
)


@EACH
async def test_a_correction_is_a_version_with_a_reason(
    what: str, body: dict[str, str], change: dict[str, str | None], clinic: World
) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    patient = await care.patient()
    told = await nurse.new(f"{path_of(patient)}/{what}", body)
    assert {name: told[name] for name in body} == body
    asked = await care.http.patch(path_of(told), json=change, headers=version_header(told))
    assert (asked.status_code, asked.json()["code"]) == (400, "change-reason-required")
    mended = await care.change(told, change, reason="new_information")
    assert {name: mended[name] for name in change} == change
    assert await care.get(path_of(told), params={"as_of": told["updated_at"]}) == told
    other = await care.new(f"{path_of(patient)}/{what}", body)
    await care.new(f"{path_of(await care.patient())}/{what}", body)
    assert await care.items(f"/v1/{what}", patient_id=patient["id"]) == [other, mended]
    await care.void(other)
    assert await care.items(f"/v1/{what}", patient_id=patient["id"]) == [mended]
    await care.void(patient)
    assert (await care.again(told))["entered_in_error"]["reason"] == "wrong patient"


@EACH
async def test_the_front_desk_and_another_clinic_see_none(
    what: str, body: dict[str, str], change: dict[str, str | None], clinic: World, other_clinic: World
) -> None:
    care, elsewhere = await caring(clinic), await caring(other_clinic)
    patient = await care.patient()
    told = await care.new(f"{path_of(patient)}/{what}", body)
    desk = await clinic.client("front_desk")
    for path in (f"/v1/{what}", path_of(told)):
        assert (await desk.get(path)).status_code == 403
    assert await elsewhere.items(f"/v1/{what}", patient_id=patient["id"]) == []
    assert (await elsewhere.http.get(path_of(told))).status_code == 404


async def test_a_condition_does_not_end_before_it_began(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    body = HYPERTENSION | {"started_on": "2026-03-02", "ended_on": "2026-03-01"}
    answer = await care.http.post(f"{path_of(patient)}/conditions", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "end-before-start")
    told = await care.new(f"{path_of(patient)}/conditions", body | {"ended_on": None})
    answer = await care.http.patch(path_of(told), json={"ended_on": "2026-03-01"}, headers=version_header(told))
    assert (answer.status_code, answer.json()["code"]) == (422, "end-before-start")
