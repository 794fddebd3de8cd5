"""The live screen: everything in one call, at one moment, and nothing said to be refused that is not."""

from datetime import datetime, timedelta

from app.sessions.rules import SessionStatus
from app.treatment.chairside.rules import VERBS
from app.treatment.discharge.rules import ANSWERED
from tests.proofs.care import GOES_HOME, Care, Json, ago, caring, path_of, version_header
from tests.proofs.recipes import HYPERTENSION, LORAZEPAM, PENICILLIN
from tests.proofs.test_integrator_reads import statements_of
from tests.treatment.chairside.test_rules import FROM
from tests.world import World

BODIES: dict[str, Json] = {
    "reschedule": {"scheduled_start_at": "2031-03-03T15:00:00Z"},
    "hold": {"reason": "Waits for the escort."},
    "abort": {"reason": "Asked to stop."},
    "mark-entered-in-error": {"reason": "wrong patient"},
    "amend": {"reason": "The cuff was too small."},
}


async def chairside(care: Care, session: Json) -> Json:
    return await care.get(f"{path_of(session)}/chairside")


async def busy(care: Care) -> Json:
    """A running session about which there is something of everything."""
    patient = await care.patient()
    await care.weight(patient, 81, measured_at=ago(days=20))
    await care.weight(patient, 82.4, measured_at=ago(hours=2))
    await care.void(await care.weight(patient, 82.6, measured_at=ago(hours=1)))
    below = path_of(patient)
    await care.new(f"{below}/allergies", PENICILLIN)
    await care.new(f"{below}/conditions", HYPERTENSION)
    await care.new(f"{below}/conditions", HYPERTENSION | {"name": "Fracture", "ended_on": "2024-01-05"})
    await care.new(f"{below}/medications", LORAZEPAM)
    await care.new(f"{below}/medications", LORAZEPAM | {"name": "Zolpidem", "ended_on": "2026-01-31"})
    await care.phq9(patient)
    session = await care.session(await care.course(patient))
    session = await care.clear(await care.do(session, "check-in"))
    await care.order(session, ordered_mg=20)
    await care.order(session)
    flow = {"kind": "start", "occurred_at": ago(minutes=50), "rate_mg_per_min": 1.03}
    await care.administration(session, events=[flow])
    await care.vitals(session, measured_at=ago(minutes=60), systolic_mmhg=124, diastolic_mmhg=78)
    await care.vitals(session, measured_at=ago(minutes=20), systolic_mmhg=141, diastolic_mmhg=88)
    await care.vitals(session, measured_at=ago(minutes=10), systolic_mmhg=None, diastolic_mmhg=None, spo2_percent=97)
    await care.dissociation(session)
    return await care.again(session)


async def test_one_call_shows_the_live_screen(clinic: World) -> None:
    care = await caring(clinic)
    bare, session = await care.session(), await busy(care)
    await clinic.database.sealer.seal()
    counted: list[int] = []
    for one in (bare, session):
        with statements_of(clinic) as sent:
            shown = await chairside(care, one)
        counted.append(sum("SELECT" in statement and "token.digest" not in statement for statement in sent))
    # The session's record, the patient's part, the ledger's head.
    assert counted == [3, 3]

    assert {name: value for name, value in shown["session"].items() if name in session} == session
    assert shown["session"] == await care.record(session)
    patient = shown["patient"]
    assert (patient["id"], patient["birth_on"], patient["omitted"]) == (session["patient_id"], "1984-02-03", [])
    assert patient["weight"]["weight_kg"] == 82.4
    assert [one["substance"] for one in patient["allergies"]] == ["Penicillin"]
    assert [one["name"] for one in patient["conditions"]] == ["Hypertension"]
    assert [one["name"] for one in patient["medications"]] == ["Lorazepam"]
    assert patient["medications"][0]["interactions"]
    assert [one["code"] for one in patient["open_alerts"]] == ["safety_item_positive"]
    assert (shown["order"]["ordered_mg"], shown["order"]["status"]) == (41.2, "active")
    passed = datetime.fromisoformat(shown["read_at"]) - datetime.fromisoformat(ago(minutes=50))
    assert shown["minutes_since_start"] == passed // timedelta(minutes=1) >= 50
    assert shown["last_reading"]["spo2_percent"] == 97
    pressure = shown["pressure"]
    assert (pressure["baseline"]["systolic_mmhg"], pressure["last"]["systolic_mmhg"]) == (124, 141)
    assert (pressure["systolic_change_mmhg"], pressure["diastolic_change_mmhg"]) == (17, 10)
    allowed = {action["verb"] for action in shown["allowed_actions"] if action["allowed"]}
    assert allowed == {"abort", "mark-entered-in-error"}

    reading = await care.vitals(session, measured_at=ago(minutes=1))
    await clinic.database.sealer.seal()
    since = await care.get("/v1/board/stream", params={"after": shown["feed_position"]})
    # The reading, and the slot it answers.
    assert {one["resource_type"]: one["resource_id"] for one in since["items"]}["vital_signs"] == reading["id"]
    assert {one["root_id"] for one in since["items"]} == {session["id"]}

    program = Care(await clinic.integrator("session:read"))
    told = await chairside(program, session)
    assert (told["patient"], told["session"]["omitted"]) == (None, ["assessments", "alerts"])
    assert not any(action["allowed"] for action in told["allowed_actions"])
    watching = await chairside(Care(await clinic.integrator("session:read", "patient:read")), session)
    assert (watching["patient"]["weight"], watching["patient"]["allergies"]) == (None, [])
    assert watching["patient"]["omitted"] == ["weight", "allergies", "conditions", "medications", "open_alerts"]


