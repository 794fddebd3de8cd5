"""Whether a signed document holds."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.kernel.data_files import DataFileError
from app.kernel.ids import new_id
from app.protocols.rules import Drug
from app.screening.consents.catalogue import consent_words
from app.screening.consents.rules import ConsentState, Signed, consent_at, consent_state, load_words

NOON = datetime(2026, 3, 2, 17, tzinfo=UTC)
NEW_YORK = "America/New_York"


def a_consent(signed_on: date = date(2026, 1, 5), **members: Any) -> Signed:
    """A treatment consent for any drug."""
    facts: dict[str, Any] = {
        "id": new_id(),
        "kind": "treatment",
        "drug": None,
        "signed_on": signed_on,
        "signed_at": None,
        "withdrawn_at": None,
        "expires_on": date(2026, 12, 31),
    }
    return Signed(**facts | members)


@pytest.mark.parametrize(
    ("members", "state"),
    [
        ({}, "valid"),
        ({"expires_on": date(2026, 3, 2)}, "valid"),
        ({"expires_on": date(2026, 3, 1)}, "expired"),
        ({"withdrawn_at": NOON}, "withdrawn"),
        ({"withdrawn_at": NOON + timedelta(seconds=1)}, "valid"),
        ({"withdrawn_at": NOON - timedelta(days=9), "expires_on": date(2026, 3, 1)}, "withdrawn"),
    ],
)
def test_a_document_holds_until_it_is_withdrawn_or_over(members: dict[str, Any], state: str) -> None:
    assert consent_state(a_consent(**members), NOON, NEW_YORK) is ConsentState(state)


def test_its_last_day_ends_on_the_clinics_wall() -> None:
    consent = a_consent(expires_on=date(2026, 3, 2))
    late = datetime(2026, 3, 3, 4, 59, tzinfo=UTC)
    assert consent_state(consent, late, NEW_YORK) is ConsentState.VALID
    assert consent_state(consent, late + timedelta(minutes=1), NEW_YORK) is ConsentState.EXPIRED


WITHDRAWN = {"withdrawn_at": NOON - timedelta(days=3)}


@pytest.mark.parametrize(
    ("consents", "reason", "by"),
    [
        ([], "not_signed", None),
        ([a_consent(kind="video")], "not_signed", None),
        ([a_consent(drug=Drug.ESKETAMINE)], "not_signed", None),
        ([a_consent(date(2026, 3, 3))], "not_signed", None),
        ([a_consent(date(2026, 3, 2), signed_at=NOON + timedelta(hours=1))], "not_signed", None),
        ([a_consent(date(2026, 3, 2), signed_at=NOON)], "valid", 0),
        ([a_consent(date(2026, 3, 2))], "valid", 0),
        ([a_consent()], "valid", 0),
        ([a_consent(drug=Drug.KETAMINE)], "valid", 0),
        ([a_consent(**WITHDRAWN)], "withdrawn", 0),
        ([a_consent(**WITHDRAWN), a_consent(date(2026, 2, 1))], "valid", 1),
        ([a_consent(), a_consent(date(2026, 2, 1), **WITHDRAWN)], "withdrawn", 1),
        ([a_consent(), a_consent(date(2026, 2, 1), drug=Drug.ESKETAMINE, **WITHDRAWN)], "valid", 0),
        ([a_consent(), a_consent(date(2026, 2, 1), expires_on=date(2026, 2, 2))], "expired", 1),
        ([a_consent(), a_consent(date(2026, 4, 1), **WITHDRAWN)], "valid", 0),
    ],
)
def test_the_document_signed_last_counts(consents: list[Signed], reason: str, by: int | None) -> None:
    standing = consent_at(consents, "treatment", Drug.KETAMINE, NOON, NEW_YORK)
    assert (standing.reason, standing.record_id) == (reason, None if by is None else consents[by].id)
    assert standing.holds == (reason == "valid")
    assert consent_at(reversed(consents), "treatment", Drug.KETAMINE, NOON, NEW_YORK) == standing


def test_of_one_day_the_one_recorded_last_counts() -> None:
    first, second = a_consent(**WITHDRAWN), a_consent()
    assert consent_at([second, first], "treatment", None, NOON, NEW_YORK).record_id == second.id


def test_a_withdrawal_leaves_the_past_as_it_was() -> None:
    consent = a_consent(**WITHDRAWN)
    for days, holds in ((4, True), (3, False), (0, False), (-30, False)):
        assert consent_at([consent], "treatment", None, NOON - timedelta(days=days), NEW_YORK).holds == holds


def test_the_words_cover_what_people_agree_to() -> None:
    words = consent_words()
    assert {"treatment", "data_sharing", "video"} <= set(words.kinds)
    assert {"off_label", "risk_programme", "bladder", "driving", "withdrawal"} <= set(words.elements)


def test_words_that_cannot_be_trusted_are_refused(tmp_path: Path) -> None:
    word = {"code": "video", "meaning": "Video."}
    file = {"code": "CONSENT", "version": 2, "source": "x", "verified": False, "kinds": [word, word]}
    path = tmp_path / "CONSENT@2.json"
    path.write_text(json.dumps(file | {"elements": [], "methods": [], "signers": []}))
    with pytest.raises(DataFileError) as refused:
        load_words(path)
    assert refused.value.field == "kinds[1].code"
