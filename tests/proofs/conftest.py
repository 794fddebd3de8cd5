"""Fixtures of the proofs: the document's operations."""

import pytest

from tests.contract.document import document
from tests.proofs.recipes import Operation, operations_of


@pytest.fixture
def operations() -> list[Operation]:
    """Every operation the application documents."""
    return operations_of(document())
