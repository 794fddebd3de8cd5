"""The day at a glance: whose day it is, what it says to whom, and when it says that nothing has changed."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.treatment.board.routes import BOARD_SESSION
from tests.conftest import Clock
from tests.factories.sessions import make_session
from tests.proofs.care import Care, Json, caring, instant
from tests.proofs.test_integrator_reads import statements_of
from tests.world import World

# In the clinic's zone this is the day of 25 hours: from 04:00 UTC to 05:00 UTC of the day after.
DAY = "2030-11-03"
MIDNIGHT = datetime(2030, 11, 3, 4, 0, tzinfo=UTC)
FOR_A_DESK = {
    "object", "id", "version", "recorded_at", "recorded_by", "updated_at", "session_on", "patient_id", "patient",
    "course_id", "number_in_course", "status", "held_from", "drug", "route", "setting", "recorded_afterwards",
    "scheduled_start_at", "checked_in_at", "withheld",
}  # fmt: skip


async def board(care: Care, **params: Any) -> Json:
    return await care.get("/v1/board", params=params)


def sessions_on(shown: Json) -> dict[str, Json]:
    return {one["id"]: one for place in shown["locations"] for one in place["sessions"]}


async def test_a_day_of_25_hours(clinic: World, clock: Clock) -> None:
    clock.set(MIDNIGHT - timedelta(minutes=40))
    admin, care, desk = [await caring(clinic, role) for role in ("admin", "prescriber", "front_desk")]
    quiet = await admin.new("/v1/locations", {"name": "A quiet room"})
    room = await admin.new("/v1/locations", {"name": "Room 2"})
    times = {
        "yesterday": MIDNIGHT - timedelta(seconds=1),
        "first": MIDNIGHT,
        "last": MIDNIGHT + timedelta(hours=25, seconds=-1),
        "tomorrow": MIDNIGHT + timedelta(hours=25),
    }
    ids = {}
    for name, at in times.items():
        made = await clinic.make(make_session, scheduled_start_at=instant(at), location_id=quiet["id"])
        ids[name] = str(made.id)
    # It began before midnight and is still going on.
    running = await care.session(scheduled_start_at=instant(MIDNIGHT - timedelta(minutes=30)))
    running = await care.clear(await care.do(running, "check-in"))
    flow = {"kind": "start", "occurred_at": instant(MIDNIGHT - timedelta(minutes=10)), "rate_mg_per_min": 1.03}
    await care.vitals(
        running, measured_at=instant(MIDNIGHT - timedelta(minutes=20)), systolic_mmhg=124, diastolic_mmhg=78
    )
    await care.administration(running, events=[flow])
    # Late in the evening of that day, when it is the next day in UTC.
    clock.set(MIDNIGHT + timedelta(hours=24, minutes=30))
    care, desk = [Care(await _anew(clinic, role)) for role in ("prescriber", "front_desk")]

    today = await board(care)
    assert (today["on"], today["starts_at"], today["ends_at"]) == (DAY, "2030-11-03T04:00:00Z", "2030-11-04T05:00:00Z")
    assert set(sessions_on(today)) == {ids["first"], ids["last"], running["id"]}
    assert [(place["name"], len(place["sessions"])) for place in today["locations"]] == [
        ("A quiet room", 2),
        ("Room 2", 0),
        (None, 1),
    ]
    begun = sessions_on(today)[running["id"]]
    assert (begun["session_on"], begun["status"]) == ("2030-11-02", "dosing")
    assert (begun["started_at"], begun["checked_in_at"]) == ("2030-11-03T03:50:00Z", "2030-11-03T03:20:00Z")
    assert begun["patient"]["birth_on"] == "1984-02-03"
    assert (begun["pressure"]["baseline"]["systolic_mmhg"], begun["pressure"]["systolic_change_mmhg"]) == (124, None)
    assert (begun["open_alert_count"], begun["worst_open_alert"]) == (0, None)
    assert (begun["protocol_code"], begun["number_in_course"], begun["route"]) == ("OPEN", 1, "intravenous")
    assert set(sessions_on(await board(care, on="2030-11-02"))) == {ids["yesterday"], running["id"]}
    # What still goes on is no part of a day that is to come.
    assert set(sessions_on(await board(care, on="2030-11-04"))) == {ids["tomorrow"]}
    only = await board(care, location_id=quiet["id"])
    assert [(place["id"], len(place["sessions"])) for place in only["locations"]] == [(quiet["id"], 2)]
    assert (await board(care, location_id=room["id"]))["locations"][0]["sessions"] == []

    counted = []
    for on in ("2030-11-04", DAY):
        with statements_of(clinic) as sent:
            await board(care, on=on)
        counted.append(sum("SELECT" in statement and "token.digest" not in statement for statement in sent))
    # The sessions, their pressures, slots, watches and alerts, the locations, the ledger's head.
    assert counted == [7, 7]

    await _says_when_something_has_changed(clinic, clock, care, running)
    await _tells_a_desk_who_comes_and_nothing_clinical(desk, await board(care), running)


async def _anew(clinic: World, role: str) -> Any:
    clinic._clients.pop(role)
    return await clinic.client(role)


async def _says_when_something_has_changed(clinic: World, clock: Clock, care: Care, running: Json) -> None:
    async def asked(tag: str) -> tuple[int, str]:
        answer = await care.http.get("/v1/board", headers={"If-None-Match": tag})
        assert (answer.status_code == 304) == (answer.content == b"")
        shown = {str(one) for one in answer.extensions["scope"]["state"]["patients_touched"]}
        assert running["patient_id"] in shown
        return answer.status_code, answer.headers["etag"]

    _, tag = await asked('"x"')
    await care.patient()
    await clinic.database.sealer.seal()
    clock.advance(minutes=5)
    assert await asked(tag) == (304, tag), "neither the clock nor what is not on the board changes it"
    assert await asked(f'"x", {tag}') == (304, tag)
    reading = {"measured_at": instant(clock.now()), "systolic_mmhg": 186, "diastolic_mmhg": 99}
    reading = await care.vitals(running, **reading)
    status, second = await asked(tag)
    assert (status, second != tag) == (200, True)
    begun = sessions_on(await board(care))[running["id"]]
    assert (begun["pressure"]["systolic_change_mmhg"], begun["pressure"]["diastolic_change_mmhg"]) == (62, 21)
    alerts = await care.alerts_of(reading)
    assert (begun["open_alert_count"], begun["worst_open_alert"]) == (len(alerts), alerts[0]["severity"])
    assert alerts
    await care.do(alerts[0], "acknowledge")
    status, third = await asked(second)
    assert (status, third != second) == (200, True), "an alert that was answered is off the board"
    assert await asked(third) == (304, third)


async def _tells_a_desk_who_comes_and_nothing_clinical(desk: Care, whole: Json, running: Json) -> None:
    told = sessions_on(await board(desk))
    assert set(told) == set(sessions_on(whole))
    for one in told.values():
        assert {name for name, value in one.items() if value is not None} <= FOR_A_DESK
        assert one["withheld"] == ["session:read", "course:read", "alert:read"]
    assert told[running["id"]]["patient"]["family_name"]
    # The same session has all of it to tell to whoever may read it.
    full = sessions_on(whole)[running["id"]]
    hidden = {member for one in BOARD_SESSION.needs[:3] for member in one.members}
    assert {name for name in hidden if full[name] is not None} >= {"started_at", "pressure", "open_alert_count"}
