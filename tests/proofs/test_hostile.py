"""What no caller may get past the door: refused with a 4xx, nothing stored, nothing of it said back."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import islice
from typing import Any

import pytest

from app.kernel.ids import new_id
from tests.contract.document import document
from tests.proofs.care import Care, caring, path_of
from tests.proofs.counting import rows_of
from tests.proofs.recipes import RECIPES, Operation, shape_of, stage_in
from tests.world import World, http_client

Schema = Mapping[str, Any]
ECHO = "Ec7hoMarkerQx"
RAW = "@@raw@@"
SERVER_OWNED = {
    "clinic_id": str(new_id()),
    "version": 7,
    "recorded_by": str(new_id()),
    "recorded_at": "2026-03-02T14:05:00Z",
    "updated_at": "2026-03-02T14:05:00Z",
    "object": "session",
    "origin": "import",
    "create_digest": ECHO,
    "entered_in_error": None,
    "entered_in_error_at": "2026-03-02T14:05:00Z",
    "status": "signed",
    "patient_id": str(new_id()),
    "delivered_source": "events",
    "reconciled": True,
    "severity": "none",
    "safety_item": 0,
    "prescriber_signature": ECHO,
    "__proto__": {"admin": True},
}
IS_NO_NUMBER = (
    "true",
    '"35"',
    "NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "-1e400",
    "[]",
    "{}",
    "1" * 40,
    "0x10",
    "1_000",
)
IS_NO_TIME = (
    '"2026-03-02T14:05:00"', "1772460300", "1772460300.5", '"1772460300"', '"2026-03-02"', '"10000-01-01T00:00:00Z"',
    '"0001-01-01T00:00:00Z"', '"2026-02-30T00:00:00Z"', '"2026-03-02T25:00:00Z"', '"now"', "true",
)  # fmt: skip
IS_NO_DAY = ("20260302", '"2026-13-01"', '"99999-01-01"', '"2026-03-02T00:00:00Z"', '"0001-01-01"', "true")
IS_NO_TEXT = (
    "35",
    "true",
    "[]",
    "{}",
    f'"{ECHO}\\u0000"',
    f'"{ECHO}\\ud800"',
    f'"{ECHO}\\u0007"',
    f'"{ECHO}\\u001b[2J"',
)
IS_NO_ID = (
    '"+1"',
    "1",
    '"0199C1F0-7D3E-7A51-9C1E-3F0A5B7E2D10"',
    '"0199c1f07d3e7a519c1e3f0a5b7e2d10"',  # pragma: allowlist secret
    f'"{ECHO}"',
    "true",
)
IS_NO_FLAG = ('"true"', "1", "0", '"yes"')
IS_NO_LIST = ("{}", '"x"', "1", "true", "[" + ",".join(["null"] * 501) + "]")
IS_NO_OBJECT = ("[]", '"x"', "1", "true")


def resolved(document: Schema, schema: Schema, value: object = None) -> Schema:
    """A schema behind its references; of alternatives, the one that is not null."""
    while True:
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        elif "anyOf" in schema:
            schema = next(one for one in schema["anyOf"] if one.get("type") != "null")
        elif "oneOf" in schema:
            schema = shape_of(document, schema, value)
        else:
            return schema


def wrong_values(schema: Schema, *, required: bool) -> Iterator[str]:
    """JSON texts that a member of this schema must not take."""
    match schema.get("type"), schema.get("format"):
        case (("number" | "integer"), _):
            yield from IS_NO_NUMBER
            if schema.get("minimum", -1) >= 0:
                yield from ("-1", "-0.001")
            if schema.get("type") == "integer":
                yield "1.5"
            if "maximum" in schema:
                yield str(schema["maximum"] + 1)
        case "string", "date-time":
            yield from IS_NO_TIME
        case "string", "date":
            yield from IS_NO_DAY
        case "string", "uuid":
            yield from IS_NO_ID
            if "-7[0-9a-f]{3}" in schema.get("pattern", ""):
                yield '"5f0c1a52-1d3e-4a51-9c1e-3f0a5b7e2d10"'
        case "string", _:
            yield from IS_NO_TEXT
            if "maxLength" in schema:
                yield json.dumps(ECHO + "x" * schema["maxLength"])
            if schema.get("minLength"):
                yield '""'
            if "enum" in schema:
                yield f'"{ECHO}"'
        case "boolean", _:
            yield from IS_NO_FLAG
        case "array", _:
            yield from IS_NO_LIST
        case "object", _:
            yield from IS_NO_OBJECT
        case _:
            pass
    if required:
        yield "null"


def bodies(document: Schema, schema: Schema, good: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Hostile bodies made from a good one."""
    for name, member in schema.get("properties", {}).items():
        required = name in schema.get("required", ())
        for value in wrong_values(resolved(document, member), required=required):
            text = json.dumps({**good, name: RAW}).replace(f'"{RAW}"', value)
            yield f"{name} = {value[:60]}", text.encode()
    for name, value in SERVER_OWNED.items():
        if name not in schema.get("properties", {}):
            yield f"the server's own {name}", json.dumps({**good, name: value}).encode()
    plain = json.dumps(good)
    some = next(iter(good), "note")
    twice = json.dumps({some: good.get(some)})[1:-1]
    inner = plain[1:-1]
    yield "a member twice", ("{" + ", ".join(part for part in (twice, inner or twice) if part) + "}").encode()
    deep = "[" * 33 + "]" * 33
    yield "33 levels", (plain[:-1] + (", " if good else "") + f'"deep": {deep}}}').encode()
    yield "100 000 levels", ("[" * 100_000 + "]" * 100_000).encode()
    for label, text in (
        ("a list", "[]"), ("null", "null"), ("a number", "1"), ("a text", f'"{ECHO}"'), ("nothing", " "),
        ("no JSON", "{not json " + ECHO), ("a trailing comma", plain[:-1] + ",}"), ("two documents", plain + plain),
        ("a comment", plain + " // " + ECHO), ("a byte order mark", "\ufeff" + plain),
    ):  # fmt: skip
        yield label, text.encode()
    yield "no UTF-8", b'{"note": "\xff\xfe' + ECHO.encode() + b'"}'
    yield "UTF-16", plain.encode("utf-16")


