"""A copy kept from the feed alone equals the database, whatever order commits finish in."""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from typing import Any
from uuid import UUID

from sqlalchemy import event, select
from sqlalchemy.util import await_only

from app.kernel.database import WriteSession
from app.kernel.ledger import change
from tests.factories.patients import make_patient
from tests.proofs.care import PATHS, Care, Json, caring
from tests.world import World

WRITERS = 8


class Mirror:
    """What an integrator keeps: the newest state of each record, from the feed and nothing else."""

    def __init__(self, program: Care) -> None:
        self.program = program
        self.after = 0
        self.numbers: list[int] = []
        self.versions: Counter[str] = Counter()
        self.kept: dict[str, Json] = {}
        self.voided: set[str] = set()

    async def follow(self) -> int:
        """Read one page; answers how many numbers it moved."""
        params = {"after": self.after, "limit": 37, "include": "resource"}
        page = await self.program.get("/v1/changes", params=params)
        for item in page["items"]:
            self.numbers.append(item["sequence"])
            self.versions[item["resource_id"]] += 1
            assert item["version"] == self.versions[item["resource_id"]], "versions arrive in order, none left out"
            state = item["resource"]
            assert state["version"] >= item["version"]
            if state["version"] >= self.kept.get(item["resource_id"], state)["version"]:
                self.kept[item["resource_id"]] = state
            if item["change"] == "voided":
                self.voided.add(item["resource_id"])
        moved = page["next_after"] - self.after
        self.after = page["next_after"]
        return moved


async def write_at_random(care: Care, chance: random.Random, edits: int) -> None:
    """A day of one person: new records, corrections, entries in error."""
    patient = await care.patient()
    session = await care.session(await care.course(patient))
    made = [session]
    for _ in range(edits):
        match chance.randrange(7):
            case 0 | 1:
                made.append(await care.vitals(session, systolic_mmhg=chance.randint(100, 180)))
            case 2:
                made.append(await care.phq9(patient, session_id=session["id"]))
            case 3:
                infusion = await care.administration(
                    session, events=[{"kind": "bolus", "occurred_at": session["recorded_at"], "amount_mg": 5}]
                )
                made += [infusion, *infusion["events"]]
            case 4 | 5:
                record = chance.choice([one for one in made if one["object"] in {"vital_signs", "session"}])
                if (await care.again(record))["entered_in_error"] is None:
                    await care.change(record, {"note": f"Changed {chance.random()}."}, reason="correction")
            case _:
                record = chance.choice([one for one in made if one["object"] != "session"]) if len(made) > 1 else None
                if record is not None and (await care.again(record))["entered_in_error"] is None:
                    await care.void(record)


async def test_a_mirror_from_the_feed_equals_the_database(clinic: World, deep: bool) -> None:
    seed = random.randrange(10**9)
    care = await caring(clinic)
    scopes = ("patient:read", "course:read", "session:read", "score:read", "alert:read", "clinical:read")
    mirror = Mirror(Care(await clinic.integrator(*scopes)))
    await clinic.database.sealer.seal()
    await mirror.follow()
    sealer = asyncio.create_task(clinic.database.sealer.run())
    done = asyncio.Event()

    async def keep_following() -> None:
        while not done.is_set():
            await mirror.follow()
            await asyncio.sleep(0.002)

    reader = asyncio.create_task(keep_following())
    edits = 200 if deep else 12
    writers = [write_at_random(care, random.Random(seed + n), edits) for n in range(WRITERS)]
    await asyncio.gather(*writers)
    done.set()
    await reader
    sealer.cancel()
    with suppress(asyncio.CancelledError):
        await sealer
    await clinic.database.sealer.seal()
    while await mirror.follow():
        pass

    async with clinic.reading() as db:
        mine = select(change.c.sequence, change.c.resource_type, change.c.resource_id).where(
            change.c.clinic_id == clinic.id
        )
        rows = (await db.execute(mine)).all()
    numbers = sorted(row.sequence for row in rows)
    assert numbers == list(range(1, len(rows) + 1)), "gapless"
    visible = {"system", "clinic", "staff", "client", "location"}
    expected = sorted(row.sequence for row in rows if row.resource_type not in visible)
    assert mirror.numbers == expected, f"every change once and in order; seed {seed}"
    assert set(mirror.kept) == {str(row.resource_id) for row in rows if row.resource_type not in visible}
    assert mirror.voided, "records entered in error reach the mirror"
    for record_id, kept in mirror.kept.items():
        if kept["object"] == "plan_item":
            continue
        now = await care.get(f"{PATHS[kept['object']]}/{record_id}")
        assert _own(kept) == _own(now), f"seed {seed}"
        assert (now["entered_in_error"] is not None) == (record_id in mirror.voided)


def _own(record: Json) -> Json:
    """A record without the records inside it, which come as changes of their own."""
    return {name: value for name, value in record.items() if name != "events"}


class NaiveReader:
    """A reader as one would write it without the feed: everything with a greater key than the last one seen."""

    def __init__(self, clinic: World) -> None:
        self.clinic = clinic
        self.last = UUID(int=0)
        self.seen: set[UUID] = set()

    async def follow(self) -> None:
        async with self.clinic.reading() as db:
            newer = select(change.c.id).where(change.c.clinic_id == self.clinic.id, change.c.id > self.last)
            ids = (await db.execute(newer.order_by(change.c.id))).scalars().all()
        self.seen |= set(ids)
        self.last = max([self.last, *ids])


async def test_a_naive_reader_loses_what_the_feed_does_not(clinic: World) -> None:
    """One transaction has its keys and hangs before its commit; another overtakes it.

    On PostgreSQL the naive reader then never sees the first one. SQLite has one writer, so nobody can overtake there
    and even the naive reader is safe; that is shown too, so that the difference stays known.
    """
    naive, mirror = NaiveReader(clinic), Mirror(await caring(clinic))
    await clinic.database.sealer.seal()
    await naive.follow()
    while await mirror.follow():
        pass
    already = len(mirror.numbers)
    hanging, go_on = asyncio.Event(), asyncio.Event()

    async def hold_at_commit(db: WriteSession) -> None:
        def hold(_session: Any) -> None:
            hanging.set()
            await_only(go_on.wait())

        event.listen(db.sync_session, "before_commit", hold)

    async def slow() -> None:
        async with clinic.writing() as db:
            await hold_at_commit(db)
            await make_patient(db, db.info["actor"])

    async def quick() -> None:
        async with clinic.writing() as db:
            await make_patient(db, db.info["actor"])

    first = asyncio.create_task(slow())
    await hanging.wait()
    second = asyncio.create_task(quick())
    finished, _ = await asyncio.wait({second}, timeout=1)
    overtaken = bool(finished)
    assert overtaken == (clinic.database.dialect == "postgresql")
    await clinic.database.sealer.seal() if overtaken else None
    await naive.follow()
    await mirror.follow()
    go_on.set()
    await asyncio.gather(first, second)
    await clinic.database.sealer.seal()
    await naive.follow()
    await mirror.follow()
    async with clinic.reading() as db:
        everything = set((await db.execute(select(change.c.id).where(change.c.clinic_id == clinic.id))).scalars())
    assert len(mirror.numbers) == already + 2, "the feed shows both"
    assert mirror.numbers == sorted(mirror.numbers)
    assert len(everything - naive.seen) == (1 if overtaken else 0)
