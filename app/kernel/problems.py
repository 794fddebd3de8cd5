"""The one place that turns errors into RFC 9457 problem documents, and documents them.

A problem never carries the value that was sent, a name, a score or a driver's words.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, get_args

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core.core_schema import ErrorType
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from app.kernel.database import is_busy
from app.kernel.errors import BadRequest, Conflict, Failure, Fault, Invalid, NotFound, Unavailable
from app.kernel.schemas import absent

MEDIA_TYPE: Final = "application/problem+json"
MOST_FAULTS: Final = 100
CODES_KEY: Final = "x-problems"
_PROBLEM_CODE: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class FaultShape(BaseModel):
    """One thing wrong with a request."""

    pointer: str | None = Field(
        default=None, description="JSON Pointer fragment into the body.", examples=["#/ordered_mg"]
    )
    parameter: str | None = Field(default=None, description="Name of a parameter.", examples=["limit"])
    location: str | None = Field(default=None, alias="in", description="Where the parameter is.", examples=["query"])
    code: str = Field(description="The rule that was broken; stable.", examples=["too_large"])
    detail: str = Field(description="A sentence for people; may change.", examples=["Must be at most 500."])


class DoubtShape(BaseModel):
    """Something to confirm."""

    code: str = Field(description="Send it in `confirm`.", examples=["weight_differs"])
    pointer: str = Field(description="JSON Pointer fragment into the body.", examples=["#/weight_kg"])
    detail: str = Field(
        description="A sentence for people.", examples=["Differs by more than 10 % from the weight before."]
    )
    reason_required: bool = Field(
        default=False, description="Whether confirming it takes a reason too.", examples=[False]
    )


class Problem(BaseModel):
    """A problem document (RFC 9457). Switch on `code`; never parse `detail`."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Address of a page about the code.", examples=["/problems/validation-failed"])
    code: str = Field(description="What went wrong; stable for ever.", examples=["validation-failed"])
    title: str = Field(description="The code in words.", examples=["The request body is not valid"])
    status: int = Field(description="The HTTP status.", examples=[422])
    detail: str = Field(
        description="What to do about it, for people; may change.", examples=["2 members need attention."]
    )
    request_id: str = Field(
        description="Quote it when asking for help.", examples=["req_0199c1f1-7d3e-7a51-9c1e-3f0a5b7e2d10"]
    )
    errors: list[FaultShape] = Field(default=[], description="Every fault found at once, at most 100.")
    confirmations: list[DoubtShape] = absent("With `confirmation-required`: what looks wrong.")
    current_version: int = absent("With `version-mismatch`: the version the record has now.", examples=[8])
    changed_members: list[str] = absent(
        "With `version-mismatch`: the members that differ from the version you read.",
        examples=[["location_id", "note"]],
    )
    current_status: str = absent("With `illegal-transition`: the state the record is in.", examples=["observing"])
    allowed: list[str] = absent("With `illegal-transition`: the states that may follow.", examples=[["discharged"]])
    existing_id: str = absent(
        "With `duplicate-identifier`: the record that has it.", examples=["0199c1f0-7d3e-7a51-9c1e-3f0a5b7e2d10"]
    )
    criteria: list[dict[str, Any]] = absent(
        "With `not-dischargeable`: what is missing, as the readiness of the discharge lists it.",
        examples=[[{"code": "escort", "state": "missing", "reason": "Nobody asked."}]],
    )
    blockers: list[dict[str, Any]] = absent(
        "With `not-signable`: what is still open.",
        examples=[[{"code": "dose_runs", "resource": "administration", "reason": "It has no end."}]],
    )
    limit_mg: int = absent("With `dose-limit-exceeded`: the most that may be ordered for one session.", examples=[84])
    gates: list[dict[str, Any]] = absent(
        "With `not-ready`: every gate, as `GET /v1/sessions/{session_id}/readiness` shows it.",
        examples=[[{"code": "consent", "state": "fail", "mode": "reason", "blocking": True}]],
    )
    override_roles: list[str] = absent("With `override-role-missing`: who may.", examples=[["prescriber"]])
    permission: str = absent("With `permission-denied`: what is missing.", examples=["session:write"])
    scope: str = absent("With `scope-missing`: what is missing.", examples=["session:read"])


class MethodNotAllowed(Failure):
    """The address exists, the method does not."""

    status = 405
    code = "method-not-allowed"
    title = "This address does not know that method"
    advice = "Use one of the methods in the Allow header."


