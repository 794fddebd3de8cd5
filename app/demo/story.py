"""What happens in a demo clinic: steps in time, each an act of somebody in a role.

Steps are laid out first and played in order of time afterwards, so that ids, numbers of the feed and times agree.
What one step makes (an id, a dose) the later ones of the same patient find in the story.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final
from uuid import UUID

from app.alerts import queries as alert_queries
from app.alerts.actions import acknowledge_alert, resolve_alert
from app.alerts.schemas import AcknowledgeAlert, ResolveAlert
from app.assessments.actions import correct_assessment, record_assessment
from app.assessments.catalogue import shipped_instruments
from app.assessments.models import Assessment
from app.assessments.schemas import AssessmentCreate, AssessmentUpdate
from app.courses.actions import change_phase, complete_course, discontinue_course, open_course, pause_course, re_plan
from app.courses.decisions.schemas import Decision, DoseDecisionCreate
from app.courses.external.actions import record_external_treatment
from app.courses.external.schemas import ExternalTreatmentCreate
from app.courses.models import Course
from app.courses.rules import instant_of
from app.courses.schemas import ChangePhase, CourseCreate, EndCourse, RePlan
from app.demo import gates
from app.demo.bodies import Reaction, Reading, thinned
from app.demo.doses import DOSE_EVENT, INFUSION_MINUTES, Dose, dose_of, route_of
from app.demo.journeys import FORM_MISSED, RECORD_DAYS, FollowUp, Journey, Series, Visit, workday
from app.demo.moods import phq9_items
from app.demo.people import DemoClinic, Person
from app.dosing.actions import order_dose, reconcile_administration
from app.dosing.models import Administration
from app.dosing.schemas import ReconcileAdministration
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
from app.monitoring.rules import LIMITS, Measured, findings
from app.monitoring.schemas import DissociationNoteCreate, VitalSignsCreate, VitalSignsUpdate
from app.patients.actions import record_weight, register_patient
from app.patients.episodes.actions import open_episode
from app.patients.episodes.schemas import EpisodeCreate
from app.patients.schemas import EmergencyContact, Identifier, PatientCreate, Sex, WeightCreate
from app.policies.catalogue import shipped_policies
from app.policies.rules import resolve as policies_at
from app.protocols.rules import ClockStart, Drug, Route
from app.sessions.actions import (
    abort_session,
    hold_session,
    release_session,
    schedule_session,
)
from app.sessions.models import TreatmentSession
from app.sessions.schemas import (
    AbortSession,
    CheckInSession,
    EndWithoutDose,
    HoldSession,
    SessionCreate,
    Setting,
)
from app.treatment.actions import record_past_session, void_session
from app.treatment.decisions.actions import record_decision
from app.treatment.discharge.actions import discharge_session
from app.treatment.discharge.schemas import DischargeSession
from app.treatment.doses.actions import record_administration, record_dose_event
from app.treatment.schemas import PastSession
from app.treatment.visits.actions import cancel_session, check_in_session, mark_no_show

Act = Callable[[WriteSession, Actor], Awaitable[object]]

_CLOSE_TOGETHER: Final = ["below_usual_interval", "below_minimum_interval", "too_many_in_week"]
_HISTORIC_DAYS: Final = 14
_TOO_HIGH: Final = (160, 100)
_LIMITS: Final = policies_at(shipped_policies(), LIMITS, (), datetime.min.replace(tzinfo=UTC))
_OXYGEN: Final = ("Sat up and breathed deeply; oxygen given.", "Saturation came back without help.")
# What is done about a reading that alarms, and how that ends.
_SEEN_TO: Final = {
    "pressure_high": (
        "At the chair; infusion slower, measured again every five minutes.",
        "Pressure came down by itself; no medicine was needed.",
    ),
    "sedation_deep": ("At the chair; breathing is calm, airway free.", "Awake again and answers to the name."),
    "spo2_low": _OXYGEN,
    "spo2_emergency": _OXYGEN,
}
_STRONG: Final = 6


@dataclass(frozen=True, slots=True)
class Step:
    """Something somebody does at an instant. `permission` is the one its route asks for."""

    at: datetime
    role: str
    permission: str
    act: Act


@dataclass(slots=True)
class PatientStory:
    """One patient's steps, and what they have made so far."""

    clinic: DemoClinic
    person: Person
    journey: Journey
    today: date
    random: Random
    steps: list[Step] = field(default_factory=list[Step])
    patient_id: UUID = field(init=False)
    course_id: UUID = field(init=False)
    session_ids: dict[int, UUID] = field(default_factory=dict[int, UUID])
    administration_ids: dict[int, UUID] = field(default_factory=dict[int, UUID])
    reading_ids: dict[tuple[int, int], UUID] = field(default_factory=dict[tuple[int, int], UUID])
    score_ids: dict[str, UUID] = field(default_factory=dict[str, UUID])
    screening_ids: dict[Drug, UUID] = field(default_factory=dict[Drug, UUID])
    told_on: date | None = None
    paper_at: datetime = field(init=False)
    given: int = 0
    """Doses laid out so far, over all series."""
    visits: int = 0

    def told(self) -> Sequence[Step]:
        """The patient's whole story, also what is still to come; whoever plays it stops where the present is."""
        journey, first_on = self.journey, self.journey.first_on
        record_from = self.today - timedelta(days=RECORD_DAYS)
        comes_on = first_on or self.today + timedelta(days=3)
        registered_on = workday(comes_on - timedelta(days=9))
        if registered_on < record_from:
            # On a weekend, when nobody is treated: what was before it is paper, what comes after it is seen here.
            saturday = record_from + timedelta(days=5 - record_from.weekday() + 7 * self.random.randint(1, 2))
            registered_on = self.told_on = saturday + timedelta(days=self.random.randrange(2))
        at = self._wall(registered_on, time(10, 5)) + timedelta(minutes=self.random.randrange(350))
        self.paper_at = at + timedelta(minutes=6)
        self._come_in(at, registered_on)
        recent = [series for series in journey.series if any(self._is_judged(visit.on) for visit in series.visits)]
        for drug in sorted({series.protocol.drug or Drug.KETAMINE for series in recent}):
            self._become_eligible(drug, at + timedelta(minutes=5, seconds=30))
        ready_at = self.paper_at if self.told_on else at + timedelta(hours=1)
        for series in journey.series:
            ready_at = self._series(series, ready_at)
        self._ask_again(ready_at)
        return self.steps

    def _add(self, at: datetime, role: str, permission: str, act: Act) -> None:
        self.steps.append(Step(at, role, permission, act))

    def _wall(self, on: date, at: time) -> datetime:
        return instant_of(on, at, self.clinic.time_zone)

    def _is_past(self, on: date) -> bool:
        """Whether a day lies before the patient was known here, and is told from paper."""
        return self.told_on is not None and on < self.told_on

    def _from_paper(self) -> datetime:
        """The next moment at which somebody who copies from paper has typed something."""
        self.paper_at += timedelta(minutes=self.random.randint(1, 3))
        return self.paper_at

    def _is_judged(self, on: date) -> bool:
        """Whether a day is so recent that its gates are asked."""
        return on > self.today - timedelta(days=gates.JUDGED_DAYS)

    # ── coming in ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _come_in(self, at: datetime, on: date) -> None:
        person, journey = self.person, self.journey

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

        ill_before = min(on, self.journey.first_on or on)
        began_on = ill_before - timedelta(days=self.random.randint(90, 900))

        async def describe(db: WriteSession, actor: Actor) -> None:
            body = EpisodeCreate(indication_code=journey.indication, began_on=began_on)
            await open_episode(db, actor, self.patient_id, body)
            kg = Decimal(str(journey.body.weight_kg))
            weight = WeightCreate(weight_kg=kg, measured_at=at + timedelta(minutes=2))
            await record_weight(db, actor, self.patient_id, weight)

        async def tell_elsewhere(db: WriteSession, actor: Actor) -> None:
            body = ExternalTreatmentCreate.model_validate(
                {
                    "drug": "ketamine",
                    "route": "intravenous",
                    "given_on": ill_before - timedelta(days=200),
                    "first_given_on": ill_before - timedelta(days=217),
                    "sessions": 6,
                    "dose_mg": 40,
                    "provider": "Another clinic (invented)",
                    "source": "records",
                }
            )
            await record_external_treatment(db, actor, self.patient_id, body)

        self._add(at, "front_desk", "patient:write", register)
        self._add(at + timedelta(minutes=4), "nurse", "clinical:write", describe)
        if journey.wanted.extra == "elsewhere" or self.random.random() < 0.06:  # noqa: PLR2004
            self._add(at + timedelta(minutes=5), "nurse", "clinical:write", tell_elsewhere)

    def _become_eligible(self, drug: Drug, at: datetime) -> None:
        """Asked and signed by the nurse, decided by the prescriber."""

        async def ask(db: WriteSession, actor: Actor) -> None:
            self.screening_ids[drug] = await gates.ask_and_sign(db, actor, self.patient_id, drug, at)

        async def decide(db: WriteSession, actor: Actor) -> None:
            await gates.decide(db, actor, self.screening_ids[drug])

        self._add(at, "nurse", "clinical:write", ask)
        self._add(at + timedelta(seconds=10), "prescriber", "eligibility:write", decide)

    def _ask_today(self, number: int, drug: Drug, at: datetime) -> None:
        async def ask(db: WriteSession, actor: Actor) -> None:
            await gates.ask_today(db, actor, self.patient_id, self.session_ids[number], drug, at)

        self._add(at, "nurse", "clinical:write", ask)

    # ── a series ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _series(self, series: Series, ready_at: datetime) -> datetime:
        """Open a course or go on to its next phase, and go through its visits. Returns when that is done."""
        first_on = series.visits[0].on
        past = self._is_past(first_on)
        if series is not self.journey.series[0] and not past:
            ready_at = max(ready_at, self._wall(first_on - timedelta(days=2), time(12)))
        if series.continues:
            self._go_on(series, self._from_paper() if past else ready_at)
        else:
            if series is not self.journey.series[0]:
                self._end(self._from_paper() if past else ready_at, "completed", "Goes on with maintenance.")
            self._open(series, self._from_paper() if past else ready_at)
        booked_at = ready_at + timedelta(minutes=10)
        given = 0
        for place, visit in enumerate(series.visits):
            if self._is_past(visit.on):
                if visit.is_given:
                    self._copy(series, visit, given)
                booked_at = self.paper_at
            else:
                booked_at = self._visit(series, visit, given, max(booked_at, self.paper_at))
            given += visit.is_given
            self.given += visit.is_given
            if place == 2 and self.journey.wanted.extra == "twice":  # noqa: PLR2004
                self._book_twice(booked_at)
        return booked_at

    def _open(self, series: Series, at: datetime) -> None:
        first_at = self._wall(series.visits[0].on, self.journey.at)

        async def open_(db: WriteSession, actor: Actor) -> None:
            body = CourseCreate(protocol_code=series.protocol.code, first_session_at=first_at)
            self.course_id = (await open_course(db, actor, self.patient_id, body)).id

        self._add(at, "prescriber", "course:write", open_)

    def _go_on(self, series: Series, at: datetime) -> None:
        """The next phase; where the protocol asks whether the last one helped, that is decided on the latest score."""

        async def decide(db: WriteSession, actor: Actor) -> None:
            course = await one(db, actor, Course, self.course_id)
            reason = "Responded, and wants to keep it."
            if series.protocol.decision_between(course.phase, series.phase) is not None:
                decision = DoseDecisionCreate(
                    decision=Decision.CONTINUE, assessment_id=self.score_ids.get("latest"), reason=reason
                )
                await record_decision(db, actor, self.course_id, decision)
            body = ChangePhase(phase=series.phase, starts_on=series.visits[0].on, reason=reason)
            await change_phase(db, actor, self.course_id, body, course.version)

        self._add(at, "prescriber", "course:write", decide)

    def _end(self, at: datetime, how: str, reason: str) -> None:
        async def end(db: WriteSession, actor: Actor) -> None:
            version = await _version(db, actor, Course, self.course_id)
            match how:
                case "completed":
                    await complete_course(db, actor, self.course_id, EndCourse(reason=reason), version)
                case "discontinued":
                    await discontinue_course(db, actor, self.course_id, EndCourse(reason=reason), version)
                case _:
                    await pause_course(db, actor, self.course_id, reason, version)

        self._add(at, "prescriber", "course:write", end)

    # ── scores ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _change(self, series: Series, given: int, on: date) -> float:
        """Which share of the score before is gone on a day."""
        first = self.journey.series[0]
        if series is first:
            return self.journey.mood.change(given, first.planned)
        weeks = (on - first.visits[-1].on).days / 7
        return self.journey.mood.change(first.planned, first.planned, weeks)

    def _forms(self, change: float, *, whole: bool, thoughts: bool = False) -> list[dict[str, Any]]:
        """The forms somebody fills in: the course's own, and with a `whole` set also those that accompany it."""
        journey, mood, random = self.journey, self.journey.mood, self.random
        forms: list[dict[str, Any]] = []
        if journey.instrument == "MADRS":
            if whole:
                rater = self.clinic.staff["therapist"]
                forms.append({"instrument": "MADRS", "total": mood.madrs(change, random), "rated_by": rater})
        else:
            total = mood.phq9(change, random)
            answer = mood.thoughts(total, random)
            if thoughts:
                total, answer = max(total, 5), max(answer, 1)
            forms.append({"instrument": "PHQ9", "items": phq9_items(total, answer, random)})
        if whole:
            forms.append({"instrument": "GAD7", "total": mood.gad7(change, random)})
            if journey.has_ptsd:
                forms.append({"instrument": "PCL5", "total": mood.pcl5(change, random)})
        return [form for form in forms if form["instrument"] in _instruments()]

    def _answer(self, key: str, forms: Sequence[Mapping[str, Any]], at: datetime, typed_at: datetime) -> None:
        """Forms are filled in, and whoever must see to an answer does; `key` names them for later steps."""

        async def answer(db: WriteSession, actor: Actor) -> None:
            place = {"session_id": self.session_ids[int(key)]} if key.isdigit() else {"course_id": self.course_id}
            for number, form in enumerate(forms):
                body = AssessmentCreate.model_validate({**form, "answered_at": at, **place})
                made = await record_assessment(db, actor, self.patient_id, body)
                if number == 0:
                    self.score_ids[key] = self.score_ids["latest"] = made.id

        if forms:
            self._add(typed_at, "therapist", "score:write", answer)
            self._see_to(key, forms[0], at, typed_at)

    def _see_to(self, key: str, form: Mapping[str, Any], at: datetime, typed_at: datetime) -> None:
        if not (form.get("items") or [0])[-1] or typed_at - at > timedelta(days=_HISTORIC_DAYS):
            return

        async def acknowledge(db: WriteSession, actor: Actor) -> None:
            for alert in (await db.execute(alert_queries.unresolved_alerts_of(actor, self.score_ids[key]))).scalars():
                body = AcknowledgeAlert(note="Spoke with the patient before the session; no plan, no intent.")
                await acknowledge_alert(db, actor, alert.id, body, alert.version)

        async def resolve(db: WriteSession, actor: Actor) -> None:
            for alert in (await db.execute(alert_queries.unresolved_alerts_of(actor, self.score_ids[key]))).scalars():
                body = ResolveAlert(disposition="Safety plan reviewed; stays in the clinic's care.")
                await resolve_alert(db, actor, alert.id, body, alert.version)

        is_new = self._wall(self.today, time(0)) - at < timedelta(days=2)
        stays = self.journey.wanted.alert if is_new else None
        if stays != "open":
            self._add(typed_at + timedelta(minutes=6), "prescriber", "alert:write", acknowledge)
            if stays != "acknowledged":
                self._add(typed_at + timedelta(minutes=190), "prescriber", "alert:write", resolve)

    # ── a visit ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _visit(self, series: Series, visit: Visit, given: int, booked_at: datetime) -> datetime:
        """One visit, from its booking on. Returns when the next one is booked."""
        self.visits += 1
        number = self.visits
        starts_at = self._wall(visit.on, self.journey.at)
        if self.journey.wanted.extra == "night" and visit.number != 2:  # noqa: PLR2004
            starts_at = self._wall(visit.on, time(9, 30))
        self._book(booked_at, number, starts_at, series)
        if visit.happening in {"no_show", "cancelled"}:
            return self._miss(number, starts_at, no_show=visit.happening == "no_show")
        at_home = self.journey.wanted.extra == "home" and visit.number > 1
        if at_home:
            self._cancel_for_home(number, starts_at)
            return self._at_home(series, visit, given)
        t0 = starts_at + timedelta(minutes=self.random.randint(2, 13))
        reaction = self.journey.body.reaction(self.given + 1, self.random)
        self._arrive(series, visit, given, number, t0)
        if visit.happening == "left":
            return self._go_away(number, t0)
        dose = dose_of(self.journey, series, visit, self.random)
        self._clear(number, visit, t0, reaction, dose)
        stops = self._give(number, visit, t0, dose)
        self._watch(number, visit, t0, reaction, dose, series)
        return self._leave(number, t0, stops, series)

    def _book(self, at: datetime, number: int, starts_at: datetime, series: Series) -> None:
        route = route_of(series) if series.protocol.route is None else None

        async def book(db: WriteSession, actor: Actor) -> None:
            body = SessionCreate(
                scheduled_start_at=starts_at, confirm=_CLOSE_TOGETHER, reason="As the patient can.", route=route
            )
            self.session_ids[number] = (await schedule_session(db, actor, self.course_id, body)).id

        self._add(min(at, starts_at - timedelta(hours=1)), "front_desk", "schedule:write", book)

    def _miss(self, number: int, starts_at: datetime, *, no_show: bool) -> datetime:
        at = starts_at + timedelta(minutes=45) if no_show else starts_at - timedelta(minutes=50)
        reason = "Did not come and did not answer the telephone." if no_show else "Has a cold; comes another day."

        async def miss(db: WriteSession, actor: Actor) -> None:
            session_id = self.session_ids[number]
            version = await _version(db, actor, TreatmentSession, session_id)
            end = mark_no_show if no_show else cancel_session
            await end(db, actor, session_id, EndWithoutDose(reason=reason), version)

        self._add(at, "front_desk", "schedule:write", miss)
        return at + timedelta(minutes=10)

    def _arrive(self, series: Series, visit: Visit, given: int, number: int, t0: datetime) -> None:
        came_at, answered_at = t0 - timedelta(minutes=32), t0 - timedelta(minutes=26)

        async def check_in(db: WriteSession, actor: Actor) -> None:
            session_id = self.session_ids[number]
            version = await _version(db, actor, TreatmentSession, session_id)
            body = CheckInSession(checked_in_at=came_at)
            if self._is_judged(visit.on):
                body = gates.at_the_door(came_at, f"A. {self.person.family_name}")
            await check_in_session(db, actor, session_id, body, version)

        self._add(came_at + timedelta(minutes=1), "front_desk", "schedule:write", check_in)
        if self._is_judged(visit.on):
            self._ask_today(number, series.protocol.drug or Drug.KETAMINE, t0 - timedelta(minutes=29))
        is_first = self.given == 0
        shows = self.journey.wanted.thoughts and (is_first or visit.on >= self.today - timedelta(days=1))
        if is_first or shows or self.random.random() >= FORM_MISSED:
            forms = self._forms(self._change(series, given, visit.on), whole=is_first, thoughts=shows)
            self._answer(str(number), forms, answered_at, answered_at + timedelta(minutes=2))
            if self.journey.wanted.extra == "corrected" and is_first and forms:
                self._correct_score(str(number), forms[0], answered_at + timedelta(minutes=50))

    def _correct_score(self, key: str, form: Mapping[str, Any], at: datetime) -> None:
        """An answer was read wrongly from the sheet."""

        async def correct(db: WriteSession, actor: Actor) -> None:
            version = await _version(db, actor, Assessment, self.score_ids[key])
            if form.get("items"):
                items = [*form["items"]]
                items[0] = 3 - items[0]
                told: dict[str, Any] = {"items": items}
            else:
                told = {"total": form["total"] + 1}
            body = AssessmentUpdate.model_validate(told)
            await correct_assessment(db, actor, self.score_ids[key], body, version, "typing_error: read wrongly")

        self._add(at, "nurse", "score:write", correct)

    def _clear(self, number: int, visit: Visit, t0: datetime, reaction: Reaction, dose: Dose) -> None:
        before = reaction.reading(-9, self.random)
        if visit.happening == "held":
            before = replace(before, systolic_mmhg=172, diastolic_mmhg=98)
        elif self.journey.wanted.at is not None:
            before = _calm(before)  # whom the demo needs in another state is not held
        again: Reading | None = None
        if before.systolic_mmhg > _TOO_HIGH[0] or before.diastolic_mmhg > _TOO_HIGH[1]:
            before, again = replace(before, minute=-24), reaction.reading(-6, self.random)
            again = _calm(again)
            self._hold(number, t0, before)

        async def measure(db: WriteSession, actor: Actor) -> None:
            await record_vital_signs(db, actor, self.session_ids[number], _vital_signs(t0, before, whole=True))

        async def measure_again(db: WriteSession, actor: Actor) -> None:
            assert again is not None
            await record_vital_signs(db, actor, self.session_ids[number], _vital_signs(t0, again, whole=True))

        async def let_start(db: WriteSession, actor: Actor) -> None:
            session_id = self.session_ids[number]
            await order_dose(db, actor, session_id, dose.order())
            clear = gates.clear if self._is_judged(visit.on) else gates.clear_unasked
            await clear(db, actor, session_id, await _version(db, actor, TreatmentSession, session_id))

        self._add(t0 + timedelta(minutes=before.minute + 1), "nurse", "session:write", measure)
        if again is not None:
            self._add(t0 - timedelta(minutes=5), "nurse", "session:write", measure_again)
        self._add(t0 - timedelta(minutes=3), "prescriber", "order:write", let_start)

    def _hold(self, number: int, t0: datetime, reading: Reading) -> None:
        pressure = f"{reading.systolic_mmhg}/{reading.diastolic_mmhg}"

        async def hold(db: WriteSession, actor: Actor) -> None:
            session_id = self.session_ids[number]
            body = HoldSession(reason=f"Pressure {pressure}; measure again in 15 minutes.")
            await hold_session(db, actor, session_id, body, await _version(db, actor, TreatmentSession, session_id))

        async def release(db: WriteSession, actor: Actor) -> None:
            session_id = self.session_ids[number]
            await release_session(db, actor, session_id, await _version(db, actor, TreatmentSession, session_id))

        self._add(t0 - timedelta(minutes=22), "nurse", "session:write", hold)
        self._add(t0 - timedelta(minutes=4), "nurse", "session:write", release)

    # ── the dose ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _give(self, number: int, visit: Visit, t0: datetime, dose: Dose) -> int:
        """Record what is given. Returns after how many minutes the dose ends."""
        is_infusion = dose.route is Route.INTRAVENOUS
        troubled = visit.happening in {"paused", "slowed", "aborted"}
        # An infusion without trouble is often typed in as a whole when it is over, by whoever is busy.
        whole = not is_infusion or (not troubled and visit.on != self.today and self.random.random() < 0.5)  # noqa: PLR2004
        more: dict[str, object] = {}
        if dose.route in {Route.SUBLINGUAL, Route.ORAL}:
            more = {"observer_present": True}
        elif dose.mg_per_kg is None and dose.mg % 28 == 0:
            more = {"supervised_by": self.clinic.staff["nurse"]}

        async def give(db: WriteSession, actor: Actor) -> None:
            body = dose.given(t0, whole=whole, told=more)
            made = await record_administration(db, actor, self.session_ids[number], body)
            self.administration_ids[number] = made.id

        typed_at = t0 + timedelta(minutes=dose.stops_minute + 2 if whole else 1)
        self._add(typed_at, "nurse", "session:write", give)
        if whole:
            return dose.stops_minute
        stops = INFUSION_MINUTES
        match visit.happening:
            case "aborted":
                stops = 18
                self._abort(number, t0)
            case "paused":
                self._event(number, t0, 12, {"kind": "pause", "reason": "Nausea; waiting for it to pass."})
                self._event(number, t0, 15, {"kind": "resume", "rate_mg_per_min": round(dose.rate * Decimal("0.7"), 4)})
            case "slowed":
                slower = round(dose.rate * Decimal("0.8"), 4)
                told = {"kind": "rate_change", "rate_mg_per_min": slower, "reason": "Feels it strongly."}
                self._event(number, t0, 15, told)
                stops = 46
            case _:
                pass
        self._event(number, t0, stops, {"kind": "stop"})
        self._account(number, t0 + timedelta(minutes=stops + 12))
        return stops

    def _event(self, number: int, t0: datetime, minute: int, facts: Mapping[str, object]) -> None:
        """Something that happens to the infusion."""

        async def happen(db: WriteSession, actor: Actor) -> None:
            told = {**facts, "id": new_id(), "occurred_at": t0 + timedelta(minutes=minute)}
            await record_dose_event(db, actor, self.administration_ids[number], DOSE_EVENT.validate_python(told))

        self._add(t0 + timedelta(minutes=minute, seconds=40), "nurse", "session:write", happen)

    def _abort(self, number: int, t0: datetime) -> None:
        at = t0 + timedelta(minutes=18)

        async def abort(db: WriteSession, actor: Actor) -> None:
            session_id = self.session_ids[number]
            body = AbortSession(reason="Frightened by the experience and asked to stop.", aborted_at=at)
            await abort_session(db, actor, session_id, body, await _version(db, actor, TreatmentSession, session_id))

        self._add(at + timedelta(seconds=10), "prescriber", "session:write", abort)

    def _account(self, number: int, at: datetime) -> None:
        async def account(db: WriteSession, actor: Actor) -> None:
            given = await one(db, actor, Administration, self.administration_ids[number])
            assert given.drawn_mg is not None
            assert given.delivered_mg is not None
            body = ReconcileAdministration(wasted_mg=max(Decimal(0), given.drawn_mg - given.delivered_mg))
            await reconcile_administration(db, actor, given.id, body, given.version)

        self._add(at, "nurse", "session:write", account)

    # ── watching ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _watch(  # what happens to whom, when, by what
        self, number: int, visit: Visit, t0: datetime, reaction: Reaction, dose: Dose, series: Series
    ) -> None:
        """Readings are typed in some at a time, and a note of the experience between them."""
        minutes = thinned(_slots(series), self.random)
        readings = [reaction.reading(minute, self.random, peak_minute=dose.peak_minute) for minute in minutes]
        at_once = 3
        for first in range(0, len(readings), at_once):
            together = readings[first : first + at_once]
            typed_at = t0 + timedelta(minutes=together[-1].minute, seconds=90)
            self._add(typed_at, "nurse", "session:write", self._typing(number, t0, together))
            for reading in together:
                if codes := _alarming(reading):
                    self._see_to_reading(number, reading, codes, typed_at)
        note_minute = min(dose.peak_minute, 30) - self.random.randrange(6)
        self._add(
            t0 + timedelta(minutes=note_minute + 2), "therapist", "observation:write",
            self._noting(number, reaction, t0 + timedelta(minutes=note_minute)),
        )  # fmt: skip
        if self.journey.is_measured and self.given < 2 and "CADSS23" in _instruments():  # noqa: PLR2004
            self._rate_dissociation(number, t0, reaction.cadss, dose.peak_minute)
        if self.journey.wanted.extra == "slip" and visit.number == 2:  # noqa: PLR2004
            self._slip(number, t0, readings[0])
        if self.journey.wanted.extra == "wrong_patient" and visit.number == 1:
            self._void(number, t0, readings[-1])

    def _typing(self, number: int, t0: datetime, readings: Sequence[Reading]) -> Act:
        async def typed(db: WriteSession, actor: Actor) -> None:
            bodies = [_vital_signs(t0, reading) for reading in readings]
            made = await record_vital_signs_batch(db, actor, self.session_ids[number], bodies)
            for reading, one_of in zip(readings, made, strict=True):
                self.reading_ids[number, reading.minute] = one_of.id

        return typed

    def _see_to_reading(self, number: int, reading: Reading, codes: Sequence[str], typed_at: datetime) -> None:
        """The prescriber comes, and stays until it is better."""
        noted, settled = _SEEN_TO["pressure_high" if "pressure_high" in codes else codes[0]]

        async def come(db: WriteSession, actor: Actor) -> None:
            cause = self.reading_ids[number, reading.minute]
            for alert in (await db.execute(alert_queries.unresolved_alerts_of(actor, cause))).scalars():
                await acknowledge_alert(db, actor, alert.id, AcknowledgeAlert(note=noted), alert.version)

        async def settle(db: WriteSession, actor: Actor) -> None:
            cause = self.reading_ids[number, reading.minute]
            for alert in (await db.execute(alert_queries.unresolved_alerts_of(actor, cause))).scalars():
                await resolve_alert(db, actor, alert.id, ResolveAlert(disposition=settled), alert.version)

        self._add(typed_at + timedelta(minutes=1), "prescriber", "alert:write", come)
        self._add(typed_at + timedelta(minutes=25), "prescriber", "alert:write", settle)

    def _noting(self, number: int, reaction: Reaction, at: datetime) -> Act:
        phenomena = reaction.phenomena(self.random)

        async def note(db: WriteSession, actor: Actor) -> None:
            await record_dissociation_note(db, actor, self.session_ids[number], _note(reaction, phenomena, at))

        return note

    def _rate_dissociation(self, number: int, t0: datetime, peak: int, minute: int) -> None:
        for at, total in ((t0 - timedelta(minutes=20), 0), (t0 + timedelta(minutes=minute), peak)):

            async def rate(db: WriteSession, actor: Actor, at: datetime = at, total: int = total) -> None:
                body = AssessmentCreate(
                    instrument="CADSS23",
                    answered_at=at,
                    total=Decimal(total),
                    session_id=self.session_ids[number],
                    rated_by=self.clinic.staff["therapist"],
                )
                await record_assessment(db, actor, self.patient_id, body)

            self._add(at + timedelta(minutes=3), "therapist", "score:write", rate)

    def _slip(self, number: int, t0: datetime, reading: Reading) -> None:
        """A reading was typed in with a digit too high, and is corrected within the hour."""

        async def slip(db: WriteSession, actor: Actor) -> None:
            body = _vital_signs(t0, reading).model_copy(
                update={"systolic_mmhg": 228, "sedation_moaas": 5, "measured_at": t0 + timedelta(minutes=5)}
            )
            made = await record_vital_signs(db, actor, self.session_ids[number], body)
            self.reading_ids[number, 0] = made.id

        async def correct(db: WriteSession, actor: Actor) -> None:
            reading_id = self.reading_ids[number, 0]
            version = await _version(db, actor, VitalSigns, reading_id)
            body = VitalSignsUpdate.model_validate({"systolic_mmhg": reading.systolic_mmhg})
            await correct_vital_signs(db, actor, reading_id, body, version, "typing_error: a digit too high")

        self._add(t0 + timedelta(minutes=6), "nurse", "session:write", slip)
        self._add(t0 + timedelta(minutes=55), "prescriber", "session:write", correct)

    def _void(self, number: int, t0: datetime, reading: Reading) -> None:
        async def void(db: WriteSession, actor: Actor) -> None:
            reading_id = self.reading_ids[number, reading.minute]
            version = await _version(db, actor, VitalSigns, reading_id)
            await void_vital_signs(db, actor, reading_id, "Belongs to the patient in the other room.", version)

        self._add(t0 + timedelta(minutes=reading.minute + 3), "nurse", "session:write", void)

    def _leave(self, number: int, t0: datetime, stops: int, series: Series) -> datetime:
        """Everything is looked at and asked once more, and the patient goes home."""
        watched = series.protocol.observation
        least = watched.minimum_minutes + (stops if watched.counts_from is ClockStart.END else 0)
        # The last look comes after the last reading, which may be two minutes late.
        minute = max(_slots(series)[-1] + 7, stops + 80, least + 4) + self.random.randint(0, 15)
        goes_at, body = t0 + timedelta(minutes=minute), self.journey.body
        last = Reading(minute - 4, min(round(body.systolic), 138), min(round(body.diastolic), 88), 72, 14, 99, 5)

        async def look(db: WriteSession, actor: Actor) -> None:
            await record_vital_signs(db, actor, self.session_ids[number], _vital_signs(t0, last, whole=True))
            note = DissociationNoteCreate(observed_at=goes_at - timedelta(minutes=4), intensity=0)
            await record_dissociation_note(db, actor, self.session_ids[number], note)

        async def discharge(db: WriteSession, actor: Actor) -> None:
            session_id = self.session_ids[number]
            told = DischargeSession(
                discharged_at=goes_at,
                condition="well",
                oriented=True,
                walks_unaided=True,
                nausea_controlled=True,
                no_suicidal_intent=True,
                iv_removed=True,
                escort_name=f"A. {self.person.family_name}",
                instructions_given=True,
            )
            version = await _version(db, actor, TreatmentSession, session_id)
            await discharge_session(db, actor, session_id, told, version)

        self._add(goes_at - timedelta(minutes=3), "nurse", "session:write", look)
        self._add(goes_at + timedelta(minutes=1), "nurse", "session:write", discharge)
        return goes_at + timedelta(minutes=6)

    def _go_away(self, number: int, t0: datetime) -> datetime:
        """Somebody who has come goes again before the dose."""
        at = t0 + timedelta(minutes=5)

        async def cancel(db: WriteSession, actor: Actor) -> None:
            session_id = self.session_ids[number]
            version = await _version(db, actor, TreatmentSession, session_id)
            body = EndWithoutDose(reason="Left again before the dose: not today.")
            await cancel_session(db, actor, session_id, body, version)

        self._add(at, "front_desk", "schedule:write", cancel)
        return at + timedelta(minutes=5)

    # ── what was not seen here when it happened ──────────────────────────────────────────────────────────────────────

    def _copy(self, series: Series, visit: Visit, given: int) -> None:
        """A session of the time before, copied from paper: before, peak and after; the form, where it was kept."""
        t0 = self._wall(visit.on, self.journey.at) + timedelta(minutes=self.random.randrange(10))
        reaction = self.journey.body.reaction(self.given + 1, self.random)
        dose = dose_of(self.journey, series, visit, self.random)
        readings = [
            reaction.reading(minute, self.random, peak_minute=dose.peak_minute)
            for minute in (-9, dose.peak_minute, max(120, dose.stops_minute + 60))
        ]
        phenomena = reaction.phenomena(self.random)
        forms: list[dict[str, Any]] = []
        if self.given == 0 or self.random.random() >= 0.4:  # noqa: PLR2004  # paper loses more forms
            forms = self._forms(self._change(series, given, visit.on), whole=self.given == 0)
        key = f"paper {self.given}"
        typed_at = self._from_paper()
        route = dose.route if series.protocol.route is None else None

        measured = [_vital_signs(t0, reading).model_copy(update={"id": new_id()}) for reading in readings]

        async def tell(db: WriteSession, actor: Actor) -> None:
            answered_at = t0 - timedelta(minutes=26)
            ids = [new_id() for _ in forms]
            if ids:
                self.score_ids[key] = self.score_ids["latest"] = ids[0]
            body = PastSession(
                id=new_id(),
                course_id=self.course_id,
                route=route,
                administrations=[dose.given(t0)],
                vital_signs=measured,
                dissociation_notes=[_note(reaction, phenomena, t0 + timedelta(minutes=25))],
                assessments=[
                    AssessmentCreate.model_validate({**form, "id": own, "answered_at": answered_at})
                    for form, own in zip(forms, ids, strict=True)
                ],
                discharged_at=t0 + timedelta(minutes=max(124, dose.stops_minute + 75)),
                condition="well",
            )
            await record_past_session(db, actor, self.patient_id, body)

        async def settle(db: WriteSession, actor: Actor) -> None:
            for one_of in measured:
                assert one_of.id is not None
                for alert in (await db.execute(alert_queries.unresolved_alerts_of(actor, one_of.id))).scalars():
                    body = ResolveAlert(disposition="Read from the paper: seen to on the day.")
                    await resolve_alert(db, actor, alert.id, body, alert.version)

        self._add(typed_at, "nurse", "session:write", tell)
        if any(_alarming(reading) for reading in readings):
            self._add(typed_at + timedelta(minutes=20), "prescriber", "alert:write", settle)
        if forms:
            self._see_to(key, forms[0], t0, typed_at)

    def _cancel_for_home(self, number: int, starts_at: datetime) -> None:
        async def cancel(db: WriteSession, actor: Actor) -> None:
            session_id = self.session_ids[number]
            version = await _version(db, actor, TreatmentSession, session_id)
            await cancel_session(db, actor, session_id, EndWithoutDose(reason="Takes it at home instead."), version)

        self._add(starts_at - timedelta(minutes=55), "front_desk", "schedule:write", cancel)

    def _at_home(self, series: Series, visit: Visit, given: int) -> datetime:
        """A dose at home with somebody beside: pressure before and after by the patient's cuff, told the same day."""
        t0 = self._wall(visit.on, self.journey.at) + timedelta(minutes=self.random.randrange(20))
        reaction = self.journey.body.reaction(self.given + 1, self.random)
        dose = dose_of(self.journey, series, visit, self.random)
        phenomena = reaction.phenomena(self.random)
        handed_out = 24
        beside = {
            "observer_present": True,
            "peer_monitor_name": f"A. {self.person.family_name}",
            "dispensed_units": handed_out,
            "remaining_units": max(0, handed_out - 3 * visit.number),
            "days_supply": 28,
        }
        readings = [reaction.reading(minute, self.random, peak_minute=dose.peak_minute) for minute in (-9, 115)]
        typed_at = t0 + timedelta(hours=3)

        async def tell(db: WriteSession, actor: Actor) -> None:
            body = PastSession(
                id=new_id(),
                course_id=self.course_id,
                setting=Setting.HOME,
                administrations=[dose.given(t0, told=beside)],
                vital_signs=[
                    VitalSignsCreate.model_validate(
                        {
                            "measured_at": t0 + timedelta(minutes=reading.minute),
                            "source": "reported",
                            "systolic_mmhg": reading.systolic_mmhg,
                            "diastolic_mmhg": reading.diastolic_mmhg,
                            "heart_rate_bpm": reading.heart_rate_bpm,
                        }
                    )
                    for reading in readings
                ],
                dissociation_notes=[_note(reaction, phenomena, t0 + timedelta(minutes=40))],
                note="Told by telephone afterwards.",
            )
            await record_past_session(db, actor, self.patient_id, body)

        self._add(typed_at, "nurse", "session:write", tell)
        if self.random.random() >= FORM_MISSED:
            forms = self._forms(self._change(series, given, visit.on), whole=False)
            self._answer(f"home {visit.number}", forms, t0 - timedelta(hours=1), typed_at + timedelta(minutes=4))
        return typed_at + timedelta(minutes=10)

    def _book_twice(self, at: datetime) -> None:
        """A visit is booked a second time by mistake, and marked as entered in error."""

        async def book(db: WriteSession, actor: Actor) -> None:
            body = SessionCreate(
                scheduled_start_at=at + timedelta(days=60), confirm=_CLOSE_TOGETHER, reason="Asked for it."
            )
            self.session_ids[-1] = (await schedule_session(db, actor, self.course_id, body)).id

        async def void(db: WriteSession, actor: Actor) -> None:
            version = await _version(db, actor, TreatmentSession, self.session_ids[-1])
            await void_session(db, actor, self.session_ids[-1], "Booked twice.", version)

        self._add(at - timedelta(minutes=4), "front_desk", "schedule:write", book)
        self._add(at - timedelta(minutes=2), "nurse", "session:write", void)

    # ── afterwards ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _ask_again(self, ready_at: datetime) -> None:
        """Scores after the series, and the end of the course."""
        journey = self.journey
        if not journey.series:
            return
        for follow_up in journey.follow_ups:
            if follow_up.answered:
                self._follow_up(follow_up)
        last_on = journey.series[-1].visits[-1].on
        if journey.wanted.ends == "paused":
            self._end(ready_at + timedelta(hours=1), "paused", "Travelling for some weeks.")
            self._plan_again(ready_at + timedelta(hours=2), last_on + timedelta(days=35))
            return
        discontinued = journey.dropped_out or journey.wanted.ends == "discontinued"
        end_on = workday(last_on + timedelta(days=11 if discontinued else 9))
        at = max(self._wall(end_on, time(16, 20)), ready_at)
        if self._is_past(end_on):
            at = self._from_paper()
        if discontinued:
            self._end(at, "discontinued", "Does not want to go on.")
        else:
            self._end(at, "completed", "All sessions given.")

    def _follow_up(self, follow_up: FollowUp) -> None:
        mood = self.journey.mood
        first = self.journey.series[0]
        change = mood.change(len(first.given), first.planned, follow_up.days_after / 7)
        at = self._wall(follow_up.on, time(13, 30)) - timedelta(minutes=self.random.randrange(180))
        typed_at = self._from_paper() if self._is_past(follow_up.on) else at + timedelta(minutes=5)
        self._answer(f"after {follow_up.days_after}", self._forms(change, whole=True), at, typed_at)

    def _plan_again(self, at: datetime, starts_on: date) -> None:
        async def plan(db: WriteSession, actor: Actor) -> None:
            body = RePlan(starts_on=starts_on, leave_out_missed=True, reason="Away until then.")
            version = await _version(db, actor, Course, self.course_id)
            await re_plan(db, actor, self.course_id, body, version)

        self._add(at, "prescriber", "course:write", plan)


