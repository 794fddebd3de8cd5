"""What every route is made of: the order of checks, the transaction, the permission, the precondition.

FastAPI reads a body before it asks who may send it. `Endpoint` puts the checks into the order the API promises:
media type 415/406, syntax and parameters 400, permission 403, body 422, then the record's own answers.

Every dependency is `async def`, though few of them wait for anything: FastAPI sends the others to a thread each, which
costs more than all they do.
"""

import functools
import inspect
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Header, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.responses import Response
from typing_extensions import override

from app.kernel import clock, strict_json
from app.kernel.accesses import declare_patients_of
from app.kernel.actor import Actor, Caller, PrincipalKind
from app.kernel.database import Database, ReadSession, WriteSession
from app.kernel.errors import BadRequest, Failure, Fault, Forbidden, NotFound, PreconditionRequired
from app.kernel.gate import Authenticator
from app.kernel.idempotency import IdempotencyKeyRequired, claim_request, key_of, store
from app.kernel.negotiation import preferred
from app.kernel.problems import UnsupportedMediaType
from app.kernel.schemas import Id
from app.kernel.settings import Settings
from app.kernel.step_up import step_up_denial

_JSON: Final = re.compile(r"application/(json|merge-patch\+json)\s*(;.*)?", re.IGNORECASE)
_USUAL: Final = "application/json"
_ACCEPTABLE: Final = frozenset({"*/*", "application/*", _USUAL, "application/problem+json"})
_VERSION: Final = re.compile(r'(?:W/)?"(\d{1,9})"')
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_GOVERNED: Final = "__seriatim_governed__"
PERMISSION: Final = "__seriatim_permission__"
STEP_UP: Final = "__seriatim_step_up__"


class ClinicRequired(BadRequest):
    """The caller works in several clinics and did not say in which."""

    code = "clinic-required"
    title = "Send Clinic-Id: you work in several clinics"
    advice = "Send a Clinic-Id header; GET /v1/clinics lists the clinics you work in."


class NotAcceptable(Failure):
    """The caller accepts no media type this address has."""

    status = 406
    code = "not-acceptable"
    title = "This address answers application/json"
    advice = "Send `Accept: application/json`, or leave the header out. `detail` lists what this address answers."


class ScopeMissing(Forbidden):
    """The client's token lacks a scope."""

    code = "scope-missing"
    title = "The token lacks a scope"
    advice = (
        "Get a token with the scope named in WWW-Authenticate; an administrator of the clinic gives scopes to clients."
    )


def database_of(request: Request) -> Database:
    """The database of the running application."""
    return request.app.state.database


async def _read_session(request: Request) -> AsyncIterator[ReadSession]:
    async with database_of(request).reading() as db:
        db.info["request"] = request
        yield db


async def _write_session(request: Request) -> AsyncIterator[WriteSession]:
    async with database_of(request).writing() as db:
        db.info["request"] = request
        yield db
        # The answer exists but has not left: it is kept under its key, then everything commits together.
        if (answer := db.info.get("answer")) is not None and (claimant := db.info.get("claimant")) is not None:
            await store(db, claimant, answer)


# Function scope: the commit happens after the answer is built and before its first byte leaves. With FastAPI's
# default a client could hold a 201 for a commit that then fails.
ReadDb = Annotated[ReadSession, Depends(_read_session, scope="function")]
WriteDb = Annotated[WriteSession, Depends(_write_session, scope="function")]


def require(permission: str, *, step_up: bool = False) -> Callable[..., Awaitable[Actor]]:
    """A dependency that yields the actor and needs a permission such as `session:read`.

    A refusal is kept and raised only when the request itself was understood, so that 400 comes before 403.

    Args:
        permission: What the actor has to hold.
        step_up: Whether it also takes a password given a moment ago.
    """

    async def actor_with_permission(request: Request, acting_in: ClinicHeader) -> Actor:
        caller: Caller = request.scope["state"]["caller"]
        actor, denied = _actor_in_clinic(request, caller, acting_in)
        if denied is None and not actor.may(permission):
            denied = _denial(actor, permission)
        if denied is None and step_up:
            denied = _stale(request, caller)
        if denied is not None:
            request.scope["state"].setdefault("denied", denied)
        request.scope["state"]["actor"] = actor
        return actor

    setattr(actor_with_permission, PERMISSION, permission)
    setattr(actor_with_permission, STEP_UP, step_up)
    return actor_with_permission


def _stale(request: Request, caller: Caller) -> Failure | None:
    settings: Settings = request.app.state.settings
    return step_up_denial(caller.authenticated_at, clock.now(), settings.step_up_seconds)


def require_permission(actor: Actor, permission: str) -> None:
    """Refuse what one part of a request needs beyond the permission of its route.

    Raises:
        PermissionDenied, ScopeMissing: the actor does not hold it.
    """
    if not actor.may(permission):
        raise _denial(actor, permission)


