"""Giving care over HTTP in a sentence a step, for tests that need a treatment to look at.

care = await caring(clinic)                       # as a prescriber
session = await care.session_in("observing")      # with a patient, a course, an order and an infusion
await care.discharge(session)
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx2

from app.kernel.ids import new_id
from tests.factories.patients import patient_body
from tests.world import World

Json = dict[str, Any]

PATHS: Final[Mapping[str, str]] = {
    "clinic": "/v1/clinics",
    "location": "/v1/locations",
    "policy_setting": "/v1/policy-settings",
    "clinic_protocol": "/v1/clinic-protocols",
    "staff": "/v1/staff",
    "client": "/v1/clients",
    "patient": "/v1/patients",
    "weight": "/v1/weights",
    "patient_limit": "/v1/patient-limits",
    "episode": "/v1/episodes",
    "external_treatment": "/v1/external-treatments",
    "screening": "/v1/screenings",
    "consent": "/v1/consents",
    "programme_enrolment": "/v1/programme-enrolments",
    "medication": "/v1/medications",
    "condition": "/v1/conditions",
    "allergy": "/v1/allergies",
    "medication_trial": "/v1/medication-trials",
    "reproductive_fact": "/v1/reproductive-facts",
    "course": "/v1/courses",
    "dose_decision": "/v1/dose-decisions",
    "session": "/v1/sessions",
    "gate_override": "/v1/gate-overrides",
    "reassignment": "/v1/reassignments",
    "dose_order": "/v1/dose-orders",
    "administration": "/v1/administrations",
    "dose_event": "/v1/dose-events",
    "vital_signs": "/v1/vital-signs",
    "vital_slot": "/v1/vital-slots",
    "watch": "/v1/watches",
    "dissociation_note": "/v1/dissociation-notes",
    "adverse_event": "/v1/adverse-events",
    "assessment": "/v1/assessments",
    "alert": "/v1/alerts",
    "signature": "/v1/signatures",
    "addendum": "/v1/addenda",
}

# Everything that is asked at the door; and since most tests are not about what is watched, a prescriber's word for it.
GOES_HOME: Final[Json] = {
    "condition": "well",
    "oriented": True,
    "walks_unaided": True,
    "nausea_controlled": True,
    "no_suicidal_intent": True,
    "iv_removed": True,
    "escort_name": "R. Rivera",
    "instructions_given": True,
    "override_reason": "Seen by the prescriber at the door.",
}
# Leaving though something is missing is nobody's to forbid.
LEAVES: Final[Json] = {
    **{name: value for name, value in GOES_HOME.items() if name != "override_reason"},
    "left_against_advice": True,
    "told_to": "Dr. Osei",
}

_BEGAN: Final = datetime.now(UTC).replace(microsecond=0)
PHQ9_OF_19: Final = [2, 3, 2, 3, 2, 3, 2, 1, 1]
PHQ9_OF_9: Final = [1, 1, 1, 1, 1, 2, 1, 1, 0]


def instant(moment: datetime) -> str:
    """A time as JSON has it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def ago(**length: float) -> str:
    """So long before this run began, to the second; two such times are exactly as far apart as they say."""
    return instant(_BEGAN - timedelta(**length))


def path_of(record: Mapping[str, Any]) -> str:
    """A record's address."""
    return f"{PATHS[record['object']]}/{record['id']}"


def version_header(record: Mapping[str, Any]) -> dict[str, str]:
    """The `If-Match` of a record."""
    return {"If-Match": f'"{record["version"]}"'}


def fresh_key() -> dict[str, str]:
    """An `Idempotency-Key` nobody used."""
    return {"Idempotency-Key": new_id().hex}


