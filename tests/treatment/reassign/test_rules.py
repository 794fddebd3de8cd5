"""How other ids are put in the place of those a value names."""

from app.kernel.ids import new_id
from app.treatment.reassign.rules import named_in, renamed


def test_ids_are_found_and_replaced_however_deep_they_are() -> None:
    was, now, other = new_id(), new_id(), new_id()
    value = {"id": was, "gates": [{"override_id": str(was), "reason": f"{was}!"}, None], "by": other, "mg": 5}
    assert {str(one) for one in named_in(value)} >= {str(was), str(other)}
    assert renamed(value, {was: now}) == {
        "id": now,
        "gates": [{"override_id": str(now), "reason": f"{was}!"}, None],
        "by": other,
        "mg": 5,
    }
    assert renamed(value, {}) == value
