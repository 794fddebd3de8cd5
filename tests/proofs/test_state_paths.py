"""Whatever is asked of a session, in whatever order: it takes no step that is not a legal one, and a refusal changes nothing."""

import random

import pytest

from tests.proofs.care import GOES_HOME, Care, Json, ago, caring, fresh_key, path_of, start, stop, version_header
from tests.sessions.test_rules import LEGAL
from tests.world import World

STEPS = LEGAL | {("held", "checked_in"), ("held", "cleared")}  # released to where it was held
VERBS: dict[str, Json] = {
    "check-in": {},
    "clear": {},
    "hold": {"reason": "Pressure 172/98."},
    "release": {},
    "cancel": {"reason": "Patient has a cold."},
    "mark-no-show": {},
    "abort": {"reason": "Patient asked to stop."},
    "discharge": GOES_HOME,
}


async def acted(care: Care, session: Json, chance: random.Random, doses: list[Json]) -> tuple[str, int]:
    """One act at random; what it was, and what it answered."""
    act = chance.choice([*VERBS, *VERBS, "dose", "stop"])
    if act == "dose":
        body = {"drug": "ketamine", "route": "intravenous", "drawn_mg": 41.2, "events": [start(60)]}
        answer = await care.http.post(f"{path_of(session)}/administrations", json=body, headers=fresh_key())
        if answer.is_success:
            doses.append(answer.json())
    elif act == "stop":
        if not doses:
            return act, 409
        answer = await care.http.post(f"{path_of(doses[-1])}/events", json=stop(20), headers=fresh_key())
    else:
        now = await care.again(session)
        answer = await care.http.post(f"{path_of(session)}/{act}", json=VERBS[act], headers=version_header(now))
    return act, answer.status_code


@pytest.mark.parametrize("seed", range(4))
async def test_no_illegal_step_is_ever_taken(clinic: World, seed: int) -> None:
    await clinic.only_records()
    care, chance = await caring(clinic), random.Random(seed)
    session = await care.session()
    doses: list[Json] = []
    seen = ["scheduled"]
    for _ in range(25):
        before = await care.again(session)
        act, status = await acted(care, session, chance, doses)
        after = await care.again(session)
        step = (before["status"], after["status"])
        told = f"seed {seed}, {act} answered {status}: {step} after {seen}"
        assert step[0] == step[1] or step in STEPS, told
        assert status < 500, told
        if status >= 400:
            assert after == before, told
        seen.append(after["status"])
    history = await care.history(session)
    assert [one["version"] for one in history] == list(range(1, len(history) + 1))
    assert (await care.record(session, as_of=ago(days=-1)))["status"] == seen[-1]
