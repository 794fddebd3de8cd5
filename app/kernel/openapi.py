"""The OpenAPI document: built once by FastAPI from the routes, then made to say what the API really does.

FastAPI knows shapes and parameters. It does not know the order of checks, the problem documents, the headers, or who
may call; it documents answers that never leave and marks `If-Match` as optional. All of that is repaired here, in one
place, from the routes themselves, so that a route needs no words about it.
"""

import copy
import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import version
from types import UnionType
from typing import Annotated, Any, Final, Union, cast, get_args, get_origin

from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from app.kernel.endpoint import (
    ClinicRequired,
    Endpoint,
    NotAcceptable,
    ScopeMissing,
    asks_step_up,
    permission_of,
    writes,
)
from app.kernel.errors import (
    BadRequest,
    Conflict,
    Failure,
    Forbidden,
    Invalid,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Unauthenticated,
    Unavailable,
)
from app.kernel.gate import BodyTooLarge, TokenInUrl, UnknownHost
from app.kernel.idempotency import IdempotencyInProgress, IdempotencyKeyRequired, IdempotencyKeyReused
from app.kernel.pagination import CursorInvalid
from app.kernel.problems import CODES_KEY, MEDIA_TYPE, Problem, UnsupportedMediaType, every_failure
from app.kernel.records import RESOURCES, ChangeReasonRequired, IdAlreadyUsed, RecordEnteredInError
from app.kernel.schemas import NOTE_LENGTH, CreateSchema, RecordRead
from app.kernel.settings import Environment, Settings
from app.kernel.step_up import StepUpRequired
from app.kernel.strict_json import MalformedJson

MERGE_PATCH: Final = "application/merge-patch+json"
PUBLIC_PERMISSIONS: Final = frozenset({"signed-in", "operator"})
_JSON: Final = "application/json"
_REF: Final = "#/components/"
_UUID_PATTERN: Final = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_EXAMPLE_ID: Final = "0199c1f0-7d3e-7a51-9c1e-3f0a5b7e2d10"
_MOST_INT32: Final = 2**31
_MOST_INT64: Final = 2**63
# More than any session, patient or clinic has of one thing; a list in an answer is never cut off to fit.
_MOST_ITEMS: Final = 100_000
_PAGE_DESCRIPTION: Final = "One page of a list. `next_cursor` null is the only mark of the end; a page may be short."

Json = dict[str, Any]
Recorded = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class About:
    """What the document says of the product; the kernel knows nothing of it.

    Attributes:
        title: The product.
        description: What it is, in CommonMark; `{address}` becomes the installation's.
        tags: Each area with a sentence.
        scopes: What a client may be granted, and the permissions each scope brings.
        examples: By operation and by way of calling it, what was sent (`request`) and answered (`answer`). An operation
            without one shows an example put together from those of its members.
    """

    title: str
    description: str
    tags: Mapping[str, str]
    scopes: Mapping[str, frozenset[str]]
    examples: Mapping[str, Mapping[str, Mapping[str, Any]]]


# ── what every operation answers ─────────────────────────────────────────────────────────────────────────────────────

_RESPONSE_NAMES: Final[Mapping[int, str]] = {
    400: "BadRequest",
    401: "Unauthenticated",
    403: "Forbidden",
    404: "NotFound",
    406: "NotAcceptable",
    409: "Conflict",
    412: "PreconditionFailed",
    413: "BodyTooLarge",
    415: "UnsupportedMediaType",
    421: "UnknownHost",
    422: "Invalid",
    428: "PreconditionRequired",
    429: "TooMany",
    500: "InternalError",
    503: "Unavailable",
}

