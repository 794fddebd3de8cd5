"""How to call each operation of the API so that it succeeds, for proofs that walk over all of them.

A recipe makes its own target in a clinic and answers the call; calling it again makes another target. An operation
without a recipe fails the walks, so that nothing is added to the API and forgotten here.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import httpx2

from app.kernel.ids import new_id
from app.screening.catalogue import askable_codes
from app.treatment.signatures import actions as signatures
from app.treatment.signatures.rules import Meaning
from tests.factories.patients import patient_body
from tests.proofs.care import (
    LEAVES,
    PATHS,
    PHQ9_OF_9,
    PHQ9_OF_19,
    Care,
    Json,
    ago,
    caring,
    fresh_key,
    instant,
    start,
    stop,
    version_header,
)
from tests.world import World


@dataclass(frozen=True)
class Operation:
    """One operation of the OpenAPI document."""

    id: str
    method: str
    template: str
    facts: Mapping[str, Any]

    @property
    def success(self) -> int:
        """The status a call answers that does what it says; 207 only gets who asks for it."""
        return max(int(code) for code in self.facts["responses"] if code.startswith("2") and code != "207")

    @property
    def is_public(self) -> bool:
        """Whether nobody has to sign in."""
        return not self.template.startswith("/v1/")

    @property
    def body_schema(self) -> Mapping[str, Any] | None:
        """The schema of its JSON body."""
        content = self.facts.get("requestBody", {}).get("content", {})
        return content.get("application/json", {}).get("schema")


def operations_of(document: Mapping[str, Any]) -> list[Operation]:
    """Every operation of a document."""
    return [
        Operation(facts["operationId"], method.upper(), path, facts)
        for path, item in document["paths"].items()
        for method, facts in item.items()
        if method in {"get", "post", "put", "patch", "delete"}
    ]


@dataclass(frozen=True)
class Call:
    """What to send; `ids` are the parameters in the path."""

    ids: Mapping[str, str] = field(default_factory=dict)
    body: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None

    @property
    def names_records(self) -> bool:
        """Whether the path names a record of a clinic, and not something that is shipped for all."""
        return any(_is_id(value) for value in self.ids.values())

    def elsewhere(self) -> "Call":
        """The same call with ids that nobody has."""
        return replace(self, ids={name: str(new_id()) if _is_id(value) else value for name, value in self.ids.items()})

    async def send(self, http: httpx2.AsyncClient, operation: Operation, **options: Any) -> httpx2.Response:
        """Send it; every POST under a key of its own."""
        headers = dict(self.headers) | (fresh_key() if operation.method == "POST" and not self.form else {})
        path = operation.template.format(**self.ids)
        if self.body is not None:
            options["json"] = self.body
        if self.form is not None:
            options["data"] = self.form
        return await http.request(operation.method, path, headers=headers, **options)


def shape_of(document: Mapping[str, Any], schema: Mapping[str, Any], value: object) -> Mapping[str, Any]:
    """Of several shapes the one a value has, told apart by its constants; another schema as it is."""
    told = value if isinstance(value, dict) else {}
    for reference in schema.get("oneOf", ()):
        shape = document["components"]["schemas"][reference["$ref"].rsplit("/", 1)[1]]
        closed = {
            name: one.get("enum", [one.get("const")])
            for name, one in shape["properties"].items()
            if "enum" in one or "const" in one
        }
        if all(told.get(name) in values for name, values in closed.items() if name in told):
            return shape
    return schema


def _is_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True


@dataclass
class Stage:
    """A clinic in which recipes are made, by a prescriber and an administrator.

    What everybody may do to what is their own is made by `caller`.
    """

    clinic: World
    care: Care
    admin: Care
    caller: str = "prescriber"


async def stage_in(clinic: World) -> Stage:
    """A clinic's stage."""
    return Stage(clinic, await caring(clinic), await caring(clinic, "admin"))


Recipe = Callable[[Stage], Awaitable[Call]]
Maker = Callable[[Stage], Awaitable[Json]]
RECIPES: Final[dict[str, Recipe]] = {}


def mark() -> str:
    """Letters nobody else has."""
    return new_id().hex[-16:]


