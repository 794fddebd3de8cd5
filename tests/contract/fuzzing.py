"""A running server with a clinic full of records, and generated requests made to hit them."""

import math
import re
import time
import uuid
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from schemathesis import Case
from schemathesis.core.parameters import ParameterLocation

from app.identity.rules import SCOPE_PERMISSIONS, permissions_of_roles
from tests.contract.document import Json
from tests.factories.identity import make_client
from tests.factories.patients import patient_body
from tests.world import Installation, make_world

# Words that only a list of this installation knows.
_VOCABULARY = {
    "policy_code": ("gate_profile", "spo2_alert_below"),
    "protocol_code": ("KET_IV_6x3W", "OPEN"),
    "instrument": ("PHQ9", "MADRS"),
}
_RENEWED_SECONDS = 120
ROLES = ("prescriber", "nurse", "admin", "front_desk", "therapist", "auditor", "director")


@dataclass
class Target:
    """A server, people who sign in, and the ids of records that exist.

    Attributes:
        base_url: Where the server listens.
        signing_in: The form with which each role signs in, and `program`, an integrator's with every scope.
        ids: Ids of existing records by parameter name, such as `patient_id`.
    """

    base_url: str
    signing_in: Mapping[str, Mapping[str, str]]
    ids: dict[str, list[str]] = field(default_factory=dict)
    http: requests.Session = field(default_factory=requests.Session)
    _tokens: dict[str, tuple[float, str]] = field(default_factory=dict)

    def token(self, role: str) -> str:
        """A token with which this role may do everything it ever may; a run takes longer than a password counts.

        Who may not sign in any more, because a generated request has disabled them, goes on with the one before.
        """
        got_at, token = self._tokens.get(role, (-math.inf, ""))
        if time.monotonic() - got_at > _RENEWED_SECONDS:
            answer = self.http.post(f"{self.base_url}/oauth/token", data=self.signing_in[role])
            token = answer.json()["access_token"] if answer.ok else token
            assert token, f"{role}: {answer.text}"
            self._tokens[role] = time.monotonic(), token
        return token

    def sign_everybody_in(self) -> None:
        """Get a token for each role, before any request is generated."""
        for role in self.signing_in:
            self.token(role)

    def remember(self, shown: object) -> None:
        """Keep the ids of the records in an answer."""
        if isinstance(shown, dict):
            kind, one = shown.get("object"), shown.get("id")
            if isinstance(kind, str) and isinstance(one, str):
                known = self.ids.setdefault(f"{kind}_id", [])
                if one not in known and len(known) < 50:
                    known.append(one)
            for value in shown.values():
                self.remember(value)
        elif isinstance(shown, list):
            for value in shown:
                self.remember(value)

    def aim(self, case: Case) -> dict[str, str]:
        """Turn a generated request into one that mostly meets an existing record in its current version.

        Only what was generated as valid is replaced, and what it is replaced by follows from the request itself, so
        that a failure can be repeated.

        Returns:
            The header that says who asks.
        """
        seed = zlib.crc32(repr((case.path_parameters, str(case.body)[:500], dict(case.query or {}))).encode())
        for container, place in ((case.path_parameters, ParameterLocation.PATH), (case.query, ParameterLocation.QUERY)):
            if container is not None and not _is_wrong(case, place):
                self._aim_ids(container, seed)
        if case.query is not None and not _is_wrong(case, ParameterLocation.QUERY):
            case.query.pop("cursor", None)  # only a cursor that was given out is valid, whatever it looks like
        if isinstance(case.body, dict) and not _is_wrong(case, ParameterLocation.BODY):
            self._aim_ids(case.body, seed)
            if case.path.endswith("/courses/{course_id}/sessions") and case.body.get("route") is None:
                case.body["route"] = "intravenous"  # courses without a plan leave it open
        if case.headers is not None:
            case.headers.pop("Clinic-Id", None) if seed % 5 else None
            if re.fullmatch(r"[A-Za-z0-9_-]{1,255}", case.headers.get("Idempotency-Key", "")):
                case.headers["Idempotency-Key"] = uuid.uuid4().hex  # a replay answers before most checks
            if "If-Match" in case.headers and seed % 4 and (version := self._version(case)) is not None:
                case.headers["If-Match"] = f'"{version}"'
        permission = case.operation.definition.raw.get("x-permission", "signed-in")
        able = [role for role in ROLES if permission in permissions_of_roles([role])] or ["admin"]
        if any(permission in brought for brought in SCOPE_PERMISSIONS.values()):
            able.append("program")
        everybody = sorted(self.signing_in)
        role = able[seed % len(able)] if seed % 8 else everybody[seed % len(everybody)]
        if not _is_wrong(case, ParameterLocation.HEADER):
            # Optional for some callers and records, needed for others.
            if role == "program" or case.path.endswith(("/administrations", "/events")):
                case.headers.setdefault("Idempotency-Key", uuid.uuid4().hex)
            if case.method == "PATCH":
                case.headers.setdefault("Change-Reason", "typing_error")
        return {"Authorization": f"Bearer {self.token(role)}"}

    def _aim_ids(self, members: dict[str, Any], seed: int) -> None:
        for name, value in list(members.items()):
            if name in _VOCABULARY and isinstance(value, str):
                members[name] = _VOCABULARY[name][seed % len(_VOCABULARY[name])]
            known = self.ids.get(name, [])
            if not known or seed % 7 == 0:
                continue
            if isinstance(value, str) and len(value) == 36:
                members[name] = known[seed % len(known)]
            elif isinstance(value, list) and value and all(isinstance(one, str) and len(one) == 36 for one in value):
                members[name] = [known[(seed + place) % len(known)] for place in range(len(value))]

    def _version(self, case: Case) -> int | None:
        parts = case.formatted_path.split("/")
        if len(parts) < 4 or "%" in parts[3]:
            return None
        answer = self.http.get(
            f"{self.base_url}/v1/{parts[2]}/{parts[3]}",
            headers={
                "Authorization": f"Bearer {self.token('admin' if parts[2] in {'staff', 'clients'} else 'prescriber')}"
            },
        )
        return answer.json().get("version") if answer.status_code == 200 else None


