"""The list of sessions: what a row tells, whom it tells it, and what it may be asked for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.identity.rules import ROLE_PERMISSIONS, Role
from app.treatment.rows.routes import SESSION_ROW
from tests.proofs.care import Care, Json, ago, caring, instant, path_of, start, stop
from tests.treatment.rich import TEXT, TOTAL_AFTER, TOTAL_BEFORE, richly_treated, row_as_single_reads_tell, told_by_row
from tests.world import World

SCOPES = ("session:read", "score:read", "alert:read", "course:read", "patient:read")
HEADER = set(SESSION_ROW.needs[0].members)


async def rows_of(care: Care, session: Json, **params: Any) -> list[Json]:
    """The rows of a session's patient, in time."""
    return await care.items("/v1/sessions", patient_id=session["patient_id"], sort="session_at", **params)


async def test_a_row_says_what_the_single_reads_say(clinic: World) -> None:
    care = await caring(clinic)
    sessions = await richly_treated(care, await caring(clinic, "admin"))
    rows = await rows_of(care, sessions[0])
    assert [row["id"] for row in rows] == [session["id"] for session in sessions]
    for row in rows:
        said = await row_as_single_reads_tell(care, row["id"])
        assert {name: told_by_row(row)[name] for name in said} == said


async def test_a_row_says_the_figures_of_the_day(clinic: World) -> None:
    """The same once more by hand, so that no two reads can be wrong together."""
    care = await caring(clinic)
    sessions = await richly_treated(care, await caring(clinic, "admin"))
    second = (await rows_of(care, sessions[0]))[1]
    assert (second["number_in_course"], second["lifetime_number"]) == (2, 7)
    assert (second["ordered_mg"], second["delivered_mg"], second["wasted_mg"]) == (41.2, 30.9, 10.3)
    assert (second["weight_kg"], second["delivered_mg_per_kg"]) == (80, 0.3863)
    assert (second["pressure_baseline"]["systolic_mmhg"], second["pressure_peak"]["systolic_mmhg"]) == (128, 152)
    assert (second["dissociation_max"], second["dissociation_note_count"], second["vital_signs_count"]) == (6, 1, 3)
    assert (second["administration_count"], second["assessment_count"]) == (1, 3)
    assert second["observation_minutes"] == 95  # of 125 since the first moment: under OPEN the end of the dose counts
    prescriber = await clinic.actor("prescriber")
    assert second["prescriber"] == {
        "principal_id": str(prescriber.principal_id),
        "name": f"prescriber of {clinic.name}",
    }
    assert second["given_by"] == {"principal_id": None, "name": "S. Levy"}
    ((phq9),) = second["scores"]
    assert (phq9["before"]["total"], phq9["after"]["total"]) == (TOTAL_BEFORE, TOTAL_AFTER)
    assert (phq9["after"]["days_since_last_dose"], phq9["after"]["severity"]) == (3, "mild")
    assert "too soon" in second["score_rules"]["after"]


async def test_the_course_says_who_answers_for_a_session_without_an_order(clinic: World) -> None:
    care = await caring(clinic)
    prescriber = await clinic.actor("prescriber")
    by = {"principal_id": str(prescriber.principal_id), "name": f"prescriber of {clinic.name}"}
    course = await care.course(prescriber_id=by["principal_id"])
    (row,) = await rows_of(care, await care.session(course))
    assert row["prescriber"] == by
    nurse, patient = await caring(clinic, "nurse"), await care.patient()
    told = {"route": "intravenous", "started_at": ago(hours=4), "delivered_mg": 41.2}
    (row,) = await rows_of(care, await nurse.new(f"{path_of(patient)}/sessions", told))
    assert row["prescriber"] is None


async def test_what_was_entered_in_error_counts_nowhere(clinic: World) -> None:
    care = await caring(clinic)
    sessions = await richly_treated(care, await caring(clinic, "admin"))
    await care.void(sessions[1])
    first, third, coming = await rows_of(care, sessions[0])
    assert (first["lifetime_number"], third["lifetime_number"], coming["lifetime_number"]) == (6, 7, None)
    assert [row["id"] for row in (first, third, coming)] == [sessions[number]["id"] for number in (0, 2, 3)]
    marked = (await rows_of(care, sessions[0], include_entered_in_error="true"))[1]
    assert marked["entered_in_error"]["reason"] == "wrong patient"
    assert (marked["lifetime_number"], marked["delivered_mg"], marked["scores"]) == (None, None, [])


async def test_free_text_comes_only_when_asked_for(clinic: World) -> None:
    care = await caring(clinic)
    sessions = await richly_treated(care, await caring(clinic, "admin"))
    for row in await rows_of(care, sessions[0]):
        assert not set(TEXT) & set(row)
    *_, third, coming = await rows_of(care, sessions[0], include="text")
    assert (third["condition_at_discharge"], third["escort_name"]) == ("well", "R. Rivera")
    assert coming["note"] == "Prefers the quiet room."


