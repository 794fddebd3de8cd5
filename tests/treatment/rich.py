"""A patient about whom a row has everything to tell, and what a row must tell, reckoned again from single reads."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from app.kernel.ids import new_id
from tests.proofs.care import PHQ9_OF_9, PHQ9_OF_19, Care, Json, ago, path_of, start, stop

MINUTES_A_DAY = 1440
DAYS = (21, 14, 7)
CLINICAL = (
    "session_at", "cleared_at", "started_at", "given_on", "last_started_at", "last_dose_at", "dosing_ended_at", "discharged_at",
    "aborted_at", "deviations", "recorded_after_minutes", "gates",
)  # fmt: skip
TEXT = ("condition_at_discharge", "escort_name", "ended_reason", "abort_reason", "note")


async def richly_treated(care: Care, admin: Care) -> list[Json]:
    """Three sessions a week apart and one to come: orders, infusions, readings, notes and scores, some in error."""
    told_by = {"system": "https://emr.example/mrn", "value": new_id().hex}
    patient = await care.patient(identifiers=[told_by])
    await care.weight(patient, 80, measured_at=ago(days=40))
    elsewhere = {"drug": "ketamine", "route": "intravenous", "given_on": "2025-01-06", "sessions": 5}
    await care.new(f"{path_of(patient)}/external-treatments", elsewhere | {"source": "records"})
    room = await admin.new("/v1/locations", {"name": f"Room {new_id().hex}"})
    course = await care.course(patient, indication_code="F33.2")
    sessions = [await _treated(care, patient, course, room, days * MINUTES_A_DAY) for days in DAYS]
    return [*sessions, await care.session(course, scheduled_start_at=ago(days=-3), note="Prefers the quiet room.")]


async def _treated(care: Care, patient: Json, course: Json, room: Json, minutes: float) -> Json:
    session = await care.session(course, location_id=room["id"], scheduled_start_at=ago(minutes=minutes + 30))
    session = await care.clear(await care.do(session, "check-in"))
    await care.order(session)
    inside = {"session_id": session["id"]}
    await care.phq9(patient, answered_at=ago(minutes=minutes + 60), **inside)
    await care.administration(
        session, events=[start(minutes), stop(minutes - 30)], wasted_mg=10.3, administered_by="S. Levy"
    )
    for after, systolic, wrong in ((-20, 131, False), (-10, 128, False), (15, 152, False), (20, 199, True)):
        reading = await care.vitals(session, measured_at=ago(minutes=minutes - after), systolic_mmhg=systolic)
        if wrong:
            await care.void(reading)
    await care.dissociation(session, observed_at=ago(minutes=minutes - 20), intensity=6)
    await care.void(await care.dissociation(session, observed_at=ago(minutes=minutes - 25), intensity=9))
    await care.adverse_event(session, onset_at=ago(minutes=minutes - 10))
    await care.adverse_event(session, onset_at=ago(minutes=minutes - 12), seriousness=["important_medical_event"])
    await care.void(await care.adverse_event(session, seriousness=["hospitalisation"]))
    await care.void(await care.administration(session, events=[start(minutes), stop(minutes - 9)]))
    # Two hours after the dose it still speaks of the weeks before; three days after, it speaks of the dose.
    await care.phq9(patient, answered_at=ago(minutes=minutes - 120), **inside)
    days_later = ago(minutes=minutes - 30 - 3 * MINUTES_A_DAY)  # at the hour the dose ended
    await care.phq9(patient, PHQ9_OF_9, answered_at=days_later, course_id=course["id"])
    # A scale of the moment: what came of a session is not told by it.
    rated = {"instrument": "VASMOOD", "total": 70, "answered_at": ago(minutes=minutes - 35)}
    await care.new(f"{path_of(patient)}/assessments", rated | inside)
    return await care.discharge(session, discharged_at=ago(minutes=minutes - 125))


async def row_as_single_reads_tell(care: Care, session_id: str) -> Json:
    """What the row of a session must say, from its record, its patient, its course, its curve and the lists."""
    record = await care.get(f"/v1/sessions/{session_id}/record")
    patient = await care.get(f"/v1/patients/{record['patient_id']}")
    course = await care.get(f"/v1/courses/{record['course_id']}")
    curve = await care.get(f"/v1/courses/{record['course_id']}/trajectory")
    plan = {one["id"]: one for one in await care.items(f"/v1/courses/{course['id']}/plan")}
    dose: Json = next((one for one in curve["sessions"] if one["session_id"] == session_id), {})
    order: Json = record["dose_orders"][-1] if record["dose_orders"] else {}
    given = record["administrations"]
    wasted = [one["wasted_mg"] for one in given]
    known = [one for one in record["vital_signs"] if one["systolic_mmhg"] is not None]
    begun = record["started_at"]
    before = [one for one in known if begun and moment(one["measured_at"]) <= moment(begun)]
    after = [one for one in known if begun and moment(one["measured_at"]) > moment(begun)]
    place = await care.get(f"/v1/locations/{record['location_id']}") if record["location_id"] else None
    protocol = await care.get(f"/v1/protocols/{course['protocol_code']}")
    counted_from = record["last_dose_at"] if protocol["observation"]["counts_from"] == "end" else begun
    watched = record["discharged_at"] and counted_from
    return {name: record[name] for name in (*CLINICAL, "id", "version", "updated_at", "origin", "status", "drug")} | {
        "patient_identifiers": patient["identifiers"],
        "protocol_code": course["protocol_code"],
        "protocol_version": course["protocol_version"],
        "indication_code": course["indication_code"],
        "phase": plan[record["plan_item_id"]]["phase"] if record["plan_item_id"] else course["phase"],
        "time_zone": course["time_zone"],
        "session_on": moment(record["session_at"]).astimezone(ZoneInfo(course["time_zone"])).date().isoformat(),
        "location": place and {"id": place["id"], "name": place["name"]},
        "lifetime_number": await _lifetime(care, record),
        "ordered_mg": order.get("ordered_mg"),
        "ordered_mg_per_kg": order.get("ordered_mg_per_kg"),
        "delivered_mg": dose.get("delivered_mg"),
        "delivered_mg_per_kg": dose.get("delivered_mg_per_kg"),
        "wasted_mg": round(sum(wasted), 3) if wasted and None not in wasted else None,
        "weight_kg": dose.get("weight_kg"),
        "administration_count": len(given),
        "vital_signs_count": len(record["vital_signs"]),
        "dissociation_note_count": len(record["dissociation_notes"]),
        "adverse_event_count": len(record["adverse_events"]),
        "serious_adverse_event_count": sum(one["serious"] for one in record["adverse_events"]),
        "assessment_count": len(record["assessments"]),
        "open_alert_count": sum(one["status"] == "open" for one in record["alerts"]),
        "dissociation_max": max((one["intensity"] for one in record["dissociation_notes"]), default=None),
        "pressure_baseline": _pressure(max(before, key=lambda one: one["measured_at"], default=None)),
        "pressure_peak": _pressure(max(after, key=lambda one: one["systolic_mmhg"], default=None)),
        "observation_minutes": _whole_minutes(counted_from, record["discharged_at"]) if watched else None,
        "scores": await _nearest(care, record),
    }


def moment(text: str) -> datetime:
    """An instant."""
    return datetime.fromisoformat(text)


def _whole_minutes(begun: str, ended: str) -> int:
    return int(Decimal((moment(ended) - moment(begun)).total_seconds() / 60).quantize(Decimal(1), ROUND_HALF_UP))


def _pressure(reading: Json | None) -> Json | None:
    return reading and {name: reading[name] for name in ("measured_at", "systolic_mmhg", "diastolic_mmhg")}


async def _doses(care: Care, record: Json) -> list[datetime]:
    """First doses of the patient, from the curves of their courses."""
    courses = await care.items("/v1/courses", patient_id=record["patient_id"])
    curves = [await care.get(f"/v1/courses/{course['id']}/trajectory") for course in courses]
    return sorted(moment(one["started_at"]) for curve in curves for one in curve["sessions"])


async def _lifetime(care: Care, record: Json) -> int | None:
    if record["started_at"] is None:
        return None
    begun = moment(record["started_at"])
    elsewhere = await care.items(f"/v1/patients/{record['patient_id']}/external-treatments")
    return sum(at <= begun for at in await _doses(care, record)) + sum(one["sessions"] for one in elsewhere)


async def _nearest(care: Care, record: Json) -> list[Json]:
    """By brute force: the last score since the dose before, the first one up to the next."""
    if record["started_at"] is None:
        return []
    begun, doses = moment(record["started_at"]), await _doses(care, record)
    previous = max((at for at in doses if at < begun), default=None)
    following = min((at for at in doses if at > begun), default=None)
    scores = await care.items("/v1/assessments", patient_id=record["patient_id"])
    told: list[Json] = []
    outcomes = [one["code"] for one in (await care.get("/v1/instruments"))["items"] if one["response"] is not None]
    for instrument in sorted({one["instrument"] for one in scores} & set(outcomes)):
        mine = [one for one in scores if one["instrument"] == instrument and not one["too_soon_after_dose"]]
        mine.sort(key=lambda one: moment(one["answered_at"]))
        at = {one["id"]: moment(one["answered_at"]) for one in mine}
        before = [one for one in mine if (previous is None or at[one["id"]] > previous) and at[one["id"]] <= begun]
        after = [one for one in mine if begun < at[one["id"]] and (following is None or at[one["id"]] <= following)]
        if before or after:
            told.append(
                {
                    "instrument": instrument,
                    "before": before[-1]["id"] if before else None,
                    "after": after[0]["id"] if after else None,
                }
            )
    return told


def told_by_row(row: Json) -> Json:
    """A row with its scores by id, to compare."""
    scores = [
        one | {side: one[side] and one[side]["assessment_id"] for side in ("before", "after")} for one in row["scores"]
    ]
    return row | {"scores": scores}


# What a form of the first session's kind came to, for tests that look at a total.
TOTAL_BEFORE, TOTAL_AFTER = sum(PHQ9_OF_19), sum(PHQ9_OF_9)
