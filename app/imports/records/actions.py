"""Recording a clinic's spreadsheet, one patient a transaction.

What is there already is recognised by the clinic's own keys and left alone: a second run changes nothing, a run after
an interruption finishes the rest, and a file with more rows adds them. A row that now says something else than what
was recorded from it is told as differing; correcting it is a person's act in the record, with a reason.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

from pydantic import ValidationError

from app.assessments.actions import record_assessment
from app.assessments.catalogue import shipped_instruments
from app.assessments.models import Assessment
from app.assessments.rules.files import require_latest
from app.assessments.rules.instrument import Clock, Entry
from app.assessments.rules.scoring import score_items
from app.assessments.schemas import AssessmentCreate
from app.courses.actions import open_course
from app.courses.models import Course
from app.courses.schemas import CourseCreate
from app.dosing import queries as dosing_queries
from app.dosing.rules import calculated_mg
from app.identity.actions import system_actor
from app.imports.findings import Finding, UnusableFile, Weight
from app.imports.natural_ids import natural_id
from app.imports.records import rules
from app.imports.records.cells import BadCell, Writing
from app.imports.records.columns import InstrumentForm, Layout, Moment, lay_out
from app.imports.records.files import Encoding, Index, RawRow, Sheet
from app.imports.records.rules import Person, Place, Reader, Score, Visit
from app.imports.runs import Advance, Counts, met_before, one_transaction, rule_broken
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.confirmations import ConfirmationRequired
from app.kernel.database import Database, WriteSession
from app.kernel.errors import Failure
from app.kernel.idempotency import digest_of_create
from app.kernel.records import IdAlreadyUsed, find, ids_are_new
from app.kernel.schemas import CreateSchema
from app.kernel.tables import ClinicRecord
from app.monitoring.actions import record_dissociation_note, record_vital_signs
from app.monitoring.models import DissociationNote, VitalSigns
from app.monitoring.schemas import DissociationNoteCreate, VitalSignsCreate
from app.patients import models as patients
from app.patients import queries as patient_queries
from app.patients.actions import register_patient
from app.patients.rules import folded
from app.patients.schemas import PatientCreate, WeightCreate
from app.sessions.models import TreatmentSession
from app.treatment.actions import record_past_session
from app.treatment.schemas import PastSession
from app.treatment.weights.actions import record_weight

KINDS: Final = (
    "patient",
    "course",
    "session",
    "administration",
    "weight",
    "vital_signs",
    "dissociation_note",
    "assessment",
)
SYSTEM: Final = "urn:seriatim:imported-records"
MOST_FINDINGS: Final = 1000
_OPEN: Final = "OPEN"
_READING_NOTES: Final = {
    "before": "Measured before the dose; the minute is not told.",
    "peak": "The highest of the session; the minute is not told.",
    "after": "Measured after the dose; the minute is not told.",
}
Model = TypeVar("Model", bound=ClinicRecord)


@dataclass(frozen=True, slots=True)
class Options:
    """What whoever imports declares, because the file does not tell it.

    `system` says who gave the patients' keys, as a URI; with a key it is one of the patient's identifiers. `named`
    gives headers a member's name, `given` gives members one value for every row.
    """

    writing: Writing = field(default_factory=Writing)
    encoding: Encoding = Encoding.UTF_8
    system: str = SYSTEM
    named: Mapping[str, str] = field(default_factory=dict[str, str])
    given: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class Report:
    """What an import did, or would do. The first findings are kept, all are counted."""

    source: str
    dry_run: bool
    rows: int
    patients: int
    patients_left_out: int = 0
    counts: dict[str, Counts] = field(default_factory=lambda: {kind: Counts() for kind in KINDS})
    findings: list[Finding] = field(default_factory=list[Finding])
    findings_by_rule: Counter[str] = field(default_factory=Counter[str])
    refused: int = 0

    def tell(self, finding: Finding) -> None:
        """Take a finding in."""
        self.findings_by_rule[finding.rule] += 1
        self.refused += finding.weight is Weight.REFUSED
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)


@cache
def instrument_forms() -> Mapping[str, InstrumentForm]:
    """What columns need to know of each instrument, in its newest version."""
    newest = {code: require_latest(shipped_instruments(), code) for code, _ in shipped_instruments()}
    return {
        code: InstrumentForm(
            items=0 if instrument.entry is Entry.TOTAL_ONLY else len(instrument.items),
            usual_moment=Moment.AFTER if instrument.clock is Clock.ACUTE else Moment.BEFORE,
        )
        for code, instrument in newest.items()
    }


def layout_of(sheet: Sheet, options: Options) -> Layout:
    """What the columns of an open file hold."""
    return lay_out(
        sheet.name, sheet.header_line, sheet.header, instrument_forms(), named=options.named, given=options.given
    )


async def import_records(  # where from, where to, how, and who is told
    database: Database,
    clinic_id: UUID,
    path: Path,
    options: Options,
    *,
    dry_run: bool = False,
    reading: Advance = lambda _done, _all: None,
    recording: Advance = lambda _done, _all: None,
) -> Report:
    """Record a spreadsheet in a clinic.

    Args:
        database: Where the clinic is.
        clinic_id: The clinic; its own hand records.
        path: The file.
        options: What the file does not tell.
        dry_run: Do the same work and take it back.
        reading: Called with how many bytes are read, of how many.
        recording: Called with how many rows are recorded or left out, of how many.

    Raises:
        UnusableFile: nothing could be read, and nothing was recorded; or the file was changed meanwhile.
        NotFound: there is no such clinic.
    """
    with Sheet(path, options.encoding) as sheet:
        actor = await system_actor(database, clinic_id, source=f"import:{sheet.digest}")
        layout = layout_of(sheet, options)
        if not layout.is_usable:
            raise UnusableFile(layout.findings)
        today = clock.today(actor.time_zone)
        reader = _reader(sheet, layout, options, today)
        index = _index(sheet, reader, layout, reading)
        report = Report(actor.source, dry_run, index.rows, len(index.places))
        for finding in layout.findings:
            report.tell(finding)
        work = _Work(database, actor, options.system, reader, report)
        done = 0
        for key, places in index.places.items():
            sheet.require_unchanged()
            rows = [sheet.at(places[place], places[place + 1]) for place in range(0, len(places), 2)]
            await work.take(key, rows)
            done += len(rows)
            recording(done, index.rows)
    return report


def _reader(sheet: Sheet, layout: Layout, options: Options, today: date) -> Reader:
    try:
        return Reader(sheet.name, layout, options.writing, today, instrument_forms())
    except BadCell as bad:
        raise UnusableFile([Finding("--set", 0, None, bad.rule, bad.detail)]) from None


def _index(sheet: Sheet, reader: Reader, layout: Layout, advance: Advance) -> Index:
    """Know whose rows stand where; refuse a file that plainly writes days in another order than was declared."""
    swapped: list[Finding] = []

    def look(row: RawRow) -> None:
        if len(swapped) < MOST_FINDINGS and (found := reader.other_order(row)) is not None:
            swapped.append(found)

    column = layout.column_of("patient_key")
    assert column is not None
    index = sheet.index(column.place, look, advance)
    if swapped:
        raise UnusableFile(swapped)
    return index


class _Refused(Exception):
    """The patient cannot be recorded; the finding says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.rule)
        self.finding = finding


