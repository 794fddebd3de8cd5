"""A clinic's own plans: kept by the rules shipped plans keep, followed by courses, seen by nobody else."""

from typing import Any

import pytest

from tests.proofs.care import Care, Json, ago, caring, fresh_key, path_of, version_header
from tests.proofs.recipes import protocol_body
from tests.world import World

PHASE = protocol_body()["phases"][0]


async def added(care: Care, **members: Any) -> Json:
    return await care.new("/v1/clinic-protocols", protocol_body(**members))


async def test_a_course_follows_a_plan_of_the_clinics_own(clinic: World) -> None:
    care = await caring(clinic)
    plan = await added(care)
    assert (plan["protocol_version"], plan["retired_at"]) == (1, None)
    shown = await care.get(f"/v1/protocols/{plan['code']}")
    assert (shown["clinics_own"], shown["sessions"], shown["dose_mg_per_kg"]) == (True, 4, 0.5)
    assert not (await care.get("/v1/protocols/KET_IV_6x3W"))["clinics_own"]
    listed = [one["code"] for one in (await care.get("/v1/protocols", params={"drug": "ketamine"}))["items"]]
    assert plan["code"] in listed
    assert "KET_IV_6x3W" in listed
    patient = await care.patient()
    await care.weight(patient)
    course = await care.course(patient, protocol_code=plan["code"], first_session_at=ago(days=0))
    assert (course["protocol_code"], course["protocol_version"]) == (plan["code"], 1)
    planned = (await care.get(f"{path_of(course)}/plan"))["items"]
    assert len(planned) == 4
    session = await care.session(course)
    assert (session["drug"], session["route"]) == ("ketamine", "intravenous")
    order = await care.order(session, ordered_mg_per_kg=0.5, infusion_minutes=40)
    assert order["ordered_mg"] == 41.2
    asked = await care.http.post(
        f"{path_of(session)}/dose-orders", json={"ordered_mg_per_kg": 1.1, "infusion_minutes": 40}, headers=fresh_key()
    )
    assert asked.json()["code"] == "confirmation-required", "its own soft limit is 1 mg/kg"


async def test_a_further_version_leaves_courses_where_they_are(clinic: World) -> None:
    care = await caring(clinic)
    first = await added(care)
    course = await care.course(protocol_code=first["code"])
    second = await added(care, code=first["code"], phases=[PHASE | {"sessions": 2, "day_offsets": [0, 7]}])
    assert second["protocol_version"] == 2
    assert (await care.get(f"/v1/protocols/{first['code']}"))["sessions"] == 2
    assert (await care.get(f"/v1/protocols/{first['code']}/versions/1"))["sessions"] == 4
    assert (await care.again(course))["protocol_version"] == 1
    assert (await care.course(protocol_code=first["code"]))["protocol_version"] == 2
    versions = await care.items("/v1/clinic-protocols", code=first["code"])
    assert [one["protocol_version"] for one in versions] == [2, 1]


async def test_a_retired_version_is_offered_no_longer_and_still_followed(clinic: World) -> None:
    care = await caring(clinic)
    plan = await added(care)
    course = await care.course(protocol_code=plan["code"])
    retired = await care.do(plan, "retire", {"reason": "Replaced."})
    assert retired["retired_reason"] == "Replaced."
    assert [one["event"] for one in await care.history(plan)] == ["clinic_protocol.added", "clinic_protocol.retired"]
    assert (await care.http.get(f"/v1/protocols/{plan['code']}")).status_code == 404
    assert (await care.get(f"/v1/protocols/{plan['code']}/versions/1"))["name"] == plan["name"]
    refused = await care.http.post(
        f"{path_of(await care.patient())}/courses", json={"protocol_code": plan["code"]}, headers=fresh_key()
    )
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/protocol_code")
    await care.session(course)
    twice = await care.http.post(f"{path_of(plan)}/retire", json={"reason": "Again."}, headers=version_header(retired))
    assert (twice.status_code, twice.json()["code"]) == (409, "protocol-retired")
    assert (await added(care, code=plan["code"]))["protocol_version"] == 2


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"phases": [PHASE | {"day_offsets": [0, 7]}]}, "#/phases/0/day_offsets"),
        ({"phases": [PHASE | {"day_offsets": [1, 7, 14, 21]}]}, "#/phases/0/day_offsets"),
        ({"phases": [PHASE | {"dose_mg": [50]}]}, "#/phases/0/dose_mg_per_kg"),
        ({"phases": [PHASE, PHASE]}, "#/phases"),
        ({"vital_slots_minutes": [30, 15]}, "#/vital_slots_minutes"),
        ({"phases": [PHASE | {"dose_mg_per_kg": [0]}]}, "#/phases/0/dose_mg_per_kg"),
        (
            {"decision_points": [{"after": "induction", "action": "evidence_of_benefit_required", "source": "Ours."}]},
            "#/decision_points",
        ),
        (
            {"observation": {"counts_from": "noon", "minimum_minutes": 60, "source": "Ours."}},
            "#/observation/counts_from",
        ),
    ],
)
async def test_a_plan_that_cannot_be_followed_is_refused(clinic: World, members: Json, pointer: str) -> None:
    care = await caring(clinic)
    answer = await care.http.post("/v1/clinic-protocols", json=protocol_body(**members), headers=fresh_key())
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.text
    assert await care.items("/v1/clinic-protocols") == []


async def test_shipped_codes_stay_the_published_plans(clinic: World) -> None:
    care = await caring(clinic)
    answer = await care.http.post("/v1/clinic-protocols", json=protocol_body(code="OPEN"), headers=fresh_key())
    assert (answer.status_code, answer.json()["code"]) == (409, "protocol-code-taken")


async def test_another_clinic_neither_sees_nor_follows_it(clinic: World, other_clinic: World) -> None:
    care, elsewhere = await caring(clinic), await caring(other_clinic)
    plan = await added(care)
    for path in (f"/v1/protocols/{plan['code']}", f"/v1/protocols/{plan['code']}/versions/1", path_of(plan)):
        assert (await elsewhere.http.get(path)).status_code == 404, path
    assert plan["code"] not in [one["code"] for one in (await elsewhere.get("/v1/protocols"))["items"]]
    patient = await elsewhere.patient()
    refused = await elsewhere.http.post(
        f"{path_of(patient)}/courses", json={"protocol_code": plan["code"]}, headers=fresh_key()
    )
    assert refused.status_code == 422
    assert (await added(elsewhere, code=plan["code"]))["protocol_version"] == 1, "codes are each clinic's own"
