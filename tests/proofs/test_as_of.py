"""A record read as of an instant is the record as it was read at that instant."""

import json
import os
import random
from collections.abc import Awaitable, Callable

from tests.conftest import Clock
from tests.proofs.care import PHQ9_OF_19, Care, Json, caring, instant, path_of
from tests.world import World

INSTANTS = 20
LIMITS = ["above_max_mg_per_kg", "below_minimum_minutes", "above_times_previous_dose"]


class RandomHistory:
    """Random, legal things that happen to one session."""

    def __init__(self, care: Care, session: Json, clock: Clock, chance: random.Random) -> None:
        self.care, self.session, self.clock, self.chance = care, session, clock, chance
        self.patient: Json = {"object": "patient", "id": session["patient_id"]}
        self.made: list[Json] = []

    async def step(self) -> None:
        """One thing happens; what the rules refuse is another thing that did not."""
        acts: list[Callable[[], Awaitable[None]]] = [
            self.create, self.create, self.create, self.correct, self.correct, self.void, self.move, self.dose
        ]  # fmt: skip
        await self.chance.choice(acts)()

    async def create(self) -> None:
        now = instant(self.clock.now())
        match self.chance.randrange(4):
            case 0:
                reading = {"measured_at": now, "systolic_mmhg": self.chance.randint(110, 180)}
                self.made.append(await self.care.vitals(self.session, **reading))
            case 1:
                self.made.append(await self.care.dissociation(self.session, observed_at=now))
            case 2:
                items = [self.chance.choice([0, 1, 2, 3, None]) for _ in PHQ9_OF_19]
                form = {"items": items, "answered_at": now, "session_id": self.session["id"]}
                self.made.append(await self.care.phq9(self.patient, **form))
            case _:
                status = (await self.care.again(self.session))["status"]
                if status != "discharged":
                    self.made.append(
                        await self.care.order(self.session, ordered_mg=self.chance.randint(10, 40), confirm=LIMITS)
                    )

    async def correct(self) -> None:
        if (record := await self.standing("vital_signs", "dissociation_note", "assessment", "dose_event")) is None:
            return
        body: Json = {"note": f"Corrected {self.chance.randrange(10**6)}."}
        if record["object"] == "dose_event":
            body = {"reason": f"Corrected {self.chance.randrange(10**6)}."}
            if record["kind"] == "start":
                body = {"rate_mg_per_min": self.chance.randint(1, 100) / 100}
        elif record["object"] == "assessment":
            body = {"items": [self.chance.randint(0, 3) for _ in PHQ9_OF_19]}
        await self.care.change(record, body, reason="correction")

    async def void(self) -> None:
        kinds = ("vital_signs", "dissociation_note", "assessment", "dose_order", "dose_event", "administration")
        if self.chance.random() < 0.6 and (record := await self.standing(*kinds)) is not None:
            await self.care.void(record)

    async def move(self) -> None:
        now = await self.care.again(self.session)
        verbs = {
            "scheduled": "check-in",
            "checked_in": "clear",
            "cleared": "hold",
            "held": "release",
            "dosing": "abort",
        }
        if now["status"] in verbs:
            body = {"reason": "Waits."} if verbs[now["status"]] in {"hold", "abort"} else {}
            await self.care.do(now, verbs[now["status"]], body)

    async def dose(self) -> None:
        now = instant(self.clock.now())
        started = {"kind": "start", "occurred_at": now, "rate_mg_per_min": 1}
        infusions = [one for one in self.made if one["object"] == "administration" and await self._stands(one)]
        if not infusions or self.chance.random() < 0.2:
            infusion = await self.care.administration(self.session, events=[started])
            self.made += [infusion, *infusion["events"]]
            return
        kind = self.chance.choice(["pause", "resume", "rate_change", "bolus", "stop"])
        more: Json = {"rate_change": {"rate_mg_per_min": 0.7}, "bolus": {"amount_mg": 2}}.get(kind, {})
        event = {"kind": kind, "occurred_at": now} | more
        self.made.append(await self.care.event(self.chance.choice(infusions), event))

    async def standing(self, *kinds: str) -> Json | None:
        """Some record of these kinds that is not marked as entered in error."""
        mine = [one for one in self.made if one["object"] in kinds]
        self.chance.shuffle(mine)
        for record in mine:
            now = await self.care.again(record)
            if now["entered_in_error"] is None and (now["object"] != "dose_event" or await self._parent_stands(now)):
                return now
        return None

    async def _stands(self, record: Json) -> bool:
        return (await self.care.again(record))["entered_in_error"] is None

    async def _parent_stands(self, event: Json) -> bool:
        return await self._stands({"object": "administration", "id": event["administration_id"]})


async def test_a_random_history_reads_back_as_it_was(clinic: World, clock: Clock, deep: bool) -> None:
    seed = int(os.environ.get("SERIATIM_SEED", "0")) or random.randrange(10**9)
    chance = random.Random(seed)
    care = await caring(clinic)
    await clinic.only_records()
    session = await care.session()
    history = RandomHistory(care, session, clock, chance)
    steps = 400 if deep else 60
    to_keep = set(chance.sample(range(steps), INSTANTS))
    copies: dict[str, tuple[Json, Json]] = {}
    for number in range(steps):
        clock.advance(seconds=chance.uniform(0.001, 30))
        await history.step()
        if number in to_keep:
            copies[instant(clock.now())] = await care.record(session), await care.again(session)
    assert len(copies) == INSTANTS
    assert len({json.dumps(record) for record, _ in copies.values()}) > 7, "the history is worth reading back"
    for when, (record, header) in copies.items():
        assert await care.record(session, as_of=when) == record, f"SERIATIM_SEED={seed}, at {when}"
        assert await care.get(f"/v1/sessions/{session['id']}", params={"as_of": when}) == header, (
            f"SERIATIM_SEED={seed}"
        )
    assert await care.record(session, as_of=instant(clock.now())) == await care.record(session)
    for record in history.made:
        versions = await care.history(record)
        assert [version["version"] for version in versions] == list(range(1, len(versions) + 1))
        for version in versions:
            then = await care.get(path_of(record), params={"as_of": version["recorded_at"]})
            assert _own(then) == _own(version["resource"]), f"SERIATIM_SEED={seed}"
        assert _own(versions[-1]["resource"]) == _own(await care.again(record))


def _own(record: Json) -> Json:
    """A record without the records inside it, which have versions of their own."""
    return {name: value for name, value in record.items() if name != "events"}