# ── records ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _weight(stage: Stage) -> Json:
    return await stage.care.weight(await stage.care.patient())


async def _order(stage: Stage) -> Json:
    return await stage.care.order(await stage.care.session())


async def _administration(stage: Stage) -> Json:
    events = [start(50), stop(10)]
    return await stage.care.administration(await stage.care.session(), events=events)


async def _event(stage: Stage) -> Json:
    return (await _administration(stage))["events"][1]


async def _assessment(stage: Stage) -> Json:
    return await stage.care.phq9(await stage.care.patient())


async def _slot(stage: Stage) -> Json:
    session = await stage.care.session_in("checked_in")
    (slot,) = (await stage.care.slots(session))["items"]
    return await stage.care.again(slot)


async def _watch(stage: Stage) -> Json:
    session = await stage.care.session()
    staff = await MAKERS["staff"](stage)
    body = {"staff_id": staff["id"], "at": ago(minutes=5), "note": "Calm."}
    return await stage.care.new(f"/v1/sessions/{session['id']}/watch", body)


async def _alert(stage: Stage) -> Json:
    (alert,) = await stage.care.alerts_of(await _assessment(stage))
    return alert


async def _signature(stage: Stage) -> Json:
    session = await stage.care.session_in("signed")
    (signature,) = (await stage.care.record(session))["signatures"]
    return signature


ADDED: Final[Json] = {"text": "Vivid dreams on both nights after the session, no distress."}


async def _addendum(stage: Stage) -> Json:
    session = await stage.care.session_in("signed")
    return await (await caring(stage.clinic, stage.caller)).new(f"/v1/sessions/{session['id']}/addenda", ADDED)


GIVEN_ELSEWHERE: Final[Json] = {
    "drug": "ketamine",
    "route": "intravenous",
    "given_on": "2026-03-02",
    "sessions": 6,
    "source": "records",
}


OWN_RULE: Final = {"code": "weight_recent_days", "value": 60, "reason": "Our own rule."}
HIGH_UP: Final = {"code": "spo2_start_hold_below", "value": 90, "reason": "Lives at 2 500 m."}


def screening_body(**members: Any) -> Json:
    """Every item that is asked answered no, but for one that is only a caution."""
    told = {"code": "SUD_HISTORY", "answer": "yes", "detail": "Alcohol, until 2020."}
    answers = [told if code == told["code"] else {"code": code, "answer": "no"} for code in askable_codes()]
    return {"drug": "ketamine", "screened_at": ago(hours=1), "answers": answers} | members


def consent_body(**members: Any) -> Json:
    """A treatment consent on paper."""
    return {
        "kind": "treatment",
        "document_code": "KETAMINE_CONSENT",
        "document_version": "2026-01",
        "signed_at": ago(hours=1),
        "method": "paper",
        "elements": ["off_label", "risks", "driving"],
    } | members


DECIDED: Final[Json] = {
    "decision": "eligible_with_conditions",
    "reason": "Sober for six years.",
    "conditions": "Alcohol is asked about at every visit.",
}

ENROLLED: Final[Json] = {
    "programme": "SPRAVATO_REMS",
    "enrolled_on": "2026-03-02",
    "signed_by_patient": True,
    "signed_by_prescriber": True,
}


LORAZEPAM: Final[Json] = {
    "name": "Lorazepam",
    "coding": {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "6470"},
    "class_codes": ["benzodiazepine"],
    "dose": "1 mg at night",
    "diazepam_equivalent_mg_per_day": 10,
    "started_on": "2026-01-05",
}


TRIED: Final[Json] = {
    "drug": "Sertraline",
    "class_code": "ssri",
    "max_dose_mg_per_day": 200,
    "adequate_dose": True,
    "started_on": "2025-06-02",
    "ended_on": "2025-08-25",
    "response_percent": 20,
    "stop_reason": "no_response",
    "augmentations": ["Lithium"],
    "source_of_information": "records",
}


TESTED: Final[Json] = {
    "kind": "pregnancy_test",
    "value": "negative",
    "observed_on": "2026-03-02",
    "source_of_information": "test",
}


HYPERTENSION: Final[Json] = {"name": "Hypertension", "icd10_code": "I10", "source_of_information": "patient"}
PENICILLIN: Final[Json] = {"substance": "Penicillin", "reaction": "Hives", "source_of_information": "patient"}


