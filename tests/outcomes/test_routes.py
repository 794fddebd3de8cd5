"""Curve and outcome over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import event

from tests.proofs.care import Care, Json, caring, instant, path_of
from tests.proofs.recipes import protocol_body
from tests.world import World

# Nine o'clock in New York on a Monday.
T0 = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


def at(days: float, hours: float = 0) -> str:
    return instant(T0 + timedelta(days=days, hours=hours))


async def infuse(care: Care, course: Json, days: float, mg: float = 41.2, **members: Any) -> Json:
    """A session with an infusion of forty minutes."""
    session = await care.session(course)
    events = [
        {"kind": "start", "occurred_at": at(days), "rate_mg_per_min": round(mg / 40, 4)},
        {"kind": "stop", "occurred_at": at(days, 40 / 60)},
    ]
    await care.administration(session, drawn_mg=mg, events=events, **members)
    return await care.again(session)


async def rate(care: Care, course: Json, days: float, total: int, instrument: str = "PHQ9", **members: Any) -> Json:
    """A total so many days after the first infusion."""
    time = {} if "answered_on" in members else {"answered_at": at(days)}
    body = {"instrument": instrument, "total": total, "course_id": course["id"]} | time | members
    return await care.new(f"/v1/patients/{course['patient_id']}/assessments", body)


async def curve(care: Care, course: Json, **params: str) -> Json:
    return await care.get(f"{path_of(course)}/trajectory", params=params)


async def outcome(care: Care, course: Json, **params: str) -> Json:
    return await care.get(f"{path_of(course)}/outcome", params=params)


async def treated(care: Care) -> Json:
    """Three infusions; PHQ-9 19 before, 4 two hours after the second, 14, 9 and 4 later."""
    course = await care.course()
    for day in (0, 3, 7):
        await infuse(care, course, day)
    for day, total in ((-0.02, 19), (2, 14), (3 + 3 / 24, 4), (6, 9), (14, 4)):
        await rate(care, course, day, total)
    return course


async def test_the_curve(clinic: World) -> None:
    care = await caring(clinic)
    course = await treated(care)
    shown = await curve(care, course, instrument="PHQ9")
    assert [point["counts_as"] for point in shown["points"]] == [
        "baseline",
        "follow_up",
        "nothing",
        "follow_up",
        "follow_up",
    ]
    early = shown["points"][2]
    assert (early["not_counted_because"], early["too_soon_after_dose"]) == ("too_soon_after_dose", True)
    assert (early["response"], early["remission"], early["reduction_percent"]) == ("unknown", "unknown", None)
    assert [point["reduction_percent"] for point in shown["points"]] == [None, 26.32, None, 52.63, 78.95]
    assert [point["after_session_number"] for point in shown["points"]] == [None, 1, 2, 2, 3]
    assert (shown["baseline"]["total"], shown["baseline"]["rule"]) == (19, "last_before_first_dose")
    assert shown["baseline"]["assessment_id"] == shown["points"][0]["assessment_id"]
    assert shown["rule_version"] == "OUTCOME@1"
    scale = shown["scale"]
    assert (scale["scoring_version"], scale["minimum"], scale["maximum"]) == ("PHQ9@1", 0, 27)
    assert [band["label"] for band in scale["bands"]][-1] == "severe"
    assert (scale["cut_offs"]["remission"]["operator"], scale["cut_offs"]["remission"]["value"]) == ("<", 5)
    assert [(one["number"], one["route"], one["delivered_mg"]) for one in shown["sessions"]] == [
        (number, "intravenous", 41.2) for number in (1, 2, 3)
    ]


async def test_the_outcome(clinic: World) -> None:
    care = await caring(clinic)
    course = await treated(care)
    told = await outcome(care, course)
    assert (told["sessions_given"], told["rule_version"], told["not_outcomes"]) == (3, "OUTCOME@1", [])
    (phq9,) = told["instruments"]
    assert (phq9["baseline"]["total"], phq9["latest"]["total"], phq9["best"]["total"]) == (19, 4, 4)
    latest = phq9["latest"]
    assert (latest["response"], latest["remission"], latest["worse"]) == ("response", "yes", "no")
    assert (latest["reliable_change"], latest["important_change"]) == ("improved", "improved")
    assert phq9["first_response"] == {
        "assessment_id": phq9["sessions"][1]["scores"][0]["assessment_id"],
        "days": 6,
        "sessions": 2,
    }
    assert [one["window"] for one in phq9["sessions"]] == ["answered"] * 3
    assert [[score["total"] for score in one["scores"]] for one in phq9["sessions"]] == [[14], [9], [4]]
    assert [phq9[name] for name in ("scores", "scores_counted", "scores_too_soon", "scores_incomplete")] == [5, 3, 1, 0]
    # Eight days apart: a response, not yet a lasting one.
    assert (phq9["sustained_response"], phq9["relapse"]) == ("no", "no")


async def test_response_yes_remission_no(clinic: World) -> None:
    """19 before, 9 a week after: at most half is left, and it is not below 5."""
    care = await caring(clinic)
    course = await care.course()
    await infuse(care, course, 0)
    await rate(care, course, -0.02, 19)
    await rate(care, course, 7, 9)
    (phq9,) = (await outcome(care, course, instrument="PHQ9"))["instruments"]
    assert (phq9["latest"]["response"], phq9["latest"]["remission"]) == ("response", "no")
    assert (phq9["latest"]["reduction_points"], phq9["latest"]["hours_since_last_dose"]) == (10, 167.33)


async def test_a_voided_score_and_a_voided_session_vanish(clinic: World) -> None:
    care = await caring(clinic)
    course = await treated(care)
    before = await curve(care, course)
    baseline = await care.get(f"/v1/assessments/{before['baseline']['assessment_id']}")
    await care.void(baseline)
    after = await curve(care, course)
    assert (after["baseline"], len(after["points"])) == (None, 4)
    assert {point["response"] for point in after["points"]} == {"unknown"}
    assert [point["remission"] for point in after["points"]] == ["no", "unknown", "no", "yes"]

    second = await care.get(f"/v1/sessions/{before['sessions'][1]['session_id']}")
    await care.void(second)
    without = await curve(care, course)
    assert [one["number"] for one in without["sessions"]] == [1, 3]
    # No dose any more before the score of three hours after it, so it counts.
    assert [point["counts_as"] for point in without["points"]] == ["follow_up"] * 4
    (phq9,) = (await outcome(care, course))["instruments"]
    assert [len(one["scores"]) for one in phq9["sessions"]] == [3, 1]


async def test_a_correction_is_followed(clinic: World) -> None:
    care = await caring(clinic)
    course = await treated(care)
    (phq9,) = (await outcome(care, course))["instruments"]
    latest = await care.get(f"/v1/assessments/{phq9['latest']['assessment_id']}")
    await care.change(latest, {"total": 10}, reason="correction")
    (phq9,) = (await outcome(care, course))["instruments"]
    assert (phq9["latest"]["response"], phq9["latest"]["reduction_percent"]) == ("partial_response", 47.37)


async def test_another_patient_s_scores_and_doses_stay_out(clinic: World) -> None:
    care = await caring(clinic)
    stranger = await care.course()
    await rate(care, stranger, -0.01, 27)
    await rate(care, stranger, 5, 1)
    await infuse(care, stranger, 1.9)
    course = await care.course()
    await infuse(care, course, 0)
    await rate(care, course, 2, 9)
    shown = await curve(care, course)
    assert shown["baseline"] is None
    assert [(point["total"], point["counts_as"]) for point in shown["points"]] == [(9, "follow_up")]
    assert len(shown["sessions"]) == 1


async def test_the_highest_baseline_can_be_asked_for(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course()
    await infuse(care, course, 0)
    for day, total in ((-12, 24), (-1, 17), (7, 12)):
        await rate(care, course, day, total)
    last = await outcome(care, course)
    highest = await outcome(care, course, baseline_rule="highest_before_first_dose")
    assert [told["baseline_rule"] for told in (last, highest)] == [
        "last_before_first_dose",
        "highest_before_first_dose",
    ]
    assert [told["instruments"][0]["baseline"]["total"] for told in (last, highest)] == [17, 24]
    assert [told["instruments"][0]["latest"]["response"] for told in (last, highest)] == [
        "partial_response",
        "response",
    ]


async def test_without_an_instrument_the_one_scored_most_is_drawn(clinic: World) -> None:
    care = await caring(clinic)
    course = await treated(care)
    await rate(care, course, 6, 12, "MADRS")
    shown = await curve(care, course)
    assert shown["scale"]["instrument"] == "PHQ9"
    assert [(one["instrument"], one["scores"]) for one in shown["instruments"]] == [("MADRS", 1), ("PHQ9", 5)]
    madrs = await curve(care, course, instrument="MADRS")
    assert (madrs["scale"]["instrument"], len(madrs["points"]), len(madrs["sessions"])) == ("MADRS", 1, 3)
    assert madrs["instruments"] == shown["instruments"]
    assert [one["scale"]["instrument"] for one in (await outcome(care, course))["instruments"]] == ["MADRS", "PHQ9"]


async def test_a_course_without_anything(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course()
    shown = await curve(care, course)
    assert (shown["scale"], shown["baseline"], shown["points"], shown["sessions"]) == (None, None, [], [])
    empty = await curve(care, course, instrument="PHQ9")
    assert (empty["scale"]["instrument"], empty["points"]) == ("PHQ9", [])
    told = await outcome(care, course)
    assert (told["instruments"], told["sessions_given"], told["first_dose_at"]) == ([], 0, None)
    (phq9,) = (await outcome(care, course, instrument="PHQ9"))["instruments"]
    assert (phq9["baseline"], phq9["latest"], phq9["sustained_response"]) == (None, None, "unknown")


@pytest.mark.parametrize("view", ["trajectory", "outcome"])
async def test_an_instrument_that_is_none(clinic: World, view: str) -> None:
    care = await caring(clinic)
    course = await care.course()
    refused = await care.call("GET", f"{path_of(course)}/{view}", params={"instrument": "PHQ10"}, expect=400)
    assert [(one["code"], one["parameter"]) for one in refused["errors"]] == [("unknown_instrument", "instrument")]
    wrong = await care.call("GET", f"{path_of(course)}/{view}", params={"baseline_rule": "lowest"}, expect=400)
    assert [one["parameter"] for one in wrong["errors"]] == ["baseline_rule"]


async def test_weight_placebo_and_a_dose_nobody_reported(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course()
    patient = {"object": "patient", "id": course["patient_id"]}
    await care.weight(patient, 80, measured_at=at(-1))
    await care.weight(patient, 90, measured_at=at(5), confirm=["weight_differs"])
    await infuse(care, course, 0, 40)
    await infuse(care, course, 3, 40, placebo=True)
    unreported = await care.session(course)
    await care.new(
        f"{path_of(unreported)}/administrations",
        {"drug": "ketamine", "route": "intravenous", "started_at": at(7)},
    )
    shown = await curve(care, course)
    told = [
        (one["placebo"], one["delivered_mg"], one["weight_kg"], one["delivered_mg_per_kg"]) for one in shown["sessions"]
    ]
    assert told == [(False, 40, 80, 0.5), (True, None, 80, None), (False, None, 90, None)]


async def test_each_view_is_one_statement_whatever_there_is(clinic: World) -> None:
    care = await caring(clinic)
    empty, full = await care.course(), await treated(care)
    for number in range(12):
        await rate(care, full, 20 + number, 5, "MADRS")
    counted: dict[str, list[str]] = {}
    engine = clinic.database.reader.sync_engine
    for course in (empty, full):
        for view in ("trajectory", "outcome"):
            said = counted.setdefault(f"{course['id']}/{view}", [])

            def listen(_conn: object, _cursor: object, statement: str, *_: object, said: list[str] = said) -> None:
                said.append(statement)

            event.listen(engine, "before_cursor_execute", listen)
            await care.get(f"{path_of(course)}/{view}")
            event.remove(engine, "before_cursor_execute", listen)
    own = [sum("assessment" in statement for statement in said) for said in counted.values()]
    assert own == [1, 1, 1, 1]
    assert len({len(said) for said in counted.values()}) == 1, counted


async def test_maintenance_is_judged_by_the_baseline_of_its_episode(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    body = {"began_on": "2026-02-20", "indication_code": "F33.2"}
    episode = await care.new(f"{path_of(patient)}/episodes", body)
    first = await care.course(patient, protocol_code="OPEN", starts_on="2026-03-02", episode_id=episode["id"])
    await infuse(care, first, 0)
    await rate(care, first, -1, 22)
    await rate(care, first, 7, 9)
    kept = await care.course(
        patient, protocol_code="KET_IV_BOOSTER_PRN", starts_on="2026-05-01", episode_id=episode["id"]
    )
    again = await care.course(patient, protocol_code="OPEN", starts_on="2026-07-01", episode_id=episode["id"])
    await infuse(care, kept, 60)
    await rate(care, kept, 59, 10)
    await rate(care, kept, 67, 8)
    await infuse(care, again, 120)
    await rate(care, again, 119, 16)
    await rate(care, again, 127, 12)

    (told,) = (await outcome(care, kept))["instruments"]
    assert (told["baseline"]["total"], told["baseline"]["carried_from_course_id"]) == (22, first["id"])
    assert told["latest"]["response"] == "response"
    (told,) = (await outcome(care, again))["instruments"]
    assert (told["baseline"]["total"], told["baseline"]["carried_from_course_id"]) == (16, None)
    assert told["latest"]["response"] == "partial_response"


async def test_a_clinics_own_plan_says_whether_its_course_maintains(clinic: World) -> None:
    """A course that has come to its own maintenance keeps its own baseline; one planned as maintenance does not."""
    care = await caring(clinic)
    patient = await care.patient()
    episode = await care.new(f"{path_of(patient)}/episodes", {"began_on": "2026-02-20", "indication_code": "F33.2"})
    first = protocol_body()["phases"][0]
    kept = first | {"name": "maintenance"}
    both = await care.new("/v1/clinic-protocols", protocol_body(phases=[first, kept]))
    only = await care.new("/v1/clinic-protocols", protocol_body(phases=[kept]))
    codes = ("OPEN", both["code"], only["code"])
    before, again, booster = [
        await care.course(patient, protocol_code=code, starts_on=day, episode_id=episode["id"])
        for code, day in zip(codes, ("2026-03-02", "2026-05-01", "2026-07-01"), strict=True)
    ]
    for course, days, total in ((before, 0, 22), (again, 60, 20), (booster, 120, 10)):
        await infuse(care, course, days)
        await rate(care, course, days - 1, total)
        await rate(care, course, days + 7, 9)
    await care.do(again, "change-phase", {"phase": "maintenance", "reason": "The first four are given."})
    for course, of, total in ((again, None, 20), (booster, again["id"], 20)):
        (told,) = (await outcome(care, course))["instruments"]
        assert (told["baseline"]["total"], told["baseline"]["carried_from_course_id"]) == (total, of)


# ── the picture ──────────────────────────────────────────────────────────────────────────────────────────────────────

SVG = {"Accept": "image/svg+xml"}


async def test_the_curve_is_a_picture_when_asked_for_as_one(clinic: World) -> None:
    care = await caring(clinic)
    course = await treated(care)
    patient = await care.get(f"/v1/patients/{course['patient_id']}")
    path = f"{path_of(course)}/trajectory"
    answer = await care.http.get(path, headers=SVG, params={"width": 320})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Accept", "no-store")
    assert "style-src 'unsafe-inline'" in answer.headers["content-security-policy"]
    drawn = ET.fromstring(answer.content)
    assert drawn.get("width") == "320"
    for private in (patient["given_name"], patient["family_name"], patient["id"], course["id"], str(clinic.id)):
        assert private not in answer.text
    declared = {str(one) for one in answer.extensions["scope"]["state"]["patients_touched"]}
    assert declared == {patient["id"]}

    usual = await care.http.get(path)
    assert (usual.headers["content-type"], usual.headers["vary"]) == ("application/json", "Accept")
    head = await care.http.head(path, headers=SVG)
    assert (head.headers["content-type"], head.content) == ("image/svg+xml", b"")


@pytest.mark.parametrize("accept", ["text/html", "image/png", "application/pdf, image/svg+xml;q=0"])
async def test_no_other_form_is_there(clinic: World, accept: str) -> None:
    care = await caring(clinic)
    course = await care.course()
    answer = await care.http.get(f"{path_of(course)}/trajectory", headers={"Accept": accept})
    assert (answer.status_code, answer.json()["code"]) == (406, "not-acceptable")
    outcome_only = await care.http.get(f"{path_of(course)}/outcome", headers=SVG)
    assert outcome_only.status_code == 406


@pytest.mark.parametrize("width", ["319", "1601", "1e3", ""])
async def test_a_picture_s_width_has_bounds(clinic: World, width: str) -> None:
    care = await caring(clinic)
    course = await care.course()
    answer = await care.http.get(f"{path_of(course)}/trajectory", headers=SVG, params={"width": width})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-parameter")
