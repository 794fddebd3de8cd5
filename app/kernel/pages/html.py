"""Small pages for people. Every value is escaped; a page loads one style sheet from here and nothing from elsewhere."""

import inspect
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from app.kernel.errors import Failure

PLAIN_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# Swagger UI and Scalar draw icons from data: addresses, write styles, and talk to this server; nothing else may load.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(title: str, body: str) -> str:
    """A whole page around a body of HTML."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n"
        '<link rel="stylesheet" href="/docs/assets/page.css">\n'
        f"</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


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


def problem_page(kind: type[Failure]) -> str:
    """The page of one problem code."""
    facts = facts_of(kind)
    rows = "".join(
        f"<dt>{label}</dt><dd>{escape(str(facts[name]))}</dd>"
        for label, name in (("Status", "status"), ("What it means", "meaning"), ("What to do", "advice"))
    )
    head = f"<h1>{escape(kind.title)}</h1>\n<p><code>{escape(kind.code)}</code></p>"
    body = f'{head}\n<dl>{rows}</dl>\n<p><a href="/problems">All problem codes</a></p>'
    return page(f"{kind.title} ({kind.code})", body)


def problem_index(kinds: Iterable[type[Failure]]) -> str:
    """The list of all problem codes."""
    rows = "".join(
        f'<tr><td>{kind.status}</td><td><a href="/problems/{kind.code}"><code>{kind.code}</code></a></td>'
        f"<td>{escape(kind.title)}</td></tr>"
        for kind in sorted(kinds, key=lambda kind: (kind.status, kind.code))
    )
    return page("Problem codes", f"<h1>Problem codes</h1>\n<table>{rows}</table>")
