"""Who may do what: a hand-written matrix against every operation, every kind of caller, own and foreign records.

`matrix.csv` is a second source of truth beside the code. `client` holds every scope, `client_unfit` every scope but
those listed in `scopes`, each of which must be enough on its own; `operator` runs the installation, `nobody` has no
token.
"""

import csv
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from app.identity import actions
from app.identity.rules import SCOPE_PERMISSIONS, TokenKind
from app.identity.tokens.actions import issue_token
from app.kernel import clock
from app.kernel.ids import new_id
from tests.proofs.recipes import MAKERS, RECIPES, Call, Operation, screening_body, stage_in
from tests.world import World, http_client

ROLES = ("admin", "prescriber", "nurse", "therapist", "front_desk", "auditor", "director")
CALLERS = (*ROLES, "client", "client_unfit", "operator", "nobody")
EVERY_SCOPE = frozenset(SCOPE_PERMISSIONS)

with (Path(__file__).parent / "matrix.csv").open(encoding="utf-8", newline="") as _file:
    MATRIX = {row["operation"]: row for row in csv.DictReader(_file)}


@dataclass
class Callers:
    """HTTP clients of everybody the matrix names, in one clinic."""

    clinic: World
    _open: AsyncExitStack
    _by_scopes: dict[frozenset[str], httpx2.AsyncClient] = field(default_factory=dict)
    _operator: httpx2.AsyncClient | None = None

    async def named(self, caller: str, row: dict[str, str]) -> httpx2.AsyncClient:
        """A caller, as a row of the matrix means it."""
        match caller:
            case "client":
                return await self.program(EVERY_SCOPE)
            case "client_unfit":
                return await self.program(EVERY_SCOPE - set(row["scopes"].split()))
            case "operator":
                return await self._the_operator()
            case "nobody":
                return await self._open.enter_async_context(http_client(self.clinic.installation.app))
            case _:
                return await self.clinic.client(caller)

    async def program(self, scopes: frozenset[str]) -> httpx2.AsyncClient:
        """An integrator's program with exactly these scopes."""
        if scopes not in self._by_scopes:
            self._by_scopes[scopes] = await self.clinic.integrator(*sorted(scopes))
        return self._by_scopes[scopes]

    async def _the_operator(self) -> httpx2.AsyncClient:
        if self._operator is None:
            async with self.clinic.database.writing() as db:
                account = await actions.create_account(db, f"ops.{new_id().hex}", is_operator=True)
            async with self.clinic.database.writing() as db:
                token = issue_token(
                    db,
                    TokenKind.SESSION,
                    lives=timedelta(hours=1),
                    idle=timedelta(minutes=30),
                    account_id=account.id,
                    authenticated_at=clock.now(),
                )
            self._operator = await self._open.enter_async_context(http_client(self.clinic.installation.app, token.text))
        return self._operator


@pytest.fixture
async def callers(clinic: World) -> AsyncIterator[Callers]:
    """Everybody in the clinic."""
    async with AsyncExitStack() as stack:
        yield Callers(clinic, stack)


@pytest.fixture
async def callers_elsewhere(other_clinic: World) -> AsyncIterator[Callers]:
    """Everybody in another clinic."""
    async with AsyncExitStack() as stack:
        yield Callers(other_clinic, stack)


def may(row: dict[str, str], caller: str) -> bool:
    """What the matrix says."""
    assert row[caller] in {"yes", "no"}, f"{row['operation']} × {caller}: {row[caller]!r}"
    return row[caller] == "yes"


def anonymous(answer: httpx2.Response) -> tuple[int, dict[str, object], dict[str, str]]:
    """An answer without what differs between any two answers."""
    body = {name: value for name, value in json.loads(answer.content).items() if name != "request_id"}
    return answer.status_code, body, {n: v for n, v in answer.headers.items() if n != "request-id"}


