"""The OpenAPI document is valid, complete and true to the code."""

import re
from collections.abc import Iterator

import httpx2
import pytest
from fastapi import FastAPI
from openapi_spec_validator import validate
from pydantic import TypeAdapter, ValidationError

from app.kernel.endpoint import Endpoint, permission_of
from app.main import routes_of
from tests.contract.document import (
    Json,
    Operation,
    document,
    escaped,
    faults_of,
    inside,
    operations,
    request_schemas,
    resolved,
)
from tests.world import http_client

each_operation = pytest.mark.parametrize("operation", operations(), ids=str)


def test_it_is_valid() -> None:
    validate(document())


def test_it_says_whose_it_is() -> None:
    found = document()
    assert found["openapi"].startswith("3.1")
    assert found["info"]["license"]["identifier"] == "Apache-2.0"
    assert found["info"]["contact"]
    assert found["info"]["version"]
    assert found["servers"]
    assert found["security"] == [{"bearer": []}]


def test_operation_ids_are_verb_noun_and_unique() -> None:
    ids = [str(operation) for operation in operations()]
    assert len(set(ids)) == len(ids)
    assert [one for one in ids if not re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", one)] == []


def test_every_tag_is_described() -> None:
    used = {tag for operation in operations() for tag in operation.facts["tags"]}
    declared = {tag["name"] for tag in document()["tags"] if tag["description"]}
    assert used <= declared


@each_operation
def test_an_operation_says_what_it_does_and_who_may(operation: Operation) -> None:
    facts = operation.facts
    assert len(facts["tags"]) == 1
    assert facts["summary"]
    assert facts["description"]
    assert facts["security"] == [] or facts["x-permission"]
    scopes = document()["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["scopes"]
    assert {scope for one in facts["security"] for scope in one.get("oauth2", ())} <= set(scopes)


@each_operation
def test_an_operation_lists_its_problems(operation: Operation) -> None:
    answers = operation.facts["responses"]
    assert all(answer["description"] for answer in map(resolved, answers.values()))
    if operation.path.startswith("/oauth"):
        return
    expected = {"400", "406", "500", "503"}
    if operation.facts["security"]:
        expected |= {"401", "403"} if operation.facts["x-permission"] != "signed-in" else {"401"}
    if "{" in operation.path:
        expected.add("404")
    if "requestBody" in operation.facts:
        expected |= {"413", "415", "422"}
    if any(parameter["name"] == "If-Match" for parameter in map(resolved, operation.facts.get("parameters", ()))):
        expected |= {"409", "412", "428"}
    assert expected <= set(answers)


def test_nothing_of_the_framework_leaks() -> None:
    text = str(document())
    assert "HTTPValidationError" not in text
    assert "Successful Response" not in text


def test_a_change_of_a_record_needs_its_version() -> None:
    for operation in operations():
        for parameter in map(resolved, operation.facts.get("parameters", ())):
            if parameter["name"] == "If-Match":
                assert parameter["required"], str(operation)
        if operation.method == "patch":
            assert any(one["name"] == "If-Match" for one in map(resolved, operation.facts["parameters"])), str(
                operation
            )
            assert "application/merge-patch+json" in operation.facts["requestBody"]["content"], str(operation)


# ── every schema, member and parameter ───────────────────────────────────────────────────────────────────────────────


def unbounded(where: str, schema: Json) -> Iterator[str]:
    """What a caller could make as large as they like."""
    closed = {"enum", "const", "maxLength", "pattern"}
    kinds = schema.get("type", ())
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    if "string" in kinds and not closed & set(schema):
        yield f"{where}: a string without maxLength, pattern or enum"
    if "array" in kinds and "maxItems" not in schema:
        yield f"{where}: a list without maxItems"
    is_free = kinds & {"integer", "number"} and not {"enum", "const"} & set(schema)
    if is_free and not (
        {"minimum", "exclusiveMinimum"} & set(schema) and {"maximum", "exclusiveMaximum"} & set(schema)
    ):
        yield f"{where}: a number without minimum and maximum"
    if "object" in kinds and schema.get("additionalProperties") is not False:
        yield f"{where}: an object that takes unknown members"


def has_example(schema: Json) -> bool:
    """Whether a reader sees what such a value looks like."""
    if schema.get("examples") or "const" in schema or "$ref" in schema:
        return True
    inner = [
        one for several in ("anyOf", "oneOf", "allOf") for one in schema.get(several, ()) if one != {"type": "null"}
    ]
    if inner:
        return all(has_example(one) for one in inner)
    return "items" in schema and has_example(schema["items"])


def test_every_schema_and_member_is_described_with_an_example() -> None:
    missing: list[str] = []
    for name, schema in document()["components"]["schemas"].items():
        if not schema.get("description"):
            missing.append(f"{name}: no description")
        for where, one in inside(schema, name):
            for member, inner in one.get("properties", {}).items():
                if not inner.get("description"):
                    missing.append(f"{where}.{member}: no description")
                if not has_example(inner):
                    missing.append(f"{where}.{member}: no example")
    assert not missing, "\n".join(missing)


def test_everything_that_is_sent_has_bounds() -> None:
    schemas = document()["components"]["schemas"]
    wrong = [
        line
        for name in sorted(request_schemas())
        for where, one in inside(schemas[name], name)
        for line in unbounded(where, one)
    ]
    assert not wrong, "\n".join(wrong)


@each_operation
def test_every_parameter_is_described_with_an_example_and_bounds(operation: Operation) -> None:
    missing: list[str] = []
    for parameter in map(resolved, operation.facts.get("parameters", ())):
        name = parameter["name"]
        schema = parameter["schema"]
        if not parameter.get("description"):
            missing.append(f"{name}: no description")
        if not has_example(schema) and "example" not in parameter and resolved(schema).get("type") != "boolean":
            missing.append(f"{name}: no example")
        for where, one in inside(schema, name):
            missing += unbounded(where, one)
        assert {"type": "null"} not in schema.get("anyOf", ()), name
    assert not missing, "\n".join(missing)


# ── examples ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def media_types() -> Iterator[tuple[str, Json]]:
    """Every media type of the document with its pointer."""
    for operation in operations():
        base = f"/paths/{escaped(operation.path)}/{operation.method}"
        for kind, media in operation.facts.get("requestBody", {}).get("content", {}).items():
            yield f"{base}/requestBody/content/{escaped(kind)}", media
        for status, answer in operation.facts["responses"].items():
            for kind, media in answer.get("content", {}).items():
                yield f"{base}/responses/{status}/content/{escaped(kind)}", media
    for name, answer in document()["components"]["responses"].items():
        for kind, media in answer["content"].items():
            yield f"/components/responses/{name}/content/{escaped(kind)}", media


def test_examples_of_bodies_are_valid() -> None:
    wrong = [
        f"{pointer}: {fault}"
        for pointer, media in media_types()
        for example in media.get("examples", {}).values()
        for fault in faults_of(resolved(example)["value"], f"{pointer}/schema")
    ]
    assert not wrong, "\n".join(wrong)


def test_examples_of_members_are_valid() -> None:
    wrong: list[str] = []

    def walk(schema: Json, pointer: str) -> None:
        for example in schema.get("examples", ()):
            assert example is not None, pointer
            wrong.extend(f"{pointer}: {fault}" for fault in faults_of(example, pointer))
        for several in ("anyOf", "oneOf", "allOf"):
            for number, one in enumerate(schema.get(several, ())):
                walk(one, f"{pointer}/{several}/{number}")
        for name, one in schema.get("properties", {}).items():
            walk(one, f"{pointer}/properties/{escaped(name)}")
        if isinstance(schema.get("items"), dict):
            walk(schema["items"], f"{pointer}/items")

    for name, schema in document()["components"]["schemas"].items():
        walk(schema, f"/components/schemas/{name}")
    for operation in operations():
        for number, parameter in enumerate(operation.facts.get("parameters", ())):
            if "$ref" not in parameter:
                walk(
                    parameter["schema"],
                    f"/paths/{escaped(operation.path)}/{operation.method}/parameters/{number}/schema",
                )
    for name, parameter in document()["components"]["parameters"].items():
        walk(parameter["schema"], f"/components/parameters/{name}/schema")
    assert not wrong, "\n".join(wrong)


def test_every_request_example_would_be_accepted(api: FastAPI) -> None:
    """Also by rules that a schema cannot say, such as one of two members."""
    wrong: list[str] = []
    routes = {route.name: route for route in routes_of(api) if isinstance(route, Endpoint)}
    for operation in operations():
        route = routes.get(str(operation))
        if route is None or route.body_field is None:
            continue
        for example in operation.facts["requestBody"]["content"]["application/json"]["examples"].values():
            try:
                TypeAdapter(route.body_field.field_info.annotation).validate_python(example["value"])
            except ValidationError as error:
                wrong.append(f"{operation}: {error}")
    assert not wrong, "\n".join(wrong)


# ── the document and the code ────────────────────────────────────────────────────────────────────────────────────────


def test_every_route_is_in_the_document(api: FastAPI) -> None:
    routes = {
        (route.path, method.lower())
        for route in routes_of(api)
        if isinstance(route, Endpoint)
        for method in route.methods
    }
    assert routes <= {(operation.path, operation.method) for operation in operations()}


def test_every_operation_states_the_permission_of_its_route(api: FastAPI) -> None:
    routes = {route.name: route for route in routes_of(api) if isinstance(route, Endpoint)}
    for operation in operations():
        if (route := routes.get(str(operation))) is not None:
            assert operation.facts.get("x-permission") == permission_of(route.dependant)


async def test_it_is_served_to_everybody(api: FastAPI) -> None:
    from app.kernel.gate import Gate  # noqa: PLC0415

    app = Gate(api, api.state.settings, lambda: api.state.tokens)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://testserver") as nobody:
        answer = await nobody.get("/v1/openapi.json")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "public, max-age=3600"
        assert answer.json()["paths"].keys() == document()["paths"].keys()
        again = await nobody.get("/v1/openapi.json", headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_head_answers_as_get_without_a_body(app: object) -> None:
    async with http_client(app) as nobody:  # type: ignore[arg-type]
        got, headed = await nobody.get("/health/live"), await nobody.head("/health/live")
        assert headed.status_code == 200
        assert headed.content == b""
        assert headed.headers["content-length"] == got.headers["content-length"]
        assert headed.headers["content-type"] == got.headers["content-type"]
        refused = await nobody.head("/oauth/token")
        assert refused.status_code == 405


async def test_405_lists_every_method(app: object) -> None:
    async with http_client(app) as nobody:  # type: ignore[arg-type]
        answer = await nobody.delete("/health/live")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD"