async def _below_patient(stage: Stage, what: str, body: Json) -> Json:
    patient = await stage.care.patient()
    return await stage.care.new(f"/v1/patients/{patient['id']}/{what}", body)


async def _decision(stage: Stage) -> Json:
    course = await stage.care.course()
    return await stage.care.new(f"/v1/courses/{course['id']}/dose-decisions", {"decision": "keep_dose"})


async def _to_override(stage: Stage) -> Json:
    """A visit with a gate in the way which nurses may override too, whatever the clinic's profile is."""
    rule = {"mode": "reason", "override_roles": ["prescriber", "nurse"]}
    await stage.admin.new("/v1/policies", {"code": "gate.escort", "value": rule, "reason": "Our own rule."})
    return await stage.care.session()


OVERRIDDEN: Final[Json] = {"gate": "escort", "reason": "Lives next door."}


async def _override(stage: Stage) -> Json:
    session = await _to_override(stage)
    return await stage.care.new(f"/v1/sessions/{session['id']}/gate-overrides", OVERRIDDEN)


async def _reassignment(stage: Stage) -> Json:
    # By somebody else than whoever the walks ask to confirm it.
    session, right = await stage.care.session(), await stage.care.patient()
    body = {"to_patient_id": right["id"], "reason": "Two patients of one name."}
    return await (await caring(stage.clinic, "nurse.2")).do(session, "reassign", body)


MAKERS: Final[Mapping[str, Maker]] = {
    "location": lambda stage: stage.admin.new("/v1/locations", {"name": f"Room {mark()}"}),
    "staff": lambda stage: stage.admin.new("/v1/staff", staff_body()),
    "client": lambda stage: stage.admin.new("/v1/clients", {"name": f"Registry {mark()}", "scopes": ["session:read"]}),
    "policy_setting": lambda stage: stage.admin.new("/v1/policies", OWN_RULE),
    "clinic_protocol": lambda stage: stage.care.new("/v1/clinic-protocols", protocol_body()),
    "patient": lambda stage: stage.care.patient(),
    "weight": _weight,
    "episode": lambda stage: _below_patient(stage, "episodes", {"indication_code": "F33.2"}),
    "external_treatment": lambda stage: _below_patient(stage, "external-treatments", GIVEN_ELSEWHERE),
    "patient_limit": lambda stage: _below_patient(stage, "limits", HIGH_UP),
    "screening": lambda stage: _below_patient(stage, "screenings", screening_body()),
    "consent": lambda stage: _below_patient(stage, "consents", consent_body()),
    "programme_enrolment": lambda stage: _below_patient(stage, "programme-enrolments", ENROLLED),
    "medication": lambda stage: _below_patient(stage, "medications", LORAZEPAM),
    "medication_trial": lambda stage: _below_patient(stage, "medication-trials", TRIED),
    "reproductive_fact": lambda stage: _below_patient(stage, "reproductive-facts", TESTED),
    "condition": lambda stage: _below_patient(stage, "conditions", HYPERTENSION),
    "allergy": lambda stage: _below_patient(stage, "allergies", PENICILLIN),
    "course": lambda stage: stage.care.course(),
    "dose_decision": _decision,
    "session": lambda stage: stage.care.session(),
    "gate_override": _override,
    "reassignment": _reassignment,
    "dose_order": _order,
    "administration": _administration,
    "dose_event": _event,
    "vital_signs": lambda stage: _in_session(stage, "vitals"),
    "vital_slot": _slot,
    "watch": _watch,
    "dissociation_note": lambda stage: _in_session(stage, "dissociation"),
    "adverse_event": lambda stage: _in_session(stage, "adverse_event"),
    "assessment": _assessment,
    "alert": _alert,
    "signature": _signature,
    "addendum": _addendum,
}


async def _in_session(stage: Stage, what: str) -> Json:
    return await getattr(stage.care, what)(await stage.care.session())