class _Work:
    """All patients of a file, one after the other."""

    def __init__(self, database: Database, actor: Actor, system: str, reader: Reader, report: Report) -> None:
        self._database = database
        self._actor = actor
        self._system = system
        self._reader = reader
        self._report = report
        # A dry run takes each patient back, so whether two keys mean one person is asked here and not only there.
        self._people: dict[bytes, str] = {}

    async def take(self, key: str, rows: list[RawRow]) -> None:
        """Record a patient whole, or say why not."""
        report = self._report
        person, findings = self._reader.person(key, rows)
        for finding in findings:
            report.tell(finding)
        if person is None:
            report.patients_left_out += 1
            return
        patient = _Patient(self._actor, self._system, self._reader, person, self._people)
        try:
            async with one_transaction(self._database, self._actor, dry_run=report.dry_run) as db:
                await patient.record(db)
        except (Failure, ValidationError, _Refused) as error:
            report.patients_left_out += 1
            report.tell(error.finding if isinstance(error, _Refused) else patient.fault(error))
            return
        self._people.setdefault(_person_digest(person), person.key)
        for kind, counts in patient.counts.items():
            report.counts[kind].add(counts)
        for finding in patient.findings:
            report.tell(finding)


def _person_digest(person: Person) -> bytes:
    told = person.values
    birth = told.get("birth_on") or told.get("birth_year")
    names = (folded(told["family_name"]), folded(told["given_name"]), str(birth))
    return hashlib.sha256(json.dumps(names).encode()).digest()[:16]