def _denial(actor: Actor, permission: str) -> Failure:
    if actor.kind is PrincipalKind.CLIENT:
        challenge = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{permission}"'}
        return ScopeMissing(f"Ask for the scope {permission}.", headers=challenge, members={"scope": permission})
    return Forbidden(f"This needs the permission {permission}.", members={"permission": permission})


_NOBODY: Final = UUID(int=0)


def _actor_in_clinic(request: Request, caller: Caller, clinic_id: UUID | None) -> tuple[Actor, Failure | None]:
    request_id: str = request.scope["state"]["request_id"]
    nobody = Actor(_NOBODY, _NOBODY, PrincipalKind.STAFF, frozenset(), "UTC", request_id=request_id)
    mine = [m for m in caller.memberships if clinic_id is None or m.clinic_id == clinic_id]
    if clinic_id is None and len(mine) > 1:
        return nobody, ClinicRequired("Send Clinic-Id: the id of one of your clinics; GET /v1/me lists them.")
    if not mine:
        return nobody, Forbidden("You do not work in that clinic.")
    (one,) = mine
    actor = Actor(
        clinic_id=one.clinic_id,
        principal_id=one.principal_id,
        kind=one.kind,
        permissions=one.permissions,
        time_zone=one.clinic_time_zone,
        request_id=request_id,
        roles=one.roles,
    )
    return actor, None


async def still_permitted(request: Request, actor: Actor, permission: str) -> Actor | None:
    """Who the caller of an answer that lasts is by now; None once their token has ended or permits it no longer.

    Asking is no activity of theirs: a screen nobody touches does not keep its token alive.
    """
    authenticator: Authenticator = request.app.state.tokens
    _, _, token = request.headers["authorization"].partition(" ")
    caller = await authenticator.caller_of(token.strip(), stays_awake=False)
    if caller is None:
        return None
    now, denied = _actor_in_clinic(request, caller, actor.clinic_id)
    return now if denied is None and now.may(permission) else None


async def _clinic_header(
    acting_in: Annotated[
        Id | None,
        Header(alias="Clinic-Id", description="Which clinic you act in; needed only when you work in several."),
    ] = None,
) -> UUID | None:
    return acting_in


ClinicHeader = Annotated[UUID | None, Depends(_clinic_header)]


async def _signed_in(request: Request) -> Caller:
    return request.scope["state"]["caller"]


setattr(_signed_in, PERMISSION, "signed-in")


def require_operator(*, step_up: bool = False) -> Callable[..., Awaitable[Caller]]:
    """A dependency that yields the operator of the installation; `step_up` as in `require`."""

    async def operator(request: Request) -> Caller:
        caller: Caller = request.scope["state"]["caller"]
        denied: Failure | None = None
        if not caller.is_operator:
            denied = Forbidden("Only an operator of this installation may do this.")
        elif step_up:
            denied = _stale(request, caller)
        if denied is not None:
            request.scope["state"].setdefault("denied", denied)
        return caller

    setattr(operator, PERMISSION, "operator")
    setattr(operator, STEP_UP, step_up)
    return operator


SignedIn = Annotated[Caller, Depends(_signed_in)]
Operator = Annotated[Caller, Depends(require_operator())]
OperatorStepUp = Annotated[Caller, Depends(require_operator(step_up=True))]


async def _if_match(
    if_match: Annotated[
        str | None,
        Header(alias="If-Match", description="The ETag of the version you are changing.", examples=['"7"']),
    ] = None,
) -> int | None:
    if if_match is None:
        return None
    if (found := _VERSION.fullmatch(if_match.strip())) is None:
        fault = Fault(
            "wrong_form", 'Must be one ETag such as "7"; * is refused.', parameter="If-Match", location="header"
        )
        raise BadRequest(faults=[fault])
    return int(found.group(1))


IfMatch = Annotated[int | None, Depends(_if_match)]


def required_version(if_match: int | None) -> int:
    """The version of an `If-Match`.

    Raises:
        PreconditionRequired: when the header is missing.
    """
    if if_match is None:
        raise PreconditionRequired('Send If-Match with the ETag you read, such as "7".')
    return if_match


def needs_key(db: WriteSession, *, own_id: object) -> None:
    """Refuse a request that would do something twice if it were sent again.

    Raises:
        IdempotencyKeyRequired: neither an Idempotency-Key nor an own id came with it.
    """
    request: Request | None = db.info.get("request")
    if request is not None and own_id is None and key_of(request) is None:
        raise IdempotencyKeyRequired


def _outside_clinics(operator: Caller | None) -> Actor | None:
    """An operator as the one who claims a key; nobody's clinic is theirs."""
    if operator is None or operator.account_id is None:
        return None
    return Actor(_NOBODY, operator.account_id, PrincipalKind.STAFF, frozenset(), "UTC")