_HEADERS: Final[Mapping[str, Json]] = {
    "Request-Id": {
        "description": "Names this request in logs and problems; quote it when asking for help.",
        "schema": {
            "type": "string",
            "pattern": "^req_[0-9a-f-]{36}$",
            "maxLength": 40,
            "examples": [f"req_{_EXAMPLE_ID}"],
        },
    },
    "ETag": {
        "description": "The version of the record, for `If-Match` and `If-None-Match`.",
        "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$', "maxLength": 11, "examples": ['"7"']},
    },
    "Location": {
        "description": "The address of the record.",
        "schema": {
            "type": "string",
            "format": "uri-reference",
            "maxLength": 200,
            "examples": [f"/v1/sessions/{_EXAMPLE_ID}"],
        },
    },
    "Link": {
        "description": "The next page (RFC 8288); absent on the last one.",
        "schema": {
            "type": "string",
            "maxLength": 4000,
            "examples": ['</v1/sessions?cursor=gAAAAABn&limit=50>; rel="next"'],
        },
    },
    "Idempotency-Replayed": {
        "description": "`true` when this answers a request that had been done before; nothing was done again.",
        "schema": {"type": "string", "enum": ["true"], "examples": ["true"]},
    },
    "Retry-After": {
        "description": "Seconds after which sending the same request again may work.",
        "schema": {"type": "string", "pattern": "^[0-9]{1,5}$", "maxLength": 5, "examples": ["1"]},
    },
    "WWW-Authenticate": {
        "description": "Which token is expected, and what is wrong with the one that came (RFC 6750; RFC 9470).",
        "schema": {"type": "string", "maxLength": 400, "examples": ['Bearer realm="seriatim"']},
    },
}

_PARAMETERS: Final[Mapping[str, Json]] = {
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": (
            "Makes it safe to send this request again: the same key with the same body answers what the first request "
            "answered. Kept for at least 24 hours."
        ),
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": 255,
            "pattern": "^[A-Za-z0-9_-]+$",
            "examples": ["5f0c1a52-discharge"],
        },
    },
    "If-None-Match": {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "description": "The ETag you have; the answer is 304 without a body while it is current.",
        "schema": {"type": "string", "pattern": "^[\\t -~\\u0080-\\u00ff]*$", "examples": ['"7"']},
    },
}


