"""Documentation, problem pages and health over HTTP. None of it needs a token, none of it knows a patient."""

import asyncio
import hashlib
import mimetypes
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from app.kernel.database import Database, is_ready
from app.kernel.endpoint import Endpoint
from app.kernel.errors import NotFound, Unavailable
from app.kernel.migrations import SchemaMismatch, require_current_schema
from app.kernel.pages import html
from app.kernel.problems import documented, every_failure
from app.kernel.schemas import ResponseSchema
from app.kernel.settings import Settings

router: Final = APIRouter()

_ASSETS: Final = Path(__file__).parent / "assets"
_CACHED: Final = "public, max-age=3600"
_HTML: Final = "text/html; charset=utf-8"


class NotReady(Unavailable):
    """The process runs, but cannot answer requests yet: the database does not answer, or its schema is another one."""

    code = "not-ready"
    title = "The server is not ready"
    advice = "Wait. If it lasts, the operator looks at the log; an old schema needs `seriatim migrate`."


def _kept(request: Request, content: bytes, media_type: str, policy: str | None = None) -> Response:
    """Public content that a browser may keep for an hour and then ask whether it is current."""
    headers = {"Cache-Control": _CACHED, "ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"'}
    if policy is not None:
        headers["Content-Security-Policy"] = policy
    if request.headers.get("if-none-match", "").removeprefix("W/") == headers["ETag"]:
        return Response(None, 304, headers)
    return Response(content, 200, headers, media_type)


def _prefers_html(request: Request) -> bool:
    """Browsers name text/html; programs get JSON."""
    return "text/html" in request.headers.get("accept", "")


# ── the document and its reader ──────────────────────────────────────────────────────────────────────────────────────


async def get_openapi_document(request: Request) -> Response:
    """The OpenAPI document."""
    state = request.app.state
    if not hasattr(state, "openapi_bytes"):
        # Half a second of work, once; in a thread, so that nobody else waits for it.
        state.openapi_bytes = orjson.dumps(await asyncio.to_thread(request.app.openapi))
    return _kept(request, state.openapi_bytes, "application/json")


# A plain route: those of FastAPI under /v1 all declare a permission, and this one is for everybody.
router.add_route("/v1/openapi.json", get_openapi_document, include_in_schema=False)


def _require_docs(request: Request) -> None:
    settings: Settings = request.app.state.settings
    if not settings.serves_docs:
        raise NotFound


@router.get("/docs", include_in_schema=False)
async def show_docs(request: Request) -> Response:
    """Swagger UI on our document, from our own copy."""
    _require_docs(request)
    return _kept(request, html.docs_page(f"{request.app.title} API").encode(), _HTML, html.DOCS_POLICY)


@router.get("/reference", include_in_schema=False)
async def show_reference(request: Request) -> Response:
    """Scalar on our document, from our own copy."""
    _require_docs(request)
    return _kept(request, html.reference_page(f"{request.app.title} API").encode(), _HTML, html.DOCS_POLICY)


@cache
def _assets() -> Mapping[str, bytes]:
    """Every asset by its address, read once: what is not in this table is not served, whatever the path says."""
    return {path.relative_to(_ASSETS).as_posix(): path.read_bytes() for path in _ASSETS.rglob("*") if path.is_file()}


@router.get("/docs/assets/{asset:path}", include_in_schema=False)
async def show_asset(request: Request, asset: str) -> Response:
    """A script, style sheet, icon or licence of the documentation pages."""
    if asset != "page.css":  # the problem pages use it, and they are always there
        _require_docs(request)
    if (content := _assets().get(asset)) is None:
        raise NotFound
    media_type = mimetypes.guess_type(asset)[0] or "application/octet-stream"
    return _kept(request, content, "text/javascript" if asset.endswith(".js") else media_type)


@router.get("/", include_in_schema=False)
async def show_start(request: Request) -> Response:
    """Where to go from here."""
    settings: Settings = request.app.state.settings
    places = {
        "openapi": "/v1/openapi.json",
        "problems": "/problems",
        **({"docs": "/docs", "reference": "/reference"} if settings.serves_docs else {}),
    }
    if _prefers_html(request):
        shown = html.start_page(request.app.title, serves_docs=settings.serves_docs)
        return _kept(request, shown.encode(), _HTML, html.PLAIN_POLICY)
    return _kept(request, orjson.dumps({"object": "start", "name": request.app.title, **places}), "application/json")


# ── problem codes ────────────────────────────────────────────────────────────────────────────────────────────────────


async def _places(request: Request) -> Sequence[tuple[Collection[str], html.Place]]:
    """Every operation of the document, with the problem codes it may answer."""
    document = await asyncio.to_thread(request.app.openapi)
    return [
        (
            facts["x-problems"],
            html.Place(facts["operationId"], facts["summary"], method.upper(), path, facts["tags"][0]),
        )
        for path, item in document["paths"].items()
        for method, facts in item.items()
    ]


@router.get("/problems", include_in_schema=False)
async def list_problems(request: Request) -> Response:
    """Every problem code."""
    kinds = every_failure()
    if _prefers_html(request):
        return _kept(request, html.problem_index(kinds.values()).encode(), _HTML, html.PLAIN_POLICY)
    items = [html.facts_of(kind) for kind in kinds.values()]
    return _kept(request, orjson.dumps({"items": items, "next_cursor": None}), "application/json")


@router.get("/problems/{code}", include_in_schema=False)
async def show_problem(request: Request, code: Annotated[str, PathParameter(max_length=100)]) -> Response:
    """One problem code: what it means, what to do, and which operations answer it."""
    if (kind := every_failure().get(code)) is None:
        raise NotFound
    places = await _places(request)
    answering = [place for codes, place in places if code in codes]
    if _prefers_html(request):
        settings: Settings = request.app.state.settings
        shown = html.problem_page(kind, answering, len(places), serves_docs=settings.serves_docs)
        return _kept(request, shown.encode(), _HTML, html.PLAIN_POLICY)
    facts = {**html.facts_of(kind), "operations": [place.id for place in answering]}
    return _kept(request, orjson.dumps(facts), "application/json")


# ── health ───────────────────────────────────────────────────────────────────────────────────────────────────────────

health: Final = APIRouter(prefix="/health", route_class=Endpoint, tags=["operations"])


class HealthRead(ResponseSchema):
    """How the process is."""

    object: str = Field(description="Always `health`.", examples=["health"])
    status: str = Field(description="`live` or `ready`.", examples=["ready"])


def _healthy(status: str) -> Response:
    body: dict[str, Any] = {"object": "health", "status": status}
    return Response(orjson.dumps(body), media_type="application/json")


@health.get("/live", response_model=HealthRead)
async def check_live() -> Response:
    """Whether the process answers at all; if not, restart it. Asks no database."""
    return _healthy("live")


@health.get("/ready", response_model=HealthRead, responses=documented(NotReady))
async def check_ready(request: Request) -> Response:
    """Whether requests can be answered: the database answers and has the schema this version was written for."""
    state = request.app.state
    database: Database = state.database
    try:
        await is_ready(database)
        if not getattr(state, "schema_is_current", False):
            await require_current_schema(database)
            state.schema_is_current = True
    except SQLAlchemyError:
        raise NotReady("The database does not answer.") from None
    except SchemaMismatch:
        raise NotReady("The database has the schema of another version.") from None
    return _healthy("ready")
