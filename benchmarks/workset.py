"""The work set: clinics with patients, sessions, readings and scores, the same for the same seed and size.

Rows go straight into the migrated tables, each with its change in the ledger, so that every index has its size and
history still answers. Only clinics, people and tokens are made by the application's own actions.
"""

import asyncio
import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, Boolean, Column, Connection, Engine, Table, insert, select, text, update

from app.alerts.models import Alert
from app.assessments.catalogue import shipped_instruments
from app.assessments.models import Assessment
from app.assessments.rules.safety import safety_alerts
from app.assessments.rules.scoring import score_items
from app.assessments.rules.windows import hours_since, is_too_soon
from app.courses.models import Course
from app.dosing.models import Administration, DoseEventRecord, DoseOrder
from app.identity import actions
from app.identity.rules import Role
from app.identity.schemas import AdministratorCreate, ClinicCreate, StaffCreate
from app.identity.tokens.actions import TokenKind, issue_token
from app.kernel import clock, migrations
from app.kernel.database import Database, open_database, open_for_migrations
from app.kernel.ids import new_id
from app.kernel.ledger import CONTENT_SCHEMA, change, encode, ledger_head, root_of
from app.kernel.settings import Settings
from app.kernel.tables import Base, Versioned
from app.monitoring.models import DissociationNote, VitalSigns
from app.patients.models import Patient
from app.sessions.models import TreatmentSession

SESSIONS_PER_PATIENT: Final = 6
READINGS_PER_SESSION: Final = 8
_ASSESSMENTS_PER_SESSION: Final = 3
_INTERVAL: Final = timedelta(days=3.5)
_INFUSION: Final = timedelta(minutes=40)
_EVENTS: Final = (("start", 0, "1.03"), ("rate_change", 15, "0.7"), ("stop", 40, None))
_PATIENTS_AT_ONCE: Final = 50
_ROWS_AT_ONCE: Final = 1000
_SHARE_RUNNING: Final = 0.1
_SHARE_SIGNED: Final = 0.3
_ROUTES: Final = ("intravenous", "intramuscular", "sublingual")
_ROUTE_WEIGHTS: Final = (5, 3, 2)
_PARENTS_FIRST: Final[tuple[type[Versioned], ...]] = (
    Patient,
    Course,
    TreatmentSession,
    DoseOrder,
    Administration,
    DoseEventRecord,
    VitalSigns,
    DissociationNote,
    Assessment,
    Alert,
)
_UNMARKED: Final = {"entered_in_error_at": None, "entered_in_error_by": None, "entered_in_error_reason": None}


@dataclass(frozen=True, slots=True)
class Clinic:
    """One clinic, and the member of staff whose token the load is driven with."""

    id: UUID
    principal_id: UUID
    time_zone: str
    token: str


@dataclass(slots=True)
class WorkSet:
    """What the load is about: ids of the measured clinic."""

    clinic: Clinic
    records: list[UUID] = field(default_factory=list[UUID])  # sessions that are over, with everything in them
    running: list[UUID] = field(default_factory=list[UUID])  # sessions that take readings
    courses: list[UUID] = field(default_factory=list[UUID])  # courses whose curve is read
    patients: list[UUID] = field(default_factory=list[UUID])  # patients, others, who get sessions and scores
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Fact:
    """A row to be, and the name of the change that made it."""

    model: type[Versioned]
    columns: Mapping[str, Any]
    event: str