def build_document(routes: Sequence[BaseRoute], about: About, settings: Settings) -> Json:
    """The document of these routes.

    Args:
        routes: Every route of the application.
        about: What it says of the product.
        settings: Where this installation is reached.
    """
    document = get_openapi(
        title=about.title,
        version=version("seriatim"),
        description=about.description.replace("{address}", settings.public_url.rstrip("/")),
        routes=[route for route in routes if isinstance(route, APIRoute)],
        tags=[{"name": name, "description": text} for name, text in about.tags.items()],
        servers=[_server(settings)],
        contact={"name": "The operator of this installation", "url": settings.public_url},
        license_info={"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        separate_input_output_schemas=False,
    )
    schemas: Json = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schemas.update(_problem_schemas())
    _name_objects(schemas)
    _name_pages(document)
    for schema in _all_schemas(document):
        _tidy(schema)
    _bound_answers(document)
    document["components"] |= {
        "headers": copy.deepcopy(dict(_HEADERS)),
        "parameters": {},
        "responses": _problem_responses(),
        "examples": {},
        "securitySchemes": _security_schemes(about, settings),
    }
    document["security"] = [{"bearer": []}]
    by_place = {
        (route.path_format, method.lower()): route
        for route in routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    for path, item in document["paths"].items():
        for method, operation in item.items():
            _repair(document, about, operation, by_place[path, method], method)
    return _sorted_components(document)


def _server(settings: Settings) -> Json:
    # Integrators are who it is for, so it is not internal to the clinic.
    described = {
        Environment.DEVELOPMENT: "A local installation, for development and testing",
        Environment.PRODUCTION: "This installation, in production",
    }[settings.environment]
    return {"url": settings.public_url.rstrip("/"), "description": described, "x-internal": False}


def _repair(document: Json, about: About, operation: Json, route: APIRoute, method: str) -> None:
    operation["operationId"] = route.name
    if route.summary is None:
        operation["summary"] = route.name.replace("_", " ").capitalize()
    _require_permission(about, operation, route)
    _repair_parameters(document, operation, route, method)
    recorded = about.examples.get(route.name, {})
    _repair_body(document, operation, route, method, recorded)
    _repair_answers(document, operation, route, method, recorded)


def _sorted_components(document: Json) -> Json:
    for kind, components in document["components"].items():
        document["components"][kind] = dict(sorted(components.items()))
    return document


# ── who may call ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _security_schemes(about: About, settings: Settings) -> Json:
    token_url = f"{settings.public_url.rstrip('/')}/oauth/token"
    scopes = {name: f"Brings {', '.join(sorted(brought))}." for name, brought in sorted(about.scopes.items())}
    return {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "opaque",
            "description": "The token of a person (`kts_…`) or of an integrator's client (`ktc_…`) from /oauth/token.",
        },
        "oauth2": {
            "type": "oauth2",
            "description": "How a token is got: people by password, integrators by client credentials in scopes.",
            "flows": {
                "password": {"tokenUrl": token_url, "scopes": {}},
                "clientCredentials": {"tokenUrl": token_url, "scopes": scopes},
            },
        },
    }


_STEP_UP: Final = (
    "Asks for the password again when it was given more than five minutes ago, or less where the installation says so: "
    f"401 `{StepUpRequired.code}`. `GET /v1/me` says until when it counts."
)


def _require_permission(about: About, operation: Json, route: APIRoute) -> None:
    permission = permission_of(route.dependant)
    if permission is None:
        operation["security"] = []
        return
    operation["x-permission"] = permission
    # A client reaches the operation with any one scope that brings the permission.
    granting = (
        [permission] if permission in about.scopes else sorted(s for s, p in about.scopes.items() if permission in p)
    )
    operation["security"] = [{"bearer": []}, *({"oauth2": [scope]} for scope in granting)]
    sentence = {
        "signed-in": "Anybody who is signed in may do this.",
        "operator": "Only the operator of the installation may do this.",
    }.get(permission, f"Needs the permission `{permission}`.")
    if asks_step_up(route.dependant):
        operation["x-step-up"] = True
        sentence += f"\n\n{_STEP_UP}"
    operation["description"] = f"{operation.get('description', '').strip()}\n\n{sentence}".strip()


# ── parameters and bodies ────────────────────────────────────────────────────────────────────────────────────────────


def _repair_parameters(document: Json, operation: Json, route: APIRoute, method: str) -> None:
    parameters: list[Json] = operation.pop("parameters", [])
    for parameter in parameters:
        _repair_parameter(parameter)
    if method == "post" and _is_idempotent(route):
        parameters.append(copy.deepcopy(_PARAMETERS["Idempotency-Key"]))
    if method == "get" and _has_etag(route, method):
        parameters.append(copy.deepcopy(_PARAMETERS["If-None-Match"]))
    shared: Json = document["components"]["parameters"]
    kept: list[Json] = []
    for parameter in parameters:
        name = _component_name(parameter["name"])
        # What means the same everywhere is written once.
        if parameter["in"] == "path" or shared.setdefault(name, parameter) != parameter:
            kept.append(parameter)
        else:
            kept.append({"$ref": f"{_REF}parameters/{name}"})
    if kept:
        operation["parameters"] = kept


def _repair_parameter(parameter: Json) -> None:
    schema: Json = parameter["schema"]
    _drop_null(schema)
    for inside in ("description", "title"):
        schema.pop(inside, None)
    if parameter["in"] == "path" and parameter["name"].endswith("_id"):
        noun = parameter["name"].removesuffix("_id").replace("_", " ")
        parameter.setdefault("description", f"The id of the {noun}.")
        schema.update({"type": "string", "format": "uuid", "pattern": _UUID_PATTERN, "maxLength": 36})
        schema.setdefault("examples", [_EXAMPLE_ID])
    if parameter["name"] == "If-Match":
        # The handler lets it be absent, to answer 428 and not a validation error; callers have to send it.
        parameter["required"] = True
        schema["pattern"] = '^(W/)?"[0-9]{1,9}"$'
        schema["maxLength"] = 13


def _drop_null(schema: Json) -> None:
    """A parameter is there or it is not; it is never null."""
    branches = [branch for branch in schema.get("anyOf", ()) if branch != {"type": "null"}]
    if len(branches) == 1:
        del schema["anyOf"]
        for name, value in branches[0].items():
            schema.setdefault(name, value)
    if schema.get("default", "") is None:
        del schema["default"]


def _repair_body(document: Json, operation: Json, route: APIRoute, method: str, recorded: Recorded) -> None:
    content: Json = operation.get("requestBody", {}).get("content", {})
    if not content:
        return
    if isinstance(route, Endpoint) and _JSON in content:
        # A body that may hold nothing may be left out, where the handler says so.
        operation["requestBody"]["required"] = route.body_field is None or route.body_field.field_info.is_required()
        if method == "patch":
            content[MERGE_PATCH] = copy.deepcopy(content[_JSON])
    for media in content.values():
        media["schema"].pop("default", None)
        examples = {name: {"value": one["request"]} for name, one in recorded.items()}
        media.setdefault("examples", examples or _request_examples(document, media["schema"]))


def _depends_on(dependant: Dependant, name: str) -> bool:
    return dependant.name == name or any(_depends_on(inner, name) for inner in dependant.dependencies)


def _has_parameter(route: APIRoute, alias: str) -> bool:
    def has(dependant: Dependant) -> bool:
        fields = (*dependant.header_params, *dependant.query_params)
        return any(field.alias == alias for field in fields) or any(has(inner) for inner in dependant.dependencies)

    return has(route.dependant)


def _is_idempotent(route: APIRoute) -> bool:
    return writes(route.dependant) and (
        _depends_on(route.dependant, "actor") or permission_of(route.dependant) == "operator"
    )


def _is_record(route: APIRoute) -> bool:
    # A session's whole record has no version of its own: what is in it changes without the session.
    shape = route.response_model
    return isinstance(shape, type) and issubclass(shape, RecordRead) and not route.path.endswith("/record")


def _has_etag(route: APIRoute, method: str) -> bool:
    """A record at its own address, or after a change; a view put together from several has no version."""
    return _is_record(route) and (method != "get" or route.path.endswith("}"))


def _body_shape(route: APIRoute) -> object:
    return route.body_field.field_info.annotation if route.body_field is not None else None


def _is_create(route: APIRoute) -> bool:
    return _makes(_body_shape(route))


def _makes(shape: object) -> bool:
    """Whether a shape, or each of those it may have, is a create."""
    if get_origin(shape) is Annotated:
        shape = get_args(shape)[0]
    several = get_args(shape) if get_origin(shape) in {Union, UnionType} else ()
    if several:
        return all(map(_makes, several))
    return isinstance(shape, type) and issubclass(shape, CreateSchema)


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _repair_answers(document: Json, operation: Json, route: APIRoute, method: str, recorded: Recorded) -> None:
    found: Json = operation["responses"]
    good = {status: answer for status, answer in found.items() if int(status) < HTTPStatus.BAD_REQUEST}
    if isinstance(route, Endpoint) and _is_create(route) and "201" in good:
        good["200"] = copy.deepcopy(good["201"])
    if method == "get" and _has_etag(route, method):
        good["304"] = {"description": "You have the current version."}
    for status, answer in good.items():
        _describe(answer, status, route, method)
        answer["headers"] = {**_answer_headers(document, answer, route, method), **answer.get("headers", {})}
        for kind, media in answer.get("content", {}).items():
            if kind == _JSON and status == str(int(HTTPStatus.MULTI_STATUS)):  # what was answered is another shape
                media["examples"] = {"usual": {"value": _example(document, media["schema"])}}
            elif kind == _JSON:
                _show_examples(document, media, route.name, recorded)
    problems = _problems_of(found, route, method)
    operation["x-problems"] = sorted({kind.code for kinds in problems.values() for kind in kinds})
    refused = {str(status): _refusal(status, kinds) for status, kinds in problems.items()}
    if not isinstance(route, Endpoint):
        # A standard with error shapes of its own; what is refused before it is asked is still a problem document.
        for status, answer in found.items():
            if int(status) >= HTTPStatus.BAD_REQUEST:
                answer["headers"] = {"Request-Id": {"$ref": f"{_REF}headers/Request-Id"}}
                if status in refused:
                    answer["content"][MEDIA_TYPE] = {"schema": {"$ref": f"{_REF}schemas/Problem"}}
                refused[status] = answer
    operation["responses"] = dict(sorted({**good, **refused}.items()))


def _describe(answer: Json, status: str, route: APIRoute, method: str) -> None:
    if answer["description"] != "Successful Response":
        return
    match status:
        case "201":
            text = "Made. `Location` says where it is, `ETag` in which version."
        case "200" if _is_create(route) and route.status_code == HTTPStatus.CREATED:
            text = "It was made before under this `id` by the same request; nothing was done again."
        case "200" if method == "get":
            text = "The record as it is." if _is_record(route) else "What was asked for."
        case "200" if _is_record(route):
            text = "The record after the change."
        case _:
            text = "Done."
    answer["description"] = text


def _answer_headers(document: Json, answer: Json, route: APIRoute, method: str) -> Json:
    names = ["Request-Id"]
    if _has_etag(route, method):
        names.append("ETag")
        if route.status_code == HTTPStatus.CREATED:
            names.append("Location")
    if method == "post" and _is_idempotent(route):
        names.append("Idempotency-Replayed")
    if any(
        "next_cursor" in _resolved(document, m.get("schema", {})).get("properties", {})
        for m in answer.get("content", {}).values()
    ):
        names.append("Link")
    return {name: {"$ref": f"{_REF}headers/{name}"} for name in names}


def _problems_of(found: Json, route: APIRoute, method: str) -> dict[int, list[type[Failure]]]:
    """Every problem an operation can answer, by status: those its route names and those that come with what it is."""
    changes, in_clinic, names_one = writes(route.dependant), _depends_on(route.dependant, "actor"), "{" in route.path
    follows: Sequence[tuple[bool, Sequence[type[Failure]]]] = (
        (True, (Failure, Unavailable, UnknownHost, TokenInUrl)),
        (isinstance(route, Endpoint), (BadRequest, NotAcceptable)),
        (permission_of(route.dependant) is not None, (Unauthenticated, Forbidden)),
        (asks_step_up(route.dependant), (StepUpRequired,)),
        (in_clinic, (ClinicRequired, ScopeMissing)),
        (names_one, (NotFound,)),
        (_has_parameter(route, "cursor"), (CursorInvalid,)),
        (_has_parameter(route, "Change-Reason"), (ChangeReasonRequired,)),
        (_has_parameter(route, "If-Match"), (PreconditionFailed, PreconditionRequired)),
        (method in {"post", "patch", "put"}, (BodyTooLarge,)),
        (route.body_field is not None, (MalformedJson, UnsupportedMediaType, Invalid)),
        (changes, (Conflict,)),
        (changes and names_one, (RecordEnteredInError,)),
        (_is_idempotent(route) and method == "post", (IdempotencyInProgress, IdempotencyKeyReused)),
        (changes and _is_create(route), (IdAlreadyUsed, IdempotencyKeyRequired)),
    )
    known = every_failure()
    kinds = {known[code] for answer in found.values() for code in answer.get(CODES_KEY, ())}
    kinds.update(kind for holds, those in follows if holds for kind in those)
    by_status: dict[int, list[type[Failure]]] = {}
    for kind in sorted(kinds, key=lambda kind: (kind.status, kind.code)):
        by_status.setdefault(kind.status, []).append(kind)
    return by_status


def _refusal(status: int, kinds: Sequence[type[Failure]]) -> Json:
    # A description beside a reference replaces the one it refers to.
    described = "; ".join(f"`{kind.code}`: {kind.title}" for kind in kinds)
    return {"$ref": f"{_REF}responses/{_RESPONSE_NAMES[status]}", "description": described}


def _problem_responses() -> Json:
    by_status: dict[int, list[type[Failure]]] = {}
    for kind in every_failure().values():
        by_status.setdefault(kind.status, []).append(kind)
    return {name: _problem_response(status, by_status.get(status, [])) for status, name in _RESPONSE_NAMES.items()}


def _problem_response(status: int, kinds: Iterable[type[Failure]]) -> Json:
    headers = ["Request-Id"]
    if status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}:
        headers.append("Retry-After")
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        headers.append("WWW-Authenticate")
    examples = {
        kind.code: {
            "summary": kind.title,
            "value": {
                "type": f"/problems/{kind.code}",
                "code": kind.code,
                "title": kind.title,
                "status": status,
                "detail": f"{kind.title}.",
                "request_id": f"req_{_EXAMPLE_ID}",
            },
        }
        for kind in sorted(kinds, key=lambda kind: kind.code)
    }
    return {
        "description": HTTPStatus(status).phrase,
        "headers": {name: {"$ref": f"{_REF}headers/{name}"} for name in headers},
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"{_REF}schemas/Problem"}, "examples": examples}},
    }


