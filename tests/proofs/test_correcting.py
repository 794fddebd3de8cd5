"""Correcting: a reason with every change, what follows from it follows, and what was an error is seen nowhere."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.conftest import Clock
from tests.contract.document import document, resolved
from tests.contract.document import operations as documented_operations
from tests.proofs.care import PATHS, Care, Json, ago, caring, path_of, start, stop, version_header
from tests.proofs.recipes import RECIPES, Operation, operations_of, stage_in
from tests.world import World


def _answer_shape(facts: Mapping[str, Any], status: str = "200") -> Json:
    return resolved(resolved(facts["responses"][status])["content"]["application/json"]["schema"])


# A clinical record is one that can be marked as entered in error; configuration is not asked why it changes.
MARKED = [
    resolved(operation.facts["responses"]["200"])["content"]["application/json"]["schema"]
    for operation in documented_operations()
    if operation.path.endswith("/mark-entered-in-error")
]
CLINICAL = [
    str(operation)
    for operation in documented_operations()
    if operation.method == "patch"
    and resolved(operation.facts["responses"]["200"])["content"]["application/json"]["schema"] in MARKED
]


def test_the_document_knows_the_clinical_patches() -> None:
    assert len(CLINICAL) >= 11
    assert not {"update_staff", "update_clinic"} & set(CLINICAL)


@pytest.mark.parametrize("name", CLINICAL)
async def test_every_patch_takes_a_reason_and_assumes_one_for_a_slip(name: str, clinic: World, clock: Clock) -> None:
    (operation,) = (one for one in operations_of(document()) if one.id == name)
    stage = await stage_in(clinic)
    call = await RECIPES[name](stage)
    path = operation.template.format(**call.ids)
    headers = {"If-Match": call.headers["If-Match"]}
    slip = await stage.care.http.patch(path, json=call.body, headers=headers)
    assert slip.status_code == 200, slip.text
    (*_, version) = await stage.care.items(f"{path}/history")
    assert version["reason"] == "typing_error"
    for _ in range(2):
        clock.advance(minutes=16)
        await stage.care.get("/v1/patients")  # nobody is idle
    headers = {"If-Match": slip.headers["ETag"]}
    for wrong in (None, "because", "other", "typing_error:", "typing_errors", "typing_error x"):
        more = {"Change-Reason": wrong} if wrong else {}
        refused = await stage.care.http.patch(path, json=call.body, headers=headers | more)
        expected = "invalid-parameter" if wrong else "change-reason-required"
        assert (refused.status_code, refused.json()["code"]) == (400, expected), wrong
    body = call.body or {}
    fresh = await RECIPES[name](stage)
    path = operation.template.format(**fresh.ids)
    told = {"If-Match": fresh.headers["If-Match"], "Change-Reason": "device_error: cuff too small"}
    mended = await stage.care.http.patch(path, json=body, headers=told)
    assert mended.status_code == 200, mended.text
    (*_, version) = await stage.care.items(f"{path}/history")
    assert version["reason"] == told["Change-Reason"]
    await clinic.database.sealer.seal()
    feed = await stage.care.get("/v1/changes", params={"limit": 1000})
    (*_, change) = [one for one in feed["items"] if one["resource_id"] == mended.json()["id"]]
    assert (change["reason"], change["version"]) == (told["Change-Reason"], version["version"])


@pytest.mark.parametrize("name", CLINICAL)
async def test_which_version_is_asked_before_what_became_of_it(name: str, clinic: World) -> None:
    (operation,) = (one for one in operations_of(document()) if one.id == name)
    stage = await stage_in(clinic)
    call = await RECIPES[name](stage)
    path, told = operation.template.format(**call.ids), {"Change-Reason": "correction"}
    body = {"reason": "wrong patient"}
    marked = await stage.care.http.post(f"{path}/mark-entered-in-error", json=body, headers=call.headers)
    assert marked.status_code == 200, marked.text
    for version, answered in ((None, 428), ('"999"', 412), (marked.headers["ETag"], 409)):
        headers = told if version is None else told | {"If-Match": version}
        for method, where, sent in (("PATCH", path, call.body), ("POST", f"{path}/mark-entered-in-error", body)):
            answer = await stage.care.http.request(method, where, json=sent, headers=headers)
            assert answer.status_code == answered, f"{method} {version}: {answer.text}"


# ── after every write, the next read shows it ────────────────────────────────────────────────────────────────────────


async def test_after_every_write_the_next_read_shows_it(clinic: World, operations: list[Operation]) -> None:
    stage = await stage_in(clinic)
    compared: set[str] = set()
    for operation in operations:
        if operation.method not in {"POST", "PATCH"} or operation.is_public or operation.id == "create_clinic":
            continue
        is_admin = operation.facts["x-permission"] in {"clinic:write", "policy:write", "staff:write"}
        care = stage.admin if is_admin else stage.care
        await clinic.sign_in_again()  # a walk may take longer than a password counts
        call = await RECIPES[operation.id](stage)
        answer = await call.send(care.http, operation)
        assert answer.status_code == operation.success, f"{operation.id}: {answer.text}"
        written = answer.json()
        if written.get("object") not in PATHS or "id" not in written:
            continue
        read = await care.again(written)
        same = {name: value for name, value in written.items() if name in read}
        assert {name: read[name] for name in same} == same, operation.id
        compared.add(operation.id)
        for member, value in (call.body or {}).items():
            if operation.method == "PATCH" and not isinstance(value, dict):
                assert read[member] == value, f"{operation.id} {member}"
    assert len(compared) > 50


# ── an error is seen nowhere ─────────────────────────────────────────────────────────────────────────────────────────


def _values(shown: object) -> Iterator[object]:
    if isinstance(shown, dict):
        for name, value in shown.items():
            if name != "cause_id":  # an alert says what had caused it
                yield from _values(value)
    elif isinstance(shown, list):
        for value in shown:
            yield from _values(value)
    else:
        yield shown


async def _shows(care: Care, operations: list[Operation], ids: Mapping[str, str], wanted: set[object]) -> set[str]:
    """The reads that show any of these values, of all reads the document has."""
    found: set[str] = set()
    for operation in operations:
        if operation.method != "GET" or operation.is_public:
            continue
        names = {part[1:-1] for part in operation.template.split("/") if part.startswith("{")}
        if not names <= set(ids):
            assert names & _SHIPPED, f"{operation.id} is not walked"
            continue
        params = {parameter: ids[parameter] for parameter in _parameters(operation) if parameter in ids}
        for asked in ({}, params):
            answer = await care.http.get(operation.template.format(**ids), params=asked)
            assert answer.status_code in {200, 403, 404}, f"{operation.id} {asked}: {answer.text}"
            if answer.status_code == 200 and wanted & {one for one in _values(answer.json()) if one is not None}:
                found.add(operation.id)
    return found


_SHIPPED = {
    "signature_id",  # of a session that is signed, and is not marked as an error
    "addendum_id",  # the same
    "policy_code",
    "policy_setting_id",
    "patient_limit_id",
    "protocol_code",
    "protocol_version",
    "instrument_code",
    "staff_id",
    "client_id",
    "location_id",
    "clinic_protocol_id",
    "clinic_id",
    "weight_id",
    "episode_id",
    "external_treatment_id",
    "screening_id",
    "checklist_code",
    "consent_id",
    "programme_enrolment_id",
    "medication_id",
    "condition_id",
    "allergy_id",
    "medication_trial_id",
    "reproductive_fact_id",
    "dose_decision_id",
    "gate_override_id",
    "reassignment_id",
}


def _parameters(operation: Operation) -> set[str]:
    told = [resolved(one) for one in operation.facts.get("parameters", ())]
    return {one["name"] for one in told if one["in"] == "query"}


async def _a_course(care: Care) -> tuple[Json, dict[str, Json]]:
    patient = await care.patient()
    course = await care.course(patient)
    session = await care.session(course)
    made = {
        "patient": patient,
        "course": course,
        "session": session,
        "dose_order": await care.order(session, ordered_mg=40),
        "administration": await care.administration(session, events=[start(60, 1.1), stop(20)]),
        "vital_signs": await care.vitals(session, systolic_mmhg=231, diastolic_mmhg=137),
        "dissociation_note": await care.dissociation(session),
        "adverse_event": await care.adverse_event(session, seriousness=["hospitalisation"]),
        "assessment": await care.phq9(patient, [3, 3, 3, 3, 3, 3, 3, 3, 2], course_id=course["id"]),
    }
    made["dose_event"] = made["administration"]["events"][0]
    made["vital_slot"] = (await care.slots(session))["items"][0]
    made["watch"] = await care.new(f"{path_of(session)}/watch", {"note": "Calm."})
    (made["alert"],) = await care.alerts_of(made["vital_signs"])
    return patient, made


@pytest.mark.parametrize(
    ("kind", "seen_in"),
    [
        ("vital_signs", {"get_session_record", "list_vital_signs"}),
        ("administration", {"get_session_record", "list_administrations", "list_dose_events"}),
        ("assessment", {"list_assessments", "get_course_trajectory"}),
        ("session", {"list_sessions", "list_vital_signs", "list_administrations", "get_course_trajectory"}),
    ],
)
async def test_an_error_vanishes_from_every_view(
    kind: str, seen_in: set[str], clinic: World, operations: list[Operation]
) -> None:
    care = await caring(clinic)
    _, made = await _a_course(care)
    ids = {f"{name}_id": record["id"] for name, record in made.items()}
    inside = {made["dose_event"]["id"]} if kind in {"administration", "session"} else set[object]()
    marks: set[object] = {made[kind]["id"], *inside} | ({231, 137} if kind in {"vital_signs", "session"} else set())
    before = await _shows(care, operations, ids, marks)
    assert seen_in <= before, f"{kind} is seen before in {sorted(before)}"
    await care.void(made[kind])
    after = await _shows(care, operations, ids, marks)
    children = {
        "session": set(made) - {"patient", "course", "alert"},
        "administration": {"administration", "dose_event"},
    }
    marked = children.get(kind, {kind})
    allowed = {f"get_{one}" for one in marked} | {f"list_{one}_history" for one in marked}
    # By its id it stays readable, its history too, and the feed says that it was voided.
    allowed |= {"list_changes"} | (
        {"get_session_record", "get_session_chairside", "list_alerts", "get_alert", "list_alert_history"}
        if kind == "session"
        else set()
    )
    assert after <= allowed, sorted(after - allowed)
    if kind == "vital_signs":
        record = await care.record(made["session"])
        assert record["vital_signs"] == []
        assert not {231, 137} & set(_values(record))
    alerts = await care.items("/v1/alerts", status="open", patient_id=made["patient"]["id"])
    assert made[kind]["id"] not in {one["cause_id"] for one in alerts}
    await clinic.database.sealer.seal()
    feed = await care.get("/v1/changes", params={"limit": 1000})
    (change,) = [one for one in feed["items"] if (one["resource_id"], one["change"]) == (made[kind]["id"], "voided")]
    root = "patient" if kind == "assessment" else "session"
    assert (change["root_type"], change["root_id"]) == (root, made[root]["id"])
    assert change["version"] == (await care.again(made[kind]))["version"]
    assert change["reason"] == "wrong patient"
    if kind == "vital_signs":
        listed = await care.items("/v1/vital-signs", session_id=made["session"]["id"], include_entered_in_error=True)
        assert [one["systolic_mmhg"] for one in listed] == [231]
        (alert,) = await care.alerts_of(made["vital_signs"])
        assert (alert["status"], alert["disposition"]) == ("resolved", "Entered in error: wrong patient")


# ── what follows from a correction ───────────────────────────────────────────────────────────────────────────────────


async def test_editing_vitals_leaves_one_live_reading_and_both_in_history(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session()
    reading = await care.vitals(session, systolic_mmhg=238)
    (alert,) = await care.alerts_of(reading, status="open")
    await care.change(reading, {"systolic_mmhg": 138})
    (now,) = await care.items("/v1/vital-signs", session_id=session["id"])
    assert (now["id"], now["systolic_mmhg"]) == (reading["id"], 138)
    first, second = await care.history(reading)
    assert [one["resource"]["systolic_mmhg"] for one in (first, second)] == [238, 138]
    assert (second["reason"], second["principal_id"]) == ("typing_error", reading["recorded_by"])
    assert (await care.again(alert))["disposition"] == "The reading was corrected."
    assert await care.alerts_of(reading, status="open") == []
    await care.change(reading, {"note": "Left arm."})
    assert await care.alerts_of(reading, status="open") == []
    await care.change(reading, {"systolic_mmhg": 238})
    assert len(await care.alerts_of(reading, status="open")) == 1


async def test_a_start_time_can_be_corrected_and_every_clock_follows(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    session = await care.session(await care.course(patient))
    dose = await care.administration(session, events=[start(60, 1), stop(20)])
    form = await care.phq9(patient, answered_at=ago(minutes=10))
    before = await care.again(session)
    moved = ago(minutes=70)
    event = await care.change(dose["events"][0], {"occurred_at": moved}, reason="time_error: read off the pump")
    now = await care.again(session)
    assert (event["occurred_at"], now["started_at"], now["session_at"]) == (moved, moved, moved)
    assert (await care.again(dose))["delivered_mg"] == 50
    cause = f"dose_event {event['id']}"
    assert [(one["event"], one["reason"]) for one in (await care.history(dose))[-1:]] == [
        ("administration.reckoned", cause)
    ]
    assert (await care.history(session))[-1]["reason"] == cause
    then = await care.get(path_of(session), params={"as_of": before["updated_at"]})
    assert then["started_at"] == before["started_at"]
    await care.change(dose["events"][1], {"occurred_at": ago(minutes=15)}, reason="time_error")
    (*_, placed) = await care.history(form)
    assert (placed["event"], placed["reason"]) == ("assessment.placed_again", f"dose_event {dose['events'][1]['id']}")
    answer = await care.http.patch(
        path_of(dose), json={"started_at": moved}, headers=version_header(await care.again(dose))
    )
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/started_at")


async def test_a_dose_told_in_short_can_be_corrected_too(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session()
    told = {"started_at": ago(minutes=60), "stopped_at": ago(minutes=20), "delivered_mg": 30}
    dose = await care.administration(session, **told)
    await care.discharge(session, discharged_at=ago(minutes=10))
    await care.change(dose, {"started_at": ago(minutes=70), "delivered_mg": 35})
    assert (await care.again(session))["started_at"] == ago(minutes=70)
    assert (await care.again(dose))["delivered_mg"] == 35
    for body in ({"started_at": ago(minutes=5), "stopped_at": None}, {"started_at": ago(minutes=10)}):
        answer = await care.http.patch(path_of(dose), json=body, headers=version_header(await care.again(dose)))
        assert (answer.status_code, answer.json()["code"]) == (422, "end-before-start"), answer.text


async def test_a_session_follows_the_dose_before_it(clinic: World) -> None:
    """Given too soon, until the dose before it turns out to have been earlier, or an error, or elsewhere."""
    care = await caring(clinic)
    course = await care.course()
    first, second = await care.session(course), await care.session(course)
    before = await care.administration(first, events=[start(20 * 60), stop(19 * 60)])
    dose = await care.administration(second, events=[start(50), stop(10)])

    async def alarmed() -> bool:
        alerts = await care.alerts_of(dose, status="open")
        found = "dose_below_minimum_interval" in {one["code"] for one in alerts}
        assert found == ("below_minimum_interval" in (await care.again(second))["deviations"])
        return found

    assert await alarmed()
    await care.change(before["events"][0], {"occurred_at": ago(hours=70)})
    assert not await alarmed()
    (*_, version) = await care.history(second)
    assert (version["event"], version["reason"]) == (
        "session.interval_reckoned",
        f"dose_event {before['events'][0]['id']}",
    )
    await care.change(before["events"][0], {"occurred_at": ago(hours=20)})
    assert await alarmed()
    await care.void(first)
    assert not await alarmed()
    given = {"drug": "ketamine", "route": "intravenous", "given_at": ago(hours=9), "source": "records"}
    elsewhere = await care.new(f"/v1/patients/{course['patient_id']}/external-treatments", given)
    assert await alarmed()
    await care.void(elsewhere)
    assert not await alarmed()


async def test_an_order_in_error_gives_way_to_the_one_before_it(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session()
    first = await care.order(session, ordered_mg=40)
    second = await care.order(session, ordered_mg=30)
    dose = await care.administration(session, events=[start(60, 1), stop(20)])
    assert "above_order" in dose["deviations"] or dose["deviations"], dose["deviations"]
    await care.void(second)
    assert (await care.again(first))["status"] == "active"
    assert (await care.history(first))[-1]["reason"] == f"dose_order {second['id']}"
    assert (await care.again(dose))["deviations"] != dose["deviations"]


async def test_a_course_in_error_takes_its_plan_and_decisions_along(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course(protocol_code="KET_IV_6x3W")
    decision = await care.new(f"{path_of(course)}/dose-decisions", {"decision": "keep_dose"})
    await care.void(course)
    assert (await care.again(decision))["entered_in_error"]["reason"] == "wrong patient"
    assert await care.items(f"{path_of(course)}/plan") == []
    assert len(await care.items(f"{path_of(course)}/plan", include_entered_in_error=True)) == 6


async def test_nothing_is_emptied_by_a_correction(clinic: World) -> None:
    care = await caring(clinic)
    session = await care.session()
    for record, body in (
        (await care.vitals(session), {"systolic_mmhg": None, "diastolic_mmhg": None}),
        (await care.dissociation(session), {"intensity": None, "phenomena": []}),
    ):
        answer = await care.http.patch(path_of(record), json=body, headers=version_header(record))
        assert (answer.status_code, answer.json()["code"]) == (422, "nothing-left"), answer.text
        assert [one["pointer"] for one in answer.json()["errors"]] == [f"#/{name}" for name in sorted(body)]
        first, *_ = body
        await care.change(record, {first: None})


def test_every_list_of_clinical_records_can_show_those_in_error() -> None:
    for operation in documented_operations():
        if operation.method != "get" or "next_cursor" not in str(_answer_shape(operation.facts).get("properties", {})):
            continue
        items = _answer_shape(operation.facts)["properties"]["items"]["items"]
        if items in MARKED:
            names = {resolved(one)["name"] for one in operation.facts.get("parameters", ())}
            assert "include_entered_in_error" in names, str(operation)
