"""Scores over HTTP: gaps, clocks, alerts that follow corrections."""

from datetime import UTC, date, datetime, timedelta

from tests.proofs.care import PHQ9_OF_9, PHQ9_OF_19, Care, Json, ago, caring, instant, path_of
from tests.world import World

Item = int | None


def with_item_nine(answer: Item) -> list[Item]:
    return [*PHQ9_OF_9[:8], answer]


async def alerts(care: Care, record: Json) -> list[tuple[str, str, str]]:
    """Code, severity and state of the alerts a form caused, oldest first."""
    return [(one["code"], one["severity"], one["status"]) for one in reversed(await care.alerts_of(record))]


async def test_too_many_gaps_are_a_result(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    incomplete = await care.phq9(patient, [None, None, None, 1, 1, 1, 1, 1, 0])
    assert (incomplete["total"], incomplete["incomplete"], incomplete["severity"]) == (None, True, None)
    prorated = await care.phq9(patient, [None, None, 1, 1, 1, 1, 1, 1, 0])
    assert (prorated["total"], prorated["prorated"], prorated["incomplete"]) == (7.71, True, False)
    refused = await care.http.post(
        f"{path_of(patient)}/assessments", json={"instrument": "PHQ9", "answered_at": ago(), "items": [1, 2, 3]}
    )
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/items")
    too_high = await care.http.post(
        f"{path_of(patient)}/assessments",
        json={"instrument": "PHQ9", "answered_at": ago(), "items": [4, *PHQ9_OF_9[1:]]},
    )
    assert (too_high.status_code, too_high.json()["errors"][0]["pointer"]) == (422, "#/items/0")


async def test_the_item_about_suicide_decides_alone(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    expected: dict[Item, list[tuple[str, str, str]]] = {
        0: [],
        1: [("safety_item_positive", "review", "open")],
        2: [("safety_item_positive", "review", "open")],
        3: [("safety_item_positive", "urgent", "open")],
        None: [("safety_item_missing", "review", "open")],
    }
    for answer, raised in expected.items():
        assert await alerts(care, await care.phq9(patient, with_item_nine(answer))) == raised, answer
    alone = await care.phq9(patient, [*[None] * 8, 1])
    assert (alone["total"], await alerts(care, alone)) == (None, expected[1])
    total_only = await care.new(
        f"{path_of(patient)}/assessments", {"instrument": "PHQ9", "answered_at": ago(), "total": 19}
    )
    assert (total_only["safety_item"], total_only["safety_item_missing"], await alerts(care, total_only)) == (
        None,
        False,
        [],
    )


async def test_alerts_follow_a_correction(clinic: World) -> None:
    care = await caring(clinic)
    form = await care.phq9(await care.patient(), with_item_nine(0))
    assert await alerts(care, form) == []
    form = await care.change(form, {"items": with_item_nine(1)})
    assert (form["version"], form["total"], form["safety_item"]) == (2, 10, 1)
    review, urgent = ("safety_item_positive", "review"), ("safety_item_positive", "urgent")
    assert await alerts(care, form) == [(*review, "open")]
    await care.change(form, {"items": [2, *with_item_nine(1)[1:]]})
    assert await alerts(care, form) == [(*review, "open")], "the same answer raises no second alert"
    await care.change(form, {"items": with_item_nine(3)})
    assert await alerts(care, form) == [(*review, "resolved"), (*urgent, "open")]
    await care.change(form, {"items": with_item_nine(0)})
    assert await alerts(care, form) == [(*review, "resolved"), (*urgent, "resolved")]
    assert {one["disposition"] for one in await care.alerts_of(form)} == {"The answers were corrected."}


async def test_alerts_end_when_the_form_was_an_error(clinic: World) -> None:
    care = await caring(clinic)
    form = await care.phq9(await care.patient())
    (alert,) = await care.alerts_of(form)
    await care.do(alert, "acknowledge")
    await care.void(form, "wrong patient")
    (ended,) = await care.alerts_of(form)
    assert (ended["status"], ended["disposition"]) == ("resolved", "Entered in error: wrong patient")
    assert ended["acknowledged_at"] is not None
    assert await care.items("/v1/assessments", patient_id=form["patient_id"]) == []


async def test_old_facts_ring_no_bell(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    recent = await care.phq9(patient, answered_at=ago(days=13))
    old = await care.phq9(patient, answered_at=ago(days=15))
    assert await alerts(care, recent) == [("safety_item_positive", "review", "open")]
    assert await alerts(care, old) == [("safety_item_positive", "review", "historic")]
    on_a_day = (datetime.now(UTC) - timedelta(days=16)).date().isoformat()
    assert await alerts(care, await care.phq9(patient, answered_on=on_a_day)) == [
        ("safety_item_positive", "review", "historic")
    ]


async def test_hours_since_the_last_dose(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    session = await care.session(await care.course(patient))
    dosed = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    stopped = dosed + timedelta(minutes=40)
    await care.administration(session, started_at=instant(dosed), stopped_at=instant(stopped), delivered_mg=40)

    async def at(moment: datetime) -> tuple[float | None, int | None]:
        form = await care.phq9(patient, answered_at=instant(moment))
        return form["hours_since_last_dose"], form["days_since_last_dose"]

    assert await at(dosed - timedelta(minutes=1)) == (None, None)
    assert await at(dosed + timedelta(minutes=10)) == (0, 0), "filled in while drug flows"
    assert await at(stopped + timedelta(hours=1, minutes=15)) == (1.25, 0)
    assert await at(stopped + timedelta(hours=168.5)) == (168.5, 7)
    day_only = await care.phq9(patient, answered_on=date(2026, 3, 9).isoformat())
    assert (day_only["hours_since_last_dose"], day_only["days_since_last_dose"]) == (None, 7)
    assert (day_only["answered_at"], day_only["answered_on"]) == (None, "2026-03-09")
    # Noon on the clinic's wall; New York had moved to summer time on the eighth.
    assert day_only["assessed_at"] == "2026-03-09T16:00:00Z"
    moved = await care.change(day_only, {"answered_at": instant(stopped + timedelta(hours=24))})
    assert (moved["answered_on"], moved["hours_since_last_dose"], moved["days_since_last_dose"]) == (None, 24, 1)


async def test_a_form_that_looks_back_is_marked_when_a_dose_is_too_near(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    session = await care.session(await care.course(patient))
    dosed = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    stopped = dosed + timedelta(minutes=40)
    given = {"started_at": instant(dosed), "stopped_at": instant(stopped), "delivered_mg": 40}
    moments = [
        (instant(dosed - timedelta(minutes=1)), False),
        (instant(stopped + timedelta(hours=2)), True),
        (instant(stopped + timedelta(hours=24)), False),
    ]
    early = [await care.phq9(patient, answered_at=moment) for moment, _ in moments]
    assert [form["too_soon_after_dose"] for form in early] == [False] * 3, "no dose is known yet"
    administration = await care.administration(session, **given)
    for form, (_, too_soon) in zip(early, moments, strict=True):
        again = await care.again(form)
        assert (again["too_soon_after_dose"], again["total"]) == (too_soon, form["total"])
    told = [version["event"] for version in await care.history(early[1])]
    assert told == ["assessment.recorded", "assessment.placed_again"]
    late = [await care.phq9(patient, answered_at=moment) for moment, _ in moments]
    assert [form["too_soon_after_dose"] for form in late] == [False, True, False]
    waiting = await care.phq9(patient, answered_on="2026-03-02")
    assert (waiting["days_since_last_dose"], waiting["too_soon_after_dose"]) == (None, False), "taken to be older"
    next_day = await care.phq9(patient, answered_on="2026-03-03")
    assert (next_day["days_since_last_dose"], next_day["too_soon_after_dose"]) == (1, False)
    await care.void(administration)
    assert not (await care.again(late[1]))["too_soon_after_dose"]


async def test_one_time_and_one_kind_of_answer(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    path = f"{path_of(patient)}/assessments"
    both_times = {"instrument": "PHQ9", "answered_at": ago(), "answered_on": "2026-03-02", "items": PHQ9_OF_19}
    no_time = {"instrument": "PHQ9", "items": PHQ9_OF_19}
    both_answers = {"instrument": "PHQ9", "answered_at": ago(), "items": PHQ9_OF_19, "total": 19}
    for body in (both_times, no_time, both_answers, {"instrument": "NOPE", "answered_at": ago(), "total": 1}):
        assert (await care.http.post(path, json=body)).status_code == 422, body
    form = await care.phq9(patient)
    answer = await care.http.patch(path_of(form), json={"items": PHQ9_OF_9, "total": 9}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/total")


async def test_a_form_takes_its_course_from_its_session(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    course, other = await care.course(patient), await care.course(patient)
    session = await care.session(course)
    form = await care.phq9(patient, session_id=session["id"])
    assert form["course_id"] == course["id"]
    body = {"instrument": "PHQ9", "answered_at": ago(), "items": PHQ9_OF_19, "session_id": session["id"]}
    stranger = await care.patient()
    foreign = await care.http.post(f"{path_of(stranger)}/assessments", json=body)
    assert foreign.json()["errors"][0]["pointer"] == "#/session_id"
    crossed = await care.http.post(f"{path_of(patient)}/assessments", json=body | {"course_id": other["id"]})
    assert crossed.json()["errors"][0]["pointer"] == "#/course_id"


async def test_the_list_is_filtered(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    session = await care.session(await care.course(patient))
    inside = await care.phq9(patient, session_id=session["id"])
    outside = await care.phq9(patient, PHQ9_OF_9, answered_at=ago(days=2))
    await care.phq9(await care.patient())

    async def found(**params: object) -> list[str]:
        return [one["id"] for one in await care.items("/v1/assessments", **params)]

    assert await found(patient_id=patient["id"]) == [inside["id"], outside["id"]]
    assert await found(session_id=session["id"]) == [inside["id"]]
    assert await found(course_id=session["course_id"], instrument="PHQ9") == [inside["id"]]
    assert await found(patient_id=patient["id"], instrument="GAD7") == []
