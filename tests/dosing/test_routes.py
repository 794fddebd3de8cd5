"""Doses over HTTP: what was given is always recorded, the session follows, corrections are their own changes."""

import pytest

from app.kernel.ids import new_id
from tests.proofs.care import Care, Json, ago, caring, path_of, start, stop, version_header
from tests.world import World

BEFORE_CLEARING = ("scheduled", "checked_in", "held")


async def given(care: Care, session: Json) -> Json:
    """An infusion of 41.2 mg in 40 minutes, told event by event."""
    return await care.administration(session, events=[start(60), stop(20)])


@pytest.mark.parametrize(
    ("state", "deviation"),
    [
        *((state, "not_cleared") for state in BEFORE_CLEARING),
        ("cancelled", "was_cancelled"),
        ("no_show", "was_no_show"),
        ("discharged", "recorded_after_discharge"),
    ],
)
async def test_a_dose_out_of_order_is_recorded_with_deviation_and_alert(
    clinic: World, state: str, deviation: str
) -> None:
    care = await caring(clinic)
    session = await care.session_in(state)
    infusion = await given(care, session)
    assert infusion["delivered_mg"] == 41.2
    now = await care.again(session)
    assert now["deviations"] == [deviation]
    assert now["status"] == ("discharged" if state == "discharged" else "observing")
    assert now["held_from"] is None
    (alert,) = await care.alerts_of(infusion)
    assert (alert["code"], alert["status"], alert["session_id"]) == (f"dose_{deviation}", "open", session["id"])
    await care.event(infusion, {"kind": "bolus", "occurred_at": ago(minutes=15), "amount_mg": 1})
    assert len(await care.alerts_of(infusion)) == 1, "named once, not for every event"


