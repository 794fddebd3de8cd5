"""Medicines over HTTP: recorded, listed, corrected, ended, and what matters of them today."""

from datetime import UTC, datetime

from tests.conftest import Clock
from tests.proofs.care import Care, Json, caring, path_of, version_header
from tests.world import World


async def takes(care: Care, patient: Json, name: str = "Sertraline", **members: object) -> Json:
    """A medicine of a patient."""
    return await care.new(f"{path_of(patient)}/medications", {"name": name} | members)


async def test_a_medicine_answers_what_its_classes_do(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    benzo = await takes(
        care, patient, "Lorazepam", class_codes=["benzodiazepine", "ssri"], diazepam_equivalent_mg_per_day=7.5
    )
    assert benzo["taken_as"] == "regular"
    assert benzo["interactions_version"] == "INTERACTIONS@1"
    (flag,) = benzo["interactions"]
    assert (flag["code"], flag["level"]) == ("benzodiazepine", "flag")
    assert flag["asks"] == ["record_diazepam_equivalent", "ask_hold_on_day"]
    assert flag["verified"] is True
    assert (await takes(care, patient, class_codes=["ssri"]))["interactions"] == []
    untold = await takes(care, patient)
    assert (untold["class_codes"], untold["interactions"]) == (None, None)
    assert await care.again(benzo) == benzo


async def test_what_cannot_be_is_refused(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    path = f"{path_of(patient)}/medications"
    for body, code, pointer in (
        ({"class_codes": ["ssri", "herbs"]}, "unknown-class", "#/class_codes/1"),
        ({"started_on": "2026-03-02", "ended_on": "2026-03-01"}, "end-before-start", "#/ended_on"),
    ):
        answer = await care.http.post(path, json={"name": "Sertraline"} | body)
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
        assert answer.json()["errors"][0]["pointer"] == pointer
    medicine = await takes(care, patient, started_on="2026-03-02")
    for body, code in (({"ended_on": "2026-03-01"}, "end-before-start"), ({"class_codes": ["x"]}, "unknown-class")):
        answer = await care.http.patch(path_of(medicine), json=body, headers=version_header(medicine))
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert await care.again(medicine) == medicine


async def test_flags_follow_a_correction_and_history_shows_both(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    medicine = await takes(nurse, await nurse.patient(), class_codes=["ssri"], started_on="2026-01-05")
    body = {"class_codes": ["maoi"], "name": "Phenelzine"}
    asked = await care.http.patch(path_of(medicine), json=body, headers=version_header(medicine))
    assert (asked.status_code, asked.json()["code"]) == (400, "change-reason-required")
    mended = await care.change(medicine, body, reason="correction: read off the box")
    assert [flag["code"] for flag in mended["interactions"]] == ["maoi"]
    ended = await care.change(medicine, {"ended_on": "2026-03-02"}, reason="new_information")
    assert [flag["code"] for flag in ended["interactions"]] == ["maoi"]
    versions = await care.history(medicine)
    assert [version["event"] for version in versions] == [
        "medication.recorded",
        "medication.corrected",
        "medication.ended",
    ]
    assert [len(version["resource"]["interactions"]) for version in versions] == [0, 1, 1]
    assert await care.get(path_of(medicine), params={"as_of": mended["updated_at"]}) == mended
    cleared = await care.change(medicine, {"class_codes": None}, reason="correction")
    assert cleared["interactions"] is None


async def test_what_is_taken_today_follows_the_day_on_the_clinic_s_wall(clinic: World, clock: Clock) -> None:
    clock.set(datetime(2026, 3, 3, 3, 0, tzinfo=UTC))  # still the evening of the 2nd in New York
    care = await caring(clinic)
    patient, other = await care.patient(), await care.patient()
    ended = await takes(care, patient, "A", ended_on="2026-03-01")
    last_day = await takes(care, patient, "B", ended_on="2026-03-02")
    begins = await takes(care, patient, "C", started_on="2026-03-03")
    going_on = await takes(care, patient, "D", started_on="2026-01-05")
    await care.void(await takes(care, patient, "E"))
    foreign = await takes(care, other, "F")

    async def listed(**params: object) -> list[str]:
        return [one["id"] for one in await care.items("/v1/medications", patient_id=patient["id"], **params)]

    assert await listed() == [one["id"] for one in (going_on, begins, last_day, ended)]
    assert await listed(current=True) == [going_on["id"], last_day["id"]]
    assert await listed(current=False) == [begins["id"], ended["id"]]
    assert len(await listed(include_entered_in_error=True)) == 5
    assert [one["id"] for one in await care.items("/v1/medications", patient_id=other["id"])] == [foreign["id"]]
    clock.advance(hours=2)  # the 3rd has begun
    care = await caring(clinic, "nurse")
    assert await listed(current=True) == [going_on["id"], begins["id"]]


async def test_the_interactions_of_a_patient_are_those_of_today(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    path = f"{path_of(patient)}/interactions"
    nothing = await care.get(path)
    assert (nothing["items"], nothing["unclassified_medication_ids"]) == ([], [])
    assert nothing["diazepam_equivalent"] == {
        "mg_per_day": 0,
        "above_mg_per_day": 8,
        "is_above": False,
        "missing_medication_ids": [],
    }
    first = await takes(care, patient, "Lorazepam", class_codes=["benzodiazepine"], diazepam_equivalent_mg_per_day=5)
    second = await takes(care, patient, "Clonazepam", class_codes=["benzodiazepine"])
    untold = await takes(care, patient, "Herbs")
    await takes(care, patient, "Morphine", class_codes=["opioid"], ended_on="2020-01-01")
    await care.void(await takes(care, patient, "Phenelzine", class_codes=["maoi"]))
    await takes(care, await care.patient(), "Morphine", class_codes=["opioid"])
    shown = await care.get(path)
    assert [(flag["code"], flag["medication_ids"]) for flag in shown["items"]] == [
        ("benzodiazepine", [first["id"], second["id"]])
    ]
    assert shown["unclassified_medication_ids"] == [untold["id"]]
    assert shown["diazepam_equivalent"]["is_above"] is None
    assert shown["diazepam_equivalent"]["missing_medication_ids"] == [second["id"]]
    await care.change(second, {"diazepam_equivalent_mg_per_day": 3.5})
    shown = await care.get(path)
    assert shown["diazepam_equivalent"] == {
        "mg_per_day": 8.5,
        "above_mg_per_day": 8,
        "is_above": True,
        "missing_medication_ids": [],
    }
    assert shown["items"][-1]["code"] == "diazepam_equivalent_high"
    assert shown["items"][-1]["medication_ids"] == [first["id"], second["id"]]


async def test_the_front_desk_and_another_clinic_see_none(clinic: World, other_clinic: World) -> None:
    care, elsewhere = await caring(clinic), await caring(other_clinic)
    patient = await care.patient()
    medicine = await takes(care, patient, class_codes=["opioid"])
    desk = await clinic.client("front_desk")
    for path in ("/v1/medications", path_of(medicine), f"{path_of(patient)}/interactions"):
        assert (await desk.get(path)).status_code == 403
    assert await elsewhere.items("/v1/medications", patient_id=patient["id"]) == []
    for path in (path_of(medicine), f"{path_of(patient)}/interactions"):
        assert (await elsewhere.http.get(path)).status_code == 404
    answer = await elsewhere.http.post(f"{path_of(patient)}/medications", json={"name": "Sertraline"})
    assert answer.status_code == 404


async def test_a_patient_entered_in_error_takes_medicines_along(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    medicine = await takes(care, patient)
    await care.void(patient)
    assert (await care.again(medicine))["entered_in_error"]["reason"] == "wrong patient"