class UnsupportedMediaType(Failure):
    """The body is of a kind this address does not read."""

    status = 415
    code = "unsupported-media-type"
    title = "Send application/json"
    advice = "Send `Content-Type: application/json`; a change by PATCH may also be application/merge-patch+json."


def problem_body(failure: Failure, request_id: str) -> bytes:
    """The document for a failure, as bytes."""
    return orjson.dumps(problem_of(failure, request_id), option=orjson.OPT_UTC_Z, default=str)


def problem_of(failure: Failure, request_id: str) -> dict[str, object]:
    """The document for a failure."""
    faults = [
        {
            **({"pointer": f.pointer} if f.pointer is not None else {}),
            **({"parameter": f.parameter, "in": f.location} if f.parameter is not None else {}),
            "code": f.code,
            "detail": f.detail,
        }
        for f in failure.faults[:MOST_FAULTS]
    ]
    return {
        **failure.members,  # first, so that none of them can stand in for what every problem has
        "type": f"/problems/{failure.code}",
        "code": failure.code,
        "title": failure.title,
        "status": failure.status,
        "detail": failure.detail or f"{failure.title}.",
        "request_id": request_id,
        **({"errors": faults} if faults else {}),
    }


def problem_response(failure: Failure, request_id: str) -> Response:
    """The answer for a failure."""
    headers = dict(failure.headers)
    if failure.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.setdefault("Retry-After", "1")
    return Response(problem_body(failure, request_id), failure.status, headers, MEDIA_TYPE)


def documented(*kinds: type[Failure]) -> dict[int | str, dict[str, Any]]:
    """The failures of an operation, for its `responses=`; those every operation has are added to the document once."""
    by_status: dict[int, list[type[Failure]]] = {}
    for kind in kinds:
        by_status.setdefault(kind.status, []).append(kind)
    return {
        status: {
            "description": "; ".join(f"`{kind.code}`: {kind.title}" for kind in listed),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            CODES_KEY: sorted({kind.code for kind in listed}),
        }
        for status, listed in by_status.items()
    }


def every_failure() -> Mapping[str, type[Failure]]:
    """Each problem code with the class that brought it in; every area has to be imported before.

    The codes of RFC 6749 are written with underscores and leave in that standard's own shape; they are not among them.
    """
    found: dict[str, type[Failure]] = {}
    for kind in _family(Failure):
        if "code" in vars(kind) and _PROBLEM_CODE.fullmatch(kind.code):
            found.setdefault(kind.code, kind)
    return dict(sorted(found.items()))


def _family(kind: type[Failure]) -> Iterator[type[Failure]]:
    yield kind
    for one in kind.__subclasses__():
        yield from _family(one)


def failure_of_crash(error: Exception) -> Failure:
    """What somebody is told of an error nobody foresaw: a database that is away comes back, a bug does not."""
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout):
        return Unavailable("The database does not answer; send the same request again.")
    return Failure()


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Make every error leave as a problem document."""

    def respond(request: Request, failure: Failure) -> Response:
        return problem_response(failure, request.scope["state"]["request_id"])

    async def on_failure(request: Request, error: Exception) -> Response:
        assert isinstance(error, Failure)
        return respond(request, error)

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        denied: Failure | None = request.scope["state"].get("denied")
        return respond(request, failure_of_validation(error.errors(), denied))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = ", ".join(sorted(_methods_at(routes, request)))
            return respond(request, MethodNotAllowed(f"Allowed: {allowed}.", headers={"Allow": allowed}))
        if error.status_code == HTTPStatus.NOT_FOUND:
            return respond(request, NotFound())
        return respond(request, BadRequest())

    async def on_database(request: Request, error: Exception) -> Response:
        assert isinstance(error, DBAPIError)
        if is_busy(error):
            return respond(request, Unavailable("The database is busy; send the same request again."))
        if isinstance(error, IntegrityError):
            return respond(
                request, Conflict("Somebody else recorded something this contradicts. Read again and retry.")
            )
        raise error

    async def on_pool_wait(request: Request, _error: Exception) -> Response:
        return respond(request, Unavailable("Too many requests at once; send the same request again."))

    async def on_anything_else(request: Request, error: Exception) -> Response:
        return respond(request, failure_of_crash(error))

    app.add_exception_handler(Failure, on_failure)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(DBAPIError, on_database)
    app.add_exception_handler(PoolTimeout, on_pool_wait)
    # Without this one Starlette would answer in plain text before the gate hears of it.
    app.add_exception_handler(Exception, on_anything_else)


def _methods_at(routes: Sequence[BaseRoute], request: Request) -> set[str]:
    """All methods of an address; Starlette's own answer lists those of one route only."""
    found: set[str] = set()
    for route in routes:
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            found |= set(getattr(route, "methods", None) or ())
    return found | {"HEAD"} if "GET" in found else found


