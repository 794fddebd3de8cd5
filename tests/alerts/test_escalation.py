"""What nobody answers in time escalates, once, whoever looks; a stopped worker loses nothing."""

import asyncio
import logging
from datetime import datetime, timedelta

import pytest

from app.alerts.worker import Escalator
from tests.conftest import Clock
from tests.proofs.care import Care, Json, ago, caring
from tests.world import World, linger_after

URGENT = [1, 1, 1, 1, 1, 1, 1, 1, 3]


def later(text: str, **length: float) -> datetime:
    return datetime.fromisoformat(text) + timedelta(**length)


async def raised(care: Care, patient: Json, **members: object) -> Json:
    (alert,) = await care.alerts_of(await care.phq9(patient, URGENT, **members))
    return alert


def told(alert: Json) -> tuple[str, int, str | None]:
    return alert["status"], alert["escalation_level"], alert["escalates_at"]


async def test_what_nobody_answers_in_time_escalates(
    clinic: World, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    care, admin = await caring(clinic), await caring(clinic, "admin")
    own = {"code": "alert_resolve_minutes_urgent", "value": 12, "reason": "We are never far."}
    setting = await admin.new("/v1/policies", own)
    patient = await care.patient()
    session = await care.session(await care.course(patient))
    # The form was filled in days ago: its alert is as old as its recording, and one about last year never rings.
    forgotten = await raised(care, patient, answered_at=ago(days=3), session_id=session["id"])
    seen, corrected = await raised(care, patient), await care.phq9(patient, URGENT)
    old = await raised(care, patient, answered_at=ago(days=15))
    assert datetime.fromisoformat(forgotten["escalates_at"]) == later(forgotten["raised_at"], minutes=10)
    assert forgotten["escalation_policy_version"] == "POLICIES@1"
    assert told(old) == ("historic", 0, None)
    # What is decided now does not move a clock that runs.
    await admin.new("/v1/policies", {"code": "alert_acknowledge_minutes_urgent", "value": 1, "reason": "Sooner."})
    clock.advance(minutes=9, seconds=59)
    await Escalator(clinic.database).escalate()
    assert (await care.again(forgotten))["escalation_level"] == 0
    seen = await care.do(seen, "acknowledge")
    assert datetime.fromisoformat(seen["escalates_at"]) == later(seen["acknowledged_at"], minutes=12)
    assert seen["escalation_policy_version"] == f"policy_setting:{setting['id']}"

    due_at = forgotten["escalates_at"]
    clock.advance(seconds=1)
    with monkeypatch.context() as meeting:
        # Both have chosen what to escalate before either has done it.
        linger_after(meeting, "app.alerts.actions._wait")
        await asyncio.gather(Escalator(clinic.database).escalate(), Escalator(clinic.database).escalate())
    failed = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert not failed, "the two kept out of each other's way"
    now = await care.again(forgotten)
    assert (now["status"], now["escalation_level"]) == ("open", 1)
    assert datetime.fromisoformat(now["escalated_at"]) == clock.now()
    assert datetime.fromisoformat(now["escalates_at"]) == clock.now() + timedelta(minutes=12)
    assert (await care.again(seen))["escalation_level"] == 0
    await clinic.database.sealer.seal()
    feed = (await care.get("/v1/changes", params={"limit": 1000, "include": "resource"}))["items"]
    (change,) = [
        one for one in feed if one["event_type"] == "alert.escalated" and one["resource_id"] == forgotten["id"]
    ]
    assert (change["reason"], change["occurred_at"]) == ("Not acknowledged in time.", due_at)
    assert change["resource"]["escalation_level"] == 1
    version = (await care.history(forgotten))[-1]
    assert (version["event"], version["source"]) == ("alert.escalated", "worker")
    assert version["principal_id"] not in {forgotten["recorded_by"], seen["acknowledged_by"]}

    # Nobody looks for a while; what ran out meanwhile escalates at the next turn.
    clock.advance(minutes=13)
    await care.change(corrected, {"items": [1, 1, 1, 1, 1, 1, 1, 1, 0]})
    await Escalator(clinic.database).escalate()
    for _ in range(2):
        clock.advance(minutes=14)
        await care.get("/v1/patients")  # nobody is idle
        await Escalator(clinic.database).escalate()
    assert told(await care.again(forgotten)) == ("open", 2, None)
    assert told(await care.again(seen)) == ("acknowledged", 1, None)
    assert [one["reason"] for one in await care.history(seen)][-1] == "Not resolved in time."
    (ended,) = await care.alerts_of(corrected)
    assert (ended["status"], ended["closed_by"], ended["escalates_at"]) == ("resolved", "correction", None)
    assert ended["escalation_level"] == 1

    async def found(**params: object) -> set[str]:
        return {one["id"] for one in await care.items("/v1/alerts", **params)}

    assert await found(escalated=True) == {forgotten["id"], seen["id"], ended["id"]}
    assert await found(escalated=False) == {old["id"]}
    assert await found(session_id=session["id"]) == {forgotten["id"]}
    answered = await care.do(forgotten, "acknowledge")
    assert told(answered)[:2] == ("acknowledged", 2)
    done = await care.do(answered, "resolve", {"disposition": "Seen at home."})
    assert (done["closed_by"], done["escalates_at"], done["escalation_level"]) == ("person", None, 2)
    record = await care.record(session)
    assert [one["escalation_level"] for one in record["alerts"]] == [2]