def _is_wrong(case: Case, place: ParameterLocation) -> bool:
    return case.meta is not None and case.meta.is_negative_at(place)


async def furnish(installation: Installation) -> tuple[dict[str, Mapping[str, str]], list[Json]]:
    """Fill a clinic by way of the API.

    Returns:
        How everybody signs in, and everything the API answered.
    """
    world = await make_world(installation)
    shown: list[Json] = []
    admin, prescriber = await world.client("admin"), await world.client("prescriber")

    async def post(client: Any, path: str, body: Json, **headers: str) -> Json:
        answer = await client.post(path, json=body, headers=headers)
        assert answer.status_code in {200, 201}, f"{path}: {answer.text}"
        shown.append(answer.json())
        return shown[-1]

    for name in ("Room 1", "Room 2", "Room 3"):
        await post(admin, "/v1/locations", {"name": name})
    for number in range(3):
        await post(admin, "/v1/clients", {"name": f"Registry {number}", "scopes": ["session:read"]})
        await post(
            admin, "/v1/staff", {"username": f"nurse{number}.{world.id.hex}", "name": "Sam Levy", "roles": ["nurse"]}
        )
    shown.append((await admin.get(f"/v1/clinics/{world.id}")).json())
    for number in range(4):
        patient = await post(prescriber, "/v1/patients", patient_body(given_name=f"Robin{number}"))
        await post(
            prescriber,
            f"/v1/patients/{patient['id']}/weights",
            {"weight_kg": 82.4, "measured_at": "2026-11-01T10:00:00Z"},
        )
        course = await post(prescriber, f"/v1/patients/{patient['id']}/courses", {"protocol_code": "KET_IV_6x3W"})
        for _ in range(2):
            session = await post(
                prescriber, f"/v1/courses/{course['id']}/sessions", {"scheduled_start_at": "2026-11-02T14:00:00Z"}
            )
            order = {"ordered_mg_per_kg": 0.5, "infusion_minutes": 40}
            await post(prescriber, f"/v1/sessions/{session['id']}/dose-orders", order)
            events = [{"kind": "start", "occurred_at": "2026-11-02T14:05:00Z", "rate_mg_per_min": 1.03}]
            given = {"drug": "ketamine", "route": "intravenous", "events": events}
            await post(
                prescriber, f"/v1/sessions/{session['id']}/administrations", given, **{"Idempotency-Key": session["id"]}
            )
            reading = {"measured_at": "2026-11-02T14:10:00Z", "systolic_mmhg": 138, "diastolic_mmhg": 86}
            await post(prescriber, f"/v1/sessions/{session['id']}/vital-signs", reading)
            note = {"observed_at": "2026-11-02T14:15:00Z", "intensity": 6}
            await post(prescriber, f"/v1/sessions/{session['id']}/dissociation-notes", note)
        answers = {"instrument": "PHQ9", "answered_at": "2026-11-20T10:00:00Z", "items": [2, 3, 2, 3, 2, 3, 2, 1, 1]}
        await post(prescriber, f"/v1/patients/{patient['id']}/assessments", answers)
        shown.append((await prescriber.get("/v1/alerts")).json())
        shown.append((await prescriber.get(f"/v1/courses/{course['id']}/plan")).json())
    signing_in: dict[str, Mapping[str, str]] = {role: await world.choose_password(role) for role in ROLES}
    async with world.writing("admin") as db:
        program, secret = await make_client(db, db.info["actor"], scopes=list(SCOPE_PERMISSIONS))
        signing_in["program"] = {
            "grant_type": "client_credentials",
            "client_id": str(program.id),
            "client_secret": secret,
        }
    shown.append({"object": "prescriber", "id": str((await world.actor("prescriber")).principal_id)})
    await world.close()
    await installation.database.close()
    return signing_in, shown