# ── schemas ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _problem_schemas() -> Json:
    problem = Problem.model_json_schema(ref_template=f"{_REF}schemas/{{model}}")
    return {**problem.pop("$defs"), "Problem": problem}


def _name_objects(schemas: Json) -> None:
    """Say which kind of record each shape is: a constant, and not any text."""
    for resource in RESOURCES.values():
        for shape in (resource.shape, *_descendants(resource.shape)):
            if shape.__name__ in schemas:
                told: Json = schemas[shape.__name__]["properties"]["object"]
                told.update(
                    {"const": resource.name, "description": f"Always `{resource.name}`.", "examples": [resource.name]}
                )


def _descendants(shape: type) -> Iterator[type]:
    for one in shape.__subclasses__():
        yield one
        yield from _descendants(one)


def _name_pages(document: Json) -> None:
    """`Page_SessionRead_` becomes `SessionPage`, which is what a generated client should call it."""
    schemas: Json = document["components"]["schemas"]
    renamed = {
        name: f"{match.group(1).removesuffix('Read')}Page"
        for name in schemas
        if (match := re.fullmatch(r"Page_(\w+)_", name)) is not None
    }
    for old, new in renamed.items():
        schemas[new] = {**schemas.pop(old), "title": new, "description": _PAGE_DESCRIPTION}
    for node in _nodes(document):
        reference = node.get("$ref")
        if isinstance(reference, str) and (old := reference.removeprefix(f"{_REF}schemas/")) in renamed:
            node["$ref"] = f"{_REF}schemas/{renamed[old]}"


