"""A clinic of one's own for a test, the people in it, and HTTP clients that check every answer they get."""

import asyncio
import importlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from app.identity import actions
from app.identity.queries import account_by_id
from app.identity.rules import Role, TokenKind, permissions_of_roles, permissions_of_scopes
from app.identity.schemas import AdministratorCreate, ClientCreate, ClinicCreate, StaffCreate
from app.identity.tokens.actions import invite, issue_token
from app.kernel import clock
from app.kernel.actor import Actor, PrincipalKind
from app.kernel.database import Database, ReadSession, WriteSession
from app.kernel.ids import new_id
from app.kernel.settings import Settings
from app.policies.actions import set_policy
from app.policies.schemas import PolicySet
from tests.contract.document import assert_documented

HOST = "testserver"
PASSWORD = "four quiet herons at dusk"  # pragma: allowlist secret
ZONE = "America/New_York"

Options = ParamSpec("Options")
Made = TypeVar("Made")


# ── clients that check ───────────────────────────────────────────────────────────────────────────────────────────────


def patients_in(shown: object) -> set[str]:
    """Ids of the patients whose data an answer carries."""
    found: set[str] = set()
    if isinstance(shown, dict):
        if shown.get("object") == "patient" and "id" in shown:
            found.add(str(shown["id"]))
        found |= {shown[name] for name in ("patient_id", "to_patient_id") if isinstance(shown.get(name), str)}
        for value in shown.values():
            found |= patients_in(value)
    elif isinstance(shown, list):
        for item in shown:
            found |= patients_in(item)
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), f"an answer has a member twice: {names}"
    return dict(pairs)


def check_answer(request: httpx2.Request, response: httpx2.Response, scope: Mapping[str, Any]) -> None:
    """What holds for every answer: headers, the shape of a problem, declared patients.

    A 500 is a bug in whatever is tested; a test that causes one on purpose says `extensions={"may_fail": True}`.
    """
    where = f"{request.method} {request.url.path} answered {response.status_code}: {response.text[:2000]}"
    state: Mapping[str, Any] = scope.get("state", {})
    assert response.headers["request-id"] == state["request_id"], where
    assert response.headers["x-content-type-options"] == "nosniff", where
    is_public = not request.url.path.startswith(("/v1/", "/oauth/")) or request.url.path == "/v1/openapi.json"
    assert is_public or "no-store" in response.headers["cache-control"], where
    assert "server" not in response.headers, where
    if response.status_code >= 500:
        assert response.status_code != 500 or request.extensions.get("may_fail"), where
        assert response.status_code == 500 or "retry-after" in response.headers, where
    if request.url.path == "/v1/openapi.json":
        return  # its examples look like patients
    route = scope.get("route")
    if route is not None:
        assert_documented(request.method, route.path, response)
    kind = response.headers.get("content-type", "").split(";")[0]
    if response.status_code >= 400 and request.method != "HEAD":
        _check_refusal(request, response, kind, where)
    elif kind.endswith("json") and response.content:
        shown = json.loads(response.content, object_pairs_hook=_object)
        assert isinstance(shown, dict), where
        declared = {str(one) for one in state.get("patients_touched", ())}
        undeclared = patients_in(shown) - declared
        assert not undeclared, f"patients are shown and not declared: {undeclared}; {where}"


def _check_refusal(request: httpx2.Request, response: httpx2.Response, kind: str, where: str) -> None:
    if request.url.path in {"/oauth/token", "/oauth/revoke"} and kind == "application/json":
        assert set(response.json()) >= {"error", "error_description"}, where
        return
    if request.url.path.startswith("/fhir/") and kind == "application/fhir+json":
        assert response.json()["resourceType"] == "OperationOutcome", where
        return
    assert kind == "application/problem+json", where
    problem = json.loads(response.content, object_pairs_hook=_object)
    assert problem["type"] == f"/problems/{problem['code']}", where
    assert problem["status"] == response.status_code, where
    assert problem["request_id"] == response.headers["request-id"], where
    assert isinstance(problem["title"], str), where
    assert isinstance(problem["detail"], str), where
    for fault in problem.get("errors", ()):
        assert fault["code"], where
        assert fault["detail"], where
        assert "pointer" in fault or ("parameter" in fault and "in" in fault), where


