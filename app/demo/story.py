"""What happens in a demo clinic: steps in time, each an act of somebody in a role.

Steps are laid out first and played in order of time afterwards, so that ids, numbers of the feed and times agree.
What one step makes (an id, a dose) the later ones of the same patient find in the story.
"""

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter

from app.alerts import queries as alert_queries
from app.alerts.actions import acknowledge_alert, resolve_alert
from app.alerts.models import Alert
from app.alerts.schemas import AcknowledgeAlert, ResolveAlert
from app.assessments.actions import record_assessment
from app.assessments.schemas import AssessmentCreate
from app.courses.actions import complete_course, discontinue_course, open_course, pause_course
from app.courses.models import Course
from app.courses.rules import instant_of
from app.courses.schemas import CourseCreate, EndCourse
from app.demo.bodies import Body, Reading, draw_body, phq9_items
from app.demo.people import DemoClinic, Person
from app.dosing.actions import order_dose, reconcile_administration
from app.dosing.models import Administration
from app.dosing.schemas import (
    AnyDoseEvent,
    DoseOrderCreate,
    FlowBegins,
    IntravenousAdministration,
    ReconcileAdministration,
)
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.ids import new_id
from app.kernel.records import one
from app.kernel.tables import ClinicRecord
from app.monitoring.actions import (
    correct_vital_signs,
    record_dissociation_note,
    record_vital_signs,
    record_vital_signs_batch,
    void_vital_signs,
)
from app.monitoring.models import VitalSigns
from app.monitoring.schemas import DissociationNoteCreate, VitalSignsCreate, VitalSignsUpdate
from app.patients.actions import record_weight, register_patient
from app.patients.schemas import EmergencyContact, Identifier, PatientCreate, Sex, WeightCreate
from app.sessions.actions import (
    abort_session,
    cancel_session,
    check_in_session,
    clear_session,
    discharge_session,
    mark_no_show,
    schedule_session,
)
from app.sessions.models import TreatmentSession
from app.sessions.schemas import AbortSession, CheckInSession, DischargeSession, EndWithoutDose, SessionCreate
from app.treatment.doses.actions import record_administration, record_dose_event

Act = Callable[[WriteSession, Actor], Awaitable[object]]

DAYS_OF_COURSE: Final = (0, 3, 7, 10, 14, 17)
_FOLLOW_UP_DAYS: Final = 24
_DOSE_EVENT: Final[TypeAdapter[AnyDoseEvent]] = TypeAdapter(AnyDoseEvent)
_NIGHT: Final = time(23, 25)


@dataclass(frozen=True, slots=True)
class Step:
    """Something somebody does at an instant. `permission` is the one its route asks for."""

    at: datetime
    role: str
    permission: str
    act: Act


@dataclass(frozen=True, slots=True)
class Fate:
    """What makes one patient's course differ from another's. Sessions are counted from 1."""

    begins_days_from_today: int | None
    ends: str | None = None
    paused: tuple[int, ...] = ()
    slowed: tuple[int, ...] = ()
    aborted: int | None = None
    cancelled: int | None = None
    no_show: int | None = None
    over_midnight: int | None = None
    slip: int | None = None
    wrong_patient: int | None = None
    thoughts: tuple[int, ...] = ()
    alert: str = "resolved"


# Twenty courses in different stages; a clinic gets as many as it is asked for, in this order.
FATES: Final = (
    Fate(-45, "completed", paused=(2,), thoughts=(1,)),
    Fate(-10, paused=(3,), thoughts=(1, 2), alert="acknowledged"),
    Fate(-7, slowed=(2,), slip=2),
    Fate(0, thoughts=()),
    Fate(-30, "discontinued", aborted=2),
    Fate(-3, over_midnight=None, thoughts=(1,), alert="open"),
    Fate(-14, no_show=3),
    Fate(-60, "completed", slowed=(1,)),
    Fate(2),
    Fate(-17, wrong_patient=4, paused=(1, 5)),
    Fate(-12, over_midnight=2),
    Fate(None),
    Fate(-38, "completed", thoughts=(1, 2)),
    Fate(-20, "paused", cancelled=4),
    Fate(-6),
    Fate(-33, "completed", paused=(4,)),
    Fate(1),
    Fate(-9, cancelled=2, thoughts=(1,)),
    Fate(-28, "completed"),
    Fate(-4, slowed=(1,)),
)


