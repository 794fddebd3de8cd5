"""What the OpenAPI document says of the product: its areas, in the order of a treatment, and its scopes."""

import json
from pathlib import Path
from typing import Final

from app.identity.rules import SCOPE_PERMISSIONS
from app.kernel.openapi import About

_DESCRIPTION: Final = """
The record of ketamine treatment: a course of sessions, each with a route and a dose, each watched minute by minute,
each judged by how the mood moves afterwards.

**Get a token, and send it.** A person signs in with name and password, a program with its client's id and secret. Both
answer an `access_token`; `/v1/me` says whose it is and what it permits.

```bash
curl {address}/oauth/token -d grant_type=password -d "username=$USERNAME" --data-urlencode "password=$PASSWORD"
curl {address}/oauth/token -d grant_type=client_credentials -u "$CLIENT_ID:$CLIENT_SECRET"
curl {address}/v1/me -H "Authorization: Bearer $TOKEN"
```

The names and passwords of a demonstration are in its file `demo-credentials.json`. In a clinic an administrator makes
both: `POST /v1/staff` answers an invitation, `POST /v1/clients` a secret.

**Then follow the treatment**: a patient, a course, its sessions; in a session the dose, the vital signs, the notes; the
questionnaires before and after; and what it came to. A clinic that only keeps what happened needs two calls:
`POST /v1/patients`, and `POST /v1/patients/{patient_id}/sessions` when a session is over.

* **Nothing is overwritten.** Every record has a `version`; send it as `If-Match` with every change. Its history, and
  what it was at any instant (`as_of`), stay readable.
* **Sending again is safe.** Send an `Idempotency-Key`, or your own UUIDv7 as `id`, and nothing is recorded twice.
* **Errors** are problem documents (RFC 9457). Programs switch on `code`; each code has a page under
  [/problems]({address}/problems).
* **Some acts ask for the password again.** A signature, or a change of staff, clients, policies or settings takes a
  token whose password was given within the last five minutes. 401 `step-up-required` means: get a new token and send
  the same request again.
* **Orders may be refused, facts never.** What has happened is always accepted, with its deviations.
* Times are RFC 3339 with an offset, out always in UTC; units are part of a member's name; lists page by cursor.
""".strip()

_TAGS: Final = {
    "sign-in": "Tokens for people and programs, and who a token belongs to.",
    "patients": "People under care: identifiers, weights, illness episodes, what was given elsewhere, what they take, "
    "have tried and have.",
    "policies": "Limits and gates: shipped with their sources, a clinic's own, and one patient's.",
    "eligibility": "What is asked before treatment and what a prescriber decides on it; consents; risk programmes.",
    "protocols": "Dosing and observation plans: shipped with their sources, and a clinic's own.",
    "courses": "A series of sessions for one patient under one protocol, and its plan.",
    "sessions": "One treatment visit: its moves, whether it may start, and the whole record of it.",
    "board": "The day at a glance, the stream of what happens on it, and what waits for somebody.",
    "dosing": "What was ordered and what was really given, minute by minute.",
    "monitoring": "Vital signs, when they are due, and who watches; dissociation notes.",
    "safety": "Adverse events: graded by people, with what makes them serious and by when they are reported.",
    "assessments": "Questionnaires and ratings with their scores.",
    "alerts": "What a person must acknowledge and resolve in time, such as an answer about suicide or a dose too high.",
    "outcomes": "The curve of a course, and what it came to: response, remission, and what is missing.",
    "ledger": "Every change in order: the feed an integrator follows.",
    "clinics": "The clinic, its time zone, its sites and rooms.",
    "staff": "The people who work in the clinic, and their roles.",
    "clients": "Programs of integrators: their secrets, and the scopes they are granted.",
    "operations": "How the process is, for those who run it.",
}

# Written by `make examples`, which calls every operation; a test calls them all again.
_EXAMPLES: Final = Path(__file__).parent / "examples.json"

ABOUT: Final = About(
    title="Seriatim",
    description=_DESCRIPTION,
    tags=_TAGS,
    scopes=SCOPE_PERMISSIONS,
    examples=json.loads(_EXAMPLES.read_text(encoding="utf-8")),
)
