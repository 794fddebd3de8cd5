"""What the demo's people do so that a session may start: asked, decided, signed, enrolled, and asked again that day.

Only sessions of the last days are judged. What lies further back is told as it would have come from another record:
cleared, without how the gates stood.
"""

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from app.demo.people import DemoClinic
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.records import one_for_update
from app.protocols.rules import Drug
from app.screening.actions import decide_screening
from app.screening.catalogue import askable_codes
from app.screening.consents.actions import record_consent
from app.screening.consents.schemas import ConsentCreate
from app.screening.enrolments.actions import enrol_patient, enrol_place
from app.screening.enrolments.schemas import PatientEnrolmentCreate, PlaceEnrolmentCreate
from app.screening.rules import EligibilityDecision, ItemAnswer
from app.screening.schemas import AnswerGiven, DecideScreening, ScreeningCreate
from app.sessions import actions as sessions
from app.sessions.models import TreatmentSession
from app.sessions.rules import MedicinesChanged
from app.sessions.schemas import CheckInSession, IdentifierKind
from app.treatment.readiness.actions import clear_session, judge_session, override_gate
from app.treatment.readiness.schemas import GateOverrideCreate
from app.treatment.screenings.actions import record_screening

JUDGED_DAYS: Final = 7
_PROGRAMME: Final = "SPRAVATO_REMS"
_NOTHING_FOUND: Final = [AnswerGiven(code=code, answer=ItemAnswer.NO) for code in askable_codes()]
_ELEMENTS: Final = ["off_label", "risks", "dissociation", "blood_pressure", "alternatives", "driving", "withdrawal"]


async def certify_clinic(db: WriteSession, actor: Actor, clinic: DemoClinic, since: date) -> None:
    """The risk programme has certified the clinic."""
    body = PlaceEnrolmentCreate(programme=_PROGRAMME, enrolled_on=since, reference=f"DEMO-{clinic.slug}")
    await enrol_place(db, actor, body)


async def ask_and_sign(db: WriteSession, actor: Actor, patient_id: UUID, drug: Drug, at: datetime) -> UUID:
    """Somebody is asked everything and signs; for esketamine they are enrolled. Returns the screening to decide on."""
    asked = ScreeningCreate(drug=drug, screened_at=at, answers=_NOTHING_FOUND)
    screening = await record_screening(db, actor, patient_id, asked)
    consent = ConsentCreate(
        kind="treatment",
        drug=drug,
        document_code="KETAMINE_CONSENT",
        document_version="2026-01",
        elements=_ELEMENTS,
        signed_at=at,
        method="paper",
    )
    await record_consent(db, actor, patient_id, consent)
    if drug is Drug.ESKETAMINE:
        enrolment = PatientEnrolmentCreate(
            programme=_PROGRAMME,
            enrolled_on=at.date() - timedelta(days=1),
            signed_by_patient=True,
            signed_by_prescriber=True,
        )
        await enrol_patient(db, actor, patient_id, enrolment)
    return screening.id


async def decide(db: WriteSession, actor: Actor, screening_id: UUID) -> None:
    """The prescriber finds nothing against it."""
    await decide_screening(db, actor, screening_id, DecideScreening(decision=EligibilityDecision.ELIGIBLE), 1)


def at_the_door(came_at: datetime, escort: str) -> CheckInSession:
    """What is asked of somebody who comes."""
    return CheckInSession(
        checked_in_at=came_at,
        identifiers_checked=[IdentifierKind.NAME, IdentifierKind.BIRTH_DATE],
        last_ate_at=came_at - timedelta(hours=4),
        last_drank_at=came_at - timedelta(hours=1),
        last_nasal_drug_at=came_at - timedelta(days=30),
        escort_name=escort,
        medicines_changed=MedicinesChanged.NO,
    )


async def ask_today(
    db: WriteSession, actor: Actor, patient_id: UUID, session_id: UUID, drug: Drug, at: datetime
) -> None:
    """The questions of the day."""
    body = ScreeningCreate(drug=drug, session_id=session_id, screened_at=at, answers=_NOTHING_FOUND)
    await record_screening(db, actor, patient_id, body)


async def clear(db: WriteSession, actor: Actor, session_id: UUID, version: int) -> None:
    """Let a session start; the prescriber goes on with a reason where something is in the way."""
    for gate in (await judge_session(db, actor, session_id))["gates"]:
        if gate["blocking"]:
            reason = "Talked it over with the patient, who wants to go on; watched closely."
            await override_gate(db, actor, session_id, GateOverrideCreate(gate=gate["code"], reason=reason))
    await db.flush()
    await clear_session(db, actor, session_id, version)


async def clear_unasked(db: WriteSession, actor: Actor, session_id: UUID, version: int) -> None:
    """Let a session of some time ago start, without how its gates stood."""
    sessions.clear_session(db, await one_for_update(db, actor, TreatmentSession, session_id, version), [])