def _instruments() -> frozenset[str]:
    """Codes of the instruments the record knows; forms of others are not handed out."""
    return frozenset(code for code, _ in shipped_instruments())


def _slots(series: Series) -> Sequence[int]:
    """At which minutes a reading is due."""
    return series.protocol.vital_slots_minutes or (15, 30, 40, 60, 90, 120)


async def _version(db: WriteSession, actor: Actor, model: type[ClinicRecord], record_id: UUID) -> int:
    return (await one(db, actor, model, record_id)).version


def _vital_signs(t0: datetime, reading: Reading, *, whole: bool = False) -> VitalSignsCreate:
    told: dict[str, Any] = {
        "measured_at": t0 + timedelta(minutes=reading.minute),
        "systolic_mmhg": reading.systolic_mmhg,
        "diastolic_mmhg": reading.diastolic_mmhg,
        "heart_rate_bpm": reading.heart_rate_bpm,
        "spo2_percent": reading.spo2_percent,
        "sedation_moaas": reading.sedation_moaas,
    }
    if whole:
        told["respiratory_rate_per_min"] = reading.respiratory_rate_per_min
    if reading.sedation_moaas == 0:
        told |= {"oxygen_l_per_min": 4, "note": "Did not answer to a stimulus; airway held, prescriber at the chair."}
    return VitalSignsCreate.model_validate(told)


def _alarming(reading: Reading) -> list[str]:
    """Why somebody is called to a reading during a session."""
    measured = Measured(
        reading.systolic_mmhg,
        reading.diastolic_mmhg,
        spo2_percent=reading.spo2_percent,
        sedation_moaas=reading.sedation_moaas,
    )
    return [one.code for one in findings(measured, None, _LIMITS) if one.severity is not None]


def _calm(reading: Reading) -> Reading:
    """A reading with which a session may begin."""
    return replace(
        reading, systolic_mmhg=min(reading.systolic_mmhg, 154), diastolic_mmhg=min(reading.diastolic_mmhg, 96)
    )


def _note(reaction: Reaction, phenomena: Sequence[str], at: datetime) -> DissociationNoteCreate:
    return DissociationNoteCreate(
        observed_at=at,
        intensity=reaction.intensity,
        phenomena=list(phenomena),
        note="Calm, answers when spoken to." if phenomena else "Nothing unusual.",
        action_taken="Dimmed the light, stayed close." if reaction.intensity >= _STRONG else None,
    )