class CheckedTransport(httpx2.AsyncBaseTransport):
    """Speaks to the application in this process and checks every answer before the test sees it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Pass one request on."""
        seen: dict[str, Any] = {}

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            seen["scope"] = scope
            await self._app(scope, receive, send)

        inner = httpx2.ASGITransport(app=watched, raise_app_exceptions=False)
        response = await inner.handle_async_request(request)
        await response.aread()
        response.extensions["scope"] = seen["scope"]
        check_answer(request, response, seen["scope"])
        return response


def linger_after(monkeypatch: pytest.MonkeyPatch, name: str, seconds: float = 0.1) -> None:
    """Let a function rest after it has done its work, so that two who are not kept apart surely meet.

    A race that is only sometimes lost proves nothing when it is won.
    """
    module_name, _, attribute = name.rpartition(".")
    module = importlib.import_module(module_name)
    original = getattr(module, attribute)

    async def slowly(*arguments: Any, **options: Any) -> Any:
        result = await original(*arguments, **options)
        await asyncio.sleep(seconds)
        return result

    monkeypatch.setattr(module, attribute, slowly)


def http_client(app: ASGIApp, token: str | None = None) -> httpx2.AsyncClient:
    """A client that checks; without a token, nobody."""
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    return httpx2.AsyncClient(transport=CheckedTransport(app), base_url=f"http://{HOST}", headers=headers)


# ── installations and clinics ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Installation:
    """The application on one database."""

    settings: Settings
    database: Database
    api: FastAPI
    app: ASGIApp