def _nodes(value: object) -> Iterator[Json]:
    match value:
        case dict():
            node = cast("Json", value)
            yield node
            for inner in node.values():
                yield from _nodes(inner)
        case list():
            for inner in cast("list[object]", value):
                yield from _nodes(inner)
        case _:
            pass


def _all_schemas(document: Json) -> Iterator[Json]:
    """Every schema and sub-schema of the document, once."""
    for node in _nodes(document["paths"]):
        if isinstance(node.get("schema"), dict):
            yield from _inside(node["schema"])
    for schema in document["components"]["schemas"].values():
        yield from _inside(schema)


def _inside(schema: Json) -> Iterator[Json]:
    yield schema
    for several in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for one in schema.get(several, ()):
            yield from _inside(one)
    for one in schema.get("properties", {}).values():
        yield from _inside(one)
    for single in ("items", "additionalProperties"):
        if isinstance(schema.get(single), dict):
            yield from _inside(schema[single])


def _tidy(schema: Json) -> None:
    if "enum" in schema and None not in schema["enum"] and {"type": "null"} in schema.get("anyOf", ()):
        schema["enum"] = [*schema["enum"], None]  # a closed set beside null lists it too
    if schema.get("default", ...) is None:
        del schema["default"]  # what is left out is "not said"; null, where it may be sent, clears
    for name, member in schema.get("properties", {}).items():
        if member.get("title", "").lower() == name.replace("_", " ").lower():
            del member["title"]
        if "default" in member and member["default"] is None and {"type": "null"} not in member.get("anyOf", ()):
            del member["default"]  # may be left out, not sent as null
    if schema.get("type") == "number" and isinstance(schema.get("default"), str):
        schema["default"] = float(schema["default"])  # Pydantic writes the default of a decimal as text
    if "examples" in schema:
        examples = [example for example in schema["examples"] if example is not None]
        schema["examples"] = examples
        if not examples:
            del schema["examples"]
    branches = [branch for branch in schema.get("anyOf", ()) if branch != {"type": "null"}]
    if len(branches) == 1 and "examples" in branches[0]:
        inner = branches[0].pop("examples")
        schema.setdefault("examples", inner)
    if schema.get("type") == "integer":
        for bound in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
            if bound in schema:
                schema[bound] = int(schema[bound])
        fits = (
            abs(schema.get("maximum", _MOST_INT32)) < _MOST_INT32
            and abs(schema.get("minimum", _MOST_INT32)) < _MOST_INT32
        )
        schema.setdefault("format", "int32" if fits else "int64")