def protocol_body(**members: Any) -> Json:
    """Four infusions, one a week, under a code nobody else has."""
    said = "The clinic's own rule."
    phase = {"name": "induction", "sessions": 4, "day_offsets": [0, 7, 14, 21], "dose_mg_per_kg": [0.5]}
    return {
        "code": f"OWN.{mark()}",
        "name": "Four infusions, one a week",
        "drug": "ketamine",
        "route": "intravenous",
        "infusion_minutes": 40,
        "phases": [phase],
        "observation": {"counts_from": "end", "minimum_minutes": 60, "source": said},
        "vital_slots_minutes": [15, 30, 45, 60],
        "vital_slots_source": said,
        "limits": {"max_mg_per_kg": 1, "times_previous_dose": 1.5, "source": said},
        "source": said,
        "reason": "Many of our patients travel far.",
    } | members


def staff_body() -> Json:
    """A nurse."""
    return {"username": f"sam.{mark()}", "name": f"Sam {mark()}", "roles": ["nurse"]}


# ── reads, corrections, entering in error ────────────────────────────────────────────────────────────────────────────

UPDATES: Final[Mapping[str, Json]] = {
    "location": {"name": "Room 3"},
    "staff": {"name": "Sam Levy"},
    "client": {"name": "Registry", "scopes": ["patient:read"]},
    "patient": {
        "given_name": "Robin",
        "emergency_contact": {"name": "R. Rivera", "relation": "sister", "phone": "+1 555 0101"},
    },
    "weight": {"weight_kg": 82.1},
    "episode": {"ended_on": "2026-03-02", "severity": "moderate"},
    "external_treatment": {"sessions": 5},
    "screening": {"answers": [{"code": "ANEURYSM", "answer": "yes", "detail": "Repaired in 2019."}]},
    "consent": {"elements": ["risks"]},
    "programme_enrolment": {"ended_on": "2026-09-30"},
    "medication_trial": {"weeks": 12, "augmentations": ["Lithium", "Aripiprazole"]},
    "reproductive_fact": {"value": "positive"},
    "condition": {"ended_on": "2026-03-02"},
    "allergy": {"severity": "severe"},
    "medication": {"ended_on": "2026-03-02", "class_codes": ["benzodiazepine", "other_cns_depressant"]},
    "course": {"indication_code": "F33.1"},
    "session": {"note": "Prefers the quiet room.", "check_in": {"medicines_changed": "no", "escort_name": "R. Rivera"}},
    "administration": {"lot": "K2291", "drawn_mg": 41.3},
    "dose_event": {"performed_by": "S. Levy"},
    "vital_signs": {"systolic_mmhg": 139},
    "dissociation_note": {"intensity": 5, "phenomena": ["floating"]},
    "adverse_event": {"grade": 2, "action": "paused", "seriousness": ["hospitalisation"], "outcome": "recovering"},
    "assessment": {"items": PHQ9_OF_9},
}
# Members of one shape for several kinds of record that the records made here do not have.
FOREIGN: Final[Mapping[str, frozenset[str]]] = {
    "update_administration": frozenset({"peer_monitor_name", "supervised_by"}),
    "update_dose_event": frozenset({"lot"}),
    "discharge_session": frozenset({"override_reason"}),
}
_PLURALS: Final[Mapping[str, str]] = {
    "staff": "staff",
    "vital_signs": "vital_signs",
    "allergy": "allergies",
    "addendum": "addenda",
    **{
        name: f"{name}s"
        for name in MAKERS
        if name not in {"staff", "vital_signs", "weight", "allergy", "addendum", "vital_slot", "watch"}
    },
}
_NOT_VOIDED: Final = frozenset(
    {"signature", "location", "staff", "client", "alert", "clinic_protocol", "vital_slot", "reassignment"}
)


def _target(name: str, body: Json | None = None, *, versioned: bool = False, reasoned: bool = False) -> Recipe:
    async def made(stage: Stage) -> Call:
        record = await MAKERS[name](stage)
        headers = version_header(record) if versioned else {}
        return Call({f"{name}_id": record["id"]}, body, headers | ({"Change-Reason": "correction"} if reasoned else {}))

    return made


async def _nothing(stage: Stage) -> Call:
    return Call()


