"""Small pages for people. Every value is escaped; a page loads one style sheet from here and nothing from elsewhere."""

import inspect
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final

from app.kernel.errors import Failure

PLAIN_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# Swagger UI and Scalar draw icons from data: addresses, write styles, and talk to this server; nothing else may load.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_MOST_IN_SIGHT: Final = 12  # operations listed openly; more are folded away


def page(title: str, body: str) -> str:
    """A whole page around a body of HTML."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n"
        '<link rel="stylesheet" href="/docs/assets/page.css">\n'
        f"</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


_PLACES: Final = (
    ("/reference", "Reference", "every operation on one page, with an example to copy"),
    ("/docs", "Try it", "the same operations, with a form to send requests from the browser"),
    ("/v1/openapi.json", "OpenAPI document", "for generators of clients and for tools"),
    ("/problems", "Problem codes", "what each refusal means and what to do about it"),
)


def start_page(title: str, *, serves_docs: bool) -> str:
    """The page at `/`: what this is, and where to go from here."""
    links = "".join(
        f'<dt><a href="{place}">{name}</a></dt><dd>{what}</dd>'
        for place, name, what in _PLACES
        if serves_docs or place not in {"/reference", "/docs"}
    )
    said = "<p>This address speaks to programs. A person begins with one of these pages:</p>"
    return page(title, f"<h1>{escape(title)}</h1>\n{said}\n<dl>{links}</dl>")


def docs_page(title: str) -> str:
    """The page that Swagger UI fills."""
    style = '<link rel="stylesheet" href="/docs/assets/swagger-ui/swagger-ui.css">\n'
    return _reader(title, style, ("swagger-ui/swagger-ui-bundle.js", "docs.js"), "swagger-ui")


def reference_page(title: str) -> str:
    """The page that Scalar fills."""
    return _reader(title, "", ("scalar/standalone.js", "reference.js"), "reference")


def _reader(title: str, style: str, scripts: Sequence[str], place: str) -> str:
    """A page whose scripts read the document and show it at a place."""
    loaded = "".join(f'<script src="/docs/assets/{script}"></script>\n' for script in scripts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n"
        '<link rel="icon" href="/docs/assets/swagger-ui/favicon-32x32.png">\n'
        f'{style}{loaded}</head>\n<body>\n<div id="{place}"></div>\n</body>\n</html>\n'
    )


def _marked(text: str) -> str:
    """A text with what stands between backticks set as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def meaning_of(kind: type[Failure]) -> str:
    """What a kind of failure means: the first paragraph of its docstring."""
    return inspect.cleandoc(kind.__doc__ or kind.title).split("\n\n")[0].replace("\n", " ")


def facts_of(kind: type[Failure]) -> dict[str, Any]:
    """What there is to say about a problem code."""
    return {
        "object": "problem_code",
        "code": kind.code,
        "title": kind.title,
        "status": kind.status,
        "meaning": meaning_of(kind),
        "advice": kind.advice,
    }


@dataclass(frozen=True, slots=True)
class Place:
    """An operation that may answer a problem: its name, its address, and where `/docs` shows it."""

    id: str
    summary: str
    method: str
    path: str
    area: str


def problem_page(kind: type[Failure], places: Sequence[Place], total: int, *, serves_docs: bool) -> str:
    """The page of one problem code.

    Args:
        kind: The failure.
        places: The operations that may answer it.
        total: How many operations there are.
        serves_docs: Whether there is a page on each operation to lead to.
    """
    facts = facts_of(kind)
    rows = "".join(
        f"<dt>{label}</dt><dd>{_marked(str(facts[name]))}</dd>"
        for label, name in (("Status", "status"), ("What it means", "meaning"), ("What to do", "advice"))
    )
    head = f"<h1>{_marked(kind.title)}</h1>\n<p><code>{escape(kind.code)}</code></p>"
    where = f"<dt>Which operations answer it</dt><dd>{_where(places, total, serves_docs=serves_docs)}</dd>"
    body = f'{head}\n<dl>{rows}{where}</dl>\n<p><a href="/problems">All problem codes</a></p>'
    return page(f"{kind.title} ({kind.code})", body)


def _where(places: Sequence[Place], total: int, *, serves_docs: bool) -> str:
    if not places:
        return "No operation lists it."
    if len(places) == total:
        return "Every operation."
    listed = "".join(f"<li>{_place(one, serves_docs=serves_docs)}</li>" for one in places)
    if len(places) <= _MOST_IN_SIGHT:
        return f"<ul>{listed}</ul>"
    return f"<details><summary>{len(places)} of {total} operations</summary><ul>{listed}</ul></details>"


def _place(one: Place, *, serves_docs: bool) -> str:
    name = escape(one.summary)
    if serves_docs:
        name = f'<a href="/docs#/{one.area}/{one.id}">{name}</a>'
    return f"{name} <code>{one.method} {escape(one.path)}</code>"


def problem_index(kinds: Iterable[type[Failure]]) -> str:
    """The list of all problem codes, by status."""
    by_status = groupby(sorted(kinds, key=lambda kind: (kind.status, kind.code)), key=lambda kind: kind.status)
    tables = "".join(
        f"<h2>{status} {HTTPStatus(status).phrase}</h2>\n<table>{''.join(map(_row, several))}</table>\n"
        for status, several in by_status
    )
    said = (
        "<p>What the API refuses leaves as a problem document (RFC 9457). Programs switch on its <code>code</code>; "
        "each code has a page that says what it means, what to do, and which operations answer it.</p>\n"
    )
    return page("Problem codes", f"<h1>Problem codes</h1>\n{said}{tables}")


def _row(kind: type[Failure]) -> str:
    link = f'<a href="/problems/{kind.code}"><code>{kind.code}</code></a>'
    return f"<tr><td>{link}</td><td>{_marked(kind.title)}</td></tr>"