async def test_what_is_not_allowed_is_refused(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    refused = 0
    sessions = [(care, await care.session_in(status)) for status in SessionStatus]
    sessions.append((nurse, await care.session_in("signed")))
    opened = await care.do(await care.session_in("signed"), "amend", BODIES["amend"])
    sessions += [(care, opened), (nurse, opened)]
    for care, session in sessions:
        actions = {action["verb"]: action for action in (await chairside(care, session))["allowed_actions"]}
        assert list(actions) == list(VERBS)
        for verb, action in actions.items():
            if not action["allowed"]:
                headers = version_header(session)
                path = f"{path_of(session)}/{verb}"
                told = [reason["code"] for reason in action["reasons"]]
                expected = 403 if "permission-denied" in told else 409
                answer = await care.call("POST", path, expect=expected, json=BODIES.get(verb, {}), headers=headers)
                if answer["code"] == "not-ready":
                    assert told == [gate["code"] for gate in answer["gates"] if gate["blocking"]]
                elif answer["code"] == "not-dischargeable":  # what is asked at the door is told with the discharge
                    assert told == [one["code"] for one in answer["criteria"] if one["code"] not in ANSWERED]
                else:
                    assert told == [answer["code"]]
                refused += 1
    assert refused > 50


async def test_every_verb_answers_with_what_may_be_done_next(clinic: World) -> None:
    """As the live screen shows it to the same person right after: what is missing for the next step, too."""
    care, second = await caring(clinic), await caring(clinic, "prescriber.2")
    taken: set[str] = set()
    missing: set[str] = set()

    async def does(status: SessionStatus, verb: str) -> None:
        session = await care.session_in(status)
        if verb == "sign":
            (infusion,) = (await care.record(session))["administrations"]
            await care.do(infusion, "reconcile", {"wasted_mg": infusion["unaccounted_mg"]})
        who = second if verb == "cosign" else care
        answer = await who.do(session, verb, GOES_HOME if verb == "discharge" else BODIES.get(verb, {}))
        shown = await chairside(who, session)
        assert answer == await who.again(session) | {"allowed_actions": shown["allowed_actions"]}, (status, verb)
        assert (answer["object"], answer["id"]) == ("session", session["id"])
        taken.add(verb)
        missing.update(
            f"{action['verb']}: {reason['code']}"
            for action in answer["allowed_actions"]
            for reason in action["reasons"]
            if reason["code"] not in {"illegal-transition", "record-signed", "entered-in-error"}
        )

    await does(SessionStatus.SCHEDULED, "check-in")
    assert "clear: consent" in missing  # from here on, gates only warn
    await clinic.only_records()
    for status in SessionStatus:
        for verb in FROM[status].split():
            await does(status, verb)
    assert taken == set(VERBS)
    assert "discharge: observation_met" in missing


async def test_a_verb_tells_who_lacks_the_permission_and_asks_the_same_of_a_full_session(clinic: World) -> None:
    care, desk = await caring(clinic), await caring(clinic, "front_desk")
    arrived = await desk.do(await care.session(), "check-in")
    assert (arrived["check_in"], arrived["withheld"]) == (None, ["session:read"])
    told = {action["verb"]: [one["code"] for one in action["reasons"]] for action in arrived["allowed_actions"]}
    assert told["clear"] == ["permission-denied"]
    assert told["cancel"] == []

    counted: list[int] = []
    for readings in (0, 12):
        session = await care.session_in("dosing")
        for minute in range(readings):
            await care.vitals(session, measured_at=ago(minutes=minute))
        now = version_header(await care.again(session))
        with statements_of(clinic, writing=True) as sent:
            await care.call("POST", f"{path_of(session)}/abort", json=BODIES["abort"], headers=now)
        counted.append(len(sent))
    assert counted[0] == counted[1]
    again = {"Idempotency-Key": "the-same-again"} | version_header(await care.again(session))
    first = await care.http.post(f"{path_of(session)}/abort", json=BODIES["abort"], headers=again)
    second = await care.http.post(f"{path_of(session)}/abort", json=BODIES["abort"], headers=again)
    assert (second.json(), second.headers["idempotency-replayed"]) == (first.json(), "true")
    assert first.headers["etag"] == f'"{first.json()["version"]}"'