for _name in MAKERS:
    RECIPES[f"get_{_name}"] = _target(_name)
    RECIPES[f"list_{_name}_history"] = _target(_name)
    if _name in _PLURALS:
        RECIPES[f"list_{_PLURALS[_name]}"] = _nothing
    if _name in UPDATES:
        RECIPES[f"update_{_name}"] = _target(_name, UPDATES[_name], versioned=True, reasoned=True)
    if _name not in _NOT_VOIDED:
        RECIPES[f"mark_{_name}_entered_in_error"] = _target(_name, {"reason": "wrong patient"}, versioned=True)
for _name in ("list_client_history", "list_location_history", "list_gate_overrides", "list_signatures"):
    del RECIPES[_name]
for _name, _verb, _body in (
    ("clinic_protocol", "retire_clinic_protocol", {"reason": "Replaced by version 2."}),
    ("location", "disable_location", None),
    ("staff", "disable_staff", None),
    ("staff", "invite_staff", None),
    ("client", "rotate_client_secret", None),
    ("client", "disable_client", None),
    ("screening", "decide_screening", DECIDED),
    ("consent", "withdraw_consent", {"reason": "Wants to pause treatment."}),
    ("course", "pause_course", {"reason": "Travelling."}),
    ("course", "complete_course", {"reason": "All sessions given."}),
    ("course", "discontinue_course", {"reason": "No effect."}),
    ("vital_slot", "miss_vital_slot", {"reason": "Asleep."}),
    ("alert", "acknowledge_alert", {"note": "Spoke with the patient."}),
    ("alert", "resolve_alert", {"disposition": "Safety plan reviewed."}),
    ("administration", "reconcile_administration", {"wasted_mg": 0}),
    ("reassignment", "confirm_reassignment", {}),
    ("reassignment", "withdraw_reassignment", {"reason": "It was the right patient after all."}),
):
    RECIPES[_verb] = _target(_name, _body, versioned=True)
RECIPES["list_episodes"] = _target("patient")
RECIPES["list_patient_limits"] = _target("patient")
RECIPES["list_patient_policies"] = _target("patient")
RECIPES["list_external_treatments"] = _target("patient")
RECIPES["get_patient_interactions"] = _target("patient")
RECIPES["get_treatment_resistance"] = _target("patient")
RECIPES["list_dose_decisions"] = _target("course")
RECIPES["list_plan"] = _target("course")
RECIPES["get_course_trajectory"] = _target("course")
RECIPES["get_course_outcome"] = _target("course")
RECIPES["get_session_record"] = _target("session")
RECIPES["get_session_readiness"] = _target("session")
RECIPES["get_discharge_readiness"] = _target("session")
RECIPES["get_session_chairside"] = _target("session")
RECIPES["list_weights"] = _target("patient")
for _name in (
    "list_clinics",
    "list_policies",
    "list_protocols",
    "list_instruments",
    "list_changes",
    "get_board",
    "follow_board",
    "get_worklist",
    "get_me",
    "check_live",
    "check_ready",
):
    RECIPES[_name] = _nothing


# ── a session's moves ────────────────────────────────────────────────────────────────────────────────────────────────


def _move(status: str, body: Json) -> Recipe:
    async def made(stage: Stage) -> Call:
        session = await stage.care.session_in(status)
        return Call({"session_id": session["id"]}, body, version_header(session))

    return made


for _verb, _status, _body in (
    ("reschedule_session", "scheduled", {"scheduled_start_at": "2027-03-02T15:00:00Z", "reason": "Patient asked."}),
    ("check_in_session", "scheduled", {"identifiers_checked": ["name", "birth_date"], "escort_name": "R. Rivera"}),
    ("cancel_session", "scheduled", {"reason": "Patient has a cold."}),
    ("mark_session_no_show", "scheduled", {"reason": "Did not come."}),
    ("hold_session", "checked_in", {"reason": "Pressure 172/98."}),
    ("release_session", "held", {}),
    ("abort_session", "dosing", {"reason": "Patient asked to stop."}),
    ("discharge_session", "observing", LEAVES | {"note": "Slept a little."}),
):
    RECIPES[_verb] = _move(_status, _body)


# ── what is created below something, and the rest ────────────────────────────────────────────────────────────────────


def recipe(function: Recipe) -> Recipe:
    """The recipe of the operation whose name the function has."""
    RECIPES[function.__name__] = function
    return function


