"""The dose a session's plan leads to, over HTTP."""

from typing import Any

from tests.proofs.care import Care, Json, ago, caring, path_of
from tests.treatment.readiness.test_routes import counted
from tests.world import World

HAND: Json = {"concentration_mg_per_ml": 10, "bag_total_ml": 100}


async def proposed(care: Care, session: Json, *, expect: int = 200, **params: object) -> Json:
    """What is proposed, or why nothing is."""
    return await care.call("GET", f"{path_of(session)}/dose-proposal", params=params, expect=expect)


def parts(told: Json, *names: str) -> tuple[object, ...]:
    """Some members, in order."""
    return tuple(told[name] for name in names)


async def test_a_dose_by_weight_from_the_scales_to_the_pump(clinic: World) -> None:
    care, admin = await caring(clinic), await caring(clinic, "admin")
    patient = await care.patient()
    course = await care.course(patient, protocol_code="KET_IV_6x3W")
    session = await care.session(course)
    assert (await proposed(care, session, expect=409))["code"] == "weight-missing"
    await care.weight(patient, measured_at=ago(days=30, minutes=1))
    assert (await proposed(care, session, expect=409))["code"] == "weight-too-old"
    await admin.new("/v1/policies", {"code": "weight_valid_days", "value": 31, "reason": "Our own rule."})
    told = await proposed(care, session)
    assert parts(told, "proposed_mg", "warnings", "previous", "cap") == (41.2, [], None, None)
    assert told["weight"]["age_days"] == 30
    weight = await care.weight(patient, measured_at=ago(minutes=20))
    told = await proposed(care, session, **HAND)
    assert told["weight"] == {
        "id": weight["id"],
        "weight_kg": 82.4,
        "measured_at": weight["measured_at"],
        "age_days": 0,
    }
    assert parts(told, "basis", "phase", "mg_per_kg", "choices_mg_per_kg") == ("protocol", "induction", 0.5, [0.5])
    assert parts(told, "calculated_mg", "proposed_mg", "proposed_mg_per_kg") == (41.2, 41.2, 0.5)
    assert parts(told, "drawn_ml", "infusion_minutes", "rate_mg_per_min", "rate_ml_per_h") == (4.12, 40, 1.03, 150)
    # What it says is what an order of it comes to.
    order = await care.order(session, ordered_mg_per_kg=told["mg_per_kg"], infusion_minutes=told["infusion_minutes"])
    assert parts(order, "ordered_mg", "rate_mg_per_min") == parts(told, "proposed_mg", "rate_mg_per_min")
    # The patient's own limit holds it down, and asks about an order beyond it.
    limit = {"code": "dose_maximum_mg", "value": 40, "reason": "Faints above it."}
    own = await care.new(f"{path_of(patient)}/limits", limit)
    told = await proposed(care, session, **HAND, infusion_minutes=50)
    assert told["cap"] == {"reason": "patient_limit", "limit_mg": 40, "version": f"patient_limit:{own['id']}"}
    assert parts(told, "calculated_mg", "proposed_mg", "rate_mg_per_min", "drawn_ml") == (41.2, 40, 0.8, 4)
    assert told["warnings"] == ["above_max_mg"]
    asked = await care.http.post(f"{path_of(session)}/dose-orders", json={"ordered_mg_per_kg": 0.5})
    assert [one["code"] for one in asked.json()["confirmations"]] == ["above_max_mg"]
    # What was given is shown beside the next one, and what it has had already counts.
    events = [{"kind": "start", "occurred_at": ago(hours=3), "rate_mg_per_min": 1}]
    dose = await care.administration(session, events=[*events, {"kind": "stop", "occurred_at": ago(hours=2.5)}])
    await care.weight(patient, 20, confirm=["weight_differs"])
    told = await proposed(care, await care.session(course))
    assert parts(told["previous"], "administration_id", "delivered_mg", "ordered_mg") == (dose["id"], 30, 41.2)
    assert 2.5 <= told["hours_since_previous"] < 3
    assert parts(told, "proposed_mg", "given_before_mg") == (10, 0)
    again = await proposed(care, session)
    assert parts(again, "given_before_mg", "cap") == (
        30,
        {"reason": "max_mg_per_kg", "limit_mg": 0, "version": "KET_IV_6x3W@1"},
    )


