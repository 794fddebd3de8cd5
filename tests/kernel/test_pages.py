"""Documentation, problem pages and health."""

import re

import httpx2
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp

from app.kernel.pages import html
from app.kernel.pages.routes import _ASSETS
from app.kernel.problems import every_failure
from app.main import create_app
from tests.contract.document import operations
from tests.world import HOST, Installation, http_client

LOADED = re.compile(
    r"""(?:src|href|action)\s*=\s*["']([^"']+)|url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""", re.IGNORECASE
)


def loaded_by(text: str) -> set[str]:
    """Addresses a page or style sheet makes a browser load."""
    return {next(group for group in found if group) for found in LOADED.findall(text)}


def problem_codes() -> list[str]:
    import app.main  # noqa: F401, PLC0415  # every area brings its codes

    return list(every_failure())


@pytest.mark.parametrize(("reader", "assets"), [("/docs", 4), ("/reference", 3)])
async def test_readers_ask_no_foreign_host(app: ASGIApp, reader: str, assets: int) -> None:
    """`test_pages_in_browser.py` looks at what their scripts do."""
    async with http_client(app) as nobody:
        page = await nobody.get(reader)
        assert page.status_code == 200
        loaded = loaded_by(page.text)
        assert len(loaded) == assets
        for address in loaded:
            assert address.startswith("/docs/assets/"), address
            assert (await nobody.get(address)).status_code == 200, address
        for directive in page.headers["content-security-policy"].split(";"):
            assert set(directive.split()[1:]) <= {"'none'", "'self'", "'unsafe-inline'", "data:"}, directive


def test_style_sheets_load_nothing_from_elsewhere() -> None:
    for sheet in _ASSETS.rglob("*.css"):
        assert [one for one in loaded_by(sheet.read_text(encoding="utf-8")) if not one.startswith("data:")] == []


@pytest.mark.parametrize("name", ["docs.js", "reference.js"])
def test_scripts_are_ours_and_name_no_address(name: str) -> None:
    assert "://" not in (_ASSETS / name).read_text(encoding="utf-8")


def test_what_is_not_ours_comes_with_its_licences() -> None:
    swagger, scalar = _ASSETS / "swagger-ui", _ASSETS / "scalar"
    assert {path.name for path in swagger.iterdir()} >= {
        "LICENSE.txt",
        "NOTICE.txt",
        "swagger-ui-bundle.js.LICENSE.txt",
    }
    assert {path.name for path in scalar.iterdir()} >= {"LICENSE.txt", "VERSION.txt", "standalone.js.LICENSE.txt"}
    for asset in (swagger / "swagger-ui.css", scalar / "standalone.js"):
        assert "sourceMappingURL=" not in asset.read_text(encoding="utf-8")[-200:]


async def test_docs_are_off_when_the_settings_say_so(installation: Installation) -> None:
    app = create_app(installation.settings.model_copy(update={"docs": False}))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=f"http://{HOST}") as nobody:
        assert (await nobody.get("/docs")).status_code == 404
        assert (await nobody.get("/reference")).status_code == 404
        assert (await nobody.get("/docs/assets/docs.js")).status_code == 404
        assert (await nobody.get("/docs/assets/page.css")).status_code == 200
        assert {"docs", "reference"}.isdisjoint((await nobody.get("/")).json())


@pytest.mark.parametrize("path", ["../routes.py", "%2e%2e/routes.py", "swagger-ui", "", "/etc/passwd", "absent.js"])
async def test_only_known_assets_are_served(app: ASGIApp, path: str) -> None:
    async with http_client(app) as nobody:
        assert (await nobody.get(f"/docs/assets/{path}")).status_code == 404


