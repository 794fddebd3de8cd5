"""The demo clinics, filled on both databases with a few patients each."""

import json
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.demo.fill import ClinicCredentials, fill
from app.kernel import clock
from app.kernel.ledger import change
from tests.conftest import Installations
from tests.world import Installation, http_client

TODAY = date(2026, 3, 12)
# Ids are new each time; so is when the program was registered, which is done under the real clock.
NOT_CLINICAL = {"create_digest", "recorded_at", "updated_at", "recorded_by", "secret_rotated_at", "cause_id"}


def clinical(content: str) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(content)
    return {
        name: value
        for name, value in row.items()
        if name not in NOT_CLINICAL and name != "id" and not name.endswith(("_id", "_by"))
    }


async def content_of(installation: Installation, credentials: list[ClinicCredentials]) -> list[Any]:
    """The ledgers of both clinics in the order of the feed, without ids and times of recording."""
    found: list[Any] = []
    for clinic in credentials:
        wanted = select(change).where(change.c.clinic_id == UUID(clinic.id)).order_by(change.c.sequence)
        async with installation.database.reading() as db:
            rows = (await db.execute(wanted)).mappings().all()
        assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))
        found += [(row["event"], row["version"], row["source"], clinical(row["content"])) for row in rows]
    return found


async def test_seed_and_day_decide_what_is_clinical(installations: Installations, dialect: str) -> None:
    told: list[list[Any]] = []
    people: list[list[ClinicCredentials]] = []
    for seed, today in ((1, TODAY), (1, TODAY), (2, TODAY)):
        installation = installations.make(dialect)
        try:
            credentials = await fill(installation.database, seed=seed, today=today, patients=3)
            told.append(await content_of(installation, credentials))
        finally:
            await installation.database.close()
        people.append(credentials)
    assert told[0] == told[1]
    assert told[0] != told[2]
    first, second = people[0][0], people[1][0]
    assert first.id != second.id
    assert first.users["nurse"].username == second.users["nurse"].username
    assert first.users["nurse"].password != second.users["nurse"].password
    assert first.client_secret != second.client_secret


async def test_everybody_can_sign_in_and_the_clock_is_back(own_installation: Installation) -> None:
    real = clock.now
    before = real()
    credentials = await fill(own_installation.database, seed=1, today=TODAY, patients=1)
    assert clock.now is real
    assert clock.now() >= before
    for clinic in credentials:
        assert set(clinic.users) == {"admin", "prescriber", "nurse", "therapist", "front_desk"}
        for role, user in clinic.users.items():
            form = {"grant_type": "password", "username": user.username, "password": user.password}
            shown = await _signed_in(own_installation, form)
            (membership,) = shown["memberships"]
            assert (membership["clinic_id"], membership["roles"]) == (clinic.id, [role])
        form = {
            "grant_type": "client_credentials",
            "client_id": clinic.client_id,
            "client_secret": clinic.client_secret,
        }
        assert (await _signed_in(own_installation, form))["memberships"][0]["clinic_id"] == clinic.id


async def _signed_in(installation: Installation, form: dict[str, str]) -> dict[str, Any]:
    async with http_client(installation.app) as nobody:
        answer = await nobody.post("/oauth/token", data=form)
        assert answer.status_code == 200, answer.text
    async with http_client(installation.app, answer.json()["access_token"]) as client:
        shown = await client.get("/v1/me")
        patients = await client.get("/v1/patients")
    assert shown.status_code == patients.status_code == 200
    assert len(patients.json()["items"]) == 1
    return shown.json()
