"""Trials over HTTP: recorded, corrected, and what they come to."""

from typing import Any

import pytest

from app.kernel.ids import new_id
from tests.conftest import Clock
from tests.proofs.care import Care, Json, ago, caring, path_of, version_header
from tests.world import World

DULL: Json = {
    "class_code": "ssri",
    "adequate_dose": True,
    "weeks": 8,
    "response_percent": 20,
    "source_of_information": "patient",
}


async def tried(care: Care, patient: Json, drug: str = "Sertraline", **members: Any) -> Json:
    """A failed adequate trial, unless said otherwise."""
    return await care.new(f"{path_of(patient)}/medication-trials", {"drug": drug} | DULL | members)


async def an_episode(care: Care, patient: Json, **members: Any) -> Json:
    """The present illness."""
    return await care.new(f"{path_of(patient)}/episodes", {"indication_code": "F33.2"} | members)


async def resistance(care: Care, patient: Json) -> Json:
    """How resistant it has been."""
    return await care.get(f"{path_of(patient)}/treatment-resistance")


def day(days_ago: int) -> str:
    """A day so long before today, in any zone."""
    return ago(days=days_ago)[:10]


async def test_a_trial_says_whether_it_was_adequate_and_failed(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    told = await tried(care, patient, weeks=None, started_on="2025-06-02", ended_on="2025-07-13")
    assert (told["adequate"], told["adequate_athf"], told["failed"]) == (True, True, True)
    assert told["rule_version"] == "TREATMENT_RESISTANCE@1"
    short = await care.change(told, {"ended_on": "2025-07-12"})
    assert (short["adequate"], short["adequate_athf"]) == (False, True)
    unsure = await care.change(told, {"adequate_dose": None, "response_percent": None})
    assert (unsure["adequate"], unsure["adequate_athf"], unsure["failed"]) == (False, None, None)
    versions = await care.history(told)
    assert [one["resource"]["adequate"] for one in versions] == [True, False, False]
    assert await care.get(path_of(told), params={"as_of": short["updated_at"]}) == short
    assert [one["id"] for one in await care.items("/v1/medication-trials", patient_id=patient["id"])] == [told["id"]]


async def test_a_trial_that_goes_on_may_still_become_adequate(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    episode = await an_episode(care, patient, began_on=day(400))
    long = await tried(care, patient, "A", weeks=None, started_on=day(60), episode_id=episode["id"])
    fresh = await tried(care, patient, "B", weeks=None, started_on=day(20), episode_id=episode["id"])
    assert (long["adequate"], fresh["adequate"]) == (True, None)


async def test_what_cannot_be_is_refused(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    elsewhere = await an_episode(care, await care.patient())
    voided = await care.void(await an_episode(care, patient))
    trial = await tried(care, patient)
    for body, code, pointer in (
        ({"class_code": "herbs"}, "unknown-class", "#/class_code"),
        ({"started_on": "2026-03-02", "ended_on": "2026-03-01"}, "end-before-start", "#/ended_on"),
        ({"episode_id": elsewhere["id"]}, "validation-failed", "#/episode_id"),
        ({"episode_id": voided["id"]}, "validation-failed", "#/episode_id"),
        ({"episode_id": str(new_id())}, "validation-failed", "#/episode_id"),
    ):
        for answer in (
            await care.http.post(f"{path_of(patient)}/medication-trials", json={"drug": "Sertraline"} | DULL | body),
            await care.http.patch(path_of(trial), json=body, headers=version_header(trial)),
        ):
            assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
            assert answer.json()["errors"][0]["pointer"] == pointer
    assert await care.again(trial) == trial


async def test_resistance_is_reckoned_with_its_inputs(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    nothing = await resistance(care, patient)
    assert nothing["episode_id"] is None
    assert (nothing["mgh"]["score"], nothing["mgh"]["unknown"]) == (None, ["no_open_episode"])
    assert (nothing["maudsley"]["score"], nothing["maudsley"]["unknown"]) == (None, ["no_open_episode"])
    episode = await an_episode(care, patient, began_on=day(200), severity="moderate")
    there = {"episode_id": episode["id"]}
    first = await tried(care, patient, optimisations=1, augmentations=["Lithium"], **there)
    await tried(care, patient, "  SERTRALINE ", **there)
    once = await resistance(care, patient)
    assert [one["treatment_resistant"] for one in once["failures"]] == [False, False]
    second = await tried(care, patient, "Venlafaxine", class_code="snri", weeks=5, **there)
    shown = await resistance(care, patient)
    assert (shown["version"], shown["episode_id"]) == ("TREATMENT_RESISTANCE@1", episode["id"])
    by_code = {one["code"]: one for one in shown["failures"]}
    assert (by_code["MGH"]["failed_antidepressants"], by_code["MGH"]["treatment_resistant"]) == (1, False)
    assert (by_code["ATHF"]["failed_antidepressants"], by_code["ATHF"]["treatment_resistant"]) == (2, True)
    await care.change(second, {"weeks": 6})
    await tried(care, patient, "ECT", class_code="ect", **there)
    await care.void(await tried(care, patient, "Fluoxetine", **there))
    await tried(care, await care.patient(), "Fluoxetine")
    shown = await resistance(care, patient)
    (mgh_failures, _) = shown["failures"]
    assert (mgh_failures["failed_trials"], mgh_failures["failed_antidepressants"]) == (3, 2)
    assert (mgh_failures["undecided_trials"], mgh_failures["treatment_resistant"]) == (0, True)
    assert shown["mgh"]["score"] == 7  # three trials, half a point twice, three for the therapy that failed
    assert shown["mgh"]["inputs"] == {"failed_trials": 3, "optimisations": 1, "augmentations": 1, "failed_ect": True}
    assert shown["maudsley"]["inputs"] == {
        "duration_months": 7,
        "severity": "moderate",
        "failed_antidepressants": 2,
        "augmentation": True,
        "ect": True,
    }
    assert (shown["maudsley"]["score"], shown["maudsley"]["band"]) == (7, "moderate")
    assert [one["drug"] for one in shown["trials"]] == ["Sertraline", "  SERTRALINE ", "Venlafaxine", "ECT"]
    assert [one["counts"] for one in shown["trials"]] == [True, True, True, False]
    await care.change(first, {"adequate_dose": None})
    shown = await resistance(care, patient)
    assert shown["mgh"]["unknown"] == shown["maudsley"]["unknown"] == ["undecided_trial"]
    assert shown["failures"][0]["treatment_resistant"] is True
    await care.change(episode, {"severity": None, "began_on": None})
    assert (await resistance(care, patient))["maudsley"]["unknown"] == [
        "episode_began_on",
        "episode_severity",
        "undecided_trial",
    ]
    await care.change(episode, {"ended_on": "2026-01-05"})
    assert (await resistance(care, patient))["mgh"]["unknown"] == ["no_open_episode"]


async def test_severity_is_a_fact_of_the_episode(clinic: World) -> None:
    care = await caring(clinic)
    episode = await an_episode(care, await care.patient())
    assert episode["severity"] is None
    assert (await care.change(episode, {"severity": "severe_psychotic"}))["severity"] == "severe_psychotic"
    answer = await care.http.patch(path_of(episode), json={"severity": "bad"}, headers={"If-Match": '"2"'})
    assert answer.status_code == 422


async def test_an_episode_with_trials_is_not_marked_as_an_error(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    episode = await an_episode(care, patient)
    trial = await tried(care, patient, episode_id=episode["id"])
    refused = await care.http.post(
        f"{path_of(episode)}/mark-entered-in-error", json={"reason": "wrong patient"}, headers=version_header(episode)
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "has-records")
    await care.void(trial)
    await care.void(episode)


async def test_a_patient_entered_in_error_takes_trials_along(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    trial = await tried(care, patient)
    await care.void(patient)
    assert (await care.again(trial))["entered_in_error"]["reason"] == "wrong patient"


async def test_somebody_else_s_entry_is_corrected_with_a_reason(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    trial = await tried(nurse, await nurse.patient())
    asked = await care.http.patch(path_of(trial), json={"weeks": 5}, headers=version_header(trial))
    assert (asked.status_code, asked.json()["code"]) == (400, "change-reason-required")
    mended = await care.change(trial, {"weeks": 5}, reason="correction: read in the letter")
    assert (mended["weeks"], mended["adequate"]) == (5, False)


@pytest.mark.parametrize("role", ["front_desk", "admin", "auditor"])
async def test_who_does_not_treat_sees_none(role: str, clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    trial = await tried(care, patient)
    http = await clinic.client(role)
    for path in ("/v1/medication-trials", path_of(trial), f"{path_of(patient)}/treatment-resistance"):
        assert (await http.get(path)).status_code == 403


async def test_another_clinic_sees_none(clinic: World, other_clinic: World) -> None:
    care, elsewhere = await caring(clinic), await caring(other_clinic)
    patient = await care.patient()
    trial = await tried(care, patient)
    episode = await an_episode(care, patient)
    assert await elsewhere.items("/v1/medication-trials", patient_id=patient["id"]) == []
    for path in (path_of(trial), f"{path_of(patient)}/treatment-resistance"):
        assert (await elsewhere.http.get(path)).status_code == 404
    theirs = await elsewhere.patient()
    body = {"drug": "Sertraline"} | DULL | {"episode_id": episode["id"]}
    answer = await elsewhere.http.post(f"{path_of(theirs)}/medication-trials", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/episode_id")


async def test_today_moves_what_is_reckoned_and_not_what_is_stored(clinic: World, clock: Clock) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    await an_episode(care, patient, began_on=day(90))
    trial = await tried(care, patient, weeks=None, started_on=day(10))
    (before,) = (await resistance(care, patient))["trials"]
    assert (before["adequate"], before["counts"]) == (None, None)
    clock.advance(days=60)
    care = Care(await clinic.client("nurse"))
    (after,) = (await resistance(care, patient))["trials"]
    assert (after["adequate"], after["counts"], after["in_episode"]) == (True, True, True)
    assert (await care.again(trial))["adequate"] is None
