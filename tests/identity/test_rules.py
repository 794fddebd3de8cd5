"""Roles, scopes, passwords and tokens as rules."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.identity.rules import (
    ROLE_PERMISSIONS,
    SCOPE_PERMISSIONS,
    AuditorHoldsOtherRole,
    PasswordRefused,
    Role,
    TokenKind,
    blocked_until,
    is_well_formed,
    permissions_of_roles,
    permissions_of_scopes,
    require_password,
    require_roles_fit,
    token_text,
)

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)

# Written by hand and not taken from the code: what each role may write, beside what it reads.
MAY_WRITE = {
    "admin": {"clinic", "policy", "protocol", "staff", "schedule"},
    "prescriber": {
        "protocol",
        "patient",
        "schedule",
        "clinical",
        "eligibility",
        "course",
        "order",
        "session",
        "gate",
        "reassignment",
        "observation",
        "score",
        "alert",
    },
    "nurse": {"patient", "schedule", "clinical", "session", "gate", "reassignment", "observation", "score", "alert"},
    "therapist": {"schedule", "observation", "score", "alert"},
    "front_desk": {"patient", "schedule"},
    "auditor": set[str](),
    "director": set[str](),
}
CLINICAL = {"clinical:read", "course:read", "session:read", "score:read", "alert:read"}


@pytest.mark.parametrize("role", list(Role))
def test_what_each_role_may_write(role: Role) -> None:
    granted = permissions_of_roles([role])
    assert {name.partition(":")[0] for name in granted if name.endswith(":write")} == MAY_WRITE[role]


@pytest.mark.parametrize("role", ["admin", "front_desk", "auditor"])
def test_who_does_not_treat_reads_nothing_clinical(role: str) -> None:
    assert not permissions_of_roles([role]) & CLINICAL


def test_an_auditor_reads_no_patient() -> None:
    assert permissions_of_roles(["auditor"]) == {"clinic:read", "staff:read"}


def test_a_director_reads_everything_and_writes_nothing() -> None:
    assert permissions_of_roles(["director"]) >= CLINICAL
    assert not any(name.endswith(":write") for name in permissions_of_roles(["director"]))


def test_roles_add_up_and_unknown_ones_allow_nothing() -> None:
    both = permissions_of_roles(["nurse", "admin"])
    assert both == permissions_of_roles(["nurse"]) | permissions_of_roles(["admin"])
    assert permissions_of_roles(["emperor"]) == frozenset()
    assert permissions_of_roles([]) == frozenset()


def test_a_scope_brings_its_own_permission() -> None:
    for scope, granted in SCOPE_PERMISSIONS.items():
        assert scope in granted
        writes = {name for name in granted if name.endswith(":write")}
        assert scope.endswith(":write") or not writes


def test_no_program_manages_people() -> None:
    everything = permissions_of_scopes(SCOPE_PERMISSIONS)
    assert not everything & {"staff:read", "staff:write", "clinic:write"}
    assert permissions_of_scopes(["staff:write"]) == frozenset()


def test_every_permission_has_the_documented_form() -> None:
    for granted in (*ROLE_PERMISSIONS.values(), *SCOPE_PERMISSIONS.values()):
        for name in granted:
            area, _, verb = name.partition(":")
            assert area.isidentifier()
            assert verb in {"read", "write", "sign", "cosign", "amend"}


@pytest.mark.parametrize("roles", [[Role.AUDITOR, Role.NURSE], [Role.ADMIN, Role.AUDITOR]])
def test_an_auditor_holds_no_other_role(roles: list[Role]) -> None:
    with pytest.raises(AuditorHoldsOtherRole):
        require_roles_fit(roles)


def test_other_roles_may_be_held_together() -> None:
    require_roles_fit([Role.AUDITOR])
    require_roles_fit([Role.ADMIN, Role.PRESCRIBER, Role.THERAPIST])


REFUSED = {
    "short": "fourteen chars",
    "long": "x y " * 65,
    "one letter": "a" * 15,
    "one piece repeated": "abab" * 5,
    "words everybody knows": "password12345678",
    "words and signs": "Passw0rd!qwerty-".replace("0", "o"),
    "a common password, and again": "passwordpassword1",
    "a keyboard row": "qwertyuiopasdfgh",
    "the product": "seriatimseriatim",
    "the user": "dana.okafor.dana.okafor",
    "the clinic": "Harbour Clinic 1",
    "fullwidth letters": "ｐａｓｓｗｏｒｄ" * 2,
}


@pytest.mark.parametrize("password", REFUSED.values(), ids=REFUSED)
def test_passwords_that_are_easy_to_guess(password: str) -> None:
    names = ["seriatim", "ketamine", "dana.okafor", "dana", "okafor", "Harbour Clinic", "Harbour"]
    with pytest.raises(PasswordRefused) as caught:
        require_password(password, names=names)
    assert password not in str(caught.value.faults)


@pytest.mark.parametrize(
    "password",
    [
        "four quiet herons at dusk",
        "пять тихих цапель на заре",
        "xk7#mQ!v29-tulip",
        "🦩🦢🦉🦆🐦🦜🐧🐓🦚🦃🐤🕊🦤🐔🐣",
    ],
)
def test_passwords_that_are_not(password: str) -> None:
    require_password(password, names=["seriatim", "dana"])


def test_every_character_counts() -> None:
    """256 characters are taken whole; nothing is cut off at 72 bytes."""
    require_password(("four quiet herons at dusk, " * 10)[:256], names=[])


@given(st.text("0123456789abcdef", min_size=32, max_size=32), st.text("0123456789abcdef", min_size=64, max_size=64))
def test_a_token_carries_its_checksum(token_id: str, secret: str) -> None:
    for kind in TokenKind:
        text = token_text(kind, token_id, secret)
        assert text.startswith(kind.value)
        assert is_well_formed(text)
        assert not is_well_formed(text[:-1])
        assert not is_well_formed(text[:10] + ("0" if text[10] != "0" else "1") + text[11:])


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (14, 512), (15, 900), (16, 900), (10_000, 900)]
)
def test_waits_double_up_to_a_quarter_of_an_hour(failures: int, seconds: int) -> None:
    until = blocked_until(failures, NOW)
    assert (until - NOW).total_seconds() == seconds if until else seconds == 0