def build(settings: Settings, *, patients: int, seed: int, clinics: int = 2) -> WorkSet:
    """Migrate an empty database and fill it.

    Args:
        settings: Says which database.
        patients: How many in all clinics together; everything else follows from them.
        seed: The same seed, the same work set, but for ids of clinics and the day it ends on.
        clinics: How many clinics share the database; the first is the one that is looked at.
    """
    migrations.upgrade(settings)
    opened = asyncio.run(_open_clinics(settings, clinics))
    engine = open_for_migrations(settings)
    sets: list[WorkSet] = []
    for number, clinic in enumerate(opened):
        work = WorkSet(clinic)
        maker = _Maker(work, random.Random(seed * 1000 + number), clock.now().replace(microsecond=0))
        _fill(engine, work, maker, patients // clinics)
        sets.append(work)
    _analyze(engine)
    engine.dispose()
    sets[0].rows = sum(work.rows for work in sets)
    return sets[0]


async def _open_clinics(settings: Settings, count: int) -> list[Clinic]:
    database = open_database(settings)
    clinics = [await _open_clinic(database, number) for number in range(count)]
    await database.sealer.seal()
    await database.close()
    return clinics


async def _open_clinic(database: Database, number: int) -> Clinic:
    zone = "America/New_York"
    administrator = AdministratorCreate(username=f"bench-admin-{number}", name="Dana Okafor")
    wanted = ClinicCreate(name=f"Clinic {number}", time_zone=zone, administrator=administrator)
    async with database.writing() as db:
        made = await actions.create_clinic(db, wanted, source="cli")
    system = await actions.system_actor(database, made.clinic.id, source="cli")
    async with database.writing(system) as db:
        wanted_staff = StaffCreate(username=f"bench-{number}", name="Sam Levy", roles=[Role.PRESCRIBER, Role.NURSE])
        staff, _ = await actions.create_staff(db, system, wanted_staff)
        # Both lives are long, so that no request of the run has to lengthen them.
        lives = timedelta(hours=12)
        token = issue_token(db, TokenKind.SESSION, lives=lives, idle=lives, account_id=staff.account_id)
    return Clinic(made.clinic.id, staff.id, zone, token.text)


def _fill(engine: Engine, work: WorkSet, maker: "_Maker", patients: int) -> None:
    with engine.begin() as connection:
        last: int = connection.execute(
            select(ledger_head.c.last_sequence).where(ledger_head.c.clinic_id == work.clinic.id)
        ).scalar_one()
    for begin in range(0, patients, _PATIENTS_AT_ONCE):
        facts = [fact for _ in range(min(_PATIENTS_AT_ONCE, patients - begin)) for fact in maker.patient()]
        with engine.begin() as connection:
            last = _write(connection, work, facts, last)
        if not begin:
            # PostgreSQL keeps its plans for the checks of foreign keys; those made on empty tables scan full ones.
            _analyze(engine)
        work.rows += len(facts)
    head = update(ledger_head).where(ledger_head.c.clinic_id == work.clinic.id)
    with engine.begin() as connection:
        connection.execute(head.values(last_sequence=last))


def _analyze(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))


def _write(connection: Connection, work: WorkSet, facts: Sequence[Fact], last: int) -> int:
    """Insert rows and their changes, numbered on from the last; the sealer has nothing left to do."""
    for model in _PARENTS_FIRST:
        table = Base.metadata.tables[model.__tablename__]  # type: ignore[attr-defined]
        rows = [_whole(table, fact) for fact in facts if fact.model is model]
        for begin in range(0, len(rows), _ROWS_AT_ONCE):
            connection.execute(insert(table), rows[begin : begin + _ROWS_AT_ONCE])
    changes = [_change(work, fact, number) for number, fact in enumerate(facts, start=last + 1)]
    for begin in range(0, len(changes), _ROWS_AT_ONCE):
        connection.execute(insert(change), changes[begin : begin + _ROWS_AT_ONCE])
    return last + len(changes)


def _whole(table: Table, fact: Fact) -> dict[str, Any]:
    """All columns of a row; what the fact does not say is empty: null, or an empty list or False where it must be."""
    return {column.name: fact.columns.get(column.name, _empty(column)) for column in table.columns}


def _empty(column: Column[Any]) -> object:
    if column.nullable:
        return None
    return [] if isinstance(column.type, JSON) else False if isinstance(column.type, Boolean) else None


def _change(work: WorkSet, fact: Fact, sequence: int) -> dict[str, Any]:
    table = Base.metadata.tables[fact.model.__tablename__]  # type: ignore[attr-defined]
    columns = _whole(table, fact)
    root_type, root_id = root_of(fact.model, columns)
    content = encode(table, columns)
    return {
        "clinic_id": work.clinic.id,
        "id": new_id(),
        "root_type": root_type,
        "root_id": root_id,
        "resource_type": fact.model.__resource__,
        "resource_id": columns["id"],
        "version": 1,
        "ordinal": 0,
        "event": fact.event,
        "kind": "created",
        "principal_id": work.clinic.principal_id,
        "source": "benchmark",
        "reason": None,
        "request_id": "benchmark",
        "occurred_at": columns["recorded_at"],
        "recorded_at": columns["recorded_at"],
        "sensitivity": fact.model.__sensitivity__,
        "content_schema": CONTENT_SCHEMA,
        "content": content,
        "content_digest": hashlib.sha256(content.encode()).hexdigest(),
        "sequence": sequence,
    }