@dataclass(slots=True)
class PatientStory:
    """One patient's steps, and what they have made so far."""

    clinic: DemoClinic
    person: Person
    fate: Fate
    today: date
    random: Random
    at_local: time
    body: Body = field(init=False)
    steps: list[Step] = field(default_factory=list[Step])
    patient_id: UUID = field(init=False)
    course_id: UUID = field(init=False)
    session_ids: dict[int, UUID] = field(default_factory=dict[int, UUID])
    administration_id: UUID = field(init=False)
    rate: Decimal = Decimal(0)
    reading_ids: dict[int, UUID] = field(default_factory=dict[int, UUID])

    def told(self) -> Sequence[Step]:
        """The patient's whole story up to the evening before today."""
        self.body = draw_body(self.random)
        begins = self.fate.begins_days_from_today
        midnight = instant_of(self.today, time(0), self.clinic.time_zone)
        first_on = self.today + timedelta(days=7 if begins is None else begins)
        registered = min(
            instant_of(first_on - timedelta(days=6), time(10, 5), self.clinic.time_zone), midnight - timedelta(hours=14)
        )
        self._register(registered + timedelta(minutes=self.random.randint(0, 50)))
        if begins is not None:
            self._course(registered + timedelta(hours=2), first_on)
            self._sessions(first_on)
        return [step for step in self.steps if step.at < midnight]

    def _add(self, at: datetime, role: str, permission: str, act: Act) -> None:
        self.steps.append(Step(at, role, permission, act))

    # ── coming in ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _register(self, at: datetime) -> None:
        person = self.person

        async def register(db: WriteSession, actor: Actor) -> None:
            body = PatientCreate(
                given_name=person.given_name,
                family_name=person.family_name,
                birth_on=date(person.birth_year, person.birth_month, person.birth_day),
                sex=Sex(person.sex),
                phone=person.phone,
                email=person.email,
                emergency_contact=EmergencyContact(
                    name=f"A. {person.family_name}", relation="sibling", phone=person.phone
                ),
                identifiers=[Identifier(system=f"https://{self.clinic.slug}.example/mrn", value=person.record_number)],
            )
            self.patient_id = (await register_patient(db, actor, body)).id

        self._add(at, "front_desk", "patient:write", register)

    def _course(self, at: datetime, first_on: date) -> None:
        first_at = instant_of(first_on, self.at_local, self.clinic.time_zone)
        indication = self.random.choice(("F33.2", "F33.1", "F32.2", "F33.2"))

        async def open_(db: WriteSession, actor: Actor) -> None:
            body = CourseCreate(protocol_code="KET_IV_6x3W", first_session_at=first_at, indication_code=indication)
            self.course_id = (await open_course(db, actor, self.patient_id, body)).id

        async def weigh(db: WriteSession, actor: Actor) -> None:
            body = WeightCreate(weight_kg=Decimal(str(self.body.weight_kg)), measured_at=at - timedelta(minutes=20))
            await record_weight(db, actor, self.patient_id, body)

        self._add(at - timedelta(minutes=15), "nurse", "clinical:write", weigh)
        self._add(at, "prescriber", "course:write", open_)

    # ── sessions ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _sessions(self, first_on: date) -> None:
        fate, infusions, visit, booked_at = self.fate, 0, 0, self.steps[-1].at + timedelta(minutes=10)
        last = {"discontinued": 3, "paused": 4}.get(fate.ends or "", len(DAYS_OF_COURSE))
        for planned, day in enumerate(DAYS_OF_COURSE[:last], start=1):
            on = first_on + timedelta(days=day)
            missed = planned in {fate.cancelled, fate.no_show}
            visit += 1
            self._book(booked_at, visit, on)
            if missed:
                booked_at = self._miss(visit, on, no_show=planned == fate.no_show)
                on += timedelta(days=1)
                visit += 1
                self._book(booked_at, visit, on)
            if on >= self.today + timedelta(days=5):
                break
            booked_at = self._treat(visit, infusions, planned, on)
            infusions += 1
            if fate.aborted == planned:
                break
        self._end(first_on, infusions)

    def _starts(self, on: date, number: int) -> datetime:
        local = _NIGHT if self.fate.over_midnight == number else self.at_local
        return instant_of(on, local, self.clinic.time_zone)

    def _book(self, at: datetime, visit: int, on: date) -> None:
        starts_at = self._starts(on, visit)

        async def book(db: WriteSession, actor: Actor) -> None:
            body = SessionCreate(scheduled_start_at=starts_at, confirm=["below_usual_interval"])
            self.session_ids[visit] = (await schedule_session(db, actor, self.course_id, body)).id

        self._add(at, "front_desk", "schedule:write", book)

    def _miss(self, visit: int, on: date, *, no_show: bool) -> datetime:
        starts_at = self._starts(on, visit)
        at = starts_at + timedelta(minutes=45) if no_show else starts_at - timedelta(hours=20)
        reason = "Did not come and did not answer the telephone." if no_show else "Has a cold; comes the day after."

        async def miss(db: WriteSession, actor: Actor) -> None:
            session_id = self.session_ids[visit]
            version = await _version(db, actor, TreatmentSession, session_id)
            end = mark_no_show if no_show else cancel_session
            await end(db, actor, session_id, EndWithoutDose(reason=reason), version)

        self._add(at, "front_desk", "schedule:write", miss)
        return at + timedelta(minutes=10)

    def _treat(self, visit: int, infusions: int, planned: int, on: date) -> datetime:
        """One treatment day. Returns when the next visit is booked."""
        t0 = self._starts(on, visit) + timedelta(minutes=self.random.randint(2, 14))
        readings = self.body.readings(self.random)
        self._arrive(t0, visit, infusions, planned)
        self._clear(t0, visit, readings[0])
        stops = self._infuse(t0, visit, planned)
        self._watch(t0, visit, planned, readings[1:])
        return self._leave(t0, visit, stops)

    def _arrive(self, t0: datetime, visit: int, infusions: int, planned: int) -> None:
        safety = (1 if planned > 1 else 2) if planned in self.fate.thoughts else 0
        items = phq9_items(self.body.phq9(infusions, self.random), safety, self.random)
        came_at, answered_at = t0 - timedelta(minutes=32), t0 - timedelta(minutes=26)

        async def check_in(db: WriteSession, actor: Actor) -> None:
            session_id = self.session_ids[visit]
            version = await _version(db, actor, TreatmentSession, session_id)
            await check_in_session(db, actor, session_id, CheckInSession(checked_in_at=came_at), version)

        async def answer(db: WriteSession, actor: Actor) -> None:
            body = AssessmentCreate(
                instrument="PHQ9", answered_at=answered_at, items=items, session_id=self.session_ids[visit]
            )
            await record_assessment(db, actor, self.patient_id, body)

        self._add(came_at + timedelta(minutes=1), "front_desk", "schedule:write", check_in)
        self._add(answered_at + timedelta(minutes=2), "therapist", "score:write", answer)
        if safety and self.fate.alert != "open":
            self._see_to_alert(t0, visit)

    def _see_to_alert(self, t0: datetime, visit: int) -> None:
        async def acknowledge(db: WriteSession, actor: Actor) -> None:
            for alert_id, version in await self._alerts(db, actor, visit):
                body = AcknowledgeAlert(note="Spoke with the patient before the session; no plan, no intent.")
                await acknowledge_alert(db, actor, alert_id, body, version)

        async def resolve(db: WriteSession, actor: Actor) -> None:
            for alert_id, version in await self._alerts(db, actor, visit):
                body = ResolveAlert(disposition="Safety plan reviewed; stays in the clinic's care.")
                await resolve_alert(db, actor, alert_id, body, version)

        self._add(t0 - timedelta(minutes=18), "prescriber", "alert:write", acknowledge)
        if self.fate.alert == "resolved":
            self._add(t0 + timedelta(minutes=170), "prescriber", "alert:write", resolve)

    async def _alerts(self, db: WriteSession, actor: Actor, visit: int) -> list[tuple[UUID, int]]:
        mine = alert_queries.visible_alerts(actor).where(
            Alert.session_id == self.session_ids[visit], Alert.status.in_(("open", "acknowledged"))
        )
        return [(row["id"], row["version"]) for row in (await db.execute(mine)).mappings()]

    def _clear(self, t0: datetime, visit: int, before: Reading) -> None:
        async def measure(db: WriteSession, actor: Actor) -> None:
            await record_vital_signs(db, actor, self.session_ids[visit], _vital_signs(t0, before))

        async def clear(db: WriteSession, actor: Actor) -> None:
            session_id = self.session_ids[visit]
            order = DoseOrderCreate(ordered_mg_per_kg=Decimal("0.5"), infusion_minutes=40)
            made = await order_dose(db, actor, session_id, order)
            assert made.rate_mg_per_min is not None
            self.rate = made.rate_mg_per_min
            await clear_session(db, actor, session_id, await _version(db, actor, TreatmentSession, session_id))

        self._add(t0 - timedelta(minutes=9), "nurse", "session:write", measure)
        self._add(t0 - timedelta(minutes=4), "prescriber", "order:write", clear)

    def _infuse(self, t0: datetime, visit: int, planned: int) -> int:
        """The infusion itself. Returns after how many minutes it stops."""
        site = self.random.choice(("left forearm", "right forearm", "left hand"))

        async def start(db: WriteSession, actor: Actor) -> None:
            begin = FlowBegins(kind="start", occurred_at=t0, rate_mg_per_min=self.rate)
            body = IntravenousAdministration(
                id=new_id(),
                drug="ketamine",
                route="intravenous",
                product="Ketamine 10 mg/mL, 20 mL vial",
                lot="DEMO-2291",
                concentration_mg_per_ml=Decimal(10),
                access_site=site,
                # Whole milligrams are drawn, so that a rounded rate never gives more than there is.
                drawn_mg=Decimal(math.ceil(self.rate * 40)),
                events=[begin],
            )
            self.administration_id = (await record_administration(db, actor, self.session_ids[visit], body)).id

        self._add(t0 + timedelta(minutes=1), "nurse", "session:write", start)
        if planned == self.fate.aborted:
            self._abort(t0, visit)
            return 18
        if planned in self.fate.paused:
            self._event(t0, 12, {"kind": "pause", "reason": "Nausea; waiting for it to pass."})
            self._event(t0, 15, {"kind": "resume"}, Decimal("0.7"))
        stops = 40
        if planned in self.fate.slowed:
            self._event(t0, 15, {"kind": "rate_change", "reason": "Feels it strongly."}, Decimal("0.8"))
            stops = 46
        self._event(t0, stops, {"kind": "stop"})
        return stops

    def _event(self, t0: datetime, minute: int, facts: Mapping[str, str], share: Decimal | None = None) -> None:
        """Something that happens to the infusion; `share` is the part of its rate it goes on at."""

        async def happen(db: WriteSession, actor: Actor) -> None:
            told: dict[str, object] = {**facts, "id": new_id(), "occurred_at": t0 + timedelta(minutes=minute)}
            if share is not None:
                told["rate_mg_per_min"] = round(self.rate * share, 4)
            await record_dose_event(db, actor, self.administration_id, _DOSE_EVENT.validate_python(told))

        self._add(t0 + timedelta(minutes=minute, seconds=40), "nurse", "session:write", happen)

    def _abort(self, t0: datetime, visit: int) -> None:
        at = t0 + timedelta(minutes=18)

        async def abort(db: WriteSession, actor: Actor) -> None:
            session_id = self.session_ids[visit]
            body = AbortSession(reason="Frightened by the experience and asked to stop.", aborted_at=at)
            await abort_session(db, actor, session_id, body, await _version(db, actor, TreatmentSession, session_id))

        self._add(at + timedelta(seconds=10), "prescriber", "session:write", abort)
        self._event(t0, 18, {"kind": "stop", "reason": "Aborted."})

    # ── watching ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _watch(self, t0: datetime, visit: int, planned: int, readings: Sequence[Reading]) -> None:
        """Two readings are typed in together, and a note of the experience between them."""
        for first in range(0, len(readings), 2):
            together = readings[first : first + 2]
            typed_at = t0 + timedelta(minutes=together[-1].minute, seconds=90)
            self._add(typed_at, "nurse", "session:write", self._typing(t0, visit, planned, together))
        intensity, phenomena = self.body.dissociation(planned, self.random)
        action = "Dimmed the light, stayed close." if intensity >= 6 else None  # noqa: PLR2004

        async def note(db: WriteSession, actor: Actor) -> None:
            body = DissociationNoteCreate(
                observed_at=t0 + timedelta(minutes=25),
                intensity=intensity,
                phenomena=phenomena,
                note="Calm, answers when spoken to." if phenomena else "Nothing unusual.",
                action_taken=action,
            )
            await record_dissociation_note(db, actor, self.session_ids[visit], body)

        self._add(t0 + timedelta(minutes=27), "therapist", "observation:write", note)
        if self.fate.slip == planned:
            self._correct(t0, right=readings[0].systolic_mmhg)
        if self.fate.wrong_patient == planned:
            self._void(t0)

    def _typing(self, t0: datetime, visit: int, planned: int, readings: Sequence[Reading]) -> Act:
        async def typed(db: WriteSession, actor: Actor) -> None:
            slip = planned == self.fate.slip and readings[0].minute == 10  # noqa: PLR2004
            bodies = [_vital_signs(t0, reading) for reading in readings]
            if slip:
                bodies[0] = bodies[0].model_copy(update={"systolic_mmhg": 228})
            made = await record_vital_signs_batch(db, actor, self.session_ids[visit], bodies)
            self.reading_ids |= {reading.minute: one_of.id for reading, one_of in zip(readings, made, strict=True)}

        return typed

    def _correct(self, t0: datetime, right: int) -> None:
        async def correct(db: WriteSession, actor: Actor) -> None:
            reading_id = self.reading_ids[10]
            version = await _version(db, actor, VitalSigns, reading_id)
            body = VitalSignsUpdate.model_validate({"systolic_mmhg": right})
            await correct_vital_signs(db, actor, reading_id, body, version, "typing_error: a digit too high")

        self._add(t0 + timedelta(minutes=55), "prescriber", "session:write", correct)

    def _void(self, t0: datetime) -> None:
        async def void(db: WriteSession, actor: Actor) -> None:
            reading_id = self.reading_ids[80]
            version = await _version(db, actor, VitalSigns, reading_id)
            await void_vital_signs(db, actor, reading_id, "Belongs to the patient in the other room.", version)

        self._add(t0 + timedelta(minutes=110), "nurse", "session:write", void)

    def _leave(self, t0: datetime, visit: int, stops: int) -> datetime:
        goes_at = t0 + timedelta(minutes=max(122, stops + 80) + self.random.randint(0, 15))

        async def account(db: WriteSession, actor: Actor) -> None:
            given = await one(db, actor, Administration, self.administration_id)
            assert given.drawn_mg is not None
            assert given.delivered_mg is not None
            body = ReconcileAdministration(wasted_mg=max(Decimal(0), given.drawn_mg - given.delivered_mg))
            await reconcile_administration(db, actor, given.id, body, given.version)

        async def discharge(db: WriteSession, actor: Actor) -> None:
            session_id = self.session_ids[visit]
            body = DischargeSession(
                discharged_at=goes_at, condition="well", escort_name=f"A. {self.person.family_name}"
            )
            version = await _version(db, actor, TreatmentSession, session_id)
            await discharge_session(db, actor, session_id, body, version)

        self._add(t0 + timedelta(minutes=stops + 12), "nurse", "session:write", account)
        self._add(goes_at + timedelta(minutes=1), "nurse", "session:write", discharge)
        return goes_at + timedelta(minutes=6)

    # ── afterwards ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _end(self, first_on: date, infusions: int) -> None:
        ends = self.fate.ends
        if ends is None:
            return
        on = first_on + timedelta(days=_FOLLOW_UP_DAYS if ends == "completed" else 12)
        at = instant_of(on, time(16, 20), self.clinic.time_zone)
        items = phq9_items(self.body.phq9(infusions, self.random), 0, self.random)

        async def answer(db: WriteSession, actor: Actor) -> None:
            body = AssessmentCreate(
                instrument="PHQ9", answered_at=at - timedelta(hours=3), items=items, course_id=self.course_id
            )
            await record_assessment(db, actor, self.patient_id, body)

        async def end(db: WriteSession, actor: Actor) -> None:
            version = await _version(db, actor, Course, self.course_id)
            match ends:
                case "completed":
                    body = EndCourse(reason="All sessions given.", ended_on=on)
                    await complete_course(db, actor, self.course_id, body, version)
                case "discontinued":
                    body = EndCourse(reason="Does not want to go on.", ended_on=on)
                    await discontinue_course(db, actor, self.course_id, body, version)
                case _:
                    await pause_course(db, actor, self.course_id, "Travelling for some weeks.", version)

        if ends == "completed":
            self._add(at - timedelta(hours=2), "therapist", "score:write", answer)
        self._add(at, "prescriber", "course:write", end)


async def _version(db: WriteSession, actor: Actor, model: type[ClinicRecord], record_id: UUID) -> int:
    return (await one(db, actor, model, record_id)).version


def _vital_signs(t0: datetime, reading: Reading) -> VitalSignsCreate:
    return VitalSignsCreate(
        measured_at=t0 + timedelta(minutes=reading.minute),
        systolic_mmhg=reading.systolic_mmhg,
        diastolic_mmhg=reading.diastolic_mmhg,
        heart_rate_bpm=reading.heart_rate_bpm,
        spo2_percent=reading.spo2_percent,
        sedation_moaas=reading.sedation_moaas,
    )
