"""Many at once: one effect for one key, no lost edit, nobody in the way of a discharge."""

import asyncio

import httpx2
import pytest

from app.kernel.ids import new_id
from tests.factories.patients import patient_body
from tests.proofs.care import GOES_HOME, ago, caring, path_of, start, stop, version_header
from tests.world import World

AT_ONCE = 50


async def all_at_once(http: httpx2.AsyncClient, path: str, body: object, **options: object) -> list[httpx2.Response]:
    return list(await asyncio.gather(*(http.post(path, json=body, **options) for _ in range(AT_ONCE))))


@pytest.mark.parametrize("kind", ["patient", "vital_signs", "administration"])
async def test_one_key_is_one_effect_and_fifty_equal_answers(clinic: World, kind: str) -> None:
    care = await caring(clinic)
    session = await care.session()
    path, body = {
        "patient": ("/v1/patients", patient_body()),
        "vital_signs": (f"{path_of(session)}/vital-signs", {"measured_at": ago(), "spo2_percent": 98}),
        "administration": (
            f"{path_of(session)}/administrations",
            {"drug": "ketamine", "route": "intravenous", "drawn_mg": 41.2, "events": [start(50), stop(10)]},
        ),
    }[kind]
    lists = {"patient": "/v1/patients", "vital_signs": "/v1/vital-signs", "administration": "/v1/administrations"}
    before = len(await care.items(lists[kind]))
    answers = await all_at_once(care.http, path, body, headers={"Idempotency-Key": new_id().hex})
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len({(answer.headers["location"], answer.headers["etag"]) for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == AT_ONCE - 1
    assert len(await care.items(lists[kind])) == before + 1
    assert len(await care.history(answers[0].json())) == 1


async def test_one_own_id_is_one_record(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session()
    own = str(new_id())
    body = {"id": own, "measured_at": ago(), "spo2_percent": 98}
    answers = await all_at_once(care.http, f"{path_of(session)}/vital-signs", body)
    assert sorted(answer.status_code for answer in answers) == [200] * (AT_ONCE - 1) + [201]
    assert len({answer.content for answer in answers}) == 1
    assert [one["id"] for one in await care.items("/v1/vital-signs", session_id=session["id"])] == [own]
    other = await care.http.post(f"{path_of(session)}/vital-signs", json=body | {"spo2_percent": 97})
    assert (other.status_code, other.json()["code"]) == (409, "id-already-used")


async def test_a_key_stands_for_one_request_of_one_caller(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    key = {"Idempotency-Key": new_id().hex}
    body = patient_body()
    first = await care.http.post("/v1/patients", json=body, headers=key)
    other_body = await care.http.post("/v1/patients", json=patient_body(), headers=key)
    assert (other_body.status_code, other_body.json()["code"]) == (422, "idempotency-key-reused")
    other_caller = await nurse.http.post("/v1/patients", json=patient_body(), headers=key)
    assert other_caller.status_code == 201
    assert other_caller.json()["id"] != first.json()["id"]
    await care.change(first.json(), {"phone": "+1 555 0199"})
    replay = await care.http.post("/v1/patients", json=body, headers=key)
    assert replay.content == first.content, "the answer that was given, not the state of now"


async def test_sixteen_editors_lose_nothing(clinic: World, deep: bool) -> None:
    care = await caring(clinic)
    patient = await care.patient(address="Lines:")
    edits = 50 if deep else 4
    refused = 0

    async def editor(number: int) -> None:
        nonlocal refused
        for edit in range(edits):
            while True:
                now = await care.again(patient)
                body = {"address": f"{now['address']}\n{number}.{edit}"}
                answer = await care.http.patch(path_of(patient), json=body, headers=version_header(now))
                if answer.status_code == 200:
                    break
                assert answer.status_code == 412, answer.text
                assert answer.json()["current_version"] > now["version"]
                refused += 1

    await asyncio.gather(*(editor(number) for number in range(16)))
    now = await care.again(patient)
    lines = now["address"].split("\n")[1:]
    assert sorted(lines) == sorted(f"{number}.{edit}" for number in range(16) for edit in range(edits))
    assert now["version"] == 1 + 16 * edits
    assert refused > 0, "they did get into each other's way"


async def test_readings_do_not_disturb_whoever_discharges(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session_in("observing")
    nurse = await caring(clinic, "nurse")

    async def append(number: int) -> None:
        await nurse.vitals(session, measured_at=ago(minutes=40 - number), heart_rate_bpm=60 + number)

    await asyncio.gather(*(append(number) for number in range(40)))
    answer = await care.http.post(f"{path_of(session)}/discharge", json=GOES_HOME, headers=version_header(session))
    assert answer.status_code == 200, answer.text
    assert len((await care.record(session))["vital_signs"]) == 40


async def test_two_who_decide_on_one_version_do_not_both_decide(clinic: World) -> None:
    care = await caring(clinic)
    await clinic.only_records()
    for _ in range(5):
        session = await care.session_in("checked_in")

        async def decide(verb: str, body: dict[str, str], session: dict[str, object] = session) -> int:
            answer = await care.http.post(f"{path_of(session)}/{verb}", json=body, headers=version_header(session))
            return answer.status_code

        both = await asyncio.gather(decide("clear", {}), decide("hold", {"reason": "Pressure 172/98."}))
        assert sorted(both) == [200, 412]


async def test_dose_events_at_once_are_all_reckoned(clinic: World) -> None:
    care = await caring(clinic)
    infusion = await care.administration(await care.session(), drawn_mg=100)

    async def bolus(number: int) -> None:
        await care.event(infusion, {"kind": "bolus", "occurred_at": ago(minutes=30 - number), "amount_mg": 1.5})

    await asyncio.gather(*(bolus(number) for number in range(20)))
    now = await care.again(infusion)
    assert (now["delivered_mg"], len(now["events"])) == (30, 20)
    assert sorted(event["ordinal"] for event in now["events"]) == list(range(1, 21))
