"""Pages by keyset: nothing twice, nothing missed, nothing granted by a cursor."""

import pytest

from app.kernel.ids import new_id
from tests.conftest import Clock
from tests.factories.identity import make_location
from tests.factories.patients import make_patient, make_weight
from tests.world import World


async def test_a_walk_sees_each_record_once_while_others_are_added(clinic: World) -> None:
    async with clinic.writing() as db:
        before = [str((await make_location(db, db.info["actor"])).id) for _ in range(11)]
    nurse = await clinic.client("nurse")
    seen: list[str] = []
    url = "/v1/locations?limit=3"
    while url:
        page = (await nurse.get(url)).json()
        seen.extend(one["id"] for one in page["items"])
        await clinic.make(make_location)
        url = page["next_cursor"] and f"/v1/locations?limit=3&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen))
    assert seen == sorted(before, reverse=True)


async def test_ties_are_broken_and_nothing_falls_between_pages(clinic: World) -> None:
    """Ten weights of one instant, in pages of three."""
    patient = await clinic.make(make_patient)
    async with clinic.writing() as db:
        made = {
            str((await make_weight(db, db.info["actor"], patient, measured_at="2026-03-02T13:45:00Z")).id)
            for _ in range(10)
        }
    nurse = await clinic.client("nurse")
    seen: list[str] = []
    url = f"/v1/patients/{patient.id}/weights?limit=3"
    while url:
        answer = await nurse.get(url)
        seen.extend(one["id"] for one in answer.json()["items"])
        links = answer.headers.get("link")
        url = links.partition(">")[0].removeprefix("<") if links else ""
    assert (len(seen), set(seen)) == (10, made)


@pytest.mark.parametrize("limit", ["0", "-1", "201", "x", "1.5", "", "1e2", "99999999999999999999"])
async def test_a_limit_out_of_range_is_refused_and_not_bent(clinic: World, limit: str) -> None:
    nurse = await clinic.client("nurse")
    answer = await nurse.get(f"/v1/patients?limit={limit}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-parameter")
    assert [fault["parameter"] for fault in answer.json()["errors"]] == ["limit"]


async def test_the_limits_themselves_are_taken(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    for limit in (1, 200):
        assert (await nurse.get(f"/v1/patients?limit={limit}")).status_code == 200


async def _cursor(clinic: World, url: str = "/v1/locations?limit=1") -> str:
    for _ in range(3):
        await clinic.make(make_location)
    cursor = (await (await clinic.client("nurse")).get(url)).json()["next_cursor"]
    assert cursor
    return cursor


async def _refused(clinic: World, url: str, role: str = "nurse") -> None:
    answer = await (await clinic.client(role)).get(url)
    assert (answer.status_code, answer.json()["code"]) == (400, "cursor-invalid")


async def test_an_altered_cursor_is_refused(clinic: World) -> None:
    cursor = await _cursor(clinic)
    flipped = cursor[:40] + ("A" if cursor[40] != "A" else "B") + cursor[41:]
    for wrong in (flipped, cursor[:-4], "x", "", "gAAAAA=="):
        await _refused(clinic, f"/v1/locations?limit=1&cursor={wrong}")


async def test_a_cursor_is_good_for_its_caller_clinic_and_list_only(clinic: World, other_clinic: World) -> None:
    cursor = await _cursor(clinic)
    await other_clinic.make(make_location)
    await _refused(other_clinic, f"/v1/locations?limit=1&cursor={cursor}")
    await _refused(clinic, f"/v1/locations?limit=1&cursor={cursor}", role="prescriber")
    await _refused(clinic, f"/v1/patients?limit=1&cursor={cursor}")
    await _refused(clinic, f"/v1/patients?include_entered_in_error=true&limit=1&cursor={cursor}")
    assert (await (await clinic.client("nurse")).get(f"/v1/locations?limit=2&cursor={cursor}")).status_code == 200


async def test_a_cursor_says_nothing(clinic: World) -> None:
    cursor = await _cursor(clinic)
    assert str(clinic.id) not in cursor
    assert str(clinic.id)[:8] not in cursor


async def test_a_cursor_ends_after_a_day(clinic: World, clock: Clock) -> None:
    cursor = await _cursor(clinic)
    url = f"/v1/locations?limit=1&cursor={cursor}"
    clock.advance(hours=23, minutes=50)
    token = await clinic.token("nurse")
    headers = {"authorization": f"Bearer {token}"}
    nurse = await clinic.client("nurse")
    assert (await nurse.get(url, headers=headers)).status_code == 200
    clock.advance(minutes=11)
    answer = await nurse.get(url, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "cursor-invalid")


async def test_a_total_is_counted_only_when_asked_for(clinic: World) -> None:
    for _ in range(3):
        await clinic.make(make_location)
    nurse = await clinic.client("nurse")
    assert "total" not in (await nurse.get("/v1/locations?limit=1")).json()
    counted = (await nurse.get("/v1/locations?limit=1&include_total=true")).json()
    assert (counted["total"], counted["total_is_exact"], len(counted["items"])) == (3, True, 1)


async def test_an_unknown_parameter_is_refused_and_not_repeated(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    marker = f"m{new_id().hex}"
    answer = await nurse.get(f"/v1/patients?{marker}=1")
    assert answer.status_code == 400
    assert marker not in answer.text
