"""What keeps from signing, and what a signature is bound to."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from app.kernel.records import RESOURCES
from app.treatment.routes import SESSION_RECORD
from app.treatment.signatures.queries import COVERED
from app.treatment.signatures.rules import BOUND, Dose, NotSignable, digest_of, require_signable

ONE = UUID(int=1)
SIGNATURE = {
    "clinic_id": UUID(int=9),
    "id": ONE,
    "session_id": UUID(int=2),
    "patient_id": UUID(int=3),
    "signer_id": UUID(int=4),
    "printed_name": "Dr. Ama Osei",
    "roles": ["prescriber"],
    "meaning": "author",
    "cosignature": False,
    "signed_at": datetime(2026, 3, 2, 18, 0, tzinfo=UTC),
    "covers": [{"resource": "session", "id": str(UUID(int=2)), "version": 5, "content_digest": "0" * 64}],
}


@pytest.mark.parametrize(
    ("runs", "drawn", "reconciled", "code"),
    [
        (True, True, False, "dose_runs"),
        (True, False, False, "dose_runs"),
        (False, True, False, "unreconciled"),
        (False, True, True, None),
        (False, False, False, None),
    ],
)
def test_what_keeps_a_session_from_being_signed(runs: bool, drawn: bool, reconciled: bool, code: str | None) -> None:
    dose = Dose(ONE, runs, drawn, reconciled)
    if code is None:
        require_signable([dose])
        return
    with pytest.raises(NotSignable) as refused:
        require_signable([dose])
    assert [one["code"] for one in refused.value.members["blockers"]] == [code]


@pytest.mark.parametrize("member", BOUND)
def test_a_signature_is_bound_to_all_it_says(member: str) -> None:
    other = {"roles": ["nurse"], "covers": [], "cosignature": True, "signed_at": datetime(2026, 3, 3, tzinfo=UTC)}
    changed = SIGNATURE | {member: other.get(member, "other")}
    assert digest_of(SIGNATURE) == digest_of(dict(reversed(SIGNATURE.items())))
    assert digest_of(changed) != digest_of(SIGNATURE)


def test_everything_in_a_sessions_record_is_covered_but_what_goes_its_own_way() -> None:
    inside = {child.resource.name for child in SESSION_RECORD.children}
    inside |= {below.resource.name for child in SESSION_RECORD.children for below in child.resource.children}
    assert {model.__resource__ for model in COVERED} == inside - {"alert", "adverse_event", "vital_slot", "signature"}
    assert inside <= RESOURCES.keys()