async def _ready_to_sign(stage: Stage) -> Json:
    session = await stage.care.session_in("discharged")
    (infusion,) = (await stage.care.record(session))["administrations"]
    await stage.care.do(infusion, "reconcile", {"wasted_mg": infusion["unaccounted_mg"]})
    return session


@recipe
async def sign_session(stage: Stage) -> Call:
    session = await _ready_to_sign(stage)
    return Call({"session_id": session["id"]}, {"meaning": "author"}, version_header(session))


@recipe
async def cosign_session(stage: Stage) -> Call:
    session, nobody = await _ready_to_sign(stage), stage.clinic.system  # who signs first is none of the callers
    async with stage.clinic.database.writing(nobody) as db:
        await signatures.sign_session(db, nobody, UUID(session["id"]), Meaning.AUTHOR, session["version"])
    return Call({"session_id": session["id"]}, {}, version_header(await stage.care.again(session)))


@recipe
async def amend_session(stage: Stage) -> Call:
    signed = await (await caring(stage.clinic, stage.caller)).do(await _ready_to_sign(stage), "sign")
    return Call({"session_id": signed["id"]}, {"reason": "The cuff was too small."}, version_header(signed))


@recipe
async def create_addendum(stage: Stage) -> Call:
    return Call({"session_id": (await stage.care.session_in("signed"))["id"]}, ADDED)


@recipe
async def clear_session(stage: Stage) -> Call:
    await stage.clinic.only_records()
    return await _move("checked_in", {})(stage)


@recipe
async def create_gate_override(stage: Stage) -> Call:
    return Call({"session_id": (await _to_override(stage))["id"]}, OVERRIDDEN)


@recipe
async def resume_course(stage: Stage) -> Call:
    course = await stage.care.do(await stage.care.course(), "pause")
    return Call({"course_id": course["id"]}, {}, version_header(course))


@recipe
async def create_patient(stage: Stage) -> Call:
    contact = {"name": "R. Rivera", "relation": "sister", "phone": "+1 555 0101"}
    identifiers = [{"system": "https://emr.example/mrn", "value": mark()}]
    return Call(body=patient_body(emergency_contact=contact, identifiers=identifiers))


@recipe
async def search_patients(stage: Stage) -> Call:
    return Call(body={"family_name": "riv"})


@recipe
async def create_weight(stage: Stage) -> Call:
    patient = await stage.care.patient()
    return Call({"patient_id": patient["id"]}, {"weight_kg": 82.4, "measured_at": ago(minutes=5)})


@recipe
async def create_episode(stage: Stage) -> Call:
    patient = await stage.care.patient()
    return Call({"patient_id": patient["id"]}, {"indication_code": "F33.2", "began_on": "2026-01-05"})


@recipe
async def create_external_treatment(stage: Stage) -> Call:
    patient = await stage.care.patient()
    return Call({"patient_id": patient["id"]}, GIVEN_ELSEWHERE)


@recipe
async def create_screening(stage: Stage) -> Call:
    patient = await stage.care.patient()
    return Call({"patient_id": patient["id"]}, screening_body())


@recipe
async def create_consent(stage: Stage) -> Call:
    patient = await stage.care.patient()
    return Call({"patient_id": patient["id"]}, consent_body())


@recipe
async def create_programme_enrolment(stage: Stage) -> Call:
    patient = await stage.care.patient()
    return Call({"patient_id": patient["id"]}, ENROLLED)


@recipe
async def create_place_enrolment(stage: Stage) -> Call:
    location = await MAKERS["location"](stage)
    body = {"programme": "SPRAVATO_REMS", "location_id": location["id"], "enrolled_on": "2026-03-02"}
    return Call(body=body)


@recipe
async def create_medication(stage: Stage) -> Call:
    patient = await stage.care.patient()
    return Call({"patient_id": patient["id"]}, LORAZEPAM)


@recipe
async def create_medication_trial(stage: Stage) -> Call:
    patient = await stage.care.patient()
    return Call({"patient_id": patient["id"]}, TRIED)


@recipe
async def create_reproductive_fact(stage: Stage) -> Call:
    patient = await stage.care.patient()
    return Call({"patient_id": patient["id"]}, TESTED)


