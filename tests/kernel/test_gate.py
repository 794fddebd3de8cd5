"""What stands around everything, and the order in which checks answer."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import orjson
import pytest
from starlette.types import ASGIApp

from app.kernel.ids import new_id
from app.kernel.logging import ALLOWED, JsonLine
from tests.factories.patients import make_patient, patient_body
from tests.world import World, http_client

SAFE_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
}


async def test_every_answer_carries_safe_headers(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    for answer in (
        await nurse.get("/v1/me"),
        await nurse.get("/v1/nothing"),
        await nurse.post("/v1/patients", content=b"{"),
        await http_client(clinic.installation.app).get("/v1/me"),
        await http_client(clinic.installation.app).post("/oauth/token"),
    ):
        assert {name: answer.headers[name] for name in SAFE_HEADERS} == SAFE_HEADERS


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "", "evil.example:80", "[::1]"])
async def test_another_host_is_421_before_anything_else(clinic: World, host: str) -> None:
    nurse = await clinic.client("nurse")
    answer = await nurse.get("/v1/me", headers={"host": host})
    assert (answer.status_code, answer.json()["code"]) == (421, "unknown-host")


@pytest.mark.parametrize("host", ["testserver", "TESTSERVER", "testserver:8000"])
async def test_our_host_passes_in_any_case_and_with_a_port(clinic: World, host: str) -> None:
    nurse = await clinic.client("nurse")
    assert (await nurse.get("/v1/me", headers={"host": host})).status_code == 200


async def _endless() -> AsyncIterator[bytes]:
    for _ in range(40):
        yield b"x" * 65_536


async def test_a_declared_body_that_is_too_large_is_not_read(app: ASGIApp) -> None:
    """Nobody is asked who they are first, and not a byte of the body is taken."""
    taken = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal taken
        taken += 1
        yield b"x"

    headers = {"content-length": str(2**21), "content-type": "application/json"}
    answer = await http_client(app).post("/v1/patients", content=body(), headers=headers)
    assert (answer.status_code, answer.json()["code"], answer.headers["connection"]) == (413, "body-too-large", "close")


async def test_a_streamed_body_is_counted_while_it_is_read(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    answer = await nurse.post("/v1/patients", content=_endless(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


async def test_a_streamed_form_is_counted_too(app: ASGIApp) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await http_client(app).post("/oauth/token", content=_endless(), headers=headers)
    assert answer.status_code == 413


async def test_a_token_in_an_address_is_refused_and_revoked(clinic: World) -> None:
    token = await clinic.token("nurse")
    client = http_client(clinic.installation.app, token)
    assert (await client.get("/v1/me")).status_code == 200
    answer = await client.get(f"/v1/me?access_token={token}")
    assert (answer.status_code, answer.json()["code"]) == (400, "token-in-url")
    assert (await client.get("/v1/me")).status_code == 401


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Basic eDp5", "bearer x", "Bearer kts_" + "0" * 104]
)
async def test_nobody_we_know_is_401_with_a_challenge(app: ASGIApp, authorization: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    answer = await http_client(app).get("/v1/patients", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_unknown_addresses_under_v1_do_not_show_before_signing_in(app: ASGIApp) -> None:
    assert (await http_client(app).get("/v1/nothing")).status_code == 401


async def test_405_lists_every_method_of_the_address(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    answer = await nurse.delete("/v1/patients")
    assert answer.status_code == 405
    assert {"GET", "POST"} <= {method.strip() for method in answer.headers["allow"].split(",")}


# ── the order of checks ──────────────────────────────────────────────────────────────────────────────────────────────
# A request that is wrong in every way from some point on answers with the first.


ORDER: list[tuple[int, dict[str, Any]]] = [
    (421, {"host": "evil.example"}),
    (413, {"content-length": "99999999"}),
    (401, {"authorization": "Bearer nobody"}),
    (406, {"accept": "text/csv"}),
    (415, {"content-type": "text/plain"}),
]


@pytest.mark.parametrize("first", range(len(ORDER)), ids=[str(status) for status, _ in ORDER])
async def test_the_first_thing_wrong_answers(clinic: World, first: int) -> None:
    therapist = await clinic.client("therapist")
    headers: dict[str, Any] = {}
    for _, wrong in ORDER[first:]:
        headers |= wrong
    if "content-length" not in headers:
        headers |= {"content-length": "1"}
    answer = await therapist.post("/v1/patients?wrong=1", content=b"{", headers=headers)
    assert answer.status_code == ORDER[first][0]


async def test_404_and_405_come_after_the_token_and_before_the_media_type(clinic: World) -> None:
    nurse = await clinic.client("nurse")
    assert (await nurse.post("/v1/nothing", content=b"x", headers={"content-type": "text/plain"})).status_code == 404
    assert (await nurse.put("/v1/patients", content=b"x", headers={"content-type": "text/plain"})).status_code == 405


async def test_400_before_403_before_422_before_404_before_428(clinic: World) -> None:
    patient = await clinic.make(make_patient)
    nowhere = f"/v1/patients/{new_id()}"
    therapist, nurse = await clinic.client("therapist"), await clinic.client("nurse")
    wrong = {"sexx": 1}
    assert (await therapist.patch(f"{nowhere}?x=1", json=wrong)).status_code == 400
    assert (
        await therapist.patch(nowhere, content=b"{", headers={"content-type": "application/json"})
    ).status_code == 400
    assert (await therapist.patch(nowhere, json=wrong, headers={"if-match": "*"})).status_code == 400
    assert (await therapist.patch(nowhere, json=wrong)).status_code == 403
    assert (await nurse.patch(nowhere, json=wrong)).status_code == 422
    assert (await nurse.patch(nowhere, json={"phone": "1"})).status_code == 404
    assert (await nurse.patch(f"/v1/patients/{patient.id}", json={"phone": "1"})).status_code == 428


@pytest.mark.parametrize("malformed", ["abc", "+1", "0199C1F0-7D3E-7A51-9C1E-3F0A5B7E2D10", "%00", "0" * 36, "1;drop"])
async def test_a_malformed_id_is_404(clinic: World, malformed: str) -> None:
    nurse = await clinic.client("nurse")
    assert (await nurse.get(f"/v1/patients/{malformed}")).status_code == 404


async def test_another_clinics_record_and_none_answer_alike(clinic: World, other_clinic: World) -> None:
    theirs = await other_clinic.make(make_patient)
    nurse = await clinic.client("nurse")

    def bare(answer: httpx2.Response) -> bytes:
        return answer.content.replace(answer.headers["request-id"].encode(), b"")

    answers = [await nurse.get(f"/v1/patients/{one}") for one in (theirs.id, new_id(), "abc")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({bare(answer) for answer in answers}) == 1
    assert len({tuple(sorted(set(answer.headers) - {"request-id"})) for answer in answers}) == 1


# ── logs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Lines(logging.Handler):
    """What would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLine())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