class Care:
    """What somebody in a clinic does, over HTTP; every step is expected to succeed."""

    def __init__(self, http: httpx2.AsyncClient, clinic: World | None = None) -> None:
        self.http = http
        self.clinic = clinic

    async def call(self, method: str, path: str, *, expect: int | None = None, **options: Any) -> Json:
        """One request that must succeed, or answer as expected."""
        answer = await self.http.request(method, path, **options)
        right = answer.status_code == expect if expect else answer.is_success
        assert right, f"{method} {path} answered {answer.status_code}: {answer.text}"
        return answer.json()

    async def get(self, path: str, **options: Any) -> Json:
        """Read."""
        return await self.call("GET", path, **options)

    async def again(self, record: Mapping[str, Any]) -> Json:
        """A record as it is now."""
        return await self.get(path_of(record))

    async def new(self, path: str, body: Mapping[str, Any], **options: Any) -> Json:
        """Create."""
        return await self.call("POST", path, json=body, headers=fresh_key(), **options)

    async def do(
        self, record: Mapping[str, Any], verb: str, body: Mapping[str, Any] | None = None, **more: Any
    ) -> Json:
        """A verb on a record as it is now."""
        now = await self.again(record)
        return await self.call(
            "POST", f"{path_of(record)}/{verb}", json=body or {}, headers=version_header(now), **more
        )

    async def change(
        self, record: Mapping[str, Any], body: Mapping[str, Any], *, reason: str | None = None, **more: Any
    ) -> Json:
        """Patch a record as it is now."""
        headers = version_header(await self.again(record)) | ({"Change-Reason": reason} if reason else {})
        return await self.call("PATCH", path_of(record), json=body, headers=headers, **more)

    async def void(self, record: Mapping[str, Any], reason: str = "wrong patient", **more: Any) -> Json:
        """Mark a record as entered in error."""
        return await self.do(record, "mark-entered-in-error", {"reason": reason}, **more)

    async def items(self, path: str, **params: Any) -> list[Json]:
        """All records of a list."""
        found: list[Json] = []
        cursor: str | None = None
        while True:
            page = await self.get(path, params={"limit": 200, **params, **({"cursor": cursor} if cursor else {})})
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    async def history(self, record: Mapping[str, Any]) -> list[Json]:
        """Every version of a record."""
        return await self.items(f"{path_of(record)}/history")

    # ── what the steps make ──────────────────────────────────────────────────────────────────────────────────────────

    async def patient(self, **members: Any) -> Json:
        """A person under care."""
        return await self.new("/v1/patients", patient_body(**members))

    async def weight(self, patient: Json, weight_kg: float = 82.4, **members: Any) -> Json:
        """What they weigh."""
        body = {"weight_kg": weight_kg, "measured_at": ago(minutes=5)} | members
        return await self.new(f"{path_of(patient)}/weights", body)

    async def course(self, patient: Json | None = None, **members: Any) -> Json:
        """A series; under OPEN unless said otherwise."""
        patient = patient or await self.patient()
        return await self.new(f"{path_of(patient)}/courses", {"protocol_code": "OPEN"} | members)

    async def session(self, course: Json | None = None, **members: Any) -> Json:
        """A visit that is scheduled."""
        course = course or await self.course()
        dull = {"drug": "ketamine", "route": "intravenous"} if course["protocol_code"] == "OPEN" else {}
        return await self.new(f"{path_of(course)}/sessions", dull | members)

    async def session_in(self, status: str, course: Json | None = None) -> Json:
        """A visit that has come as far as this state, as a read shows it."""
        session = await self._session_in(status, course)
        session.pop("allowed_actions", None)
        return session

    async def _session_in(self, status: str, course: Json | None) -> Json:
        session = await self.session(course)
        match status:
            case "scheduled":
                return session
            case "cancelled":
                return await self.do(session, "cancel", {"reason": "Patient has a cold."})
            case "no_show":
                return await self.do(session, "mark-no-show")
        session = await self.do(session, "check-in", {"escort_name": "R. Rivera"})
        if status == "checked_in":
            return session
        if status == "held":
            return await self.do(session, "hold", {"reason": "Pressure 172/98."})
        session = await self.clear(session)
        if status == "cleared":
            return session
        events = [start(60), *([] if status == "dosing" else [stop(20)])]
        await self.administration(session, events=events)
        if status in {"discharged", "signed"}:
            session = await self.discharge(session)
        if status == "signed":
            (infusion,) = (await self.record(session))["administrations"]
            await self.do(infusion, "reconcile", {"wasted_mg": infusion["unaccounted_mg"]})
            return await self.do(session, "sign")
        if status == "discharged":
            return session
        return await self.again(session)

    async def clear(self, session: Json) -> Json:
        """A visit may start, in a clinic whose gates only warn; what they ask is told by the tests of readiness."""
        assert self.clinic is not None
        await self.clinic.only_records()
        return await self.do(session, "clear")

    async def discharge(self, session: Json, **members: Any) -> Json:
        """The patient goes home, on a prescriber's word."""
        return await self.do(session, "discharge", GOES_HOME | members)

    async def administration(self, session: Json, **members: Any) -> Json:
        """An infusion; without events a drawn syringe that has not been started."""
        body = {"drug": "ketamine", "route": "intravenous", "drawn_mg": 41.2} | members
        return await self.new(f"{path_of(session)}/administrations", body)

    async def event(self, administration: Json, event: Mapping[str, Any]) -> Json:
        """Something that happened to a dose."""
        return await self.new(f"{path_of(administration)}/events", event)

    async def order(self, session: Json, **members: Any) -> Json:
        """What the prescriber wants given."""
        return await self.new(
            f"{path_of(session)}/dose-orders", members or {"ordered_mg": 41.2, "infusion_minutes": 40}
        )

    async def vitals(self, session: Json, **members: Any) -> Json:
        """A set of readings."""
        body = {"measured_at": ago(minutes=10), "systolic_mmhg": 138, "diastolic_mmhg": 86} | members
        return await self.new(f"{path_of(session)}/vital-signs", body)

    async def slots(self, session: Json) -> Json:
        """The readings that are due, and the one to see to next."""
        return await self.get(f"{path_of(session)}/vital-slots")

    async def dissociation(self, session: Json, **members: Any) -> Json:
        """A dissociation note."""
        body = {"observed_at": ago(minutes=10), "intensity": 6, "phenomena": ["floating"]} | members
        return await self.new(f"{path_of(session)}/dissociation-notes", body)

    async def adverse_event(self, parent: Json, **members: Any) -> Json:
        """What happened that should not have, in a session or to a patient."""
        return await self.new(
            f"{path_of(parent)}/adverse-events", {"term": "NAUSEA", "onset_at": ago(minutes=10)} | members
        )

    async def phq9(self, patient: Json, items: list[int | None] | None = None, **members: Any) -> Json:
        """A PHQ-9, filled in an hour ago unless said otherwise."""
        time = {} if "answered_on" in members else {"answered_at": ago(hours=1)}
        body = {"instrument": "PHQ9", "items": items or PHQ9_OF_19} | time | members
        return await self.new(f"{path_of(patient)}/assessments", body)

    async def alerts_of(self, record: Json, **params: Any) -> list[Json]:
        """The alerts a record caused."""
        return [alert for alert in await self.items("/v1/alerts", **params) if alert["cause_id"] == record["id"]]

    async def record(self, session: Json, **params: Any) -> Json:
        """A session with everything in it."""
        return await self.get(f"{path_of(session)}/record", params=params)


def start(minutes_ago: float, rate: float = 1.03) -> Json:
    """Drug begins to flow."""
    return {"kind": "start", "occurred_at": ago(minutes=minutes_ago), "rate_mg_per_min": rate}


def stop(minutes_ago: float) -> Json:
    """It ends."""
    return {"kind": "stop", "occurred_at": ago(minutes=minutes_ago)}


async def caring(clinic: World, role: str = "prescriber") -> Care:
    """Somebody of the clinic at work."""
    return Care(await clinic.client(role), clinic)