def test_every_operation_has_a_recipe_and_a_row(operations: list[Operation]) -> None:
    offered = {operation.id for operation in operations}
    assert offered - set(RECIPES) == set(), "operations without a recipe"
    assert offered - set(MATRIX) == set(), "operations without a row in matrix.csv"
    assert set(RECIPES) - offered == set(), "recipes of operations that are gone"
    assert set(MATRIX) - offered == set(), "rows of operations that are gone"


async def test_each_caller_may_what_the_matrix_says(
    clinic: World, callers: Callers, operations: list[Operation]
) -> None:
    """Refusals come first and share one target, so the first who may also shows that the refusals changed nothing."""
    stage = await stage_in(clinic)
    wrong: list[str] = []
    for operation in operations:
        row = MATRIX[operation.id]
        make = RECIPES[operation.id]
        await clinic.sign_in_again()  # a walk may take longer than a password counts
        call = await make(stage)
        for caller in (name for name in CALLERS if not may(row, name)):
            answer = await call.send(await callers.named(caller, row), operation)
            if answer.status_code != (401 if caller == "nobody" else 403):
                wrong.append(f"{operation.id} × {caller}: expected no, got {answer.status_code} {answer.text}")
        allowed = [await callers.named(name, row) for name in CALLERS if may(row, name)]
        allowed += [await callers.program(frozenset({scope})) for scope in row["scopes"].split()]
        labels = [name for name in CALLERS if may(row, name)] + [f"only {one}" for one in row["scopes"].split()]
        for number, (label, http) in enumerate(zip(labels, allowed, strict=True)):
            if number > 0 and operation.method != "GET":
                call = await make(replace(stage, caller=label))
            answer = await call.send(http, operation)
            if answer.status_code != operation.success:
                wrong.append(f"{operation.id} × {label}: expected yes, got {answer.status_code} {answer.text}")
    assert not wrong, "\n".join(wrong)


async def test_another_clinic_and_nowhere_look_alike(
    clinic: World, callers_elsewhere: Callers, operations: list[Operation]
) -> None:
    """Whoever may do something gets the same 404 for another clinic's record as for one that never was."""
    stage = await stage_in(clinic)
    wrong: list[str] = []
    for operation in operations:
        row = MATRIX[operation.id]
        await clinic.sign_in_again()  # a walk may take longer than a password counts
        await callers_elsewhere.clinic.sign_in_again()
        call = await RECIPES[operation.id](stage)
        if operation.is_public or not call.names_records:
            continue
        for caller in CALLERS:
            http = await callers_elsewhere.named(caller, row)
            foreign = await call.send(http, operation)
            unknown = await call.elsewhere().send(http, operation)
            expected = 404 if may(row, caller) else 401 if caller == "nobody" else 403
            if foreign.status_code != expected or anonymous(foreign) != anonymous(unknown):
                wrong.append(f"{operation.id} × {caller}: {foreign.status_code} {foreign.text} / {unknown.text}")
    assert not wrong, "\n".join(wrong)


