"""An integrator's program reads a thousand sessions in five requests and needs no further call for any of them."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from benchmarks.workset import WorkSet, build
from tests.proofs.care import Care, Json, ago, caring
from tests.proofs.crowd import world_of
from tests.treatment.rich import richly_treated, row_as_single_reads_tell, told_by_row
from tests.world import Installation, World

SESSIONS, PAGE = 1000, 200
# Half of the patients, with six sessions each, are in the clinic that is read; four sessions are richly told.
PATIENTS = 2 * 166
SAMPLE = 12
SCOPES = ("session:read", "score:read", "alert:read", "course:read", "patient:read")


@pytest.fixture
async def crowded(own_installation: Installation) -> tuple[World, list[Json]]:
    """A clinic with a thousand sessions, and those of them that have everything to tell."""
    work: WorkSet = await asyncio.to_thread(build, own_installation.settings, patients=PATIENTS, seed=1)
    world = await world_of(own_installation, work)
    return world, await richly_treated(await caring(world), await caring(world, "admin"))


@contextmanager
def statements_of(world: World, *, writing: bool = False) -> Iterator[list[str]]:
    """Every statement that is sent to read, or in what writes."""
    sent: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_more: object) -> None:
        sent.append(statement)

    engine = (world.database.writer if writing else world.database.reader).sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


async def pages_of(program: Care, **params: Any) -> list[Json]:
    """A walk from the first page to the last."""
    pages: list[Json] = []
    cursor: str | None = None
    while cursor is not None or not pages:
        asked = {"limit": PAGE, **params} | ({"cursor": cursor} if cursor else {})
        pages.append(await program.get("/v1/sessions", params=asked))
        cursor = pages[-1]["next_cursor"]
    return pages


async def test_a_thousand_sessions_are_five_requests_and_no_more(crowded: tuple[World, list[Json]]) -> None:
    world, rich = crowded
    program = Care(await world.integrator(*SCOPES))
    with statements_of(world) as sent:
        pages = await pages_of(program)
    assert [len(page["items"]) for page in pages] == [PAGE] * 5
    assert [page["next_cursor"] is None for page in pages] == [False] * 4 + [True]
    rows = {row["id"]: row for page in pages for row in page["items"]}
    assert len(rows) == SESSIONS
    assert not any(row["withheld"] for row in rows.values())
    own = [statement for statement in sent if "treatment_session" in statement]
    assert len(own) == 3 * len(pages), "a page is three statements: which, what of them, what of their patients"
    counted: dict[int, int] = {}
    for limit in (1, 50, PAGE):
        with statements_of(world) as sent:
            page = await program.get("/v1/sessions", params={"limit": limit})
        assert len(page["items"]) == limit
        counted[limit] = len(sent)
    assert len(set(counted.values())) == 1, counted
    care = await caring(world)
    sample = random.Random(1).sample(sorted(rows), SAMPLE) + [session["id"] for session in rich]
    for session_id in sample:
        said = await row_as_single_reads_tell(care, session_id)
        assert {name: told_by_row(rows[session_id])[name] for name in said} == said
    # The curve's own reckoning of what came of a session, by another way.
    outcome = await care.get(f"/v1/courses/{rich[0]['course_id']}/outcome")
    (phq9,) = outcome["instruments"]
    nearest = {one["session_id"]: one["nearest_assessment_id"] for one in phq9["sessions"]}
    assert len(nearest) == 3
    for session_id, assessment_id in nearest.items():
        ((scored),) = rows[session_id]["scores"]
        assert scored["after"]["assessment_id"] == assessment_id


@pytest.mark.parametrize("sort", ["-session_at", "session_at"])
async def test_a_walk_sees_each_session_once_while_others_come_and_change(clinic: World, sort: str) -> None:
    care = await caring(clinic)
    course = await care.course()
    made = [await care.session(course, scheduled_start_at=ago(days=10 + number // 3)) for number in range(24)]
    program = Care(await clinic.integrator(*SCOPES))
    chance, seen, cursor = random.Random(sort), list[str](), None
    while cursor is not None or not seen:
        params = {"limit": 5, "sort": sort, "course_id": course["id"]} | ({"cursor": cursor} if cursor else {})
        page = await program.get("/v1/sessions", params=params)
        seen += [row["id"] for row in page["items"]]
        cursor = page["next_cursor"]
        # In front of the walk, behind it and at its place.
        for days in (1, 10 + len(seen) // 3, 30):
            await care.session(course, scheduled_start_at=ago(days=days))
        edited = chance.choice(made)
        await care.change(edited, {"note": f"Seen {len(seen)}."})
    assert len(seen) == len(set(seen))
    assert {one["id"] for one in made} <= set(seen)
