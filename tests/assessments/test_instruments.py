"""Instruments over HTTP: what only some of them have, and what one rating says of another."""

from typing import Any

import pytest

from app.assessments.catalogue import shipped_instruments
from app.assessments.rules.instrument import Entry
from app.assessments.schemas import AssessmentUpdate
from tests.proofs.care import PHQ9_OF_19, Care, Json, ago, caring, path_of, start, stop
from tests.world import World

NOT_ITEMS = {"total", "answered_at"}  # items and a total are not sent together


async def filled(care: Care, patient: Json, instrument: str, **members: Any) -> Json:
    time = {} if "answered_on" in members else {"answered_at": ago(hours=1)}
    return await care.new(f"{path_of(patient)}/assessments", {"instrument": instrument} | time | members)


async def raised(care: Care, record: Json) -> list[tuple[str, str, str]]:
    return sorted((one["code"], one["severity"], one["status"]) for one in await care.alerts_of(record))


async def test_every_instrument_can_be_drawn_and_recorded(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    shown = (await care.get("/v1/instruments"))["items"]
    assert {one["code"] for one in shown} == {code for code, _ in shipped_instruments()}
    for one in shown:
        gated = one["risk"]["gated_items"] if one["risk"] else []
        lowest = [None if item["number"] in gated else item["minimum"] for item in one["items"]]
        body = {"total": one["total"]["maximum"]} if one["entry"] == Entry.TOTAL_ONLY else {"items": lowest}
        form = await filled(care, patient, one["code"], **body)
        assert form["scoring_version"] == f"{one['code']}@{one['version']}"
        assert (form["total"] is None) == (one["total"] is None)
        assert form["subscores"].keys() <= {subscale["code"] for subscale in one["subscales"]}
        assert await care.again(form) == form


async def test_positions_are_stored_as_scores_and_said_to_have_been_positions(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    positions = [2, 2, 0, 3, 1, 1, 1, 0, 1, 2]
    scores = [2, 2, 3, 3, 2, 2, 2, 3, 2, 1]
    form = await filled(care, patient, "EPDS", items=positions, encoding="position")
    assert (form["items"], form["sent_as"], form["total"]) == (scores, "position", 22)
    assert await raised(care, form) == [("safety_item_positive", "review", "open")]
    # What was read may be sent back, also with every member a request has: it is scores, and is not turned again.
    echoed = {name: form[name] for name in AssessmentUpdate.model_fields if name in form and name not in NOT_ITEMS}
    again = await care.change(form, echoed)
    assert (again["items"], again["sent_as"], again["total"]) == (scores, "score", 22)
    assert again["safety_item"] == form["safety_item"] == 1
    for body in ({"instrument": "PHQ9", "items": PHQ9_OF_19}, {"instrument": "EPDS", "total": 3}):
        refused = await care.http.post(
            f"{path_of(patient)}/assessments", json=body | {"answered_at": ago(), "encoding": "position"}
        )
        assert refused.status_code == 422
    alone = await care.http.patch(path_of(again), json={"encoding": "position"}, headers={"If-Match": '"2"'})
    assert (alone.status_code, alone.json()["errors"][0]["pointer"]) == (422, "#/encoding")


async def test_half_points_and_unscored_answers_are_kept(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    ymrs = await filled(care, patient, "YMRS", items=[2, 1.5, *[0] * 9])
    assert (ymrs["items"][1], ymrs["total"], ymrs["severity"]) == (1.5, 3.5, "non_manic")
    phq9 = await filled(care, patient, "PHQ9", items=PHQ9_OF_19, unscored_items=[2])
    assert (phq9["unscored_items"], phq9["total"]) == ([2], 19)
    assert phq9["subscores"] == {"PHQ2": 5}
    assert phq9["findings"] == {"screen": "positive", "syndrome": "major"}
    assert (await care.change(phq9, {"unscored_items": [1]}))["unscored_items"] == [1]
    for wrong in ([4], [1, 1]):
        refused = await care.http.post(
            f"{path_of(patient)}/assessments",
            json={"instrument": "PHQ9", "answered_at": ago(), "items": PHQ9_OF_19, "unscored_items": wrong},
        )
        assert refused.json()["errors"][0]["pointer"].startswith("#/unscored_items")


async def test_an_edition_may_ask_about_a_shorter_time(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    session = await care.session(await care.course(patient))
    await care.administration(session, started_at=ago(hours=7), stopped_at=ago(hours=6), delivered_mg=40)
    usual = await filled(care, patient, "MADRS", items=[3] * 10)
    day = await filled(care, patient, "MADRS", items=[3] * 10, recall_period="24 hours")
    assert (usual["recall_period"], usual["too_soon_after_dose"]) == ("7 days", True)
    assert (day["recall_period"], day["too_soon_after_dose"]) == ("24 hours", False)
    assert day["findings"]["carried_forward_items"] == "4,5"
    refused = await care.http.post(
        f"{path_of(patient)}/assessments",
        json={"instrument": "MADRS", "answered_at": ago(), "total": 3, "recall_period": "2 years"},
    )
    assert refused.json()["errors"][0]["pointer"] == "#/recall_period"


async def test_dissociation_follows_the_rating_before_the_dose(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    session = await care.session(await care.course(patient))
    await care.administration(session, events=[start(60), stop(20)])
    inside = {"session_id": session["id"]}
    after = await filled(care, patient, "CADSS23", total=20, answered_at=ago(minutes=30), **inside)
    assert after["findings"] == {"dissociation": "unclassified"}, "nothing to compare it with"

    async def said() -> str:
        return (await care.again(after))["findings"]["dissociation"]

    before = await filled(care, patient, "CADSS23", total=2, answered_at=ago(minutes=90), **inside)
    assert "dissociation" not in before["findings"]
    assert await said() == "yes"
    higher = await care.change(before, {"total": 25})
    assert await said() == "no"
    assert (await care.change(after, {"total": 26}))["findings"] == {"dissociation": "yes"}
    await care.void(higher)
    assert await said() == "unclassified"
    assert (await care.change(after, {"total": 4}))["findings"] == {"dissociation": "no"}
    told = [(version["event"], bool(version["reason"])) for version in await care.history(after)]
    assert told.count(("assessment.classified_again", True)) == 3
    # Of another session, it says nothing about this one.
    other = await care.session(await care.course(patient))
    await filled(care, patient, "CADSS23", total=0, answered_at=ago(minutes=95), session_id=other["id"])
    await care.change(after, {"total": 30})
    assert await said() == "unclassified"


async def test_a_dose_that_is_told_later_makes_a_rating_one_after_it(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    session = await care.session(await care.course(patient))
    after = await filled(care, patient, "CADSS23", total=20, answered_at=ago(minutes=30), session_id=session["id"])
    assert after["findings"] == {}
    given = await care.administration(session, events=[start(60), stop(20)])
    assert (await care.again(after))["findings"] == {"dissociation": "unclassified"}
    await care.void(given)
    assert (await care.again(after))["findings"] == {}


async def test_five_points_above_the_baseline_of_the_course_raise_an_alert(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    session = await care.session(await care.course(patient))
    await care.administration(session, started_at=ago(days=8), stopped_at=ago(days=8, minutes=-40), delivered_mg=40)
    old = await filled(care, patient, "PHQ9", total=3, answered_at=ago(days=40))
    baseline = await filled(care, patient, "PHQ9", total=15, answered_at=ago(days=9))
    same = await filled(care, patient, "PHQ9", total=19, answered_at=ago(days=2))
    worse = await filled(care, patient, "PHQ9", total=20, answered_at=ago(days=1))
    assert [await raised(care, one) for one in (old, baseline, same)] == [[], [], []]
    assert await raised(care, worse) == [("worsening", "review", "open")]
    await care.change(worse, {"total": 19})
    assert await raised(care, worse) == [("worsening", "review", "resolved")]
    gad7 = await filled(care, patient, "GAD7", total=21, answered_at=ago(days=1))
    assert await raised(care, gad7) == []


@pytest.mark.parametrize(
    ("instrument", "body", "alert"),
    [
        ("CSSRS_SCR", {"items": [1, 1, 1, 0, 0, 0, None]}, ("suicide_risk", "urgent")),
        ("CSSRS_SCR", {"items": [1, 1, 0, 1, 0, 0, None]}, ("suicide_risk", "emergency")),
        ("MOAAS", {"total": 3}, ("sedation", "urgent")),
        ("MOAAS", {"items": [0]}, ("sedation", "emergency")),
        ("YMRS", {"total": 12}, ("mood_switch", "review")),
        ("QIDSSR16", {"items": [*[0] * 11, 2, *[0] * 4]}, ("safety_item_positive", "urgent")),
        ("BDI2", {"items": [*[0] * 8, 1, *[0] * 12]}, ("safety_item_positive", "review")),
    ],
)
async def test_alarms_of_other_scales(clinic: World, instrument: str, body: Json, alert: tuple[str, str]) -> None:
    care = await caring(clinic)
    form = await filled(care, await care.patient(), instrument, **body)
    assert await raised(care, form) == [(*alert, "open")]


async def test_a_deeper_sedation_takes_the_place_of_a_lighter_one(clinic: World) -> None:
    care = await caring(clinic)
    form = await filled(care, await care.patient(), "MOAAS", total=3)
    await care.change(form, {"total": 1})
    assert await raised(care, form) == [("sedation", "emergency", "open"), ("sedation", "urgent", "resolved")]
    await care.change(form, {"total": 5})
    assert {status for _, _, status in await raised(care, form)} == {"resolved"}


async def test_a_tier_draws_no_curve_and_the_moment_is_no_outcome(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    course = await care.course(patient)
    session = await care.session(course)
    await care.administration(session, started_at=ago(hours=7), stopped_at=ago(hours=6), delivered_mg=40)
    await filled(care, patient, "CSSRS_SCR", items=[0, 0, None, None, None, 0, None])
    await filled(care, patient, "MOAAS", total=5)
    await filled(care, patient, "MDQ", total=9)
    outcome = await care.get(f"{path_of(course)}/outcome")
    assert outcome["instruments"] == []
    assert {one["instrument"]: one["reason"] for one in outcome["not_outcomes"]} == {
        "CSSRS_SCR": "no_outcome",
        "MOAAS": "acute_scale",
        "MDQ": "no_outcome",
    }
    curve = await care.get(f"{path_of(course)}/trajectory")
    assert curve["scale"]["instrument"] in {"MOAAS", "MDQ"}
    for view, instrument in (("trajectory", "CSSRS_SCR"), ("outcome", "CSSRS_SCR"), ("outcome", "MOAAS")):
        answer = await care.http.get(f"{path_of(course)}/{view}", params={"instrument": instrument})
        assert answer.status_code == 400, view
    picture = await care.http.get(
        f"{path_of(course)}/trajectory", params={"instrument": "MOAAS"}, headers={"Accept": "image/svg+xml"}
    )
    assert picture.status_code == 200