async def test_doses_without_a_weight(clinic: World) -> None:
    """In devices, in lozenges, and where the plan names none."""
    care = await caring(clinic)
    old = await care.patient(birth_on="1950-03-02")
    course = await care.course(old, protocol_code="ESK_TRD")
    told = await proposed(care, session := await care.session(course))
    assert parts(told, "choices_mg", "proposed_mg", "devices", "drawn_ml") == ([56], 56, 2, None)
    assert parts(told, "choices_by_age_mg", "warnings") == ([28], ["weight_missing", "other_start_by_age"])
    used = {"drug": "esketamine", "route": "intranasal", "drawn_mg": 84}
    await care.order(session, ordered_devices=3)
    await care.administration(session, **used, started_at=ago(days=3), delivered_mg=84)
    told = await proposed(care, await care.session(course), **HAND, unit_strength_mg=50)
    assert parts(told, "choices_mg", "proposed_mg", "devices", "warnings") == ([56, 84], 84, 3, ["weight_missing"])
    assert parts(told, "proposed_units", "rate_ml_per_h", "choices_by_age_mg") == (None, None, [])
    under_tongue = await care.session(await care.course(old, protocol_code="KET_SL_6x"))
    assert parts(await proposed(care, under_tongue), "proposed_mg", "proposed_units", "unit_strength_mg") == (50, 1, 50)
    assert (await proposed(care, under_tongue, unit_strength_mg=100))["proposed_units"] == 0.5
    open_course = await care.session(await care.course(old))
    told = await proposed(care, open_course)
    assert parts(told, "basis", "proposed_mg", "warnings") == ("none", None, ["no_dose_in_protocol", "weight_missing"])
    for wrong in ({"concentration_mg_per_ml": 0}, {"infusion_minutes": 0}, {"bag_total_ml": "much"}):
        assert (await proposed(care, open_course, expect=400, **wrong))["code"] == "invalid-parameter"


async def had(care: Care, patient: Json, days: float, mg: float, **members: Any) -> Json:
    """A session so many days ago."""
    body = {"route": "intravenous", "started_at": ago(days=days), "delivered_mg": mg} | members
    return await care.new(f"{path_of(patient)}/sessions", body)


async def scored(care: Care, patient: Json, days: float, total: float, instrument: str = "PHQ9") -> Json:
    """A form so many days ago."""
    body = {"instrument": instrument, "answered_at": ago(days=days), "total": total}
    return await care.new(f"{path_of(patient)}/assessments", body)


async def effective(care: Care, session: Json) -> Json | None:
    """The dose that is shown to have worked last."""
    shown: Json | None = (await proposed(care, session))["last_effective"]
    return shown