@pytest.mark.parametrize("half", [0, 1])
async def test_no_body_gets_past_the_door(clinic: World, operations: list[Operation], half: int, deep: bool) -> None:
    """The door is the same in front of both databases: before PostgreSQL every third body, all of them in a deep run."""
    stage = await stage_in(clinic)
    described = document()
    stride = 1 if deep or clinic.database.dialect == "sqlite" else 3
    tried = 0
    wrong: list[str] = []
    for operation in operations[half::2]:
        if operation.body_schema is None or operation.id in {"create_clinic", "choose_own_password"}:
            continue
        await clinic.sign_in_again()  # a walk may take longer than a password counts
        call = await RECIPES[operation.id](stage)
        is_admin = operation.facts["x-permission"] in {"clinic:write", "policy:write", "staff:write"}
        http = stage.admin.http if is_admin else stage.care.http
        path = operation.template.format(**call.ids)
        before = await rows_of(clinic.database)
        schema = resolved(described, operation.body_schema, call.body)
        hostile = bodies(described, schema, call.body or {})
        for label, body in islice(hostile, half, None, stride):
            headers = {**call.headers, "Content-Type": "application/json", "Idempotency-Key": new_id().hex}
            answer = await http.request(operation.method, path, content=body, headers=headers)
            tried += 1
            if answer.status_code not in {400, 422} or ECHO in answer.text or ECHO in str(answer.headers):
                wrong.append(f"{operation.id} with {label}: {answer.status_code} {answer.text[:300]}")
        for kind in (
            "text/plain",
            "application/xml",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "json",
        ):
            headers = {**call.headers, "Content-Type": kind}
            answer = await http.request(operation.method, path, content=json.dumps(call.body), headers=headers)
            tried += 1
            if answer.status_code != 415:
                wrong.append(f"{operation.id} as {kind}: {answer.status_code} {answer.text[:300]}")
        if (now := await rows_of(clinic.database)) != before:
            stored = {name: now[name] - before[name] for name in now if now[name] != before[name]}
            wrong.append(f"{operation.id} stored {stored}")
        # The good body still does what it says, so it was the hostility that was refused.
        answer = await call.send(http, operation)
        if answer.status_code != operation.success:
            wrong.append(f"{operation.id}: the good body answers {answer.status_code} {answer.text}")
    assert not wrong, "\n".join(wrong)
    assert tried > 2000 / stride


