"""How resistant an illness has been, as the API answers it."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from app.patients.medication_trials.rules import (
    CurrentEpisode,
    Judged,
    Scales,
    Trial,
    failures_by,
    judge,
    maudsley_inputs,
    maudsley_stage,
    mgh_stage,
)


def treatment_resistance(
    scales: Scales,
    patient_id: UUID,
    episode: CurrentEpisode | None,
    trials: Sequence[tuple[Trial, str]],
    on: date,
) -> dict[str, Any]:
    """Everything that follows from a patient's trials on a day.

    Args:
        scales: By which rules.
        patient_id: The patient.
        episode: The present illness.
        trials: The trials that stand, each with its drug as it was written.
        on: The day.
    """
    names = {trial.id: drug for trial, drug in trials}
    judged = [judge(trial, episode, scales, on) for trial, _ in trials]
    mgh = mgh_stage(scales, episode, judged)
    inputs = maudsley_inputs(episode, judged, scales, on)
    maudsley = maudsley_stage(scales.maudsley, inputs, episode)
    return {
        "object": "treatment_resistance",
        "patient_id": patient_id,
        "on": on,
        "version": scales.rule_version,
        "episode_id": None if episode is None else episode.id,
        "working_definition": {
            "failed_antidepressants_from": scales.resistant_from,
            "source": scales.resistant_source,
            "verified": scales.resistant_verified,
        },
        "failures": [_failures(scales, number, judged) for number in range(len(scales.adequacy))],
        "mgh": {
            "score": mgh.score,
            "unknown": mgh.unknown,
            "inputs": {
                "failed_trials": mgh.failed_trials,
                "optimisations": mgh.optimisations,
                "augmentations": mgh.augmentations,
                "failed_ect": mgh.failed_ect,
            },
            "source": scales.mgh.source,
            "verified": scales.mgh.verified,
        },
        "maudsley": asdict(maudsley)
        | {"inputs": asdict(inputs), "source": scales.maudsley.source, "verified": scales.maudsley.verified},
        "trials": [
            {
                "medication_trial_id": one.trial.id,
                "drug": names[one.trial.id],
                "days": one.days,
                "in_episode": one.in_episode,
                "is_antidepressant": one.is_antidepressant,
                "adequate": one.adequate[0],
                "adequate_athf": one.adequate[1],
                "failed": one.failed,
                "counts": one.counts(0),
            }
            for one in judged
        ],
    }


def _failures(scales: Scales, number: int, judged: Sequence[Judged]) -> dict[str, Any]:
    found = failures_by(scales, number, judged)
    return {
        "code": found.adequacy.code,
        "minimum_weeks": found.adequacy.minimum_weeks,
        "failed_trials": found.trials,
        "failed_antidepressants": found.antidepressants,
        "undecided_trials": found.undecided,
        "treatment_resistant": found.is_resistant,
        "source": found.adequacy.source,
        "verified": found.adequacy.verified,
    }
