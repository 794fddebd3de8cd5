"""Whether a risk programme covers a patient at a place."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from app.kernel.data_files import DataFileError
from app.kernel.ids import new_id
from app.protocols.rules import Drug
from app.screening.enrolments.catalogue import shipped_programmes
from app.screening.enrolments.rules import Enrolled, Enrolment, enrolment_at, load_programmes

NOON = datetime(2026, 3, 2, 17, tzinfo=UTC)
ROOM, OTHER_ROOM = new_id(), new_id()
FIRST = date(2026, 1, 5)


def enrolled(**members: Any) -> Enrolled:
    """A patient, signed by both."""
    facts: dict[str, Any] = {
        "id": new_id(),
        "programme": "SPRAVATO_REMS",
        "patient_id": new_id(),
        "location_id": None,
        "enrolled_on": FIRST,
        "ended_on": None,
        "signed_by_patient": True,
        "signed_by_prescriber": True,
    }
    return Enrolled(**facts | members)


def a_place(**members: Any) -> Enrolled:
    """The whole clinic."""
    return enrolled(**{"patient_id": None, "signed_by_patient": None, "signed_by_prescriber": None} | members)


@pytest.mark.parametrize(
    ("enrolments", "reason"),
    [
        ([], "patient_not_enrolled"),
        ([a_place()], "patient_not_enrolled"),
        ([enrolled(programme="OTHER"), a_place()], "patient_not_enrolled"),
        ([enrolled(enrolled_on=date(2026, 3, 3)), a_place()], "patient_not_enrolled"),
        ([enrolled(ended_on=date(2026, 3, 1)), a_place()], "patient_ended"),
        ([enrolled(ended_on=date(2026, 3, 2)), a_place()], "enrolled"),
        ([enrolled(signed_by_patient=False), a_place()], "patient_not_signed"),
        ([enrolled(signed_by_prescriber=False), a_place()], "patient_not_signed"),
        ([enrolled()], "place_not_enrolled"),
        ([enrolled(), a_place(programme="OTHER")], "place_not_enrolled"),
        ([enrolled(), a_place(location_id=OTHER_ROOM)], "place_not_enrolled"),
        ([enrolled(), a_place(location_id=ROOM)], "enrolled"),
        ([enrolled(), a_place()], "enrolled"),
        ([enrolled(), a_place(ended_on=date(2026, 3, 1))], "place_ended"),
        ([enrolled(), a_place(ended_on=date(2026, 3, 1)), a_place(enrolled_on=date(2025, 1, 1))], "enrolled"),
        ([enrolled(ended_on=date(2026, 2, 1)), enrolled(enrolled_on=date(2025, 1, 1)), a_place()], "enrolled"),
        ([enrolled(signed_by_patient=False), enrolled(enrolled_on=date(2025, 1, 1)), a_place()], "enrolled"),
    ],
)
def test_patient_and_place_are_both_enrolled(enrolments: list[Enrolled], reason: str) -> None:
    programmes = shipped_programmes().values()
    standing = enrolment_at(enrolments, programmes, Drug.ESKETAMINE, NOON, "America/New_York", location_id=ROOM)
    assert (standing.reason, standing.holds) == (Enrolment(reason), reason == "enrolled")


def test_a_drug_without_a_programme_needs_no_enrolment() -> None:
    standing = enrolment_at([], shipped_programmes().values(), Drug.KETAMINE, NOON, "UTC")
    assert (standing.holds, standing.reason) == (True, Enrolment.NOT_NEEDED)


def test_it_says_until_when() -> None:
    patient, place = enrolled(ended_on=date(2026, 9, 30)), a_place(ended_on=date(2026, 6, 30))
    standing = enrolment_at([patient, place], shipped_programmes().values(), Drug.ESKETAMINE, NOON, "UTC")
    assert (standing.record_id, standing.until) == (patient.id, date(2026, 6, 30))


def test_a_list_of_programmes_that_cannot_be_trusted_is_refused(tmp_path: Path) -> None:
    row = {"code": "A", "name": "A", "drug": "esketamine", "source": "x", "verified": False}
    path = tmp_path / "PROGRAMMES@2.json"
    path.write_text(json.dumps({"code": "PROGRAMMES", "version": 2, "programmes": [row, row]}))
    with pytest.raises(DataFileError) as refused:
        load_programmes(path)
    assert refused.value.field == "programmes[1].code"