async def test_no_parameter_gets_past_the_door(clinic: World, operations: list[Operation]) -> None:
    stage = await stage_in(clinic)
    described = document()
    wrong: list[str] = []
    for operation in operations:
        if operation.method != "GET" or operation.is_public:
            continue
        await clinic.sign_in_again()  # a walk may take longer than a password counts
        call = await RECIPES[operation.id](stage)
        http = stage.admin.http if operation.facts["x-permission"] == "staff:read" else stage.care.http
        names = {_parameter(described, one)["name"] for one in operation.facts.get("parameters", ())}
        tries: list[dict[str, str]] = [{"unheard_of": "1"}, {"select": "*"}, {"offset": "10"}]
        if "limit" in names:
            tries += [
                {"limit": value}
                for value in (
                    "0",
                    "-1",
                    "1001" if operation.id == "list_changes" else "201",
                    "x",
                    "1.5",
                    "1e2",
                    "",
                    "٣",
                )
            ]
        for name in names & {"patient_id", "session_id", "course_id", "location_id"} - set(call.ids):
            tries += [{name: value} for value in ("1", "' or 1=1 --", "0199C1F0-7D3E-7A51-9C1E-3F0A5B7E2D10")]
        for name in names & {"status", "severity", "route", "sort", "include"}:
            tries += [{name: value} for value in ("", "id; drop table patient", "-clinic_id", "recorded_by", "1")]
        for name in names & {"as_of", "started_from", "started_until", "updated_from"}:
            tries += [
                {name: value}
                for value in ("2025-07-31T01:02:03", "1772460300", "tomorrow", "2025-07-31", "99999-01-01T00:00:00Z")
            ]
        if "cursor" in names:
            tries += [{"cursor": value} for value in ("", "1", "x" * 2001, "gAAAAABn" + "A" * 80, "../../etc/passwd")]
        for params in tries:
            answer = await call.send(http, operation, params=params)
            value = next(iter(params.values()))
            echoed = len(value) > 6 and value in answer.text
            if answer.status_code != 400 or echoed:
                wrong.append(f"{operation.id}?{params}: {answer.status_code} {answer.text[:300]}")
    assert not wrong, "\n".join(wrong)


def _parameter(document: Schema, parameter: Schema) -> Schema:
    if "$ref" not in parameter:
        return parameter
    found: Schema = document["components"]["parameters"][parameter["$ref"].rsplit("/", 1)[1]]
    return found


