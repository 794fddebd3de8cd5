"""What waits for somebody: each reason once, the longest waiting first, and to each only what they may read."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.kernel.clock import today
from app.treatment.worklist.rules import WorkKind
from tests.proofs.care import Care, Json, ago, caring, path_of, start, stop
from tests.proofs.recipes import DECIDED, ENROLLED, consent_body, screening_body
from tests.proofs.test_integrator_reads import statements_of
from tests.world import ZONE, World


async def work(care: Care, **params: Any) -> dict[str, Json]:
    shown = await care.get("/v1/worklist", params=params)
    assert shown["on"] == today(ZONE).isoformat()
    return {one["kind"]: one for one in shown["lists"]}


def in_days(days: int) -> str:
    return (today(ZONE) + timedelta(days=days)).isoformat()


async def test_what_is_open_to_an_amendment_waits_to_be_signed_again(clinic: World) -> None:
    care = await caring(clinic)
    first, second, left = [await care.session_in("signed") for _ in range(3)]
    amended = [await care.do(one, "amend", {"reason": "The cuff was too small."}) for one in (second, first, left)]
    await care.void(left)
    found = await work(care)
    items = found["amendment_open"]["items"]
    assert [one["resource_id"] for one in items] == [second["id"], first["id"]], "the longest waiting first"
    assert [one["due_at"] for one in items] == [one["amendment_opened_at"] for one in amended[:2]]
    assert found["session_unsigned"]["items"] == found["dose_unreconciled"]["items"] == []
    (infusion,) = (await care.record(first))["administrations"]
    await care.do(infusion, "reconcile", {"wasted_mg": 5})
    assert [one["resource_id"] for one in (await work(care))["dose_unreconciled"]["items"]] == [infusion["id"]]
    await care.do(infusion, "reconcile", {"wasted_mg": infusion["wasted_mg"]})
    await care.do(first, "sign")
    (waiting,) = (await work(care, kind="amendment_open"))["amendment_open"]["items"]
    assert waiting["resource_id"] == second["id"]


async def test_a_morning(clinic: World) -> None:
    care = await caring(clinic)
    with statements_of(clinic) as sent:
        empty = await work(care)
    alone = sum("SELECT" in statement for statement in sent)
    assert list(empty) == list(WorkKind)
    assert all((one["count"], one["items"], one["count_is_exact"]) == (0, [], True) for one in empty.values())

    patient = await care.patient()
    course = await care.course(patient)
    given: list[Json] = []
    # Of 41.2 mg drawn the first gives all; of the second 13.2 mg are nowhere.
    for hours, rate in ((30, 1.03), (80, 0.7)):
        session = await care.session_in("cleared", course)
        infusion = await care.administration(session, events=[start(hours * 60, rate), stop(hours * 60 - 40)])
        await care.discharge(session, discharged_at=ago(hours=hours - 2))
        given += [session, infusion]
    score = await care.phq9(patient)
    planned = await care.course(patient, protocol_code="KET_IV_6x3W", first_session_at=ago(hours=1))
    await care.do(await care.course(patient, protocol_code="KET_IV_6x3W", first_session_at=ago(hours=1)), "pause")
    below = path_of(patient)
    old = await care.new(f"{below}/consents", consent_body(expires_on=in_days(3)))
    renewed = consent_body(kind="telehealth", expires_on=in_days(2))
    await care.new(f"{below}/consents", renewed)
    await care.new(f"{below}/consents", renewed | {"expires_on": in_days(300)})
    asked = await care.new(f"{below}/screenings", screening_body())
    asked = await care.do(asked, "decide", DECIDED | {"expires_on": in_days(7)})
    ending = await care.new(f"{below}/programme-enrolments", ENROLLED | {"ended_on": in_days(0)})
    await care.new(f"{below}/programme-enrolments", ENROLLED | {"ended_on": in_days(8)})

    other = await care.patient()
    proposal = {"reason": "Two patients of one name.", "to_patient_id": other["id"]}
    moves = [await care.do(given[at], "reassign", proposal) for at in (0, 2)]
    await care.do(await care.do(await care.session(course), "reassign", proposal), "withdraw", {"reason": "No."})

    with statements_of(clinic) as sent:
        found = await work(care)
    assert sum("SELECT" in statement for statement in sent) == alone
    told = {kind: [item["resource_id"] for item in one["items"]] for kind, one in found.items()}
    (alert,) = await care.alerts_of(score)
    plan = await care.items(f"{path_of(planned)}/plan")
    due = [item["id"] for item in plan if item["planned_on"] <= in_days(7)]
    assert told["alert_open"] == [alert["id"]]
    assert told["session_unsigned"] == [given[2]["id"], given[0]["id"]], "the longest waiting first"
    assert told["dose_unreconciled"] == [given[3]["id"]]
    assert (told["planned_session_unscheduled"], len(due) > 2) == (due, True)
    assert told["consent_expiring"] == [old["id"]], "one that was renewed does not wait"
    assert told["screening_expiring"] == [asked["id"]]
    assert told["enrolment_ending"] == [ending["id"]]

    assert told["reassignment_unconfirmed"] == [move["id"] for move in moves], "not what was withdrawn"
    (move, _) = found["reassignment_unconfirmed"]["items"]
    assert (move["due_at"], move["age_days"]) == (moves[0]["recorded_at"], 0)
    assert (move["patient_id"], move["to_patient_id"], move["session_id"]) == (
        patient["id"],
        other["id"],
        given[0]["id"],
    )
    await (await caring(clinic, "nurse")).do(moves[0], "confirm")
    assert (await work(care, kind="reassignment_unconfirmed"))["reassignment_unconfirmed"]["count"] == 1

    (first, _) = found["session_unsigned"]["items"]
    day = datetime.fromisoformat(first["due_at"]).astimezone(ZoneInfo(ZONE)).date()
    assert first["age_days"] == (today(ZONE) - day).days
    assert (first["patient_id"], first["session_id"], first["code"]) == (patient["id"], given[2]["id"], "ketamine")
    assert found["alert_open"]["items"][0]["severity"] == alert["severity"]
    (consent,) = found["consent_expiring"]["items"]
    assert (consent["due_on"], consent["due_at"], consent["age_days"]) == (in_days(3), None, -3)

    short = await work(care, kind="session_unsigned", limit=1)
    assert list(short) == ["session_unsigned"]
    assert (short["session_unsigned"]["count"], len(short["session_unsigned"]["items"])) == (2, 1)
    assert not any((await work(care, within_days=0, kind="consent_expiring"))["consent_expiring"]["items"])
    desk = await (await caring(clinic, "front_desk")).get("/v1/worklist")
    assert [one["kind"] for one in desk["lists"]] == ["planned_session_unscheduled"]
    assert desk["withheld"] == ["alert:read", "clinical:read", "session:read"]
