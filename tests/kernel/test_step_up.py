"""Some acts ask that the password was given a moment ago: which, when they ask, and what they answer."""

from datetime import UTC, datetime, timedelta
from typing import Final

import httpx2
import pytest
from fastapi import FastAPI

from app.identity.actions import create_account
from app.identity.rules import SCOPE_PERMISSIONS
from app.identity.tokens.actions import invite
from app.kernel.endpoint import Endpoint, asks_step_up, permission_of, writes
from app.kernel.gate import Gate
from app.kernel.ids import new_id
from app.kernel.step_up import step_up_denial, step_up_until
from app.main import build_api, routes_of
from tests.conftest import Clock
from tests.contract.document import document, resolved
from tests.contract.document import operations as documented_operations
from tests.proofs.care import Care, Json, caring, fresh_key, path_of, version_header
from tests.proofs.recipes import RECIPES, Operation, operations_of, stage_in
from tests.world import World, http_client

PASSWORD: Final = "four quiet herons at dusk"  # pragma: allowlist secret
AT: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CHALLENGE: Final = 'Bearer error="insufficient_user_authentication", max_age=300'

# By hand, beside the code: what somebody who finds a screen left open must not be able to do.
ASKS: Final = {
    "prescriber": {
        "sign_session",
        "cosign_session",
        "amend_session",
        "create_addendum",
        "mark_addendum_entered_in_error",
        "confirm_reassignment",
        "create_clinic_protocol",
        "retire_clinic_protocol",
        "set_patient_limit",
        "mark_patient_limit_entered_in_error",
    },
    "admin": {
        "update_clinic",
        "create_location",
        "update_location",
        "disable_location",
        "create_staff",
        "update_staff",
        "disable_staff",
        "invite_staff",
        "create_client",
        "update_client",
        "rotate_client_secret",
        "disable_client",
        "set_policy",
        "mark_policy_setting_entered_in_error",
    },
    "operator": {"create_clinic"},
}
# Whatever changes something under one of these asks, also what nobody has written yet.
ALWAYS: Final = {
    "clinic:write",
    "staff:write",
    "policy:write",
    "protocol:write",
    "session:sign",
    "session:cosign",
    "session:amend",
    "operator",
}


# ── the rule ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("after", "counts"),
    [
        (timedelta(0), True),
        (timedelta(seconds=299), True),
        (timedelta(seconds=300), True),
        (timedelta(seconds=300, microseconds=1), False),
        (timedelta(seconds=301), False),
        (timedelta(hours=11), False),
    ],
)
def test_a_password_counts_for_so_long_and_the_last_instant_too(after: timedelta, counts: bool) -> None:
    assert (step_up_denial(AT, AT + after, 300) is None) == counts
    assert (AT + after <= (step_up_until(AT, 300) or AT)) == counts


def test_where_none_was_given_none_counts() -> None:
    assert step_up_until(None, 300) is None
    denial = step_up_denial(None, AT, 60)
    assert denial is not None
    assert (denial.status, denial.code) == (401, "step-up-required")
    assert denial.headers == {"WWW-Authenticate": 'Bearer error="insufficient_user_authentication", max_age=60'}


# ── what asks ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_asks_is_what_was_written_down_by_hand(api: FastAPI) -> None:
    routes = {route.name: route.dependant for route in routes_of(api) if isinstance(route, Endpoint)}
    asking = {name for name, dependant in routes.items() if asks_step_up(dependant)}
    assert asking == set().union(*ASKS.values())
    forgotten = {
        name
        for name, dependant in routes.items()
        if writes(dependant) and permission_of(dependant) in ALWAYS and name not in asking
    }
    assert forgotten == set()


def test_no_scope_of_a_program_reaches_what_asks(api: FastAPI) -> None:
    """A program has no password it could give."""
    granted = frozenset[str]().union(*SCOPE_PERMISSIONS.values())
    asking = [one for one in routes_of(api) if isinstance(one, Endpoint) and asks_step_up(one.dependant)]
    assert {permission_of(one.dependant) for one in asking} & granted == set()


def test_the_document_says_who_asks() -> None:
    for operation in documented_operations():
        asks = str(operation) in set().union(*ASKS.values())
        assert operation.facts.get("x-step-up", False) == asks, str(operation)
        assert ("step-up-required" in operation.facts["description"]) == asks, str(operation)
        refusal = operation.facts["responses"].get("401", {})
        assert ("`step-up-required`" in refusal.get("description", "")) == asks, str(operation)
    (answer,) = [
        resolved(one.facts["responses"]["401"]) for one in documented_operations() if str(one) == "sign_session"
    ]
    assert "step-up-required" in answer["content"]["application/problem+json"]["examples"]
    assert "WWW-Authenticate" in answer["headers"]