@recipe
async def create_condition(stage: Stage) -> Call:
    patient = await stage.care.patient()
    return Call({"patient_id": patient["id"]}, HYPERTENSION)


@recipe
async def create_allergy(stage: Stage) -> Call:
    patient = await stage.care.patient()
    return Call({"patient_id": patient["id"]}, PENICILLIN)


@recipe
async def create_dose_decision(stage: Stage) -> Call:
    course = await stage.care.course()
    return Call({"course_id": course["id"]}, {"decision": "continue"})


@recipe
async def change_course_phase(stage: Stage) -> Call:
    course = await stage.care.course()
    return Call({"course_id": course["id"]}, {"phase": "maintenance"}, version_header(course))


@recipe
async def re_plan_course(stage: Stage) -> Call:
    course = await stage.care.course(protocol_code="KET_IV_6x3W")
    return Call({"course_id": course["id"]}, {"interval_days": 7, "reason": "Travelling."}, version_header(course))


@recipe
async def create_course(stage: Stage) -> Call:
    patient = await stage.care.patient()
    return Call({"patient_id": patient["id"]}, {"protocol_code": "KET_IV_6x3W", "indication_code": "F33.2"})


@recipe
async def create_session(stage: Stage) -> Call:
    course = await stage.care.course()
    return Call({"course_id": course["id"]}, {"drug": "ketamine", "route": "intravenous"})


@recipe
async def record_session(stage: Stage) -> Call:
    patient = await stage.care.patient()
    body = {
        "route": "intravenous",
        "started_at": ago(hours=3),
        "delivered_mg": 40,
        "vital_signs": [{"measured_at": ago(hours=2.5), "systolic_mmhg": 141, "diastolic_mmhg": 88}],
        "dissociation_notes": [{"observed_at": ago(hours=2.5), "intensity": 6}],
        "discharged_at": ago(hours=1),
    }
    return Call({"patient_id": patient["id"]}, body)


@recipe
async def create_dose_order(stage: Stage) -> Call:
    session = await stage.care.session()
    return Call({"session_id": session["id"]}, {"ordered_mg": 41.2, "infusion_minutes": 40})


@recipe
async def get_dose_proposal(stage: Stage) -> Call:
    patient = await stage.care.patient()
    await stage.care.weight(patient)
    session = await stage.care.session(await stage.care.course(patient, protocol_code="KET_IV_6x3W"))
    return Call({"session_id": session["id"]})


@recipe
async def reconfirm_dose_order(stage: Stage) -> Call:
    patient = await stage.care.patient()
    await stage.care.weight(patient, measured_at=ago(hours=2))
    session = await stage.care.session(await stage.care.course(patient))
    order = await stage.care.order(session, ordered_mg_per_kg=0.5, infusion_minutes=40)
    await stage.care.weight(patient, 76.9)
    return Call({"dose_order_id": order["id"]}, {}, version_header(await stage.care.again(order)))


@recipe
async def create_administration(stage: Stage) -> Call:
    session = await stage.care.session()
    body = {"drug": "ketamine", "route": "intravenous", "drawn_mg": 41.2, "events": [start(50)]}
    return Call({"session_id": session["id"]}, body)


@recipe
async def create_dose_event(stage: Stage) -> Call:
    session = await stage.care.session()
    administration = await stage.care.administration(session)
    return Call({"administration_id": administration["id"]}, start(50))


@recipe
async def create_vital_signs(stage: Stage) -> Call:
    session = await stage.care.session()
    return Call({"session_id": session["id"]}, {"measured_at": ago(minutes=5), "systolic_mmhg": 138})


@recipe
async def create_vital_signs_batch(stage: Stage) -> Call:
    session = await stage.care.session()
    items = [{"measured_at": ago(minutes=m), "systolic_mmhg": 138, "spo2_percent": 98} for m in (15, 10, 5)]
    return Call({"session_id": session["id"]}, {"items": items})


@recipe
async def list_vital_slots(stage: Stage) -> Call:
    return Call({"session_id": (await stage.care.session_in("dosing"))["id"]})


@recipe
async def create_watch(stage: Stage) -> Call:
    session, staff = await stage.care.session(), await MAKERS["staff"](stage)
    return Call({"session_id": session["id"]}, {"staff_id": staff["id"], "at": ago(minutes=5), "note": "Calm."})


