"""Enrolments in risk programmes over HTTP."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from app.protocols.rules import Drug
from app.screening.enrolments.catalogue import shipped_programmes
from app.screening.enrolments.queries import enrolled
from app.screening.enrolments.rules import Enrolled, enrolment_at
from tests.proofs.care import Json, ago, caring, fresh_key, path_of, version_header
from tests.proofs.recipes import ENROLLED
from tests.world import ZONE, World

PLACE: Json = {"programme": "SPRAVATO_REMS", "enrolled_on": "2026-01-05", "reference": "HCS-20417"}
PLACES = "/v1/programme-enrolments"


async def standing(clinic: World, patient: Json, location_id: Any = None) -> str:
    """Whether the patient is covered now, as other areas will ask."""
    async with clinic.reading() as db:
        rows = await db.execute(enrolled(db.info["actor"], UUID(patient["id"])))
        known = [Enrolled(**row) for row in rows.mappings()]
    programmes = shipped_programmes().values()
    at = datetime.fromisoformat(ago())
    return enrolment_at(known, programmes, Drug.ESKETAMINE, at, ZONE, location_id=location_id).reason


async def test_patient_and_place_are_enrolled(clinic: World) -> None:
    care, admin = await caring(clinic), await caring(clinic, "admin")
    patient = await care.patient()
    assert await standing(clinic, patient) == "patient_not_enrolled"
    body = ENROLLED | {"enrolled_on": "2026-01-05", "signed_by_prescriber": False}
    enrolment = await care.new(f"{path_of(patient)}/programme-enrolments", body)
    assert (enrolment["patient_id"], enrolment["location_id"], enrolment["ended_on"]) == (patient["id"], None, None)
    assert await standing(clinic, patient) == "patient_not_signed"
    await care.change(enrolment, {"signed_by_prescriber": True})
    assert await standing(clinic, patient) == "place_not_enrolled"
    room = await admin.new("/v1/locations", {"name": "Room 3"})
    of_room = await care.new(PLACES, PLACE | {"location_id": room["id"]})
    assert (of_room["patient_id"], of_room["location_id"]) == (None, room["id"])
    assert (of_room["signed_by_patient"], of_room["reference"]) == (None, "HCS-20417")
    assert await standing(clinic, patient) == "place_not_enrolled"
    whole = await care.new(PLACES, PLACE)
    assert await standing(clinic, patient) == "enrolled"
    ended = await care.change(whole, {"ended_on": "2026-01-31", "ended_reason": "Moved."})
    assert (ended["ended_on"], ended["ended_reason"]) == ("2026-01-31", "Moved.")
    assert await standing(clinic, patient) == "place_ended"
    await care.void(whole)
    assert await standing(clinic, patient) == "place_not_enrolled"
    listed = await care.items(PLACES, location_id=room["id"])
    assert [one["id"] for one in listed] == [of_room["id"]]
    assert [one["id"] for one in await care.items(PLACES, patient_id=patient["id"])] == [enrolment["id"]]
    await care.void(patient)
    assert (await care.again(enrolment))["entered_in_error"] is not None
    assert (await care.again(of_room))["entered_in_error"] is None


async def test_they_are_found_by_their_last_day(clinic: World) -> None:
    care = await caring(clinic)
    for day in ("2190-03-01", None, "2190-01-01", "2190-02-01"):
        await care.new(PLACES, PLACE | {"ended_on": day})
    due = await care.items(PLACES, expires_before="2190-03-01", programme="SPRAVATO_REMS", limit=1)
    assert [one["ended_on"] for one in due] == ["2190-01-01", "2190-02-01"]


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"ended_on": "2026-01-04"}, "#/ended_on"),
        ({"signed_by_patient": True}, "#/signed_by_patient"),
        ({"location_id": "0199c1f0-7d3e-7a51-9c1e-3f0a5b7e2d10"}, "#/location_id"),
    ],
)
async def test_what_cannot_be_is_refused(clinic: World, members: Json, pointer: str) -> None:
    care = await caring(clinic)
    refused = await care.http.post(PLACES, json=PLACE | members, headers=fresh_key())
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), refused.text


async def test_a_correction_keeps_to_the_same_rules(clinic: World) -> None:
    care = await caring(clinic)
    place = await care.new(PLACES, PLACE | {"ended_on": "2026-06-30"})
    for body, pointer in (
        ({"signed_by_patient": True}, "#/signed_by_patient"),
        ({"enrolled_on": "2026-07-01"}, "#/enrolled_on"),
        ({"ended_on": "2026-01-04"}, "#/ended_on"),
    ):
        refused = await care.http.patch(path_of(place), json=body, headers=version_header(place))
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), refused.text
    open_again = await care.change(place, {"ended_on": None})
    assert open_again["ended_on"] is None


async def test_enrolments_of_another_clinic_are_not_there(clinic: World, other_clinic: World) -> None:
    care, elsewhere = await caring(clinic), await caring(other_clinic)
    patient = await care.patient()
    enrolment = await care.new(f"{path_of(patient)}/programme-enrolments", ENROLLED)
    await care.new(PLACES, PLACE)
    assert (await elsewhere.http.get(path_of(enrolment))).status_code == 404
    refused = await elsewhere.http.post(f"{path_of(patient)}/programme-enrolments", json=ENROLLED, headers=fresh_key())
    assert refused.status_code == 404
    assert await elsewhere.items(PLACES) == []
    assert await standing(other_clinic, await elsewhere.patient()) == "patient_not_enrolled"
