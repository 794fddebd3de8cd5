"""The pages that show the API, in a real browser: they come up whole, and ask nobody but the server they came from."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.browser import visit
from tests.contract.document import operations
from tests.serving import listening, served

if TYPE_CHECKING:
    from tests.conftest import Installations

PAGES = ("/", "/docs", "/reference", "/problems", "/problems/version-mismatch")
# Opens every area, and waits until what is in them is drawn.
OPEN_DOCS = """async () => {
  for (const area of document.querySelectorAll(".opblock-tag")) area.click();
  for (let n = 0; n < 100 && document.querySelectorAll(".opblock").length < EXPECTED; n++)
    await new Promise((done) => setTimeout(done, 100));
  return [...document.querySelectorAll(".opblock")].map((one) => one.id.replace(/^operations-[a-z-]+-/, ""));
}"""
OPEN_REFERENCE = """async () => {
  const shown = () => document.querySelectorAll("aside a[href*='/POST/'], aside a[href*='/GET/'], aside a[href*='/PATCH/']");
  for (let round = 0; round < 5; round++) {
    for (const area of document.querySelectorAll("aside [aria-expanded=false]")) area.click();
    await new Promise((done) => setTimeout(done, 200));
  }
  return [...shown()].map((one) => one.textContent.trim());
}"""


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


def test_swagger_ui_shows_every_operation(address: str) -> None:
    ids = {str(operation) for operation in operations()}
    look = f"({OPEN_DOCS.replace('EXPECTED', str(len(ids)))})()"
    (seen,) = visit({"url": f"{address}/docs", "wait": ".opblock-tag", "look": look})
    assert set(seen.looked) == ids
    assert seen.hosts == {urlsplit(address).netloc}
    assert seen.said == []


def test_scalar_shows_every_operation(address: str) -> None:
    (seen,) = visit({"url": f"{address}/reference", "wait": "aside", "look": f"({OPEN_REFERENCE})()"})
    assert len(seen.looked) == len(operations())
    assert seen.hosts == {urlsplit(address).netloc}
    assert seen.said == []


# ── the look-out itself ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("what", "asked"),
    [
        ("<img src='https://pictures.example/a.png' alt=''>", "pictures.example"),
        ("<style>@import 'https://styles.example/a.css';</style>", "styles.example"),
        ("<script>fetch('https://told.example/v1')</script>", "told.example"),
        ("<script>navigator.sendBeacon('https://counted.example/hit', 'x')</script>", "counted.example"),
        ("<script>new WebSocket('wss://sockets.example/live')</script>", "sockets.example"),
        ("<iframe src='https://frames.example/'></iframe>", "frames.example"),
    ],
)
def test_who_asks_a_foreign_host_is_seen(what: str, asked: str) -> None:
    async def page(request: Request) -> Response:
        return HTMLResponse(f"<!doctype html><title>planted</title>{what}")

    with listening(Starlette(routes=[Route("/", page)])) as base:
        (seen,) = visit({"url": base})
    assert seen.hosts - {urlsplit(base).netloc} == {asked}
