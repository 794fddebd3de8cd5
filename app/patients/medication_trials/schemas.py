"""Shapes of trials, and of how resistant an illness has been."""

from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field

from app.kernel.schemas import (
    ClinicRecordRead,
    CodeText,
    Count,
    CreateSchema,
    Day,
    Flag,
    Id,
    MgNumber,
    NoteText,
    RequestSchema,
    ResponseSchema,
    ShortText,
    absent,
)
from app.patients.episodes.rules import EpisodeSeverity
from app.patients.medication_trials.catalogue import described_classes, shipped_scales
from app.patients.medication_trials.rules import Adherence, StopReason, Unknown
from app.patients.schemas import KNOWN_FROM, SOURCES

Weeks = Annotated[Count, Field(ge=0, le=1040)]
ResponsePercent = Annotated[Count, Field(ge=-100, le=100)]
Augmentations = Annotated[list[ShortText], Field(max_length=20)]
Optimisations = Annotated[Count, Field(ge=0, le=20)]
_CLASSES: Final[dict[str, Any]] = {"x-extensible-enum": list(shipped_scales().antidepressants)}
ClassCode = Annotated[CodeText, Field(json_schema_extra=_CLASSES, examples=["ssri"])]
_EXAMPLE: Final[dict[str, Any]] = {
    "drug": "Sertraline",
    "class_code": "ssri",
    "max_dose_mg_per_day": 200,
    "adequate_dose": True,
    "started_on": "2025-06-02",
    "ended_on": "2025-08-25",
    "adherence": "good",
    "response_percent": 20,
    "stop_reason": "no_response",
    "augmentations": ["Lithium"],
    "source_of_information": "records",
}
_OF_CLASS: Final = "What kind of medicine it is. " + described_classes()
_OF_DOSE: Final = "Whether the dose was high enough for long enough, as the person who tells of it judges."
_OF_WEEKS: Final = "How many weeks it was taken at that dose, where that is known; it stands before the days."
_OF_RESPONSE: Final = "How much of the symptoms was gone; below zero they grew."
_OF_STEPS: Final = "How many times the trial was optimised: a higher dose, or a longer time."


