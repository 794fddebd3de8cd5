"""The pages that show the API, in a real browser: they come up whole, and ask nobody but the server they came from."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from app.kernel.pages import html
from app.kernel.pages.routes import _ASSETS
from tests.browser import visit
from tests.contract.document import operations
from tests.serving import listening, served

if TYPE_CHECKING:
    from tests.conftest import Installations

PAGES = ("/", "/docs", "/reference", "/problems", "/problems/version-mismatch")
# Opens some areas, one after the other, and says which operations are drawn in them. Only what is in sight is drawn.
OPENED = ("sign-in", "sessions")
OPEN_DOCS = """(async () => {
  const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  for (const id of AREAS.map((one) => `operations-tag-${one}`)) {
    const open = () => document.getElementById(id)?.dataset.isOpen === "true";
    document.getElementById(id).click();
    for (let n = 0; n < 500 && !open(); n++) await pause(20);
  }
  await pause(300);
  return [...document.querySelectorAll(".opblock")].map((one) => one.id.replace(/^operations-[a-z-]+-/, ""));
})()"""
OPEN_REFERENCE = """(async () => {
  for (let round = 0; round < 3; round++) {
    for (const area of document.querySelectorAll("aside [aria-expanded=false]")) area.click();
    await new Promise((done) => setTimeout(done, 200));
  }
  return [...document.querySelectorAll("aside a")].filter((one) => /(GET|POST|PATCH)/.test(one.href)).length;
})()"""


@pytest.fixture(scope="module")
def address(installations: "Installations") -> Iterator[str]:
    """A server that shows its documentation."""
    with served(installations.get("sqlite")) as base:
        yield base


def test_every_page_comes_up_and_asks_no_foreign_host(address: str) -> None:
    for page, seen in zip(PAGES, visit(*({"url": address + page} for page in PAGES)), strict=True):
        assert seen.status == 200, page
        assert seen.hosts == {urlsplit(address).netloc}, page
        assert seen.said == [], page


def test_both_readers_show_the_operations(address: str) -> None:
    look = OPEN_DOCS.replace("AREAS", json.dumps(OPENED))
    docs, reference = visit(
        {"url": f"{address}/docs", "wait": ".opblock-tag", "look": look, "height": 3000},
        {"url": f"{address}/reference", "wait": "aside", "look": OPEN_REFERENCE},
    )
    assert set(docs.looked) == {str(one) for one in operations() if one.facts["tags"][0] in OPENED}
    assert reference.looked == len(operations())
    for seen in (docs, reference):
        assert seen.hosts == {urlsplit(address).netloc}
        assert seen.said == []


# ── the look-out itself ──────────────────────────────────────────────────────────────────────────────────────────────

PLANTED = {
    "pictures.example": "<img src='https://pictures.example/a.png' alt=''>",
    "styles.example": "<style>@import 'https://styles.example/a.css';</style>",
    "told.example": "<script>fetch('https://told.example/v1')</script>",
    "counted.example": "<script>navigator.sendBeacon('https://counted.example/hit', 'x')</script>",
    "sockets.example": "<script>new WebSocket('wss://sockets.example/live')</script>",
    "frames.example": "<iframe src='https://frames.example/'></iframe>",
}
LEFT_ALONE = """addEventListener("load", () => Scalar.createApiReference("#reference", {
  content: '{"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {}}' }))"""


def test_who_asks_a_foreign_host_is_seen() -> None:
    """Also Scalar without our settings and our policy: what we say to it is what keeps it quiet."""

    async def page(request: Request) -> Response:
        asked = request.path_params["host"]
        return HTMLResponse(
            html.reference_page("planted") if asked == "scalar" else f"<!doctype html><title>T</title>{PLANTED[asked]}"
        )

    async def asset(request: Request) -> Response:
        path = request.path_params["path"]
        script = LEFT_ALONE if path == "reference.js" else (_ASSETS / path).read_bytes()
        return Response(script, media_type="text/javascript")

    routes = [Route("/docs/assets/{path:path}", asset), Route("/{host}", page)]
    with listening(Starlette(routes=routes)) as base:
        pages = visit(*({"url": f"{base}/{host}"} for host in PLANTED), {"url": f"{base}/scalar", "wait": "h1"})
    found = [seen.hosts - {urlsplit(base).netloc} for seen in pages]
    assert found[:-1] == [{host} for host in PLANTED]
    assert "fonts.scalar.com" in found[-1]