async def test_assets_may_be_kept(app: ASGIApp) -> None:
    async with http_client(app) as nobody:
        script = await nobody.get("/docs/assets/docs.js")
        assert script.headers["content-type"].startswith("text/javascript")
        assert script.headers["cache-control"] == "public, max-age=3600"
        again = await nobody.get("/docs/assets/docs.js", headers={"if-none-match": script.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_the_start_points_onwards(app: ASGIApp) -> None:
    async with http_client(app) as nobody:
        start = (await nobody.get("/")).json()
        assert start["openapi"] == "/v1/openapi.json"
        assert start["docs"] == "/docs"
        page = await nobody.get("/", headers={"accept": "text/html"})
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        for address in loaded_by(page.text):
            assert (await nobody.get(address)).status_code == 200


# ── problem codes ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code", problem_codes())
async def test_every_problem_code_has_a_page(api: FastAPI, app: ASGIApp, code: str) -> None:
    kind = every_failure()[code]
    async with http_client(app) as nobody:
        facts = (await nobody.get(f"/problems/{code}")).json()
        assert facts["title"] == kind.title
        assert facts["status"] == kind.status
        assert facts["meaning"]
        assert facts["advice"]
        page = await nobody.get(f"/problems/{code}", headers={"accept": "text/html,*/*;q=0.8"})
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert f"<code>{code}</code>" in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_a_problem_code_names_the_operations_that_answer_it(app: ASGIApp) -> None:
    answering: dict[str, set[str]] = {code: set() for code in every_failure()}
    for operation in operations():
        for code in operation.facts["x-problems"]:
            answering[code].add(str(operation))
    async with http_client(app) as nobody:
        for code, names in answering.items():
            facts = (await nobody.get(f"/problems/{code}")).json()
            assert set(facts["operations"]) == names, code
        some = (await nobody.get("/problems/weight-missing", headers={"accept": "text/html"})).text
        assert "/docs#/dosing/create_dose_order" in some
        assert (
            "Every operation." in (await nobody.get("/problems/internal-error", headers={"accept": "text/html"})).text
        )
        index = (await nobody.get("/problems", headers={"accept": "text/html"})).text
        assert {code for code in answering if f'href="/problems/{code}"' not in index} == set()


async def test_pages_lead_to_no_docs_where_there_are_none(installation: Installation) -> None:
    app = create_app(installation.settings.model_copy(update={"docs": False}))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=f"http://{HOST}") as nobody:
        for path in ("/", "/problems/weight-missing"):
            page = (await nobody.get(path, headers={"accept": "text/html"})).text
            assert "/docs#" not in page
            assert 'href="/docs"' not in page


def test_every_problem_code_says_its_own_meaning_and_what_to_do() -> None:
    kinds = every_failure()
    # What is said of a whole kind of refusal helps nobody who met one of them.
    assert {code for code, kind in kinds.items() if "advice" not in vars(kind)} == set()
    assert {code for code, kind in kinds.items() if not kind.__doc__} == set()
    meanings = [html.meaning_of(kind) for kind in kinds.values()]
    assert len(set(meanings)) == len(meanings)


async def test_the_link_of_a_problem_leads_to_its_page(app: ASGIApp) -> None:
    async with http_client(app) as nobody:
        problem = (await nobody.get("/v1/me")).json()
        assert (await nobody.get(problem["type"])).json()["code"] == problem["code"] == "unauthenticated"
        assert (await nobody.get("/problems/no-such-code")).status_code == 404
        listed = await nobody.get("/problems")
        assert {one["code"] for one in listed.json()["items"]} == set(every_failure())


def test_what_a_page_shows_is_escaped() -> None:
    assert "<script>" not in html.page("<script>", "")
    assert html._marked("`<b>` & more") == "<code>&lt;b&gt;</code> &amp; more"


# ── health ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_health_knows_no_one(app: ASGIApp) -> None:
    async with http_client(app) as nobody:
        assert (await nobody.get("/health/live")).json() == {"object": "health", "status": "live"}
        assert (await nobody.get("/health/ready")).json() == {"object": "health", "status": "ready"}


async def test_not_ready_while_the_schema_is_another(own_installation: Installation) -> None:
    from sqlalchemy import text  # noqa: PLC0415

    async with own_installation.database.writer.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    async with http_client(own_installation.app) as nobody:
        answer = await nobody.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["code"] == "not-ready"
        assert "9999" not in answer.text
        assert (await nobody.get("/health/live")).status_code == 200