class MedicationTrialCreate(CreateSchema):
    """A trial of a drug, or a series of electroconvulsive therapy."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    drug: ShortText = Field(description="The drug; one name for one drug.", examples=["Sertraline"])
    class_code: ClassCode | None = Field(default=None, description=_OF_CLASS)
    episode_id: Id | None = Field(default=None, description="The illness it was tried in.")
    max_dose_mg_per_day: MgNumber | None = Field(default=None, description="The highest dose.", examples=[200])
    adequate_dose: Flag | None = Field(default=None, description=_OF_DOSE, examples=[True])
    started_on: Day | None = Field(default=None, description="The first day, where it is known.")
    ended_on: Day | None = Field(default=None, description="The last day; none while it goes on.")
    weeks: Weeks | None = Field(default=None, description=_OF_WEEKS, examples=[8])
    adherence: Adherence | None = Field(
        default=None, description="How far it was taken as prescribed.", examples=["good"]
    )
    response_percent: ResponsePercent | None = Field(default=None, description=_OF_RESPONSE, examples=[20])
    stop_reason: StopReason | None = Field(default=None, description="Why it ended.", examples=["no_response"])
    augmentations: Augmentations = Field(default=[], description="What was added to it.", examples=[["Lithium"]])
    optimisations: Optimisations = Field(default=0, description=_OF_STEPS, examples=[1])
    source_of_information: CodeText = Field(description=KNOWN_FROM, examples=["records"])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Slept badly on it."])


class MedicationTrialUpdate(RequestSchema):
    """A correction, or an end (merge patch)."""

    drug: ShortText = absent("The drug; one name for one drug.", examples=["Sertraline"])
    class_code: ClassCode | None = Field(default=None, description=_OF_CLASS)
    episode_id: Id | None = Field(default=None, description="The illness it was tried in.")
    max_dose_mg_per_day: MgNumber | None = Field(default=None, description="The highest dose.", examples=[200])
    adequate_dose: Flag | None = Field(default=None, description=_OF_DOSE, examples=[True])
    started_on: Day | None = Field(default=None, description="The first day, where it is known.")
    ended_on: Day | None = Field(default=None, description="The last day; null while it goes on.")
    weeks: Weeks | None = Field(default=None, description=_OF_WEEKS, examples=[8])
    adherence: Adherence | None = Field(
        default=None, description="How far it was taken as prescribed.", examples=["good"]
    )
    response_percent: ResponsePercent | None = Field(default=None, description=_OF_RESPONSE, examples=[20])
    stop_reason: StopReason | None = Field(default=None, description="Why it ended.", examples=["no_response"])
    augmentations: Augmentations = absent("What was added to it; replaces the list.", examples=[["Lithium"]])
    optimisations: Optimisations = absent(_OF_STEPS, examples=[1])
    source_of_information: CodeText = absent(KNOWN_FROM, examples=["records"])
    note: NoteText | None = Field(default=None, description="Free text.", examples=["Slept badly on it."])


class MedicationTrialRead(ClinicRecordRead):
    """One trial of one drug."""

    patient_id: Id = Field(description="The patient.")
    episode_id: Id | None = Field(description="The illness it was tried in, where that was told.")
    drug: str = Field(description="The drug.", examples=["Sertraline"])
    class_code: str | None = Field(
        description="What kind of medicine it is.", examples=["ssri"], json_schema_extra=_CLASSES
    )
    max_dose_mg_per_day: float | None = Field(description="The highest dose.", examples=[200])
    adequate_dose: bool | None = Field(description=_OF_DOSE, examples=[True])
    started_on: Day | None = Field(description="The first day, where it is known.")
    ended_on: Day | None = Field(description="The last day; null while it goes on.")
    weeks: int | None = Field(description=_OF_WEEKS, examples=[8])
    adherence: Adherence | None = Field(description="How far it was taken as prescribed.", examples=["good"])
    response_percent: int | None = Field(description=_OF_RESPONSE, examples=[20])
    stop_reason: StopReason | None = Field(description="Why it ended.", examples=["no_response"])
    augmentations: list[str] = Field(description="What was added to it.", examples=[["Lithium"]])
    optimisations: int = Field(description=_OF_STEPS, examples=[1])
    adequate: bool | None = Field(
        description="At least six weeks at an adequate dose, as it stood at `updated_at`; null where it is not known, "
        "and for a trial that goes on and may still become it.",
        examples=[True],
    )
    adequate_athf: bool | None = Field(description="The same with four weeks.", examples=[True])
    failed: bool | None = Field(
        description="Less than half of the symptoms gone, or that is why it ended; null: not known.", examples=[True]
    )
    rule_version: str = Field(description="By which rules.", examples=["TREATMENT_RESISTANCE@1"])
    source_of_information: str = Field(description=KNOWN_FROM, examples=["records"], json_schema_extra=SOURCES)
    note: str | None = Field(description="Free text.", examples=["Slept badly on it."])


# ── resistance ───────────────────────────────────────────────────────────────────────────────────────────────────────

_OF_UNKNOWN: Final = "Why there is no score; empty where there is one."
_OF_SOURCE: Final = "Where that comes from."
_OF_VERIFIED: Final = "Whether somebody checked the source."


class JudgedTrial(ResponseSchema):
    """A trial, question by question; null: not known."""

    medication_trial_id: Id = Field(description="The trial.")
    drug: str = Field(description="The drug.", examples=["Sertraline"])
    days: int | None = Field(description="How long it lasted, or lasts today.", examples=[84])
    in_episode: bool | None = Field(description="Whether it belongs to the present illness.", examples=[True])
    is_antidepressant: bool | None = Field(description="Whether it is an oral antidepressant.", examples=[True])
    adequate: bool | None = Field(description="Six weeks at an adequate dose.", examples=[True])
    adequate_athf: bool | None = Field(description="Four weeks at an adequate dose.", examples=[True])
    failed: bool | None = Field(description="Less than half of the symptoms gone.", examples=[True])
    counts: bool | None = Field(description="All of these, with six weeks.", examples=[True])


class FailuresRead(ResponseSchema):
    """Failed adequate trials of antidepressants in the present illness, by one definition of adequate."""

    code: str = Field(description="The definition.", examples=["MGH"])
    minimum_weeks: int = Field(description="So long at least.", examples=[6])
    failed_trials: int = Field(description="Trials that failed.", examples=[2])
    failed_antidepressants: int = Field(description="The same, each drug once.", examples=[2])
    undecided_trials: int = Field(description="Trials that might be further ones.", examples=[0])
    treatment_resistant: bool | None = Field(
        description="Whether enough antidepressants failed; null where undecided trials decide.", examples=[True]
    )
    source: str = Field(description=_OF_SOURCE, examples=["PMC7392234, table 1."])
    verified: bool = Field(description=_OF_VERIFIED, examples=[True])


class WorkingDefinition(ResponseSchema):
    """What makes an illness treatment-resistant."""

    failed_antidepressants_from: int = Field(description="So many failed antidepressants.", examples=[2])
    source: str = Field(description=_OF_SOURCE, examples=["CNS Spectrums."])
    verified: bool = Field(description=_OF_VERIFIED, examples=[True])


class MghInputs(ResponseSchema):
    """What the score is made of."""

    failed_trials: int = Field(description="Failed adequate trials.", examples=[2])
    optimisations: int = Field(description="Optimisations in them.", examples=[1])
    augmentations: int = Field(description="Augmentations in them.", examples=[1])
    failed_ect: bool | None = Field(description="Whether electroconvulsive therapy failed.", examples=[False])


class MghRead(ResponseSchema):
    """The staging of the Massachusetts General Hospital."""

    score: float | None = Field(description="The score.", examples=[3])
    unknown: list[Unknown] = Field(description=_OF_UNKNOWN, examples=[[]])
    inputs: MghInputs = Field(description="What it is made of, as far as it is known.")
    source: str = Field(description=_OF_SOURCE, examples=["PMC7392234, table 1."])
    verified: bool = Field(description=_OF_VERIFIED, examples=[True])


class MaudsleyInputsRead(ResponseSchema):
    """What the score is made of; null: not known."""

    duration_months: int | None = Field(description="Months of the illness that have begun.", examples=[8])
    severity: EpisodeSeverity | None = Field(description="As the episode says.", examples=["moderate"])
    failed_antidepressants: int | None = Field(description="Failed antidepressants.", examples=[2])
    augmentation: bool | None = Field(description="Whether one was augmented.", examples=[False])
    ect: bool | None = Field(description="Whether electroconvulsive therapy was given.", examples=[False])


class MaudsleyRead(ResponseSchema):
    """The Maudsley staging method."""

    score: int | None = Field(description="3 to 15.", examples=[5])
    band: str | None = Field(
        description="What that is called.",
        examples=["mild"],
        json_schema_extra={"x-extensible-enum": ["mild", "moderate", "severe"]},
    )
    unknown: list[Unknown] = Field(description=_OF_UNKNOWN, examples=[[]])
    inputs: MaudsleyInputsRead = Field(description="What it is made of.")
    source: str = Field(description=_OF_SOURCE, examples=["Fekadu et al. 2018."])
    verified: bool = Field(description=_OF_VERIFIED, examples=[True])


class TreatmentResistance(ResponseSchema):
    """How resistant a patient's present illness has been."""

    object: str = Field(description="Always `treatment_resistance`.", examples=["treatment_resistance"])
    patient_id: Id = Field(description="The patient.")
    on: Day = Field(description="Today, in the clinic's zone.")
    version: str = Field(description="By which rules.", examples=["TREATMENT_RESISTANCE@1"])
    episode_id: Id | None = Field(description="The present illness: the open episode, the latest recorded of several.")
    working_definition: WorkingDefinition = Field(description="What the counts are compared with.")
    failures: list[FailuresRead] = Field(description="What failed, by each definition of an adequate trial.")
    mgh: MghRead = Field(description="How far it has come by the hospital's staging.")
    maudsley: MaudsleyRead = Field(description="How far it has come by the Maudsley method.")
    trials: list[JudgedTrial] = Field(description="Every trial that stands, and what it counts as.")