def failure_of_validation(errors: Sequence[Mapping[str, Any]], denied: Failure | None) -> Failure:
    """What a failed validation answers: parameters 400, then permission 403, then body 422, then a malformed id 404."""
    places = {str(error["loc"][0]) for error in errors}
    if places & {"query", "header"}:
        return BadRequest(faults=list(_faults(errors, {"query", "header"})))
    if denied is not None:
        return denied
    if "body" in places:
        faults = list(_faults(errors, {"body"}))
        noun = "member needs" if len(faults) == 1 else "members need"
        return Invalid(f"{len(faults)} {noun} attention.", faults=faults)
    return NotFound()


def _faults(errors: Iterable[Mapping[str, Any]], places: set[str]) -> Iterable[Fault]:
    for error in errors:
        place, *path = error["loc"]
        if place not in places:
            continue
        code = _CODES.get(error["type"], error["type"])
        detail = _sentence(error)
        if place == "body":
            # A tagged union puts its tag into the location, which is no member of the body; and where the tag is wrong
            # it does not say by which member shapes are told apart, so the union says it.
            path += [part for part in (error.get("ctx", {}).get("member"),) if part is not None]
            pointer = "#" + "".join(f"/{_escaped(part)}" for part in path if not str(part).startswith("kind:"))
            yield Fault(code, detail, pointer=pointer)
        else:
            yield Fault(code, detail, parameter=str(path[0]), location=str(place))


def _escaped(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


_CODES: Final[Mapping[str, str]] = {
    "missing": "required",
    "extra_forbidden": "unknown_member",
    "enum": "not_in_set",
    "literal_error": "not_in_set",
    "greater_than": "too_small",
    "greater_than_equal": "too_small",
    "less_than": "too_large",
    "less_than_equal": "too_large",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "too_long": "too_many",
    "too_short": "too_few",
    "string_pattern_mismatch": "wrong_form",
    "decimal_max_places": "too_precise",
}


def _sentence(error: Mapping[str, Any]) -> str:  # noqa: PLR0911  # one sentence a kind
    """A sentence about the rule, made from its bounds and never from what was sent."""
    context: Mapping[str, Any] = error.get("ctx", {})
    counted = "characters" if str(error["type"]).startswith("string") else "items"
    match error["type"]:
        case "missing":
            return "Is required."
        case "extra_forbidden":
            return "Is not a member of this request."
        case "enum" | "literal_error":
            return f"Must be one of {context.get('expected', 'the documented values')}."
        case "greater_than":
            return f"Must be more than {context['gt']}."
        case "greater_than_equal":
            return f"Must be at least {context['ge']}."
        case "less_than":
            return f"Must be less than {context['lt']}."
        case "less_than_equal":
            return f"Must be at most {context['le']}."
        case "string_too_long" | "too_long":
            return f"Must have at most {context['max_length']} {counted}."
        case "string_too_short" | "too_short":
            return f"Must have at least {context['min_length']} {counted}."
        case "decimal_max_places":
            return f"Must have at most {context['decimal_places']} decimal places."
        case "value_error" if "rule" in context:
            return str(context["rule"])
        case _:
            # A rule of ours brings its own sentence, which holds no value.
            ours = str(error["msg"]) if error["type"] not in _STANDARD else _UNSPECIFIC
            return _KIND_SENTENCES.get(error["type"], ours)


_STANDARD: Final = frozenset(get_args(ErrorType))
_UNSPECIFIC: Final = "Is not valid here; see the documentation of this member."
_KIND_SENTENCES: Final[Mapping[str, str]] = {
    "string_type": "Must be text.",
    "int_type": "Must be a whole number.",
    "bool_type": "Must be true or false.",
    "list_type": "Must be a list.",
    "dict_type": "Must be an object.",
    "model_type": "Must be an object.",
    "model_attributes_type": "Must be an object.",
    "uuid_parsing": "Must be a UUID.",
    "uuid_type": "Must be a UUID.",
    "string_pattern_mismatch": "Does not have the documented form.",
    "int_parsing": "Must be a whole number.",
    "bool_parsing": "Must be true or false.",
}