class _Patient:
    """One patient on the way in; `_at` and `_names` say which cells are being recorded."""

    def __init__(self, actor: Actor, system: str, reader: Reader, person: Person, people: Mapping[bytes, str]) -> None:
        self._actor = actor
        self._system = system
        self._reader = reader
        self._person = person
        self._people = people
        self._at: Place = person.place
        self._names: Mapping[str, str] = {}
        self.counts = {kind: Counts() for kind in KINDS}
        self.findings: list[Finding] = []

    def fault(self, error: Failure | ValidationError) -> Finding:
        """What was refused, at the cell it came from as far as that is known."""
        member: object = None
        if isinstance(error, ValidationError):
            place = error.errors(include_input=False, include_url=False)[0]["loc"]
            member = next((part for part in reversed(place) if part in self._names), None)
            detail = "A record cannot hold this."
        else:
            pointers = [fault.pointer for fault in error.faults if fault.pointer]
            member = pointers[0].rsplit("/", 1)[-1] if pointers else None
            detail = f"{error.title}."
        column = self._names.get(str(member)) or next(iter(self._names.values()), None)
        named = None if column is None else self._reader.header_of(column)
        return self._at.fault(named, rule_broken(error), f"{detail} The patient is left out.")

    def _note(self, column: str, rule: str, detail: str) -> None:
        self.findings.append(self._at.fault(self._reader.header_of(column), rule, detail, Weight.NOTED))

    def _id(self, *key: str) -> UUID:
        # As JSON, so that no two keys run together into one.
        return natural_id(self._actor.clinic_id, self._system, json.dumps([key[0], self._person.key, *key[1:]]))

    async def _meet(self, db: WriteSession, model: type[Model], body: CreateSchema, made: Awaitable[Model]) -> Model:
        """The record that was made, or was there already; one that differs is told and left as it is."""
        counts = self.counts[model.__resource__]
        try:
            record = await made
        except IdAlreadyUsed:
            assert body.id is not None
            found = await find(db, self._actor, model, body.id)
            assert found is not None
            self._tell_differing(found, body)
            counts.already_there += 1
            return found
        if met_before(db):
            counts.already_there += 1
        else:
            counts.recorded += 1
        return record

    def _tell_differing(self, record: ClinicRecord, body: CreateSchema) -> None:
        inside = {"administrations", "delivered_mg", "administered_by", "stopped_at", "started_at"}
        left_out = {"id", "confirm", "identifiers"} | (inside if isinstance(body, PastSession) else set[str]())
        self._tell_members(record, body.model_dump(exclude=left_out))

    def _tell_members(self, record: ClinicRecord, told: Mapping[str, object]) -> None:
        said = {name: value for name, value in told.items() if value is not None}
        differing = [name for name, value in said.items() if getattr(record, name, value) != value]
        columns = {self._names.get(name, name): None for name in differing}
        detail = "The record says something else and stays as it is; correct it there, with a reason."
        for column in columns:
            self.findings.append(self._at.fault(self._reader.header_of(column), "differs", detail))

    # ── the patient and the series ───────────────────────────────────────────────────────────────────────────────────

    async def record(self, db: WriteSession) -> None:
        """Record patient, series, sessions and then scores, since a score counts the hours since the last dose."""
        patient = await self._registered(db)
        if self.counts["patient"].recorded:
            ids_are_new(db)
        await db.flush()
        courses = {key: await self._course(db, patient.id, key) for key in self._course_keys()}
        await db.flush()
        started: dict[Place, TreatmentSession] = {}
        for visit in self._person.visits:
            self._at = visit.place
            if visit.has_dose:
                session = await self._session(db, patient.id, courses[visit.course_key], visit)
                if session.entered_in_error_at is not None:
                    self._note("session_on", "entered-in-error", "The session was entered in error; it stays so.")
                    continue
                started[visit.place] = session
                await self._watched(db, session, visit)
            await self._weight(db, patient.id, visit)
        await db.flush()
        for visit in self._person.visits:
            self._at = visit.place
            session = started.get(visit.place)
            if visit.has_dose and session is None:
                continue
            for score in visit.scores:
                await self._score(db, patient.id, courses[visit.course_key], session, visit, score)
        await db.flush()

    def _course_keys(self) -> list[str]:
        return list(dict.fromkeys(visit.course_key for visit in self._person.visits))

    async def _registered(self, db: WriteSession) -> patients.Patient:
        told = self._person.values
        self._names = {name: name for name in told} | {"value": "patient_key"}
        body = PatientCreate.model_validate(
            {
                "id": self._id("patient"),
                **{name: value for name, value in told.items() if name not in {"patient_key", "birth_year"}},
                "birth_year": told.get("birth_year") if "birth_on" not in told else None,
                "sex": told.get("sex", "unknown"),
                "identifiers": [{"system": self._system, "value": self._person.key}],
            }
        )
        assert body.id is not None
        known = await db.execute(patient_queries.patient_identified_as(self._actor, self._system, self._person.key))
        if (patient_id := known.scalar_one_or_none()) is not None and patient_id != body.id:
            # Somebody registered this person by hand under the same number: it is the same person.
            found = await find(db, self._actor, patients.Patient, patient_id)
            assert found is not None
            self.counts["patient"].already_there += 1
            self._tell_differing(found, body)
            return found
        if patient_id is None and self._people.get(_person_digest(self._person), self._person.key) != self._person.key:
            self._refuse_namesake()
        try:
            return await self._meet(db, patients.Patient, body, register_patient(db, self._actor, body))
        except ConfirmationRequired:
            self._refuse_namesake()
            raise

    def _refuse_namesake(self) -> None:
        detail = (
            "Somebody with these names and this birth is there under another key. If they are two people, register "
            "this one by hand with the key as identifier, and import again. The patient is left out."
        )
        raise _Refused(self._at.fault(self._reader.header_of("family_name"), "probable_duplicate", detail))

    async def _course(self, db: WriteSession, patient_id: UUID, key: str) -> UUID:
        visits = [visit for visit in self._person.visits if visit.course_key == key]
        first = next((visit for visit in visits if "protocol_code" in visit.values), visits[0])
        self._at, self._names = first.place, {name: name for name in ("protocol_code", "indication_code")}
        body = CourseCreate.model_validate(
            {
                "id": self._id("course", key),
                "protocol_code": first.values.get("protocol_code", _OPEN),
                "indication_code": next(
                    (visit.values["indication_code"] for visit in visits if "indication_code" in visit.values), None
                ),
                "starts_on": visits[0].on,
            }
        )
        assert body.id is not None
        found = None if self.counts["patient"].recorded else await find(db, self._actor, Course, body.id)
        if found is not None:
            # A later file may begin earlier; that moves no series, so its first day is not compared.
            self.counts["course"].already_there += 1
            for name in self._names:
                if (told := getattr(body, name)) is not None and told != getattr(found, name):
                    detail = "The series is recorded otherwise and stays as it is."
                    self.findings.append(self._at.fault(self._reader.header_of(name), "differs", detail))
            return found.id
        return (await self._meet(db, Course, body, open_course(db, self._actor, patient_id, body))).id

    # ── a session ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _session(self, db: WriteSession, patient_id: UUID, course_id: UUID, visit: Visit) -> TreatmentSession:
        told = visit.values
        milligrams, reckoned = self._dose(visit)
        self._names = {
            "delivered_mg": "dose_mg" if "dose_mg" in told else "dose_mg_per_kg",
            "stopped_at": "infusion_minutes",
            "started_at": "session_on",
            "given_on": "session_on",
            "note": "session_note",
        } | {name: name for name in ("drug", "route", "product", "lot", "administered_by")}
        dose = {name: told.get(name) for name in ("drug", "route", "administered_by")} | {"delivered_mg": milligrams}
        notes = [told.get("session_note"), reckoned]
        if "weight_lb" in told:
            notes.append(f"Weight told as {told['weight_lb']} lb.")
        if visit.at is not None:
            started_at = self._started_at(visit)
            minutes = told.get("infusion_minutes")
            dose |= {
                "id": self._id("administration", *visit.key),
                "started_at": started_at,
                "stopped_at": started_at + timedelta(minutes=minutes) if minutes is not None else None,
                **{name: told.get(name) for name in ("product", "lot")},
            }
            facts: dict[str, Any] = {"drug": told["drug"], "route": told["route"], "administrations": [dose]}
        else:
            # Where only the day is known a dose is told in short, and what has no place there is said in the note.
            words = {"infusion_minutes": "Minutes", "product": "Product", "lot": "Lot"}
            notes += [f"{word}: {told[name]}." for name, word in words.items() if name in told]
            facts = dose | {"given_on": visit.on}
        body = PastSession.model_validate(
            {
                "id": self._id("session", *visit.key),
                "course_id": course_id,
                "note": "\n".join(note for note in notes if note) or None,
                **facts,
            }
        )
        before = self.counts["session"].recorded
        made = record_past_session(db, self._actor, patient_id, body)
        session = await self._meet(db, TreatmentSession, body, made)
        if self.counts["session"].recorded > before:
            self.counts["administration"].recorded += 1
        else:
            self.counts["administration"].already_there += 1
            if session.create_digest != digest_of_create(body):
                await self._compare_dose(db, session, dose)
        return session

    async def _compare_dose(self, db: WriteSession, session: TreatmentSession, told: Mapping[str, Any]) -> None:
        given = (await db.execute(dosing_queries.administrations_of(self._actor, session.id))).scalars().first()
        if given is not None and given.version == 1:  # what was corrected since is the record's own business
            self._tell_members(given, {name: value for name, value in told.items() if name != "id"})

    def _started_at(self, visit: Visit) -> datetime:
        started_at, known = rules.placed(visit.on, visit.at, self._actor.time_zone)
        if known is not None:
            details = {
                "time_skipped": "The clocks skipped this time; it is recorded later by the gap.",
                "time_twice": "This time came twice that night; the first is recorded.",
            }
            self._note("session_time" if "session_time" in visit.values else "session_on", known, details[known])
        return started_at

    def _dose(self, visit: Visit) -> tuple[Decimal | None, str | None]:
        """Milligrams given, and the sentence that says where they come from."""
        told = visit.values
        per_kg: Decimal | None = told.get("dose_mg_per_kg")
        if "dose_mg" in told:
            return told["dose_mg"], None if per_kg is None else f"Told as {per_kg} mg/kg too."
        if per_kg is None or visit.weight_kg is None:
            return None, None
        self._names = {"weight_kg": "weight_lb" if "weight_lb" in told else "weight_kg"}
        milligrams = calculated_mg(per_kg, visit.weight_kg)
        return milligrams, f"Milligrams reckoned from {per_kg} mg/kg and {visit.weight_kg} kg."

    async def _weight(self, db: WriteSession, patient_id: UUID, visit: Visit) -> None:
        if visit.weight_kg is None:
            return
        column = "weight_lb" if "weight_lb" in visit.values else "weight_kg"
        self._names = {"weight_kg": column}
        measured_at, _ = rules.placed(visit.on, visit.at, self._actor.time_zone)
        body = WeightCreate.model_validate(
            {"id": self._id("weight", *visit.key), "weight_kg": visit.weight_kg, "measured_at": measured_at}
        )
        try:
            await self._meet(db, patients.Weight, body, record_weight(db, self._actor, patient_id, body))
        except ConfirmationRequired:
            self._note(column, "weight_differs", "It differs by 10 % or more from the weight before; recorded as told.")
            sure = body.model_copy(update={"confirm": ["weight_differs"]})
            await self._meet(db, patients.Weight, sure, record_weight(db, self._actor, patient_id, sure))

    async def _watched(self, db: WriteSession, session: TreatmentSession, visit: Visit) -> None:
        """Readings and the experience. Their minute is told only for a peak that has one."""
        assert session.started_at is not None
        ends_at = rules.dose_ends_at(session.started_at, visit.values.get("infusion_minutes"))
        at = {"before": session.started_at, "peak": ends_at, "after": ends_at}
        notes = dict(_READING_NOTES)
        if (minutes := visit.values.get("peak_minutes")) is not None:
            at["peak"] = session.started_at + timedelta(minutes=minutes)
            notes["peak"] = "The highest of the session."
        for moment, measured in visit.readings():
            cells = {name: f"{name}_{moment}" for name in measured}
            if f"pressure_{moment}" in visit.values:
                cells |= dict.fromkeys(("systolic_mmhg", "diastolic_mmhg"), f"pressure_{moment}")
            self._names = cells
            body = VitalSignsCreate.model_validate(
                {
                    "id": self._id("vital_signs", *visit.key, moment),
                    "measured_at": at[moment],
                    "note": notes[moment],
                    **measured,
                }
            )
            await self._meet(db, VitalSigns, body, record_vital_signs(db, self._actor, session.id, body))
        if "dissociation" in visit.values or "dissociation_note" in visit.values:
            self._names = {"intensity": "dissociation", "note": "dissociation_note"}
            note = DissociationNoteCreate.model_validate(
                {
                    "id": self._id("dissociation_note", *visit.key),
                    "observed_at": ends_at,
                    "intensity": visit.values.get("dissociation"),
                    "note": visit.values.get("dissociation_note"),
                }
            )
            made = record_dissociation_note(db, self._actor, session.id, note)
            await self._meet(db, DissociationNote, note, made)

    async def _score(  # whose, of which visit, and what
        self,
        db: WriteSession,
        patient_id: UUID,
        course_id: UUID,
        session: TreatmentSession | None,
        visit: Visit,
        score: Score,
    ) -> None:
        self._names = {"items": score.column, "total": score.column}
        instant, on, note = rules.answered(score, visit, session.started_at if session else None)
        if session is None:
            note = visit.values.get("session_note")
            if on == visit.on and visit.at is not None:
                instant, on = self._started_at(visit), None
        part = "total" if score.items is None else "items"
        body = AssessmentCreate.model_validate(
            {
                "id": self._id("assessment", *visit.key, score.instrument, score.moment, part),
                "instrument": score.instrument,
                "answered_at": instant,
                "answered_on": on,
                "items": score.items,
                "total": None if score.items is not None else score.total,
                "course_id": course_id,
                "session_id": session.id if session else None,
                "note": note,
            }
        )
        self._require_same_total(score)
        await self._meet(db, Assessment, body, record_assessment(db, self._actor, patient_id, body))

    def _require_same_total(self, score: Score) -> None:
        if score.items is None or score.total is None:
            return
        instrument = require_latest(shipped_instruments(), score.instrument)
        reckoned = score_items(instrument, score.items).total
        if reckoned is not None and reckoned != score.total:
            detail = "The total is not what the answers come to; which is right? The patient is left out."
            raise _Refused(self._at.fault(self._reader.header_of(score.column), "total_differs", detail))