async def test_a_list_can_be_asked_for_who_ordered_or_gave(clinic: World) -> None:
    care, nurse = await caring(clinic), await caring(clinic, "nurse")
    course = await care.course()
    ordered, typed, named = [await care.session(course) for _ in range(3)]
    await care.order(ordered)
    await nurse.administration(typed, events=[start(50), stop(40)])
    await nurse.administration(named, events=[start(30), stop(20)], administered_by="S. Levy")
    by = {role: str((await clinic.actor(role)).principal_id) for role in ("prescriber", "nurse", "therapist")}

    async def found(*roles: str) -> set[str]:
        return {one["id"] for one in await care.items("/v1/sessions", staff_id=[by[role] for role in roles])}

    assert await found("prescriber") == {ordered["id"]}
    assert await found("nurse") == {typed["id"]}
    assert await found("nurse", "prescriber") == {ordered["id"], typed["id"]}
    assert await found("therapist") == set()


# ── who may see what ─────────────────────────────────────────────────────────────────────────────────────────────────


def require_withheld(shown: Json, permissions: frozenset[str], where: str) -> None:
    """What needs a permission that is lacking is null and named; nothing else is withheld."""
    needs = [one for one in SESSION_ROW.needs if set(one.members) & set(shown)]
    is_row = "scores" in shown
    lacking = [one for one in needs if one.permission not in permissions and (is_row or one is needs[0])]
    assert shown["withheld"] == [one.permission for one in lacking], where
    for need in lacking:
        seen = {name: shown[name] for name in need.members if shown.get(name) is not None}
        assert not seen, f"{where} shows {seen} without {need.permission}"


@pytest.mark.parametrize("role", [role.value for role in Role if role is not Role.AUDITOR])
async def test_each_role_sees_what_it_may_wherever_a_session_shows(clinic: World, role: str) -> None:
    care = await caring(clinic)
    sessions = await richly_treated(care, await caring(clinic, "admin"))
    held = await care.do(await care.session_in("checked_in"), "hold", {"reason": "Pressure 172/98."})
    permissions = ROLE_PERMISSIONS[Role(role)]
    reader = await caring(clinic, role)
    await clinic.database.sealer.seal()
    soon = instant(datetime.now(UTC) + timedelta(minutes=1))
    for session in (sessions[1], held):
        header = await reader.get(path_of(session))
        require_withheld(header, permissions, "header")
        require_withheld(await reader.get(path_of(session), params={"as_of": soon}), permissions, "as_of")
        for version in await reader.history(session):
            require_withheld(version["resource"], permissions, "history")
            may = "session:read" in permissions
            assert may or (version["reason"], version["occurred_at"]) == (None, None)
        for include in ({}, {"include": "text"}):
            for row in await rows_of(reader, session, **include):
                require_withheld(row, permissions, "row")
    feed = await reader.get("/v1/changes", params={"include": "resource", "resource_type": "session", "limit": 1000})
    assert feed["items"]
    for change in feed["items"]:
        require_withheld(change["resource"], permissions, "feed")
        assert ("session:read" in permissions) == (change["occurred_at"] is not None)
    for name, value in (("started_from", ago(days=30)), ("started_until", ago(days=1)), ("staff_id", held["id"])):
        asked = await reader.http.get("/v1/sessions", params={name: value})
        assert asked.status_code == (200 if "session:read" in permissions else 403), name


@pytest.mark.parametrize("role", ["admin", "front_desk", "therapist"])
async def test_what_a_move_answers_is_withheld_alike(clinic: World, role: str) -> None:
    desk = await caring(clinic, role)
    care = await caring(clinic)
    session = await care.session(note="Prefers the quiet room.")
    for verb, body in (
        ("reschedule", {"scheduled_start_at": ago(days=-2)}),
        ("check-in", {}),
        ("cancel", {"reason": "Patient has a cold."}),
    ):
        require_withheld(await desk.do(session, verb, body), ROLE_PERMISSIONS[Role(role)], verb)
    patched = await desk.change(session, {"note": "Window seat."}, reason="correction")
    require_withheld(patched, ROLE_PERMISSIONS[Role(role)], "patch")
    assert (await care.again(session))["note"] == "Window seat."


@pytest.mark.parametrize("lacking", [None, *SCOPES[1:]])
async def test_a_program_lacks_only_what_it_was_not_granted(clinic: World, lacking: str | None) -> None:
    sessions = await richly_treated(await caring(clinic), await caring(clinic, "admin"))
    program = Care(await clinic.integrator(*(scope for scope in SCOPES if scope != lacking)))
    rows = await rows_of(program, sessions[0])
    needs = {one.permission: one.members for one in SESSION_ROW.needs}
    for row in rows:
        assert row["withheld"] == ([lacking] if lacking else [])
    for permission, members in needs.items():
        shown = [rows[1].get(name) for name in members if name not in TEXT]
        assert any(value is not None for value in shown) == (permission != lacking)
