"""Whether a risk programme's enrolments cover a treatment: the patient's and the place's."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from app.kernel.clock import day_of
from app.kernel.data_files import DataFile
from app.protocols.rules import Drug
from app.screening.rules import Standing


@dataclass(frozen=True, slots=True)
class Programme:
    """A risk programme: a drug is given only to patients and at places it has enrolled."""

    code: str
    name: str
    drug: Drug
    source: str


def load_programmes(path: Path) -> Mapping[str, Programme]:
    """Read a file of programmes; by code.

    Raises:
        DataFileError: It is wrong; names the file and the field.
    """
    file = DataFile.read(path)
    file.only("code", "version", "programmes")
    programmes: dict[str, Programme] = {}
    for row in file.sections("programmes"):
        row.only("code", "name", "drug", "source", "verified")
        row.flag("verified")
        if (code := row.text("code")) in programmes:
            row.refuse("code", "appears twice")
        programmes[code] = Programme(code, row.text("name"), row.choice("drug", Drug), row.text("source"))
    return programmes


class Enrolment(StrEnum):
    """Why a treatment is covered, or is not."""

    NOT_NEEDED = "not_needed"
    ENROLLED = "enrolled"
    PATIENT_NOT_ENROLLED = "patient_not_enrolled"
    PATIENT_NOT_SIGNED = "patient_not_signed"
    PATIENT_ENDED = "patient_ended"
    PLACE_NOT_ENROLLED = "place_not_enrolled"
    PLACE_ENDED = "place_ended"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An enrolment of a patient; or, without one, of a location; or, with neither, of the whole clinic."""

    id: UUID
    programme: str
    patient_id: UUID | None
    location_id: UUID | None
    enrolled_on: date
    ended_on: date | None
    signed_by_patient: bool | None
    signed_by_prescriber: bool | None

    def covers(self, day: date) -> bool:
        """Whether the day lies in it; its last day does."""
        return self.enrolled_on <= day and (self.ended_on is None or day <= self.ended_on)


def enrolment_at(
    enrolments: Iterable[Enrolled],
    programmes: Iterable[Programme],
    drug: Drug,
    at: datetime,
    time_zone: str,
    *,
    location_id: UUID | None = None,
) -> Standing:
    """Say whether a patient may be given a drug at a place, as far as risk programmes go.

    Args:
        enrolments: The patient's and the clinic's own, in any order, those entered in error left out.
        programmes: The programmes there are; a drug that none of them is about needs none, and one of several will do.
        drug: What is to be given.
        at: When; enrolments count by the day on the clinic's wall.
        time_zone: The clinic's.
        location_id: Where. An enrolment of the whole clinic covers every location.
    """
    told, known = tuple(enrolments), tuple(programmes)
    patient = patient_enrolment_at(told, known, drug, at, time_zone)
    if not patient.holds or patient.record_id is None:
        return patient
    of_patient = next(one.programme for one in told if one.id == patient.record_id)
    same = [one for one in known if one.code == of_patient]
    place = place_enrolment_at(told, same, drug, at, time_zone, location_id=location_id)
    if not place.holds:
        return place
    ends = [one.until for one in (patient, place) if one.until is not None]
    return Standing(holds=True, reason=Enrolment.ENROLLED, record_id=patient.record_id, until=min(ends, default=None))


def patient_enrolment_at(
    enrolments: Iterable[Enrolled], programmes: Iterable[Programme], drug: Drug, at: datetime, time_zone: str
) -> Standing:
    """Say whether a programme has enrolled a patient, and both signed; the arguments are those of `enrolment_at`."""
    day = day_of(at, time_zone)
    needed = _needed(programmes, drug)
    if not needed:
        return Standing(holds=True, reason=Enrolment.NOT_NEEDED)
    patient = next((one for one in _begun(enrolments, needed, day) if one.patient_id is not None), None)
    if patient is None or not patient.covers(day):
        return _lacking(patient, Enrolment.PATIENT_NOT_ENROLLED, Enrolment.PATIENT_ENDED)
    if not (patient.signed_by_patient and patient.signed_by_prescriber):
        return Standing(holds=False, reason=Enrolment.PATIENT_NOT_SIGNED, record_id=patient.id)
    return Standing(holds=True, reason=Enrolment.ENROLLED, record_id=patient.id, until=patient.ended_on)


def place_enrolment_at(
    enrolments: Iterable[Enrolled],
    programmes: Iterable[Programme],
    drug: Drug,
    at: datetime,
    time_zone: str,
    *,
    location_id: UUID | None = None,
) -> Standing:
    """Say whether a programme has enrolled a place; the arguments are those of `enrolment_at`."""
    day = day_of(at, time_zone)
    needed = _needed(programmes, drug)
    if not needed:
        return Standing(holds=True, reason=Enrolment.NOT_NEEDED)
    places = (
        one
        for one in _begun(enrolments, needed, day)
        if one.patient_id is None and one.location_id in {None, location_id}
    )
    place = next(places, None)
    if place is None or not place.covers(day):
        return _lacking(place, Enrolment.PLACE_NOT_ENROLLED, Enrolment.PLACE_ENDED)
    return Standing(holds=True, reason=Enrolment.ENROLLED, record_id=place.id, until=place.ended_on)


def _needed(programmes: Iterable[Programme], drug: Drug) -> set[str]:
    return {one.code for one in programmes if one.drug is drug}


def _begun(enrolments: Iterable[Enrolled], needed: Container[str], day: date) -> list[Enrolled]:
    """Enrolments in these programmes that had begun, the best first: in force, signed, latest."""
    return sorted(
        (one for one in enrolments if one.programme in needed and one.enrolled_on <= day),
        key=lambda one: (one.covers(day), bool(one.signed_by_patient and one.signed_by_prescriber), one.enrolled_on),
        reverse=True,
    )


def _lacking(past: Enrolled | None, never: Enrolment, ended: Enrolment) -> Standing:
    if past is None:
        return Standing(holds=False, reason=never)
    return Standing(holds=False, reason=ended, record_id=past.id, until=past.ended_on)