async def test_no_line_and_no_refusal_carries_what_was_sent(clinic: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Markers in every place a caller can put one, in requests that succeed, are refused and break."""
    marker = f"marker{new_id().hex}"
    handler = Lines()
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [handler])
    before = root.level
    root.setLevel(logging.DEBUG)
    nurse = await clinic.client("nurse")
    made = await nurse.post("/v1/patients", json=patient_body(family_name=marker, phone=marker, address=marker))
    patient_id = made.json()["id"]
    # A refusal may point at a member by its name; nothing may log it.
    await nurse.post("/v1/patients", json={marker: marker})
    refusals = [
        await nurse.post("/v1/patients", json={"sex": marker, "birth_on": marker, "identifiers": [{"system": marker}]}),
        await nurse.post(
            "/v1/patients", content=f'{{"{marker}": NaN}}'.encode(), headers={"content-type": "application/json"}
        ),
        await nurse.post("/v1/patients", content=marker.encode(), headers={"content-type": "application/json"}),
        await nurse.post("/v1/patients", content=b"{}", headers={"content-type": marker}),
        await nurse.get(f"/v1/patients?{marker}={marker}&limit={marker}"),
        await nurse.get(f"/v1/patients?cursor={marker}"),
        await nurse.get(f"/v1/patients/{marker}"),
        await nurse.get(f"/v1/{marker}"),
        await nurse.patch(f"/v1/patients/{patient_id}", json={"phone": marker}, headers={"if-match": marker}),
        await nurse.patch(f"/v1/patients/{patient_id}", json={"sex": marker}, headers={"if-match": '"1"'}),
        await nurse.get("/v1/me", headers={"authorization": f"Bearer {marker}"}),
        await nurse.get("/v1/me", headers={"clinic-id": marker}),
        await nurse.get("/v1/me", headers={"host": marker}),
        await nurse.post("/v1/patients", json=patient_body(), headers={"idempotency-key": f"{marker} {marker}"}),
        await http_client(clinic.installation.app).post(
            "/oauth/token", data={"grant_type": "password", "username": marker, "password": marker}
        ),
        await http_client(clinic.installation.app).post(
            "/oauth/password", json={"token": marker, "password": marker * 3}
        ),
    ]

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError(marker)

    monkeypatch.setattr("app.patients.actions.register_patient", broken)
    failed = await nurse.post("/v1/patients", json=patient_body(family_name=marker), extensions={"may_fail": True})
    assert failed.status_code == 500
    refusals.append(failed)
    root.setLevel(before)
    for refusal in refusals:
        assert marker not in refusal.text, refusal.request.url.path
        assert marker not in repr(refusal.headers)
    assert len(handler.lines) >= len(refusals)
    assert [line for line in handler.lines if marker in line] == []
    written = [orjson.loads(line) for line in handler.lines]
    assert any(line.get("error_type") == "RuntimeError" for line in written)
    allowed = {*ALLOWED, "at", "level", "logger", "event"}
    assert {key for line in written for key in line} <= allowed
    for line in written:
        if line["event"] == "request" and line["route"] is not None:
            assert "0199" not in line["route"]
