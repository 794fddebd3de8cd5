"""What the OpenAPI document says of the product: its areas, in the order of a treatment, and its scopes."""

from typing import Final

from app.identity.rules import SCOPE_PERMISSIONS
from app.kernel.openapi import About

_DESCRIPTION: Final = """
The record of ketamine treatment: a course of sessions, each with a route and a dose, each watched minute by minute,
each judged by how the mood moves afterwards.

* **Sign in** with `POST /oauth/token` and send the token as `Authorization: Bearer …`.
* **Nothing is overwritten.** Every record has a `version`; send it as `If-Match` with every change. Its history, and
  what it was at any instant (`as_of`), stay readable.
* **Sending again is safe.** Send an `Idempotency-Key`, or your own UUIDv7 as `id`, and nothing is recorded twice.
* **Errors** are problem documents (RFC 9457). Programs switch on `code`; each code has a page under `/problems/`.
* **Orders may be refused, facts never.** What has happened is always accepted, with its deviations.
* Times are RFC 3339 with an offset, out always in UTC; units are part of a member's name; lists page by cursor.
""".strip()

_TAGS: Final = {
    "sign-in": "Tokens for people and programs, and who a token belongs to.",
    "clinics": "The clinic, its time zone, its sites and rooms.",
    "staff": "People in roles.",
    "clients": "Integrators' programs in scopes.",
    "patients": "People under care: identifiers, weights, illness episodes, what was given elsewhere.",
    "protocols": "Dosing and observation plans: shipped with their sources, and a clinic's own.",
    "courses": "A series of sessions for one patient under one protocol, and its plan.",
    "sessions": "One treatment visit: its moves, and the whole record of it.",
    "dosing": "What was ordered and what was really given, minute by minute.",
    "monitoring": "Vital signs and dissociation notes.",
    "assessments": "Questionnaires and ratings with their scores.",
    "outcomes": "The curve of a course, and what it came to: response, remission, and what is missing.",
    "alerts": "What a person must acknowledge.",
    "ledger": "Every change in order: the feed an integrator follows.",
    "operations": "How the process is, for those who run it.",
}

ABOUT: Final = About(title="Seriatim", description=_DESCRIPTION, tags=_TAGS, scopes=SCOPE_PERMISSIONS)
