"""Acknowledged means committed: the answer leaves after the commit, and a commit that fails is no success."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import event, select, text

from app.kernel.ledger import LedgerSession, change
from tests.factories.patients import patient_body
from tests.world import World


async def test_a_commit_that_fails_is_not_acknowledged(clinic: World) -> None:
    """The database refuses at the very end; nobody holds a 201, and nothing is there."""
    nurse = await clinic.client("nurse")
    body = patient_body()

    def refuse(_session: Any) -> None:
        message = "the disk is full"
        raise OSError(message)

    event.listen(LedgerSession, "before_commit", refuse)
    try:
        refused = await nurse.post(
            "/v1/patients", json=body, headers={"idempotency-key": "same"}, extensions={"may_fail": True}
        )
    finally:
        event.remove(LedgerSession, "before_commit", refuse)
    assert refused.status_code == 500
    assert (await nurse.get("/v1/patients")).json()["items"] == []
    again = await nurse.post("/v1/patients", json=body, headers={"idempotency-key": "same"})
    assert (again.status_code, "idempotency-replayed" in again.headers) == (201, False)


async def test_the_answer_leaves_after_the_commit(clinic: World) -> None:
    """When the first byte is sent, another connection already sees the change."""
    seen: list[int] = []
    app = clinic.installation.app

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        async def look(message: Any) -> None:
            if message["type"] == "http.response.start":
                async with clinic.reading("nurse") as db:
                    here = (change.c.clinic_id == clinic.id, change.c.event == "patient.registered")
                    seen.append(len((await db.execute(select(change.c.id).where(*here))).all()))
            await send(message)

        await app(scope, receive, look)

    from tests.world import http_client  # noqa: PLC0415

    client = http_client(watched, await clinic.token("nurse"))
    assert (await client.post("/v1/patients", json=patient_body())).status_code == 201
    assert seen == [1]


async def test_every_connection_is_durable(clinic: World) -> None:
    """SQLite waits for the disk at each commit, checks foreign keys and waits for its turn; PostgreSQL waits too."""
    database = clinic.database
    async with database.writing() as db:
        if database.dialect == "sqlite":
            settings = {
                name: (await db.execute(text(f"PRAGMA {name}"))).scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            }
            assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}
        else:
            assert (await db.execute(text("SHOW synchronous_commit"))).scalar_one() != "off"
            assert (await db.execute(text("SHOW statement_timeout"))).scalar_one() == "10s"
            assert (await db.execute(text("SHOW idle_in_transaction_session_timeout"))).scalar_one() == "15s"


@pytest.mark.parametrize("busy", [False, True])
async def test_requests_that_are_given_up_leave_nothing_behind(
    clinic: World, busy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clients that go away in the middle of a write: no half of it, and no connection that is not given back.

    On a busy machine psycopg lets others go first, and so may be given up, where it else would not wait at all.
    """
    if busy:
        monkeypatch.setattr("psycopg.waiting.MAX_BUSY_TIME", 0)
    nurse = await clinic.client("nurse")

    async def give_up(number: int) -> None:
        sending = asyncio.create_task(nurse.post("/v1/patients", json=patient_body()))
        await asyncio.sleep(0.0005 * number)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)

    for _ in range(3):
        await asyncio.gather(*(give_up(number) for number in range(20)))
    assert (await nurse.get("/v1/patients?limit=200")).status_code == 200
    kept = {one["id"] for one in (await nurse.get("/v1/patients?limit=200")).json()["items"]}
    async with clinic.reading("nurse") as db:
        here = (change.c.clinic_id == clinic.id, change.c.event == "patient.registered")
        told = {str(one) for one in (await db.execute(select(change.c.resource_id).where(*here))).scalars()}
    assert kept == told
    answers = await asyncio.gather(*(nurse.post("/v1/patients", json=patient_body()) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}


@pytest.mark.parametrize("times", [25])
async def test_many_at_once_are_served_or_told_to_try_again(clinic: World, times: int) -> None:
    nurse = await clinic.client("nurse")
    answers = await asyncio.gather(*(nurse.post("/v1/patients", json=patient_body()) for _ in range(times * 4)))
    assert {answer.status_code for answer in answers} <= {201, 503}
    made = sum(answer.status_code == 201 for answer in answers)
    total = (await nurse.get("/v1/patients?limit=1&include_total=true")).json()["total"]
    assert total == made
