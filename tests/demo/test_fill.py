"""The demo clinics, filled on both databases with a few patients each."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.demo.fill import ClinicCredentials, fill, present_day, sizes
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


async def changes_of(installation: Installation, clinic: ClinicCredentials) -> list[Any]:
    """The ledger of a clinic in the order of the feed."""
    wanted = select(change).where(change.c.clinic_id == UUID(clinic.id)).order_by(change.c.sequence)
    async with installation.database.reading() as db:
        return list((await db.execute(wanted)).mappings().all())


async def content_of(installation: Installation, credentials: list[ClinicCredentials]) -> list[Any]:
    """The ledgers of both clinics, without ids and times of recording."""
    found: list[Any] = []
    for clinic in credentials:
        rows = await changes_of(installation, clinic)
        assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))
        # Changes of one instant stand in the order of their ids, which are new each time.
        for _, of_instant in groupby(rows, key=lambda row: row["recorded_at"]):
            told = [(row["event"], row["version"], row["source"], clinical(row["content"])) for row in of_instant]
            found += sorted(told, key=repr)
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


async def test_the_ledger_tells_a_history_lived_by_several_hands(own_installation: Installation) -> None:
    """Many acts share a transaction; their order, their times and their authors are those of the story."""
    credentials = await fill(own_installation.database, seed=1, today=TODAY, patients=2)
    until = datetime(2026, 3, 12, 18, tzinfo=UTC)
    rows = [row for row in await changes_of(own_installation, credentials[0]) if row["recorded_at"] < until]
    assert [row["recorded_at"] for row in rows] == sorted(row["recorded_at"] for row in rows)
    authors = {
        event: {row["principal_id"] for row in rows if row["event"] == event}
        for event in ("patient.registered", "session.cleared", "session.discharged", "dissociation_note.recorded")
    }
    # One hand each; only dissociation is noted by two: who sits there while it lasts, and who looks before they leave.
    assert {event: len(hands) for event, hands in authors.items()} == {
        "patient.registered": 1, "session.cleared": 1, "session.discharged": 1, "dissociation_note.recorded": 2,
    }  # fmt: skip
    assert len(set.union(*authors.values())) == 4
    sessions: dict[UUID, list[Any]] = {}
    for row in rows:
        if row["resource_type"] == "session":
            sessions.setdefault(row["resource_id"], []).append(row)
    seen_here = [told for told in sessions.values() if told[0]["event"] == "session.scheduled"]
    assert seen_here
    for told in seen_here:
        assert [row["version"] for row in told] == list(range(1, len(told) + 1))
    # Whoever checks somebody in does so a minute later, and nothing else happens at that instant for them.
    came = [row["recorded_at"] - row["occurred_at"] for row in rows if row["event"] == "session.checked_in"]
    assert set(came) == {timedelta(minutes=1)}
    # Minutes, not months, between what happened and its recording.
    late = [row["recorded_at"] - row["occurred_at"] for row in rows if row["event"] == "vital_signs.recorded"]
    assert timedelta(0) <= min(late)
    assert sorted(late)[len(late) // 2] < timedelta(hours=1)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-03-12T17:19:00Z", "2026-03-11"),  # 13:19 in New York
        ("2026-03-12T17:21:00Z", "2026-03-12"),
        ("2026-03-15T12:00:00Z", "2026-03-13"),  # a Sunday
        ("2026-03-16T03:00:00Z", "2026-03-13"),  # Monday in London, Sunday in New York
        ("2026-12-01T18:21:00Z", "2026-12-01"),
    ],
)
def test_the_present_is_a_working_day_past_noon(now: str, day: str) -> None:
    assert present_day(datetime.fromisoformat(now)) == date.fromisoformat(day)


def test_the_second_clinic_has_a_tenth() -> None:
    assert [sizes(patients) for patients in (1, 20, 200)] == [(1, 1), (20, 2), (200, 20)]


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