class Endpoint(APIRoute):
    """A route with the order of checks this API promises.

    An address that answers in other forms than JSON documents their media types under its 200; those it accepts, and
    `media_type_for` says which one a caller would rather have.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **settings: Any) -> None:
        creates = settings.get("status_code") == HTTPStatus.CREATED
        governed = endpoint if hasattr(endpoint, _GOVERNED) else _governed(endpoint, creates=creates)
        super().__init__(path, governed, **settings)

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known = frozenset(_query_names(self.dependant))
        offered = _offered(self)
        reads_body = self.body_field is not None

        async def checked(request: Request) -> Response:
            _require_acceptable(request, offered)
            if reads_body:
                await _read_json(request)
            _refuse_unknown_query(request, known)
            return await handle(request)

        return checked


def _query_names(dependant: Dependant) -> set[str]:
    names = {str(field.alias) for field in dependant.query_params}
    for inner in dependant.dependencies:
        names |= _query_names(inner)
    return names


def writes(dependant: Dependant) -> bool:
    """Whether a route runs in a transaction that may write."""
    return dependant.call is _write_session or any(writes(inner) for inner in dependant.dependencies)


def permission_of(dependant: Dependant) -> str | None:
    """The permission a route declares, found among its dependencies."""
    found: str | None = getattr(dependant.call, PERMISSION, None)
    for inner in dependant.dependencies:
        found = found or permission_of(inner)
    return found


def asks_step_up(dependant: Dependant) -> bool:
    """Whether a route takes a password given a moment ago, found among its dependencies."""
    return getattr(dependant.call, STEP_UP, False) or any(asks_step_up(inner) for inner in dependant.dependencies)


def _offered(route: APIRoute) -> tuple[str, ...]:
    """The media types an address answers with, the usual one first."""
    others: Iterable[str] = route.responses.get(HTTPStatus.OK.value, {}).get("content", {})
    return (_USUAL, *others)


def _require_acceptable(request: Request, offered: Sequence[str]) -> None:
    accept = request.headers.get("accept", "*/*")
    ranges = {part.split(";")[0].strip().lower() for part in accept.split(",")}
    if ranges & _ACCEPTABLE:
        return
    if len(offered) == 1:
        raise NotAcceptable
    if preferred(accept, offered) is None:
        raise NotAcceptable(f"It answers {' or '.join(offered)}.")


def media_type_for(db: ReadSession, *others: str) -> str:
    """The media type to answer with: JSON, or another of the forms an address has."""
    request: Request = db.info["request"]
    return preferred(request.headers.get("accept"), (_USUAL, *others)) or _USUAL


async def _read_json(request: Request) -> None:
    body = await request.body()
    content_type = request.headers.get("content-type")
    if content_type is None or not _JSON.fullmatch(content_type.strip()):
        if not body and content_type is None:
            return
        raise UnsupportedMediaType
    if body:
        # FastAPI takes the parsed body from here and does not parse it again.
        request._json = strict_json.parse(body)  # type: ignore[attr-defined]  # noqa: SLF001


def _refuse_unknown_query(request: Request, known: frozenset[str]) -> None:
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        # The name came from the caller and may be anything, so it is not repeated.
        listed = ", ".join(sorted(known)) or "none"
        fault = Fault("unknown_parameter", f"Known here: {listed}.", parameter="?", location="query")
        raise BadRequest(faults=[fault])


def _governed(endpoint: Callable[..., Any], *, creates: bool) -> Callable[..., Any]:
    """The endpoint behind the last checks: permission, then the replay of an answer already given."""
    if not inspect.iscoroutinefunction(endpoint):
        message = f"{endpoint.__qualname__} must be `async def`."
        raise TypeError(message)

    @functools.wraps(endpoint)
    async def governed(**arguments: Any) -> Response:
        db: ReadSession | None = arguments.get("db")
        actor: Actor | None = arguments.get("actor")
        if db is None:
            return await endpoint(**arguments)
        request: Request = db.info["request"]
        if (denied := request.scope["state"].get("denied")) is not None:
            raise denied
        if any(name.endswith("_id") and not _ID.fullmatch(value) for name, value in request.path_params.items()):
            raise NotFound  # a UUID in another spelling is not a second address of the record
        db.info["actor"] = actor
        claimant = actor or _outside_clinics(arguments.get("operator"))
        if (
            request.method == "POST"
            and claimant is not None
            and (key := key_of(request)) is not None
            and "wake_sealer" in db.info
        ):
            db.info["claimant"] = claimant
            replay = await claim_request(WriteSession(db), claimant, request, key)
            if replay is not None:
                declare_patients_of(request, replay)
                return replay
        if creates and actor is not None and actor.kind is PrincipalKind.CLIENT:
            # A program sends again by itself, so it must be able to do so without recording twice.
            needs_key(WriteSession(db), own_id=getattr(arguments.get("body"), "id", None))
        response: Response = await endpoint(**arguments)
        db.info["answer"] = response
        return response

    setattr(governed, _GOVERNED, True)
    return governed
