"""Recording the trial, one participant a transaction.

A participant is recorded whole or not at all. A run that is interrupted leaves the participants before it complete,
and running it again finishes the rest: what is there already is recognised by its id and left alone. A dry run does
the same work, in transactions that are rolled back, so its report is the one the real run gives.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final
from uuid import UUID

from pydantic import ValidationError

from app.assessments.actions import record_assessment
from app.assessments.catalogue import shipped_instruments
from app.assessments.rules.files import require_latest
from app.assessments.rules.scoring import InvalidTotal, score_total
from app.assessments.schemas import AssessmentCreate
from app.courses.actions import open_course
from app.courses.schemas import CourseCreate
from app.dosing.schemas import IntravenousAdministration
from app.identity.actions import system_actor
from app.imports.findings import Finding, Weight
from app.imports.natural_ids import natural_id
from app.imports.runs import Advance, Counts, met_before, one_transaction, rule_broken
from app.imports.tables import Row
from app.imports.trial.files import TrialFiles, read_files
from app.imports.trial.rules import (
    BASELINE_DAY,
    EARLIEST_ANCHOR,
    GROUPS,
    INDICATIONS,
    LAST_DAY,
    SECOND_INFUSION_DAY,
    Infusion,
    Participant,
    Visit,
    place_trial,
)
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import Database, WriteSession
from app.kernel.errors import Failure, Fault, Invalid
from app.patients.actions import register_patient
from app.patients.schemas import Identifier, PatientCreate, Sex
from app.protocols.rules import Drug, Route
from app.sessions.models import TreatmentSession
from app.treatment.actions import record_past_session
from app.treatment.schemas import PastSession

KINDS: Final = ("patient", "course", "session", "administration", "assessment")
_PRODUCTS: Final = {False: "Ketamine (trial infusion)", True: "Placebo (saline)"}


@dataclass(slots=True)
class Report:
    """What an import did, or would do."""

    doi: str
    source: str
    anchor_on: date
    dry_run: bool
    rows: int
    rows_without_score: int = 0
    counts: dict[str, Counts] = field(default_factory=lambda: {kind: Counts() for kind in KINDS})
    findings: list[Finding] = field(default_factory=list[Finding])

    @property
    def refused(self) -> list[Finding]:
        """Findings about rows with something wrong in them."""
        return [finding for finding in self.findings if finding.weight is Weight.REFUSED]


async def import_trial(  # where from, where to, and how
    database: Database,
    clinic_id: UUID,
    directory: Path,
    anchor_on: date,
    *,
    dry_run: bool = False,
    advance: Advance = lambda _done, _all: None,
) -> Report:
    """Record the trial in a clinic.

    Args:
        database: Where the clinic is.
        clinic_id: The clinic; its own hand records.
        directory: Where the files are.
        anchor_on: The day the first infusion of everybody is placed on.
        dry_run: Report only, and record nothing.
        advance: Called with how many participants are done, of how many.

    Raises:
        UnusableFile: nothing could be read, and nothing was recorded.
        NotFound: there is no such clinic.
        Invalid: the day is out of bounds.
    """
    _require_past(anchor_on)
    files = read_files(directory)
    source = f"import:{files.digest}"
    actor = await system_actor(database, clinic_id, source=source)
    trial = place_trial(files.participants, files.phenotype, anchor_on, is_possible)
    report = Report(files.doi, source, anchor_on, dry_run, len(files.participants) + len(files.phenotype))
    report.findings += [*files.findings, *trial.findings]
    for done, person in enumerate(trial.participants):
        advance(done, len(trial.participants))
        await _record(database, actor, files, person, report)
    advance(len(trial.participants), len(trial.participants))
    report.findings.sort(key=lambda one: (one.file, one.line, one.column or ""))
    return report


def _require_past(anchor_on: date) -> None:
    latest = clock.now().date() - timedelta(days=LAST_DAY)
    if not EARLIEST_ANCHOR <= anchor_on <= latest:
        detail = f"--anchor-on must be from {EARLIEST_ANCHOR} to {latest}, so that the last score is not in the future."
        raise Invalid(faults=[Fault("out_of_range", detail, pointer="#/anchor_on")])


def is_possible(instrument: str, total: Decimal) -> bool:
    """Whether an instrument, in its newest version, can have a total."""
    try:
        score_total(require_latest(shipped_instruments(), instrument), total)
    except InvalidTotal:
        return False
    return True


async def _record(database: Database, actor: Actor, files: TrialFiles, person: Participant, report: Report) -> None:
    """Record one participant whole; what the record refuses is told and leaves nothing of them."""
    work = _Recording(files, actor, person)
    try:
        async with one_transaction(database, actor, dry_run=report.dry_run) as db:
            await work.record(db)
    except (Failure, ValidationError) as error:
        told = f"{error.title}." if isinstance(error, Failure) else "A record cannot hold this."
        report.findings.append(work.at.fault(work.column, rule_broken(error), f"{told} The participant is left out."))
        return
    report.rows_without_score += sum(not visit.scores for visit in person.visits)
    for kind, counts in work.counts.items():
        report.counts[kind].add(counts)


class _Recording:
    """One participant on the way in; `at` and `column` say which cell is being recorded."""

    def __init__(self, files: TrialFiles, actor: Actor, person: Participant) -> None:
        self._files = files
        self._actor = actor
        self._person = person
        self.at: Row = person.row
        self.column: str | None = None
        self.counts = {kind: Counts() for kind in KINDS}

    async def record(self, db: WriteSession) -> None:
        """Record patient, course, infusions and scores, in this order: a score counts days since the last infusion."""
        person = self._person
        patient = await register_patient(db, self._actor, self._patient())
        self._counted(db, "patient")
        course = await open_course(db, self._actor, patient.id, self._course())
        self._counted(db, "course")
        await db.flush()
        sessions: dict[int, TreatmentSession] = {}
        for infusion in person.infusions:
            self.column = f"infusion_{infusion.number}"
            sessions[infusion.number] = await record_past_session(
                db, self._actor, patient.id, self._session(infusion, course.id)
            )
            if self._counted(db, "session"):
                self.counts["administration"].already_there += 1
            else:
                self.counts["administration"].recorded += 1
            await db.flush()
        for visit in person.visits:
            self.at = visit.row
            session = None if visit.after_infusion is None else sessions[visit.after_infusion].id
            for body in self._scores(visit, course.id, session):
                await record_assessment(db, self._actor, patient.id, body)
                self._counted(db, "assessment")
        await db.flush()

    def _counted(self, db: WriteSession, kind: str) -> bool:
        there = met_before(db)
        if there:
            self.counts[kind].already_there += 1
        else:
            self.counts[kind].recorded += 1
        return there

    def _id(self, *key: str) -> UUID:
        return natural_id(self._actor.clinic_id, self._files.doi, "/".join(key))

    def _patient(self) -> PatientCreate:
        person = self._person
        return PatientCreate(
            id=self._id("participant", person.participant_id),
            given_name=person.participant_id,
            family_name=self._files.data_set,
            birth_year=person.birth_year,
            sex=Sex(person.sex),
            identifiers=[Identifier(system=self._files.identifier_system, value=person.participant_id)],
        )

    def _course(self) -> CourseCreate:
        person = self._person
        told = [
            f"NIMH ketamine crossover trial, {self._files.doi}, participant {person.participant_id}.",
            f"Group {person.group}: {GROUPS[person.group]}; episode and severity are not told.",
            (
                f"All dates are relative: the data set has none. {person.starts_on} stands for the day of the first "
                f"infusion, {-BASELINE_DAY} days before it for the baseline, {SECOND_INFUSION_DAY} days after it for "
                "the second infusion, an assumption."
            ),
            "The year of birth is that day's year less the age.",
        ]
        if person.bmi is not None:
            told.append(f"Body mass index {person.bmi} kg/m²; weight and dose are not told.")
        return CourseCreate(
            id=self._id("course", person.participant_id),
            protocol_code="OPEN",
            indication_code=INDICATIONS[person.group],
            starts_on=person.starts_on,
            note=" ".join(told),
        )

    def _session(self, infusion: Infusion, course_id: UUID) -> PastSession:
        key = (self._person.participant_id, str(infusion.number))
        return PastSession(
            id=self._id("infusion", *key),
            course_id=course_id,
            given_on=infusion.on,
            drug=Drug.KETAMINE,
            route=Route.INTRAVENOUS,
            note=f"Infusion {infusion.number} of the trial. The day is relative, as the course's note says.",
            administrations=[
                IntravenousAdministration(
                    id=self._id("administration", *key),
                    drug="ketamine",
                    route="intravenous",
                    placebo=infusion.placebo,
                    product=_PRODUCTS[infusion.placebo],
                )
            ],
        )

    def _scores(self, visit: Visit, course_id: UUID, session_id: UUID | None) -> Iterator[AssessmentCreate]:
        for score in visit.scores:
            self.column = score.column
            yield AssessmentCreate(
                id=self._id("score", self._person.participant_id, visit.session_code, score.column),
                instrument=score.instrument,
                answered_on=visit.on,
                total=score.total,
                course_id=course_id,
                session_id=session_id,
                note=f"{self._files.data_set} {visit.session_code}",
            )
