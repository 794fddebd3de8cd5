"""Readings and notes over HTTP."""

import pytest

from app.kernel.ids import new_id
from tests.proofs.care import ago, caring, path_of, version_header
from tests.world import World


async def test_a_batch_is_all_or_nothing_and_names_the_place(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session()
    good = {"measured_at": ago(minutes=9), "systolic_mmhg": 138, "diastolic_mmhg": 86}
    path = f"{path_of(session)}/vital-signs/batch"
    for broken, pointer in (
        ({"systolic_mmhg": 80, "diastolic_mmhg": 90}, "#/items/2/diastolic_mmhg"),
        ({"systolic_mmhg": 999}, "#/items/2/systolic_mmhg"),
        ({"measured_at": "2026-03-02T14:20:00"}, "#/items/2/measured_at"),
        ({"pulse": 70}, "#/items/2/pulse"),
    ):
        answer = await care.http.post(path, json={"items": [good, good, good | broken, good]})
        assert answer.status_code == 422, answer.text
        assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert await care.items("/v1/vital-signs", session_id=session["id"]) == []
    shown = await care.new(path, {"items": [good | {"heart_rate_bpm": n} for n in range(60, 80)]})
    assert [one["heart_rate_bpm"] for one in shown["items"]] == list(range(60, 80))
    assert len(await care.items("/v1/vital-signs", session_id=session["id"])) == 20


async def test_a_batch_sent_again_with_its_ids_records_nothing_new(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session()
    path = f"{path_of(session)}/vital-signs/batch"
    items = [{"id": str(new_id()), "measured_at": ago(minutes=n), "spo2_percent": 98} for n in range(5)]
    first = await care.new(path, {"items": items[:3]})
    again = await care.new(path, {"items": items})
    assert again["items"][:3] == first["items"]
    assert len(await care.items("/v1/vital-signs", session_id=session["id"])) == 5


@pytest.mark.parametrize("state", ["scheduled", "dosing", "discharged", "cancelled"])
async def test_a_reading_is_a_fact_in_every_state_and_leaves_the_session_alone(clinic: World, state: str) -> None:
    care = await caring(clinic)
    session = await care.session_in(state)
    await care.vitals(session)
    await care.dissociation(session)
    assert await care.again(session) == session


async def test_a_corrected_reading_is_one_reading_with_two_versions(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    session = await care.session()
    reading = await nurse.vitals(session, systolic_mmhg=183)
    own = await nurse.change(reading, {"systolic_mmhg": 138})
    assert (own["version"], own["recorded_by"]) == (2, reading["recorded_by"])
    refused = await care.http.patch(path_of(reading), json={"diastolic_mmhg": 80}, headers=version_header(own))
    assert (refused.status_code, refused.json()["code"]) == (400, "change-reason-required")
    await care.change(reading, {"diastolic_mmhg": 80}, reason="typing_error: read from the monitor")
    (shown,) = await care.items("/v1/vital-signs", session_id=session["id"])
    assert (shown["systolic_mmhg"], shown["diastolic_mmhg"]) == (138, 80)
    history = await care.history(reading)
    assert [version["resource"]["systolic_mmhg"] for version in history] == [183, 138, 138]
    assert [version["reason"] for version in history] == [None, "typing_error", "typing_error: read from the monitor"]
    impossible = await care.http.patch(
        path_of(reading), json={"systolic_mmhg": 70}, headers=version_header(shown) | {"Change-Reason": "correction"}
    )
    assert (impossible.status_code, impossible.json()["code"]) == (422, "impossible-pressure")


async def test_an_own_entry_needs_a_reason_after_half_an_hour(clinic: World, clock: object) -> None:
    care = await caring(clinic)
    reading = await care.vitals(await care.session())
    clock.advance(minutes=29)  # type: ignore[attr-defined]
    assert (await care.again(reading))["version"] == 1  # keeps the session alive
    clock.advance(minutes=2)  # type: ignore[attr-defined]
    answer = await care.http.patch(path_of(reading), json={"note": "Left arm."}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["code"]) == (400, "change-reason-required")


async def test_a_reading_or_note_that_says_nothing_is_no_record(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session()
    empty = await care.http.post(f"{path_of(session)}/vital-signs", json={"measured_at": ago(), "note": "calm"})
    assert (empty.status_code, empty.json()["errors"][0]["code"]) == (422, "reading_needed")
    nothing = await care.http.post(f"{path_of(session)}/dissociation-notes", json={"observed_at": ago()})
    assert (nothing.status_code, nothing.json()["errors"][0]["code"]) == (422, "observation_needed")
    body = {"observed_at": ago(), "phenomena": ["unheard_of"]}
    unknown = await care.http.post(f"{path_of(session)}/dissociation-notes", json=body)
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "#/phenomena/0")


async def test_lists_are_ordered_by_when_it_was_seen_and_leave_errors_out(clinic: World) -> None:
    care = await caring(clinic)
    session, other = await care.session(), await care.session()
    late, early = (
        await care.vitals(session, measured_at=ago(minutes=5)),
        await care.vitals(session, measured_at=ago(hours=2)),
    )
    elsewhere = await care.vitals(other)

    async def found(**params: object) -> list[str]:
        return [one["id"] for one in await care.items("/v1/vital-signs", **params)]

    assert await found(session_id=session["id"]) == [late["id"], early["id"]]
    assert await found(patient_id=other["patient_id"]) == [elsewhere["id"]]
    assert await found(patient_id=other["patient_id"], session_id=session["id"]) == []
    await care.void(late)
    assert await found(session_id=session["id"]) == [early["id"]]
    assert await found(session_id=session["id"], include_entered_in_error="true") == [late["id"], early["id"]]


async def test_notes_keep_their_text_as_it_was_written(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session()
    texts = ["<script>alert(1)</script>", "=1+1", "line one\n\tline two", "Ångström 🌊 naïve", "  spaces  "]
    for text in texts:
        note = await care.dissociation(session, note=text)
        assert (await care.again(note))["note"] == text