# ── over HTTP, with a clock that moves ───────────────────────────────────────────────────────────────────────────────


async def sessions_to_sign(care: Care, how_many: int) -> list[Json]:
    """Sessions that are over, with nothing in the way of a signature."""
    over = [await care.session_in("discharged") for _ in range(how_many)]
    for session in over:
        (infusion,) = (await care.record(session))["administrations"]
        await care.do(infusion, "reconcile", {"wasted_mg": infusion["unaccounted_mg"]})
    return [await care.again(session) for session in over]


async def sign(http: httpx2.AsyncClient, session: Json, body: object = None, **headers: str) -> httpx2.Response:
    told = version_header(session) | headers
    return await http.post(f"{path_of(session)}/sign", json={} if body is None else body, headers=told)


def assert_asks(answer: httpx2.Response) -> None:
    assert (answer.status_code, answer.json().get("code")) == (401, "step-up-required"), answer.text
    assert answer.headers["www-authenticate"] == CHALLENGE


async def test_the_bound_is_five_minutes_from_the_password(clinic: World, clock: Clock) -> None:
    http = await clinic.client()
    for_long, gone_by = await sessions_to_sign(await caring(clinic), 2)
    clock.advance(minutes=5)
    assert (await sign(http, for_long)).status_code == 200
    clock.advance(seconds=1)
    assert_asks(await sign(http, gone_by))
    assert (await http.get(path_of(gone_by))).json() == gone_by, "a refusal changes nothing"


async def test_an_installation_may_ask_for_less(clinic: World, clock: Clock) -> None:
    (session,) = await sessions_to_sign(await caring(clinic), 1)
    settings = clinic.installation.settings.model_copy(update={"step_up_seconds": 60})
    stricter = build_api(settings, clinic.database)
    app = Gate(stricter, settings, lambda: stricter.state.tokens)
    http = http_client(app, await clinic.token())
    clock.advance(seconds=61)
    refused = await sign(http, session)
    assert refused.headers["www-authenticate"] == CHALLENGE.replace("300", "60")
    until = (await http.get("/v1/me")).json()["step_up_until"]
    assert clock.now() - datetime.fromisoformat(until) == timedelta(seconds=1)
    assert (await sign(http_client(app, await clinic.token()), session)).status_code == 200


async def test_a_new_token_serves_and_the_old_one_still_does_not(clinic: World, clock: Clock) -> None:
    old = await clinic.client()
    (session,) = await sessions_to_sign(await caring(clinic), 1)
    clock.advance(minutes=5, seconds=1)
    new = http_client(clinic.installation.app, await clinic.token())
    assert_asks(await sign(old, session))
    assert (await sign(new, session)).status_code == 200
    assert_asks(await old.post(f"{path_of(session)}/amend", json={"reason": "The cuff was too small."}))
    assert (await old.get(path_of(session))).status_code == 200, "for all else it is as good as ever"


async def test_using_a_token_does_not_make_it_fresh(clinic: World, clock: Clock) -> None:
    http = await clinic.client()
    (session,) = await sessions_to_sign(await caring(clinic), 1)
    for _ in range(6):
        clock.advance(minutes=1)
        assert (await http.get("/v1/me")).status_code == 200
    assert_asks(await sign(http, session))


async def test_one_password_serves_a_batch_of_signatures(clinic: World, clock: Clock) -> None:
    http = await clinic.client()
    batch = await sessions_to_sign(await caring(clinic), 3)
    clock.advance(minutes=20)
    await clinic.sign_in_again()
    for session in batch:
        clock.advance(minutes=1)
        assert (await sign(http, session)).json()["status"] == "signed"


async def test_it_is_asked_after_who_may_and_before_the_body(clinic: World, clock: Clock) -> None:
    """Media type, syntax and parameters first; then 403, 401, 422, 404, 428, 412."""
    http, therapist = await clinic.client(), await clinic.client("therapist")
    program = await clinic.integrator(*SCOPE_PERMISSIONS)
    (session,) = await sessions_to_sign(await caring(clinic), 1)
    path = f"{path_of(session)}/sign"
    clock.advance(minutes=5, seconds=1)
    assert (await therapist.post(path, json={"meaning": 1})).json()["code"] == "permission-denied"
    assert (await program.post(path, json={"meaning": 1})).json()["code"] == "scope-missing"
    assert (await http.post(path, content="{", headers={"content-type": "application/json"})).status_code == 400
    assert (await http.post(f"{path}?now=1", json={})).status_code == 400
    assert_asks(await http.post(path, json={"meaning": 1}))
    assert_asks(await http.post(f"/v1/sessions/{new_id()}/sign", json={}))
    assert_asks(await http.post("/v1/sessions/none/sign", json={}))
    assert_asks(await http.post(path, json={}))
    assert_asks(await http.post(path, json={}, headers={"if-match": '"999"'}))
    await clinic.sign_in_again()
    assert (await http.post(path, json={"meaning": 1})).status_code == 422
    assert (await http.post(f"/v1/sessions/{new_id()}/sign", json={})).status_code == 404
    assert (await http.post(path, json={})).status_code == 428
    assert (await http.post(path, json={}, headers={"if-match": '"999"'})).status_code == 412