@dataclass
class World:
    """One clinic with its people, made for one test.

    People come into being when they are first asked for. Writes commit for real; nobody else ever sees this clinic.

        nurse = await clinic.client("nurse")                       # HTTP, signed in
        answer = await nurse.get("/v1/patients")
        patient = await clinic.make(make_patient, family_name="Ito")  # a factory, in a transaction of its own
        async with clinic.writing("prescriber") as db:             # several things in one transaction
            await make_weight(db, db.info["actor"], patient)
    """

    installation: Installation
    id: UUID
    system: Actor
    name: str
    administrator_account_id: UUID
    administrator_id: UUID
    _actors: dict[str, Actor] = field(default_factory=dict)
    _accounts: dict[str, UUID] = field(default_factory=dict)
    _clients: dict[str, httpx2.AsyncClient] = field(default_factory=dict)
    _only_records: bool = False

    @property
    def database(self) -> Database:
        """The database this clinic is in."""
        return self.installation.database

    async def only_records(self) -> None:
        """Let every gate before a dose only warn, for tests that are about something else."""
        if not self._only_records:
            self._only_records = True
            admin = await self.actor("admin")
            async with self.database.writing(admin) as db:
                since, why = datetime(2000, 1, 1, tzinfo=UTC), "We treat from another record."
                body = PolicySet(code="gate_profile", value="record_only", reason=why, effective_at=since)
                await set_policy(db, admin, body)

    async def actor(self, role: str = "prescriber") -> Actor:
        """Somebody in this role; the same person whenever asked. `system` is the clinic's own hand."""
        if role == "system":
            return self.system
        if role not in self._actors:
            await self._hire(role)
        return self._actors[role]

    async def _hire(self, role: str) -> None:
        if role == "admin":
            principal_id, account_id = self.administrator_id, self.administrator_account_id
        else:
            roles = [Role(role.partition(".")[0])]  # `nurse.2` is a second nurse
            body = StaffCreate(username=f"{role}.{new_id().hex}", name=f"{role} of {self.name}", roles=roles)
            async with self.database.writing(self.system) as db:
                staff, _ = await actions.create_staff(db, self.system, body)
            assert staff.account_id is not None
            principal_id, account_id = staff.id, staff.account_id
        self._accounts[role] = account_id
        self._actors[role] = Actor(
            clinic_id=self.id,
            principal_id=principal_id,
            kind=PrincipalKind.STAFF,
            permissions=permissions_of_roles([role.partition(".")[0]]),
            time_zone=ZONE,
            source="test",
            request_id="test",
            roles=(role.partition(".")[0],),
        )

    async def token(self, role: str = "prescriber") -> str:
        """A fresh session token of the person in this role, as after a password and without the cost of one."""
        await self.actor(role)
        async with self.database.writing() as db:
            lives, idle, account_id = timedelta(hours=12), timedelta(minutes=30), self._accounts[role]
            return issue_token(
                db, TokenKind.SESSION, lives=lives, idle=idle, account_id=account_id, authenticated_at=clock.now()
            ).text

    async def choose_password(self, role: str = "prescriber") -> dict[str, str]:
        """Let the person in this role choose a password; answers the form with which they sign in."""
        await self.actor(role)
        async with self.database.writing() as db:
            invitation = invite(db, self._accounts[role]).text
            account = (await db.execute(account_by_id(self._accounts[role]))).scalar_one()
        async with http_client(self.installation.app) as nobody:
            answer = await nobody.post("/oauth/password", json={"token": invitation, "password": PASSWORD})
            assert answer.status_code == 204, answer.text
        return {"grant_type": "password", "username": account.username, "password": PASSWORD}

    async def client(self, role: str = "prescriber") -> httpx2.AsyncClient:
        """An HTTP client signed in as the person in this role; the same one whenever asked."""
        if role not in self._clients:
            self._clients[role] = http_client(self.installation.app, await self.token(role))
        return self._clients[role]

    async def sign_in_again(self) -> None:
        """Let everybody who is signed in give their password once more; their clients go on with the new tokens."""
        for role in self._accounts.keys() & self._clients.keys():
            self._clients[role].headers["authorization"] = f"Bearer {await self.token(role)}"

    async def integrator(self, *scopes: str) -> httpx2.AsyncClient:
        """An HTTP client of an integrator's program with these scopes."""
        async with self.database.writing(self.system) as db:
            body = ClientCreate(name=f"program {new_id().hex}", scopes=list(scopes))
            program, _ = await actions.create_client(db, self.system, body)
        async with self.database.writing() as db:
            lives = timedelta(minutes=15)
            token = issue_token(db, TokenKind.CLIENT, lives=lives, client=(self.id, program.id), scopes=scopes)
        client = self._clients[f"program {program.id}"] = http_client(self.installation.app, token.text)
        return client

    async def integrator_actor(self, *scopes: str) -> Actor:
        """The actor an integrator's program with these scopes is."""
        async with self.database.writing(self.system) as db:
            body = ClientCreate(name=f"program {new_id().hex}", scopes=list(scopes))
            program, _ = await actions.create_client(db, self.system, body)
        return Actor(
            self.id,
            program.id,
            PrincipalKind.CLIENT,
            permissions_of_scopes(scopes),
            ZONE,
            source="test",
            request_id="test",
        )

    @asynccontextmanager
    async def writing(self, role: str = "prescriber") -> AsyncIterator[WriteSession]:
        """A transaction of the person in this role; they are `db.info["actor"]`."""
        actor = await self.actor(role)
        async with self.database.writing(actor) as db:
            yield db

    @asynccontextmanager
    async def reading(self, role: str = "prescriber") -> AsyncIterator[ReadSession]:
        """A read-only transaction of the person in this role."""
        actor = await self.actor(role)
        async with self.database.reading(actor) as db:
            yield db

    async def make(
        self,
        factory: "Callable[Concatenate[WriteSession, Actor, Options], Awaitable[Made]]",
        *arguments: Options.args,
        **options: Options.kwargs,
    ) -> Made:
        """Call a factory in a transaction of its own, as a prescriber, and commit it."""
        actor = await self.actor("prescriber")
        async with self.database.writing(actor) as db:
            return await factory(db, actor, *arguments, **options)

    async def close(self) -> None:
        """Give the clients back."""
        for client in self._clients.values():
            await client.aclose()


async def make_world(installation: Installation) -> World:
    """A fresh clinic."""
    mark = new_id().hex
    body = ClinicCreate(
        name=f"Clinic {mark}",
        time_zone=ZONE,
        administrator=AdministratorCreate(username=f"admin.{mark}", name="Dana Okafor"),
    )
    async with installation.database.writing() as db:
        new = await actions.create_clinic(db, body, source="test")
        system: Actor = db.info["actor"]
    assert new.administrator.account_id is not None
    return World(
        installation, new.clinic.id, system, new.clinic.name, new.administrator.account_id, new.administrator.id
    )