def _bound_answers(document: Json) -> None:
    """Give bounds to what has none in an answer; what is sent has its own, where it is declared.

    No text is longer than the longest that is taken, and a whole number fits its format.
    """
    schemas: Json = document["components"]["schemas"]
    sent: set[str] = set()
    for item in document["paths"].values():
        for operation in item.values():
            sent |= _referred(schemas, operation.get("requestBody", {}), set())
    for operation in (operation for item in document["paths"].values() for operation in item.values()):
        for answer in operation["responses"].values():
            for media in answer.get("content", {}).values():
                for schema in _inside(media.get("schema", {})):
                    _bound(schema)
    for name in schemas.keys() - sent:
        for schema in _inside(schemas[name]):
            _bound(schema)


def _referred(schemas: Json, place: Json, seen: set[str]) -> set[str]:
    """Names of the shapes that a place refers to, directly or through others."""
    for node in _nodes(place):
        reference = node.get("$ref")
        if isinstance(reference, str) and (name := reference.rsplit("/", 1)[1]) in schemas and name not in seen:
            seen.add(name)
            _referred(schemas, schemas[name], seen)
    return seen


def _bound(schema: Json) -> None:
    if "const" in schema or "enum" in schema:
        return
    match schema.get("type"):
        case "string":
            schema.setdefault("maxLength", NOTE_LENGTH)
        case "integer":
            most = _MOST_INT32 - 1 if schema["format"] == "int32" else _MOST_INT64 - 1
            schema.setdefault("minimum", -most)
            schema.setdefault("maximum", most)
        case "array":
            schema.setdefault("maxItems", _MOST_ITEMS)
        case _:
            pass