async def test_the_last_dose_a_response_came_after_is_shown(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    for days in (50, 1):
        await care.weight(patient, measured_at=ago(days=days))
    baseline = await scored(care, patient, 44, 19)
    best = await had(care, patient, 40, 41.2)
    await scored(care, patient, 35, 4)
    newest = await had(care, patient, 30, 50)
    after = await scored(care, patient, 25, 9)
    # What came after the last one is no response: not two hours later, not by a scale of the moment, not in error.
    last = await had(care, patient, 20, 60)
    await scored(care, patient, 20 - 2 / 24, 2)
    await scored(care, patient, 20 - 2 / 24, 2, "CADSS23")
    await care.void(await scored(care, patient, 17, 3))
    await scored(care, patient, 15, 10)
    # Neither another route nor a session in error counts, whatever came of it.
    await had(care, patient, 12, 70, route="intramuscular")
    await scored(care, patient, 10, 1)
    await care.void(await had(care, patient, 9, 80))
    await scored(care, patient, 8, 1)
    session = await care.session(await care.course(patient))
    told = await proposed(care, session)
    assert told["previous"]["session_id"] == last["id"]
    assert told["last_effective"] == {
        "session_id": newest["id"],
        "session_on": ago(days=30)[:10],
        "delivered_mg": 50,
        "delivered_mg_per_kg": 0.6068,
        "instrument": "PHQ9",
        "baseline": {"assessment_id": baseline["id"], "answered_at": ago(days=44), "answered_on": None, "total": 19},
        "after": {"assessment_id": after["id"], "answered_at": ago(days=25), "answered_on": None, "total": 9},
        "reduction_percent": 52.63,
        "scoring_version": "PHQ9@1",
        "rule_version": "OUTCOME@1",
    }
    program = Care(await clinic.integrator("session:read"))
    hidden = await proposed(program, session)
    assert (hidden["last_effective"], hidden["withheld"], told["withheld"]) == (None, ["score:read"], [])
    # It follows what is corrected, and is the same that the trajectory says.
    curve = await care.get(f"/v1/courses/{newest['course_id']}/trajectory", params={"instrument": "PHQ9"})
    (point,) = [one for one in curve["points"] if one["assessment_id"] == after["id"]]
    assert (point["response"], point["after_session_id"]) == ("response", newest["id"])
    await care.void(after)
    assert (shown := await effective(care, session))
    assert (shown["session_id"], shown["reduction_percent"]) == (best["id"], 78.95)
    await care.void(best)
    assert await effective(care, session) is None


async def test_a_dose_that_is_not_known_or_was_not_alone_is_not_the_one_that_worked(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    await scored(care, patient, 50, 20)
    session = await care.session(await care.course(patient))
    dose = {"drug": "ketamine", "route": "intravenous", "started_at": ago(days=40), "delivered_mg": 30}
    both = {"started_at": None, "delivered_mg": None, "administrations": [dose, dose | {"route": "intramuscular"}]}
    await had(care, patient, 40, 30, **both)
    await scored(care, patient, 38, 2)
    await had(care, patient, 30, 30, delivered_mg=None)
    await scored(care, patient, 28, 2)
    assert await effective(care, session) is None
    by_day = await had(care, patient, 20, 35, started_at=None, given_on=ago(days=20)[:10])
    await scored(care, patient, 18, 2)
    assert (shown := await effective(care, session))
    assert (shown["session_id"], shown["session_on"], shown["delivered_mg_per_kg"]) == (
        by_day["id"],
        by_day["given_on"],
        None,
    )
    # Twice in one session: both together.
    twice = both | {"administrations": [dose | {"started_at": ago(days=10)}, dose | {"started_at": ago(days=9.99)}]}
    together = await had(care, patient, 10, 0, **twice)
    await scored(care, patient, 8, 2)
    assert (shown := await effective(care, session))
    assert (shown["session_id"], shown["delivered_mg"]) == (together["id"], 60)
    # What came after a dose says nothing to the session that it came before.
    assert (before := await effective(care, by_day)) is None, before


async def test_a_proposal_takes_as_many_statements_however_much_there_is(clinic: World) -> None:
    care = await caring(clinic)
    sent_for: list[int] = []
    for much in (0, 4):
        patient = await care.patient()
        await care.weight(patient, measured_at=ago(days=1))
        for number in range(much):
            await had(care, patient, 40 - number * 7, 40)
            await scored(care, patient, 38 - number * 7, 12)
            await scored(care, patient, 38 - number * 7, 12, "MADRS")
        session = await care.session(await care.course(patient, protocol_code="KET_IV_6x3W"))
        with counted(clinic) as sent:
            await proposed(care, session)
        sent_for.append(len(sent))
    assert sent_for[0] == sent_for[1], sent_for