class _Maker:
    """Makes one patient after the other, with everything that happened to them."""

    def __init__(self, work: WorkSet, chance: random.Random, now: datetime) -> None:
        self._work = work
        self._chance = chance
        self._now = now
        self._phq9 = shipped_instruments()["PHQ9", 1]
        self._zone = ZoneInfo(work.clinic.time_zone)

    def patient(self) -> Iterator[Fact]:
        """A patient with one course of sessions, twice a week."""
        chance = self._chance
        running = chance.random() < _SHARE_RUNNING
        ends = self._now if running else self._now - timedelta(hours=chance.randrange(24, 17_000))
        begins = ends - _INTERVAL * (SESSIONS_PER_PATIENT - 1) - _INFUSION
        given, family = chance.choice(("Robin", "Alex", "Kim", "Sasha")), f"Rivera-{chance.randrange(10_000)}"
        patient = self._record(
            begins,
            given_name=given,
            family_name=family,
            given_name_folded=given.lower(),
            family_name_folded=family.lower(),
            birth_on=datetime(1950 + chance.randrange(50), 1 + chance.randrange(12), 1, tzinfo=UTC).date(),
            sex=chance.choice(("female", "male")),
            identifiers=[],
        )
        yield Fact(Patient, patient, "patient.registered")
        route = chance.choices(_ROUTES, _ROUTE_WEIGHTS)[0]
        course = self._record(
            begins,
            patient_id=patient["id"],
            protocol_code="OPEN",
            protocol_version=1,
            indication_code="F33.2",
            status="active",
            phase="induction",
            phase_started_on=begins.date(),
            starts_on=begins.date(),
            time_zone=self._work.clinic.time_zone,
        )
        yield Fact(Course, course, "course.opened")
        # Some are read and others written, so that no read grows with what a faster side has written before.
        if len(self._work.courses) <= len(self._work.patients):
            self._work.courses.append(course["id"])
        else:
            self._work.patients.append(patient["id"])
        for number in range(1, SESSIONS_PER_PATIENT + 1):
            at = begins + _INTERVAL * (number - 1)
            over = not (running and number == SESSIONS_PER_PATIENT)
            yield from self._session(course, number, route, at, over=over)

    def _session(
        self, course: Mapping[str, Any], number: int, route: str, at: datetime, *, over: bool
    ) -> Iterator[Fact]:
        status = "observing" if not over else "signed" if self._chance.random() < _SHARE_SIGNED else "discharged"
        treatment = self._record(
            at,
            patient_id=course["patient_id"],
            course_id=course["id"],
            number_in_course=number,
            status=status,
            drug="ketamine",
            route=route,
            setting="clinic",
            scheduled_start_at=at,
            session_at=at,
            checked_in_at=at - timedelta(minutes=30),
            cleared_at=at - timedelta(minutes=10),
            started_at=at,
            last_started_at=at,
            last_dose_at=at + _INFUSION,
            dosing_ended_at=at + _INFUSION,
            discharged_at=at + timedelta(minutes=120) if over else None,
            condition_at_discharge="well" if over else None,
            escort_name="R. Rivera" if over else None,
            deviations=[],
            policy_versions={},
            note="Prefers the quiet room.",
        )
        yield Fact(TreatmentSession, treatment, "session.recorded")
        inside = {"patient_id": course["patient_id"], "session_id": treatment["id"]}
        if route == "intravenous":
            yield from self._infusion(inside, at)
        for reading in range(READINGS_PER_SESSION):
            yield self._reading(inside, at + timedelta(minutes=15 * reading))
        yield self._experience(inside, at + timedelta(minutes=20))
        dosed_at = at - _INTERVAL + _INFUSION if number > 1 else None
        for form in range(_ASSESSMENTS_PER_SESSION):
            answered_at = at - timedelta(minutes=25 - form)
            yield from self._assessment(inside | {"course_id": course["id"]}, answered_at, dosed_at)
        if not over:
            self._work.running.append(treatment["id"])
        elif route == "intravenous":
            self._work.records.append(treatment["id"])

    def _infusion(self, inside: Mapping[str, Any], at: datetime) -> Iterator[Fact]:
        order = self._record(
            at - timedelta(minutes=10),
            **inside,
            status="active",
            drug="ketamine",
            route="intravenous",
            ordered_mg=Decimal("41.2"),
            ordered_mg_per_kg=Decimal("0.5"),
            weight_kg=Decimal("82.4"),
            weight_measured_at=at - timedelta(days=1),
            calculated_mg=Decimal("41.2"),
            infusion_minutes=40,
            rate_mg_per_min=Decimal("1.03"),
            confirmed=[],
            ordered_at=at - timedelta(minutes=10),
            prescriber_id=self._work.clinic.principal_id,
        )
        yield Fact(DoseOrder, order, "dose_order.ordered")
        administration = self._record(
            at,
            **inside,
            dose_order_id=order["id"],
            drug="ketamine",
            route="intravenous",
            state="stopped",
            placebo=False,
            product="Ketamine 10 mg/mL, 20 mL vial",
            lot=f"K{self._chance.randrange(1000, 9999)}",
            concentration_mg_per_ml=Decimal(10),
            access_site="left forearm",
            started_at=at,
            stopped_at=at + _INFUSION,
            infusion_minutes=Decimal(40),
            drawn_mg=Decimal("41.2"),
            delivered_mg=Decimal("32.95"),
            delivered_source="events",
            wasted_mg=Decimal("8.25"),
            returned_mg=Decimal(0),
            unaccounted_mg=Decimal(0),
            reconciled=True,
            deviations=[],
            policy_versions={},
            rule_version=1,
        )
        yield Fact(Administration, administration, "administration.recorded")
        for ordinal, (kind, minute, rate) in enumerate(_EVENTS, start=1):
            happened = at + timedelta(minutes=minute)
            event = self._record(
                happened,
                **inside,
                administration_id=administration["id"],
                kind=kind,
                occurred_at=happened,
                ordinal=ordinal,
                rate_mg_per_min=None if rate is None else Decimal(rate),
            )
            yield Fact(DoseEventRecord, event, f"dose_event.{kind}")

    def _reading(self, inside: Mapping[str, Any], at: datetime) -> Fact:
        chance = self._chance
        reading = self._record(
            at,
            **inside,
            measured_at=at,
            source="manual",
            systolic_mmhg=chance.randrange(110, 160),
            diastolic_mmhg=chance.randrange(60, 100),
            heart_rate_bpm=chance.randrange(55, 110),
            respiratory_rate_per_min=chance.randrange(10, 20),
            spo2_percent=chance.randrange(94, 100),
            oxygen_l_per_min=Decimal(2),
            temperature_c=Decimal("36.8"),
            sedation_moaas=5,
            late=False,
            slot_conflict=False,
        )
        return Fact(VitalSigns, reading, "vital_signs.recorded")

    def _experience(self, inside: Mapping[str, Any], at: datetime) -> Fact:
        note = self._record(
            at,
            **inside,
            observed_at=at,
            intensity=self._chance.randrange(11),
            phenomena=["floating", "time_distortion"],
            note="Says the room breathes; calm.",
            action_taken="Dimmed the light.",
        )
        return Fact(DissociationNote, note, "dissociation_note.recorded")

    def _assessment(self, belongs: Mapping[str, Any], at: datetime, dosed_at: datetime | None) -> Iterator[Fact]:
        items = [self._chance.randrange(4) for _ in range(8)] + [self._chance.choices((0, 1, 3), (18, 1, 1))[0]]
        score = score_items(self._phq9, items)
        recall = self._phq9.recalls[0]
        hours = hours_since(dosed_at, at)
        days = None if dosed_at is None else (self._day(at) - self._day(dosed_at)).days
        assessment = self._record(
            at,
            **belongs,
            instrument="PHQ9",
            instrument_version=1,
            answered_at=at,
            assessed_at=at,
            items=items,
            total=score.total,
            total_source="computed",
            severity=score.severity,
            incomplete=score.incomplete,
            prorated=score.prorated,
            safety_item=None if score.safety_item is None else int(score.safety_item),
            safety_item_missing=score.safety_item_missing,
            sent_as="score",
            subscores={code: int(part) for code, part in score.subscores.items()},
            findings=dict(score.findings),
            scoring_version=score.scoring_version,
            recall_period=recall.period,
            hours_since_last_dose=hours,
            days_since_last_dose=days,
            too_soon_after_dose=is_too_soon(recall, hours, days),
        )
        yield Fact(Assessment, assessment, "assessment.recorded")
        for found in safety_alerts(self._phq9, score):
            alert = self._record(
                at,
                patient_id=belongs["patient_id"],
                session_id=belongs["session_id"],
                code=found.code,
                severity=found.severity,
                status="historic",
                cause_type="assessment",
                cause_id=assessment["id"],
                rule="PHQ9 item 9",
                escalation_level=0,
                raised_at=at,
            )
            yield Fact(Alert, alert, "alert.raised")

    def _day(self, at: datetime) -> date:
        return at.astimezone(self._zone).date()

    def _record(self, at: datetime, **facts: Any) -> dict[str, Any]:
        return {
            "clinic_id": self._work.clinic.id,
            "id": self._id_at(at),
            "version": 1,
            "recorded_at": at,
            "recorded_by": self._work.clinic.principal_id,
            "updated_at": at,
            "origin": "live",
            "create_digest": None,
            **_UNMARKED,
            **facts,
        }

    def _id_at(self, at: datetime) -> UUID:
        """A seeded UUIDv7 of that moment, so that indexes are in the order they grow in."""
        milliseconds = int(at.timestamp() * 1000) & ((1 << 48) - 1)
        chance = self._chance.getrandbits(74)
        value = milliseconds << 80 | 0x7 << 76 | (chance >> 62) << 64 | 0b10 << 62 | chance & ((1 << 62) - 1)
        return UUID(int=value)