async def test_another_clinic_s_ids_inside_a_body_are_unknown(clinic: World, other_clinic: World) -> None:
    """An id in a body is looked for in the caller's own clinic only, and refused as one that never was."""
    here, elsewhere = await stage_in(clinic), await stage_in(other_clinic)
    foreign_location = await here.admin.new("/v1/locations", {"name": "Room 2"})
    foreign_course = await here.care.course(protocol_code="KET_IV_6x3W")
    (foreign_item, *_) = await here.care.items(f"/v1/courses/{foreign_course['id']}/plan")
    foreign_session = await here.care.session()
    foreign_prescriber = str((await clinic.actor("prescriber")).principal_id)
    foreign_score = await MAKERS["assessment"](here)
    foreign_episode = await MAKERS["episode"](here)
    patient = await elsewhere.care.patient()
    course = await elsewhere.care.course(patient, protocol_code="KET_IV_6x3W")
    session = await elsewhere.care.session(course)
    score = {"instrument": "PHQ9", "answered_on": "2026-03-02", "total": 12}
    tries: list[tuple[str, str, dict[str, object], dict[str, str]]] = [
        ("POST", f"/v1/courses/{course['id']}/sessions", {"location_id": foreign_location["id"]}, {}),
        ("POST", f"/v1/courses/{course['id']}/sessions", {"plan_item_id": foreign_item["id"]}, {}),
        ("PATCH", f"/v1/sessions/{session['id']}", {"location_id": foreign_location["id"]}, {"If-Match": '"1"'}),
        (
            "POST",
            f"/v1/patients/{patient['id']}/courses",
            {"protocol_code": "OPEN", "prescriber_id": foreign_prescriber},
            {},
        ),
        ("PATCH", f"/v1/courses/{course['id']}", {"prescriber_id": foreign_prescriber}, {"If-Match": '"1"'}),
        (
            "POST",
            f"/v1/patients/{patient['id']}/courses",
            {"protocol_code": "OPEN", "episode_id": foreign_episode["id"]},
            {},
        ),
        (
            "POST",
            f"/v1/courses/{course['id']}/dose-decisions",
            {"decision": "continue", "assessment_id": foreign_score["id"]},
            {},
        ),
        (
            "POST",
            f"/v1/patients/{patient['id']}/medication-trials",
            {"drug": "Sertraline", "source_of_information": "records", "episode_id": foreign_episode["id"]},
            {},
        ),
        ("PATCH", f"/v1/courses/{course['id']}", {"episode_id": foreign_episode["id"]}, {"If-Match": '"1"'}),
        ("POST", f"/v1/patients/{patient['id']}/assessments", score | {"session_id": foreign_session["id"]}, {}),
        ("POST", f"/v1/patients/{patient['id']}/assessments", score | {"course_id": foreign_course["id"]}, {}),
        ("POST", f"/v1/patients/{patient['id']}/screenings", screening_body(session_id=foreign_session["id"]), {}),
        (
            "POST",
            "/v1/programme-enrolments",
            {"programme": "SPRAVATO_REMS", "enrolled_on": "2026-03-02", "location_id": foreign_location["id"]},
            {},
        ),
    ]
    for method, path, body, headers in tries:
        foreign = await elsewhere.care.http.request(method, path, json=body, headers=headers)
        assert foreign.status_code == 422, f"{method} {path} {body}: {foreign.text}"
        (name,) = [member for member in body if member.endswith("_id")]
        unknown = await elsewhere.care.http.request(method, path, json=body | {name: str(new_id())}, headers=headers)
        assert anonymous(foreign) == anonymous(unknown)


async def test_lists_and_filters_show_nothing_of_another_clinic(
    clinic: World, other_clinic: World, callers_elsewhere: Callers, operations: list[Operation]
) -> None:
    here = await stage_in(clinic)
    session = await here.care.session_in("discharged")
    await here.care.vitals(session)
    await here.care.dissociation(session)
    await here.care.order(
        await here.care.session(await here.care.again({"object": "course", "id": session["course_id"]}))
    )
    await here.care.phq9({"object": "patient", "id": session["patient_id"]}, session_id=session["id"])
    await clinic.database.sealer.seal()
    filters = {"patient_id": session["patient_id"], "session_id": session["id"], "course_id": session["course_id"]}
    for operation in operations:
        if operation.method != "GET" or "{" in operation.template or operation.id == "list_clinics":
            continue
        row = MATRIX[operation.id]
        caller = next(name for name in CALLERS if may(row, name))
        http = await callers_elsewhere.named(caller, row)
        asked = [{}] + [
            {parameter["name"]: filters[parameter["name"]]}
            for parameter in operation.facts.get("parameters", ())
            if parameter.get("name") in filters
        ]
        for params in asked:
            text = (await Call().send(http, operation, params=params)).text
            assert str(clinic.id) not in text, operation.id
            for value in filters.values():
                assert value not in text, f"{operation.id} {params}"
