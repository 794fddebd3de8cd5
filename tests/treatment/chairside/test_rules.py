"""What may be done from each state, written out by hand; and that the table knows every verb there is."""

import pytest

from app.identity.rules import ROLE_PERMISSIONS, Role
from app.sessions.rules import SessionStatus
from app.treatment.chairside.rules import VERBS, Reason, allowed_actions
from tests.contract.document import document

PRESCRIBER = ROLE_PERMISSIONS[Role.PRESCRIBER]
BEFORE = "cancel mark-no-show mark-entered-in-error"
FROM = {
    "scheduled": f"reschedule check-in {BEFORE}",
    "checked_in": f"clear hold {BEFORE}",
    "cleared": f"hold {BEFORE}",
    "held": f"release {BEFORE}",
    "dosing": "abort mark-entered-in-error",
    "observing": "abort discharge mark-entered-in-error",
    "discharged": "abort sign mark-entered-in-error",
    "signed": "cosign amend",
    "cancelled": "mark-entered-in-error",
    "no_show": "mark-entered-in-error",
}


@pytest.mark.parametrize("status", SessionStatus)
def test_each_state_allows_what_follows_from_it(status: SessionStatus) -> None:
    actions = allowed_actions(status, PRESCRIBER)
    assert [action.verb for action in actions] == list(VERBS)
    assert {action.verb for action in actions if action.allowed} == set(FROM[status].split())
    for action in actions:
        assert action.allowed == (not action.reasons)
    codes = {reason.code for action in actions for reason in action.reasons}
    assert codes == {"illegal-transition"} | ({"record-signed"} if status is SessionStatus.SIGNED else set())


def test_while_an_amendment_is_open_what_is_wrong_is_corrected_and_signed_again() -> None:
    actions = allowed_actions(SessionStatus.SIGNED, PRESCRIBER, amendment_open=True)
    assert {action.verb for action in actions if action.allowed} == {"sign", "mark-entered-in-error"}
    assert {reason.code for action in actions for reason in action.reasons} == {"illegal-transition"}


def test_who_lacks_a_permission_is_told_so_beside_the_state() -> None:
    director = {
        action.verb: action for action in allowed_actions(SessionStatus.DOSING, ROLE_PERMISSIONS[Role.DIRECTOR])
    }
    assert [reason.code for reason in director["abort"].reasons] == ["permission-denied"]
    assert [reason.code for reason in director["clear"].reasons] == ["permission-denied", "illegal-transition"]
    marked = allowed_actions(SessionStatus.DOSING, PRESCRIBER, entered_in_error=True)
    assert {reason.code for action in marked for reason in action.reasons} == {"entered-in-error"}
    assert not any(action.allowed for action in marked)


def test_what_else_stands_in_the_way_is_told_at_its_step_only() -> None:
    missing = {"clear": [Reason("consent", "No consent on record.")], "discharge": []}
    here = {action.verb: action for action in allowed_actions(SessionStatus.CHECKED_IN, PRESCRIBER, blocked=missing)}
    assert (here["clear"].allowed, here["clear"].reasons) == (False, missing["clear"])
    before = {action.verb: action for action in allowed_actions(SessionStatus.SCHEDULED, PRESCRIBER, blocked=missing)}
    assert [reason.code for reason in before["clear"].reasons] == ["illegal-transition"]
    after = {action.verb: action for action in allowed_actions(SessionStatus.OBSERVING, PRESCRIBER, blocked=missing)}
    assert after["discharge"].allowed


def test_the_table_knows_every_verb_of_a_session_who_may_and_which_ask_for_the_password() -> None:
    prefix = "/v1/sessions/{session_id}/"
    verbs = {
        path.removeprefix(prefix): (item["post"]["x-permission"], item["post"].get("x-step-up", False))
        for path, item in document()["paths"].items()
        if path.startswith(prefix) and "post" in item and "201" not in item["post"]["responses"]
    }
    assert {name: (verb.permission, verb.step_up) for name, verb in VERBS.items()} == verbs
    asking = {action.verb for action in allowed_actions(SessionStatus.DOSING, PRESCRIBER) if action.step_up}
    assert asking == {"sign", "cosign", "amend"}
