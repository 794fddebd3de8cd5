"""Signing in, being recognised, signing out."""

import asyncio
import base64
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select
from starlette.types import ASGIApp

from app.identity.actions import create_account
from app.identity.models import Account, ClientSecret, Token
from app.identity.tokens.actions import digest_of, invite
from app.kernel.ids import new_id
from tests.conftest import Clock
from tests.factories.identity import make_client
from tests.world import World, http_client, linger_after

PASSWORD = "four quiet herons at dusk"  # pragma: allowlist secret
OTHER_PASSWORD = "five loud geese in a field"  # pragma: allowlist secret


async def sign_in(app: ASGIApp, username: str, password: str = PASSWORD, **more: str) -> httpx2.Response:
    form = {"grant_type": "password", "username": username, "password": password} | more
    return await http_client(app).post("/oauth/token", data=form)


async def hired(clinic: World, **members: Any) -> dict[str, Any]:
    """A nurse who has chosen a password, as the administrator sees her."""
    admin = await clinic.client("admin")
    body = {"username": f"sam.{new_id().hex}", "name": "Sam Levy", "roles": ["nurse"]} | members
    made = (await admin.post("/v1/staff", json=body)).json()
    chosen = {"token": made["invitation"]["token"], "password": PASSWORD}
    assert (await http_client(clinic.installation.app).post("/oauth/password", json=chosen)).status_code == 204
    return made


async def disable(clinic: World, person: dict[str, Any]) -> None:
    admin = await clinic.client("admin")
    url = f"/v1/staff/{person['id']}"
    tag = (await admin.get(url)).headers["etag"]
    assert (await admin.post(f"{url}/disable", headers={"if-match": tag})).status_code == 200


async def me(app: ASGIApp, answer: httpx2.Response) -> httpx2.Response:
    return await http_client(app, answer.json()["access_token"]).get("/v1/me")


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_invited_person_chooses_a_password_and_signs_in(clinic: World, app: ASGIApp) -> None:
    person = await hired(clinic)
    answer = await sign_in(app, person["username"])
    assert (answer.status_code, answer.json()["token_type"]) == (200, "Bearer")
    assert answer.json()["access_token"].startswith("kts_")
    (membership,) = (await me(app, answer)).json()["memberships"]
    assert (membership["clinic_id"], membership["roles"]) == (str(clinic.id), ["nurse"])


async def test_names_are_not_case_sensitive_and_passwords_are(clinic: World, app: ASGIApp) -> None:
    person = await hired(clinic)
    assert (await sign_in(app, f" {person['username'].upper()} ")).status_code == 200
    assert (await sign_in(app, person["username"], PASSWORD.upper())).status_code == 400


async def test_unknown_wrong_disabled_locked_and_uninvited_answer_alike(
    clinic: World, app: ASGIApp, clock: Clock
) -> None:
    """On a clock that stands still: the wait of who is locked is two seconds, and a busy machine takes longer."""
    known, locked, disabled = await hired(clinic), await hired(clinic), await hired(clinic)
    admin = await clinic.client("admin")
    body = {"username": f"sam.{new_id().hex}", "name": "Sam Levy", "roles": ["nurse"]}
    uninvited = (await admin.post("/v1/staff", json=body)).json()
    await disable(clinic, disabled)
    for _ in range(6):
        await sign_in(app, locked["username"], OTHER_PASSWORD)
    answers = [
        await sign_in(app, f"nobody.{new_id().hex}"),
        await sign_in(app, known["username"], OTHER_PASSWORD),
        await sign_in(app, disabled["username"]),
        await sign_in(app, locked["username"]),
        await sign_in(app, uninvited["username"]),
    ]
    assert {answer.status_code for answer in answers} == {400}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["error"] == "invalid_grant"
    assert len({tuple(sorted(set(answer.headers) - {"request-id"})) for answer in answers}) == 1