async def test_a_replay_asks_too_and_the_key_goes_on_after_it(clinic: World, clock: Clock) -> None:
    http = await clinic.client()
    (session,) = await sessions_to_sign(await caring(clinic), 1)
    key = fresh_key()
    first = await sign(http, session, **key)
    clock.advance(minutes=6)
    assert_asks(await sign(http, session, **key))
    await clinic.sign_in_again()
    again = await sign(http, session, **key)
    assert (again.headers["idempotency-replayed"], again.content) == ("true", first.content)


async def test_everything_that_asks_refuses_an_old_password_and_takes_a_new_one(clinic: World, clock: Clock) -> None:
    """Each by the call with which it succeeds, so that nothing but the password stands in its way."""
    stale = {role: http_client(clinic.installation.app, await clinic.token(role)) for role in ("prescriber", "admin")}
    clock.advance(minutes=5, seconds=1)
    stage = await stage_in(clinic)
    by_id: dict[str, Operation] = {operation.id: operation for operation in operations_of(document())}
    for role, old in stale.items():
        for name in sorted(ASKS[role]):
            call = await RECIPES[name](stage)
            assert_asks(await call.send(old, by_id[name]))
            answer = await call.send(await clinic.client(role), by_id[name])
            assert answer.status_code == by_id[name].success, f"{name}: {answer.text}"


async def test_an_operator_gives_it_for_a_new_clinic(clinic: World, clock: Clock) -> None:
    async with clinic.database.writing() as db:
        account = await create_account(db, f"ops.{new_id().hex}", is_operator=True)
        invitation = invite(db, account.id)
    nobody = http_client(clinic.installation.app)
    assert (
        await nobody.post("/oauth/password", json={"token": invitation.text, "password": PASSWORD})
    ).status_code == 204

    async def signed_in() -> httpx2.AsyncClient:
        form = {"grant_type": "password", "username": account.username, "password": PASSWORD}
        token = (await nobody.post("/oauth/token", data=form)).json()["access_token"]
        return http_client(clinic.installation.app, token)

    operator = await signed_in()
    body = {
        "name": "New Clinic",
        "time_zone": "Europe/Berlin",
        "administrator": {"username": f"dana.{new_id().hex}", "name": "Dana Okafor"},
    }
    clock.advance(minutes=5, seconds=1)
    assert_asks(await operator.post("/v1/clinics", json=body))
    assert (await operator.get("/v1/clinics")).status_code == 200
    assert (await (await clinic.client("admin")).post("/v1/clinics", json=body)).status_code == 403
    assert (await (await signed_in()).post("/v1/clinics", json=body)).status_code == 201


async def test_everybody_is_told_until_when_it_counts(clinic: World, clock: Clock) -> None:
    http, program = await clinic.client("nurse"), await clinic.integrator("session:read")
    given = clock.now()
    clock.advance(minutes=7)
    told = (await http.get("/v1/me")).json()
    assert datetime.fromisoformat(told["authenticated_at"]) == given
    assert datetime.fromisoformat(told["step_up_until"]) == given + timedelta(minutes=5)
    await clinic.sign_in_again()
    assert datetime.fromisoformat((await http.get("/v1/me")).json()["authenticated_at"]) == clock.now()
    none = (await program.get("/v1/me")).json()
    assert (none["authenticated_at"], none["step_up_until"]) == (None, None)


async def test_the_password_is_what_a_sign_in_tells(clinic: World, clock: Clock) -> None:
    """By the password itself, over HTTP: the moment it was sent."""
    form = await clinic.choose_password("nurse")
    clock.advance(hours=1)
    token = (await http_client(clinic.installation.app).post("/oauth/token", data=form)).json()["access_token"]
    told = (await http_client(clinic.installation.app, token).get("/v1/me")).json()
    assert datetime.fromisoformat(told["authenticated_at"]) == clock.now()
