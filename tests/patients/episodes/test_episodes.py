"""Illness episodes, and the courses that belong to them."""

from datetime import date
from uuid import UUID

import pytest

from app.courses.queries import courses_of_episode
from app.kernel.errors import EndsBeforeStart
from app.patients.episodes.rules import EpisodeStatus, episode_status
from tests.proofs.care import Care, Json, caring, path_of, version_header
from tests.world import World


@pytest.mark.parametrize(
    ("began_on", "ended_on", "status"),
    [
        (None, None, "open"),
        (date(2026, 1, 5), None, "open"),
        (None, date(2026, 3, 2), "ended"),
        (date(2026, 3, 2), date(2026, 3, 2), "ended"),
        (date(2026, 3, 3), date(2026, 3, 2), None),
    ],
)
def test_an_episode_is_open_until_it_has_a_last_day(
    began_on: date | None, ended_on: date | None, status: str | None
) -> None:
    if status is None:
        with pytest.raises(EndsBeforeStart) as refused:
            episode_status(began_on, ended_on)
        assert refused.value.faults[0].pointer == "#/ended_on"
    else:
        assert episode_status(began_on, ended_on) is EpisodeStatus(status)


async def an_episode(care: Care, patient: Json, **members: object) -> Json:
    """An illness episode."""
    return await care.new(f"{path_of(patient)}/episodes", {"indication_code": "F33.2"} | members)


async def test_it_is_ended_and_opened_again_with_its_history(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    episode = await an_episode(care, patient, began_on="2026-01-05")
    assert (episode["status"], episode["ended_on"]) == ("open", None)
    ended = await care.change(episode, {"ended_on": "2026-03-02"})
    assert (ended["status"], ended["ended_on"]) == ("ended", "2026-03-02")
    again = await care.change(episode, {"ended_on": None})
    assert (again["status"], again["ended_on"]) == ("open", None)
    events = [version["event"] for version in await care.history(episode)]
    assert events == ["episode.opened", "episode.ended", "episode.reopened"]
    wrong = await care.http.patch(path_of(episode), json={"ended_on": "2026-01-04"}, headers=version_header(again))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "end-before-start")
    assert await care.items(f"{path_of(patient)}/episodes") == [again]
    then = await care.get(path_of(episode), params={"as_of": ended["updated_at"]})
    assert then == ended


async def test_somebody_else_s_entry_is_corrected_with_a_reason(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    episode = await an_episode(nurse, await care.patient())
    body = {"indication_code": "F33.1"}
    asked = await care.http.patch(path_of(episode), json=body, headers=version_header(episode))
    assert (asked.status_code, asked.json()["code"]) == (400, "change-reason-required")
    assert (await care.change(episode, body, reason="correction"))["indication_code"] == "F33.1"


async def test_a_course_belongs_to_the_open_episode_and_takes_its_indication(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    assert (await care.course(patient))["episode_id"] is None
    past = await an_episode(care, patient, ended_on="2024-03-02")
    assert (await care.course(patient))["episode_id"] is None
    present = await an_episode(care, patient, indication_code="F32.1")
    first = await care.course(patient, starts_on="2026-03-02")
    assert (first["episode_id"], first["indication_code"]) == (present["id"], "F32.1")
    named = await care.course(patient, episode_id=past["id"], indication_code="F33.0")
    assert (named["episode_id"], named["indication_code"]) == (past["id"], "F33.0")
    assert (await care.change(named, {"episode_id": None}))["episode_id"] is None


async def test_the_courses_of_an_episode_come_in_order(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    episode = await an_episode(care, patient)
    later = await care.course(patient, starts_on="2026-06-01")
    first = await care.course(patient, starts_on="2026-03-02")
    wrong = await care.course(patient, starts_on="2026-01-02")
    elsewhere = await care.course(await care.patient(), starts_on="2026-01-02")
    await care.void(wrong)
    async with clinic.reading() as db:
        found = await db.execute(courses_of_episode(db.info["actor"], UUID(episode["id"])))
        ids = [str(row["id"]) for row in found.mappings()]
    assert ids == [first["id"], later["id"]]
    assert elsewhere["episode_id"] is None


async def test_an_episode_of_another_patient_is_unknown(clinic: World) -> None:
    care = await caring(clinic)
    episode = await an_episode(care, await care.patient())
    voided = await care.void(await an_episode(care, patient := await care.patient()))
    for unknown in (episode, voided):
        body = {"protocol_code": "OPEN", "episode_id": unknown["id"]}
        answer = await care.http.post(f"{path_of(patient)}/courses", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/episode_id")
    course = await care.course(patient)
    moved = await care.http.patch(path_of(course), json={"episode_id": episode["id"]}, headers=version_header(course))
    assert moved.status_code == 422


async def test_an_episode_that_is_treated_is_not_marked_as_an_error(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    episode = await an_episode(care, patient)
    course = await care.course(patient)
    refused = await care.http.post(
        f"{path_of(episode)}/mark-entered-in-error", json={"reason": "wrong patient"}, headers=version_header(episode)
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "has-records")
    await care.void(course)
    assert (await care.void(episode))["entered_in_error"]["reason"] == "wrong patient"


async def test_a_patient_entered_in_error_takes_along_what_was_told(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    episode = await an_episode(care, patient)
    given = {"drug": "ketamine", "route": "oral", "given_on": "2026-03-02", "source": "patient"}
    external = await care.new(f"{path_of(patient)}/external-treatments", given)
    await care.void(patient)
    for told in (episode, external):
        assert (await care.again(told))["entered_in_error"] is not None