async def test_no_address_gets_past_the_door(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    good = path_of(patient)
    other_spellings = (
        "/v1/patients/+1", "/v1/patients/1", "/v1/patients/null", "/v1/patients/%00", f"{good}%00", f"{good}/", f"{good}.json",
        good.upper(), f"/v1/patients/{patient['id'].upper()}", f"/v1/patients/{patient['id'].replace('-', '')}",
        f"/v1/patients/{{{patient['id']}}}", f"/v1/patients/urn:uuid:{patient['id']}", f"/v1//patients/{patient['id']}",
        "/v1/patients/..%2f..%2f..%2fetc%2fpasswd", f"/v1/patients/%2e%2e/{patient['id']}", f"/api{good}",
        f"/v1/patients/{patient['id']}%20", f"/v1/patients/%20{patient['id']}", "/v1/patients/💥", "/v1/unheard-of",
        f"{good}/history/1", f"{good}/weights/1/2",
    )  # fmt: skip
    for path in other_spellings:
        answer = await care.http.get(path)
        assert answer.status_code == 404, f"{path}: {answer.status_code} {answer.text}"
        assert answer.json()["code"] == "not-found"
        assert patient["id"] not in answer.text
    for method in ("DELETE", "PUT", "TRACE", "PROPFIND"):
        answer = await care.http.request(method, good)
        assert answer.status_code == 405, f"{method}: {answer.text}"
        assert {"GET", "HEAD", "PATCH"} <= set(answer.headers["allow"].replace(",", " ").split())


async def test_no_header_gets_past_the_door(clinic: World, other_clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    path = path_of(patient)
    before = await rows_of(clinic.database)
    for value in ("*", "7", '"x"', '"1", "2"', '"99999999999999999999"', '"-1"', "''"):
        answer = await care.http.patch(path, json={"phone": ECHO}, headers={"If-Match": value})
        assert answer.status_code == 400, f"If-Match {value}: {answer.text}"
    for value in ("", "has space", "x" * 256, "naïve".encode(), "a/b", "k;drop"):
        answer = await care.http.post("/v1/patients", json={"given_name": "x"}, headers={"Idempotency-Key": value})
        assert answer.status_code in {400, 422}, f"Idempotency-Key {value!r}: {answer.text}"
    good = {"given_name": "R", "family_name": "R", "birth_on": "1984-02-03", "sex": "female"}
    answer = await care.http.post("/v1/patients", json=good, headers={"Idempotency-Key": "has space"})
    assert answer.status_code == 400
    foreign = await care.http.get("/v1/patients", headers={"Clinic-Id": str(other_clinic.id)})
    unknown = await care.http.get("/v1/patients", headers={"Clinic-Id": str(new_id())})
    assert (foreign.status_code, unknown.status_code) == (403, 403)
    assert foreign.json() | {"request_id": ""} == unknown.json() | {"request_id": ""}
    assert (await care.http.get("/v1/patients", headers={"Clinic-Id": "1"})).status_code == 400
    assert (await care.http.get("/v1/patients", headers={"Accept": "application/xml"})).status_code == 406
    assert (await care.http.get("/v1/patients", headers={"Host": "evil.example"})).status_code == 421
    for reason in ("a\x00b", "x" * 501):
        answer = await care.http.patch(path, json={"phone": ECHO}, headers={"If-Match": '"1"', "Change-Reason": reason})
        assert answer.status_code == 400, answer.text
    assert await rows_of(clinic.database) == before


async def test_no_body_is_too_large_to_refuse(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session()
    limit = clinic.installation.settings.max_body_bytes
    before = await rows_of(clinic.database)
    head, tail = b'{"observed_at": "2026-03-02T14:05:00Z", "note": "', b'"}'
    body = head + b"x" * (limit + 1 - len(head) - len(tail)) + tail
    assert len(body) == limit + 1
    path = f"{path_of(session)}/dissociation-notes"
    headers = {"Content-Type": "application/json"}
    declared = await care.http.post(path, content=body, headers=headers)
    assert (declared.status_code, declared.json()["code"]) == (413, "body-too-large")

    async def in_chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 65_536):
            yield body[at : at + 65_536]

    streamed = await care.http.post(path, content=in_chunks(), headers=headers)
    assert (streamed.status_code, streamed.json()["code"]) == (413, "body-too-large")
    one_less = await care.http.post(path, content=body[:-3] + tail, headers=headers)
    assert one_less.status_code == 422, "a body of the greatest size is read"
    many = await care.http.post(
        f"{path_of(session)}/vital-signs/batch",
        json={"items": [{"measured_at": "2026-03-02T14:05:00Z", "spo2_percent": 98}] * 501},
    )
    assert many.status_code == 400
    assert await rows_of(clinic.database) == before


async def test_a_cursor_is_good_for_its_own_list_only(clinic: World, other_clinic: World) -> None:
    care, elsewhere = await caring(clinic), await caring(other_clinic)
    nurse = await caring(clinic, "nurse")
    for who in (care, elsewhere):
        patient = await who.patient()
        for _ in range(3):
            await who.session(await who.course(patient))

    async def cursor(who: Care, path: str, **params: str) -> str:
        page = await who.get(path, params={"limit": 1, **params})
        return str(page["next_cursor"])

    mine = await cursor(care, "/v1/sessions")
    assert (await care.http.get("/v1/sessions", params={"cursor": mine, "limit": 2})).status_code == 200
    for who, path, params in (
        (elsewhere, "/v1/sessions", {}),
        (nurse, "/v1/sessions", {}),
        (care, "/v1/courses", {}),
        (care, "/v1/sessions", {"status": "scheduled"}),
        (care, "/v1/sessions", {"sort": "session_at"}),
        (care, "/v1/sessions", {"include_entered_in_error": "true"}),
    ):
        answer = await who.http.get(path, params={"cursor": mine, **params})
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor-invalid"), (path, params)
    for altered in (mine[:20] + ("A" if mine[20] != "A" else "B") + mine[21:], mine[1:], mine[:-8], mine.swapcase()):
        answer = await care.http.get("/v1/sessions", params={"cursor": altered})
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor-invalid")


async def test_a_token_in_an_address_is_refused_and_ends(clinic: World) -> None:
    token = await clinic.token("nurse")
    app = clinic.installation.app
    async with http_client(app, token) as http, http_client(app) as nobody:
        assert (await http.get("/v1/patients")).status_code == 200
        answer = await nobody.get("/v1/patients", params={"access_token": token})
        assert (answer.status_code, answer.json()["code"]) == (400, "token-in-url")
        assert token not in answer.text
        assert (await http.get("/v1/patients")).status_code == 401


async def test_no_token_opens_the_door(clinic: World) -> None:
    token = await clinic.token("nurse")
    last = "0" if token[-1] != "0" else "1"
    async with http_client(clinic.installation.app) as http:
        for value in (
            "",
            "Bearer",
            f"Basic {token}",
            f"Bearer {token[:-1]}{last}",
            f"Bearer {token}x",
            "Bearer kts_",
            token,
        ):
            answer = await http.get("/v1/patients", headers={"Authorization": value})
            assert answer.status_code == 401, value
            assert "bearer" in answer.headers["www-authenticate"].lower()
        assert (await http.get("/v1/patients", headers={"Cookie": f"session={token}"})).status_code == 401
        assert (await http.get("/v1/patients", headers={"Authorization": f"bearer  {token}"})).status_code in {200, 401}
