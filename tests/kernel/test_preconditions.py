"""A change says which version it was made from; nothing is lost between two editors."""

import asyncio

import httpx2
import pytest

from tests.factories.patients import make_patient
from tests.world import World

EDITORS = 16
EDITS = 3
BECAUSE = {"change-reason": "new_information"}


async def test_sixteen_editors_lose_nothing(clinic: World) -> None:
    """Each adds its marks to one text, reading and trying again whenever somebody was faster."""
    nurse = await clinic.client("nurse")
    patient = await clinic.make(make_patient, address="0")
    url = f"/v1/patients/{patient.id}"

    async def edit(editor: int) -> None:
        for number in range(EDITS):
            while True:
                seen = await nurse.get(url)
                if seen.status_code == 503:  # too many at once; asked again like everything else
                    continue
                body = {"address": f"{seen.json()['address']} {editor}.{number}"}
                answer = await nurse.patch(url, json=body, headers=BECAUSE | {"if-match": seen.headers["etag"]})
                if answer.status_code == 200:
                    break
                assert answer.status_code in {412, 503}, answer.text

    await asyncio.gather(*(edit(editor) for editor in range(EDITORS)))
    last = (await nurse.get(url)).json()
    assert last["version"] == 1 + EDITORS * EDITS
    marks = last["address"].split()[1:]
    assert sorted(marks) == sorted(f"{editor}.{number}" for editor in range(EDITORS) for number in range(EDITS))
    versions: list[int] = []
    page: httpx2.Response = await nurse.get(f"{url}/history?limit=200")
    versions = [one["version"] for one in page.json()["items"]]
    assert versions == list(range(1, 2 + EDITORS * EDITS))


async def _patch(clinic: World, if_match: str | None) -> httpx2.Response:
    nurse = await clinic.client("nurse")
    patient = await clinic.make(make_patient)
    headers = BECAUSE | ({} if if_match is None else {"if-match": if_match})
    return await nurse.patch(f"/v1/patients/{patient.id}", json={"phone": "1"}, headers=headers)


@pytest.mark.parametrize("if_match", ['"1"', 'W/"1"', ' "1" '])
async def test_the_version_that_was_read_passes(clinic: World, if_match: str) -> None:
    answer = await _patch(clinic, if_match)
    assert (answer.status_code, answer.headers["etag"], answer.json()["version"]) == (200, '"2"', 2)


async def test_no_version_is_428(clinic: World) -> None:
    answer = await _patch(clinic, None)
    assert (answer.status_code, answer.json()["code"]) == (428, "if-match-required")


@pytest.mark.parametrize("if_match", ['"2"', '"0"', 'W/"7"'])
async def test_another_version_is_412_with_the_current_one(clinic: World, if_match: str) -> None:
    answer = await _patch(clinic, if_match)
    assert (answer.status_code, answer.json()["code"], answer.json()["current_version"]) == (412, "version-mismatch", 1)


@pytest.mark.parametrize("if_match", ["*", "1", '"1", "2"', '"one"', '"-1"', "", '"' + "9" * 30 + '"'])
async def test_what_is_no_version_is_400(clinic: World, if_match: str) -> None:
    answer = await _patch(clinic, if_match)
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "If-Match")


async def test_a_reader_with_the_version_gets_304(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    patient = await clinic.make(make_patient)
    url = f"/v1/patients/{patient.id}"
    for tag in ('"1"', 'W/"1"'):
        answer = await nurse.get(url, headers={"if-none-match": tag})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"1"')
    assert (await nurse.get(url, headers={"if-none-match": '"2"'})).status_code == 200
