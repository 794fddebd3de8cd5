"""Reading the OpenAPI document: its operations and schemas, and whether an answer is what it promises."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol
from urllib.parse import quote

from jsonschema_rs import Draft202012, Draft202012Validator, Registry

from app.about import ABOUT
from app.kernel.database import open_database
from app.kernel.openapi import build_document
from app.kernel.settings import Settings
from app.main import build_api, routes_of

Json = dict[str, Any]
_BASE = "urn:document"


@cache
def document() -> Json:
    """The document of the application, built once per process; nobody changes it."""
    settings = Settings(database_url="sqlite+aiosqlite:////dev/null")
    return json.loads(
        json.dumps(build_document(routes_of(build_api(settings, open_database(settings))), ABOUT, settings))
    )


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    method: str
    path: str
    facts: Json

    def __str__(self) -> str:
        return str(self.facts["operationId"])


def operations() -> list[Operation]:
    """Every operation."""
    return [
        Operation(method, path, facts) for path, item in document()["paths"].items() for method, facts in item.items()
    ]


def resolved(node: Json) -> Json:
    """What a node refers to, or the node itself."""
    while "$ref" in node:
        target: Any = document()
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def inside(schema: Json, where: str) -> Iterator[tuple[str, Json]]:
    """A schema and those written inside it, with where they are; references are not followed."""
    yield where, schema
    for several in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for number, one in enumerate(schema.get(several, ())):
            yield from inside(one, f"{where}/{several}/{number}")
    for name, one in schema.get("properties", {}).items():
        yield from inside(one, f"{where}.{name}")
    for single in ("items", "additionalProperties"):
        if isinstance(schema.get(single), dict):
            yield from inside(schema[single], f"{where}/{single}")


def reached(schema: Json, seen: set[str] | None = None) -> set[str]:
    """Names of the component schemas a schema refers to, directly or through others."""
    seen = set() if seen is None else seen
    for _, one in inside(schema, ""):
        if "$ref" in one and (name := one["$ref"].rsplit("/", 1)[1]) not in seen:
            seen.add(name)
            reached(resolved(one), seen)
    return seen


def request_schemas() -> set[str]:
    """Names of the component schemas that somebody sends."""
    found: set[str] = set()
    for operation in operations():
        for media in operation.facts.get("requestBody", {}).get("content", {}).values():
            found |= reached(media["schema"])
    return found


@cache
def _registry() -> Registry:
    return Registry([(_BASE, document())], draft=Draft202012)


@cache
def _validator(pointer: str) -> Draft202012Validator:
    return Draft202012Validator(
        {"$ref": f"{_BASE}#{quote(pointer, safe='/~')}"}, registry=_registry(), validate_formats=True
    )


def faults_of(value: object, pointer: str) -> list[str]:
    """What is wrong with a value under the schema at a JSON Pointer of the document; rules and places, for test output."""
    validator = _validator(pointer)
    if validator.is_valid(value):
        return []
    return [f"{error.instance_path}: {error.message[:300]}" for error in validator.iter_errors(value)]


def escaped(part: str) -> str:
    """A part of a JSON Pointer."""
    return part.replace("~", "~0").replace("/", "~1")


class Answer(Protocol):
    """What is asked of an answer; any HTTP library's response will do."""

    @property
    def status_code(self) -> int: ...
    @property
    def content(self) -> bytes: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


def assert_documented(method: str, path_template: str, response: Answer) -> None:
    """Fail unless the document describes this answer: its status, media type, shape, headers and problem code.

    Args:
        method: The request's method.
        path_template: The route's path, such as `/v1/patients/{patient_id}`.
        response: The answer.
    """
    item = document()["paths"].get(path_template, {})
    operation: Json | None = item.get("get" if method == "HEAD" else method.lower())
    if operation is None:
        return  # pages, and methods an address does not have
    place = f"{method} {path_template} answered {response.status_code}"
    promised = operation["responses"].get(str(response.status_code))
    assert promised is not None, f"{place}, which is not documented: {response.content[:500]!r}"
    answer = resolved(promised)
    for name in answer.get("headers", {}):
        if name in {"Request-Id", "ETag"} and response.status_code < 400:
            assert name.lower() in {one.lower() for one in response.headers}, f"{place} without {name}"
    if method == "HEAD" or not answer.get("content"):
        return
    kind = response.headers.get("content-type", "").split(";")[0]
    assert kind in answer["content"], f"{place} as {kind}"
    if not kind.endswith("json"):
        return
    base = promised.get("$ref", "").removeprefix("#") or (
        f"/paths/{escaped(path_template)}/{'get' if method == 'HEAD' else method.lower()}/responses/{response.status_code}"
    )
    shown = json.loads(response.content)
    faults = faults_of(shown, f"{base}/content/{escaped(kind)}/schema")
    assert not faults, f"{place} with {faults}"
    if kind == "application/problem+json":
        assert shown["code"] in operation["x-problems"], f"{place} with the undocumented problem {shown['code']}"
