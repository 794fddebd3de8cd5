"""The states of a session."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sessions.rules import (
    HOLDABLE,
    MOVES,
    AlreadySigned,
    Deviation,
    IllegalTransition,
    SessionStatus,
    allowed_moves,
    is_frozen,
    require_move,
    require_release,
    status_after_dose_event,
)

S = SessionStatus
BEFORE_DOSE = (S.SCHEDULED, S.CHECKED_IN, S.CLEARED, S.HELD)
KINDS = ("start", "rate_change", "pause", "resume", "bolus", "injection", "spray", "device", "lozenge", "stop")

# Written out by hand, so that a slip in the table of moves shows as a difference from the second telling.
LEGAL = {
    ("scheduled", "checked_in"),
    ("scheduled", "dosing"),
    ("scheduled", "cancelled"),
    ("scheduled", "no_show"),
    ("checked_in", "cleared"),
    ("checked_in", "held"),
    ("checked_in", "dosing"),
    ("checked_in", "cancelled"),
    ("checked_in", "no_show"),
    ("cleared", "held"),
    ("cleared", "dosing"),
    ("cleared", "cancelled"),
    ("cleared", "no_show"),
    ("held", "dosing"),
    ("held", "cancelled"),
    ("held", "no_show"),
    ("dosing", "observing"),
    ("observing", "dosing"),
    ("observing", "discharged"),
    ("discharged", "signed"),
    ("cancelled", "dosing"),
    ("no_show", "dosing"),
}


def test_every_status_has_its_row_of_moves() -> None:
    assert set(MOVES) == set(SessionStatus)


@pytest.mark.parametrize(("current", "target"), list(product(SessionStatus, SessionStatus)))
def test_a_move_is_accepted_exactly_when_it_is_listed(current: SessionStatus, target: SessionStatus) -> None:
    if (current.value, target.value) in LEGAL:
        require_move(current, target)
    else:
        with pytest.raises(IllegalTransition):
            require_move(current, target)


def test_a_refusal_names_both_states_and_what_would_be_allowed() -> None:
    with pytest.raises(IllegalTransition) as refused:
        require_move(S.OBSERVING, S.SIGNED)
    assert refused.value.status == 409
    assert refused.value.code == "illegal-transition"
    assert "observing" in refused.value.detail
    assert "signed" in refused.value.detail
    assert refused.value.members == {"current_status": "observing", "allowed": ["dosing", "discharged"]}


def test_only_what_is_signed_and_not_open_is_frozen() -> None:
    frozen = {(status, opened) for status in S for opened in (False, True) if is_frozen(status, amendment_open=opened)}
    assert frozen == {(S.SIGNED, False)}


@pytest.mark.parametrize("held_from", sorted(HOLDABLE))
def test_a_held_session_goes_back_to_where_it_was_held_from(held_from: SessionStatus) -> None:
    require_move(held_from, S.HELD)
    assert require_release(S.HELD, held_from) is held_from
    (elsewhere,) = HOLDABLE - {held_from}
    with pytest.raises(IllegalTransition):
        require_move(S.HELD, elsewhere, held_from=held_from)


def test_a_hold_is_no_way_around_clearance() -> None:
    assert S.CLEARED not in allowed_moves(S.HELD, held_from=S.CHECKED_IN)
    assert allowed_moves(S.HELD) == (S.DOSING, S.CANCELLED, S.NO_SHOW)


@pytest.mark.parametrize("current", [status for status in SessionStatus if status is not S.HELD])
def test_only_a_held_session_is_released(current: SessionStatus) -> None:
    with pytest.raises(IllegalTransition) as refused:
        require_release(current, S.CHECKED_IN)
    assert refused.value.members["current_status"] == current.value


@pytest.mark.parametrize("wrong", [S.SCHEDULED, S.DOSING, S.SIGNED])
def test_a_release_to_a_state_that_cannot_be_held_is_refused(wrong: SessionStatus) -> None:
    with pytest.raises(IllegalTransition):
        require_release(S.HELD, wrong)


def test_a_session_cannot_be_cancelled_once_a_dose_was_given() -> None:
    for status in set(SessionStatus) - set(BEFORE_DOSE):
        assert not MOVES[status] & {S.CANCELLED, S.NO_SHOW}


@pytest.mark.parametrize("status", BEFORE_DOSE)
def test_the_first_dose_event_starts_dosing(status: SessionStatus) -> None:
    after, deviations = status_after_dose_event(status, kind="start", all_stopped=False)
    assert after is S.DOSING
    assert deviations == (() if status is S.CLEARED else (Deviation.NOT_CLEARED,))


@pytest.mark.parametrize(
    ("status", "kind", "all_stopped", "after", "deviations"),
    [
        (S.CLEARED, "injection", True, S.OBSERVING, ()),  # a single injection is over when it is given
        (S.SCHEDULED, "stop", True, S.OBSERVING, ("not_cleared",)),
        (S.DOSING, "rate_change", False, S.DOSING, ()),
        (S.DOSING, "stop", False, S.DOSING, ()),  # another administration still runs
        (S.DOSING, "stop", True, S.OBSERVING, ()),
        (S.OBSERVING, "start", False, S.DOSING, ()),
        (S.OBSERVING, "device", True, S.OBSERVING, ()),
        (S.OBSERVING, "rate_change", True, S.OBSERVING, ()),  # entered late, before the last stop
        (S.OBSERVING, "pause", False, S.OBSERVING, ()),
        (S.OBSERVING, "stop", False, S.OBSERVING, ()),
        (S.DISCHARGED, "start", False, S.DISCHARGED, ("recorded_after_discharge",)),
        (S.SIGNED, "stop", True, S.SIGNED, ("recorded_after_discharge",)),
        (S.CANCELLED, "start", False, S.DOSING, ("was_cancelled",)),
        (S.NO_SHOW, "start", False, S.DOSING, ("was_no_show",)),
        (S.NO_SHOW, "injection", True, S.OBSERVING, ("was_no_show",)),
    ],
)
def test_the_state_follows_the_dose(
    status: SessionStatus, kind: str, all_stopped: bool, after: SessionStatus, deviations: tuple[str, ...]
) -> None:
    assert status_after_dose_event(status, kind=kind, all_stopped=all_stopped) == (after, deviations)


@given(
    status=st.sampled_from(SessionStatus),
    events=st.lists(st.tuples(st.sampled_from(KINDS), st.booleans()), max_size=12),
)
def test_no_series_of_doses_takes_an_illegal_path(status: SessionStatus, events: list[tuple[str, bool]]) -> None:
    for kind, all_stopped in events:
        after, _ = status_after_dose_event(status, kind=kind, all_stopped=all_stopped)
        through_dosing = S.DOSING in MOVES[status] and after in MOVES[S.DOSING]
        assert after is status or after in MOVES[status] or through_dosing
        status = after


def test_a_signed_record_says_so() -> None:
    assert AlreadySigned().code == "record-signed"
    assert AlreadySigned.status == 409
