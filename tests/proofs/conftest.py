"""Fixtures of the proofs: the document's operations."""

import pytest
from fastapi import FastAPI

from tests.proofs.recipes import Operation, operations_of


@pytest.fixture
def operations(api: FastAPI) -> list[Operation]:
    """Every operation the running application documents."""
    return operations_of(api.openapi())
