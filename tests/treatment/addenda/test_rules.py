"""When something is an addendum, and whose it is."""

from uuid import UUID

import pytest

from app.kernel.errors import Forbidden
from app.treatment.addenda.rules import SessionNotSigned, require_author, require_signed


def test_an_addendum_is_for_what_is_signed() -> None:
    require_signed(frozen=True)
    with pytest.raises(SessionNotSigned) as refused:
        require_signed(frozen=False)
    assert "into the session itself" in refused.value.detail


def test_an_addendum_is_its_authors() -> None:
    require_author(UUID(int=1), UUID(int=1))
    with pytest.raises(Forbidden):
        require_author(UUID(int=1), UUID(int=2))
