"""Sessions over midnight and over both changes of clocks: the day they began, and the time that passes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.assessments.rules.windows import hours_since
from app.courses.rules import moment
from tests.proofs.care import caring, path_of
from tests.world import World

NEW_YORK, BERLIN = "America/New_York", "Europe/Berlin"


@pytest.mark.parametrize(
    ("zone", "began", "day"),
    [
        (NEW_YORK, datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "2026-11-01"),  # 01:30 for the first time
        (NEW_YORK, datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "2026-11-01"),  # and for the second
        (NEW_YORK, datetime(2026, 11, 1, 3, 59, tzinfo=UTC), "2026-10-31"),
        (NEW_YORK, datetime(2026, 11, 2, 4, 59, tzinfo=UTC), "2026-11-01"),  # the 25th hour
        (NEW_YORK, datetime(2026, 3, 8, 4, 59, tzinfo=UTC), "2026-03-07"),
        (NEW_YORK, datetime(2026, 3, 9, 3, 59, tzinfo=UTC), "2026-03-08"),
        (NEW_YORK, datetime(2026, 3, 9, 4, 0, tzinfo=UTC), "2026-03-09"),
        (BERLIN, datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25"),
        (BERLIN, datetime(2026, 10, 25, 22, 59, tzinfo=UTC), "2026-10-25"),
        (BERLIN, datetime(2026, 3, 28, 22, 59, tzinfo=UTC), "2026-03-28"),
        (BERLIN, datetime(2026, 3, 29, 21, 59, tzinfo=UTC), "2026-03-29"),
    ],
)
def test_a_session_belongs_to_the_day_it_began_and_two_hours_are_two_hours(
    zone: str, began: datetime, day: str
) -> None:
    assert moment(began, zone).on.isoformat() == day
    assert hours_since(began, began + timedelta(minutes=120)) == Decimal(2)


@pytest.mark.parametrize(
    ("began", "day"),
    [
        ("2025-11-02T05:30:00Z", "2025-11-02"),  # 01:30 on the day of 25 hours
        ("2025-03-09T04:30:00Z", "2025-03-08"),  # 23:30 before the day of 23 hours
    ],
)
async def test_the_record_keeps_to_the_day_and_to_the_time_that_passes(began: str, day: str, clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()

    def after(minutes: float) -> str:
        return (datetime.fromisoformat(began) + timedelta(minutes=minutes)).isoformat()

    told = {
        "route": "intravenous",
        "administrations": [
            {
                "drug": "ketamine",
                "route": "intravenous",
                "events": [
                    {"kind": "start", "occurred_at": began, "rate_mg_per_min": 1},
                    {"kind": "stop", "occurred_at": after(40)},
                ],
            }
        ],
        "assessments": [{"instrument": "PHQ9", "answered_at": after(40 + 24 * 60), "total": 9}],
        "discharged_at": after(160),
    }
    session = await care.new(f"{path_of(patient)}/sessions", told)
    assert session["administrations"][0]["delivered_mg"] == 40
    (form,) = session["assessments"]
    assert (form["hours_since_last_dose"], form["days_since_last_dose"]) == (24, 1)
    window = {"started_from": began, "started_until": after(1)}
    (row,) = await care.items("/v1/sessions", patient_id=patient["id"], **window)
    assert row["session_on"] == day
    assert row["observation_minutes"] in {120, 160}  # from the end, or from the first dose, as the protocol counts
    course = await care.get(f"/v1/courses/{session['course_id']}")
    assert course["starts_on"] == day
