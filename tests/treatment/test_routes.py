"""The whole record of a session, and what follows when a session was entered in error."""

from datetime import datetime, timedelta

from tests.conftest import Clock
from tests.proofs.care import Care, ago, caring, instant, path_of, start, stop, version_header
from tests.world import World

CHILDREN = (
    "dose_orders",
    "administrations",
    "vital_signs",
    "dissociation_notes",
    "adverse_events",
    "assessments",
    "alerts",
)


async def test_a_session_in_error_takes_everything_in_it_along(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    course = await care.course(patient, protocol_code="KET_IV_6x3W")
    session = await care.session(course)
    order = await care.order(session)
    infusion = await care.administration(session, events=[start(60), stop(20)])
    reading, note = await care.vitals(session), await care.dissociation(session)
    form = await care.phq9(patient, session_id=session["id"])
    event = await care.adverse_event(session)
    outside = await care.phq9(patient)
    before = await care.record(session)
    assert all(before[member] for member in CHILDREN)

    voided = await care.void(session, "wrong patient")
    for record in (voided, order, infusion, *infusion["events"], reading, note, event, form):
        now = await care.again(record)
        assert now["entered_in_error"]["reason"] == "wrong patient", record["object"]
    assert (await care.again(outside))["entered_in_error"] is None
    for path in (
        "dose-orders",
        "administrations",
        "dose-events",
        "vital-signs",
        "dissociation-notes",
        "adverse-events",
        "assessments",
    ):
        assert await care.items(f"/v1/{path}", session_id=session["id"]) == [], path
    alerts = [*await care.alerts_of(infusion), *await care.alerts_of(form)]
    assert [(one["status"], one["disposition"]) for one in alerts] == [
        ("resolved", "Entered in error: wrong patient")
    ] * 2
    assert [one["status"] for one in await care.alerts_of(outside)] == ["open"]
    (first, *_) = await care.items(f"{path_of(course)}/plan")
    assert first["session_id"] is None
    assert await care.items("/v1/sessions", course_id=course["id"]) == []
    assert await care.record(session, as_of=before["updated_at"]) != before, "more was recorded later than the header"


async def test_nothing_is_built_on_a_record_entered_in_error(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session()
    infusion = await care.administration(session, events=[start(60)])
    await care.void(session)
    tries = (
        (f"{path_of(session)}/vital-signs", {"measured_at": ago(), "spo2_percent": 98}),
        (f"{path_of(session)}/dose-orders", {"ordered_mg": 30}),
        (f"{path_of(session)}/administrations", {"drug": "ketamine", "route": "intravenous"}),
        (f"{path_of(infusion)}/events", stop(20)),
    )
    for path, body in tries:
        answer = await care.http.post(path, json=body, headers={"Idempotency-Key": "once"})
        assert (answer.status_code, answer.json()["code"]) == (409, "entered-in-error"), path


async def test_a_patient_with_courses_cannot_be_an_error(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient(identifiers=[{"system": "https://emr.example/mrn", "value": "00412"}])
    weight = await care.weight(patient)
    course = await care.course(patient)
    body = {"reason": "registered twice"}
    refused = await care.http.post(
        f"{path_of(patient)}/mark-entered-in-error", json=body, headers=version_header(patient)
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "has-records")
    await care.void(course)
    await care.void(patient, "registered twice")
    assert (await care.again(weight))["entered_in_error"]["reason"] == "registered twice"
    await care.patient(identifiers=[{"system": "https://emr.example/mrn", "value": "00412"}])


async def test_what_a_program_may_not_read_is_left_out_by_name(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    session = await care.session(await care.course(patient))
    await care.phq9(patient, session_id=session["id"])
    reading = await care.vitals(session)
    for scopes, omitted in (
        (("session:read",), {"assessments", "alerts"}),
        (("session:read", "score:read"), {"alerts"}),
        (("session:read", "score:read", "alert:read"), set()),
    ):
        program = Care(await clinic.integrator(*scopes))
        for params in ({}, {"as_of": instant(clinic_time(session))}):
            record = await program.record(session, **params)
            assert set(record["omitted"]) == omitted
            assert all(record[member] == [] for member in omitted)
        assert [one["id"] for one in (await program.record(session))["vital_signs"]] == [reading["id"]]


def clinic_time(session: dict[str, str]) -> datetime:
    return datetime.fromisoformat(session["recorded_at"]) + timedelta(hours=1)


async def test_there_is_no_record_before_the_first_version(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session()
    early = instant(datetime.fromisoformat(session["recorded_at"]) - timedelta(microseconds=1))
    answer = await care.http.get(f"{path_of(session)}/record", params={"as_of": early})
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert (await care.record(session, as_of=session["recorded_at"]))["version"] == 1


async def test_as_of_counts_when_it_was_recorded_not_when_it_happened(clinic: World, clock: Clock) -> None:
    care = await caring(clinic)
    session = await care.session()
    before = instant(clock.now())
    clock.advance(minutes=5)
    reading = await care.vitals(session, measured_at=instant(clock.now() - timedelta(hours=1)))
    assert (await care.record(session, as_of=before))["vital_signs"] == []
    assert [one["id"] for one in (await care.record(session, as_of=instant(clock.now())))["vital_signs"]] == [
        reading["id"]
    ]
    clock.advance(minutes=5)
    await care.void(reading)
    assert (await care.record(session))["vital_signs"] == []
    then = await care.record(session, as_of=instant(clock.now() - timedelta(minutes=1)))
    assert then["vital_signs"] == [reading]
