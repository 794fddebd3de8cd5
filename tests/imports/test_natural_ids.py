from app.imports.natural_ids import natural_id
from app.kernel.ids import is_uuid7, new_id


def test_an_id_follows_from_clinic_data_set_and_key() -> None:
    clinic, other = new_id(), new_id()
    first = natural_id(clinic, "10.1/a.v1", "participant/sub-1")
    assert first == natural_id(clinic, "10.1/a.v1", "participant/sub-1")
    assert is_uuid7(first)
    assert first.variant == clinic.variant
    different = {
        first,
        natural_id(other, "10.1/a.v1", "participant/sub-1"),
        natural_id(clinic, "10.1/a.v2", "participant/sub-1"),
        natural_id(clinic, "10.1/a.v1", "participant/sub-2"),
        natural_id(clinic, "10.1/a.v1participant", "/sub-1"),
    }
    assert len(different) == 5
