"""What a row of the list of sessions tells the front desk, member by member.

The members are written out here. A test that took them from where they are declared would believe any declaration,
also one that forgot the dose.
"""

import pytest

from tests.proofs.care import caring
from tests.treatment.rich import richly_treated
from tests.world import World

# Who is to come, when and where; the rest of a row is nothing a desk needs.
OF_A_DESK = {
    "object", "id", "version", "recorded_at", "recorded_by", "updated_at", "origin", "entered_in_error",
    "patient_id", "patient_identifiers", "course_id", "plan_item_id", "location_id", "location", "number_in_course",
    "status", "held_from", "drug", "route", "setting", "scheduled_start_at", "checked_in_at", "recorded_afterwards",
    "session_on", "time_zone", "withheld", "amended",
}  # fmt: skip


@pytest.mark.parametrize("role", ["front_desk", "admin"])
async def test_a_row_tells_the_desk_who_comes_and_nothing_clinical(clinic: World, role: str) -> None:
    care = await caring(clinic)
    sessions = await richly_treated(care, await caring(clinic, "admin"))
    asked = {"patient_id": sessions[0]["patient_id"], "include": "text"}
    desk = await caring(clinic, role)
    rows = await desk.items("/v1/sessions", **asked)
    assert len(rows) == len(sessions)
    for row in rows:
        told = {name for name, value in row.items() if value is not None}
        assert told <= OF_A_DESK
        assert row["withheld"] == ["session:read", "course:read", "score:read", "alert:read"]
    # The same rows have all of it to tell to whoever may read it.
    whole = [name for row in await care.items("/v1/sessions", **asked) for name in row if row[name] is not None]
    assert {"delivered_mg", "scores", "pressure_peak", "phase", "open_alert_count"} <= set(whole)