async def test_a_dose_in_a_cleared_session_is_in_order(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session_in("cleared")
    infusion = await care.administration(session, events=[start(60)])
    now = await care.again(session)
    assert (now["status"], now["deviations"]) == ("dosing", [])
    assert now["started_at"] == infusion["events"][0]["occurred_at"]
    assert await care.alerts_of(infusion) == []
    await care.event(infusion, stop(20))
    assert (await care.again(session))["status"] == "observing"
    await care.event(infusion, start(10))
    assert (await care.again(session))["status"] == "dosing"


async def test_events_may_come_in_any_order(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session_in("cleared")
    infusion = await care.administration(session)
    told = [
        stop(20),
        {"kind": "resume", "occurred_at": ago(minutes=45), "rate_mg_per_min": 0.7},
        start(60),
        {"kind": "pause", "occurred_at": ago(minutes=48)},
    ]
    for event in told:
        await care.event(infusion, event)
    infusion = await care.again(infusion)
    assert [event["kind"] for event in infusion["events"]] == ["start", "pause", "resume", "stop"]
    assert infusion["delivered_mg"] == pytest.approx(29.86)
    assert (infusion["started_at"], infusion["stopped_at"]) == (told[2]["occurred_at"], told[0]["occurred_at"])
    now = await care.again(session)
    assert (now["status"], now["started_at"]) == ("observing", told[2]["occurred_at"])


async def test_a_correction_reckons_again_as_a_change_of_its_own(clinic: World) -> None:
    care = await caring(clinic)
    infusion = await given(care, await care.session_in("cleared"))
    (first, _) = infusion["events"]
    corrected = await care.change(first, {"rate_mg_per_min": 0.7})
    assert corrected["version"] == 2
    now = await care.again(infusion)
    assert now["delivered_mg"] == 28
    *_, last = await care.history(infusion)
    assert (last["event"], last["reason"]) == ("administration.reckoned", f"dose_event {first['id']}")
    assert last["resource"]["delivered_mg"] == 28
    *_, own = await care.history(first)
    assert (own["event"], own["reason"]) == ("dose_event.corrected", "typing_error")
    moved = await care.change(first, {"occurred_at": ago(minutes=70)}, reason="time_error: read off the pump")
    session = await care.again({"object": "session", "id": infusion["session_id"]})
    assert session["started_at"] == moved["occurred_at"]
    assert (await care.again(infusion))["delivered_mg"] == 35


async def test_somebody_else_s_entry_is_corrected_with_a_reason(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    infusion = await given(care, await care.session())
    for record, body in ((infusion["events"][0], {"reason": "Pump was set lower."}), (infusion, {"lot": "K2291"})):
        headers = version_header(await care.again(record))
        refused = await nurse.http.patch(path_of(record), json=body, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (400, "change-reason-required")
        await nurse.change(record, body, reason="typing_error")
        *_, last = await care.history(record)
        assert (last["reason"], last["principal_id"]) == (
            "typing_error",
            str((await clinic.actor("nurse")).principal_id),
        )


async def test_only_the_impossible_is_refused(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session()
    infusion = await given(care, session)
    path = f"{path_of(infusion)}/events"
    negative = {"kind": "bolus", "occurred_at": ago(minutes=30), "amount_mg": -1}
    without_amount = {"kind": "bolus", "occurred_at": ago(minutes=30)}
    without_rate = {"kind": "rate_change", "occurred_at": ago(minutes=30)}
    for body in (negative, without_amount, without_rate):
        answer = await care.http.post(path, json=body | {"id": str(new_id())})
        assert answer.status_code == 422, answer.text
    backwards = {"drug": "ketamine", "route": "intravenous", "id": str(new_id()), "events": [start(20), stop(60)]}
    answer = await care.http.post(f"{path_of(session)}/administrations", json=backwards)
    assert (answer.status_code, answer.json()["code"]) == (422, "end-before-start")
    event = (await care.again(infusion))["events"][1]
    answer = await care.http.patch(path_of(event), json={"occurred_at": ago(minutes=90)}, headers=version_header(event))
    assert (answer.status_code, answer.json()["code"]) == (422, "end-before-start")
    assert (await care.again(infusion)) == infusion


async def test_an_event_in_error_takes_its_milligrams_with_it(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session_in("cleared")
    infusion = await given(care, session)
    bolus = await care.event(infusion, {"kind": "bolus", "occurred_at": ago(minutes=50), "amount_mg": 5})
    assert (await care.again(infusion))["delivered_mg"] == 46.2
    await care.void(bolus)
    now = await care.again(infusion)
    assert now["delivered_mg"] == 41.2
    assert bolus["id"] not in {event["id"] for event in now["events"]}
    assert (await care.again(bolus))["entered_in_error"]["reason"] == "wrong patient"
    *_, last = await care.history(infusion)
    assert last["reason"] == f"dose_event {bolus['id']}"
    _, stopped = now["events"]
    await care.void(stopped)
    assert (await care.again(infusion))["state"] == "running"
    assert (await care.again(session))["status"] == "dosing"


@pytest.mark.parametrize("state", ["scheduled", "checked_in", "cleared", "cancelled"])
@pytest.mark.parametrize("how", ["administration", "event"])
async def test_a_session_whose_only_dose_was_an_error_is_back_where_it_was(clinic: World, state: str, how: str) -> None:
    care = await caring(clinic)
    session = await care.session_in(state)
    infusion = await care.administration(session, events=[start(60)])
    assert (await care.again(session))["status"] == "dosing"
    if how == "administration":
        await care.void(infusion)
    else:
        await care.void(infusion["events"][0])
    now = await care.again(session)
    assert (now["status"], now["deviations"], now["started_at"]) == (state, [], None)
    assert await care.alerts_of(infusion, status=["open", "acknowledged"]) == []
    assert all(alert["disposition"] for alert in await care.alerts_of(infusion))


async def test_an_administration_in_error_takes_its_events_and_alerts_along(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session()
    wrong = await given(care, session)
    right = await care.administration(session, events=[start(30), stop(10)])
    await care.void(wrong, "other patient's pump")
    assert [one["id"] for one in await care.items("/v1/administrations", session_id=session["id"])] == [right["id"]]
    events = await care.items("/v1/dose-events", session_id=session["id"])
    assert {event["administration_id"] for event in events} == {right["id"]}
    now = await care.again(session)
    assert (now["status"], now["started_at"]) == ("observing", right["started_at"])
    for alert in await care.alerts_of(wrong):
        assert (alert["status"], alert["disposition"]) == ("resolved", "Entered in error: other patient's pump")


async def test_drawn_is_what_was_given_wasted_and_returned(clinic: World) -> None:
    care = await caring(clinic)
    infusion = await care.administration(await care.session(), drawn_mg=50, events=[start(60), stop(20)])
    assert (infusion["unaccounted_mg"], infusion["reconciled"]) == (8.8, False)
    short = await care.do(infusion, "reconcile", {"wasted_mg": 8, "returned_mg": 0.7})
    assert (short["unaccounted_mg"], short["reconciled"]) == (0.1, False)
    right = await care.do(infusion, "reconcile", {"wasted_mg": 8.1, "returned_mg": 0.7})
    assert (right["unaccounted_mg"], right["reconciled"]) == (0, True)
    drawn = await care.change(infusion, {"drawn_mg": 49})
    assert (drawn["unaccounted_mg"], drawn["reconciled"]) == (-1, False)


async def test_a_dose_told_without_events(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session_in("cleared")
    infusion = await care.administration(
        session, started_at=ago(minutes=60), stopped_at=ago(minutes=20), delivered_mg=40
    )
    assert (infusion["delivered_mg"], infusion["delivered_source"], infusion["state"]) == (40, "entered", "stopped")
    assert (await care.again(session))["status"] == "observing"
    unknown = await care.administration(await care.session_in("cleared"), started_at=ago(minutes=60))
    assert (unknown["delivered_mg"], unknown["delivered_source"]) == (None, "not_reported")


async def test_a_newer_order_supersedes_and_a_finished_session_takes_none(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session_in("checked_in")
    first = await care.order(session, ordered_mg=30)
    second = await care.order(session, ordered_mg=35)
    assert ((await care.again(first))["status"], second["status"]) == ("superseded", "active")
    infusion = await care.administration(session, events=[start(60, 1), stop(25)])
    assert (infusion["dose_order_id"], infusion["deviations"]) == (second["id"], [])
    for state in ("discharged", "cancelled", "no_show"):
        over = await care.session_in(state)
        answer = await care.http.post(f"{path_of(over)}/dose-orders", json={"ordered_mg": 30})
        assert (answer.status_code, answer.json()["code"]) == (409, "illegal-transition")


async def test_a_dose_by_weight_needs_a_weight_and_keeps_it(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    session = await care.session(await care.course(patient))
    answer = await care.http.post(f"{path_of(session)}/dose-orders", json={"ordered_mg_per_kg": 0.5})
    assert (answer.status_code, answer.json()["code"]) == (409, "weight-missing")
    await care.weight(patient, 82.4)
    order = await care.order(session, ordered_mg_per_kg=0.5)
    await care.weight(patient, 80.1, measured_at=ago(minutes=1))
    assert (await care.again(order))["weight_kg"] == 82.4
    assert (await care.order(session, ordered_mg_per_kg=0.5))["weight_kg"] == 80.1


async def test_a_dose_beyond_a_limit_is_confirmed_by_its_code(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    await care.weight(patient, 80)
    course = await care.course(patient, protocol_code="KET_IV_6x3W")
    session = await care.session(course)
    body = {"ordered_mg_per_kg": 1.1, "infusion_minutes": 20}
    asked = await care.http.post(f"{path_of(session)}/dose-orders", json=body)
    assert (asked.status_code, asked.json()["code"]) == (409, "confirmation-required")
    listed = {one["code"]: one["pointer"] for one in asked.json()["confirmations"]}
    assert listed == dict.fromkeys(("above_max_mg_per_kg", "below_minimum_minutes"), "#/ordered_mg_per_kg")
    assert await care.items("/v1/dose-orders", session_id=session["id"]) == []
    partly = await care.http.post(f"{path_of(session)}/dose-orders", json=body | {"confirm": ["above_max_mg_per_kg"]})
    assert [one["code"] for one in partly.json()["confirmations"]] == ["below_minimum_minutes"]
    order = await care.order(session, **body, confirm=sorted(listed))
    assert (order["ordered_mg"], sorted(order["confirmed"])) == (88, sorted(listed))
    exactly = await care.order(session, ordered_mg_per_kg=1, infusion_minutes=30)
    assert exactly["confirmed"] == []


async def test_much_more_than_the_dose_before_is_confirmed(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course(await care.patient(), protocol_code="KET_IV_6x3W")
    before = await care.session(course)
    await care.administration(before, started_at=ago(days=3), stopped_at=ago(days=2.9), delivered_mg=40)
    session = await care.session(course)
    asked = await care.http.post(f"{path_of(session)}/dose-orders", json={"ordered_mg": 60.1})
    assert [one["code"] for one in asked.json()["confirmations"]] == ["above_times_previous_dose"]
    assert (await care.order(session, ordered_mg=60))["confirmed"] == []
    confirmed = await care.order(session, ordered_mg=60.1, confirm=["above_times_previous_dose"])
    assert confirmed["confirmed"] == ["above_times_previous_dose"]


async def test_a_dose_is_never_recorded_without_a_key_or_an_own_id(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session()
    infusion = await care.administration(session)
    administration = {"drug": "ketamine", "route": "intravenous", "drawn_mg": 41.2}
    for path, body in (
        (f"{path_of(session)}/administrations", administration),
        (f"{path_of(infusion)}/events", start(60)),
    ):
        refused = await care.http.post(path, json=body)
        assert (refused.status_code, refused.json()["code"]) == (400, "idempotency-key-required")
        assert (await care.http.post(path, json=body | {"id": str(new_id())})).status_code == 201
        assert (await care.http.post(path, json=body, headers={"Idempotency-Key": "k1"})).status_code == 201


async def test_a_pump_set_too_high_is_recorded_and_projected(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    await care.weight(patient, measured_at=ago(hours=2))
    course = await care.course(patient, protocol_code="KET_IV_6x3W")
    session = await care.session(course)
    await care.do(session, "check-in")
    await care.clear(session)
    await care.order(session, ordered_mg_per_kg=0.5, infusion_minutes=40)
    dose = await care.administration(session, events=[start(30)])
    assert (dose["projected_mg"], dose["deviations"], dose["policy_versions"]) == (41.2, [], {})
    faster = {"kind": "rate_change", "occurred_at": ago(minutes=20), "rate_mg_per_min": 3}
    await care.event(dose, faster)
    now = await care.again(dose)
    assert now["projected_mg"] == 100.3
    assert now["policy_versions"] == {
        "projected_more_than_ordered": "POLICIES@1",
        "projected_above_limit": "KET_IV_6x3W@1",
    }
    assert sorted(now["deviations"]) == sorted(now["policy_versions"])
    await care.event(dose, faster | {"occurred_at": ago(minutes=15), "rate_mg_per_min": 0.5})
    now = await care.again(dose)
    assert (now["projected_mg"], now["deviations"]) == (37.8, [])
    await care.event(dose, stop(10))
    now = await care.again(dose)
    assert (now["projected_mg"], now["delivered_mg"], now["deviations"]) == (None, 27.8, ["less_than_ordered"])
    assert now["policy_versions"] == {"less_than_ordered": "POLICIES@1"}
    # A clinic's own tolerance judges from then on, and says so. What was judged before keeps its judge.
    admin = await caring(clinic, "admin")
    rule = await admin.new("/v1/policies", {"code": "dose_tolerance_mg", "value": 0.5, "reason": "Our pumps."})
    second = await care.administration(session, started_at=ago(minutes=8), delivered_mg=20)
    assert second["policy_versions"] == {"less_than_ordered": f"policy_setting:{rule['id']}"}
    assert (await care.again(dose))["policy_versions"] == {"less_than_ordered": "POLICIES@1"}
    # The day's total is the row's, and what two doses come to together is held against the limits of one session.
    assert (await care.again(session))["deviations"] == []
    third = await care.administration(session, started_at=ago(minutes=6), delivered_mg=34.601)
    whole = await care.again(session)
    assert (whole["deviations"], whole["policy_versions"]) == (
        ["above_session_limit"],
        {"above_session_limit": "KET_IV_6x3W@1"},
    )
    (row,) = await care.items("/v1/sessions", course_id=course["id"])
    assert (row["delivered_mg"], row["delivered_mg_per_kg"]) == (82.401, 1)
    (alert,) = await care.alerts_of(third)
    assert (alert["code"], alert["severity"]) == ("dose_above_session_limit", "review")
    await care.change(third, {"delivered_mg": 34.6})
    assert (await care.again(session))["deviations"] == []
    assert (await care.again(alert))["status"] == "resolved"


async def test_an_order_above_the_label_waits_for_the_gate(clinic: World) -> None:
    care, admin = await caring(clinic), await caring(clinic, "admin")
    session = await care.session(await care.course(protocol_code="ESK_TRD"))
    path = f"{path_of(session)}/dose-orders"
    refused = await care.http.post(path, json={"ordered_devices": 4, "confirm": ["above_hard_max_mg"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "dose-limit-exceeded")
    order = await care.order(session, ordered_devices=3)
    used = {"drug": "esketamine", "route": "intranasal", "started_at": ago(minutes=30)}
    await care.administration(session, **used, drawn_mg=84, delivered_mg=84)
    # The label counts what one session gets, however it was ordered and given.
    refused = await care.http.post(path, json={"ordered_devices": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "dose-limit-exceeded")
    fourth = await care.administration(session, **used, drawn_mg=28, delivered_mg=28)
    assert "above_hard_max_mg" not in fourth["deviations"]
    now = await care.again(session)
    assert "above_session_limit" in now["deviations"]
    assert now["policy_versions"]["above_session_limit"] == "DOSE_LIMITS@1"
    alerts = {one["code"]: one for one in await care.items("/v1/alerts", patient_id=session["patient_id"])}
    assert alerts["dose_above_session_limit"]["severity"] == "urgent"
    await care.void(fourth)
    now = await care.again(session)
    assert ("above_session_limit" in now["deviations"], "above_session_limit" in now["policy_versions"]) == (False,) * 2
    # A clinic that only keeps what happened is asked, or gives a reason, or neither.
    await admin.new("/v1/policies", {"code": "gate_profile", "value": "record_only", "reason": "We only record."})
    other = f"{path_of(await care.session(await care.course(protocol_code='ESK_TRD')))}/dose-orders"
    four = {"ordered_devices": 4}
    for mode, roles, body, codes in (
        (None, [], four, ["above_hard_max_mg", "above_max_mg"]),
        ("reason", ["prescriber"], four | {"confirm": ["above_hard_max_mg", "above_max_mg"]}, ["above_hard_max_mg"]),
        ("off", [], four, ["above_max_mg"]),
    ):
        if mode is not None:
            gate = {"code": "gate.order_maximum", "value": {"mode": mode, "override_roles": roles}, "reason": "So."}
            await admin.new("/v1/policies", gate)
        asked = await care.http.post(other, json=body)
        assert [one["code"] for one in asked.json()["confirmations"]] == codes, mode
    sure = four | {"confirm": ["above_max_mg"], "reason": "As elsewhere."}
    assert (await care.new(other, sure))["ordered_mg"] == 112
    # Whose role has ended orders nothing from that instant; what they ordered stays theirs.
    mine = (await care.get("/v1/me"))["memberships"][0]["principal_id"]
    staff = await admin.get(f"/v1/staff/{mine}")
    await admin.change(staff, {"roles": ["nurse"]})
    assert (await care.http.post(path, json={"ordered_devices": 2})).status_code == 403
    assert (await care.again(order))["prescriber_id"] == mine