async def test_five_failures_are_free_then_waits_double(clinic: World, app: ASGIApp, clock: Clock) -> None:
    person = await hired(clinic)
    for _ in range(5):
        await sign_in(app, person["username"], OTHER_PASSWORD)
    assert (await sign_in(app, person["username"])).status_code == 400
    clock.advance(seconds=2)
    await sign_in(app, person["username"], OTHER_PASSWORD)  # the sixth failure: two seconds more
    clock.advance(seconds=1.5)
    assert (await sign_in(app, person["username"])).status_code == 400
    clock.advance(seconds=1)
    assert (await sign_in(app, person["username"])).status_code == 200


async def test_a_locked_account_is_not_kept_locked_by_trying(clinic: World, app: ASGIApp, clock: Clock) -> None:
    """Tries during the wait do not lengthen it, so an outsider cannot lock somebody out for good."""
    person = await hired(clinic)
    for _ in range(30):
        await sign_in(app, person["username"], OTHER_PASSWORD)
    clock.advance(seconds=2)
    assert (await sign_in(app, person["username"])).status_code == 200


async def test_signing_in_well_forgives_failures(clinic: World, app: ASGIApp) -> None:
    person = await hired(clinic)
    for _ in range(3):
        for _ in range(4):
            await sign_in(app, person["username"], OTHER_PASSWORD)
        assert (await sign_in(app, person["username"])).status_code == 200