def _component_name(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[_-]", name))


# ── examples ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _resolved(document: Json, schema: Json) -> Json:
    while "$ref" in schema:
        schema = functools.reduce(lambda node, part: node[part], schema["$ref"].removeprefix("#/").split("/"), document)
    return schema


def _show_examples(document: Json, media: Json, operation_id: str, recorded: Recorded) -> None:
    """Show what was answered; the examples stand among the components, because several statuses answer alike."""
    if "examples" in media or "example" in media:
        return
    found = {name: one["answer"] for name, one in recorded.items()}
    if not found:
        found = {"usual": _example(document, media.get("schema", {}))}
    shown: Json = document["components"]["examples"]
    media["examples"] = {}
    for name, answer in found.items():
        component = _component_name(operation_id) + ("" if name == "usual" else name)
        shown[component] = {"value": answer}
        media["examples"][name] = {"$ref": f"{_REF}examples/{component}"}


def _request_examples(document: Json, schema: Json) -> Json:
    """An example of a request, or one of each of its shapes."""
    shapes: Sequence[Json] = _resolved(document, schema).get("oneOf", ())
    if not shapes:
        return {"usual": {"value": _request_example(document, schema)}}
    return {_resolved(document, one)["title"]: {"value": _request_example(document, one)} for one in shapes}


def _request_example(document: Json, schema: Json) -> object:
    """The example a request shape brings, or one made of the members it requires."""
    found = _resolved(document, schema)
    if found.get("examples"):
        return found["examples"][0]
    members: Json = found.get("properties", {})
    named = [name for name in members if name in found.get("required", ())] or [
        name for name in members if name != "id"
    ][:1]
    return {name: _example(document, members[name]) for name in named}


def _example(document: Json, schema: Json) -> Any:  # noqa: PLR0911
    """An example of a schema, put together from those of its members."""
    if schema.get("examples"):
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    if "$ref" in schema:
        return _example(document, _resolved(document, schema))
    if {"type": "null"} in schema.get("anyOf", ()):
        return None
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return _example(document, schema[several][0])
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: _example(document, one) for name, one in schema.get("properties", {}).items()}
        case "array":
            return [_example(document, schema["items"])] if "items" in schema else []
        case _:
            return None
