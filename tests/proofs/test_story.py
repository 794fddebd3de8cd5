"""One patient's series from sign-in to the integrator's copy, over HTTP, on both databases."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import httpx2

from tests.conftest import Clock
from tests.proofs.care import PHQ9_OF_9, PHQ9_OF_19, Care, Json, instant, path_of, version_header
from tests.proofs.recipes import DECIDED, consent_body, screening_body
from tests.world import World, http_client


async def sign_in(http: httpx2.AsyncClient, form: Json) -> None:
    """Sign in with the password; a token ends when it is idle, so somebody who comes back does so again."""
    http.headers.pop("authorization", None)
    answer = await http.post("/oauth/token", data=form)
    assert answer.status_code == 200, answer.text
    http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"


def exact(value: float) -> Decimal:
    return Decimal(repr(value))


async def test_the_story(clinic: World, clock: Clock) -> None:
    # Monday 26 October 2026, 09:00 in New York; clocks go back on 1 November, inside the series.
    t0 = datetime(2026, 10, 26, 13, 0, tzinfo=UTC)
    clock.set(t0 - timedelta(days=1))
    http = http_client(clinic.installation.app)
    care = Care(http)
    form = await clinic.choose_password()

    async def later(**after_t0: float) -> None:
        clock.set(t0 + timedelta(**after_t0))
        await sign_in(http, form)

    await later(days=-1)

    # The patient, and a course whose sessions stay at nine on the wall.
    patient = await care.patient(identifiers=[{"system": "https://emr.example/mrn", "value": "00412"}])
    await care.weight(patient, 82.4, measured_at=instant(clock.now() - timedelta(hours=1)))
    course = await care.course(
        patient, protocol_code="KET_IV_6x3W", first_session_at=instant(t0), indication_code="F33.2"
    )
    plan = await care.items(f"{path_of(course)}/plan")
    assert [item["number"] for item in plan] == [1, 2, 3, 4, 5, 6]
    assert {item["local_time"] for item in plan} == {"09:00"}
    starts = [datetime.fromisoformat(item["starts_at"]) for item in plan]
    assert [start.astimezone(ZoneInfo("America/New_York")).hour for start in starts] == [9] * 6
    assert [start.hour for start in starts] == [13, 13, 14, 14, 14, 14]

    # Asked, decided, signed.
    asked_at = instant(clock.now() - timedelta(minutes=30))
    screening = await care.new(f"{path_of(patient)}/screenings", screening_body(screened_at=asked_at))
    screening = await care.do(screening, "decide", DECIDED)
    assert (screening["decision"], screening["decision_is_current"]) == ("eligible_with_conditions", True)
    await care.new(f"{path_of(patient)}/consents", consent_body(signed_at=asked_at))

    session = await care.session(course)
    assert (session["plan_item_id"], session["scheduled_start_at"]) == (plan[0]["id"], plan[0]["starts_at"])

    # The treatment day.
    await later(minutes=-30)
    came_with = {"identifiers_checked": ["name", "birth_date"], "escort_name": "R. Rivera", "medicines_changed": "no"}
    session = await care.do(session, "check-in", came_with)
    before = await care.phq9(patient, PHQ9_OF_19, answered_at=instant(clock.now()), session_id=session["id"])
    assert (before["total"], before["severity"], before["safety_item"]) == (19, "moderately_severe", 1)
    assert before["hours_since_last_dose"] is None
    (alert,) = await care.alerts_of(before, status="open")
    assert (alert["code"], alert["severity"]) == ("safety_item_positive", "review")
    alert = await care.do(alert, "acknowledge", {"note": "Spoke with the patient."})
    assert alert["status"] == "acknowledged"

    # May we start? Nobody has measured or asked today's questions yet.
    judged = await care.get(f"{path_of(session)}/readiness")
    assert not judged["ready"]
    in_the_way = [one["code"] for one in judged["gates"] if one["blocking"]]
    assert in_the_way == ["pressure", "oxygen", "heart_rate", "intoxication"]
    refused = await http.post(f"{path_of(session)}/clear", json={}, headers=version_header(session))
    assert (refused.status_code, refused.json()["code"]) == (409, "not-ready")
    assert refused.json()["gates"] == judged["gates"]
    today = screening_body(screened_at=instant(clock.now()), session_id=session["id"])
    await care.new(f"{path_of(patient)}/screenings", today)
    baseline = {"systolic_mmhg": 124, "diastolic_mmhg": 78, "heart_rate_bpm": 72, "spo2_percent": 98}
    await care.vitals(session, measured_at=instant(clock.now()), **baseline)
    judged = await care.get(f"{path_of(session)}/readiness")
    assert {one["state"] for one in judged["gates"]} == {"pass", "not_applicable"}
    session = await care.do(session, "clear")
    assert session["status"] == "cleared"
    kept = [(one["code"], one["state"]) for one in judged["gates"] if one["state"] != "not_applicable"]
    assert [(one["code"], one["state"]) for one in session["gates"]] == kept
    order = await care.order(session, ordered_mg_per_kg=0.5, infusion_minutes=40)
    assert exact(order["ordered_mg"]) == Decimal("41.2")
    assert exact(order["rate_mg_per_min"]) == Decimal("1.03")
    assert (order["weight_kg"], order["calculated_mg"]) == (82.4, 41.2)

    def at(minutes: float) -> str:
        return instant(t0 + timedelta(minutes=minutes))

    await later(minutes=0)
    infusion = await care.administration(
        session, drawn_mg=41.2, events=[{"kind": "start", "occurred_at": at(0), "rate_mg_per_min": 1.03}]
    )
    assert (await care.again(session))["status"] == "dosing"
    await later(minutes=12)
    await care.event(infusion, {"kind": "pause", "occurred_at": at(12), "reason": "Patient felt nauseous."})
    await later(minutes=15)
    await care.event(infusion, {"kind": "resume", "occurred_at": at(15), "rate_mg_per_min": 0.70})
    assert (await care.again(infusion))["delivered_mg"] is None
    await later(minutes=40)
    await care.event(infusion, {"kind": "stop", "occurred_at": at(40)})
    infusion = await care.again(infusion)
    assert exact(infusion["delivered_mg"]) == Decimal("29.86")
    assert exact(infusion["unaccounted_mg"]) == Decimal("11.34")
    assert infusion["infusion_minutes"] == 37
    assert infusion["deviations"] == ["less_than_ordered"]
    infusion = await care.do(infusion, "reconcile", {"wasted_mg": 11.34})
    assert (infusion["unaccounted_mg"], infusion["reconciled"]) == (0, True)

    session = await care.again(session)
    assert (session["status"], session["deviations"]) == ("observing", [])
    assert (session["started_at"], session["last_dose_at"]) == (at(0), at(40))
    await care.vitals(session, measured_at=at(10))
    batch = [{"measured_at": at(m), "systolic_mmhg": 130 + m // 10, "diastolic_mmhg": 82} for m in (20, 30, 40, 60)]
    recorded = await care.new(f"{path_of(session)}/vital-signs/batch", {"items": batch})
    assert [one["measured_at"] for one in recorded["items"]] == [at(20), at(30), at(40), at(60)]
    note = await care.dissociation(
        session, observed_at=at(25), intensity=6, phenomena=["floating"], note="Says the room breathes; calm."
    )
    assert note["intensity"] == 6

    await later(minutes=110)
    untouched = await care.again(session)
    assert untouched["version"] == session["version"], "appending readings must not touch the session"
    session = await care.discharge(session)
    assert (session["status"], session["discharged_at"]) == ("discharged", at(110))
    day_of = await care.record(session)

    # A week later.
    await later(days=7, minutes=40)
    after = await care.phq9(patient, PHQ9_OF_9, answered_at=instant(clock.now()), course_id=course["id"])
    assert (after["total"], after["safety_item"]) == (9, 0)
    assert (after["hours_since_last_dose"], after["days_since_last_dose"]) == (168, 7)
    came_to = await care.get(f"{path_of(course)}/outcome", params={"instrument": "PHQ9"})
    ((latest,),) = [[one["latest"] for one in came_to["instruments"]]]
    assert (latest["response"], latest["remission"], latest["reduction_percent"]) == ("response", "no", 52.63)
    curve = await care.get(f"{path_of(course)}/trajectory", params={"instrument": "PHQ9"})
    assert curve["baseline"]["assessment_id"] == before["id"]
    assert [(one["assessment_id"], one["counts_as"]) for one in curve["points"]] == [
        (before["id"], "baseline"),
        (after["id"], "follow_up"),
    ]
    assert [one["delivered_mg"] for one in curve["sessions"]] == [29.86]
    assert await care.alerts_of(after) == []

    # What is kept: the whole record, every version, and the record as it was before discharge.
    record = await care.record(session)
    assert record == day_of
    assert [len(record[m]) for m in ("dose_orders", "administrations", "vital_signs", "dissociation_notes")] == [
        1,
        1,
        6,
        1,
    ]
    assert [one["id"] for one in record["assessments"]] == [before["id"]]
    assert [one["id"] for one in record["alerts"]] == [alert["id"]]
    assert record["omitted"] == []
    events = [version["event"] for version in await care.history(session)]
    assert events[:3] == ["session.scheduled", "session.checked_in", "session.cleared"]
    assert events[3] == "session.dosing_started"
    assert events[-2:] == ["session.dosing_ended", "session.discharged"]
    at_dosing = await care.record(session, as_of=at(13))
    assert (at_dosing["status"], at_dosing["discharged_at"]) == ("dosing", None)
    assert [one["kind"] for one in at_dosing["administrations"][0]["events"]] == ["start", "pause"]
    assert [one["systolic_mmhg"] for one in at_dosing["vital_signs"]] == [124]

    await _an_integrator_reads_the_same(clinic, care, record, after)
    await http.aclose()


async def _an_integrator_reads_the_same(clinic: World, care: Care, record: Json, after: Json) -> None:
    """A program signs in with its own secret, follows the feed and ends with what the clinic sees."""
    app = clinic.installation.app
    scopes = ["patient:read", "course:read", "session:read", "score:read", "alert:read", "clinical:read"]
    async with http_client(app) as nobody, http_client(app, await clinic.token("admin")) as admin:
        shown = await Care(admin).new("/v1/clients", {"name": "Registry", "scopes": scopes})
        form = {"grant_type": "client_credentials"}
        secret = (shown["client_id"], shown["client_secret"])
        token = (await nobody.post("/oauth/token", data=form, auth=secret)).json()["access_token"]
    await clinic.database.sealer.seal()
    async with http_client(app, token) as http:
        program = Care(http)
        mirror: dict[str, Json] = {}
        position, numbers = 0, []
        while True:
            feed = await program.get("/v1/changes", params={"after": position, "limit": 7, "include": "resource"})
            for change in feed["items"]:
                numbers.append(change["sequence"])
                mirror[change["resource_id"]] = change["resource"]
            position = feed["next_after"]
            if not feed["has_more"]:
                break
        assert numbers == sorted(set(numbers))
        assert position == feed["latest_sequence"]
        assert await program.record(record) == record
        assert mirror[record["id"]] == await care.again(record)
        assert mirror[after["id"]] == after
        for member in ("dose_orders", "vital_signs", "dissociation_notes", "assessments", "alerts"):
            assert [mirror[one["id"]] for one in record[member]] == record[member]
        (infusion,) = record["administrations"]
        assert mirror[infusion["id"]] == infusion
        assert [mirror[event["id"]] for event in infusion["events"]] == infusion["events"]