async def test_many_tries_at_once_are_all_counted_and_answer_alike(
    clinic: World, app: ASGIApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first tries on a name meet before there is anything to count in."""
    linger_after(monkeypatch, "app.identity.tokens.actions._throttle")
    name = f"nobody.{new_id().hex}"
    answers = await asyncio.gather(*(sign_in(app, name) for _ in range(8)))
    assert {answer.status_code for answer in answers} <= {400, 503}
    assert {answer.json()["error"] for answer in answers if answer.status_code == 400} == {"invalid_grant"}


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "invalid_request"),
        ({"grant_type": "password", "username": "x", "password": ""}, "invalid_request"),
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}, "invalid_client"),
        ({"grant_type": "password", "username": "x\x00", "password": "y"}, "invalid_request"),
    ],
)
async def test_refusals_speak_the_words_of_the_standard(app: ASGIApp, form: dict[str, str], error: str) -> None:
    answer = await http_client(app).post("/oauth/token", data=form)
    assert answer.json()["error"] == error
    assert answer.status_code == (401 if error == "invalid_client" else 400)


async def test_only_forms_are_read_and_no_parameter_twice(app: ASGIApp) -> None:
    client = http_client(app)
    as_json = await client.post("/oauth/token", json={"grant_type": "password"})
    twice = await client.post(
        "/oauth/token",
        content=b"grant_type=password&grant_type=password&username=x&password=y",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert [(one.status_code, one.json()["error"]) for one in (as_json, twice)] == [(400, "invalid_request")] * 2


async def test_only_a_digest_of_a_token_is_kept(clinic: World, app: ASGIApp) -> None:
    person = await hired(clinic)
    text = (await sign_in(app, person["username"])).json()["access_token"]
    async with clinic.reading() as db:
        rows = (await db.execute(select(Token.__table__).where(Token.digest == digest_of(text)))).all()  # type: ignore[arg-type]
    assert len(rows) == 1
    assert text[36:] not in repr(rows)


async def test_passwords_are_kept_as_argon2id_with_their_parameters(clinic: World) -> None:
    person = await hired(clinic)
    async with clinic.reading() as db:
        found = select(Account.password_hash).where(Account.username == person["username"])
        kept = (await db.execute(found)).scalar_one()
    assert kept is not None
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


# ── the life of a token ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_revoked_token_is_worthless_on_the_very_next_request(clinic: World, app: ASGIApp) -> None:
    """In a storm of requests: whatever starts after the answer to the revocation is refused."""
    person = await hired(clinic)
    token = (await sign_in(app, person["username"])).json()["access_token"]
    client = http_client(app, token)
    after: list[int] = []
    revoked = asyncio.Event()

    async def ask() -> None:
        for _ in range(10):
            was_revoked = revoked.is_set()
            answer = await client.get("/v1/me")
            if was_revoked:
                after.append(answer.status_code)
            await asyncio.sleep(0)

    async def revoke() -> None:
        await asyncio.sleep(0.01)
        assert (await client.post("/oauth/revoke", data={"token": token})).status_code == 200
        revoked.set()

    await asyncio.gather(revoke(), *(ask() for _ in range(8)))
    assert set(after) | {(await client.get("/v1/me")).status_code} == {401}


async def test_revoking_what_nobody_knows_is_fine(app: ASGIApp) -> None:
    assert (await http_client(app).post("/oauth/revoke", data={"token": "kts_nobody"})).status_code == 200


async def test_a_token_ends_when_idle_and_use_keeps_it(clinic: World, app: ASGIApp, clock: Clock) -> None:
    person = await hired(clinic)
    client = http_client(app, (await sign_in(app, person["username"])).json()["access_token"])
    for _ in range(3):
        clock.advance(minutes=29)
        assert (await client.get("/v1/me")).status_code == 200
    clock.advance(minutes=30, seconds=1)
    assert (await client.get("/v1/me")).status_code == 401


async def test_a_token_ends_after_twelve_hours_however_busy(clinic: World, app: ASGIApp, clock: Clock) -> None:
    person = await hired(clinic)
    client = http_client(app, (await sign_in(app, person["username"])).json()["access_token"])
    for _ in range(12 * 60 // 20 - 1):
        clock.advance(minutes=20)
        assert (await client.get("/v1/me")).status_code == 200
    clock.advance(minutes=21)
    assert (await client.get("/v1/me")).status_code == 401


async def test_a_change_of_roles_counts_from_the_next_request(clinic: World, app: ASGIApp) -> None:
    person = await hired(clinic)
    client = http_client(app, (await sign_in(app, person["username"])).json()["access_token"])
    assert (await client.get("/v1/patients")).status_code == 200
    admin = await clinic.client("admin")
    url = f"/v1/staff/{person['id']}"
    changed = await admin.patch(url, json={"roles": ["auditor"]}, headers={"if-match": '"1"'})
    assert changed.status_code == 200
    assert (await client.get("/v1/patients")).status_code == 403


async def test_a_disabled_person_acts_no_more(clinic: World, app: ASGIApp) -> None:
    person = await hired(clinic)
    client = http_client(app, (await sign_in(app, person["username"])).json()["access_token"])
    await disable(clinic, person)
    assert (await client.get("/v1/patients")).status_code in {401, 403}


async def test_an_invitation_is_good_once_and_for_half_an_hour(clinic: World, app: ASGIApp, clock: Clock) -> None:
    admin = await clinic.client("admin")
    client = http_client(app)

    async def invited() -> str:
        body = {"username": f"sam.{new_id().hex}", "name": "Sam Levy", "roles": ["nurse"]}
        return str((await admin.post("/v1/staff", json=body)).json()["invitation"]["token"])

    first, second = await invited(), await invited()
    weak = await client.post("/oauth/password", json={"token": first, "password": "a" * 20})
    assert weak.status_code == 422  # and the invitation stays good
    assert (await client.post("/oauth/password", json={"token": first, "password": PASSWORD})).status_code == 204
    assert (await client.post("/oauth/password", json={"token": first, "password": PASSWORD})).status_code == 404
    clock.advance(minutes=30, seconds=1)
    assert (await client.post("/oauth/password", json={"token": second, "password": PASSWORD})).status_code == 404


async def test_two_who_spend_one_invitation_at_once_are_one(
    clinic: World, app: ASGIApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    linger_after(monkeypatch, "app.identity.tokens.actions._invited", seconds=0.3)
    admin = await clinic.client("admin")
    body = {"username": f"sam.{new_id().hex}", "name": "Sam Levy", "roles": ["nurse"]}
    token = (await admin.post("/v1/staff", json=body)).json()["invitation"]["token"]
    client = http_client(app)
    answers = await asyncio.gather(
        *(client.post("/oauth/password", json={"token": token, "password": one}) for one in (PASSWORD, OTHER_PASSWORD))
    )
    assert sorted(answer.status_code for answer in answers) == [204, 404]


async def test_a_new_password_ends_every_token(clinic: World, app: ASGIApp) -> None:
    person = await hired(clinic)
    client = http_client(app, (await sign_in(app, person["username"])).json()["access_token"])
    admin = await clinic.client("admin")
    again = await admin.post(f"/v1/staff/{person['id']}/invite", headers={"if-match": '"1"'})
    chosen = {"token": again.json()["invitation"]["token"], "password": OTHER_PASSWORD}
    assert (await http_client(app).post("/oauth/password", json=chosen)).status_code == 204
    assert (await client.get("/v1/me")).status_code == 401
    assert (await sign_in(app, person["username"])).status_code == 400
    assert (await sign_in(app, person["username"], OTHER_PASSWORD)).status_code == 200


async def test_an_invitation_is_no_token(clinic: World, app: ASGIApp) -> None:
    admin = await clinic.client("admin")
    body = {"username": f"sam.{new_id().hex}", "name": "Sam Levy", "roles": ["nurse"]}
    token = (await admin.post("/v1/staff", json=body)).json()["invitation"]["token"]
    assert (await http_client(app, token).get("/v1/me")).status_code == 401


# ── programs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def program_token(
    app: ASGIApp, client_id: UUID, secret: str, *, basic: bool = False, **more: str
) -> httpx2.Response:
    form = {"grant_type": "client_credentials"} | more
    if not basic:
        return await http_client(app).post(
            "/oauth/token", data=form | {"client_id": str(client_id), "client_secret": secret}
        )
    pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return await http_client(app).post("/oauth/token", data=form, headers={"authorization": f"Basic {pair}"})


@pytest.mark.parametrize("basic", [True, False])
async def test_a_program_signs_in_by_basic_or_form(clinic: World, app: ASGIApp, basic: bool) -> None:
    client, secret = await clinic.make(make_client, scopes=["patient:read", "session:read"])
    answer = await program_token(app, client.id, secret, basic=basic)
    assert (answer.status_code, answer.json()["scope"]) == (200, "patient:read session:read")
    assert answer.json()["access_token"].startswith("ktc_")
    (membership,) = (await me(app, answer)).json()["memberships"]
    assert (membership["kind"], membership["clinic_id"]) == ("client", str(clinic.id))
    wrong = await program_token(app, client.id, secret[:-1] + ("1" if secret[-1] == "0" else "0"), basic=basic)
    unknown = await program_token(app, new_id(), secret, basic=basic)
    assert {one.status_code for one in (wrong, unknown)} == {401}
    assert wrong.content == unknown.content
    assert wrong.headers["www-authenticate"].startswith("Basic")


async def test_a_program_may_ask_for_less_and_not_for_more(clinic: World, app: ASGIApp) -> None:
    client, secret = await clinic.make(make_client, scopes=["patient:read", "session:read"])
    less = await program_token(app, client.id, secret, scope="patient:read")
    assert less.json()["scope"] == "patient:read"
    program = http_client(app, less.json()["access_token"])
    assert (await program.get("/v1/patients")).status_code == 200
    refused = await program.get("/v1/sessions")
    assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing")
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
    more = await program_token(app, client.id, secret, scope="patient:read patient:write")
    assert (more.status_code, more.json()["error"]) == (400, "invalid_scope")


async def test_a_scope_taken_away_ends_at_the_next_request(clinic: World, app: ASGIApp) -> None:
    client, secret = await clinic.make(make_client, scopes=["patient:read", "session:read"])
    program = http_client(app, (await program_token(app, client.id, secret)).json()["access_token"])
    assert (await program.get("/v1/patients")).status_code == 200
    admin = await clinic.client("admin")
    narrowed = await admin.patch(
        f"/v1/clients/{client.id}", json={"scopes": ["session:read"]}, headers={"if-match": '"1"'}
    )
    assert narrowed.status_code == 200
    assert (await program.get("/v1/patients")).status_code == 403


async def test_a_programs_token_ends_after_a_quarter_of_an_hour(clinic: World, app: ASGIApp, clock: Clock) -> None:
    client, secret = await clinic.make(make_client)
    program = http_client(app, (await program_token(app, client.id, secret)).json()["access_token"])
    clock.advance(minutes=14)
    assert (await program.get("/v1/patients")).status_code == 200
    clock.advance(minutes=1, seconds=1)
    assert (await program.get("/v1/patients")).status_code == 401


async def test_rotation_keeps_two_secrets(clinic: World, app: ASGIApp) -> None:
    client, first = await clinic.make(make_client)
    admin = await clinic.client("admin")
    secrets = [first]
    for version in (1, 2):
        rotated = await admin.post(f"/v1/clients/{client.id}/rotate-secret", headers={"if-match": f'"{version}"'})
        assert rotated.status_code == 200
        secrets.append(rotated.json()["client_secret"])
    good = [(await program_token(app, client.id, secret)).status_code for secret in secrets]
    assert good == [401, 200, 200]
    async with clinic.reading() as db:
        kept = select(ClientSecret.digest).where(
            ClientSecret.clinic_id == clinic.id, ClientSecret.client_id == client.id
        )
        digests = set((await db.execute(kept)).scalars())
    assert digests == {digest_of(secret) for secret in secrets[1:]}


async def test_a_secret_ends_after_a_year(clinic: World, app: ASGIApp, clock: Clock) -> None:
    client, secret = await clinic.make(make_client)
    clock.advance(days=364)
    assert (await program_token(app, client.id, secret)).status_code == 200
    clock.advance(days=2)
    assert (await program_token(app, client.id, secret)).status_code == 401


async def test_a_disabled_program_is_nobody(clinic: World, app: ASGIApp) -> None:
    client, secret = await clinic.make(make_client)
    program = http_client(app, (await program_token(app, client.id, secret)).json()["access_token"])
    admin = await clinic.client("admin")
    assert (await admin.post(f"/v1/clients/{client.id}/disable", headers={"if-match": '"1"'})).status_code == 200
    assert (await program.get("/v1/patients")).status_code == 401
    assert (await program_token(app, client.id, secret)).status_code == 401


# ── operators ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_operator_makes_clinics_and_reads_no_patient(clinic: World, app: ASGIApp) -> None:
    name = f"ops.{new_id().hex}"
    async with clinic.database.writing() as db:
        account = await create_account(db, name, is_operator=True)
        invitation = invite(db, account.id)
    chosen = {"token": invitation.text, "password": PASSWORD}
    assert (await http_client(app).post("/oauth/password", json=chosen)).status_code == 204
    operator = http_client(app, (await sign_in(app, name)).json()["access_token"])
    body = {
        "name": "New Clinic",
        "time_zone": "Europe/Berlin",
        "administrator": {"username": f"dana.{new_id().hex}", "name": "Dana Okafor"},
    }
    made = await operator.post("/v1/clinics", json=body)
    assert made.status_code == 201
    assert (await operator.get("/v1/patients")).status_code == 403
    assert (await operator.get("/v1/clinics")).status_code == 200
    body["administrator"] = {"username": f"dana.{new_id().hex}", "name": "Dana Okafor"}
    key = {"Idempotency-Key": new_id().hex}
    first, again = [await operator.post("/v1/clinics", json=body, headers=key) for _ in range(2)]
    assert (first.status_code, again.status_code, again.headers["Idempotency-Replayed"]) == (201, 201, "true")
    assert again.json() == first.json() | {"administrator_invitation": None}, "the invitation is shown once"
    other = await operator.post("/v1/clinics", json=body | {"name": "Another"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    nurse = await clinic.client("nurse")
    assert (await nurse.get("/v1/clinics")).status_code == 403
    assert (await nurse.post("/v1/clinics", json=body)).status_code == 403


def test_the_promised_lengths() -> None:
    from app.identity.tokens.actions import INVITATION_MINUTES  # noqa: PLC0415
    from app.kernel.settings import Settings  # noqa: PLC0415

    settings = Settings.model_construct()
    assert timedelta(minutes=INVITATION_MINUTES) == timedelta(minutes=30)
    assert (settings.token_idle_minutes, settings.token_absolute_hours, settings.client_token_minutes) == (30, 12, 15)
    assert settings.step_up_seconds == 300
