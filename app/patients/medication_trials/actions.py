"""Recording and correcting a trial."""

from uuid import UUID

from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.errors import require_in_order
from app.kernel.ledger import columns_of, name_change
from app.kernel.records import (
    already_created,
    identity_of,
    mark_entered_in_error,
    one,
    one_for_update,
    reason_of_change,
)
from app.patients.episodes.actions import require_episode
from app.patients.medication_trials.catalogue import shipped_scales
from app.patients.medication_trials.models import MedicationTrial
from app.patients.medication_trials.rules import judge, trial_of
from app.patients.medication_trials.schemas import MedicationTrialCreate, MedicationTrialUpdate
from app.patients.models import Patient
from app.patients.rules import require_class


async def record_medication_trial(
    db: WriteSession, actor: Actor, patient_id: UUID, body: MedicationTrialCreate
) -> MedicationTrial:
    """Record what was tried.

    Raises:
        UnknownClass: no shipped class has this code.
        UnknownEpisode: the patient has no such episode.
        EndsBeforeStart: its last day is before its first.
    """
    if (before := await already_created(db, actor, MedicationTrial, body, patient_id=patient_id)) is not None:
        return before
    patient = await one(db, actor, Patient, patient_id)
    if body.episode_id is not None:
        await require_episode(db, actor, patient.id, body.episode_id)
    trial = MedicationTrial(
        **identity_of(actor, body),
        **body.model_dump(exclude={"id"}),
        patient_id=patient.id,
    )
    _check_and_judge(actor, trial)
    db.add(trial)
    name_change(db, trial, "medication_trial.recorded")
    return trial


def _check_and_judge(actor: Actor, trial: MedicationTrial) -> None:
    """Refuse what cannot be, and note what the trial is as far as that is known today."""
    scales = shipped_scales()
    if trial.class_code is not None:
        require_class(scales.antidepressants, trial.class_code, "#/class_code")
    require_in_order(trial.started_on, trial.ended_on, pointer="#/ended_on")
    judged = judge(trial_of(columns_of(trial)), None, scales, clock.today(actor.time_zone))
    trial.adequate, trial.adequate_athf = judged.adequate
    trial.failed = judged.failed
    trial.rule_version = scales.rule_version


async def update_medication_trial(  # a correction carries version and reason
    db: WriteSession,
    actor: Actor,
    trial_id: UUID,
    body: MedicationTrialUpdate,
    if_match: int | None,
    reason: str | None,
) -> MedicationTrial:
    """Correct a trial or end it, with a reason unless it is one's own recent slip. What it counts as follows.

    Raises:
        UnknownClass: no shipped class has this code.
        UnknownEpisode: the patient has no such episode.
        EndsBeforeStart: its last day is before its first.
    """
    trial = await one_for_update(db, actor, MedicationTrial, trial_id, if_match)
    why = reason_of_change(actor, trial, reason)
    if body.episode_id is not None:
        await require_episode(db, actor, trial.patient_id, body.episode_id)
    for member, value in body.model_dump(exclude_unset=True).items():
        setattr(trial, member, value)
    _check_and_judge(actor, trial)
    name_change(db, trial, "medication_trial.corrected", reason=why)
    return trial


async def void_medication_trial(
    db: WriteSession, actor: Actor, trial_id: UUID, reason: str, if_match: int | None
) -> MedicationTrial:
    """Mark a trial as entered in error."""
    trial = await one_for_update(db, actor, MedicationTrial, trial_id, if_match)
    mark_entered_in_error(db, actor, trial, reason)
    return trial
