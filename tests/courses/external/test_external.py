"""What was given elsewhere: recorded by day or time, corrected, counted."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import select

from app.courses.external.queries import sessions_elsewhere
from tests.proofs.care import Care, Json, caring, path_of, version_header
from tests.world import World

GIVEN = {"drug": "ketamine", "route": "intravenous", "source": "records"}


async def elsewhere(care: Care, patient: Json, **members: object) -> Json:
    """Sessions somebody else gave."""
    return await care.new(f"{path_of(patient)}/external-treatments", GIVEN | members)


async def test_a_day_or_a_time_is_enough(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    by_day = await elsewhere(care, patient, given_on="2026-03-02", first_given_on="2026-02-10", sessions=6, dose_mg=40)
    assert (by_day["given_on"], by_day["given_at"], by_day["sessions"]) == ("2026-03-02", None, 6)
    # Half past three on 10 March in UTC is still the evening of the 9th in New York.
    by_time = await elsewhere(care, patient, given_at="2026-03-10T03:30:00Z", provider="Harbour Clinic")
    assert (by_time["given_on"], by_time["given_at"]) == ("2026-03-09", "2026-03-10T03:30:00Z")
    assert [one["id"] for one in await care.items(f"{path_of(patient)}/external-treatments")] == [
        by_time["id"],
        by_day["id"],
    ]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"given_on": "2026-03-02", "given_at": "2026-03-02T14:00:00Z"},
        {"given_on": "2026-03-02", "first_given_on": "2026-03-03"},
        {"given_on": "2026-03-02", "sessions": 0},
        {"given_on": "2026-03-02", "dose_mg": -1},
        {"given_on": "2026-03-02", "drug": "caffeine"},
    ],
)
async def test_what_cannot_be_is_refused(clinic: World, body: Json) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    answer = await care.http.post(f"{path_of(patient)}/external-treatments", json=GIVEN | body)
    assert answer.status_code == 422, answer.text


async def test_a_correction_is_a_version_and_a_time_takes_the_place_of_the_day(clinic: World) -> None:
    care = await caring(clinic)
    given = await elsewhere(care, await care.patient(), given_on="2026-03-02")
    timed = await care.change(given, {"given_at": "2026-03-04T15:00:00Z"}, reason="correction")
    assert (timed["given_on"], timed["given_at"]) == ("2026-03-04", "2026-03-04T15:00:00Z")
    back = await care.change(given, {"given_on": "2026-03-03", "sessions": 2})
    assert (back["given_on"], back["given_at"], back["sessions"]) == ("2026-03-03", None, 2)
    events = [version["event"] for version in await care.history(given)]
    assert events == ["external_treatment.recorded", *["external_treatment.corrected"] * 2]
    assert await care.get(path_of(given), params={"as_of": timed["updated_at"]}) == timed
    wrong = await care.http.patch(path_of(given), json={"first_given_on": "2026-03-04"}, headers=version_header(back))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "first-after-last")


async def test_sessions_elsewhere_count_from_their_day_on(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    await elsewhere(care, patient, given_on="2026-03-02", sessions=6)
    await elsewhere(care, patient, given_at="2026-03-10T14:00:00Z")
    await care.void(await elsewhere(care, patient, given_on="2026-03-02", sessions=100))
    await elsewhere(care, await care.patient(), given_on="2026-03-02", sessions=10)
    counted: dict[datetime, int] = {}
    # New York's 2 March 2026 begins at 05:00 UTC.
    for until in (
        datetime(2026, 3, 2, 4, 59, tzinfo=UTC),
        datetime(2026, 3, 2, 5, 0, tzinfo=UTC),
        datetime(2026, 3, 10, 13, 59, tzinfo=UTC),
        datetime(2026, 3, 10, 14, 0, tzinfo=UTC),
    ):
        async with clinic.reading() as db:
            statement = select(sessions_elsewhere(db.info["actor"], UUID(patient["id"]), until))
            counted[until] = (await db.execute(statement)).scalar_one()
    assert list(counted.values()) == [0, 6, 6, 7]
