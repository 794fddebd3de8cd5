"""What keeps from signing, and what a signature is bound to."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from app.kernel.records import RESOURCES
from app.sessions.rules import IllegalTransition, SessionStatus
from app.treatment.routes import SESSION_RECORD
from app.treatment.signatures.queries import COVERED
from app.treatment.signatures.rules import (
    Cosigner,
    Dose,
    Given,
    NotSignable,
    cosigner_due,
    digest_of,
    is_own,
    is_signer,
    require_signable,
    require_to_amend,
    require_to_cosign,
    require_to_sign,
)

ONE = UUID(int=1)
SIGNATURE = {
    "clinic_id": UUID(int=9),
    "id": ONE,
    "session_id": UUID(int=2),
    "addendum_id": None,
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


SIGNED = SessionStatus.SIGNED


@pytest.mark.parametrize("status", SessionStatus)
@pytest.mark.parametrize("opened", [False, True])
def test_what_each_state_allows_a_signer(status: SessionStatus, opened: bool) -> None:
    if opened and status is not SIGNED:
        return  # only what is signed is ever open to an amendment
    allowed = {
        require_to_sign: status is SessionStatus.DISCHARGED or opened,
        require_to_cosign: status is SIGNED and not opened,
        require_to_amend: status is SIGNED and not opened,
    }
    for require, may in allowed.items():
        if may:
            require(status, amendment_open=opened)
            continue
        with pytest.raises(IllegalTransition) as refused:
            require(status, amendment_open=opened)
        assert refused.value.members["current_status"] == status.value
        assert (refused.value.members["allowed"] == ["signed"]) >= opened
        assert refused.value.detail


def test_what_somebody_signed_themselves_is_theirs_and_what_they_signed_beside_another_is_not() -> None:
    standing = [Given(ONE), Given(UUID(int=2), cosignature=True)]
    assert [is_own(standing, UUID(int=number)) for number in (1, 2, 3)] == [True, False, False]
    assert [is_signer(standing, UUID(int=number)) for number in (1, 2, 3)] == [True, True, False]


FIRST, SECOND, THIRD = (UUID(int=number) for number in (1, 2, 3))
BESIDE = {
    "nurse": Given(SECOND, cosignature=True, roles=["nurse"]),
    "prescriber": Given(THIRD, cosignature=True, roles=["nurse", "prescriber"]),
    "herself": Given(FIRST, cosignature=True, roles=["prescriber"]),
}


@pytest.mark.parametrize(
    ("asked", "beside", "due"),
    [
        ("none", [], None),
        ("none", ["nurse"], None),
        ("any", [], "any"),
        ("any", ["herself"], "any"),
        ("any", ["nurse"], None),
        ("any", ["herself", "prescriber"], None),
        ("prescriber", [], "prescriber"),
        ("prescriber", ["herself"], "prescriber"),
        ("prescriber", ["nurse"], "prescriber"),
        ("prescriber", ["nurse", "prescriber"], None),
        ("prescriber", ["prescriber"], None),
    ],
)
def test_who_still_has_to_sign_beside(asked: str, beside: list[str], due: str | None) -> None:
    first = Given(FIRST, roles=["prescriber"], cosigner=Cosigner(asked))
    assert cosigner_due([first, *(BESIDE[name] for name in beside)]) == due


def test_where_nothing_is_signed_nobody_is_waited_for() -> None:
    assert cosigner_due([]) is None


@pytest.mark.parametrize("member", SIGNATURE)
def test_a_signature_is_bound_to_all_it_says(member: str) -> None:
    other = {"roles": ["nurse"], "covers": [], "cosignature": True, "signed_at": datetime(2026, 3, 3, tzinfo=UTC)}
    changed = SIGNATURE | {member: other.get(member, "other")}
    assert digest_of(SIGNATURE) == digest_of(dict(reversed(SIGNATURE.items())))
    assert digest_of(changed) != digest_of(SIGNATURE)


def test_everything_in_a_sessions_record_is_covered_but_what_goes_its_own_way() -> None:
    inside = {child.resource.name for child in SESSION_RECORD.children}
    inside |= {below.resource.name for child in SESSION_RECORD.children for below in child.resource.children}
    assert {model.__resource__ for model in COVERED} == inside - {
        "alert",
        "adverse_event",
        "vital_slot",
        "signature",
    }
    assert inside <= RESOURCES.keys()