@recipe
async def create_dissociation_note(stage: Stage) -> Call:
    session = await stage.care.session()
    body = {"observed_at": ago(minutes=5), "intensity": 6, "phenomena": ["floating"]}
    return Call({"session_id": session["id"]}, body)


def _vomited(**members: Any) -> Json:
    return {"term": "VOMIT", "onset_at": ago(minutes=20), "grade": 1, "action": "paused"} | members


@recipe
async def reassign_session(stage: Stage) -> Call:
    session, right = await stage.care.session(), await stage.care.patient()
    body = {"to_patient_id": right["id"], "reason": "Two patients of one name."}
    return Call({"session_id": session["id"]}, body, version_header(session))


@recipe
async def create_adverse_event(stage: Stage) -> Call:
    session = await stage.care.session()
    return Call({"session_id": session["id"]}, _vomited())


@recipe
async def create_patient_adverse_event(stage: Stage) -> Call:
    patient = await stage.care.patient()
    return Call({"patient_id": patient["id"]}, _vomited(term="CYSTITIS", causality="possible"))


@recipe
async def create_assessment(stage: Stage) -> Call:
    patient = await stage.care.patient()
    body = {"instrument": "PHQ9", "answered_at": ago(hours=1), "items": PHQ9_OF_19}
    return Call({"patient_id": patient["id"]}, body)


@recipe
async def create_clinic_protocol(stage: Stage) -> Call:
    return Call(body=protocol_body())


@recipe
async def create_location(stage: Stage) -> Call:
    return Call(body={"name": f"Room {mark()}"})


@recipe
async def create_staff(stage: Stage) -> Call:
    return Call(body=staff_body())


@recipe
async def create_client(stage: Stage) -> Call:
    return Call(body={"name": f"Registry {mark()}", "scopes": ["session:read"]})


@recipe
async def get_clinic(stage: Stage) -> Call:
    return Call({"clinic_id": str(stage.clinic.id)})


RECIPES["list_clinic_history"] = get_clinic


@recipe
async def update_clinic(stage: Stage) -> Call:
    clinic = await stage.admin.get(f"{PATHS['clinic']}/{stage.clinic.id}")
    return Call({"clinic_id": clinic["id"]}, {"phone": "+1 555 0100"}, version_header(clinic))


@recipe
async def create_clinic(stage: Stage) -> Call:
    administrator = {"username": f"dana.{mark()}", "name": f"Dana {mark()}"}
    return Call(body={"name": f"Clinic {mark()}", "time_zone": "America/New_York", "administrator": administrator})


@recipe
async def set_policy(stage: Stage) -> Call:
    return Call(body=OWN_RULE)


@recipe
async def set_patient_limit(stage: Stage) -> Call:
    patient = await stage.care.patient()
    return Call({"patient_id": patient["id"]}, HIGH_UP)


@recipe
async def get_policy(stage: Stage) -> Call:
    return Call({"policy_code": "gate_profile"})


@recipe
async def get_protocol(stage: Stage) -> Call:
    return Call({"protocol_code": "OPEN"})


@recipe
async def get_protocol_version(stage: Stage) -> Call:
    return Call({"protocol_code": "OPEN", "protocol_version": "1"})


@recipe
async def get_screening_checklist(stage: Stage) -> Call:
    return Call({"checklist_code": "ELIGIBILITY"})


@recipe
async def get_instrument(stage: Stage) -> Call:
    return Call({"instrument_code": "PHQ9"})


@recipe
async def create_token(stage: Stage) -> Call:
    client = await MAKERS["client"](stage)
    form = {"grant_type": "client_credentials", "client_id": client["id"], "client_secret": client["client_secret"]}
    return Call(form=form)


@recipe
async def revoke_token(stage: Stage) -> Call:
    return Call(form={"token": "kts_nobody-has-this"})


@recipe
async def choose_own_password(stage: Stage) -> Call:
    staff = await MAKERS["staff"](stage)
    return Call(body={"token": staff["invitation"]["token"], "password": f"four quiet herons {mark()}"})


NOW: Final = instant(datetime.now(UTC))
